package sqlite

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	sqlite3 "modernc.org/sqlite/lib"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/store"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// Restore puts a backup in the place of a database.
//
// What it replaces is moved aside, whole. The order is what makes it safe to be killed, or to lose power, at any step:
//
//  1. A copy of the backup is made beside the database, under a name of its own, and is on the disk.
//  2. Where the database can be read its log is written back into the file, and the right to write it is taken and kept
//     until the end. From then on the file is complete without its log, and another process that waits for that right finds
//     that the path names another file, and does nothing.
//  3. The file is moved aside. Nobody opens it from now on, so that nobody makes a new log.
//  4. Its log is moved aside, too: a new database that found the log of another one would be ruined.
//  5. The copy gets the name, unless someone else took it.
//
// So there is the old database, or none and both files beside, or the new database.
type Restore struct {
	// Backup is the path of the backup, Path that of the database.
	Backup, Path string
	// Fill, where it is set, fills a database without rows that takes the place of the one at Path instead of a backup, and
	// returns its identity.
	Fill func(ctx context.Context, tx store.Tx) (tokens.Database, error)
	// Aside ends the names of the files that are moved aside.
	Aside string
	// Another means that even a database that is not the one of which the backup is one may be replaced, or that of
	// another program.
	Another bool
	// Sealed means that only a database that was moved elsewhere may be replaced.
	Sealed bool
	// Note writes into the restored database, which has the schema of this program by then.
	Note store.Found
	// reach is called at each step, and patience is how long to wait for others, in tests.
	reach    func(step string)
	patience time.Duration
}

// Check refuses what Run refuses because of what is at the path, as far as it can be told without taking it over: for a
// backup of the database with an identity.
func (r Restore) Check(ctx context.Context, identity string) (err error) {
	_, f, err := r.files(ctx)
	if err != nil {
		return err
	}
	if file, err := f.toTakeOver(); file == nil {
		return err
	}
	db, err := f.pool("mode=ro&_query_only=true")
	if err != nil {
		return err
	}
	err = r.mayReplace(ctx, f, db, identity)
	if isBeyondReading(err) {
		err = nil
	}
	return store.Explain(f, errors.Join(err, db.Close()))
}

// Run restores the backup and returns the paths to which files were moved. CodeInvalid for a backup that is the
// database; CodeConflict for a database of another identity; CodeUnavailable for a backup that is not sound, and for a
// database that others don't let go of.
func (r Restore) Run(ctx context.Context) (moved []string, err error) {
	backup, f, err := r.files(ctx)
	if err != nil {
		return nil, err
	}
	if _, err := f.toTakeOver(); err != nil {
		return nil, err
	}
	var identity string
	note := func(ctx context.Context, tx store.Tx) error {
		identity = tx.Database().ID
		return r.Note(ctx, tx)
	}
	err = f.withDraft(func(draft databaseFile) error {
		if r.Fill == nil {
			return backup.copyTo(ctx, draft, backup.untouched(), true, note)
		}
		return draft.begin(ctx, func(ctx context.Context, tx store.Tx) error {
			database, err := r.Fill(ctx, tx)
			if err != nil {
				return err
			}
			return note(ctx, tx.Of(database))
		})
	}, func(draft databaseFile) error {
		r.reached("copied")
		moved, err = r.replace(ctx, f, draft, identity)
		return err
	})
	if err != nil {
		return nil, store.Explain(f, f.explainMaking(err))
	}
	return moved, nil
}

// files returns the files of the backup and of the database, whose places can be trusted.
func (r Restore) files(ctx context.Context) (backup, f databaseFile, err error) {
	if r.Fill == nil {
		if backup, err = newDatabaseFile("backup", r.Backup); err != nil {
			return backup, f, err
		}
	}
	if f, err = newDatabaseFile("database", r.Path); err != nil {
		return backup, f, err
	}
	f.busyTimeout = cmp.Or(r.patience, busyTimeout)
	if target, linkErr := filepath.EvalSymlinks(f.path); linkErr == nil {
		f.path = target // SQLite keeps its files beside the one to which a link leads
	}
	if r.Fill != nil {
		return backup, f, f.checkPlace(ctx)
	}
	if isSameFile(backup.path, f.path) {
		return backup, f, tokens.Invalid("", "%s is the database itself: name a backup of it", r.Backup)
	}
	return backup, f, cmp.Or(backup.checkPlace(ctx), f.checkPlace(ctx))
}

func (r Restore) reached(step string) {
	if r.reach != nil {
		r.reach(step)
	}
}

// isSameFile reports whether two paths name one file.
func isSameFile(a, b string) bool {
	one, err := os.Stat(a)
	if err != nil {
		return false
	}
	other, err := os.Stat(b)
	return err == nil && os.SameFile(one, other)
}

// replace puts a draft with an identity in the place of the file, and returns the paths to which that was moved.
func (r Restore) replace(ctx context.Context, f, draft databaseFile, identity string) (moved []string, err error) {
	release, err := r.takeOver(ctx, f, identity)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, release()) }()
	r.reached("taken over")
	if !movesOpenFiles {
		if err := release(); err != nil {
			return nil, err
		}
	}
	aside := f.asideOf(r.Aside)
	for _, suffix := range fileSuffixes {
		if err := os.Rename(f.path+suffix, aside+suffix); errors.Is(err, fs.ErrNotExist) {
			continue
		} else if err != nil {
			return nil, errors.Join(err, f.moveBack(aside))
		}
		moved = append(moved, aside+suffix)
		r.reached("moved " + suffix)
	}
	switch err := os.Link(draft.path, f.path); {
	case errors.Is(err, fs.ErrExist):
		return nil, tokens.Unavailable(err,
			"another process made a new database at %s during the restore; the one that was there before is now %s: "+
				"stop the programs that use the path, and restore again", f.path, aside)
	case err != nil:
		return nil, errors.Join(err, f.moveBack(aside))
	}
	r.reached("replaced")
	return moved, syncDirectory(filepath.Dir(f.path))
}

// moveBack undoes that the files of a database were moved aside. The database is first, and takes no name that someone
// else took.
func (f databaseFile) moveBack(aside string) error {
	for _, suffix := range fileSuffixes {
		switch err := os.Link(aside+suffix, f.path+suffix); {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			return fmt.Errorf("the database is now %s: %w", aside, err)
		default:
			if err := os.Remove(aside + suffix); err != nil {
				return err
			}
		}
	}
	return nil
}

// asideOf returns a path beside the file at which nothing is.
func (f databaseFile) asideOf(ending string) string {
	isTaken := func(path string) bool {
		for _, suffix := range fileSuffixes {
			if _, err := os.Lstat(path + suffix); err == nil {
				return true
			}
		}
		return false
	}
	path := f.path + ending
	for n := 2; isTaken(path); n++ {
		path = fmt.Sprintf("%s%s-%d", f.path, ending, n)
	}
	return path
}

// toTakeOver returns the file where SQLite may be able to read it; nil where nothing or nothing but a name is there.
// What can't be replaced is an error.
func (f databaseFile) toTakeOver() (fs.FileInfo, error) {
	file, err := os.Lstat(f.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err == nil && file.Mode().IsRegular():
		if file.Size() == 0 {
			return nil, nil
		}
		return file, nil
	}
	return f.look()
}

// takeOver takes the right to write the file, with nothing in its log, and returns what gives it up. A file that SQLite
// can't read is left as it is.
func (r Restore) takeOver(ctx context.Context, f databaseFile, identity string) (release func() error, err error) {
	nothing := func() error { return nil }
	file, err := f.toTakeOver()
	if file == nil {
		return nothing, err
	}
	db, err := f.pool("mode=rw&_txlock=immediate")
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	tx, err := r.lock(ctx, f, db, identity)
	if err != nil {
		if isBeyondReading(err) {
			return nothing, db.Close()
		}
		return nil, errors.Join(err, db.Close())
	}
	release = func() error {
		if err := tx.Rollback(); err != nil && !errors.Is(err, sql.ErrTxDone) {
			return err
		}
		return db.Close()
	}
	if err := f.stillNames(file); err != nil {
		return nil, errors.Join(err, release())
	}
	return release, nil
}

// lock begins the transaction that may write, when nothing is in the log.
func (r Restore) lock(ctx context.Context, f databaseFile, db *sql.DB, identity string) (*sql.Tx, error) {
	if err := r.mayReplace(ctx, f, db, identity); err != nil {
		return nil, err
	}
	// Others may write between the two statements, but hardly every time.
	const attempts = 100
	for range attempts {
		var busy, pages, written int
		if err := db.QueryRowContext(ctx, `PRAGMA wal_checkpoint(TRUNCATE)`).Scan(&busy, &pages, &written); err != nil {
			return nil, err
		}
		if busy != 0 {
			break
		}
		tx, err := db.BeginTx(context.WithoutCancel(ctx), nil) // half-way through there is no stopping
		if err != nil {
			return nil, err
		}
		log, err := os.Stat(f.path + "-wal")
		if isEmpty := errors.Is(err, fs.ErrNotExist) || err == nil && log.Size() == 0; isEmpty {
			if err := r.checkSeal(ctx, f, tx); err != nil {
				return nil, errors.Join(err, tx.Rollback())
			}
			return tx, nil
		}
		if err := tx.Rollback(); err != nil {
			return nil, err
		}
	}
	return nil, tokens.Unavailable(nil,
		"database %s is in use and could not be taken over; nothing was changed: stop the programs that read or "+
			"write it, "+
			"such as a tool left open, and try again", f.path)
}

// checkSeal refuses a database that is in use, where it may not be.
func (r Restore) checkSeal(ctx context.Context, f databaseFile, tx *sql.Tx) error {
	if !r.Sealed {
		return nil
	}
	database, err := store.Identify(ctx, tx, f.path)
	if err != nil {
		return err
	}
	movedTo, err := store.NewView(database, tx).MovedTo(ctx)
	if err == nil && movedTo == "" {
		err = store.InUse(f.path, database.ID)
	}
	return err
}

// mayReplace refuses a database that is not the one with the identity.
func (r Restore) mayReplace(ctx context.Context, f databaseFile, db *sql.DB, identity string) error {
	if r.Another {
		return nil
	}
	var application int
	if err := db.QueryRowContext(ctx, `PRAGMA application_id`).Scan(&application); err != nil {
		return err
	}
	if application != applicationID {
		return tokens.Conflict("", "",
			"%s is a database of another program, which is replaced only on request: check the path",
			f.path).Because(tokens.ReasonOtherDatabase)
	}
	var present string
	err := db.QueryRowContext(ctx, `SELECT id FROM database`).Scan(&present)
	if errors.Is(err, sql.ErrNoRows) || err == nil && present == identity {
		return nil
	}
	if err != nil {
		return err
	}
	return tokens.Conflict("", present,
		"%s is database %s, but the backup is of database %s, and what refers to one does not fit the other: "+
			"check both paths",
		f.path, present, identity).Because(tokens.ReasonOtherDatabase)
}

// Beyond counts what the database holds and the backup does not: changes, as far as they were counted, and events.
func (r Restore) Beyond(ctx context.Context) (changes, events int64, err error) {
	from, err := newDatabaseFile("backup", r.Backup)
	if err != nil {
		return 0, 0, err
	}
	f, err := newDatabaseFile("database", r.Path)
	if err != nil {
		return 0, 0, err
	}
	db, err := f.pool("mode=ro&_query_only=true")
	if err != nil {
		return 0, 0, err
	}
	defer func() { err = store.Explain(f, errors.Join(err, db.Close())) }()
	db.SetMaxOpenConns(1) // a database is attached to one connection
	if _, err := db.ExecContext(ctx, `ATTACH $1 AS backup`, from.dsn(from.untouched())); err != nil {
		return 0, 0, err
	}
	err = db.QueryRowContext(ctx,
		`SELECT count(*) FROM main.events WHERE id NOT IN (SELECT id FROM backup.events)`).Scan(&events)
	if err != nil {
		return 0, 0, err
	}
	hasMarks := map[string]bool{}
	for _, schema := range []string{"main", "backup"} {
		var version int
		if err := db.QueryRowContext(ctx, `PRAGMA `+schema+`.user_version`).Scan(&version); err != nil {
			return 0, 0, err
		}
		hasMarks[schema] = store.HasMarks(version)
	}
	switch {
	case !hasMarks["main"]:
		return 0, events, nil
	case !hasMarks["backup"]:
		err = db.QueryRowContext(ctx, `SELECT count(*) FROM main.marks`).Scan(&changes)
	default:
		err = db.QueryRowContext(ctx, `SELECT count(*) FROM main.marks m WHERE NOT EXISTS
			(SELECT 1 FROM backup.marks b WHERE b.serial = m.serial AND b.mark = m.mark)`).Scan(&changes)
	}
	return changes, events, err
}

// isBeyondReading reports whether what is in a file, or the disk, keeps SQLite from reading it.
// SQLITE_ERROR is the lack of a table that each database of ours has.
func isBeyondReading(err error) bool {
	switch resultCode(err) & primary {
	case sqlite3.SQLITE_ERROR, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_IOERR:
		return true
	}
	return false
}
