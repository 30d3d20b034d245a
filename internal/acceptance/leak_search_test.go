package acceptance

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/url"
	"strings"
	"testing"
)

const (
	// previewLength is how many characters of a secret anyone may see.
	previewLength = 10
	// pieceLength is how many consecutive characters after the preview count as a leak. In base64 they fill whole groups,
	// so a piece looks the same wherever it is in the encoded text: of the pieces that begin at consecutive characters,
	// one is aligned with the groups.
	pieceLength = 12
)

// encodings are the forms in which a text may appear within another one.
var encodings = map[string]func(string) string{
	"raw":                  func(s string) string { return s },
	"base64":               func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) },
	"base64, URL alphabet": func(s string) string { return base64.URLEncoding.EncodeToString([]byte(s)) },
	"hex":                  func(s string) string { return hex.EncodeToString([]byte(s)) },
	"hex, upper case":      func(s string) string { return strings.ToUpper(hex.EncodeToString([]byte(s))) },
	"hex, with spaces":     func(s string) string { return fmt.Sprintf("% x", s) },
	"decimal bytes":        func(s string) string { return strings.Trim(fmt.Sprintf("%d", []byte(s)), "[]") },
	"JSON escapes":         func(s string) string { return escapeEach(s, `\u%04x`) },
	"JSON escapes, upper":  func(s string) string { return escapeEach(s, `\u%04X`) },
	"URL escapes":          func(s string) string { return escapeEach(s, `%%%02X`) },
	"URL escapes, lower":   func(s string) string { return escapeEach(s, `%%%02x`) },
	"URL query":            url.QueryEscape,
}

func escapeEach(s, format string) string {
	var escaped strings.Builder
	for i := range len(s) {
		fmt.Fprintf(&escaped, format, s[i])
	}
	return escaped.String()
}

// leakSearch finds secrets, whole or in part, in any of the encodings. It goes through a text once, whatever the number
// of secrets, and finds each piece by its first eight bytes.
type leakSearch struct {
	known  map[string]bool
	pieces map[uint64][]leakedPiece
}

// leakedPiece is part of a secret in one encoding.
type leakedPiece struct{ encoding, text string }

func newLeakSearch() *leakSearch {
	return &leakSearch{known: map[string]bool{}, pieces: map[uint64][]leakedPiece{}}
}

// add adds a secret to the search.
func (l *leakSearch) add(secret string) {
	if l.known[secret] || secret == "" {
		return
	}
	l.known[secret] = true
	for i := previewLength; i+pieceLength <= len(secret); i++ {
		for name, encode := range encodings {
			piece := encode(secret[i : i+pieceLength])
			l.pieces[firstEight(piece)] = append(l.pieces[firstEight(piece)], leakedPiece{name, piece})
		}
	}
}

// find returns the encoding and the position of the first secret in a text.
func (l *leakSearch) find(text string) (encoding string, at int, found bool) {
	for at := range max(len(text)-7, 0) {
		for _, piece := range l.pieces[firstEight(text[at:])] {
			if strings.HasPrefix(text[at:], piece.text) {
				return piece.encoding, at, true
			}
		}
	}
	return "", 0, false
}

// firstEight packs the first eight bytes of a text, which must have as many.
func firstEight(s string) uint64 {
	_ = s[7]
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 | uint64(s[4])<<32 | uint64(s[5])<<40 |
		uint64(s[6])<<48 | uint64(s[7])<<56
}

// mustNotFind fails the test if a text holds a secret. It doesn't print the text.
func (l *leakSearch) mustNotFind(t testing.TB, source, text string) {
	t.Helper()
	if encoding, at, found := l.find(text); found {
		t.Errorf("%s holds a secret (%s) at byte %d", source, encoding, at)
	}
}

// TestLeakSearch hides secrets in a text in every way that the search should detect.
func TestLeakSearch(t *testing.T) {
	// These values look like secrets, but were made up for this test.
	const secret, another = "lk_0aBcDeFgHiJkLmNoPqRsTuVwXyZ123456789zYxWvUtSrQpO",
		"lk_ZZ0YY1XX2WW3VV4UU5TT6SS7RR8QQ9PPaOObNNcMMdLLeKKfJ"
	search := newLeakSearch()
	search.add(secret)
	search.add(another)
	search.add("") // a token without a secret in the state

	surrounding := strings.Repeat("2026-01-01T00:00:00Z [TRACE] provider: a line of a log lk_0aBcDeF "+
		"tok_06h04hctxxfsd1zbwtf7815z84\n", 500)
	if encoding, at, found := search.find(surrounding); found {
		t.Errorf("found a secret (%s) at byte %d of a text that holds only its preview", encoding, at)
	}
	for name, encode := range encodings {
		for shift := range 3 { // the alignments of base 64
			for _, part := range []string{secret, another, another[previewLength:],
				secret[previewLength : previewLength+pieceLength+2], secret[len(secret)-pieceLength-2:]} {
				planted := encode(strings.Repeat("x", shift) + part)
				if name == "URL query" {
					planted = "value=" + planted
				}
				if _, at, found := search.find(surrounding + planted + surrounding); !found || at < len(surrounding) ||
					at > len(surrounding)+len(planted) {
					t.Errorf("did not find a secret of %d characters (%s, shifted by %d)", len(part), name, shift)
				}
			}
		}
	}
	if _, _, found := search.find(surrounding + secret[:previewLength+pieceLength-1] + surrounding); found {
		t.Error("found something shorter than a piece")
	}
}
