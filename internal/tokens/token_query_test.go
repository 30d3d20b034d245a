package tokens_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// queriedTokens are tokens that differ in every column; "a" was made first and "d" last.
func queriedTokens() []tokens.AccessToken {
	token := func(id, name, user, role string, change func(*tokens.AccessToken)) tokens.AccessToken {
		t := activeToken()
		t.ID, t.Name = id, name
		t.User.Name, t.User.Email, t.User.Role = user, user+"@default.latchkey.internal", role
		change(&t)
		return t.Observed(now, tokens.NewRoles(nil))
	}
	return []tokens.AccessToken{
		token("c", "beta", "robot", "viewer", func(t *tokens.AccessToken) {
			t.CreatedAt, t.Description, t.Secret.Preview, t.Secret.Version = now.Add(-3*time.Hour), "Zürich", "lk_3", 3
			t.Held = &tokens.Stop{}
		}),
		token("d", "Alpha", "ci", "owner", func(t *tokens.AccessToken) {
			t.CreatedAt, t.Description, t.Secret.Preview, t.Secret.Version = now.Add(-2*time.Hour), "", "lk_1", 4
			t.LastUsedAt, t.ExpiresAt = now.Add(-time.Minute), now.Add(time.Hour)
		}),
		token("a", "alpha", "ci", "member", func(t *tokens.AccessToken) {
			t.CreatedAt, t.Description, t.Secret.Preview, t.Secret.Version = now.Add(-5*time.Hour), "nightly ROBOT", "lk_4", 1
			t.LastUsedAt, t.ExpiresAt = now.Add(-time.Hour), now.Add(-time.Minute)
		}),
		token("b", "gamma", "ci", "none", func(t *tokens.AccessToken) {
			t.CreatedAt, t.Description, t.Secret.Preview, t.Secret.Version = now.Add(-4*time.Hour), "first", "lk_2", 2
			t.Enabled = false
		}),
	}
}

// TestTokenQuerySelect orders by every column, and selects. Tokens that a column doesn't tell apart are in the order in
// which they were made, whichever way the column goes.
func TestTokenQuerySelect(t *testing.T) {
	for _, test := range []struct {
		query tokens.TokenQuery
		want  string
	}{
		{tokens.TokenQuery{}, "a b c d"},
		{tokens.TokenQuery{Descending: true}, "d c b a"},
		{tokens.TokenQuery{Sort: "created_at"}, "a b c d"},
		{tokens.TokenQuery{Sort: "id", Descending: true}, "d c b a"},
		{tokens.TokenQuery{Sort: "name"}, "d a c b"},
		{tokens.TokenQuery{Sort: "name", Descending: true}, "b c a d"},
		{tokens.TokenQuery{Sort: "description"}, "d b a c"},
		{tokens.TokenQuery{Sort: "token_preview"}, "d b c a"},
		{tokens.TokenQuery{Sort: "technical_user"}, "a b d c"},
		{tokens.TokenQuery{Sort: "technical_user", Descending: true}, "c a b d"},
		{tokens.TokenQuery{Sort: "role"}, "b c a d"},
		{tokens.TokenQuery{Sort: "status"}, "d b a c"},
		{tokens.TokenQuery{Sort: "expires_at"}, "a d b c"},
		{tokens.TokenQuery{Sort: "last_used_at"}, "b c a d"},
		{tokens.TokenQuery{Sort: "last_used_at", Descending: true}, "d a b c"},
		{tokens.TokenQuery{Sort: "secret_version"}, "a b c d"},
		{tokens.TokenQuery{Search: "ALPHA"}, "a d"},
		{tokens.TokenQuery{Search: "robot"}, "a c"},
		{tokens.TokenQuery{Search: "zÜrich"}, "c"},
		{tokens.TokenQuery{Search: "ci@default"}, "a b d"},
		{tokens.TokenQuery{Search: "nothing"}, ""},
		{tokens.TokenQuery{Status: "held"}, "c"},
		{tokens.TokenQuery{Status: "active"}, "d"},
		{tokens.TokenQuery{Status: "pending"}, ""},
		{tokens.TokenQuery{Search: "alpha", Status: "expired"}, "a"},
	} {
		if err := test.query.Validate(); err != nil {
			t.Errorf("%+v is refused: %v", test.query, err)
		}
		var ids []string
		for _, token := range test.query.Select(queriedTokens()) {
			ids = append(ids, token.ID)
		}
		if got := strings.Join(ids, " "); got != test.want {
			t.Errorf("%+v selects %q, want %q", test.query, got, test.want)
		}
	}
}

func TestTokenColumns(t *testing.T) {
	want := []tokens.TokenColumn{
		"created_at", "description", "expires_at", "id", "last_used_at", "name", "role", "secret_version", "status", "technical_user", "token_preview",
	}
	if diff := cmp.Diff(want, tokens.TokenColumns()); diff != "" {
		t.Errorf("the columns (-want +got):\n%s", diff)
	}
}

func TestTokenQueryValidate(t *testing.T) {
	err := tokens.TokenQuery{Status: "stopped"}.Validate()
	wantInvalid(t, "status", err)
	if !strings.Contains(err.Error(), "held, disabled, revoked, expired, pending, active") {
		t.Errorf("the error does not list the statuses: %v", err)
	}
	err = tokens.TokenQuery{Sort: "colour"}.Validate()
	wantInvalid(t, "sort", err)
	for _, column := range tokens.TokenColumns() {
		if !strings.Contains(err.Error(), string(column)) {
			t.Errorf("the error does not list %s: %v", column, err)
		}
	}
}

func TestSelectKeepsEveryToken(t *testing.T) {
	all := queriedTokens()
	for _, column := range tokens.TokenColumns() {
		selected := tokens.TokenQuery{Sort: column}.Select(slices.Clone(all))
		if len(selected) != len(all) {
			t.Errorf("by %s %d of %d tokens are left", column, len(selected), len(all))
		}
	}
}
