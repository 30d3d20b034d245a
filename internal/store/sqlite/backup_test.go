package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/store"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// backedUp writes what a backup notes in itself.
func backedUp(ctx context.Context, tx store.Tx) error {
	return tx.InsertEvent(ctx, tokens.Event{ID: tokens.NewID(tokens.KindEvent, noon), At: noon, Actor: "local:anna@host",
		Action: tokens.ActionDatabaseBackup, ObjectID: tx.Database().ID, Outcome: tokens.OutcomeDone})
}

// wantSound checks that a file is a database of ours, whole and by itself.
func wantSound(t *testing.T, path string) Inspection {
	t.Helper()
	for _, suffix := range fileSuffixes[1:] {
		if _, err := os.Lstat(path + suffix); err == nil {
			t.Errorf("%s%s lies beside the file", path, suffix)
		}
	}
	i, err := InspectBackup(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	if i.Unusable != nil || len(i.Damage) != 0 || i.Database.ID != identity {
		t.Errorf("got %+v", i)
	}
	return i
}

// Every backup that is made while others write holds at least what had been acknowledged before.
func TestBackupWhileOthersWrite(t *testing.T) {
	path := newDatabase(t, 50)
	s := openStore(t, path)
	written, stop, done := make(chan int, 1000), make(chan struct{}), make(chan error)
	go func() {
		for n := 51; ; n++ {
			select {
			case <-stop:
				done <- nil
				return
			default:
			}
			if err := s.Write(t.Context(), func(tx store.Tx) error { return insertGroups(t, tx, 1) }); err != nil {
				done <- err
				return
			}
			select {
			case written <- n:
			case <-stop:
			}
		}
	}()
	for round := range 5 {
		acknowledged := <-written
		for len(written) > 0 {
			acknowledged = <-written
		}
		backup := filepath.Join(t.TempDir(), "latchkey.backup")
		if err := Backup(t.Context(), path, backup, backedUp); err != nil {
			t.Fatal(err)
		}
		i := wantSound(t, backup)
		if groups := i.Counts[0]; groups.Number < int64(acknowledged) {
			t.Errorf("round %d: the backup holds %d groups, and %d had been acknowledged", round, groups.Number, acknowledged)
		}
		if i.SchemaVersion != store.SchemaVersion || i.LastEvent.Action != tokens.ActionDatabaseBackup ||
			!i.LastEvent.At.Equal(noon) {
			t.Errorf("round %d: got %+v", round, i)
		}
		if entries, err := os.ReadDir(filepath.Dir(backup)); err != nil || len(entries) != 1 {
			t.Errorf("round %d: beside the backup: %v, %v", round, entries, err)
		}
		if mode := journalMode(t, backup); mode != "wal" {
			t.Errorf("round %d: the journal mode is %s", round, mode)
		}
	}
	close(stop)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if err := s.Read(t.Context(), func(v store.View) error {
		events, err := v.Events(t.Context(), store.EventSelection{Audience: store.Audience{All: true}})
		if len(events) != 0 {
			t.Errorf("backups left events in the database: %v", events)
		}
		return err
	}); err != nil {
		t.Error(err)
	}
}

// journalMode returns the mode in which a file is opened.
func journalMode(t *testing.T, path string) (mode string) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.QueryRow(`PRAGMA journal_mode`).Scan(&mode); err != nil {
		t.Fatal(err)
	}
	return mode
}

// A backup of an older database is made as it is, and so it is read.
func TestBackupOfAnOlderSchema(t *testing.T) {
	path, _ := oldDatabase(t)
	before := content(t, path)
	backup := filepath.Join(t.TempDir(), "latchkey.backup")
	if err := Backup(t.Context(), path, backup, backedUp); err != nil {
		t.Fatal(err)
	}
	i, err := InspectBackup(t.Context(), backup)
	if err != nil || i.Unusable != nil || i.SchemaVersion != 1 || i.LastEvent.Action != tokens.ActionDatabaseBackup {
		t.Errorf("got %+v, %v", i, err)
	}
	if string(content(t, path)) != string(before) {
		t.Error("the backup changed the database")
	}
}

// Where no backup can be made the error says why, nothing is left behind, and what was there stays.
func TestBackupThatIsRefused(t *testing.T) {
	directory := t.TempDir()
	sound := newDatabase(t, 1)
	newer := newDatabase(t, 1)
	execute(t, newer, fmt.Sprintf(`PRAGMA user_version = %d`, store.SchemaVersion+1))
	damaged := newDatabase(t, 500)
	if err := os.Truncate(damaged, 64<<10); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"taken": "mine", "log-wal": "of another",
		"text.db": strings.Repeat("text\n", 500)} {
		if err := os.WriteFile(filepath.Join(directory, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("gone", filepath.Join(directory, "link")); err != nil {
		t.Fatal(err)
	}
	refusal := tokens.Forbidden("", "no")
	for _, test := range []struct {
		name, path, backup string
		note               store.Found
		code               tokens.Code
		words              []string
	}{
		{"name that is taken", sound, "taken", backedUp, tokens.CodeConflict,
			[]string{"taken exists already", "another file"}},
		{"link to nothing", sound, "link", backedUp, tokens.CodeConflict, []string{"link exists already"}},
		{"directory", sound, ".", backedUp, tokens.CodeConflict, []string{"exists already"}},
		{"log of another database", sound, "log", backedUp, tokens.CodeUnavailable, []string{"log-wal", "move the log away"}},
		{"missing directory", sound, "missing/new", backedUp, tokens.CodeUnavailable, []string{"missing/new", "make it"}},
		{"no database", filepath.Join(directory, "none.db"), "new", backedUp, tokens.CodeUnavailable,
			[]string{"there is no database"}},
		{"no SQLite file", filepath.Join(directory, "text.db"), "new", backedUp, tokens.CodeUnavailable,
			[]string{"not an SQLite database"}},
		{"newer schema", newer, "new", backedUp, tokens.CodeUnavailable, []string{"newer version of Latchkey"}},
		{"damaged", damaged, "new", backedUp, tokens.CodeUnavailable, []string{"damaged"}},
		{"refusal", sound, "new", func(context.Context, store.Tx) error { return refusal }, tokens.CodeForbidden,
			[]string{"no"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			beside := filepath.Join(directory, "x")
			before := files(t, beside)
			err := Backup(t.Context(), test.path, filepath.Join(directory, test.backup), test.note)
			if tokens.ErrorCode(err) != test.code {
				t.Errorf("got %v, want the code %s", err, test.code)
			}
			for _, word := range test.words {
				if err == nil || !strings.Contains(err.Error(), word) {
					t.Errorf("%v does not say %q", err, word)
				}
			}
			if after := files(t, beside); before != after {
				t.Errorf("the directory changed from %s to %s", before, after)
			}
		})
	}
}

// A log that was left when somebody removed a database would be mixed up with a new one at its place.
func TestMakingBesideALeftoverLog(t *testing.T) {
	path := newDatabase(t, 1)
	s := openStore(t, path)
	if err := s.Write(t.Context(), func(tx store.Tx) error { return insertGroups(t, tx, 1) }); err != nil {
		t.Fatal(err)
	}
	log := content(t, path+"-wal")
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path+"-wal", log, 0o600); err != nil {
		t.Fatal(err)
	}
	err := openStore(t, path).WriteOrMake(t.Context(), found, func(store.Tx) error { return nil })
	wantUnavailable(t, "a write that makes a database", err, path, "latchkey.db-wal", "move the log away")
	if _, err := os.Stat(path); err == nil {
		t.Error("a database was made")
	}
}
