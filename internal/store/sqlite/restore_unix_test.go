//go:build unix

package sqlite

import (
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/store"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// A restore that is killed at any step, while another process has the database open, leaves the old database or the new
// one in its place, or none; the old one is whole, with all that was acknowledged; and restoring again succeeds.
func TestKilledRestore(t *testing.T) {
	if step := os.Getenv("LATCHKEY_TEST_STEP"); step != "" {
		_, err := Restore{Backup: os.Getenv("LATCHKEY_TEST_BACKUP"), Path: os.Getenv("LATCHKEY_TEST_PATH"), Aside: ending,
			Note: restored, reach: func(reached string) {
				if reached == step {
					_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
					select {}
				}
			}}.Run(t.Context())
		t.Fatalf("the restore was not killed at %q: %v", step, err)
	}
	if testing.Short() {
		t.Skip("it runs many processes and kills them")
	}
	for step, want := range map[string]struct{ inPlace, aside int }{
		"copied":     {groupsLater + 1, 0},
		"taken over": {groupsLater + 1, 0},
		"moved ":     {0, groupsLater + 1},
		"moved -wal": {0, groupsLater + 1},
		"moved -shm": {0, groupsLater + 1},
		"replaced":   {groupsInBackup, groupsLater + 1},
	} {
		t.Run(step, func(t *testing.T) {
			path, backup := newBackup(t)
			other := openStore(t, path)
			if err := other.Write(t.Context(), func(tx store.Tx) error { return insertGroups(t, tx, 1) }); err != nil {
				t.Fatal(err)
			}
			killRestore(t, step, path, backup)

			wantPlaced := func(path string, groups int) {
				t.Helper()
				if groups > 0 {
					wantGroups(t, path, groups)
				} else if _, err := os.Lstat(path); err == nil {
					t.Errorf("%s exists", filepath.Base(path))
				}
			}
			if want.inPlace == groupsInBackup {
				wantSound(t, path)
			}
			err := other.Write(t.Context(), func(tx store.Tx) error { return insertGroups(t, tx, 1) })
			if isUntouched := want.aside == 0; isUntouched != (err == nil) {
				t.Errorf("the process that had the database open: %v", err)
			} else if isUntouched {
				want.inPlace++
			}
			wantPlaced(path, want.inPlace)
			wantPlaced(path+ending, want.aside)

			if _, err := (Restore{Backup: backup, Path: path, Aside: ".again", Note: restored}).Run(t.Context()); err != nil {
				t.Fatal(err)
			}
			if err := other.Write(t.Context(),
				func(tx store.Tx) error { return insertGroups(t, tx, 1) }); tokens.ErrorCode(err) != tokens.CodeUnavailable {
				t.Errorf("the process that had the database open, after the restore: %v", err)
			}
			wantSound(t, path)
			wantGroups(t, path, groupsInBackup)
			if want.aside > 0 {
				wantGroups(t, path+ending, want.aside)
			} else {
				wantGroups(t, path+".again", want.inPlace)
			}
		})
	}
}

// killRestore runs a restore in a process of its own that is killed at a step.
func killRestore(t *testing.T, step, path, backup string) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self, "-test.run=^TestKilledRestore$")
	cmd.Env = append(os.Environ(), "LATCHKEY_TEST_STEP="+step, "LATCHKEY_TEST_PATH="+path, "LATCHKEY_TEST_BACKUP="+backup)
	output, err := cmd.CombinedOutput()
	if status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); !ok || !status.Signaled() {
		t.Fatalf("%v\n%s", err, output)
	}
}

// The files are their owner's alone whatever the umask and the mode of the database.
func TestBackupAndRestoreAreForTheirOwnerAlone(t *testing.T) {
	for _, umask := range []int{0, 0o777} {
		path := newDatabase(t, groupsInBackup)
		if err := os.Chmod(path, 0o644); err != nil {
			t.Fatal(err)
		}
		backup := filepath.Join(t.TempDir(), "latchkey.backup")
		before := syscall.Umask(umask)
		err := Backup(t.Context(), path, backup, backedUp)
		if err == nil {
			_, err = Restore{Backup: backup, Path: path, Aside: ending, Note: restored}.Run(t.Context())
		}
		syscall.Umask(before)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range []string{path, backup} {
			if info, err := os.Stat(file); err != nil || info.Mode() != 0o600 {
				t.Errorf("umask %#o: %s has mode %s, %v", umask, filepath.Base(file), info.Mode(), err)
			}
		}
	}
}
