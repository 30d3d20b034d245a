package tokens_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log"
	"log/slog"
	"strings"
	"testing"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// These values and the hash were computed by another program.
const (
	zeroValue = "lk_00000000000000000000000000000000000000000zJgFz"
	zeroHash  = "05794a747329cf536759a9b9bac0d857c48d5f5daf40fe0ff4d4d10e7f64283e"
	// randomValue was made at random, as those that new tokens have.
	randomValue = "lk_4GGe6oGzqA9hArxIWh8rqy9pw9KaYUic6TdyrFk51dKSsz"
	acmeValue   = "acme1_Az09Az09Az09Az09Az09Az09Az09Az09Az09Az09251BTM"
)

func parseSecret(t *testing.T, value string) tokens.Secret {
	t.Helper()
	secret, err := tokens.ParseSecret(value)
	if err != nil {
		t.Fatal(err)
	}
	return secret
}

func TestParseSecret(t *testing.T) {
	for _, value := range []string{zeroValue, acmeValue} {
		secret, err := tokens.ParseSecret(value)
		if err != nil {
			t.Errorf("%s: %v", value, err)
		}
		if secret.Reveal() != value {
			t.Errorf("%s became %s", value, secret.Reveal())
		}
	}
}

func TestParseSecretRefusesWhatIsNone(t *testing.T) {
	for name, value := range map[string]string{
		"empty":                    "",
		"no prefix":                zeroValue[3:],
		"empty prefix":             zeroValue[2:],
		"upper-case prefix":        "LK" + zeroValue[2:],
		"prefix begins with digit": "1k" + zeroValue[2:],
		"prefix too long":          "abcdefghi" + zeroValue[2:],
		"one character short":      zeroValue[:len(zeroValue)-1],
		"one character more":       zeroValue + "0",
		"line break behind":        zeroValue + "\n",
		"another character":        strings.Replace(zeroValue, "0", "1", 1),
		"another checksum":         zeroValue[:len(zeroValue)-1] + "0",
		"no base62 character":      strings.Replace(zeroValue, "0", "-", 1),
		"another prefix":           "lx" + zeroValue[2:],
		"an identifier":            "tok_01jz0000000000000000000000",
	} {
		t.Run(name, func(t *testing.T) {
			secret, err := tokens.ParseSecret(value)
			if tokens.ErrorCode(err) != tokens.CodeInvalid {
				t.Fatalf("the error is %v, want one of code invalid", err)
			}
			if !secret.IsZero() {
				t.Error("a secret came with the error")
			}
			if len(value) > 12 && strings.Contains(err.Error(), value[3:12]) {
				t.Errorf("the error repeats the value: %v", err)
			}
		})
	}
}

func FuzzParseSecret(f *testing.F) {
	for _, seed := range []string{zeroValue, acmeValue, "", "_", "lk_", zeroValue + "\x00", "é" + zeroValue} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, value string) {
		secret, err := tokens.ParseSecret(value)
		if err != nil {
			if len(value) >= 12 && strings.Contains(err.Error(), value) {
				t.Errorf("the error repeats the value: %v", err)
			}
			return
		}
		if secret.Reveal() != value {
			t.Errorf("%q became %q", value, secret.Reveal())
		}
		if changed := value[:len(value)-1] + string(value[len(value)-1]^1); changed != value {
			if _, err := tokens.ParseSecret(changed); err == nil {
				t.Errorf("both %q and %q have a matching checksum", value, changed)
			}
		}
	})
}

func TestNewSecret(t *testing.T) {
	seen := map[string]bool{}
	for range 100 {
		secret, err := tokens.NewSecret("acme1")
		if err != nil {
			t.Fatal(err)
		}
		value := secret.Reveal()
		if !strings.HasPrefix(value, "acme1_") || len(value) != len("acme1_")+40+6 {
			t.Fatalf("%s has a different form", value)
		}
		if _, err := tokens.ParseSecret(value); err != nil {
			t.Fatalf("%s is refused: %v", value, err)
		}
		if seen[value] {
			t.Fatal("the same value was created twice")
		}
		seen[value] = true
	}
}

func TestNewSecretUsesEveryCharacterAlike(t *testing.T) {
	const rounds, length, base = 2000, 40, 62
	counts := map[rune]int{}
	for range rounds {
		secret, err := tokens.NewSecret("lk")
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range secret.Reveal()[3 : 3+length] {
			counts[c]++
		}
	}
	if len(counts) != base {
		t.Fatalf("%d characters occur, want %d", len(counts), base)
	}
	// Each character is expected 1290 times with a standard deviation of 36: seven of them are never seen by chance, while
	// taking bytes modulo 62 would make the first eight characters a quarter more frequent.
	const expected, tolerance = rounds * length / base, 7 * 36
	for c, n := range counts {
		if n < expected-tolerance || n > expected+tolerance {
			t.Errorf("%c occurs %d times, want about %d", c, n, expected)
		}
	}
}

func TestNewSecretRefusesPrefix(t *testing.T) {
	for _, prefix := range []string{"", "LK", "1k", "l-k", "abcdefghi", "lk_", "lk\n"} {
		_, err := tokens.NewSecret(prefix)
		if tokens.ErrorCode(err) != tokens.CodeInvalid || !strings.HasPrefix(err.Error(), "token_prefix: ") {
			t.Errorf("%q: the error is %v, want one about token_prefix", prefix, err)
		}
	}
}

func TestSecretPreview(t *testing.T) {
	if got := parseSecret(t, acmeValue).Preview(); got != "acme1_Az09" {
		t.Errorf("the preview is %s", got)
	}
	if got := (tokens.Secret{}).Preview(); got != "" {
		t.Errorf("the preview of an empty secret is %s", got)
	}
}

func TestSecretHash(t *testing.T) {
	hash := parseSecret(t, zeroValue).Hash()
	if got := hash.String(); got != zeroHash {
		t.Errorf("the hash is %s", got)
	}
	if hash == parseSecret(t, acmeValue).Hash() {
		t.Error("two values have the same hash")
	}
	back, err := tokens.ParseSecretHash(hash.String())
	if err != nil || back != hash {
		t.Errorf("the hash was read back as %s, %v", back, err)
	}
	for _, bad := range []string{"", "00", zeroHash + "00", "zz" + zeroHash[2:]} {
		if _, err := tokens.ParseSecretHash(bad); err == nil {
			t.Errorf("%q passes as a hash", bad)
		}
	}
}

// TestSecretIsRedacted prints a secret in every way that a program prints things, alone and within others.
func TestSecretIsRedacted(t *testing.T) {
	secret := parseSecret(t, zeroValue)
	var logged bytes.Buffer
	prints := map[string]func() string{
		"String":   func() string { return secret.String() },
		"GoString": func() string { return secret.GoString() },
		"JSON":     func() string { return marshal(t, json.Marshal, secret) },
		"JSON key": func() string { return marshal(t, json.Marshal, map[tokens.Secret]int{secret: 1}) },
		"JSON struct": func() string {
			return marshal(t, json.Marshal, tokens.Regeneration{NewSecretFor: tokens.NewSecretFor{Secret: secret}})
		},
		"text": func() string { return marshal(t, func(any) ([]byte, error) { return secret.MarshalText() }, nil) },
		"log": func() string {
			log.New(&logged, "", 0).Print(secret, &secret)
			return logged.String()
		},
		"slog text": func() string {
			slog.New(slog.NewTextHandler(&logged, nil)).Info("made", "secret", secret, "pointer", &secret, "inside",
				[]tokens.Secret{secret})
			return logged.String()
		},
		"slog JSON": func() string {
			slog.New(slog.NewJSONHandler(&logged, nil)).Info("made", "secret", secret, "inside",
				struct{ S tokens.Secret }{secret})
			return logged.String()
		},
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%t", "%p", "%10.3s", "%w"} {
		prints[verb] = func() string { return fmt.Errorf(verb, secret).Error() }
		prints[verb+" of a pointer"] = func() string { return fmt.Sprintf(verb, &secret) }
		prints[verb+" of a struct"] = func() string {
			return fmt.Sprintf(verb, tokens.NewAccessToken{NewSecretFor: tokens.NewSecretFor{Secret: secret}})
		}
		prints[verb+" of an unexported field"] = func() string { return fmt.Sprintf(verb, struct{ s tokens.Secret }{secret}) }
		prints[verb+" of a slice"] = func() string { return fmt.Sprintf(verb, []tokens.Secret{secret}) }
	}
	for name, show := range prints {
		t.Run(name, func(t *testing.T) {
			got := show()
			if got == "" {
				t.Fatal("nothing was printed")
			}
			for _, form := range []string{zeroValue[:12], fmt.Sprintf("%x", zeroValue[:12]), fmt.Sprintf("%X", zeroValue[:12])} {
				if strings.Contains(got, form) {
					t.Errorf("the value was printed: %s", got)
				}
			}
		})
	}
}

func marshal(t *testing.T, encode func(any) ([]byte, error), value any) string {
	t.Helper()
	b, err := encode(value)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestPresentedSecret(t *testing.T) {
	own, err := tokens.NewSecret("a2345678")
	if err != nil {
		t.Fatal(err)
	}
	long := strings.Repeat("a", 512)
	for value, want := range map[string]bool{
		own.Reveal():                             true,
		long[:32]:                                true,
		long:                                     true,
		long[:31]:                                false,
		long + "a":                               false,
		"AZaz09-._~+/AZaz09-._~+/AZaz09-._~+/==": true,
		"=" + long[:40]:                          false,
		long[:20] + "=" + long[:20]:              false,
		strings.Repeat("=", 40):                  false,
		long[:40] + " ":                          false,
		long[:40] + "\n":                         false,
		long[:40] + "é":                          false,
		long[:40] + "\x00":                       false,
		long[:40] + ",":                          false,
		"":                                       false,
	} {
		secret, ok := tokens.PresentedSecret(value)
		if ok != want || ok && secret.Reveal() != value {
			t.Errorf("%d bytes are accepted: %t, want %t", len(value), ok, want)
		}
	}
}
