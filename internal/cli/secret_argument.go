package cli

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// secretPattern finds what has the length and the characters of a secret value, whether its checksum is right or not.
var secretPattern = regexp.MustCompile(`(?:^|[^0-9A-Za-z])[a-z][a-z0-9]{0,7}_[0-9A-Za-z]{46}(?:$|[^0-9A-Za-z])`)

// hiddenValue stands in messages for an argument that is not repeated.
const hiddenValue = "…"

// refuseSecrets refuses a command line that holds the value of an access token anywhere.
func refuseSecrets(args []string) error {
	for _, arg := range args {
		if secretPattern.MatchString(arg) {
			return misusef("an argument holds the value of an access token. It may be in the shell's history now, and other " +
				"processes could see it. Give the name or the identifier of the token, or pass the value on standard input, " +
				"with - in its place: latchkey token show - <value.txt. If someone else may have seen the value, regenerate " +
				"the token with --grace-period 0s")
		}
	}
	return nil
}

// hideValues hides everything in the arguments that may be a secret, values of flags included. Flags keep their names.
func hideValues(args []string) []string {
	hidden := make([]string, len(args))
	for i, arg := range args {
		dashes := arg[:len(arg)-len(strings.TrimLeft(arg, "-"))]
		name, value, assigned := strings.Cut(arg[len(dashes):], "=")
		hidden[i] = dashes + harmless(name)
		if hidden[i] == "-"+hiddenValue { // the parser would take each byte of the character for a short flag
			hidden[i] = "--" + hiddenValue
		}
		if assigned {
			hidden[i] += "=" + harmless(value)
		}
	}
	return hidden
}

// harmless returns a text to be repeated in a message, or hides it if it may be a secret or a part of one.
func harmless(text string) string {
	if mayBeSecret(text) {
		return hiddenValue
	}
	return text
}

const (
	// longestHarmless is the length in characters of the longest text that is repeated.
	longestHarmless = 120
	// shortestOwn is the length of the shortest value that people can bring; a fragment of one may be shorter.
	shortestOwn = 32
	// shortestPassphrase is the length of the shortest word with a capital letter that may be a passphrase.
	shortestPassphrase = 16
	// reservedDomain ends the addresses of technical users.
	reservedDomain = ".latchkey.internal"
)

// mayBeSecret reports whether a text may be a secret or a part of one: a long word without any other sign in it than
// values have, a word that looks random, or the address of something with a password.
func mayBeSecret(text string) bool {
	if tokens.KindOf(text) != "" {
		return false
	}
	if utf8.RuneCountInString(text) > longestHarmless || strings.Contains(text, "://") && strings.Contains(text, "@") {
		return true
	}
	isEnd := func(r rune) bool { return unicode.IsSpace(r) || strings.ContainsRune(`"',;:()<>[]{}|@/`, r) }
	for _, word := range strings.FieldsFunc(text, isEnd) {
		if tokens.KindOf(word) != "" || isIDPrefix(word) || strings.HasSuffix(word, reservedDomain) {
			continue
		}
		if _, id, ok := tokens.ParseQualifiedID(text); ok && strings.HasSuffix(word, id) {
			word = strings.TrimSuffix(word, id)
		}
		isSign := func(r rune) bool { return r > unicode.MaxASCII || !unicode.IsLetter(r) && !unicode.IsDigit(r) }
		isPassphrase := len(word) >= shortestPassphrase && strings.ContainsFunc(word, unicode.IsUpper)
		if len(word) >= shortestOwn || isPassphrase || slices.ContainsFunc(strings.FieldsFunc(word, isSign), looksRandom) {
			return true
		}
	}
	return false
}

// isIDPrefix reports whether a word is the beginning of an identifier.
func isIDPrefix(word string) bool {
	kind, _, _ := strings.Cut(word, "_")
	return isPrefix(tokens.Kind(kind), word)
}

// looksRandom reports whether a word of letters and digits is none that people make up: one that mixes cases and digits,
// or a long one that mixes letters and digits or that has no end.
func looksRandom(word string) bool {
	const short, long, endless = 6, 12, 24
	var digits, upper, lower, turns int // turns are from a small letter to a capital one
	last := rune(0)
	for _, r := range word {
		switch {
		case unicode.IsDigit(r):
			digits++
		case unicode.IsUpper(r):
			upper++
			if unicode.IsLower(last) {
				turns++
			}
		default:
			lower++
		}
		last = r
	}
	switch {
	case len(word) < short:
		return false
	case len(word) > endless:
		return true
	case digits > 0 && upper > 0 && lower > 0 || turns > 1:
		return true
	}
	return len(word) >= long && (digits > 0 && digits < len(word) || turns > 0)
}
