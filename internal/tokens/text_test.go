package tokens_test

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// Every text that people set, on any kind of object, is judged: none may deceive, or hold a value of an access token.
func TestEveryTextIsJudged(t *testing.T) {
	role := tokens.Grants{Role: tokens.RoleMember}
	judged := 0
	judge := func(kind string, n int) {
		if n == 0 {
			t.Errorf("%s: there is no text to judge", kind)
		}
		judged += n
	}
	judge("access token", textsAreJudged(t, tokens.Settings{Name: "a", Visibility: tokens.VisibilityOrganization},
		func(s tokens.Settings) error { return s.Validate("") }))
	judge("technical user", textsAreJudged(t, tokens.TechnicalUserSettings{Name: "a", Grants: role},
		func(s tokens.TechnicalUserSettings) error { return s.Validate("") }))
	judge("member", textsAreJudged(t, tokens.NewMember{Request: tokens.NewRequest(now), Email: "a@example.com",
		MemberSettings: tokens.MemberSettings{Name: "a", Grants: role}}, tokens.NewMember.Validate))
	judge("group", textsAreJudged(t, tokens.GroupSettings{Name: "a"}, tokens.GroupSettings.Validate))
	judge("role", textsAreJudged(t, tokens.RoleSettings{Name: "a", Permissions: []string{"api:read"}},
		tokens.RoleSettings.Validate))
	if judged < 15 {
		t.Errorf("only %d texts were judged", judged)
	}
}

// A mark belongs to a letter before it. Without one it would join what stands before the text.
func TestMarksWithoutLetters(t *testing.T) {
	for s, taken := range map[string]bool{"e\u0301": true, "\u0928\u093f": true, "a\u0338b": true,
		"\u0301a": false, "a \u0338b": false, "\u20e3": false} {
		if err := tokens.ValidateLabel("name", s); (err == nil) != taken {
			t.Errorf("%q: got %v", s, err)
		}
	}
	if err := tokens.ValidateDescription("description", "a\n\u0301b"); err == nil {
		t.Error("a line may begin with a mark")
	}
}

// textsAreJudged replaces each text in valid settings, one at a time, and returns how many there are.
func textsAreJudged[S any](t *testing.T, valid S, validate func(S) error) (texts int) {
	t.Helper()
	if err := validate(valid); err != nil {
		t.Fatalf("%T: %v", valid, err)
	}
	replace := func(path string, text reflect.Value) {
		texts++
		before := text.String()
		defer text.SetString(before)
		for _, bad := range []string{"a\u202eb", "a\u200bb", "\u2800", "a\x1b[2Jb", acmeValue, "see " + acmeValue} {
			text.SetString(bad)
			err := validate(valid)
			if tokens.ErrorCode(err) != tokens.CodeInvalid {
				t.Errorf("%T, %s: %q is taken: %v", valid, path, bad, err)
			} else if strings.Contains(err.Error(), bad) {
				t.Errorf("%T, %s: the error repeats the text: %v", valid, path, err)
			}
		}
	}
	leaves(reflect.ValueOf(&valid).Elem(), "", func(path string, field reflect.Value) {
		switch {
		case field.Kind() == reflect.String:
			replace(path, field)
		case field.Type() == reflect.TypeFor[[]string]():
			replace(path+"[0]", field.Index(0))
		}
	})
	return texts
}

// Texts are brought to one form before anything else.
func TestNormalized(t *testing.T) {
	permissions := []string{"e\u0301:read"}
	input := tokens.NewRole{RoleSettings: tokens.RoleSettings{
		Name: "e\u0301", Description: "one\r\ntwo\nthree", Permissions: permissions,
	}}
	got := tokens.Normalized(input)
	want := tokens.RoleSettings{Name: "é", Description: "one\ntwo\nthree", Permissions: []string{"é:read"}}
	if !reflect.DeepEqual(got.RoleSettings, want) {
		t.Errorf("got %q, want %q", got.RoleSettings, want)
	}
	if permissions[0] != "e\u0301:read" || input.Name != "e\u0301" {
		t.Error("the input was changed")
	}
	update := tokens.Normalized(tokens.AccessTokenUpdate{Settings: tokens.Settings{Name: "e\u0301"},
		Regeneration: &tokens.Regeneration{NewSecretFor: newSecret(t)}})
	if update.Name != "é" || update.Regeneration.Secret.IsZero() {
		t.Errorf("got %q, and the secret is gone: %t", update.Name, update.Regeneration.Secret.IsZero())
	}
}

// Words that may be secrets are found in every text of an input, wherever they stand in it.
func TestSecretWords(t *testing.T) {
	own := "Own-Secret.0123456789~abcdefghijklmn+/x=="
	for _, text := range []string{
		own, "it is " + own, own + ".", "(" + own + ")", "password=" + own + "\n", `"` + own + `",`, "see /" + own + "/",
		"https://example.com/?key=" + own,
	} {
		if words := tokens.SecretWords(tokens.GroupSettings{Description: text}); !slices.Contains(words, own) {
			t.Errorf("the words of %q are %q", text, words)
		}
	}
	if words := tokens.SecretWords(tokens.RoleSettings{Permissions: []string{"x:" + strings.Repeat("a", 32)}}); len(words) != 1 {
		t.Errorf("the words of permissions are %q", words)
	}
	for _, text := range []string{"", strings.Repeat("a", 31), strings.Repeat("a", 513), tokenID} {
		if words := tokens.SecretWords(text); words != nil {
			t.Errorf("the words of %q are %q, want none", text, words)
		}
	}
}

// What is printed moves no cursor, hides nothing and turns nothing around, whatever a file holds.
func TestCleaned(t *testing.T) {
	for text, want := range map[string]string{
		"plain ü":           "plain ü",
		"a\x1b[31mb\x07":    "a\ufffd[31mb\ufffd",
		"a\r\nb\tc":         "a  b c",
		"a\u202eb\u2066c":   "a\ufffdb\ufffdc",
		"a\u200bb\u2800c":   "a\ufffdb\ufffdc",
		"a\u009bb\xffc":     "a\ufffdb\ufffdc",
		"\U000e0041\u3164x": "\ufffd\ufffdx",
	} {
		if got := tokens.Cleaned(text); got != want {
			t.Errorf("%q is printed as %q, want %q", text, got, want)
		}
	}
	if got := tokens.CleanedLines("a\n\tb\rc\u202e"); got != "a\n\tb c\ufffd" {
		t.Errorf("got %q", got)
	}
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.String().Draw(t, "text")
		if tokens.ValidateLabel("", text) == nil && tokens.Cleaned(tokens.Normal(text)) != tokens.Normal(text) {
			t.Errorf("%q is a good name and printed as %q", text, tokens.Cleaned(text))
		}
	})
}

// Addresses are compared without case, in every alphabet, and by their normal form.
func TestSameEmail(t *testing.T) {
	for _, pair := range [][2]string{
		{"anna@example.com", "ANNA@Example.COM"}, {"Äda@example.com", "äda@example.com"},
		{"A\u0308da@example.com", "äda@example.com"}, {"ΣΊΣΥΦΟΣ@example.com", "σίσυφος@example.com"},
		{"ИВАН@пример.рф", "иван@ПРИМЕР.РФ"},
	} {
		if !tokens.SameEmail(pair[0], pair[1]) {
			t.Errorf("%q and %q are two addresses", pair[0], pair[1])
		}
	}
	for _, pair := range [][2]string{{"anna@example.com", "ana@example.com"}, {"İda@example.com", "ida@example.com"},
		{"straße@example.com", "strasse@example.com"}} {
		if tokens.SameEmail(pair[0], pair[1]) {
			t.Errorf("%q and %q are one address", pair[0], pair[1])
		}
	}
}

// Example of what a message says of a character that cannot be seen.
func ExampleValidateLabel() {
	fmt.Println(tokens.ValidateLabel("name", "de\u200bploy"))
	// Output: name: it holds the character U+200B, which can't be printed or seen, or changes how others are shown: use letters, digits, punctuation and spaces
}
