//go:build unix

package sqlite

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/store"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// readable makes a database in a directory that this user can't write to, with its log if asked, and returns its path.
func readable(t *testing.T, withLog bool) string {
	t.Helper()
	path := newDatabase(t, 3)
	if withLog {
		s := openStore(t, path)
		if err := s.Write(t.Context(), func(tx store.Tx) error { return insertGroups(t, tx, 1) }); err != nil {
			t.Fatal(err)
		}
		copied := filepath.Join(t.TempDir(), "latchkey.db") // as a killed program leaves it
		if err := errors.Join(os.WriteFile(copied, content(t, path), 0o600),
			os.WriteFile(copied+"-wal", content(t, path+"-wal"), 0o600)); err != nil {
			t.Fatal(err)
		}
		path = copied
	}
	if err := os.Chmod(filepath.Dir(path), 0o500); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Chmod(filepath.Dir(path), 0o700) })
	return path
}

// A database can be read where nothing can be written, and what can't be done there says so.
func TestReadOnlyDirectory(t *testing.T) {
	if asOrdinaryUser(t) {
		return
	}
	path := readable(t, false)
	before := files(t, path)
	s := openStore(t, path)
	if groups, err := readGroups(t.Context(), s); err != nil || len(groups) != 3 {
		t.Errorf("a read: got %d groups, %v", len(groups), err)
	}
	err := s.ReadAtOnce(t.Context(), func(v store.View) error {
		groups, err := v.Groups(t.Context())
		if len(groups) != 3 {
			t.Errorf("a read at once: got %d groups", len(groups))
		}
		return err
	})
	if err != nil {
		t.Errorf("a read at once: %v", err)
	}
	if err := s.ReadToVerify(t.Context(), func(v store.View) error {
		_, _, _, err := v.SecretWithHash(t.Context(), tokens.SecretHash{})
		return err
	}); err != nil {
		t.Errorf("a verification: %v", err)
	}
	wantUnavailable(t, "a write", s.Write(t.Context(), func(tx store.Tx) error { return insertGroups(t, tx, 1) }),
		path, "this user can't write to", "nothing was changed")
	i, err := Inspect(t.Context(), path)
	if err != nil || i.Unusable != nil || len(i.Counts) == 0 || i.Counts[0].Number != 3 || i.JournalMode != "wal" {
		t.Errorf("an inspection: got %+v, %v", i, err)
	}
	if err := Backup(t.Context(), path, filepath.Join(t.TempDir(), "backup.db"),
		func(context.Context, store.Tx) error { return nil }); err != nil {
		t.Errorf("a backup: %v", err)
	}
	if after := files(t, path); after != before {
		t.Errorf("the directory changed from %s to %s", before, after)
	}
}

// Where changes are still in the log, the file alone is not the database.
func TestReadOnlyDirectoryWithALog(t *testing.T) {
	if asOrdinaryUser(t) {
		return
	}
	path := readable(t, true)
	_, err := readGroups(t.Context(), openStore(t, path))
	wantUnavailable(t, "a read", err, path, "this user can't write to its directory", path+"-wal")
	i, err := Inspect(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	wantUnavailable(t, "an inspection", i.Unusable, path, path+"-wal")
}

// An answer counts only if nothing changed the file while it was read.
func TestReadOnlyDirectoryOfAnother(t *testing.T) {
	if asOrdinaryUser(t) {
		return
	}
	for name, change := range map[string]func(path string) error{
		"a log":           func(path string) error { return os.WriteFile(path+"-wal", nil, 0o600) },
		"a change":        func(path string) error { return os.Chtimes(path, time.Time{}, time.Now().Add(time.Second)) },
		"another of them": func(path string) error { return os.Rename(path, path+".gone") },
	} {
		t.Run(name, func(t *testing.T) {
			path := readable(t, false)
			changed := func() error {
				return errors.Join(os.Chmod(filepath.Dir(path), 0o700), change(path), os.Chmod(filepath.Dir(path), 0o500))
			}
			s := openStore(t, path)
			wantUnavailable(t, "a read", s.Read(t.Context(), func(store.View) error { return changed() }), path)
			_, err := readGroups(t.Context(), s)
			wantUnavailable(t, "the next read", err, path)
		})
	}
}
