package sqlite

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	sqlite3 "modernc.org/sqlite/lib"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// still are the options that read a file as one that nothing changes, without locks and without the files beside it.
// SQLite needs to write those to read a database that keeps a write-ahead log, so no other way reads one on a medium
// that can't be written.
//
// Whoever reads so compares the file before and after: another user, or another machine, may write what this user can't.
const still = "mode=ro&immutable=1"

// needsStillness reports whether SQLite could not open the file because it can't write beside it.
func (f databaseFile) needsStillness(err error) bool {
	switch resultCode(err) & primary {
	case sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY:
		return checkWritable(f.directory()) != nil
	}
	return false
}

// directory is the one in which SQLite keeps the files beside the database.
func (f databaseFile) directory() string {
	path, _ := f.followLinks()
	return filepath.Dir(path)
}

// isReadOnlyMedium reports whether nobody can write where the database lies.
func (f databaseFile) isReadOnlyMedium() bool {
	return errors.Is(checkWritable(f.directory()), syscall.EROFS)
}

// log returns the path of the write-ahead log.
func (f databaseFile) log() string {
	path, _ := f.followLinks()
	return path + "-wal"
}

// mayBeStill refuses to read a file as one that nothing changes if a log stands beside it: then the file alone is not
// the database.
func (f databaseFile) mayBeStill() error {
	if _, err := os.Lstat(f.log()); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	where := "this user can't open database %s, since this user can't write to its directory"
	if f.isReadOnlyMedium() {
		where = "database %s can't be read where it is, on a file system that is mounted read-only"
	}
	return tokens.Unavailable(nil, where+", and changes to it are still in its log %s, which SQLite can't read there: "+
		"open it once where it can be written, which puts them into the file, or copy the file and the log to where this "+
		"user can write, or give the user the right to read and write both and the directory", f.path, f.log())
}

// hasStayedStill fails if anything may have changed the file since it was looked at.
func (f databaseFile) hasStayedStill(file fs.FileInfo) error {
	if err := f.stillNames(file); err != nil {
		return err
	}
	now, err := os.Stat(f.path)
	if err != nil {
		return f.explainMoved(err)
	}
	_, logged := os.Lstat(f.log())
	if now.Size() == file.Size() && now.ModTime().Equal(file.ModTime()) && errors.Is(logged, fs.ErrNotExist) {
		return nil
	}
	return tokens.Unavailable(nil, "database %s was changed while this program read it without the right to write beside "+
		"it, so what it read may be wrong: try again", f.path)
}
