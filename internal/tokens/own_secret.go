package tokens

import (
	"math"
	"regexp"
	"strings"

	"github.com/ccojocar/zxcvbn-go"
)

// leastStrength is how many bits an own secret has at least, as the estimator counts them. It counts with care: 32 random
// hexadecimal digits, which hold 128 bits, come to 80 and more. Nobody can try 2^72 values.
const leastStrength = 72

// leastDifferent is how many different characters a value of Latchkey's own form has at least. Of 46 random ones, 16 or more
// are different but once in 10^12 times.
const leastDifferent = 16

// judgedLength is how much of a value the estimator looks at: its time grows with the square of the length.
const judgedLength = 64

// formPattern matches what has the form of a value of Latchkey, whatever the checksum.
var formPattern = regexp.MustCompile(`^[a-z][a-z0-9]{0,7}_[0-9A-Za-z]{46}$`)

// ValidateNewSecret checks a value that is to become the secret of a token: one that Latchkey formed, or an own secret of the
// user, of 32 to 512 characters of RFC 6750's b64token and hard to guess. The error never repeats it.
func ValidateNewSecret(field, value string) error {
	const advice = "use a value that was made at random"
	if isSecret(value) {
		if _, body, _ := strings.Cut(value, "_"); differentCharacters(body) < leastDifferent {
			return Invalid(field, "the value is too easy to guess: %s", advice)
		}
		return nil
	}
	switch _, ok := PresentedSecret(value); {
	case strings.TrimSpace(value) != value:
		return Invalid(field, "the value begins or ends with white space, such as a line end: leave that out")
	case len(value) < minPresented || len(value) > maxPresented:
		return Invalid(field, "a secret has %d to %d characters, and this one does not: %s", minPresented, maxPresented, advice)
	case !ok:
		return Invalid(field, "a secret consists of ASCII letters, digits and -._~+/, with = only at the end, so that every "+
			"client and gateway can carry it, and this one does not: %s", advice)
	case IsMiscopied(value):
		return Invalid(field, "the value has the form of an access token, but its checksum does not match: check that all of "+
			"it was copied, or %s", advice)
	case strength(value) < leastStrength:
		return Invalid(field, "the value is too easy to guess: %s", advice)
	}
	return nil
}

// differentCharacters counts the different characters of a text.
func differentCharacters(text string) int {
	seen := map[rune]bool{}
	for _, c := range text {
		seen[c] = true
	}
	return len(seen)
}

// strength returns how many bits an attacker has to guess, as the better half of a long value has them.
//
// The estimator reads its dictionaries whenever a process starts, asked or not: this takes about 35 ms.
func strength(value string) float64 {
	estimate := func(part string) float64 { return zxcvbn.PasswordStrength(part, nil).Entropy }
	if len(value) <= judgedLength {
		return estimate(value)
	}
	return math.Max(estimate(value[:judgedLength]), estimate(value[len(value)-judgedLength:]))
}

// PreviewOf returns the preview of a text that has the form of a value of Latchkey, whatever its checksum, and false for any
// other text.
func PreviewOf(value string) (string, bool) {
	if !formPattern.MatchString(value) {
		return "", false
	}
	return value[:previewLength], true
}

// PrefixOf returns the prefix of a secret with this preview; the default one for an own secret, which has none.
func PrefixOf(preview string) string {
	prefix, _, ok := strings.Cut(preview, "_")
	if !ok || len(preview) != previewLength || ValidatePrefix("", prefix) != nil {
		return DefaultPrefix
	}
	return prefix
}

// IsMiscopied reports whether a text has the form of a value of Latchkey, but not its checksum.
func IsMiscopied(value string) bool { return formPattern.MatchString(value) && !isSecret(value) }

// IsOwn reports whether the value is an own secret of the user, which Latchkey did not form.
func (s Secret) IsOwn() bool { return !s.IsZero() && !isSecret(s.Reveal()) }
