package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/store"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// populatedStore is a closed database with an object of each kind.
type populatedStore struct {
	path   string
	group  tokens.Group
	role   tokens.Role
	member tokens.Member
	user   tokens.TechnicalUser
	token  tokens.AccessToken
	share  tokens.TokenShare
}

// newPopulatedStore makes a database with an object of each kind. Whoever can has the role, in the group too.
func newPopulatedStore(t *testing.T) populatedStore {
	t.Helper()
	p := populatedStore{path: newDatabase(t, 0)}
	id := func(kind tokens.Kind) string { return tokens.NewID(kind, noon) }
	p.group = tokens.Group{ID: id(tokens.KindGroup), CreatedAt: noon, UpdatedAt: noon,
		GroupSettings: tokens.GroupSettings{Name: "payments"}}
	p.role = tokens.Role{ID: id(tokens.KindRole), CreatedAt: noon, UpdatedAt: noon,
		RoleSettings: tokens.RoleSettings{Name: "clerk", Permissions: []string{"orders:read"}}}
	grants := tokens.Grants{Role: "clerk", GroupRoles: []tokens.GroupRole{{GroupID: p.group.ID, Role: "clerk"}}}
	p.member = tokens.Member{ID: id(tokens.KindMember), Email: "ada@example.com", CreatedAt: noon, UpdatedAt: noon,
		MemberSettings: tokens.MemberSettings{Grants: grants}}
	p.user = tokens.TechnicalUser{ID: id(tokens.KindTechnicalUser), Email: "ci@default.latchkey.internal", CreatedAt: noon,
		UpdatedAt:             noon,
		TechnicalUserSettings: tokens.TechnicalUserSettings{Name: "ci", Enabled: true, Grants: grants}}
	p.token = tokens.AccessToken{ID: id(tokens.KindAccessToken), User: p.user, CreatedAt: noon, UpdatedAt: noon,
		Secret: tokens.SecretState{Version: 1, Preview: "lk_1", CreatedAt: noon},
		Settings: tokens.Settings{Name: "deploy", Enabled: true, Visibility: tokens.VisibilityOrganization,
			Own: grants}}
	p.share = tokens.TokenShare{AccessTokenID: p.token.ID, MemberID: p.member.ID, Role: tokens.ShareViewer, CreatedAt: noon,
		UpdatedAt: noon}
	write(t, p.path, func(tx store.Tx) error {
		ctx := t.Context()
		for _, insert := range []func() error{
			func() error { return tx.InsertGroup(ctx, p.group) },
			func() error { return tx.InsertRole(ctx, p.role) },
			func() error { return tx.InsertMember(ctx, p.member) },
			func() error { return tx.InsertTechnicalUser(ctx, p.user) },
			func() error { return tx.InsertAccessToken(ctx, p.token) },
			func() error { return tx.InsertSecret(ctx, p.token.ID, hashOf(t), p.token.Secret) },
			func() error { return tx.InsertTokenShare(ctx, p.share) },
			func() error {
				return tx.InsertEvent(ctx, tokens.Event{ID: id(tokens.KindEvent), At: noon.Add(-time.Hour), Actor: "local:anna@host",
					Action: tokens.ActionGroupCreate, ObjectID: p.group.ID, Outcome: tokens.OutcomeDone})
			},
		} {
			if err := insert(); err != nil {
				return err
			}
		}
		return nil
	})
	return p
}

// hashOf returns the hash of a new secret.
func hashOf(t *testing.T) tokens.SecretHash {
	t.Helper()
	secret, err := tokens.NewSecret(tokens.DefaultPrefix)
	if err != nil {
		t.Fatal(err)
	}
	return secret.Hash()
}

// declaredWrite is a method of store.Tx with the rows that a change with it alone leaves: identifiers, and what else a
// row may hold.
type declaredWrite struct {
	write func(context.Context, store.Tx) error
	want  []string
}

// What rows stand for that name no object.
const (
	ofEverything = "everything"
	ofNothing    = "nothing"
)

// declaredWrites are all methods of store.Tx, apart from those of store.View.
func (p populatedStore) declaredWrites(t *testing.T) map[string]declaredWrite {
	none := tokens.Grants{}
	member, user, token, role := p.member, p.user, p.token, p.role
	member.Grants, user.Grants, token.Own, role.Name = none, none, none, "sales"
	other := func(kind tokens.Kind) string { return tokens.DerivedID(kind, noon, "other") }
	newGroup, newRole, newMember, newUser, newToken := p.group, p.role, p.member, p.user, p.token
	newGroup.ID, newGroup.Name = other(tokens.KindGroup), "other"
	newRole.ID, newRole.Name = other(tokens.KindRole), "other"
	newMember.ID, newMember.Email = other(tokens.KindMember), "ben@example.com"
	newUser.ID, newUser.Name, newUser.Email = other(tokens.KindTechnicalUser), "other", "other@default.latchkey.internal"
	newToken.ID = other(tokens.KindAccessToken)
	newShare := p.share
	newShare.MemberID = newMember.ID
	shareID := tokens.ShareID(p.share.AccessTokenID, p.share.MemberID)
	event := tokens.Event{ID: other(tokens.KindEvent), At: noon, Actor: "local:anna@host",
		Action: tokens.ActionAccessTokenDisable, ObjectID: p.token.ID, Outcome: tokens.OutcomeDone}
	request := store.Request{ID: "a request", Caller: "local:anna@host", Operation: tokens.ActionAccessTokenCreate,
		ObjectID: p.token.ID, CreatedAt: noon}
	return map[string]declaredWrite{
		"InsertGroup": {func(ctx context.Context, tx store.Tx) error { return tx.InsertGroup(ctx, newGroup) }, []string{newGroup.ID}},
		"UpdateGroup": {func(ctx context.Context, tx store.Tx) error { return tx.UpdateGroup(ctx, p.group) }, []string{p.group.ID}},
		"DeleteGroup": {func(ctx context.Context, tx store.Tx) error { return tx.DeleteGroup(ctx, p.group.ID) }, []string{p.group.ID}},

		"InsertRole": {func(ctx context.Context, tx store.Tx) error { return tx.InsertRole(ctx, newRole) }, []string{newRole.ID}},
		"UpdateRole": {func(ctx context.Context, tx store.Tx) error { return tx.UpdateRole(ctx, p.role, role) }, []string{p.role.ID}},
		"DeleteRole": {func(ctx context.Context, tx store.Tx) error { return tx.DeleteRole(ctx, p.role.ID) }, []string{p.role.ID}},

		"InsertMember": {func(ctx context.Context, tx store.Tx) error { return tx.InsertMember(ctx, newMember) }, []string{newMember.ID}},
		"UpdateMember": {func(ctx context.Context, tx store.Tx) error { return tx.UpdateMember(ctx, p.member, member) }, []string{p.member.ID}},
		"DeleteMember": {func(ctx context.Context, tx store.Tx) error {
			if err := tx.DeleteTokenShare(ctx, p.token.ID, p.member.ID); err != nil {
				return err
			}
			return tx.DeleteMember(ctx, p.member.ID)
		}, []string{shareID, p.member.ID}},

		"InsertTechnicalUser": {func(ctx context.Context, tx store.Tx) error { return tx.InsertTechnicalUser(ctx, newUser) }, []string{newUser.ID}},
		"UpdateTechnicalUser": {
			func(ctx context.Context, tx store.Tx) error { return tx.UpdateTechnicalUser(ctx, p.user, user) }, []string{p.user.ID},
		},
		"DeleteTechnicalUser": {func(ctx context.Context, tx store.Tx) error {
			if err := tx.InsertTechnicalUser(ctx, newUser); err != nil {
				return err
			}
			return tx.DeleteTechnicalUser(ctx, newUser.ID)
		}, []string{newUser.ID}},

		"InsertAccessToken": {func(ctx context.Context, tx store.Tx) error { return tx.InsertAccessToken(ctx, newToken) }, []string{newToken.ID}},
		"UpdateAccessToken": {
			func(ctx context.Context, tx store.Tx) error { return tx.UpdateAccessToken(ctx, p.token, token) }, []string{p.token.ID},
		},
		"DeleteAccessToken": {func(ctx context.Context, tx store.Tx) error {
			if err := tx.DeleteTokenShare(ctx, p.token.ID, p.member.ID); err != nil {
				return err
			}
			return tx.DeleteAccessToken(ctx, p.token.ID)
		}, []string{shareID, p.token.ID}},
		"InsertSecret": {func(ctx context.Context, tx store.Tx) error {
			return tx.InsertSecret(ctx, p.token.ID, hashOf(t), tokens.SecretState{Version: 2, CreatedAt: noon})
		}, []string{p.token.ID}},
		"EndSecrets": {func(ctx context.Context, tx store.Tx) error { return tx.EndSecrets(ctx, p.token.ID, 2, noon) }, []string{p.token.ID}},
		"SetGrace":   {func(ctx context.Context, tx store.Tx) error { return tx.SetGrace(ctx, p.token.ID, 1, noon) }, []string{p.token.ID}},

		"InsertTokenShare": {func(ctx context.Context, tx store.Tx) error {
			if err := tx.InsertMember(ctx, newMember); err != nil {
				return err
			}
			return tx.InsertTokenShare(ctx, newShare)
		}, []string{newMember.ID, tokens.ShareID(newShare.AccessTokenID, newShare.MemberID)}},
		"UpdateTokenShare": {func(ctx context.Context, tx store.Tx) error { return tx.UpdateTokenShare(ctx, p.share) }, []string{shareID}},
		"DeleteTokenShare": {
			func(ctx context.Context, tx store.Tx) error {
				return tx.DeleteTokenShare(ctx, p.share.AccessTokenID, p.share.MemberID)
			}, []string{shareID},
		},

		"InsertEvent": {func(ctx context.Context, tx store.Tx) error { return tx.InsertEvent(ctx, event) }, []string{ofNothing}},
		"DeleteEvents": {func(ctx context.Context, tx store.Tx) error {
			_, err := tx.DeleteEvents(ctx, noon)
			return err
		}, []string{ofNothing}},
		"InsertRequest": {func(ctx context.Context, tx store.Tx) error { return tx.InsertRequest(ctx, request) }, []string{ofNothing}},
		"DeleteRequestsBefore": {
			func(ctx context.Context, tx store.Tx) error { return tx.DeleteRequestsBefore(ctx, noon) }, []string{ofNothing},
		},
		"MarkEndedGraces": {func(ctx context.Context, tx store.Tx) error {
			_, err := tx.MarkEndedGraces(ctx, noon, 10)
			return err
		}, nil}, // since none has ended
		"RecordUses": {func(ctx context.Context, tx store.Tx) error {
			return tx.RecordUses(ctx, []store.SecretUse{{TokenID: p.token.ID, Version: 1, Count: 1, Last: noon}})
		}, []string{ofNothing}},

		"AtTheEnd": {func(_ context.Context, tx store.Tx) error { tx.AtTheEnd(nil); return nil }, nil},
		"CopyFrom": {func(ctx context.Context, tx store.Tx) error {
			empty, err := emptyDatabase(ctx, inMemory, store.SchemaVersion)
			if err != nil {
				return err
			}
			defer empty.Close()
			return tx.CopyFrom(ctx, store.NewView(tokens.Database{}, empty), nil)
		}, nil},
		"CountingOn": {func(_ context.Context, tx store.Tx) error { tx.CountingOn(nil); return nil }, nil},
		"Of":         {func(_ context.Context, tx store.Tx) error { tx.Of(tokens.Database{}); return nil }, nil},
		"ClosedBy":   {func(_ context.Context, tx store.Tx) error { tx.ClosedBy(nil); return nil }, nil},
		"Within":     {func(_ context.Context, tx store.Tx) error { tx.Within(store.Everything); return nil }, nil},
		"SealedFor":  {func(_ context.Context, tx store.Tx) error { tx.SealedFor(""); return nil }, nil},
		"Seal":       {func(ctx context.Context, tx store.Tx) error { return tx.Seal(ctx, "elsewhere") }, []string{ofNothing}},
		"NotForGood": {func(_ context.Context, tx store.Tx) error { tx.NotForGood(); return nil }, nil},

		"KnowEarlierMarks": {func(ctx context.Context, tx store.Tx) error { return tx.KnowEarlierMarks(ctx, noon) }, []string{ofEverything}},
		"PutBack": {
			func(ctx context.Context, tx store.Tx) error { return tx.PutBack(ctx, noon) },
			[]string{ofEverything, ofEverything}, // of its own change, and of the one that this test makes of it
		},
		"InsertDatabase": {
			func(ctx context.Context, tx store.Tx) error {
				return tx.InsertDatabase(ctx, other(tokens.KindDatabase), "acme", noon)
			},
			[]string{ofEverything},
		},
		"UnsoundMigrated": {func(ctx context.Context, tx store.Tx) error {
			_, err := tx.UnsoundMigrated(ctx, store.SchemaVersion, serial)
			return err
		}, nil},
	}
}

// Each method that writes says of which object, and one that is new has to be listed here.
func TestDeclaredWrites(t *testing.T) {
	p := newPopulatedStore(t)
	tx, view := reflect.TypeFor[store.Tx](), reflect.TypeFor[store.View]()
	declared := p.declaredWrites(t)
	for i := range tx.NumMethod() {
		name := tx.Method(i).Name
		if _, reads := view.MethodByName(name); reads {
			continue
		}
		want, ok := declared[name]
		if !ok {
			t.Errorf("%s: say in declaredWrites which rows it leaves", name)
			continue
		}
		delete(declared, name)
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "latchkey.db")
			if err := os.WriteFile(path, content(t, p.path), 0o600); err != nil {
				t.Fatal(err)
			}
			before := len(changesIn(t, path))
			write(t, path, func(tx store.Tx) error { return want.write(t.Context(), tx) })
			if got := changesIn(t, path)[before:]; !slices.Equal(got, want.want) {
				t.Errorf("it left %v, want %v", got, want.want)
			}
		})
	}
	for name := range declared {
		t.Errorf("%s is no method that writes", name)
	}
}

// The first rows tell of the database itself, and of everything that the change that made it wrote.
func TestChangesOfNewDatabase(t *testing.T) {
	if got := changesIn(t, newDatabase(t, 0)); !slices.Equal(got, []string{ofEverything}) {
		t.Errorf("got %v, want a change of everything", got)
	}
}

// changesIn returns what the rows of changes in a file hold, in their order.
func changesIn(t *testing.T, path string) (all []string) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	err = eachRow(t.Context(), db, `SELECT kind, id FROM changes ORDER BY number`, func(rows *sql.Rows) error {
		var kind, id string
		err := rows.Scan(&kind, &id)
		switch {
		case kind == "" && id == "":
			id = ofEverything
		case kind == "none" && id == "":
			id = ofNothing
		case string(tokens.KindOf(id)) != kind:
			id = fmt.Sprintf("%q of kind %q", id, kind)
		}
		all = append(all, id)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}
