package cli

import (
	"regexp"
	"strings"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

var (
	// secretPattern finds what has the length and the characters of a secret value, whether its checksum is right or not.
	secretPattern = regexp.MustCompile(`(?:^|[^0-9A-Za-z])[a-z][a-z0-9]{0,7}_[0-9A-Za-z]{46}(?:$|[^0-9A-Za-z])`)

	// plainWord matches what no secret looks like: a word of the kind that the command line is made of.
	plainWord = regexp.MustCompile(`^[a-z][a-z-]{0,23}$`)
)

// hiddenValue stands in messages for an argument that is not repeated.
const hiddenValue = "…"

// refuseSecrets refuses a command line that holds the value of an access token anywhere.
func refuseSecrets(args []string) error {
	for _, arg := range args {
		if secretPattern.MatchString(arg) {
			return misusef("an argument holds the value of an access token, and other processes and the shell's history " +
				"can see arguments. Where an ID is expected, give the identifier (tok_…), which latchkey token list shows; " +
				"to verify a value, pass it on standard input. If someone else may have seen the value, regenerate the token " +
				"with --grace-period 0s")
		}
	}
	return nil
}

// hideValues hides everything in the arguments that is not a plain word, values of flags included. Flags keep their
// names.
func hideValues(args []string) []string {
	hidden := make([]string, len(args))
	for i, arg := range args {
		dashes := arg[:len(arg)-len(strings.TrimLeft(arg, "-"))]
		name, value, assigned := strings.Cut(arg[len(dashes):], "=")
		hidden[i] = dashes + hideUnlessPlain(name)
		if hidden[i] == "-"+hiddenValue { // the parser would take each byte of the character for a short flag
			hidden[i] = "--" + hiddenValue
		}
		if assigned {
			hidden[i] += "=" + hideUnlessPlain(value)
		}
	}
	return hidden
}

// hideUnlessPlain returns a text that is a plain word or an identifier, neither of which is secret, and hides any
// other.
func hideUnlessPlain(text string) string {
	if text == "" || plainWord.MatchString(text) || tokens.KindOf(text) != "" {
		return text
	}
	return hiddenValue
}
