package service

import (
	"context"
	"fmt"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/store"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/store/postgres"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/store/sqlite"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// Restore replaces a database with a backup.
type Restore struct {
	// Options name the database and supply the clock.
	Options Options
	// Actor is who restores. It is not a principal: anyone who can replace the file owns the database.
	Actor tokens.Actor
	// ClaimedRun is the run of a pipeline in which the actor claims to restore; empty for none.
	ClaimedRun string
	// File is the path of the backup.
	File string
	// ReplaceAnother allows replacing a database that File is not a backup of, or one of another program.
	ReplaceAnother bool
}

// Look returns what Run would do, and changes nothing. It returns the same codes as Run.
func (r Restore) Look(ctx context.Context) (tokens.Restoration, error) {
	restoration, _, err := r.look(ctx)
	return restoration, err
}

// Run moves the database aside and puts the backup in its place. CodeInvalid if the backup is the database itself;
// CodeConflict for a database with another identity, unless ReplaceAnother is set; CodeUnavailable for a damaged backup
// and for a database that others are using.
func (r Restore) Run(ctx context.Context) (tokens.Restoration, error) {
	restoration, by, err := r.look(ctx)
	if err != nil {
		return restoration, err
	}
	restoration.MovedTo, err = by.Run(ctx)
	if err != nil {
		return tokens.Restoration{}, err
	}
	return restoration, nil
}

// replacedEnding is the layout, with the time, of what ends the name of a database that was moved out of the way.
const replacedEnding = ".replaced-20060102T150405Z"

// look returns what the restore will do, for people and for the store.
func (r Restore) look(ctx context.Context) (none tokens.Restoration, by replacement, err error) {
	now := asStored(r.Options.Now())
	backup, err := inspectBackup(ctx, r.File)
	if err != nil {
		return none, nil, err
	}
	present, err := inspect(ctx, r.Options.Database)
	if err != nil {
		return none, nil, err
	}
	if err := store.Moved(present.location, present.MovedTo); err != nil {
		return none, nil, err
	}
	by = r.replacement(now.Format(replacedEnding), func(ctx context.Context, tx store.Tx) error {
		done := event(now, r.Actor, tokens.ActionDatabaseRestore, databaseObject(tx.View))
		done.Detail = origin(backup)
		switch tells, err := tellsSecret(ctx, tx.View, r.ClaimedRun); {
		case err != nil:
			return err
		case !tells:
			done.ClaimedRun = r.ClaimedRun
		}
		if err := tx.InsertEvent(ctx, done); err != nil {
			return err
		}
		return tx.PutBack(ctx, latest(now, present.Mark.At))
	})
	if err := by.Check(ctx, backup.Database.ID); err != nil {
		return none, nil, err
	}
	restoration := tokens.Restoration{Backup: backup, Path: present.location}
	switch {
	case tokens.IsNoDatabase(present.unusable):
	case present.unusable != nil:
		restoration.Unreadable = present.unusable
	default:
		restoration.ChangesLost, restoration.EventsLost, restoration.Unreadable = by.Beyond(ctx)
		if restoration.Unreadable == nil {
			restoration.Replaced = new(snapshot(present.Content))
		}
	}
	return restoration, by, nil
}

// replacement puts a backup in the place of a database.
type replacement interface {
	// Check refuses what Run refuses because of what is there, for a backup of the database with an identity.
	Check(ctx context.Context, identity string) error
	// Beyond counts what the database holds and the backup does not.
	Beyond(ctx context.Context) (changes, events int64, err error)
	// Run restores the backup, and returns the paths to which what was there was moved.
	Run(ctx context.Context) (moved []string, err error)
}

// replacement returns the one for the engine of the database. aside ends the names under which what was there is kept, and
// note writes into the restored database.
func (r Restore) replacement(aside string, note store.Found) replacement {
	if tokens.IsDatabaseAddress(r.Options.Database) {
		return postgres.Restore{
			Address: r.Options.Database, Another: r.ReplaceAnother, Note: note, Backup: sqlite.BackupSource{Path: r.File},
			Aside: r.File + aside, Keep: sqlite.BackupFrom,
		}
	}
	return sqlite.Restore{Backup: r.File, Path: r.Options.Database, Aside: aside, Another: r.ReplaceAnother, Note: note}
}

// latest returns the later of two times.
func latest(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}

// origin describes, for an event, what was restored.
func origin(backup tokens.Snapshot) string {
	at, ok := backup.MadeAt()
	if !ok {
		return "a copy whose newest event is from " + tokens.FormatTimestamp(at)
	}
	return fmt.Sprintf("the backup of %s by %s", tokens.FormatTimestamp(at), backup.LastEvent.Actor)
}
