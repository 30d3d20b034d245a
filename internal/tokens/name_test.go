package tokens_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

func TestNames(t *testing.T) {
	for _, rule := range []struct {
		name      string
		validate  func(field, s string) error
		good, bad []string
	}{
		{
			"name", tokens.ValidateName,
			[]string{"a", "0", "ci", "ci-2", "a-", strings.Repeat("a", 63)},
			[]string{"", "-a", "CI", "c i", "c_i", "ci.", "ü", "ci\n", strings.Repeat("a", 64)},
		},
		{
			"label", tokens.ValidateLabel,
			[]string{"a", "Deploy: prod (EU)", "Schlüssel", "部署", "\"quoted\"", "a · b", "🚀", strings.Repeat("ü", 128),
				strings.Repeat("u\u0308", 128), "שלום", "ความลับ"},
			[]string{"", " ", " a", "a ", "a\nb", "a\tb", "a\x1b[31mb", "a\u202eb", "a\x00", "\xff", strings.Repeat("ü", 129),
				"a\u200bb", "a\u2066b", "a\u00a0b", "\u2800", "a\u3164", "\u115f", "a\uffa0b", "a\u034fb", "a\ufe0fb",
				"a\U000e0041b", "a\u00adb", "a\u2028b", "a\ufeffb", "a\u200db", "a\ufffcb", "a\u009bb", "a\ue000b", "a\u0378b",
				"token " + acmeValue, acmeValue + "x"},
		},
		{
			"description", tokens.ValidateDescription,
			[]string{"", "one line", "two\nlines", "two\r\nlines", "a\tb", strings.Repeat("ü", 1024)},
			[]string{"a\x1b[31mb", "a\rb", "a\u009bb", "\xff", strings.Repeat("ü", 1025), "a\u2028b", "a\u200bb", "a\u2800b",
				"line\n" + acmeValue},
		},
		{
			"email", tokens.ValidateEmail,
			[]string{"anna@example.com", "a.b+c@sub.example.com"},
			[]string{"", "anna", "@example.com", "anna@", "Anna <anna@example.com>", "<anna@example.com>", " anna@example.com",
				"anna@example.com\n", strings.Repeat("a", 250) + "@x.de"},
		},
		{
			"address of a member", tokens.ValidateMemberEmail,
			[]string{"anna@example.com", "Äda@example.com", "A\u0308da@example.com", "søren.ærø@bücher.example", "straße@x.de",
				"иван@пример.рф", "δανάη@παράδειγμα.ελ", "佐藤ひろ@例え.jp", "o'neill@x.de", "a_b%c@x.de", "a@xn--bcher-kva.example"},
			[]string{"", "anna", "Anna <anna@example.com>", "аnna@example.com", "anna@exаmple.com", "асе@example.com",
				"ΜΑΡΙΑ@example.com", "ann\u200ba@example.com", "ann\u202ea@example.com", "ann\u009ba@example.com",
				"ann\u00ada@example.com", "ａnna@example.com", "𝐚nna@example.com", "annа@example.com", "ann\u2800a@example.com",
				"ɑnna@example.com", "adı@example.com", "ann٣@example.com", "anna@аррӏе.com", "ꭺnna@example.com",
				"ᏎᎪ@example.com", "x\u0337@example.com", "ann\u3164a@example.com",
				"ci@default.latchkey.internal", "CI@Default.Latchkey.INTERNAL", "ci@latchkey.internal",
				"ci@default.ｌatchkey.internal", "ci@default.latchkey.internal.", acmeValue + "@example.com"},
		},
		{
			"reason", tokens.ValidateReason,
			[]string{"leaked in a build log", "two\nlines", "a\tb", strings.Repeat("ü", 1024)},
			[]string{"", "  ", "\n\t", "a\x1b[31mb", "\xff", strings.Repeat("ü", 1025), "\u2800", "leaked " + acmeValue},
		},
		{
			"token_prefix", tokens.ValidatePrefix,
			[]string{"a", "lk", "a1234567"},
			[]string{"", "LK", "1a", "a_", "a-b", "a12345678", "lk\n"},
		},
	} {
		t.Run(rule.name, func(t *testing.T) {
			for _, s := range rule.good {
				if err := rule.validate("field", s); err != nil {
					t.Errorf("%q is refused: %v", s, err)
				}
			}
			for _, s := range rule.bad {
				err := rule.validate("field", s)
				wantInvalid(t, "field", err)
				if err != nil && (strings.ContainsAny(err.Error(), "\x1b\x00\r\n\u202e\u009b\u200b") ||
					strings.Contains(err.Error(), acmeValue)) {
					t.Errorf("the error about %q contains what it refuses", s)
				}
			}
		})
	}
}

// TestSystemUserNameIsAlwaysValid creates technical users for tokens with arbitrary names.
func TestSystemUserNameIsAlwaysValid(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		token := tokens.NewAccessToken{Settings: tokens.Settings{Name: rapid.StringN(1, 128, -1).Draw(t, "name")}}
		user := token.NewSystemUser(tokens.NewID(tokens.KindAccessToken, now))
		if err := user.TechnicalUserSettings.Validate(""); err != nil {
			t.Errorf("the technical user of token %q is named %q: %v", token.Name, user.Name, err)
		}
	})
}

func TestSystemUserName(t *testing.T) {
	for name, want := range map[string]string{
		"Deploy: prod (EU)":      "deploy-prod-eu-0000000000",
		"部署":                     "token-0000000000",
		strings.Repeat("a", 128): strings.Repeat("a", 52) + "-0000000000",
	} {
		if got := (tokens.NewAccessToken{Settings: tokens.Settings{Name: name}}).NewSystemUser(tokenID).Name; got != want {
			t.Errorf("the technical user of %q is named %q, want %q", name, got, want)
		}
	}
	if got := (tokens.NewAccessToken{Settings: tokens.Settings{Name: "acquisition",
		Visibility: tokens.VisibilityRestricted}}).NewSystemUser(tokenID).Name; got != "token-0000000000" {
		t.Errorf("the technical user of a restricted token is named %q, which tells the token's name to those who may not "+
			"know it", got)
	}
}
