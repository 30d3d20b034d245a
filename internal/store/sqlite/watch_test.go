package sqlite

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/store"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// watchOf returns a watch on the database at a path, which has looked once, closed when the test ends.
func watchOf(t *testing.T, path string) store.Watch {
	t.Helper()
	w, err := openStore(t, path).Watch(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.Close() })
	wantChanges(t, w, "the first look", everythingChanged)
	return w
}

// everythingChanged is what a look finds when nobody can tell what changed.
var everythingChanged = store.Changes{Any: true, All: true}

// objectsChanged is what a look finds when objects with identifiers changed.
func objectsChanged(ids ...string) store.Changes {
	c := store.Changes{Any: true}
	for _, id := range ids {
		c.Objects = append(c.Objects, store.ChangedObject{Kind: tokens.KindOf(id), ID: id})
	}
	return c
}

// wantChanges checks what a look finds, and that the one after it finds nothing more.
func wantChanges(t *testing.T, w store.Watch, what string, want store.Changes) {
	t.Helper()
	for _, want := range []store.Changes{want, {}} {
		got, err := w.Look(t.Context())
		if err != nil || got.Any != want.Any || got.All != want.All || !slices.Equal(got.Objects, want.Objects) {
			t.Errorf("%s: got %+v, %v; want %+v", what, got, err, want)
		}
	}
}

// write changes a database in a store of its own, as another process would.
func write(t *testing.T, path string, fn func(store.Tx) error) {
	t.Helper()
	s := openStore(t, path)
	if err := s.Write(t.Context(), fn); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

// newToken makes an access token, and returns its identifier.
func newToken(t *testing.T, path string) string {
	t.Helper()
	secret, err := tokens.NewSecret(tokens.DefaultPrefix)
	if err != nil {
		t.Fatal(err)
	}
	return insertToken(t, path, secret)
}

// disable changes an access token.
func disable(t *testing.T, path, id string) {
	t.Helper()
	write(t, path, func(tx store.Tx) error {
		a, _, err := tx.AccessTokenWithRoles(t.Context(), id)
		if err != nil {
			return err
		}
		after := a
		after.Enabled, after.Disabled = false, &tokens.Stop{By: "local:anna@host", At: noon}
		return tx.UpdateAccessToken(t.Context(), a, after)
	})
}

// A look tells what others changed since the last one, and nothing of what is no change.
func TestWatch(t *testing.T) {
	path := newDatabase(t, 1)
	w := watchOf(t, path)
	first := newToken(t, path)
	changes, err := w.Look(t.Context())
	if err != nil || !changes.Any || changes.All || len(changes.Objects) != 2 ||
		!slices.Contains(changes.Objects, store.ChangedObject{Kind: tokens.KindAccessToken, ID: first}) {
		t.Errorf("a new token: got %+v, %v; want it and its technical user", changes, err)
	}
	disable(t, path, first)
	wantChanges(t, w, "a token disabled", objectsChanged(first))
	for range 3 {
		disable(t, path, first)
	}
	wantChanges(t, w, "a token changed three times", objectsChanged(first))
	s := openStore(t, path)
	use := []store.SecretUse{{TokenID: first, Version: 1, Count: 1, Last: noon}}
	if err := s.WriteUses(t.Context(), use); err != nil {
		t.Fatal(err)
	}
	wantChanges(t, w, "a use", store.Changes{})
	write(t, path, func(tx store.Tx) error { return tx.DeleteRequestsBefore(t.Context(), noon) })
	wantChanges(t, w, "a change of what no verification depends on", objectsChanged())
	write(t, path, func(tx store.Tx) error { return tx.KnowEarlierMarks(t.Context(), noon) })
	wantChanges(t, w, "a change that does not say of what", everythingChanged)
	refusal := tokens.Invalid("name", "no")
	if err := s.Write(t.Context(), func(tx store.Tx) error {
		return errorOr(tx.DeleteAccessToken(t.Context(), first), refusal)
	}); tokens.ErrorCode(err) != tokens.CodeInvalid {
		t.Fatal(err)
	}
	wantChanges(t, w, "a change that was dropped", store.Changes{})
}

// errorOr returns an error, or another one for none.
func errorOr(err, other error) error {
	if err != nil {
		return err
	}
	return other
}

// Whatever others do at the same time, a look that begins after a commit tells of it.
func TestWatchSeesEachCommit(t *testing.T) {
	path := newDatabase(t, 1)
	id := newToken(t, path)
	w, s := watchOf(t, path), openStore(t, path)
	ctx, stop := context.WithCancel(t.Context())
	var others sync.WaitGroup
	defer others.Wait()
	defer stop()
	for _, noise := range []func() error{
		func() error {
			return s.Write(t.Context(), func(tx store.Tx) error { return insertGroups(t, tx, 1) })
		},
		func() error {
			return s.Write(t.Context(), func(tx store.Tx) error { return tx.DeleteRequestsBefore(t.Context(), noon) })
		},
		func() error {
			return s.WriteUses(t.Context(), []store.SecretUse{{TokenID: id, Version: 1, Count: 1, Last: noon}})
		},
	} {
		others.Go(func() {
			for ctx.Err() == nil {
				if err := noise(); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for i := range 100 {
		err := s.Write(t.Context(), func(tx store.Tx) error { return tx.EndSecrets(t.Context(), id, 1, noon) })
		if err != nil {
			t.Fatal(err)
		}
		changes, err := w.Look(t.Context())
		if err != nil || changes.All || !slices.Contains(changes.Objects, objectsChanged(id).Objects[0]) {
			t.Fatalf("commit %d: got %+v, %v", i, changes, err)
		}
	}
}

// Whoever was away for longer than changes are kept takes everything for changed, and so does whoever finds another history
// under the serial last seen.
func TestWatchMissesNothing(t *testing.T) {
	for _, test := range []struct{ name, statement string }{
		{"rows are gone", `UPDATE database SET serial = serial + 1; INSERT INTO marks (mark) VALUES ('AAAAAAAAAAA')`},
		{"all rows are gone", `DELETE FROM changes; UPDATE database SET serial = serial + 1; INSERT INTO marks (mark) VALUES ('AAAAAAAAAAA')`},
		{"another mark under the serial", `UPDATE marks SET mark = 'AAAAAAAAAAA'`},
		{"a serial that went back", `DELETE FROM marks WHERE serial = 3; DELETE FROM changes WHERE serial = 3; UPDATE database SET serial = 2`},
		{"another identity", `UPDATE database SET id = 'db_01jz0000000000000000000000'`},
		{"another index", `CREATE INDEX mine ON events (actor); DROP INDEX mine`},
	} {
		t.Run(test.name, func(t *testing.T) {
			path := newDatabase(t, 1)
			id := newToken(t, path)
			w := watchOf(t, path)
			execute(t, path, test.statement)
			wantChanges(t, w, test.name, everythingChanged)
			disable(t, path, id)
			_, _ = w.Look(t.Context()) // nothing says whether this was the only one
			disable(t, path, id)
			wantChanges(t, w, "a change after that", objectsChanged(id))
		})
	}
}

// The newest rows of changes are kept, and no others.
func TestChangesKept(t *testing.T) {
	const kept, before = 10_000, 10_000 - 4 // of the database, its group, the token and its technical user
	path := newDatabase(t, 1)
	id := newToken(t, path)
	execute(t, path, fmt.Sprintf(`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d)
		INSERT INTO changes (serial, kind, id) SELECT 3, 'tok', '%s' FROM n`, before, id))
	look := func() (rows, oldest int64) {
		db, err := sql.Open("sqlite", path)
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		if err := db.QueryRowContext(t.Context(), `SELECT count(*), min(number) FROM changes`).Scan(&rows, &oldest); err != nil {
			t.Fatal(err)
		}
		return rows, oldest
	}
	if rows, oldest := look(); rows != kept || oldest != 1 {
		t.Fatalf("%d rows from %d on, want %d", rows, oldest, kept)
	}
	w := watchOf(t, path)
	for i := range int64(3) {
		disable(t, path, id)
		if rows, oldest := look(); rows != kept || oldest != 2+i {
			t.Errorf("%d rows from %d on, want %d from %d on", rows, oldest, kept, 2+i)
		}
	}
	wantChanges(t, w, "three changes", objectsChanged(id))
}

// A watch follows the path to whichever file it names, and is out of use where that is none.
func TestWatchFollowsThePath(t *testing.T) {
	path := newDatabase(t, 1)
	id := newToken(t, path)
	backup := filepath.Join(t.TempDir(), "backup.db")
	note := func(ctx context.Context, tx store.Tx) error { return tx.PutBack(ctx, noon) }
	if err := Backup(t.Context(), path, backup, note); err != nil {
		t.Fatal(err)
	}
	w := watchOf(t, path)
	r := Restore{Backup: backup, Path: path, Aside: ".aside", Note: note}
	if _, err := r.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	wantChanges(t, w, "a restore", everythingChanged)
	disable(t, path, id)
	wantChanges(t, w, "a change after it", objectsChanged(id))

	if err := os.Rename(path, path+".away"); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		_, err := w.Look(t.Context())
		wantUnavailable(t, "a look at nothing", err, path, "there is no database")
	}
	if err := os.Rename(path+".away", path); err != nil {
		t.Fatal(err)
	}
	wantChanges(t, w, "the file is back", everythingChanged)

	for _, suffix := range fileSuffixes[1:] {
		if err := os.Remove(path + suffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
	}
	if err := os.Rename(newDatabase(t, 2), path); err != nil {
		t.Fatal(err)
	}
	wantChanges(t, w, "another database", everythingChanged)
	if err := os.WriteFile(path+".new", []byte("no database at all, but long enough"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
	_, err := w.Look(t.Context())
	wantUnavailable(t, "a look at something else", err, path, "not an SQLite database")
}

// Where something else writes over the file, it stays the same file, and a look fails all the same.
func TestWatchOfAFileThatIsWrittenOver(t *testing.T) {
	path := newDatabase(t, 1)
	newToken(t, path)
	w := watchOf(t, path)
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	overwrite := func(content []byte) {
		t.Helper()
		file, err := os.OpenFile(path, os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := file.Write(content); err != nil {
			t.Fatal(err)
		}
		if err := file.Close(); err != nil {
			t.Fatal(err)
		}
	}
	overwrite(bytes.Repeat([]byte("not a database!!"), len(content)/16))
	for range 2 {
		_, err := w.Look(t.Context())
		wantUnavailable(t, "a look at garbage", err, path)
	}
	overwrite(content)
	wantChanges(t, w, "the content is back", everythingChanged)
}

// What an older schema doesn't tell counts as everything; so does its migration.
func TestWatchOfOlderSchema(t *testing.T) {
	for _, version := range []int{1, 8, 9} { // the first, and the last ones without and with a count of changes alone
		t.Run(fmt.Sprint("version ", version), func(t *testing.T) {
			path, _ := oldDatabase(t)
			migrateFrom(t, path, 1, version)
			execute(t, path, fmt.Sprintf(`PRAGMA user_version = %d`, version))
			before := schemaOf(t, path)
			w := watchOf(t, path)
			execute(t, path, `UPDATE access_tokens SET enabled = false`)
			want := everythingChanged
			if store.HasMarks(version) { // then an older program counts its changes
				execute(t, path, `UPDATE database SET serial = 1, changed_at = 1; INSERT INTO marks (serial, mark) VALUES (1, 'AAAAAAAAAAA')`)
			}
			wantChanges(t, w, "a change", want)
			if schemaOf(t, path) != before {
				t.Error("the schema changed")
			}
			write(t, path, func(tx store.Tx) error { return insertGroups(t, tx, 1) })
			wantChanges(t, w, "a migration", everythingChanged)
			const id = "tok_01jz0000000000000000000000"
			disable(t, path, id)
			wantChanges(t, w, "a change after it", objectsChanged(id))
		})
	}
}

// The schema of the next version tells what it can.
func TestWatchOfNewerSchema(t *testing.T) {
	for _, test := range []struct {
		name, statement string
		lists           bool
	}{
		{"another column", `ALTER TABLE changes ADD COLUMN reason TEXT NOT NULL DEFAULT ''`, true},
		{"no such table", `DROP TABLE changes`, false},
		{"other columns", `ALTER TABLE changes RENAME COLUMN kind TO sort`, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			path := newDatabase(t, 1)
			id := newToken(t, path)
			w := watchOf(t, path)
			execute(t, path, fmt.Sprintf(`%s; PRAGMA user_version = %d`, test.statement, store.SchemaVersion+1))
			wantChanges(t, w, "a migration", everythingChanged)
			change := `UPDATE database SET serial = 4; INSERT INTO marks (mark) VALUES ('AAAAAAAAAAA');`
			want := everythingChanged
			if test.lists {
				change += fmt.Sprintf(`INSERT INTO changes (serial, kind, id) VALUES (4, 'tok', '%s')`, id)
				want = objectsChanged(id)
			}
			execute(t, path, change)
			wantChanges(t, w, "a change", want)
			execute(t, path, fmt.Sprintf(`CREATE TABLE later (id TEXT); PRAGMA user_version = %d`, store.SchemaVersion+2))
			_, err := w.Look(t.Context())
			wantUnavailable(t, "a look at a schema that is newer still", err, path, "newer version of Latchkey")
		})
	}
}

// A look at what can't be read or trusted tells nothing, and soon; the next one may.
func TestWatchOfWhatCannotBeRead(t *testing.T) {
	path := newDatabase(t, 1)
	w := watchOf(t, path)
	execute(t, path, `CREATE TRIGGER undo AFTER UPDATE ON access_tokens BEGIN SELECT 1; END`)
	for range 2 {
		_, err := w.Look(t.Context())
		wantUnavailable(t, "a look at a foreign schema", err, path, `trigger "undo"`)
	}
	execute(t, path, `DROP TRIGGER undo`)
	wantChanges(t, w, "the trigger is gone", everythingChanged)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}

	db, err := sql.Open("sqlite", "file:"+path+"?_pragma=locking_mode(EXCLUSIVE)")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	if _, err := db.ExecContext(t.Context(), `UPDATE groups SET name = name`); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		_, err := w.Look(t.Context())
		wantUnavailable(t, "a look at a locked database", err, path, "locked", watchPatience.String())
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	wantChanges(t, w, "the lock is gone", everythingChanged)
}

func BenchmarkLook(b *testing.B) {
	engine, err := New(filepath.Join(b.TempDir(), "latchkey.db"))
	if err != nil {
		b.Fatal(err)
	}
	s := store.New(engine, clock)
	defer s.Close()
	if err := s.WriteOrMake(b.Context(), found, func(store.Tx) error { return nil }); err != nil {
		b.Fatal(err)
	}
	w, err := s.Watch(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	defer w.Close()
	for _, changed := range []bool{false, true} {
		b.Run(fmt.Sprintf("changed=%t", changed), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if changed {
					b.StopTimer()
					if err := s.Write(b.Context(), func(tx store.Tx) error {
						return tx.EndSecrets(b.Context(), "tok_01jz0000000000000000000000", 1, noon)
					}); err != nil {
						b.Fatal(err)
					}
					b.StartTimer()
				}
				if _, err := w.Look(b.Context()); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
