package sqlite

import (
	"errors"
	"io/fs"
	"os"
	"syscall"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// primary is the part of an error code of SQLite that says what kind of error it is.
const primary = 0xff

// Explain implements store.Engine. It says what an error of SQLite means for the one who runs this program, and what to
// do. All of them are CodeUnavailable: none of them says anything about an object.
func (f databaseFile) Explain(err error) error {
	var failure *sqlite.Error
	if !errors.As(err, &failure) {
		return tokens.Unavailable(err, "database %s can't be used", f.path).Because(tokens.ReasonDatabaseFailing)
	}
	switch failure.Code() & primary {
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_PROTOCOL:
		return tokens.Unavailable(err,
			"another process has locked database %s for more than %s; nothing was changed: find that process, "+
				"such as a backup or a tool left open, and try again", f.path, f.busyTimeout)
	case sqlite3.SQLITE_READONLY:
		if failure.Code() == sqlite3.SQLITE_READONLY_DBMOVED {
			return f.explainMoved(err)
		}
		if f.isReadOnlyMedium() {
			return f.explainReadOnlyMedium(err)
		}
		return tokens.Unavailable(err,
			"this user can't write to database %s; nothing was changed: give the user the right to write to the "+
				"file, "+
				"its -wal and -shm files, and its directory", f.path)
	case sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM, sqlite3.SQLITE_AUTH:
		return tokens.Unavailable(err,
			"this user can't open database %s: give the user the right to read and write the file and its "+
				"directory, "+
				"where SQLite keeps the files -wal and -shm beside it", f.path)
	case sqlite3.SQLITE_FULL:
		return f.explainFullDisk(err)
	case sqlite3.SQLITE_NOTADB:
		return tokens.Unavailable(err,
			"the file %s is not an SQLite database: name another path, or restore the database from a backup",
			f.path).Because(tokens.ReasonWrongPlace)
	case sqlite3.SQLITE_CORRUPT:
		return tokens.Unavailable(err,
			"database %s is damaged: keep a copy of it with its -wal and -shm files, and restore it from a backup",
			f.path).Because(tokens.ReasonDatabaseFailing)
	case sqlite3.SQLITE_IOERR:
		return tokens.Unavailable(err,
			"the disk of database %s failed or is full: check its free space and its health, and try again", f.path).
			Because(tokens.ReasonDatabaseFailing)
	}
	return tokens.Unavailable(err, "database %s gave an unexpected error", f.path).Because(tokens.ReasonDatabaseFailing)
}

func (f databaseFile) explainDirectory(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return tokens.Unavailable(nil, "the directory of database %s does not exist: make it, or name another path",
			f.path).Because(tokens.ReasonNoDirectory)
	}
	return tokens.Unavailable(err,
		"the directory of database %s can't be reached: check the path and the permissions of its directories",
		f.path).Because(tokens.ReasonWrongPlace)
}

func (f databaseFile) explainReadOnlyMedium(err error) error {
	return tokens.Unavailable(err, "database %s is on a file system that is mounted read-only; nothing was changed: "+
		"mount it so that this user can write to it, or name a database elsewhere", f.path)
}

func (f databaseFile) explainMoved(err error) error {
	return tokens.Unavailable(err,
		"database %s was moved, removed or replaced while this program had it open; nothing was changed: "+
			"put it back and try again", f.path)
}

func (f databaseFile) explainFullDisk(err error) error {
	return tokens.Unavailable(err,
		"the disk of database %s is full; nothing was changed: free some space and try again", f.path)
}

// isReadOnly reports whether SQLite refused to write what this user may only read.
func isReadOnly(err error) bool {
	var failure *sqlite.Error
	return errors.As(err, &failure) && failure.Code()&primary == sqlite3.SQLITE_READONLY &&
		failure.Code() != sqlite3.SQLITE_READONLY_DBMOVED
}

// diskIsFull reports whether the operating system refused to write for want of space.
func diskIsFull(err error) bool { return errors.Is(err, syscall.ENOSPC) }

// failedOnFile reports whether the operating system refused something, as opposed to SQLite or to a rule.
func failedOnFile(err error) bool {
	if _, explained := errors.AsType[*tokens.Error](err); explained {
		return false
	}
	_, onFile := errors.AsType[*fs.PathError](err)
	_, onNames := errors.AsType[*os.LinkError](err)
	return onFile || onNames
}

// isFullDisk reports whether SQLite could not write for want of space.
func isFullDisk(err error) bool {
	return resultCode(err)&primary == sqlite3.SQLITE_FULL || resultCode(err) == sqlite3.SQLITE_IOERR_WRITE
}

// resultCode returns the extended code of an error of SQLite; 0 for another error.
func resultCode(err error) int {
	if failure, ok := errors.AsType[*sqlite.Error](err); ok {
		return failure.Code()
	}
	return 0
}
