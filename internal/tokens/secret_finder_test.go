package tokens_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// place is where a test expects a value.
type place struct {
	value        string
	line, column int64
}

// find returns what is found in a text that is read as a whole and byte by byte.
func find(t *testing.T, text []byte) []place {
	t.Helper()
	read := func(r io.Reader) (places []place) {
		t.Helper()
		if err := tokens.FindSecrets(r, func(f tokens.FoundSecret) error {
			places = append(places, place{f.Secret.Reveal(), f.Line, f.Column})
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		return places
	}
	whole := read(bytes.NewReader(text))
	if single := read(iotest.OneByteReader(bytes.NewReader(text))); !slices.Equal(whole, single) {
		t.Errorf("whole: %v, byte by byte: %v", whole, single)
	}
	return whole
}

func TestFindSecrets(t *testing.T) {
	for _, test := range []struct {
		name, text string
		want       []place
	}{
		{"nothing", "", nil},
		{"alone", zeroValue, []place{{zeroValue, 1, 1}}},
		{"on a line", "a\n\nTOKEN=" + zeroValue + "\n", []place{{zeroValue, 3, 7}}},
		{"twice", zeroValue + " " + acmeValue, []place{{zeroValue, 1, 1}, {acmeValue, 1, 51}}},
		{"side by side", zeroValue + zeroValue, []place{{zeroValue, 1, 1}, {zeroValue, 1, 50}}},
		{"in JSON", `{"token":"` + acmeValue + `"}`, []place{{acmeValue, 1, 11}}},
		{"in a URL", "https://x:" + zeroValue + "@host/?t=" + zeroValue + "&u",
			[]place{{zeroValue, 1, 11}, {zeroValue, 1, 69}}},
		{"behind letters", "TOKENlong" + zeroValue, []place{{zeroValue, 1, 10}}},
		{"behind an underscore", "my_" + zeroValue + "_x", []place{{zeroValue, 1, 4}}},
		{"behind an identifier", "tok_01jz0000000000000000000000" + zeroValue, []place{{zeroValue, 1, 31}}},
		{"before letters", zeroValue + "abc", []place{{zeroValue, 1, 1}}},
		{"behind other characters", "größe 日本 " + zeroValue, []place{{zeroValue, 1, 10}}},
		{"behind colours", "\x1b[32m" + zeroValue + "\x1b[0m", []place{{zeroValue, 1, 6}}},
		{"among other bytes", "\xff\xfe\x80" + zeroValue + "\xff", []place{{zeroValue, 1, 3}}},
		{"in UTF-16", utf16Of("a\nb " + zeroValue + "\n"), []place{{zeroValue, 2, 3}}},
		{"on a long line", strings.Repeat("x_", 1<<17) + " " + zeroValue, []place{{zeroValue, 1, 1<<18 + 2}}},
		{"across a border of what is read at once", strings.Repeat("x", 64<<10-20) + "\n" + zeroValue,
			[]place{{zeroValue, 2, 1}}},
		{"another checksum", zeroValue[:len(zeroValue)-1] + "0", nil},
		{"another prefix", "l" + zeroValue[1:2] + "x" + zeroValue[2:], nil},
		{"no prefix", zeroValue[2:], nil},
		{"cut off", zeroValue[:len(zeroValue)-1], nil},
		{"broken by a line break", zeroValue[:20] + "\n" + zeroValue[20:], nil},
		{"an identifier", "tok_01jz0000000000000000000000", nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := find(t, []byte(test.text)); !slices.Equal(got, test.want) {
				t.Errorf("got %v, want %v", got, test.want)
			}
		})
	}
}

// utf16Of encodes ASCII as Windows does in the files that its shell writes.
func utf16Of(text string) string {
	var b strings.Builder
	for i := range len(text) {
		b.WriteByte(text[i])
		b.WriteByte(0)
	}
	return b.String()
}

func TestFindSecretsStops(t *testing.T) {
	broken := errors.New("the disk failed")
	if err := tokens.FindSecrets(io.MultiReader(strings.NewReader(zeroValue), iotest.ErrReader(broken)),
		func(tokens.FoundSecret) error { return nil }); !errors.Is(err, broken) {
		t.Errorf("got %v, want the error of the reader", err)
	}
	enough := errors.New("enough")
	calls := 0
	if err := tokens.FindSecrets(strings.NewReader(zeroValue+zeroValue),
		func(tokens.FoundSecret) error { calls++; return enough }); !errors.Is(err, enough) || calls != 1 {
		t.Errorf("got %v after %d calls, want the error of the first", err, calls)
	}
}

// slowly finds the values in a text by trying every position and every length.
func slowly(text []byte) (places []place) {
	text = bytes.ReplaceAll(text, []byte{0}, nil)
	underscore := regexp.MustCompile(`_`)
	for _, at := range underscore.FindAllIndex(text, -1) {
		end := at[1] + 46
		if end > len(text) {
			continue
		}
		for length := 8; length > 0; length-- {
			start := at[0] - length
			if start < 0 {
				continue
			}
			if _, err := tokens.ParseSecret(string(text[start:end])); err == nil {
				line := bytes.Count(text[:start], []byte("\n"))
				column := 1
				for _, b := range text[bytes.LastIndexByte(text[:start], '\n')+1 : start] {
					if b&0xc0 != 0x80 {
						column++
					}
				}
				places = append(places, place{string(text[start:end]), int64(line + 1), int64(column)})
				break
			}
		}
	}
	return places
}

func FuzzFindSecrets(f *testing.F) {
	for _, seed := range []string{"", zeroValue, acmeValue, zeroValue + acmeValue, "a_" + zeroValue + "_b\n",
		utf16Of(zeroValue), "\xc3" + zeroValue + "\x80", strings.Repeat("_", 60)} {
		f.Add([]byte(seed), uint64(1))
	}
	f.Fuzz(func(t *testing.T, text []byte, seed uint64) {
		// Insert values at random positions, because the fuzzer would hardly find a checksum.
		random := rand.New(rand.NewPCG(seed, 0))
		for range random.IntN(4) {
			at := random.IntN(len(text) + 1)
			text = slices.Insert(slices.Clone(text), at, []byte([]string{zeroValue, acmeValue}[random.IntN(2)])...)
		}
		if got, want := find(t, text), slowly(text); !slices.Equal(got, want) {
			t.Errorf("%q: got %v, want %v", text, got, want)
		}
	})
}

// TestFindSecretsInMuchText looks for values with prefixes of every length in a text that is full of near misses.
func TestFindSecretsInMuchText(t *testing.T) {
	var text strings.Builder
	var want []place
	random := rand.New(rand.NewPCG(1, 2))
	const letters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_"
	for line := range int64(2000) {
		value := ""
		if line%100 == 0 {
			secret, err := tokens.NewSecret("abcdefgh"[:line/100%8+1])
			if err != nil {
				t.Fatal(err)
			}
			value = " " + secret.Reveal()
			want = append(want, place{secret.Reveal(), line + 1, 202})
		}
		for range 200 {
			text.WriteByte(letters[random.IntN(len(letters))])
		}
		fmt.Fprintln(&text, value)
	}
	if got := find(t, []byte(text.String())); !slices.Equal(got, want) {
		t.Errorf("found %d values, want %d", len(got), len(want))
	}
}
