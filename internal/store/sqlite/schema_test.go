package sqlite

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/store"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// Each version of the schema has its digest.
func TestSchemaDigests(t *testing.T) {
	for version := 1; version <= store.SchemaVersion; version++ {
		db, err := emptyDatabase(t.Context(), inMemory, version)
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		s, err := readSchema(t.Context(), db)
		if err != nil {
			t.Fatal(err)
		}
		if version > len(schemaDigests) {
			t.Errorf("add to schemaDigests:\n\t%q,", s.digest)
		} else if schemaDigests[version-1] != s.digest {
			t.Errorf("version %d has the digest %q, not %q", version, s.digest, schemaDigests[version-1])
		}
	}
	if more := len(schemaDigests) - store.SchemaVersion; more > 0 {
		t.Errorf("%d digests are of no version", more)
	}
}

// What SQL adds to a schema, takes from it or changes in it is found, and named; what ANALYZE adds is not.
func TestForeignSchema(t *testing.T) {
	for _, test := range []struct {
		name, statement string
		words           []string
	}{
		{"a trigger", `CREATE TRIGGER undo AFTER UPDATE ON access_tokens BEGIN UPDATE access_tokens SET held_by = NULL; END`,
			[]string{`trigger "undo" is none of them`}},
		{"a trigger of a temporary name", `CREATE TRIGGER "undo` + "\x1b" + `[2J" AFTER DELETE ON events BEGIN SELECT 1; END`,
			[]string{`trigger "undo\x1b[2J" is none of them`}},
		{"a view", `CREATE VIEW all_tokens AS SELECT * FROM access_tokens`, []string{`view "all_tokens"`}},
		{"a view in the place of a table", `ALTER TABLE roles RENAME TO real_roles; CREATE VIEW roles AS SELECT * FROM real_roles`,
			[]string{`view "roles" is none of them`}},
		{"a table", `CREATE TABLE mine (id TEXT)`, []string{`table "mine"`}},
		{"a virtual table", `CREATE VIRTUAL TABLE mine USING fts5(id)`, []string{`table "mine_`}},
		{"an index", `CREATE INDEX mine ON events (actor)`, []string{`index "mine"`}},
		{"no index", `DROP INDEX events_object`, []string{`index "events_object" is not there`}},
		{"a column", `ALTER TABLE access_tokens ADD COLUMN shoe_size BIGINT`, []string{`table "access_tokens" is another one`}},
		{"another default", `PRAGMA writable_schema = ON;
			UPDATE sqlite_master SET sql = replace(sql, 'DEFAULT ''organization''', 'DEFAULT ''restricted'''); PRAGMA schema_version = 1000`,
			[]string{`table "access_tokens" is another one`}},
		{"a trigger in disguise", `PRAGMA writable_schema = ON; INSERT INTO sqlite_master VALUES ('trigger', 'sqlite_stat1',
			'events', 0, 'CREATE TRIGGER sqlite_stat1 AFTER INSERT ON events BEGIN DELETE FROM events; END'); PRAGMA schema_version = 1000`,
			[]string{`trigger "sqlite_stat1"`}},
		{"statistics", `ANALYZE`, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			path := newDatabase(t, 3)
			opened := openStore(t, path)
			if _, err := readGroups(t.Context(), opened); err != nil {
				t.Fatal(err)
			}
			execute(t, path, test.statement)
			backup := filepath.Join(t.TempDir(), "backup.db")
			if test.words == nil {
				if groups, err := readGroups(t.Context(), openStore(t, path)); err != nil || len(groups) != 3 {
					t.Errorf("got %d groups, %v", len(groups), err)
				}
				if err := opened.Write(t.Context(), func(tx store.Tx) error { return insertGroups(t, tx, 1) }); err != nil {
					t.Error(err)
				}
				return
			}
			wantUnusable(t, openStore(t, path), append(test.words, "restore it from a backup")...)
			err := opened.Write(t.Context(), func(tx store.Tx) error { return insertGroups(t, tx, 1) })
			wantUnavailable(t, "a write of one who had it open", err, path, test.words...)
			wantUnavailable(t, "a backup", Backup(t.Context(), path, backup, nil), path, test.words...)
			_, err = Restore{Backup: path, Path: newDatabase(t, 1), Aside: ".aside"}.Run(t.Context())
			wantUnavailable(t, "a restore", err, path, test.words...)
			i, err := Inspect(t.Context(), path)
			if err != nil {
				t.Fatal(err)
			}
			wantUnavailable(t, "an inspection", i.Unusable, path, test.words...)
			if i.Foreign == "" || i.Database.ID != identity {
				t.Errorf("an inspection goes on: got %+v", i)
			}
		})
	}
}

// The schema of an older release is compared before a migration covers what was in it.
func TestForeignOlderSchema(t *testing.T) {
	path, secret := oldDatabase(t)
	execute(t, path, `CREATE TRIGGER undo AFTER UPDATE ON secrets BEGIN SELECT 1; END`)
	wantUnusable(t, openStore(t, path), `trigger "undo" is none of them`)
	execute(t, path, `DROP TRIGGER undo`)
	opened := openStore(t, path)
	wantOldContent(t, opened, secret)
	execute(t, path, `CREATE TRIGGER undo AFTER UPDATE ON secrets BEGIN SELECT 1; END`)
	err := opened.Write(t.Context(), func(tx store.Tx) error { return insertRole(t, tx) })
	wantUnavailable(t, "a write of one who had it open", err, path, `trigger "undo"`)
}

// In the schema of the next release nothing may decide what a verification reads but the rows.
func TestForeignNewerSchema(t *testing.T) {
	for _, test := range []struct {
		name, statement string
		words           []string
	}{
		{"a column and a table", `ALTER TABLE access_tokens ADD COLUMN shoe_size BIGINT; CREATE TABLE novelties (id TEXT)`, nil},
		{"a trigger", `CREATE TRIGGER undo AFTER UPDATE ON secrets BEGIN SELECT 1; END`, []string{`trigger "undo"`}},
		{"a view", `CREATE VIEW novelties AS SELECT 1`, []string{`view "novelties"`}},
		{"a virtual table", `CREATE VIRTUAL TABLE novelties USING fts5(id)`, []string{`table "novelties"`}},
		{"a generated column", `ALTER TABLE technical_users RENAME COLUMN enabled TO really;
			ALTER TABLE technical_users ADD COLUMN enabled BOOLEAN AS (1)`, []string{`generated column "technical_users.enabled"`}},
		{"a column that is not there", `ALTER TABLE technical_users RENAME COLUMN enabled TO really`, []string{"enabled"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			path := newDatabase(t, 1)
			secret, err := tokens.NewSecret(tokens.DefaultPrefix)
			if err != nil {
				t.Fatal(err)
			}
			insertToken(t, path, secret)
			execute(t, path, test.statement+fmt.Sprintf(`; PRAGMA user_version = %d`, store.SchemaVersion+1))
			err = openStore(t, path).ReadToVerify(t.Context(), func(v store.View) error {
				_, _, ok, err := v.SecretWithHash(t.Context(), secret.Hash())
				if err == nil && !ok {
					t.Error("the secret is not found")
				}
				return err
			})
			if test.words == nil && err != nil {
				t.Error(err)
			} else if test.words != nil {
				wantUnavailable(t, "a verification", err, path, test.words...)
			}
		})
	}
}
