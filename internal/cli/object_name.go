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

// isAddress reports whether a text has the form of an e-mail address.
func isAddress(text string) bool { return tokens.ValidateEmail("", text) == nil }

// addressAndName splits <e-mail>/<name>, and reports whether a text has that form.
func addressAndName(text string) (email, name string, ok bool) {
	email, name, ok = strings.Cut(text, "/")
	return email, name, ok && name != "" && isAddress(email)
}

// namesToken reports whether a text has a form that names an access token and nothing else, apart from an identifier.
func namesToken(text string) bool {
	_, _, qualified := tokens.ParseQualifiedID(text)
	_, _, addressed := addressAndName(text)
	return qualified || addressed
}

// meant returns the objects of a kind that a text names. Some texts name by their form, and so never what somebody has
// called like that: a whole identifier, <e-mail>_<id> and <e-mail>/<name> of an access token, and the address of an
// account. Any other text may be an exact name or the beginning of an identifier, of which none beats the other.
func meant(kind tokens.Kind, text string, all []namedObject) []namedObject {
	isMeant := meaning(kind, tokens.Normal(text))
	return slices.DeleteFunc(slices.Clone(all), func(o namedObject) bool { return !isMeant(o) })
}

// meaning returns a function that reports whether an object of a kind is what a text names.
func meaning(kind tokens.Kind, text string) func(o namedObject) bool {
	if tokens.IsID(kind, text) {
		return func(o namedObject) bool { return o.id == text }
	}
	if kind == tokens.KindAccessToken {
		if email, id, ok := tokens.ParseQualifiedID(text); ok {
			return func(o namedObject) bool { return o.id == id && tokens.SameEmail(o.address, email) }
		}
		if email, name, ok := addressAndName(text); ok {
			return func(o namedObject) bool { return tokens.SameEmail(o.address, email) && tokens.Normal(o.name) == name }
		}
	} else if isAddress(text) {
		return func(o namedObject) bool { return tokens.SameEmail(o.address, text) }
	}
	return func(o namedObject) bool {
		return text != "" && tokens.Normal(o.name) == text || isPrefix(kind, text) && strings.HasPrefix(o.id, text)
	}
}
