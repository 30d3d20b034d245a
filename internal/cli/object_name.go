package cli

import (
	"slices"
	"strings"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// namedObject is an object of the database with what people call it.
type namedObject struct {
	id string
	// name is its name; empty if it has none.
	name string
	// address is the e-mail address of an account or, for an access token, that of its technical user.
	address string
	// about tells it from others of the name.
	about string
}

// shortestPrefix is how many characters of an identifier, after those of its kind, name an object.
const shortestPrefix = 6

// isPrefix reports whether a text is the beginning of an identifier of the kind, long enough to name an object.
func isPrefix(kind tokens.Kind, text string) bool {
	digits, ok := strings.CutPrefix(text, string(kind)+"_")
	return ok && len(digits) >= shortestPrefix && len(text) < tokens.IDLength(kind) &&
		tokens.IsID(kind, text+strings.Repeat("0", tokens.IDLength(kind)-len(text)))
}

// meant returns the objects of a kind that a text names. A whole identifier names its object alone; it is the way out
// wherever anything else is ambiguous. Otherwise a text may name an object in several ways, none of which beats another:
// by <e-mail>/<name> or <e-mail>_<id> for an access token, by the address of an account, by the exact name, and by the
// beginning of the identifier.
func meant(kind tokens.Kind, text string, all []namedObject) []namedObject {
	if tokens.IsID(kind, text) {
		return slices.DeleteFunc(slices.Clone(all), func(o namedObject) bool { return o.id != text })
	}
	text = tokens.Normal(text)
	var found []namedObject
	for _, o := range all {
		if o.hasAddress(kind, text) || text != "" && tokens.Normal(o.name) == text ||
			isPrefix(kind, text) && strings.HasPrefix(o.id, text) {
			found = append(found, o)
		}
	}
	return found
}

// hasAddress reports whether a text is the address of an account, or an address with what tells an access token of that
// account from others.
func (o namedObject) hasAddress(kind tokens.Kind, text string) bool {
	if kind != tokens.KindAccessToken {
		return o.address != "" && tokens.SameEmail(o.address, text)
	}
	if email, id, ok := tokens.ParseQualifiedID(text); ok && id == o.id {
		return tokens.SameEmail(o.address, email)
	}
	email, name, ok := strings.Cut(text, "/")
	return ok && o.address != "" && tokens.SameEmail(o.address, email) && tokens.Normal(o.name) == name
}
