package sqlite

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/store"
)

// onSmallDisk runs the calling test in a process of its own, which alone sees a small file system at the path that this
// process passes on, and returns that path there. It returns no path where the test has been run so.
func onSmallDisk(t *testing.T) (path string) {
	t.Helper()
	if os.Getenv("LATCHKEY_TEST_PROCESS") == "" {
		self, err := os.Executable()
		if err != nil {
			t.Fatal(err)
		}
		attributes := &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS}
		if os.Getuid() != 0 {
			attributes.Cloneflags |= syscall.CLONE_NEWUSER
			attributes.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}}
		}
		runAgain(t, self, t.TempDir(), attributes)
		return ""
	}
	path = t.TempDir()
	if err := syscall.Mount("none", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, ""); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("tmpfs", path, "tmpfs", 0, "mode=0700,size=1m"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(path, syscall.MNT_DETACH) })
	return path
}

// fill writes to a disk until it takes no more, and returns what gives the space back.
func fill(t *testing.T, directory string) (free func()) {
	t.Helper()
	path := filepath.Join(directory, "ballast")
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for err == nil {
		_, err = file.Write(make([]byte, 4096))
	}
	if !errors.Is(err, syscall.ENOSPC) {
		t.Fatal(err)
	}
	return func() {
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
	}
}

func TestFullDisk(t *testing.T) {
	disk := onSmallDisk(t)
	if disk == "" {
		return
	}
	path := filepath.Join(disk, "latchkey.db")
	s := openStore(t, path)
	write := func(tx store.Tx) error { return insertGroups(t, tx, 20) }

	free := fill(t, disk)
	wantUnavailable(t, "making a database", s.WriteOrMake(t.Context(), found, write), path, "full", "free some space")
	free()
	if all := files(t, path); all != "" {
		t.Errorf("left behind: %s", all)
	}
	if err := s.WriteOrMake(t.Context(), found, write); err != nil {
		t.Fatal(err)
	}

	free = fill(t, disk)
	// The log has room for a few more writes, and then it has to grow.
	var err error
	groups := 20
	for err == nil {
		if err = s.Write(t.Context(), write); err == nil {
			groups += 20
		}
	}
	wantUnavailable(t, "a write", err, path, "full", "nothing was changed")
	if got, err := readGroups(t.Context(), s); err != nil || len(got) != groups {
		t.Errorf("a read on a full disk: %d groups, %v; want %d", len(got), err, groups)
	}
	free()
	if err := s.Write(t.Context(), write); err != nil {
		t.Errorf("a write when there is space again: %v", err)
	}
	if i, err := Inspect(t.Context(), path); err != nil || i.Unusable != nil || len(i.Damage) != 0 {
		t.Errorf("the database afterwards: %+v, %v", i, err)
	}
}
