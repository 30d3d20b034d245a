package tokens

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash/crc32"
	"io"
	"log/slog"
	"regexp"
	"strings"
)

// The form of a secret value: <prefix>_ + 40 random base62 characters + 6 base62 characters of CRC-32 (IEEE) over all
// that precedes them, so that scanners can recognize a token value without asking.
const (
	// DefaultPrefix is the prefix of values from a provider without token_prefix.
	DefaultPrefix = "lk"

	base62         = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	randomLength   = 40
	checksumLength = 6
	previewLength  = 10
	// ownPreviewLength is the length of the preview of an own secret, of which nobody knows where its random part begins.
	ownPreviewLength = 4
)

var prefixPattern = regexp.MustCompile(`^[a-z][a-z0-9]{0,7}$`)

// redacted stands for a secret value wherever it might be printed.
const redacted = "(sensitive value)"

// pastedPattern matches a token value, or most of one, within a text. No identifier is that long.
var pastedPattern = regexp.MustCompile(`[a-z][a-z0-9]{0,7}_[0-9A-Za-z]{30,}`)

// redact cleans a text that repeats what a person wrote, and removes token values from it: one may have been pasted in
// place of an identifier or a name.
func redact(text string) string {
	return Redacted(CleanedLines(text))
}

// Redacted returns a text with a placeholder for each value of a token in it, or for what could be one.
func Redacted(text string) string { return pastedPattern.ReplaceAllLiteralString(text, redacted) }

// Secret is the value of an access token. Printing, formatting, logging and encoding it yield a placeholder; only
// Reveal returns the value. The value is behind a pointer because package fmt prints an unexported field of another
// struct without calling its methods; this way it prints the address.
type Secret struct{ value *string }

// NewSecret generates a new random value with the prefix.
func NewSecret(prefix string) (Secret, error) {
	if err := ValidatePrefix("token_prefix", prefix); err != nil {
		return Secret{}, err
	}
	body := make([]byte, 0, randomLength)
	var block [64]byte
	for len(body) < randomLength {
		_, _ = rand.Read(block[:]) // crypto/rand.Read never fails
		for _, b := range block {
			// 248 is the largest multiple of 62 in a byte; larger bytes would favour the first characters.
			if b < 248 && len(body) < randomLength {
				body = append(body, base62[b%62])
			}
		}
	}
	unchecked := prefix + "_" + string(body)
	value := unchecked + checksum(unchecked)
	return Secret{&value}, nil
}

// ParseSecret parses a token value. The error never repeats it.
func ParseSecret(value string) (Secret, error) {
	if !isSecret(value) {
		return Secret{}, Invalid("token",
			"the value does not look like an access token, which is a prefix, an underscore, %d characters and a matching "+
				"checksum: "+
				"check that all of it was copied", randomLength)
	}
	return Secret{&value}, nil
}

// The bounds of the length of any value that can be a secret: those that Latchkey forms are within them.
const minPresented, maxPresented = 32, 512

// PresentedSecret returns the value that a client presents as its secret, and whether it can be one at all: 32 to 512
// characters of a bearer token, RFC 6750 section 2.1. Anything else stands for nothing, and needs no look-up.
func PresentedSecret(value string) (Secret, bool) {
	if len(value) < minPresented || len(value) > maxPresented {
		return Secret{}, false
	}
	body := strings.TrimRight(value, "=")
	for i := range len(body) {
		if !isBearerCharacter(body[i]) {
			return Secret{}, false
		}
	}
	return Secret{&value}, body != ""
}

// isBearerCharacter reports whether a byte may stand in a b64token of RFC 6750, apart from the padding.
func isBearerCharacter(b byte) bool {
	return 'a' <= b && b <= 'z' || 'A' <= b && b <= 'Z' || '0' <= b && b <= '9' || strings.IndexByte("-._~+/", b) >= 0
}

// isSecret reports whether a text is a well-formed token value.
func isSecret(value string) bool {
	cut := strings.IndexByte(value, '_')
	end := len(value) - checksumLength
	return cut >= 0 && len(value) == cut+1+randomLength+checksumLength && prefixPattern.MatchString(value[:cut]) &&
		strings.Trim(value[cut+1:], base62) == "" && checksum(value[:end]) == value[end:]
}

// ValidatePrefix checks the prefix of secret values.
func ValidatePrefix(field, prefix string) error {
	if prefixPattern.MatchString(prefix) {
		return nil
	}
	return Invalid(field,
		"%q is not a prefix for access tokens: use 1 to 8 lower-case letters and digits, and start with a letter", prefix)
}

// checksum returns CRC-32 (IEEE) of s as 6 base62 characters, most significant first.
func checksum(s string) string {
	sum := crc32.ChecksumIEEE([]byte(s))
	var out [checksumLength]byte
	for i := checksumLength - 1; i >= 0; i-- {
		out[i] = base62[sum%62]
		sum /= 62
	}
	return string(out[:])
}

// Reveal returns the value itself; empty if there is none.
func (s Secret) Reveal() string {
	if s.value == nil {
		return ""
	}
	return *s.value
}

// IsZero reports whether there is no value.
func (s Secret) IsZero() bool { return s.value == nil }

// Preview returns the first 10 characters, by which people recognize a token, and the first 4 of an own secret.
func (s Secret) Preview() string {
	length := previewLength
	if s.IsOwn() {
		length = ownPreviewLength
	}
	value := s.Reveal()
	return value[:min(length, len(value))]
}

// Hash returns the SHA-256 of the value. A slow hash would gain nothing for 238 random bits.
func (s Secret) Hash() SecretHash { return HashOf(s.Reveal()) }

// String returns a placeholder.
func (s Secret) String() string { return redacted }

// GoString returns a placeholder.
func (s Secret) GoString() string { return redacted }

// Format prints a placeholder, whatever the verb.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

// MarshalJSON encodes a placeholder.
func (s Secret) MarshalJSON() ([]byte, error) { return []byte(`"` + redacted + `"`), nil }

// MarshalText encodes a placeholder.
func (s Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// LogValue logs a placeholder.
func (s Secret) LogValue() slog.Value { return slog.StringValue(redacted) }

// SecretHash is the SHA-256 of a secret value, which is what the database stores.
type SecretHash [sha256.Size]byte

// HashOf returns the hash of a word, which is stored if the word is a secret.
func HashOf(word string) SecretHash {
	var usual [128]byte // what most words fit in needs no allocation
	return sha256.Sum256(append(usual[:0], word...))
}

// String returns the hash in hexadecimal.
func (h SecretHash) String() string { return hex.EncodeToString(h[:]) }

// ParseSecretHash parses what SecretHash.String returns.
func ParseSecretHash(s string) (SecretHash, error) {
	var h SecretHash
	b, err := hex.DecodeString(s)
	if err != nil || len(b) != len(h) {
		return h, fmt.Errorf("a secret's hash has %d hexadecimal digits", 2*len(h))
	}
	copy(h[:], b)
	return h, nil
}
