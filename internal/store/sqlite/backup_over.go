package sqlite

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/store"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// BackupOver is Backup that takes the place of an older copy of the same database, if there is one, in one step: whoever
// opens the path finds the one or the other. CodeConflict for anything else at the path, and for a copy that holds
// changes which the new one lacks.
func BackupOver(ctx context.Context, path, backup string, note store.Found) error {
	from, to, err := backupFiles(ctx, path, backup)
	if err != nil {
		return err
	}
	if isSameFile(from.path, to.path) {
		return tokens.Invalid("", "%s is the database itself: name another file", to.path)
	}
	return to.beBackupOver(ctx, func(draft databaseFile) error { return from.copyTo(ctx, draft, "mode=rw", false, note) })
}

// beBackupOver gives the path to what build makes, also in the place of an older copy of the same.
func (f databaseFile) beBackupOver(ctx context.Context, build func(draft databaseFile) error) error {
	present, err := os.Lstat(f.path)
	if errors.Is(err, fs.ErrNotExist) {
		return f.explainBackup(f.create(build))
	}
	if err == nil {
		err = f.withDraft(build, func(draft databaseFile) error {
			if err := f.mayGiveWayTo(ctx, draft, present); err != nil {
				return err
			}
			if err := os.Rename(draft.path, f.path); err != nil {
				return err
			}
			return syncDirectory(filepath.Dir(f.path))
		})
	}
	return f.explainBackup(err)
}

// mayGiveWayTo refuses to lose what the file that was present at the path alone holds, for a draft of a new copy.
func (f databaseFile) mayGiveWayTo(ctx context.Context, draft databaseFile, present fs.FileInfo) error {
	if !present.Mode().IsRegular() {
		return f.explainKept("it is not a regular file", nil)
	}
	for _, suffix := range fileSuffixes[1:] {
		if _, err := os.Lstat(f.path + suffix); err == nil {
			return f.explainKept(filepath.Base(f.path)+suffix+" lies beside it, so it is in use as a database, or was left in use",
				nil)
		}
	}
	old := f.inspect(ctx, still)
	switch {
	case old.Unusable != nil:
		return f.explainKept("it can't be read as a copy of the database", old.Unusable)
	case len(old.Damage) > 0 || len(old.Unsound) > 0:
		return f.explainKept("it is damaged: "+append(old.Damage, old.Unsound...)[0], nil)
	}
	if err := draft.holds(ctx, f, old); err != nil {
		return err
	}
	if now, err := os.Lstat(f.path); err != nil || !os.SameFile(present, now) || !now.ModTime().Equal(present.ModTime()) {
		return f.explainKept("somebody changed it in the meantime", nil)
	}
	return nil
}

// explainKept says why what is at the path stays there.
func (f databaseFile) explainKept(why string, cause error) error {
	kept := tokens.Conflict("", "", "%s was not replaced: %s; name another file, or move that one away", f.path, why)
	kept.Err = cause
	return kept
}

// holds refuses a draft that lacks changes which an older copy holds.
func (f databaseFile) holds(ctx context.Context, older databaseFile, old Inspection) (err error) {
	db, err := f.pool(still + "&_query_only=true")
	if err != nil {
		return err
	}
	db.SetMaxOpenConns(1) // a database is attached to one connection
	defer func() { err = errors.Join(err, db.Close()) }()
	s, err := readSchema(ctx, db)
	if err != nil {
		return err
	}
	database, err := store.Identify(ctx, db, f.path)
	if err != nil {
		return err
	}
	if database.ID != old.Database.ID {
		return older.explainKept("it is a copy of another database, "+old.Database.ID+", and this one is "+database.ID, nil)
	}
	v := store.NewView(database, db)
	past := tokens.Past{Newest: tokens.Mark{Database: database.ID}}
	if store.HasMarks(s.version) {
		if past, err = v.Past(ctx, old.Mark); err != nil {
			return err
		}
	}
	// That somebody put the database back on purpose doesn't count here: the copy may be the only one of what it lacks.
	if old.Mark.Serial > 0 && old.Mark.Value != past.SameSerial {
		return older.explainKept("it goes until "+old.Mark.Until()+", and holds changes which the database, until "+
			past.Newest.Until()+", lacks: it is newer, or one of them was put back or went its own way. Find out which of them "+
			"is right", nil)
	}
	if old.Mark.Serial > 0 {
		return nil
	}
	// Before changes were counted, the events alone tell.
	lacks, err := f.lacksEvents(ctx, db, older)
	if err == nil && lacks {
		err = older.explainKept("it holds events which the database lacks: it is newer, or one of them went its own way. "+
			"Find out which of them is right", nil)
	}
	return err
}

// lacksEvents reports whether an older copy holds events of changes that are not in the file, apart from those that were
// pruned since.
func (f databaseFile) lacksEvents(ctx context.Context, db *sql.DB, older databaseFile) (lacks bool, err error) {
	if _, err := db.ExecContext(ctx, `ATTACH $1 AS older`, older.dsn(still)); err != nil {
		return false, err
	}
	err = db.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM older.events WHERE outcome = $1 AND action <> $2
		AND number >= (SELECT coalesce(min(number), 0) FROM main.events) AND id NOT IN (SELECT id FROM main.events))`,
		string(tokens.OutcomeDone), string(tokens.ActionDatabaseBackup)).Scan(&lacks)
	_, detached := db.ExecContext(ctx, `DETACH older`)
	return lacks, cmp.Or(err, detached)
}
