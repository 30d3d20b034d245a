package service

import (
	"context"
	"fmt"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/store"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/store/sqlite"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// Restore puts a backup in the place of a database.
type Restore struct {
	// Options say which database, and when.
	Options Options
	// Actor is who restores. Whoever can put a file there is its owner, so that no other principal does.
	Actor tokens.Actor
	// File is the path of the backup.
	File string
	// ReplaceAnother tells that even a database that is not the one of which File is a backup may be replaced, or that of
	// another program.
	ReplaceAnother bool
}

// Look returns what Run would do, and changes nothing. The codes of Run.
func (r Restore) Look(ctx context.Context) (tokens.Restoration, error) {
	restoration, _, err := r.look(ctx)
	return restoration, err
}

// Run puts the backup in the place of the database and moves aside what is there. CodeInvalid for a backup that is the
// database; CodeConflict for a database of another identity, unless it may be replaced; CodeUnavailable for a backup that
// is not sound, and for a database that others are using.
func (r Restore) Run(ctx context.Context) (tokens.Restoration, error) {
	restoration, replacement, err := r.look(ctx)
	if err != nil {
		return restoration, err
	}
	restoration.MovedTo, err = replacement.Run(ctx)
	if err != nil {
		return tokens.Restoration{}, err
	}
	return restoration, nil
}

// look returns what the restore does and how the store does it.
func (r Restore) look(ctx context.Context) (none tokens.Restoration, replacement sqlite.Restore, err error) {
	now := asStored(r.Options.Now())
	backup, err := inspectBackup(ctx, r.File)
	if err != nil {
		return none, replacement, err
	}
	replacement = sqlite.Restore{
		Backup: r.File, Path: r.Options.Database, Aside: now.Format(".replaced-20060102T150405Z"), Another: r.ReplaceAnother,
		Note: func(ctx context.Context, tx store.Tx) error {
			return tx.InsertEvent(ctx, event(now, r.Actor, tokens.ActionDatabaseRestore, databaseObject(tx.View), tokens.OutcomeDone, origin(backup)))
		},
	}
	if err := replacement.Check(ctx, backup.Database.ID); err != nil {
		return none, replacement, err
	}
	present, err := sqlite.Inspect(ctx, r.Options.Database)
	if err != nil {
		return none, replacement, err
	}
	restoration := tokens.Restoration{Backup: backup, Path: present.Location}
	switch {
	case isMissing(present.Unusable):
	case present.Unusable != nil:
		restoration.Unreadable = present.Unusable
	default:
		restoration.EventsLost, restoration.Unreadable = sqlite.EventsBeyond(ctx, r.Options.Database, r.File)
		if restoration.Unreadable == nil {
			restoration.Replaced = new(snapshot(present))
		}
	}
	return restoration, replacement, nil
}

// origin says in an event what was restored.
func origin(backup tokens.Snapshot) string {
	at, ok := backup.MadeAt()
	if !ok {
		return "a copy whose newest event is of " + tokens.FormatTimestamp(at)
	}
	return fmt.Sprintf("the backup of %s by %s", tokens.FormatTimestamp(at), backup.LastEvent.Actor)
}
