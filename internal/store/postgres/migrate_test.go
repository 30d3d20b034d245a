//go:build unix

package postgres

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/store"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/store/postgres/pgtest"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

const (
	oldDatabaseID = "db_01jz0000000000000000000000"
	oldUserID     = "tu_01jz0000000000000000000000"
	oldTokenID    = "tok_01jz0000000000000000000000"
)

// oldDatabase makes a database as a version of the schema had it, with an access token from the first one, and returns its
// address and the secret of the token.
func oldDatabase(t *testing.T, version int) (address string, secret tokens.Secret) {
	t.Helper()
	secret, err := tokens.NewSecret(tokens.DefaultPrefix)
	if err != nil {
		t.Fatal(err)
	}
	address = pgtest.Address(t)
	execute(t, address, `CREATE SCHEMA HERE; CREATE TABLE schema_version (version INTEGER NOT NULL); INSERT INTO schema_version VALUES (1)`)
	migrateTo(t, address, 0, 1)
	execute(t, address, fmt.Sprintf(`INSERT INTO database VALUES ('%s', 'default', 1);
		INSERT INTO technical_users (id, name, description, email, role, group_roles_set, enabled, system_created, created_at, updated_at)
			VALUES ('%s', 'ci', '', 'CI@default.latchkey.internal', 'member', false, true, false, 1, 1);
		INSERT INTO access_tokens (id, name, description, technical_user_id, role, group_roles_set, enabled, ttl_seconds,
			secret_version, created_at, updated_at) VALUES ('%s', 'Deploy', '', '%s', '', false, true, 0, 1, 1, 1);
		INSERT INTO secrets VALUES ('%s', '%s', 1, 'lk_1', 1, NULL);
		INSERT INTO events (id, at, actor, action, object_id, object_name, outcome, detail)
			VALUES ('evt_01jz0000000000000000000000', 1, 'local:anna@host', 'access_token.create', '%s', 'Deploy', 'done', '')`,
		oldDatabaseID, oldUserID, oldTokenID, oldUserID, secret.Hash(), oldTokenID, oldTokenID))
	migrateTo(t, address, 1, version)
	execute(t, address, fmt.Sprintf(`UPDATE schema_version SET version = %d`, version))
	return address, secret
}

// migrateTo turns the tables of a version into those of another one.
func migrateTo(t *testing.T, address string, from, to int) {
	t.Helper()
	onServer(t, address, func(ctx context.Context, on statements) error {
		return store.Migrate(ctx, store.NewTx(tokens.Database{}, migration{on}), from, to, serial)
	})
}

// execute runs SQL on a database, as another program would. HERE stands for the schema.
func execute(t *testing.T, address, text string) {
	t.Helper()
	onServer(t, address, func(ctx context.Context, on statements) error {
		return on.run(ctx, on.tables.qualified(strings.ReplaceAll(text, "HERE", on.tables.schema)))
	})
}

// onServer runs statements in a transaction that commits.
func onServer(t *testing.T, address string, fn func(context.Context, statements) error) {
	t.Helper()
	s, err := newServer(address)
	if err != nil {
		t.Fatal(err)
	}
	c := newConnection(s)
	defer c.Close()
	if err := c.onConnection(t.Context(), func(tx *transaction) error {
		if _, err := tx.begin(t.Context(), `BEGIN; SELECT 1`); err != nil {
			return err
		}
		if err := fn(t.Context(), tx.statements); err != nil {
			return err
		}
		return tx.end(t.Context(), `COMMIT`)
	}); err != nil {
		t.Fatal(err)
	}
}

// versionAt returns the version of the schema at an address.
func versionAt(t *testing.T, address string) (version int) {
	t.Helper()
	onServer(t, address, func(ctx context.Context, on statements) error {
		return scanOne(ctx, on, &version, `SELECT version FROM schema_version`)
	})
	return version
}

// countOf counts the rows of a table.
func countOf(t *testing.T, address, table string) (number int64) {
	t.Helper()
	onServer(t, address, func(ctx context.Context, on statements) error {
		return scanOne(ctx, on, &number, `SELECT count(*) FROM `+table)
	})
	return number
}

// wantSecret checks that a verification finds the token of an old database.
func wantSecret(t *testing.T, what string, s *store.Store, secret tokens.Secret) {
	t.Helper()
	if err := s.ReadToVerify(t.Context(), func(v store.View) error {
		known, _, ok, err := v.SecretWithHash(t.Context(), secret.Hash())
		if err == nil && (!ok || known.AccessToken.ID != oldTokenID) {
			t.Errorf("%s: got %t, %+v", what, ok, known.AccessToken)
		}
		return err
	}); err != nil {
		t.Errorf("%s: %v", what, err)
	}
}

// insertGroup is a change.
func insertGroup(ctx context.Context) func(store.Tx) error {
	return func(tx store.Tx) error {
		id := tokens.NewID(tokens.KindGroup, noon)
		return tx.InsertGroup(ctx, tokens.Group{ID: id, CreatedAt: noon, UpdatedAt: noon,
			GroupSettings: tokens.GroupSettings{Name: "g" + id[len("grp_"):]}})
	}
}

// Reads leave a database of an older release as it is, and the first change migrates it, whoever else makes one at that time.
func TestMigrations(t *testing.T) {
	for version := 1; version < store.SchemaVersion; version++ {
		if testing.Short() && version > 1 && version < store.SchemaVersion-1 {
			continue
		}
		t.Run(fmt.Sprint("from version ", version), func(t *testing.T) {
			ctx := t.Context()
			address, secret := oldDatabase(t, version)
			reader := openAt(t, address)
			wantSecret(t, "before", reader, secret)
			i, err := Inspect(ctx, address)
			if err != nil || i.Unusable != nil || i.SchemaVersion != version || len(i.Unsound) > 0 {
				t.Errorf("an inspection: %+v, %v", i, err)
			}
			if got := versionAt(t, address); got != version {
				t.Fatalf("reading left version %d", got)
			}

			var wg sync.WaitGroup
			for range 3 {
				writer := openAt(t, address)
				wg.Go(func() {
					if err := writer.Write(ctx, insertGroup(ctx)); err != nil {
						t.Errorf("a change: %v", err)
					}
				})
			}
			wg.Wait()
			if got := versionAt(t, address); got != store.SchemaVersion {
				t.Errorf("the changes left version %d", got)
			}
			wantSecret(t, "by who had it open", reader, secret)
			i, err = Inspect(ctx, address)
			if err != nil || i.Unusable != nil || !i.RowsChecked || len(i.Unsound) > 0 || i.Broken != nil || i.Mark.Serial != 3 {
				t.Errorf("an inspection afterwards: %+v, %v", i, err)
			}
		})
	}
}

// A node of a release goes on verifying, counts uses and hears of changes while one of the next release has already added to the
// schema. Beyond that it must be upgraded.
func TestNextReleaseMigratesMeanwhile(t *testing.T) {
	ctx := t.Context()
	address, secret := oldDatabase(t, store.SchemaVersion)
	older := openAt(t, address)
	if err := older.Write(ctx, insertGroup(ctx)); err != nil {
		t.Fatal(err)
	}
	engine, err := New(address)
	if err != nil {
		t.Fatal(err)
	}
	watch, err := engine.Watch(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer watch.Close()
	look := func(what string, want store.Changes) {
		t.Helper()
		got, err := watch.Look(ctx)
		if err != nil || got.Any != want.Any || got.All != want.All || fmt.Sprint(got.Objects) != fmt.Sprint(want.Objects) {
			t.Errorf("%s: a look finds %+v, %v; want %+v", what, got, err, want)
		}
	}
	everything := store.Changes{Any: true, All: true}
	events := countOf(t, address, "events")
	look("at first", everything)
	wantSecret(t, "before", older, secret)

	execute(t, address, fmt.Sprintf(`ALTER TABLE access_tokens ADD COLUMN shoe_size BIGINT; CREATE TABLE HERE.novelties (id TEXT);
		UPDATE schema_version SET version = %d`, store.SchemaVersion+1))
	look("the migration", everything)
	for what, node := range map[string]*store.Store{"a node that had it open": older, "a new node": openAt(t, address)} {
		wantSecret(t, what, node, secret)
		use := store.SecretUse{TokenID: oldTokenID, Version: 1, Count: 1, Last: noon}
		if err := node.WriteUses(ctx, []store.SecretUse{use}); err != nil {
			t.Errorf("%s: uses: %v", what, err)
		}
		record := func(u store.Uncounted) error {
			return u.InsertEvent(ctx, tokens.Event{
				ID: tokens.NewID(tokens.KindEvent, noon), At: noon, Actor: tokens.ActorUnknown, Action: tokens.ActionAccessTokenVerify,
				Outcome: tokens.OutcomeRefused,
			})
		}
		if err := node.RecordRefusedUses(ctx, record); err != nil {
			t.Errorf("%s: refused uses: %v", what, err)
		}
		if err := node.Record(ctx, record); tokens.ErrorCode(err) != tokens.CodeUnavailable {
			t.Errorf("%s: a refusal: %v", what, err)
		}
		err := node.Write(ctx, insertGroup(ctx))
		if tokens.ErrorCode(err) != tokens.CodeUnavailable || !strings.Contains(err.Error(), "upgrade") {
			t.Errorf("%s: a change: got %v", what, err)
		}
		err = node.Read(ctx, func(store.View) error { return nil })
		if tokens.ErrorCode(err) != tokens.CodeUnavailable || !strings.Contains(err.Error(), "upgrade") {
			t.Errorf("%s: another read: got %v", what, err)
		}
	}
	if got := countOf(t, address, "events"); got != events {
		t.Errorf("older nodes wrote %d events", got-events)
	}
	// A change by the next release.
	execute(t, address, fmt.Sprintf(`UPDATE access_tokens SET enabled = false; UPDATE database SET serial = 2, changed_at = 2;
		INSERT INTO marks VALUES (2, 'AAAAAAAAAAA'); INSERT INTO changes (serial, kind, id) VALUES (2, 'tok', '%s')`, oldTokenID))
	look("its change", store.Changes{Any: true, Objects: []store.ChangedObject{{Kind: tokens.KindAccessToken, ID: oldTokenID}}})

	execute(t, address, fmt.Sprintf(`UPDATE schema_version SET version = %d`, store.SchemaVersion+2))
	for range 2 {
		if _, err := watch.Look(ctx); tokens.ErrorCode(err) != tokens.CodeUnavailable || !strings.Contains(err.Error(), "upgrade") {
			t.Errorf("a schema that is newer still: a look: %v", err)
		}
	}
	err = openAt(t, address).ReadToVerify(ctx, func(store.View) error { return nil })
	if tokens.ErrorCode(err) != tokens.CodeUnavailable || !strings.Contains(err.Error(), "upgrade") {
		t.Errorf("a schema that is newer still: a verification: %v", err)
	}
	if i, err := Inspect(ctx, address); err != nil || i.Unusable == nil || !strings.Contains(i.Unusable.Error(), "upgrade") {
		t.Errorf("a schema that is newer still: %+v, %v", i, err)
	}
}
