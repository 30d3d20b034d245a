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
			t.Held, t.CreatorID = &tokens.Stop{}, creator
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
			t.Enabled, t.User.GroupID, t.Visibility, t.UpdatedAt = false, groupA, tokens.VisibilityRestricted,
				now.Add(-time.Hour)
		}),
	}
}

// creator is the account that made one of the tokens.
var creator = tokens.NewID(tokens.KindMember, time.Unix(1_700_000_000, 0))

// TestTokenQuerySelects orders by every column, and selects. Tokens that a column doesn't tell apart are in the order
// in which they were made, whichever way the column goes.
func TestTokenQuerySelects(t *testing.T) {
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
		{tokens.TokenQuery{Sort: "description", Descending: true}, "c a b d"},
		{tokens.TokenQuery{Sort: "token_preview", Descending: true}, "a c b d"},
		{tokens.TokenQuery{Sort: "role", Descending: true}, "d a c b"},
		{tokens.TokenQuery{Sort: "status", Descending: true}, "c a b d"},
		{tokens.TokenQuery{Sort: "expires_at", Descending: true}, "b c d a"},
		{tokens.TokenQuery{Sort: "secret_version", Descending: true}, "d c b a"},
		{tokens.TokenQuery{Sort: "updated_at"}, "d b c a"},
		{tokens.TokenQuery{Sort: "updated_at", Descending: true}, "a c b d"},
		{tokens.TokenQuery{Sort: "visibility"}, "a c d b"},
		{tokens.TokenQuery{Sort: "visibility", Descending: true}, "b a c d"},
		{tokens.TokenQuery{Sort: "id"}, "a b c d"},

		{tokens.TokenQuery{TechnicalUserID: otherUserID}, "c"},
		{tokens.TokenQuery{ID: tokenID}, ""},
		{tokens.TokenQuery{Name: "alpha"}, "a"},
		{tokens.TokenQuery{Name: "Alpha"}, "d"},
		{tokens.TokenQuery{Name: "alph"}, ""},
		{tokens.TokenQuery{NamePrefix: "AL"}, "a d"},
		{tokens.TokenQuery{NamePrefix: "lpha"}, ""},
		{tokens.TokenQuery{IDPrefix: "b"}, "b"},
		{tokens.TokenQuery{IDPrefix: "bb"}, ""},
		{tokens.TokenQuery{TechnicalUserEmail: "Robot@Default.latchkey.internal"}, "c"},
		{tokens.TokenQuery{TechnicalUserEmail: "robot"}, ""},
		{tokens.TokenQuery{TechnicalUserEmail: "ci@default.latchkey.internal", Name: "gamma"}, "b"},
		{tokens.TokenQuery{TechnicalUserID: userID, Search: "alpha"}, "a d"},
		{tokens.TokenQuery{GroupID: groupA}, "b"},
		{tokens.TokenQuery{GroupID: groupB}, ""},
		{tokens.TokenQuery{CreatorID: creator}, "c"},
		{tokens.TokenQuery{CreatorID: tokens.NewID(tokens.KindMember, time.Unix(0, 0))}, ""},
		{tokens.TokenQuery{ExpiresWithin: time.Hour}, "d"},              // that instant is within
		{tokens.TokenQuery{ExpiresWithin: time.Hour - time.Second}, ""}, // and "a" has expired
		{tokens.TokenQuery{UnusedFor: time.Hour}, "a b c"},              // "b" and "c" were never used
		{tokens.TokenQuery{UnusedFor: time.Hour + time.Second}, "b c"},
		{tokens.TokenQuery{UnusedFor: 4 * time.Hour}, "b"}, // "c" was made 3 hours ago
		{tokens.TokenQuery{UnusedFor: time.Minute, ExpiresWithin: day}, "d"},
		{tokens.TokenQuery{Sort: "name", Descending: true, Search: "alpha"}, "a d"},
	} {
		if err := test.query.Validate(); err != nil {
			t.Errorf("%+v is refused: %v", test.query, err)
		}
		var ids []string
		for _, token := range selected(test.query, queriedTokens()) {
			ids = append(ids, token.ID)
		}
		if got := strings.Join(ids, " "); got != test.want {
			t.Errorf("%+v selects %q, want %q", test.query, got, test.want)
		}
	}
}

// selected returns those of tokens that a query selects, in its order.
func selected(query tokens.TokenQuery, list []tokens.AccessToken) []*tokens.AccessToken {
	var found []*tokens.AccessToken
	for i := range list {
		if query.Selects(&list[i], now) {
			found = append(found, &list[i])
		}
	}
	slices.SortFunc(found, query.Compare)
	return found
}

func TestTokenColumns(t *testing.T) {
	want := []tokens.TokenColumn{
		"created_at", "description", "expires_at", "id", "last_used_at", "name", "role", "secret_version", "status",
		"technical_user", "token_preview",
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
		"creator_id":        {CreatorID: groupA},
		"expires_within":    {ExpiresWithin: -time.Second},
		"unused_for":        {UnusedFor: -time.Second},
		"limit":             {Limit: -1},
		"cursor":            {Cursor: "next"},
	} {
		wantInvalid(t, field, query.Validate())
	}
}

// What comes after a token by its cursor is the rest of the list, in every order, also where a column tells no token
// from another.
func TestCursors(t *testing.T) {
	var all []tokens.AccessToken
	for _, token := range slices.Concat(queriedTokens(), queriedTokens(), queriedTokens()) {
		token.ID += strconv.Itoa(len(all))
		all = append(all, token)
	}
	for _, column := range tokens.TokenColumns() {
		for _, descending := range []bool{false, true} {
			query := tokens.TokenQuery{Sort: column, Descending: descending}
			list := selected(query, all)
			if len(list) != len(all) {
				t.Errorf("by %s %d of %d tokens are left", column, len(list), len(all))
			}
			for i, token := range list {
				query.Cursor = query.CursorAfter(*token)
				position, err := query.Position()
				if err != nil {
					t.Fatal(err)
				}
				if !position.Now.Equal(now) {
					t.Errorf("the cursor is of %s, want %s", position.Now, now)
				}
				for j, other := range list {
					if isAfter := query.Compare(other, &position.Last) > 0; isAfter != (j > i) {
						t.Errorf("by %s, descending %t: token %d is after token %d: %t", column, descending, j, i, isAfter)
					}
				}
			}
		}
	}
}

// A cursor is good for the pages of its own query, of any size.
func TestCursorOfAnotherQuery(t *testing.T) {
	query := tokens.TokenQuery{Sort: tokens.ColumnName, Search: "a"}
	cursor := query.CursorAfter(queriedTokens()[0])
	for name, same := range map[string]tokens.TokenQuery{
		"the same query":    query,
		"with another size": {Sort: tokens.ColumnName, Search: "a", Limit: 7},
		"with a total":      {Sort: tokens.ColumnName, Search: "a", CountTotal: true},
	} {
		same.Cursor = cursor
		if err := same.Validate(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, other := range map[string]tokens.TokenQuery{
		"another search":  {Sort: tokens.ColumnName, Search: "b", Cursor: cursor},
		"another column":  {Sort: tokens.ColumnDescription, Search: "a", Cursor: cursor},
		"the other way":   {Sort: tokens.ColumnName, Search: "a", Descending: true, Cursor: cursor},
		"a filter more":   {Sort: tokens.ColumnName, Search: "a", UnusedFor: day, Cursor: cursor},
		"a cut cursor":    {Sort: tokens.ColumnName, Search: "a", Cursor: cursor[:len(cursor)-3]},
		"no cursor":       {Sort: tokens.ColumnName, Search: "a", Cursor: "bmV4dA"},
		"a longer cursor": {Sort: tokens.ColumnName, Search: "a", Cursor: cursor + "IA"},
	} {
		t.Run(name, func(t *testing.T) { wantInvalid(t, "cursor", other.Validate()) })
	}
}
