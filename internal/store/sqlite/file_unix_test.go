//go:build unix

package sqlite

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/store"
)

// nobody is a user without rights.
const nobody = 65534

// asOrdinaryUser runs the calling test in a process of its own without the rights of root, where this one has them, and
// reports whether it did.
func asOrdinaryUser(t *testing.T) bool {
	t.Helper()
	if os.Getuid() != 0 {
		return false
	}
	directory, err := os.MkdirTemp("", "ordinary-user-") //nolint:usetesting // only its owner gets into t.TempDir
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(directory) })
	program := filepath.Join(directory, "test")
	copyProgram(t, program)
	if err := os.Chown(directory, nobody, nobody); err != nil {
		t.Fatal(err)
	}
	runAgain(t, program, directory, &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}})
	return true
}

// copyProgram copies this program to where every user can start it.
func copyProgram(t *testing.T, path string) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	from, err := os.Open(self)
	if err != nil {
		t.Fatal(err)
	}
	defer from.Close()
	to, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY, 0o755)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(to, from); err != nil {
		t.Fatal(err)
	}
	if err := to.Close(); err != nil {
		t.Fatal(err)
	}
}

// runAgain runs the calling test in a process of its own.
func runAgain(t *testing.T, program, directory string, attributes *syscall.SysProcAttr) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), program, "-test.run=^"+t.Name()+"$", "-test.v")
	cmd.Dir, cmd.SysProcAttr = directory, attributes
	cmd.Env = []string{
		"TMPDIR=" + directory, "HOME=" + directory, "LATCHKEY_TEST_PROCESS=another", "OWNERS=" + os.Getenv("OWNERS"),
	}
	output, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(output), "--- PASS: "+t.Name()) {
		t.Fatalf("%v\n%s", err, output)
	}
}

func TestFilesAreForTheirOwnerAlone(t *testing.T) {
	for _, umask := range []int{0, 0o022, 0o777} {
		before := syscall.Umask(0o022)
		path := filepath.Join(t.TempDir(), "latchkey.db")
		syscall.Umask(umask)
		s := openStore(t, path)
		err := s.WriteOrMake(t.Context(), found, func(tx store.Tx) error { return insertGroups(t, tx, 1) })
		syscall.Umask(before)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{path, path + "-wal", path + "-shm"} {
			info, err := os.Stat(name)
			if err != nil {
				t.Fatal(err)
			}
			if info.Mode().Perm() != 0o600 {
				t.Errorf("umask %#o: %s has mode %s", umask, filepath.Base(name), info.Mode())
			}
		}
	}
}

// A file that its owner opened to others stays so: it may be meant.
func TestModeOfAnExistingFileStays(t *testing.T) {
	path := newDatabase(t, 1)
	if err := os.Chmod(path, 0o640); err != nil {
		t.Fatal(err)
	}
	if err := openStore(t, path).Write(t.Context(),
		func(tx store.Tx) error { return insertGroups(t, tx, 1) }); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o640 {
		t.Errorf("got mode %s, %v; want it as it was", info.Mode(), err)
	}
}

func TestFilesWithoutPermission(t *testing.T) {
	if asOrdinaryUser(t) {
		return
	}
	write := func(tx store.Tx) error { return insertGroups(t, tx, 1) }
	chmod := func(t *testing.T, path string, mode os.FileMode) {
		t.Helper()
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
	}
	directoryOf := func(t *testing.T, path string, mode os.FileMode) {
		t.Helper()
		chmod(t, filepath.Dir(path), mode)
		t.Cleanup(func() { chmod(t, filepath.Dir(path), 0o700) })
	}
	t.Run("unreadable file", func(t *testing.T) {
		path := newDatabase(t, 1)
		chmod(t, path, 0)
		wantUnusable(t, openStore(t, path), "this user can't open", "right to read and write")
	})
	t.Run("read-only file", func(t *testing.T) {
		path := newDatabase(t, 1)
		chmod(t, path, 0o400)
		s := openStore(t, path)
		wantUnavailable(t, "a write", s.Write(t.Context(), write), path, "this user can't write to", "right to write")
		wantUnavailable(t, "a write that makes a database", s.WriteOrMake(t.Context(), found, write), path,
			"this user can't write to")
	})
	t.Run("read-only file with an older schema", func(t *testing.T) {
		path, _ := oldDatabase(t)
		chmod(t, path, 0o400)
		wantUnusable(t, openStore(t, path), "schema version 1", "can't write to the file", "right to write")
	})
	t.Run("read-only directory", func(t *testing.T) {
		path := newDatabase(t, 1)
		directoryOf(t, path, 0o500)
		s := openStore(t, path)
		if groups, err := readGroups(t.Context(), s); err != nil || len(groups) != 1 {
			t.Errorf("a read: got %d groups, %v", len(groups), err)
		}
		wantUnavailable(t, "a write", s.Write(t.Context(), write), path, "this user can't write to", "directory")
	})
	t.Run("unreachable directory", func(t *testing.T) {
		path := newDatabase(t, 1)
		directoryOf(t, path, 0)
		wantUnusable(t, openStore(t, path), "can't be reached", "permissions of its directories")
	})
	t.Run("new database in a read-only directory", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "latchkey.db")
		directoryOf(t, path, 0o500)
		s := openStore(t, path)
		wantUnavailable(t, "a write that makes a database", s.WriteOrMake(t.Context(), found, write), path,
			"may not write to the directory", "permissions")
		if _, err := readGroups(t.Context(), s); err == nil || !strings.Contains(err.Error(), "there is no database") {
			t.Errorf("a read: got %v", err)
		}
	})
}
