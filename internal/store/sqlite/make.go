package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/store"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// make makes a database that found begins. Where another process was first its database stays.
func (f databaseFile) make(ctx context.Context, found store.Found) error {
	err := f.create(func(draft databaseFile) error { return draft.begin(ctx, found) })
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	return f.explainMaking(err)
}

// begin makes the tables in an empty file, in which found writes what the database begins with.
func (f databaseFile) begin(ctx context.Context, found store.Found) error {
	return f.build(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, fmt.Sprintf("PRAGMA application_id = %d", applicationID)); err != nil {
			return err
		}
		if err := migrate(ctx, tx, 0, true); err != nil {
			return err
		}
		return found(ctx, store.NewTx(tokens.Database{}, tx))
	})
}

// create has build fill an empty file beside the path and gives it that name at the end, so that no other process ever
// sees half of a database, and what has the name already stays: then fs.ErrExist is within the error.
func (f databaseFile) create(build func(draft databaseFile) error) error {
	return f.withDraft(build, func(draft databaseFile) error {
		if err := f.checkLeftovers(); err != nil {
			return err
		}
		if err := os.Link(draft.path, f.path); err != nil {
			return err
		}
		return syncDirectory(filepath.Dir(f.path))
	})
}

// withDraft has build fill an empty file beside the path, and use do something with it when it is on the disk.
// Afterwards the name of that file is gone.
func (f databaseFile) withDraft(build, use func(draft databaseFile) error) (err error) {
	draft, err := f.draft()
	if err != nil {
		return err
	}
	defer func() {
		for _, suffix := range fileSuffixes {
			if gone := os.Remove(draft.path + suffix); gone != nil && !errors.Is(gone, fs.ErrNotExist) {
				err = errors.Join(err, gone)
			}
		}
	}()
	if err := build(draft); err != nil {
		return err
	}
	if err := syncFile(draft.path); err != nil {
		return err
	}
	return use(draft)
}

// checkLeftovers refuses a path at which no database is, but what SQLite would take for the log of a new one.
func (f databaseFile) checkLeftovers() error {
	for _, suffix := range []string{"-wal", "-journal"} {
		if info, err := os.Stat(f.path + suffix); err != nil || info.Size() == 0 {
			continue
		}
		// A log that was not there before its database is that of a database which another process has just made.
		if _, err := os.Lstat(f.path); err != nil {
			return tokens.Unavailable(nil,
				"there is no database at %s, but the log %s of one that was there, which would ruin a new database: "+
					"put the file back that belongs to the log, or move the log away", f.path, f.path+suffix)
		}
	}
	return nil
}

// draft makes an empty file beside the path that its owner alone can read and write, whatever the umask.
func (f databaseFile) draft() (databaseFile, error) {
	file, err := os.CreateTemp(filepath.Dir(f.path), "."+filepath.Base(f.path)+".new-*")
	if err != nil {
		return f, err
	}
	err = errors.Join(file.Chmod(0o600), file.Close())
	if err != nil {
		return f, errors.Join(err, os.Remove(file.Name()))
	}
	return databaseFile{file.Name(), f.busyTimeout, f.trusted}, nil
}

// build writes to a file that no other process knows and closes it, with all of it in the one file, which every
// connection from then on uses in WAL mode. The lock for this one alone needs no memory shared with others, which some
// disks lack on which a backup may well lie.
func (f databaseFile) build(ctx context.Context, fill func(*sql.Tx) error) error {
	db, err := f.alone("mode=rw&_journal_mode=WAL")
	if err != nil {
		return err
	}
	err = inTransaction(ctx, db, fill)
	if err == nil {
		_, err = db.ExecContext(ctx, `PRAGMA wal_checkpoint(TRUNCATE)`)
	}
	if err = errors.Join(err, db.Close()); err != nil {
		return err
	}
	if _, err := os.Stat(f.path + "-wal"); !errors.Is(err, fs.ErrNotExist) {
		return tokens.Unavailable(err, "the new database could not be completed, since SQLite left its log %s-wal behind: "+
			"check the disk and try again", f.path)
	}
	return nil
}

// syncFile waits until the content of a file is on the disk.
func syncFile(path string) error {
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	return errors.Join(file.Sync(), file.Close())
}

// explainMaking says why no database could be made.
func (f databaseFile) explainMaking(err error) error {
	switch {
	case !failedOnFile(err):
		return err
	case errors.Is(err, fs.ErrNotExist):
		return f.explainDirectory(err)
	case errors.Is(err, fs.ErrPermission):
		return tokens.Unavailable(err,
			"no database can be made at %s: this user may not write to the directory; change the permissions or "+
				"name another path",
			f.path).Because(tokens.ReasonWrongPlace)
	case errors.Is(err, syscall.EROFS):
		return f.explainReadOnlyMedium(err)
	case diskIsFull(err):
		return f.explainFullDisk(err)
	}
	return tokens.Unavailable(err,
		"no database can be made at %s: name a path on a local file system that supports hard links, "+
			"in a directory to which this user can write", f.path).Because(tokens.ReasonWrongPlace)
}

// inTransaction runs fn in a transaction, which commits when fn returns nil.
func inTransaction(ctx context.Context, db *sql.DB, fn func(*sql.Tx) error) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() //nolint:errcheck // after a commit there is nothing to roll back; before it, the first error counts
	if err := fn(tx); err != nil {
		return err
	}
	return tx.Commit()
}
