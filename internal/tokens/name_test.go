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
			[]string{"a", "Deploy: prod (EU)", "Schlüssel", "部署", "\"quoted\"", strings.Repeat("ü", 128)},
			[]string{"", " ", " a", "a ", "a\nb", "a\tb", "a\x1b[31mb", "a\u202eb", "a\x00", "\xff", strings.Repeat("ü", 129)},
		},
		{
			"description", tokens.ValidateDescription,
			[]string{"", "one line", "two\nlines", strings.Repeat("ü", 1024)},
			[]string{"a\x1b[31mb", "a\rb", "a\u009bb", "\xff", strings.Repeat("ü", 1025)},
		},
		{
			"email", tokens.ValidateEmail,
			[]string{"anna@example.com", "a.b+c@sub.example.com"},
			[]string{"", "anna", "@example.com", "anna@", "Anna <anna@example.com>", "<anna@example.com>", " anna@example.com",
				"anna@example.com\n", strings.Repeat("a", 250) + "@x.de"},
		},
		{
			"reason", tokens.ValidateReason,
			[]string{"leaked in a build log", strings.Repeat("ü", 1024)},
			[]string{"", "  ", "two\nlines", "a\x1b[31mb", "\xff", strings.Repeat("ü", 1025)},
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
				if err != nil && strings.ContainsAny(err.Error(), "\x1b\x00\r\n\u202e\u009b") {
					t.Errorf("the error about %q contains a control character", s)
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
