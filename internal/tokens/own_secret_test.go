package tokens_test

import (
	"strings"
	"testing"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// What others form is accepted as an own secret if every client can carry it and nobody can guess it.
func TestValidateNewSecret(t *testing.T) {
	made, err := tokens.NewSecret("acme")
	if err != nil {
		t.Fatal(err)
	}
	acmeRandom := made.Reveal()
	const random = "T7vQ2mXz9LpR4wKc8NsB3yHd6JfG5aE1uV0x"
	for _, test := range []struct {
		name, value string
		refused     string // for this reason; empty if it is accepted
	}{
		{"one of ours", acmeRandom, ""},
		{"one of ours that repeats itself", zeroValue, "easy to guess"},
		{"another program's", "ghp_16C7e42F292c6912E7710c838347Ae178B4a", ""},
		{"hexadecimal", "9f86d081884c7d659a2feaa0c55ad015", ""},
		{"a UUID", "550e8400-e29b-41d4-a716-446655440000", ""},
		{"base64", "dGhpcyBpcyBhIHNlY3JldCB0b2tlbiB2YWx1ZQ==", ""},
		{"every character", random + "-._~+/=", ""},
		{"32 characters", random[:32], ""},
		{"31 characters", random[:31], "32 to 512"},
		{"512 characters", strings.Repeat(random, 15)[:512], ""},
		{"513 characters", strings.Repeat(random, 15)[:513], "32 to 512"},
		{"empty", "", "32 to 512"},
		{"a long tail that says nothing", random + strings.Repeat("a", 200), ""},
		{"a long head that says nothing", strings.Repeat("a", 200) + random, ""},
		{"a blank", random[:20] + " " + random[20:], "b64token characters"},
		{"a line end", random + "\n", "such as a line end: leave that out"},
		{"a line break within", random[:20] + "\n" + random[20:], "b64token characters"},
		{"another letter", random + "é", "b64token characters"},
		{"padding within", random[:20] + "=" + random[20:], "b64token characters"},
		{"padding alone", strings.Repeat("=", 40), "b64token characters"},
		{"ours with another checksum", zeroValue[:len(zeroValue)-1] + "0", "checksum"},
		{"one character", strings.Repeat("a", 40), "easy to guess"},
		{"a word", strings.Repeat("password", 4), "easy to guess"},
		{"a sequence", "abcdefghijklmnopqrstuvwxyz0123456789", "easy to guess"},
		{"a walk on the keyboard", "qwertyuiopasdfghjklzxcvbnm123456", "easy to guess"},
		{"a long word", strings.Repeat("password", 60), "easy to guess"},
	} {
		t.Run(test.name, func(t *testing.T) {
			err := tokens.ValidateNewSecret("token_wo", test.value)
			if test.refused == "" {
				if err != nil {
					t.Errorf("got %v", err)
				}
				return
			}
			reason := strings.ReplaceAll(test.refused, "b64token characters", "letters, digits")
			if tokens.ErrorCode(err) != tokens.CodeInvalid || !strings.Contains(err.Error(), reason) {
				t.Fatalf("got %v, want that it names %q", err, reason)
			}
			if len(test.value) > 12 && strings.Contains(err.Error(), test.value[3:12]) {
				t.Errorf("the error repeats the value: %v", err)
			}
		})
	}
}

// A secret that Latchkey forms is never an own one, and shows no more of itself than is the same in all.
func TestOwnSecretIsTold(t *testing.T) {
	own, ok := tokens.PresentedSecret("sk-T7vQ2mXz9LpR4wKc8NsB3yHd6JfG5aE1uV0x")
	if !ok || !own.IsOwn() || own.Preview() != "sk-T" {
		t.Errorf("an own secret: %t, with the preview %q", own.IsOwn(), own.Preview())
	}
	if formed := parseSecret(t, zeroValue); formed.IsOwn() || formed.Preview() != zeroValue[:10] {
		t.Errorf("one that Latchkey formed: %t, with the preview %q", formed.IsOwn(), formed.Preview())
	}
	if (tokens.Secret{}).IsOwn() {
		t.Error("none is an own secret")
	}
}

func TestPrefixOf(t *testing.T) {
	for preview, want := range map[string]string{
		zeroValue[:10]: "lk", "acme1_Az09": "acme1", "": "lk", "sk-T": "lk", "ghp_": "lk", "6vIQ": "lk", "a_1234567b": "a",
		"abcdefghij": "lk", "-_12345678": "lk",
	} {
		if got := tokens.PrefixOf(preview); got != want {
			t.Errorf("%q: got %q, want %q", preview, got, want)
		}
	}
}
