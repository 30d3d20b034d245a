//go:build unix

package sqlite

import (
	"io/fs"
	"syscall"

	"golang.org/x/sys/unix"
)

// hasOwners reports whether files have owners here, by whom a place can be judged.
const hasOwners = true

// ownerOf returns the owner of a file.
func ownerOf(info fs.FileInfo) (user, bool) {
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return 0, false
	}
	return user(stat.Uid), true
}

// checkWritable returns why this user can't write to a directory.
func checkWritable(directory string) error { return unix.Access(directory, unix.W_OK|unix.X_OK) }
