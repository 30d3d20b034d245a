package sqlite

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/store"
)

// On a file system that is mounted read-only, a database can be read, and nobody is told to ask for rights.
func TestReadOnlyMedium(t *testing.T) {
	disk := onSmallDisk(t)
	if disk == "" {
		return
	}
	path, logged := filepath.Join(disk, "latchkey.db"), filepath.Join(disk, "logged.db")
	write := func(tx store.Tx) error { return insertGroups(t, tx, 1) }
	for _, path := range []string{path, logged} {
		s := openStore(t, path)
		if err := s.WriteOrMake(t.Context(), found, write); err != nil {
			t.Fatal(err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	s := openStore(t, logged)
	if err := s.Write(t.Context(), write); err != nil {
		t.Fatal(err)
	}
	log := content(t, logged+"-wal")
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	// A program that was killed left its log.
	if err := os.WriteFile(logged+"-wal", log, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("", disk, "", syscall.MS_REMOUNT|syscall.MS_RDONLY, ""); err != nil {
		t.Fatal(err)
	}

	s = openStore(t, path)
	if groups, err := readGroups(t.Context(), s); err != nil || len(groups) != 1 {
		t.Errorf("a read: got %d groups, %v", len(groups), err)
	}
	wantUnavailable(t, "a write", s.Write(t.Context(), write), path, "mounted read-only", "nothing was changed")
	i, err := Inspect(t.Context(), path)
	if err != nil || i.Unusable != nil || !i.ReadOnly || i.JournalMode != "wal" || len(i.Counts) == 0 {
		t.Errorf("an inspection: got %+v, %v", i, err)
	}
	fresh := filepath.Join(disk, "fresh.db")
	wantUnavailable(t, "a new database", openStore(t, fresh).WriteOrMake(t.Context(), found, write), fresh, "mounted read-only")
	wantUnavailable(t, "a backup", Backup(t.Context(), path, fresh, nil), fresh, "mounted read-only")
	restore := Restore{Backup: path, Path: fresh, Note: found}
	_, err = restore.Run(t.Context())
	wantUnavailable(t, "a restore", err, fresh, "mounted read-only")

	_, err = readGroups(t.Context(), openStore(t, logged))
	wantUnavailable(t, "a read with a log", err, logged, "mounted read-only", logged+"-wal")
	if i, err = Inspect(t.Context(), logged); err != nil {
		t.Fatal(err)
	}
	wantUnavailable(t, "an inspection with a log", i.Unusable, logged, "mounted read-only", logged+"-wal")
	if _, err := os.Stat(logged + "-shm"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}
