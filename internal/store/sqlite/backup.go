package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	sqlite3 "modernc.org/sqlite/lib"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/store"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// Backup copies the SQLite file at the path to a new file, while others go on with it. Nothing is written to the file
// itself, whose disk may be full. The copy holds what had been committed at one moment, and what note adds. It is a
// whole database in one file for its owner alone, and on the disk before it gets its name. CodeConflict where something
// has that name.
func Backup(ctx context.Context, path, backup string, note store.Found) error {
	from, to, err := backupFiles(ctx, path, backup)
	if err != nil {
		return err
	}
	return to.beBackup(func(draft databaseFile) error { return from.copyTo(ctx, draft, "mode=rw", false, note) })
}

// BackupFrom makes a new file, as Backup does, of what fill writes into a database with our schema and no rows.
func BackupFrom(ctx context.Context, backup string, fill store.Found) error {
	to, err := newBackupFile(ctx, backup)
	if err != nil {
		return err
	}
	return to.beBackup(filledBy(ctx, fill))
}

// BackupOverFrom is BackupOver of what fill writes into a database with our schema and no rows.
func BackupOverFrom(ctx context.Context, backup string, fill store.Found) error {
	to, err := newBackupFile(ctx, backup)
	if err != nil {
		return err
	}
	return to.beBackupOver(ctx, filledBy(ctx, fill))
}

// newBackupFile returns the file of a backup whose place can be trusted.
func newBackupFile(ctx context.Context, backup string) (to databaseFile, err error) {
	if to, err = newDatabaseFile("backup", backup); err == nil {
		err = to.checkPlace(ctx)
	}
	return to, err
}

// filledBy returns what builds a database that fill fills.
func filledBy(ctx context.Context, fill store.Found) func(draft databaseFile) error {
	return func(draft databaseFile) error { return draft.begin(ctx, fill) }
}

// beBackup gives the path to what build makes, unless something has it.
func (f databaseFile) beBackup(build func(draft databaseFile) error) error {
	if _, err := os.Lstat(f.path); err == nil {
		return f.explainBackup(fs.ErrExist)
	}
	return f.explainBackup(f.create(build))
}

// backupFiles returns the file of the database and that of its backup, whose places can be trusted.
func backupFiles(ctx context.Context, path, backup string) (from, to databaseFile, err error) {
	if from, err = newDatabaseFile("database", path); err != nil {
		return from, to, err
	}
	if to, err = newDatabaseFile("backup", backup); err != nil {
		return from, to, err
	}
	for _, f := range []databaseFile{from, to} {
		if err := f.checkPlace(ctx); err != nil {
			return from, to, err
		}
	}
	_, err = from.look()
	return from, to, err
}

// copyTo fills an empty file with what is committed at one moment, migrates that if asked to, and has note write into it.
// Errors of this file come explained, those of the empty one as they are.
func (f databaseFile) copyTo(
	ctx context.Context, empty databaseFile, options string, migrates bool, note store.Found,
) error {
	err := f.vacuumInto(ctx, empty, options, f.pool)
	if resultCode(err) == sqlite3.SQLITE_IOERR_SHMSIZE {
		// A full disk has no room for the memory that processes share. One that is alone needs none.
		err = f.vacuumInto(ctx, empty, options, f.alone)
	}
	if err != nil && options != still && f.needsStillness(err) {
		err = f.copyStill(ctx, empty)
	}
	if err != nil {
		if isFullDisk(err) { // nothing but the empty file grows
			return err
		}
		return store.Explain(f, err)
	}
	return empty.build(ctx, func(tx *sql.Tx) error {
		database, err := store.Identify(ctx, tx, f.path)
		if err != nil {
			return err
		}
		if migrates {
			if err := migrateFile(ctx, tx); err != nil {
				return err
			}
		}
		var version int
		if err := tx.QueryRowContext(ctx, `SELECT `+selectVersion).Scan(&version); err != nil {
			return err
		}
		return note(ctx, store.NewTx(database, tx).OnSchema(version))
	})
}

// copyStill copies what the file holds to an empty one, where nothing can be written beside it.
func (f databaseFile) copyStill(ctx context.Context, empty databaseFile) error {
	if err := f.mayBeStill(); err != nil {
		return err
	}
	file, err := f.look()
	if err != nil {
		return err
	}
	if err := f.vacuumInto(ctx, empty, still, f.pool); err != nil {
		return err
	}
	return f.hasStayedStill(file)
}

// vacuumInto copies what the file holds to an empty one.
func (f databaseFile) vacuumInto(
	ctx context.Context, empty databaseFile, options string, open func(options string) (*sql.DB, error),
) (err error) {
	db, err := open(options)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	c := newConnection(f, db)
	if err := f.identify(ctx, c); err != nil {
		return err
	}
	if c.isNewer() {
		return store.NewerSchema(f.path, c.SchemaVersion())
	}
	_, err = db.ExecContext(ctx, `VACUUM INTO $1`, empty.path)
	return err
}

// explainBackup says why there is no backup at the path.
func (f databaseFile) explainBackup(err error) error {
	if _, explained := errors.AsType[*tokens.Error](err); explained || err == nil {
		return err
	}
	switch {
	case errors.Is(err, fs.ErrExist):
		return tokens.Conflict("", "", "%s exists already: name another file, for instance with the time in its name",
			f.path).Because(tokens.ReasonBackupExists)
	case errors.Is(err, fs.ErrNotExist):
		return tokens.Unavailable(err,
			"the directory of the backup %s does not exist: make it, or name another path", f.path)
	case errors.Is(err, fs.ErrPermission):
		return tokens.Unavailable(err, "the backup %s can't be written: this user may not write to its directory; "+
			"change the permissions or name another path", f.path)
	case errors.Is(err, syscall.EROFS):
		return tokens.Unavailable(err, "the backup %s can't be written: its file system is mounted read-only; "+
			"name another path", f.path)
	case diskIsFull(err), isFullDisk(err):
		return tokens.Unavailable(err, "the disk of the backup %s is full, and no backup was made: free some space, "+
			"or name a path on another disk", f.path)
	case failedOnFile(err):
		return tokens.Unavailable(err,
			"the backup %s can't be written: name a path on a file system that supports hard links, "+
				"and copy the file from there", f.path)
	}
	return store.Explain(f, err)
}

// InspectBackup looks at a backup, which nothing writes, without changing anything.
func InspectBackup(ctx context.Context, path string) (Inspection, error) {
	f, err := newDatabaseFile("backup", path)
	if err != nil {
		return Inspection{}, err
	}
	i := f.inspect(ctx, f.untouched())
	if tokens.IsNoDatabase(i.Unusable) {
		i.Unusable = tokens.Unavailable(nil, "there is no backup at %s: check the path", f.path)
	}
	return i, nil
}

// untouched returns the options that read a file which nothing writes. It may lie on a disk that can't be written; only
// where its last program was killed, the log beside it is needed, too.
func (f databaseFile) untouched() string {
	if _, err := os.Lstat(f.log()); err == nil {
		return "mode=ro"
	}
	return still
}

// BackupSource is a backup whose rows another engine restores.
type BackupSource struct{ Path string }

// Read runs fn on what the backup holds, with our schema. CodeUnavailable.
func (b BackupSource) Read(ctx context.Context, fn func(store.View) error) (err error) {
	from, err := newDatabaseFile("backup", b.Path)
	if err != nil {
		return err
	}
	if err := from.checkPlace(ctx); err != nil {
		return err
	}
	directory, err := os.MkdirTemp("", "latchkey-restore-")
	if err != nil {
		return from.explainBackup(err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(directory)) }()
	f, err := newDatabaseFile("backup", filepath.Join(directory, "backup.db"))
	if err != nil {
		return err
	}
	// It may have an older schema, and lie where nothing can be written.
	err = f.create(func(draft databaseFile) error {
		return from.copyTo(ctx, draft, from.untouched(), true, func(context.Context, store.Tx) error { return nil })
	})
	if err != nil {
		return from.explainBackup(err)
	}
	opened, err := f.Connect(ctx, nil)
	if err != nil {
		return store.Explain(f, err)
	}
	defer func() { err = errors.Join(err, opened.Close()) }()
	return opened.ReadAtOnce(ctx, fn)
}
