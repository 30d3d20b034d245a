package sqlite

import (
	"fmt"
	"strings"
	"testing"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/store"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// insertPersonalToken makes a member with a personal token.
func insertPersonalToken(t *testing.T, path, role string, secret tokens.Secret) tokens.AccessToken {
	t.Helper()
	ctx := t.Context()
	m := tokens.Member{ID: tokens.NewID(tokens.KindMember, noon), Email: role + "@example.com", CreatedAt: noon, UpdatedAt: noon}
	m.Role = role
	a := tokens.AccessToken{
		ID: tokens.NewID(tokens.KindAccessToken, noon), User: m.Account(), CreatedAt: noon, UpdatedAt: noon,
		Secret:   tokens.SecretState{Version: 1, Preview: secret.Preview(), CreatedAt: noon},
		Settings: tokens.Settings{Name: "laptop", Enabled: true, Visibility: tokens.VisibilityOrganization},
	}
	write(t, path, func(tx store.Tx) error {
		if err := tx.InsertMember(ctx, m); err != nil {
			return err
		}
		if err := tx.InsertAccessToken(ctx, a); err != nil {
			return err
		}
		return tx.InsertSecret(ctx, a.ID, secret.Hash(), a.Secret)
	})
	return a
}

// A migration leaves tokens to the technical users that they belong to, and members get tokens of their own.
func TestMigrationToPersonalTokens(t *testing.T) {
	path, secret := oldDatabase(t)
	migrateFrom(t, path, 1, 10)
	execute(t, path, `PRAGMA user_version = 10`)
	wantOldContent(t, openStore(t, path), secret)
	own, err := tokens.NewSecret(tokens.DefaultPrefix)
	if err != nil {
		t.Fatal(err)
	}
	personal := insertPersonalToken(t, path, tokens.RoleMember, own)
	s := openStore(t, path)
	wantOldContent(t, s, secret)
	if err := s.ReadAtOnce(t.Context(), func(v store.View) error {
		old, _, _, err := v.SecretWithHash(t.Context(), secret.Hash())
		if err != nil || old.AccessToken.IsPersonal() || old.AccessToken.User.Email != "ci@default.latchkey.internal" {
			t.Errorf("the older token: got %+v, %v", old.AccessToken, err)
		}
		known, _, ok, err := v.SecretWithHash(t.Context(), own.Hash())
		if err != nil || !ok || fmt.Sprint(known.AccessToken) != fmt.Sprint(personal) {
			t.Errorf("the personal token: got %+v, %v; want %+v", known.AccessToken, err, personal)
		}
		list, err := v.PersonalTokensOf(t.Context(), personal.MemberID())
		if err != nil || len(list) != 1 || list[0].ID != personal.ID {
			t.Errorf("those of the member: got %+v, %v", list, err)
		}
		counts, err := v.AlikeTokens(t.Context(), noon)
		if err != nil || len(counts) != 1 || counts[0].Number != 2 {
			t.Errorf("the numbers: got %+v, %v", counts, err)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if got, want := schemaOf(t, path), schemaOf(t, newDatabase(t, 1)); got != want {
		t.Errorf("got schema %s, want that of a new database, %s", got, want)
	}
	if i, err := Inspect(t.Context(), path); err != nil || i.Unusable != nil || len(i.Unsound) != 0 {
		t.Errorf("an inspection: %+v, %v", i, err)
	}
}

// Tokens that may do everything are found by index among those of both kinds of accounts.
func TestPowerfulTokens(t *testing.T) {
	statements := RecordStatements(t)
	path := newDatabase(t, 0)
	var want string
	for _, role := range []string{tokens.RoleOwner, tokens.RoleAdministrator} {
		secret, err := tokens.NewSecret(tokens.DefaultPrefix)
		if err != nil {
			t.Fatal(err)
		}
		if token := insertPersonalToken(t, path, role, secret); role == tokens.RoleOwner {
			want = token.ID
		}
	}
	if err := openStore(t, path).Read(t.Context(), func(v store.View) error {
		list, _, err := v.PowerfulAccessTokens(t.Context())
		if err != nil || len(list) != 1 || list[0].ID != want {
			t.Errorf("got %+v, %v; want %s", list, err, want)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	ran := statements()
	plan := strings.Join(queryPlan(t, path, ran[len(ran)-1]), "\n")
	for _, index := range []string{"access_tokens_of_user", "access_tokens_of_member"} {
		if !strings.Contains(plan, index) {
			t.Errorf("it does not use %s:\n%s", index, plan)
		}
	}
}
