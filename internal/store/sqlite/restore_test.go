package sqlite

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/store"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// restored writes what a restore notes in the database.
func restored(ctx context.Context, tx store.Tx) error {
	return tx.InsertEvent(ctx, tokens.Event{ID: tokens.NewID(tokens.KindEvent, noon), At: noon, Actor: "local:anna@host",
		Action: tokens.ActionDatabaseRestore, ObjectID: tx.Database().ID, Outcome: tokens.OutcomeDone})
}

const (
	// groupsInBackup and groupsLater are what a backup holds, and its database later.
	groupsInBackup, groupsLater = 3, 5
	ending                      = ".replaced"
)

// newBackup makes a database, a backup of it, and more groups in it since.
func newBackup(t *testing.T) (path, backup string) {
	t.Helper()
	path = newDatabase(t, groupsInBackup)
	backup = filepath.Join(t.TempDir(), "latchkey.backup")
	if err := Backup(t.Context(), path, backup, backedUp); err != nil {
		t.Fatal(err)
	}
	s := openStore(t, path)
	if err := s.Write(t.Context(),
		func(tx store.Tx) error { return insertGroups(t, tx, groupsLater-groupsInBackup) }); err != nil {
		t.Fatal(err)
	}
	return path, backup
}

// wantGroups checks how many groups are in the database at a path.
func wantGroups(t *testing.T, path string, want int) {
	t.Helper()
	s := openStore(t, path)
	groups, err := readGroups(t.Context(), s)
	if err != nil || len(groups) != want {
		t.Errorf("%s: %d groups, %v; want %d", filepath.Base(path), len(groups), err, want)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

// names returns the names in the directory of a path.
func namesBeside(t *testing.T, path string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	return names
}

// A database that others have open is replaced as a whole: what they wrote is in the file that was moved aside, and
// they can do nothing more.
func TestRestore(t *testing.T) {
	path, backup := newBackup(t)
	other := openStore(t, path)
	if err := other.Write(t.Context(), func(tx store.Tx) error { return insertGroups(t, tx, 1) }); err != nil {
		t.Fatal(err)
	}
	if _, number, err := (Restore{Backup: backup, Path: path}).Beyond(t.Context()); err != nil || number != 0 {
		t.Errorf("%d events since the backup, %v; want none", number, err)
	}
	if err := other.Write(t.Context(), func(tx store.Tx) error { return restored(t.Context(), tx) }); err != nil {
		t.Fatal(err)
	}
	if _, number, err := (Restore{Backup: backup, Path: path}).Beyond(t.Context()); err != nil || number != 1 {
		t.Errorf("%d events since the backup, %v; want one", number, err)
	}
	before := content(t, backup)

	moved, err := Restore{Backup: backup, Path: path, Aside: ending, Note: restored}.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{path + ending, path + ending + "-wal", path + ending + "-shm"}; !slices.Equal(moved, want) {
		t.Errorf("moved to %v, want %v", moved, want)
	}
	if names := namesBeside(t, path); len(names) != 4 {
		t.Errorf("the directory holds %v", names)
	}
	i := wantSound(t, path)
	if i.Counts[0].Number != groupsInBackup || i.LastEvent.Action != tokens.ActionDatabaseRestore ||
		i.SchemaVersion != store.SchemaVersion {
		t.Errorf("restored: %+v", i)
	}
	if mode := journalMode(t, path); mode != "wal" {
		t.Errorf("the journal mode is %s", mode)
	}
	if !bytes.Equal(before, content(t, backup)) || len(namesBeside(t, backup)) != 1 {
		t.Error("the backup changed, or something was left beside it")
	}
	wantUnusable(t, other, "moved, removed or replaced")
	if err := other.Close(); err != nil {
		t.Error(err)
	}
	wantGroups(t, path, groupsInBackup)
	wantGroups(t, path+ending, groupsLater+1)

	// Once more: nothing that was moved aside before is overwritten, and what was moved aside can be restored.
	moved, err = Restore{Backup: path + ending, Path: path, Aside: ending, Note: restored}.Run(t.Context())
	if err != nil || len(moved) == 0 || moved[0] != path+ending+"-2" {
		t.Errorf("moved to %v, %v", moved, err)
	}
	wantGroups(t, path, groupsLater+1)
}

// Who waits for the right to write when the file is replaced is refused, and does not write to what was moved aside.
func TestWriterThatWaitsForARestore(t *testing.T) {
	path, backup := newBackup(t)
	other := openStore(t, path)
	if _, err := readGroups(t.Context(), other); err != nil {
		t.Fatal(err)
	}
	answer := make(chan error)
	_, err := Restore{Backup: backup, Path: path, Aside: ending, Note: restored, reach: func(step string) {
		if step == "taken over" {
			go func() {
				answer <- other.Write(t.Context(), func(tx store.Tx) error { return insertGroups(t, tx, 1) })
			}()
			time.Sleep(50 * time.Millisecond) // until it waits; if it does not yet, it is refused before
		}
	}}.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	wantUnavailable(t, "the write", <-answer, path, "moved, removed or replaced", "nothing was changed")
	if err := other.Close(); err != nil {
		t.Error(err)
	}
	wantGroups(t, path, groupsInBackup)
	wantGroups(t, path+ending, groupsLater)
}

// Whatever is at the path that can be lost by a restore is moved aside as it was.
func TestRestoreOverWhatIsThere(t *testing.T) {
	_, backup := newBackup(t)
	for _, test := range []struct {
		name string
		make func(path string) error
	}{
		{"nothing", func(string) error { return nil }},
		{"a log alone", func(path string) error { return os.WriteFile(path+"-wal", []byte("a log"), 0o600) }},
		{"empty file", func(path string) error { return os.WriteFile(path, nil, 0o600) }},
		{"text", func(path string) error {
			return os.WriteFile(path, []byte(strings.Repeat("not a database\n", 100)), 0o644)
		}},
		{"damaged database", func(path string) error {
			whole := content(t, newDatabase(t, 100))
			copy(whole[100:], bytes.Repeat([]byte{0xaa}, len(whole)-100))
			return os.WriteFile(path, whole, 0o600)
		}},
		{"database that is cut off", func(path string) error {
			return os.WriteFile(path, content(t, newDatabase(t, 100))[:50], 0o600)
		}},
		{"database that was emptied", func(path string) error {
			if err := os.WriteFile(path, content(t, newDatabase(t, 1)), 0o600); err != nil {
				return err
			}
			execute(t, path, `DELETE FROM database`)
			return nil
		}},
		{"older schema", func(path string) error {
			old, _ := oldDatabase(t)
			return os.WriteFile(path, content(t, old), 0o600)
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "latchkey.db")
			if err := test.make(path); err != nil {
				t.Fatal(err)
			}
			before := files(t, path)
			moved, err := Restore{Backup: backup, Path: path, Aside: ending, Another: test.name == "older schema",
				Note: restored}.Run(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			wantSound(t, path)
			wantGroups(t, path, groupsInBackup)
			if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
				t.Errorf("the mode is %s, %v", info.Mode(), err)
			}
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
			for _, suffix := range []string{"-shm", "-wal"} { // which a look at the database made
				if info, err := os.Stat(path + ending + suffix); err == nil && (suffix == "-shm" || info.Size() == 0) {
					_ = os.Remove(path + ending + suffix)
				}
			}
			if after := strings.ReplaceAll(files(t, path), ending, ""); before != after {
				t.Errorf("moved to %v: the files changed from %.300s to %.300s", moved, before, after)
			}
		})
	}
}

// A link stays one: what it leads to is replaced.
func TestRestoreBehindALink(t *testing.T) {
	path, backup := newBackup(t)
	link := filepath.Join(t.TempDir(), "link.db")
	if err := os.Symlink(path, link); err != nil {
		t.Fatal(err)
	}
	if _, err := (Restore{Backup: backup, Path: link, Aside: ending, Note: restored}).Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if target, err := os.Readlink(link); err != nil || target != path {
		t.Errorf("the link leads to %s, %v", target, err)
	}
	wantGroups(t, link, groupsInBackup)
	wantGroups(t, path+ending, groupsLater)
}

// Where nothing can be restored the error says why and what to do, and everything stays as it was.
func TestRestoreThatIsRefused(t *testing.T) {
	path, backup := newBackup(t)
	directory := t.TempDir()
	at := func(name string) string { return filepath.Join(directory, name) }
	for name, whole := range map[string][]byte{
		"cut.backup": content(t, backup)[:8192], "text.backup": bytes.Repeat([]byte("text\n"), 500), "empty.backup": nil,
		"other.db": content(t, path), "newer.backup": content(t, backup), "program.db": nil,
	} {
		if err := os.WriteFile(at(name), whole, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	execute(t, at("other.db"), `UPDATE database SET id = 'db_01jz0000000000000000000000'`)
	execute(t, at("newer.backup"), `PRAGMA user_version = 99`)
	execute(t, at("program.db"), `CREATE TABLE kept (name TEXT)`)
	if err := os.Symlink("gone", at("link.db")); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name, backup, path string
		code               tokens.Code
		words              []string
	}{
		{"itself", path, path, tokens.CodeInvalid, []string{"the database itself"}},
		{"no backup", at("none"), path, tokens.CodeUnavailable, []string{at("none")}},
		{"backup that is cut off", at("cut.backup"), path, tokens.CodeUnavailable, []string{"damaged"}},
		{"no database in the backup", at("text.backup"), path, tokens.CodeUnavailable, []string{"not an SQLite database"}},
		{"empty backup", at("empty.backup"), path, tokens.CodeUnavailable, []string{"not one of Latchkey"}},
		{"newer backup", at("newer.backup"), path, tokens.CodeUnavailable, []string{"newer version of Latchkey"}},
		{"another identity", backup, at("other.db"), tokens.CodeConflict, []string{"db_01jz0000000000000000000000", identity, "check both paths"}},
		{"database of another program", backup, at("program.db"), tokens.CodeConflict,
			[]string{"another program", "check the path"}},
		{"directory", backup, directory, tokens.CodeUnavailable, []string{"is a directory"}},
		{"link to nothing", backup, at("link.db"), tokens.CodeUnavailable, []string{"symbolic link"}},
		{"missing directory", backup, at("missing/latchkey.db"), tokens.CodeUnavailable, []string{"make it"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			before := files(t, path) + files(t, at("x"))
			_, err := Restore{Backup: test.backup, Path: test.path, Aside: ending, Note: restored}.Run(t.Context())
			if tokens.ErrorCode(err) != test.code {
				t.Errorf("got %v, want the code %s", err, test.code)
			}
			if isAnother := tokens.ErrorReason(err) == tokens.ReasonOtherDatabase; isAnother != (test.code == tokens.CodeConflict) {
				t.Errorf("%v has the reason %q", err, tokens.ErrorReason(err))
			}
			for _, word := range test.words {
				if err == nil || !strings.Contains(err.Error(), word) {
					t.Errorf("%v does not say %q", err, word)
				}
			}
			if after := files(t, path) + files(t, at("x")); before != after {
				t.Errorf("the files changed")
			}
		})
	}
	for _, name := range []string{"other.db", "program.db"} {
		before := content(t, at(name))
		if _, err := (Restore{Backup: backup, Path: at(name), Aside: ending, Another: true,
			Note: restored}).Run(t.Context()); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		wantGroups(t, at(name), groupsInBackup)
		if !bytes.Equal(before, content(t, at(name+ending))) {
			t.Errorf("%s was changed before it was moved aside", name)
		}
	}
}

// A database in the middle of a look or a change is not taken away from under it.
func TestRestoreOfABusyDatabase(t *testing.T) {
	path, backup := newBackup(t)
	s := openStore(t, path)
	restore := Restore{Backup: backup, Path: path, Aside: ending, Note: restored, patience: 10 * time.Millisecond}
	if err := s.ReadAtOnce(t.Context(), func(v store.View) error {
		if _, err := v.Groups(t.Context()); err != nil {
			return err
		}
		if err := openStore(t, path).Write(t.Context(),
			func(tx store.Tx) error { return insertGroups(t, tx, 1) }); err != nil {
			return err
		}
		_, err := restore.Run(t.Context())
		wantUnavailable(t, "a restore beside a look", err, path, "in use", "nothing was changed", "try again")
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if err := s.Write(t.Context(), func(store.Tx) error {
		_, err := restore.Run(t.Context())
		wantUnavailable(t, "a restore beside a change", err, path, "nothing was changed", "try again")
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	wantGroups(t, path, groupsLater+1)
	if _, err := restore.Run(t.Context()); err != nil {
		t.Error(err)
	}
}

// Should another process make a database in the moment in which there is none, both stay.
func TestRestoreThatAnotherProcessOvertakes(t *testing.T) {
	path, backup := newBackup(t)
	_, err := Restore{Backup: backup, Path: path, Aside: ending, Note: restored, reach: func(step string) {
		if step == "moved -shm" {
			if err := openStore(t, path).WriteOrMake(t.Context(), found,
				func(tx store.Tx) error { return insertGroups(t, tx, 1) }); err != nil {
				t.Error(err)
			}
		}
	}}.Run(t.Context())
	wantUnavailable(t, "the restore", err, path, "another process made a new database", path+ending)
	wantGroups(t, path, 1)
	wantGroups(t, path+ending, groupsLater)
}
