package tokens_test

import (
	"slices"
	"strconv"
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
		t.ID, t.Name, t.Visibility = id, name, tokens.VisibilityOrganization
		t.User.Name, t.User.Email, t.User.Role = user, user+"@default.latchkey.internal", role
		change(&t)
		return t.Observed(now, tokens.NewRoles(nil))
	}
	return []tokens.AccessToken{
		token("c", "beta", "robot", "viewer", func(t *tokens.AccessToken) {
			t.CreatedAt, t.Description, t.Secret.Preview, t.Secret.Version = now.Add(-3*time.Hour), "Zürich", "lk_3", 3
			t.User.ID, t.UpdatedAt = otherUserID, now.Add(-2*time.Minute)
			t.Held = &tokens.Stop{}
		}),
		token("d", "Alpha", "ci", "owner", func(t *tokens.AccessToken) {
			t.CreatedAt, t.Description, t.Secret.Preview, t.Secret.Version = now.Add(-2*time.Hour), "", "lk_1", 4
			t.LastUsedAt, t.ExpiresAt = now.Add(-time.Minute), now.Add(time.Hour)
			t.UpdatedAt = now.Add(-2 * time.Hour)
		}),
		token("a", "alpha", "ci", "member", func(t *tokens.AccessToken) {
			t.CreatedAt, t.Description, t.Secret.Preview, t.Secret.Version = now.Add(-5*time.Hour), "nightly ROBOT", "lk_4", 1
			t.LastUsedAt, t.ExpiresAt = now.Add(-time.Hour), now.Add(-time.Minute)
			t.UpdatedAt = now.Add(-time.Minute)
		}),
		token("b", "gamma", "ci", "none", func(t *tokens.AccessToken) {
			t.CreatedAt, t.Description, t.Secret.Preview, t.Secret.Version = now.Add(-4*time.Hour), "first", "lk_2", 2
			t.Enabled, t.User.GroupID, t.Visibility, t.UpdatedAt = false, groupA, tokens.VisibilityRestricted, now.Add(-time.Hour)
		}),
	}
}

// TestTokenQuerySelect orders by every column, and selects. Tokens that a column doesn't tell apart are in the order in
// which they were made, whichever way the column goes.
func TestTokenQuerySelect(t *testing.T) {
	for _, test := range []struct {
		query tokens.TokenQuery
		want  string
		// total is how many there are without limit and offset, where that differs.
		total int
	}{
		{tokens.TokenQuery{}, "a b c d", 0},
		{tokens.TokenQuery{Descending: true}, "d c b a", 0},
		{tokens.TokenQuery{Sort: "created_at"}, "a b c d", 0},
		{tokens.TokenQuery{Sort: "id", Descending: true}, "d c b a", 0},
		{tokens.TokenQuery{Sort: "name"}, "d a c b", 0},
		{tokens.TokenQuery{Sort: "name", Descending: true}, "b c a d", 0},
		{tokens.TokenQuery{Sort: "description"}, "d b a c", 0},
		{tokens.TokenQuery{Sort: "token_preview"}, "d b c a", 0},
		{tokens.TokenQuery{Sort: "technical_user"}, "a b d c", 0},
		{tokens.TokenQuery{Sort: "technical_user", Descending: true}, "c a b d", 0},
		{tokens.TokenQuery{Sort: "role"}, "b c a d", 0},
		{tokens.TokenQuery{Sort: "status"}, "d b a c", 0},
		{tokens.TokenQuery{Sort: "expires_at"}, "a d b c", 0},
		{tokens.TokenQuery{Sort: "last_used_at"}, "b c a d", 0},
		{tokens.TokenQuery{Sort: "last_used_at", Descending: true}, "d a b c", 0},
		{tokens.TokenQuery{Sort: "secret_version"}, "a b c d", 0},
		{tokens.TokenQuery{Search: "ALPHA"}, "a d", 0},
		{tokens.TokenQuery{Search: "robot"}, "a c", 0},
		{tokens.TokenQuery{Search: "zÜrich"}, "c", 0},
		{tokens.TokenQuery{Search: "ci@default"}, "a b d", 0},
		{tokens.TokenQuery{Search: "nothing"}, "", 0},
		{tokens.TokenQuery{Status: "held"}, "c", 0},
		{tokens.TokenQuery{Status: "active"}, "d", 0},
		{tokens.TokenQuery{Status: "pending"}, "", 0},
		{tokens.TokenQuery{Search: "alpha", Status: "expired"}, "a", 0},
		{tokens.TokenQuery{Sort: "description", Descending: true}, "c a b d", 0},
		{tokens.TokenQuery{Sort: "token_preview", Descending: true}, "a c b d", 0},
		{tokens.TokenQuery{Sort: "role", Descending: true}, "d a c b", 0},
		{tokens.TokenQuery{Sort: "status", Descending: true}, "c a b d", 0},
		{tokens.TokenQuery{Sort: "expires_at", Descending: true}, "b c d a", 0},
		{tokens.TokenQuery{Sort: "secret_version", Descending: true}, "d c b a", 0},
		{tokens.TokenQuery{Sort: "updated_at"}, "d b c a", 0},
		{tokens.TokenQuery{Sort: "updated_at", Descending: true}, "a c b d", 0},
		{tokens.TokenQuery{Sort: "visibility"}, "a c d b", 0},
		{tokens.TokenQuery{Sort: "visibility", Descending: true}, "b a c d", 0},
		{tokens.TokenQuery{Sort: "id"}, "a b c d", 0},

		{tokens.TokenQuery{TechnicalUserID: otherUserID}, "c", 0},
		{tokens.TokenQuery{TechnicalUserID: userID, Search: "alpha"}, "a d", 0},
		{tokens.TokenQuery{GroupID: groupA}, "b", 0},
		{tokens.TokenQuery{GroupID: groupB}, "", 0},
		{tokens.TokenQuery{ExpiresWithin: time.Hour}, "d", 0},              // that instant is within
		{tokens.TokenQuery{ExpiresWithin: time.Hour - time.Second}, "", 0}, // and "a" has expired
		{tokens.TokenQuery{UnusedFor: time.Hour}, "a b c", 0},              // "b" and "c" were never used
		{tokens.TokenQuery{UnusedFor: time.Hour + time.Second}, "b c", 0},
		{tokens.TokenQuery{UnusedFor: 4 * time.Hour}, "b", 0}, // "c" was made 3 hours ago
		{tokens.TokenQuery{UnusedFor: time.Minute, ExpiresWithin: day}, "d", 0},
		{tokens.TokenQuery{Limit: 2}, "a b", 4},
		{tokens.TokenQuery{Limit: 2, Offset: 2}, "c d", 4},
		{tokens.TokenQuery{Limit: 2, Offset: 3}, "d", 4},
		{tokens.TokenQuery{Limit: 9}, "a b c d", 0},
		{tokens.TokenQuery{Offset: 1}, "b c d", 4},
		{tokens.TokenQuery{Offset: 4}, "", 4},
		{tokens.TokenQuery{Offset: 9, Limit: 1}, "", 4},
		{tokens.TokenQuery{Sort: "name", Descending: true, Limit: 1, Search: "alpha"}, "a", 2},
	} {
		if err := test.query.Validate(); err != nil {
			t.Errorf("%+v is refused: %v", test.query, err)
		}
		var ids []string
		selected, total := test.query.Select(queriedTokens(), now)
		for _, token := range selected {
			ids = append(ids, token.ID)
		}
		if got := strings.Join(ids, " "); got != test.want {
			t.Errorf("%+v selects %q, want %q", test.query, got, test.want)
		}
		if test.total == 0 {
			test.total = len(ids)
		}
		if total != test.total {
			t.Errorf("%+v selects %d tokens in all, want %d", test.query, total, test.total)
		}
	}
}

func TestTokenColumns(t *testing.T) {
	want := []tokens.TokenColumn{
		"created_at", "description", "expires_at", "id", "last_used_at", "name", "role", "secret_version", "status", "technical_user", "token_preview",
		"updated_at", "visibility",
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

func TestTokenQueryValidateFields(t *testing.T) {
	for field, query := range map[string]tokens.TokenQuery{
		"technical_user_id": {TechnicalUserID: "ci"},
		"group_id":          {GroupID: "payments"},
		"expires_within":    {ExpiresWithin: -time.Second},
		"unused_for":        {UnusedFor: -time.Second},
		"limit":             {Limit: -1},
		"offset":            {Offset: -1},
	} {
		wantInvalid(t, field, query.Validate())
	}
}

// Pages put together are the whole list, in every order, also where a column tells no token from another.
func TestPagesAreTheList(t *testing.T) {
	var all []tokens.AccessToken
	for _, token := range slices.Concat(queriedTokens(), queriedTokens(), queriedTokens()) {
		token.ID += strconv.Itoa(len(all))
		all = append(all, token)
	}
	for _, column := range tokens.TokenColumns() {
		for _, descending := range []bool{false, true} {
			query := tokens.TokenQuery{Sort: column, Descending: descending}
			want, _ := query.Select(slices.Clone(all), now)
			var got []tokens.AccessToken
			for query.Limit = 5; query.Offset < len(all); query.Offset += query.Limit {
				slices.Reverse(all) // the order in which tokens come must not matter
				page, _ := query.Select(slices.Clone(all), now)
				got = append(got, page...)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("by %s, descending %t, the pages differ from the list (-want +got):\n%s", column, descending, diff)
			}
		}
	}
}

func TestSelectKeepsEveryToken(t *testing.T) {
	all := queriedTokens()
	for _, column := range tokens.TokenColumns() {
		selected, _ := tokens.TokenQuery{Sort: column}.Select(slices.Clone(all), now)
		if len(selected) != len(all) {
			t.Errorf("by %s %d of %d tokens are left", column, len(selected), len(all))
		}
	}
}
