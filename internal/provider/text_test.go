package provider_test

import (
	"fmt"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/terraform"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/acctest"
)

// A description that a checkout on Windows gives other line ends is the same one: no plan shows it, and beside a change
// it stays as it is in the state.
func TestLineEnds(t *testing.T) {
	for kind, lines := range map[string]string{
		"access_token":   `name = %q`,
		"technical_user": `name = %q`,
		"group":          `name = %q`,
		"role":           "permissions = [\"orders:read\"]\nname = %q",
	} {
		t.Run(kind, func(t *testing.T) {
			b := acctest.New(t)
			address := "latchkey_" + kind + ".it"
			config := func(name, description string) string {
				return b.Config(acctest.Resource(kind, "it", fmt.Sprintf(lines, name), fmt.Sprintf("description = %q", description)))
			}
			described := func(description string) resource.TestCheckFunc {
				return resource.TestCheckResourceAttr(address, "description", description)
			}
			const windows, unix = "one\r\n\ttwo\r\n", "one\n\ttwo\n"
			b.Run(
				resource.TestStep{Config: config("a", windows), Check: described(windows)},
				resource.TestStep{Config: config("a", windows), ConfigPlanChecks: acctest.EmptyPlan()},
				resource.TestStep{Config: config("a", unix), ConfigPlanChecks: acctest.EmptyPlan()},
				resource.TestStep{Config: config("b", unix), Check: described(windows)},
				resource.TestStep{Config: config("b", unix+"three"), Check: described(unix + "three")},
			)
		})
	}
}

// No name is no name, whether it is left out or empty.
func TestMemberWithoutName(t *testing.T) {
	b := acctest.New(t)
	member := func(lines ...string) string {
		return b.Config(acctest.Resource("member", "m", append([]string{`email = "anna@example.com"`}, lines...)...))
	}
	b.Run(
		resource.TestStep{Config: member(`name = ""`)},
		resource.TestStep{Config: member(`name = ""`), ConfigPlanChecks: acctest.EmptyPlan()},
		resource.TestStep{Config: member(`name = "Anna"`)},
		resource.TestStep{Config: member(`name = ""`), Check: func(*terraform.State) error {
			members, err := b.Outside.Members(t.Context())
			if err == nil && members[0].Name != "" {
				err = fmt.Errorf("the member is called %q", members[0].Name)
			}
			return err
		}},
		resource.TestStep{Config: member()},
		resource.TestStep{Config: member(), ConfigPlanChecks: acctest.EmptyPlan()},
	)
}

// What deceives people, or holds a value of a token, is refused where it is written, and not repeated.
func TestDeceivingTexts(t *testing.T) {
	b := acctest.New(t)
	secret := b.NewSecret().Secret.Reveal()
	var steps []resource.TestStep
	for _, refused := range []struct{ block, says string }{
		{acctest.CIToken(fmt.Sprintf("description = %q", "the value is "+secret)), "holds a value of an access token"},
		{acctest.Resource("access_token", "t", fmt.Sprintf("name = %q", secret)), "holds a value of an access token"},
		{acctest.Resource("access_token", "t", "name = \"de\u200bploy\""), "U+200B"},
		{acctest.Resource("access_token", "t", "name = \"\u2800\""), "U+2800"},
		{acctest.Resource("member", "m", "email = \"аnna@example.com\""), "mixes letters of several scripts"},
		{acctest.Resource("member", "m", "email = \"anna\u202e@example.com\""), "U+202E"},
		{acctest.Resource("member", "m", `email = "ci@default.latchkey.internal"`), "address of a technical user"},
	} {
		steps = append(steps, resource.TestStep{
			Config: b.Config(refused.block), ExpectError: acctest.Says("Invalid attribute value", refused.says),
		})
	}
	b.Run(steps...)
	if !b.Place.IsEmpty() {
		t.Error("something was made")
	}
}
