package acctest

import (
	"fmt"
	"strings"
)

// Config returns a configuration of the resources in the bench's place.
func (b *Bench) Config(resources string) string { return b.Provider("latchkey") + resources }

// Provider returns the block of a provider that works in the bench's place, with lines of attributes.
func (b *Bench) Provider(name string, lines ...string) string {
	return Provider(name, b.Place, lines...)
}

// ProviderAs returns the block of a provider that works in the bench's place as the member whose address an expression
// yields, with lines of attributes.
func (b *Bench) ProviderAs(name, address string, lines ...string) string {
	return providerBlock(name, append(lines, b.Place.settingsAs(address)...))
}

// Provider returns the block of a provider that works in a place, with lines of attributes.
func Provider(name string, p *Place, lines ...string) string {
	for attribute, value := range p.Settings() {
		lines = append(lines, fmt.Sprintf("%s = %q", attribute, value))
	}
	return providerBlock(name, lines)
}

func providerBlock(name string, lines []string) string {
	return fmt.Sprintf("provider %q {\n  %s\n}\n", name, strings.Join(lines, "\n  "))
}

// Resource returns a block of a resource with lines of attributes.
func Resource(kind, label string, lines ...string) string {
	return fmt.Sprintf("resource \"latchkey_%s\" %q {\n  %s\n}\n", kind, label, strings.Join(lines, "\n  "))
}

// CI is the address of the access token that most tests are about.
const CI = "latchkey_access_token.ci"

// CIToken is a token with a technical user of its own.
func CIToken(lines ...string) string {
	return Resource("access_token", "ci", append([]string{`name = "ci"`}, lines...)...)
}

// Labelled returns the block of CIToken with another label and name, for a configuration that holds several.
func Labelled(token, label string) string {
	block := strings.Replace(token, `"latchkey_access_token" "ci"`, fmt.Sprintf(`"latchkey_access_token" %q`, label), 1)
	return strings.Replace(block, `name = "ci"`, fmt.Sprintf(`name = %q`, label), 1)
}

// Data returns a block of a data source with lines of attributes.
func Data(kind, label string, lines ...string) string {
	return fmt.Sprintf("data \"latchkey_%s\" %q {\n  %s\n}\n", kind, label, strings.Join(lines, "\n  "))
}

// Output returns a block of an output.
func Output(name, expression string) string {
	return fmt.Sprintf("output %q {\n  value = %s\n}\n", name, expression)
}

// ListOutput returns an output of what an expression makes of each object x that a list data source answers.
func ListOutput(label, kind, expression string) string {
	return Output(label, fmt.Sprintf(`join(" ", [for x in data.latchkey_%s.%s.%s : %s])`, kind, label, kind, expression))
}
