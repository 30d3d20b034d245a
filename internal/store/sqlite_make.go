package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// make builds a whole database beside the path and gives it its name at the end, so that no other process ever sees half
// of one. Where another process was first its database stays, and this one is dropped.
func (f sqliteFile) make(ctx context.Context, found Found) (err error) {
	draft, err := f.draft()
	if err != nil {
		return f.explainMaking(err)
	}
	defer func() {
		for _, suffix := range []string{"", "-wal", "-shm", "-journal"} {
			if gone := os.Remove(draft.path + suffix); gone != nil && !errors.Is(gone, fs.ErrNotExist) {
				err = errors.Join(err, gone)
			}
		}
	}()
	if err := draft.build(ctx, found); err != nil {
		return err
	}
	if err := syncFile(draft.path); err != nil {
		return f.explainMaking(err)
	}
	if err := os.Link(draft.path, f.path); err != nil && !errors.Is(err, fs.ErrExist) {
		return f.explainMaking(err)
	}
	if err := syncDirectory(filepath.Dir(f.path)); err != nil {
		return f.explainMaking(err)
	}
	return nil
}

// draft makes an empty file beside the path that its owner alone can read and write, whatever the umask.
func (f sqliteFile) draft() (sqliteFile, error) {
	file, err := os.CreateTemp(filepath.Dir(f.path), "."+filepath.Base(f.path)+".new-*")
	if err != nil {
		return f, err
	}
	err = errors.Join(file.Chmod(0o600), file.Close())
	if err != nil {
		return f, errors.Join(err, os.Remove(file.Name()))
	}
	return sqliteFile{file.Name(), f.busyTimeout}, nil
}

// build fills an empty file and closes it, with all of it in the one file.
func (f sqliteFile) build(ctx context.Context, found Found) error {
	db, err := f.pool("mode=rw&_journal_mode=WAL")
	if err != nil {
		return err
	}
	err = inTransaction(ctx, db, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, fmt.Sprintf("PRAGMA application_id = %d", applicationID)); err != nil {
			return err
		}
		if err := f.migrate(ctx, tx, 0); err != nil {
			return err
		}
		return found(ctx, Tx{View{q: tx}, tx})
	})
	if err == nil {
		_, err = db.ExecContext(ctx, `PRAGMA wal_checkpoint(TRUNCATE)`)
	}
	if err = errors.Join(err, db.Close()); err != nil {
		return err
	}
	if _, err := os.Stat(f.path + "-wal"); !errors.Is(err, fs.ErrNotExist) {
		return tokens.Unavailable(err, "the new database could not be completed: SQLite left its log %s-wal behind; check the disk and try again", f.path)
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
func (f sqliteFile) explainMaking(err error) error {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return f.explainDirectory(err)
	case errors.Is(err, fs.ErrPermission):
		return tokens.Unavailable(err, "no database can be made at %s: the directory may not be written by this user; change its permissions or name another path", f.path)
	case diskIsFull(err):
		return f.explainFullDisk(err)
	}
	return tokens.Unavailable(err, "no database can be made at %s: name a path on a local disk whose file system has hard links, in a directory that this user can write", f.path)
}
