package sqlite_test

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/service"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/store"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/store/sqlite"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// The size of the organization of TestManyAccessTokens.
const (
	manyTokens = 10_000
	manyUsers  = 100
	manyGroups = 50
)

// A list of many access tokens, whatever is searched and however it is paged, is one statement, and the pages make up
// the whole list in one order.
func TestManyAccessTokens(t *testing.T) {
	if testing.Short() {
		t.Skip("it makes 10,000 access tokens")
	}
	count := sqlite.CountStatements(t)
	path := filepath.Join(t.TempDir(), "latchkey.db")
	fillOrganization(t, path)
	now := func() time.Time { return time.Date(2030, time.June, 1, 12, 0, 0, 0, time.UTC) }
	backend := service.Open(service.Options{Database: path, Now: now}).As(tokens.AsDatabaseOwner("local:anna@host"))
	t.Cleanup(func() { _ = backend.Close() })
	if _, err := backend.Database(t.Context()); err != nil { // opens it
		t.Fatal(err)
	}
	list := func(query tokens.TokenQuery) tokens.TokenPage {
		t.Helper()
		before := count()
		page, err := backend.AccessTokens(t.Context(), query)
		if err != nil {
			t.Fatal(err)
		}
		if ran := count() - before; ran != 1 {
			t.Errorf("%+v: %d statements ran, want 1", query, ran)
		}
		return page
	}

	found := list(tokens.TokenQuery{Search: "NEEDLE"})
	if len(found.AccessTokens) != manyTokens/1000 {
		t.Errorf("found %d tokens, want %d", len(found.AccessTokens), manyTokens/1000)
	}
	for _, token := range found.AccessTokens {
		if !strings.Contains(token.Description, "needle") || token.Grants.Role != "orders" && token.Grants.GroupRoles == nil {
			t.Errorf("found %+v", token)
		}
		if id := token.User.GroupID; id != "" && found.GroupNames[id] != groupName(id) {
			t.Errorf("group %s is named %q", id, found.GroupNames[id])
		}
	}

	for _, descending := range []bool{false, true} {
		query := tokens.TokenQuery{Sort: tokens.ColumnName, Descending: descending}
		whole := list(query)
		if len(whole.AccessTokens) != manyTokens || len(whole.GroupNames) != manyGroups {
			t.Fatalf("got %d tokens and the names of %d groups", len(whole.AccessTokens), len(whole.GroupNames))
		}
		var paged []string
		query.Limit = 1500
		for ended := false; !ended; {
			page := list(query)
			paged = append(paged, identifiers(page.AccessTokens)...)
			query.Cursor, ended = page.NextCursor, page.NextCursor == ""
		}
		if !slices.Equal(paged, identifiers(whole.AccessTokens)) {
			t.Errorf("descending %t: the pages differ from the whole list", descending)
		}
	}
}

func identifiers(list []tokens.AccessToken) []string {
	ids := make([]string, len(list))
	for i, t := range list {
		ids[i] = t.ID
	}
	return ids
}

// groupName returns the name of a group of fillOrganization, from its identifier.
func groupName(id string) string {
	return "group-" + strings.TrimPrefix(id, string(tokens.KindGroup)+"_")
}

// fillOrganization makes an organization with a custom role, groups, technical users (each second one in a group) and
// access tokens of few names, each 1001st with a needle in its description.
func fillOrganization(t *testing.T, path string) {
	t.Helper()
	ctx, made := t.Context(), time.Date(2030, time.January, 1, 0, 0, 0, 0, time.UTC)
	engine, err := sqlite.New(path)
	if err != nil {
		t.Fatal(err)
	}
	s := store.New(engine, func() time.Time { return made })
	found := func(ctx context.Context, tx store.Tx) error {
		return tx.InsertDatabase(ctx, tokens.NewID(tokens.KindDatabase, made), "default", made)
	}
	err = s.WriteOrMake(ctx, found, func(tx store.Tx) error {
		role := tokens.Role{ID: tokens.NewID(tokens.KindRole, made), CreatedAt: made, UpdatedAt: made,
			RoleSettings: tokens.RoleSettings{Name: "orders", Permissions: []string{"orders:read"}}}
		if err := tx.InsertRole(ctx, role); err != nil {
			return err
		}
		groups := make([]string, manyGroups)
		for i := range groups {
			groups[i] = tokens.NewID(tokens.KindGroup, made)
			if err := tx.InsertGroup(ctx, tokens.Group{ID: groups[i], CreatedAt: made, UpdatedAt: made,
				GroupSettings: tokens.GroupSettings{Name: groupName(groups[i])}}); err != nil {
				return err
			}
		}
		users := make([]tokens.TechnicalUser, manyUsers)
		for i := range users {
			u := tokens.TechnicalUser{
				ID:        tokens.NewID(tokens.KindTechnicalUser, made),
				Email:     fmt.Sprintf("user-%d@default.latchkey.internal", i),
				CreatedAt: made,
				UpdatedAt: made,
				TechnicalUserSettings: tokens.TechnicalUserSettings{Name: fmt.Sprintf("user-%d", i),
					Grants: tokens.Grants{Role: role.Name}, Enabled: true},
			}
			if i%2 == 1 {
				u.GroupID = groups[i/2]
			}
			users[i] = u
			if err := tx.InsertTechnicalUser(ctx, u); err != nil {
				return err
			}
		}
		for i := range manyTokens {
			if err := insertNumbered(ctx, tx, i, users[i%manyUsers], made); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

func insertNumbered(ctx context.Context, tx store.Tx, number int, user tokens.TechnicalUser, made time.Time) error {
	secret, err := tokens.NewSecret(tokens.DefaultPrefix)
	if err != nil {
		return err
	}
	token := tokens.AccessToken{
		ID:        tokens.NewID(tokens.KindAccessToken, made),
		User:      user,
		Secret:    tokens.SecretState{Version: 1, Preview: secret.Preview(), CreatedAt: made},
		CreatedAt: made.Add(time.Duration(number%11) * time.Hour),
		UpdatedAt: made,
		Settings: tokens.Settings{Name: fmt.Sprintf("token %d", number%7), Visibility: tokens.VisibilityOrganization,
			Enabled: true},
	}
	if number%1001 == 0 {
		token.Description = "a needle in the haystack"
	}
	if err := tx.InsertAccessToken(ctx, token); err != nil {
		return err
	}
	return tx.InsertSecret(ctx, token.ID, secret.Hash(), token.Secret)
}
