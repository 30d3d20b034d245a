package sqlite

import (
	"path/filepath"
	"testing"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/store"
)

// A database whose disk is full can be backed up to another disk, whether or not somebody has it open, and a disk
// without room for the backup is named and left as it was.
func TestBackupAndFullDisks(t *testing.T) {
	disk := onSmallDisk(t)
	if disk == "" {
		return
	}
	path := filepath.Join(disk, "latchkey.db")
	s := openStore(t, path)
	if err := s.WriteOrMake(t.Context(), found, func(tx store.Tx) error { return insertGroups(t, tx, 20) }); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	room := t.TempDir()
	free := fill(t, disk)
	backup := func(name string) {
		t.Helper()
		if err := Backup(t.Context(), path, filepath.Join(room, name), backedUp); err != nil {
			t.Errorf("%s: %v", name, err)
			return
		}
		if i := wantSound(t, filepath.Join(room, name)); i.Counts[0].Number != 20 {
			t.Errorf("%s holds %d groups, want 20", name, i.Counts[0].Number)
		}
	}
	backup("alone")
	free()
	other := openStore(t, path)
	if _, err := readGroups(t.Context(), other); err != nil {
		t.Fatal(err)
	}
	free = fill(t, disk)
	backup("beside another process")

	before := files(t, path)
	to := filepath.Join(disk, "latchkey.backup")
	wantUnavailable(t, "a backup to a full disk", Backup(t.Context(), filepath.Join(room, "alone"), to, backedUp), to,
		"full", "free some space", "another disk")
	_, err := Restore{Backup: filepath.Join(room, "alone"), Path: path, Aside: ending, Note: restored}.Run(t.Context())
	wantUnavailable(t, "a restore on a full disk", err, path, "full", "nothing was changed")
	if after := files(t, path); before != after {
		t.Error("the full disk changed")
	}
	free()
	if _, err := (Restore{Backup: filepath.Join(room, "alone"), Path: path, Aside: ending,
		Note: restored}).Run(t.Context()); err != nil {
		t.Errorf("when there is space again: %v", err)
	}
}
