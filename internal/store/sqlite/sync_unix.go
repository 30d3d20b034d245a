//go:build unix

package sqlite

import (
	"errors"
	"os"
)

// movesOpenFiles reports whether a file can get another name while it is open.
const movesOpenFiles = true

// syncDirectory waits until the names in a directory are on the disk.
func syncDirectory(path string) error {
	directory, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(directory.Sync(), directory.Close())
}
