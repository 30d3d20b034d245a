package acceptance

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// TestReadOnlyDatabase runs Terraform as a user who may read the database but not write it.
func TestReadOnlyDatabase(t *testing.T) {
	w := newWorkspace(t)
	w.database = "data/latchkey.db"
	if err := os.Mkdir(w.path("data"), 0o700); err != nil {
		t.Fatal(err)
	}
	w.configure(everyKind)
	if os.Geteuid() == 0 { // no permission stops root
		w.becomeNobody()
	}
	w.terraform("apply").exits(0).says("6 added")

	for _, test := range []struct {
		name            string
		file, directory fs.FileMode
	}{
		{"file", 0o400, 0o700},
		{"file and directory", 0o400, 0o500},
	} {
		t.Run(test.name, func(t *testing.T) {
			w.t = t
			w.chmod(test.file, test.directory)
			w.terraform("plan", "-detailed-exitcode").exits(0)
			w.changesNothing(w.databasePath(), "this user can't", "give the user the right to")
			w.chmod(0o600, 0o700)
			w.terraform("plan", "-detailed-exitcode").exits(0)
		})
	}
	t.Run("unreadable", func(t *testing.T) {
		w.t = t
		w.chmod(0, 0o700)
		w.keepsState(w.databasePath(), "this user can't open", "give the user the right to")
		w.chmod(0o600, 0o700)
		w.terraform("plan", "-detailed-exitcode").exits(0)
	})
	w.t = t
	w.terraform("destroy").exits(0).says("6 destroyed")
}

// chmod changes the permissions of the database, of the files that SQLite keeps next to it, and of its directory.
func (w *workspace) chmod(file, directory fs.FileMode) {
	w.t.Helper()
	files, err := filepath.Glob(w.databasePath() + "*")
	for _, path := range files {
		err = errors.Join(err, os.Chmod(path, file))
	}
	if err := errors.Join(err, os.Chmod(filepath.Dir(w.databasePath()), directory)); err != nil {
		w.t.Fatal(err)
	}
}

// becomeNobody gives the workspace to a user without privileges, who runs its processes from now on. It copies
// Terraform, which that user may be unable to reach, as under root's home.
func (w *workspace) becomeNobody() {
	w.t.Helper()
	const nobody = 65534
	terraform, err := os.ReadFile(terraformPath(w.t))
	w.program = w.path("terraform")
	err = errors.Join(
		err,
		os.WriteFile(w.program, terraform, 0o700),
		filepath.WalkDir(w.dir, func(path string, _ fs.DirEntry, err error) error {
			return errors.Join(err, os.Chown(path, nobody, nobody))
		}),
		os.Chmod(filepath.Dir(w.dir), 0o755), // the folder of the test, around that of the workspace
	)
	if err != nil {
		w.t.Fatal(err)
	}
	w.env = append(w.env, "HOME="+w.dir, "TMPDIR="+w.dir)
	w.adjust = func(cmd *exec.Cmd) {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	}
}

// changesNothing checks that every way to change or destroy fails and prints these texts, that a plan without changes
// succeeds or prints them too, and that the state stays as it is.
func (w *workspace) changesNothing(says ...string) {
	w.t.Helper()
	before := w.state()
	if plan := w.terraform("plan", "-detailed-exitcode"); plan.code != 0 {
		plan.exits(1).says(says...)
	}
	for _, run := range [][]string{{"apply", change}, {"destroy"}, {"apply", change, "-refresh=false"},
		{"destroy", "-refresh=false"}} {
		w.terraform(run[0], run[1:]...).exits(1).says(says...).says("It stays in the Terraform state.").saysNot("panic")
		if after := w.state(); !maps.EqualFunc(before, after, func(a, b json.RawMessage) bool { return bytes.Equal(a, b) }) {
			w.t.Errorf("terraform %s changed the state: it had %s, now %s, or other attributes", run, before.addresses(),
				after.addresses())
		}
	}
}

// TestFullDisk fills the database's disk.
func TestFullDisk(t *testing.T) {
	w := newWorkspace(t)
	disk := t.TempDir()
	if err := unix.Mount("tmpfs", disk, "tmpfs", 0, "mode=0700,size=96m"); err != nil {
		t.Skipf("only root can make a small disk to fill: %s", err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(disk, 0); err != nil {
			t.Error(err)
		}
	})
	w.database = filepath.Join(disk, "latchkey.db")
	w.configure(everyKind)
	w.terraform("apply").exits(0).says("6 added")

	filler := filepath.Join(disk, "filler")
	fill := func() {
		if err := os.WriteFile(filler, make([]byte, 96<<20), 0o600); !errors.Is(err, unix.ENOSPC) {
			t.Fatalf("the disk is not full: %v", err)
		}
	}
	fill()
	w.changesNothing(w.databasePath(), "full", "space")
	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	w.terraform("plan", "-detailed-exitcode").exits(0)
	w.latchkey("doctor").exits(0)
	w.terraform("destroy").exits(0).says("6 destroyed")

	// There is no room for a new database either, and none is left half-written.
	fresh := newWorkspace(t)
	fresh.database = filepath.Join(disk, "fresh.db")
	fill()
	fresh.configure(everyKind)
	fresh.terraform("apply").exits(1).says(fresh.databasePath(), "full", "free some space")
	if rest, _ := filepath.Glob(filepath.Join(disk, "*fresh*")); len(rest) > 0 {
		t.Errorf("left behind: %s", rest)
	}
}
