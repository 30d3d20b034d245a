package service

import (
	"context"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/store"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/store/sqlite"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// Backup copies the database to a new file while others keep using it, and returns what the copy contains. The event of
// the backup is written only to the copy, since the database itself may be on a full disk, and counts as no change.
// CodeForbidden unless the caller is an owner, CodeConflict if the file exists, CodeUnavailable.
func (b *Backend) Backup(ctx context.Context, file string) (tokens.Snapshot, error) {
	return b.backUp(ctx, file, sqlite.Backup, sqlite.BackupFrom)
}

// BackupOver is Backup that takes the place of an older copy of the same database in one step. CodeConflict for anything
// else that has the name, and for a copy that holds changes which the new one lacks.
func (b *Backend) BackupOver(ctx context.Context, file string) (tokens.Snapshot, error) {
	return b.backUp(ctx, file, sqlite.BackupOver, sqlite.BackupOverFrom)
}

// backUp makes a backup in one of the ways to make one: of a file, or of what another engine holds.
func (b *Backend) backUp(
	ctx context.Context, file string, ofFile func(ctx context.Context, database, file string, note store.Found) error,
	ofRows func(ctx context.Context, file string, fill store.Found) error,
) (tokens.Snapshot, error) {
	if b.invalid != nil {
		return tokens.Snapshot{}, b.invalid
	}
	actor, err := b.mayBackUp(ctx)
	if err != nil {
		return tokens.Snapshot{}, err
	}
	var head tokens.Head // that of the database, which does not know of the event in its copy
	note := func(ctx context.Context, tx store.Tx) error {
		if err := b.checkOrganization(tx.View); err != nil {
			return err
		}
		var err error
		if head, err = tx.Head(ctx); err != nil {
			return err
		}
		made := event(b.now(), actor, tokens.ActionDatabaseBackup, databaseObject(tx.View))
		if made.ClaimedRun, err = b.run(ctx, tx.View); err != nil {
			return err
		}
		return tx.InsertEvent(ctx, made)
	}
	if tokens.IsDatabaseAddress(b.options.Database) {
		err = b.store.ReadAtOnce(ctx, func(v store.View) error {
			return ofRows(ctx, file, func(ctx context.Context, tx store.Tx) error {
				if err := tx.CopyFrom(ctx, v, nil); err != nil {
					return err
				}
				return note(ctx, tx.Of(v.Database()))
			})
		})
	} else {
		err = ofFile(ctx, b.options.Database, file, note)
	}
	if err != nil {
		return tokens.Snapshot{}, err
	}
	s, err := inspectBackup(ctx, file)
	s.Head = head
	return s, err
}

// mayBackUp checks that the caller is an owner, and returns the name that events give it. For the owner of the database
// it does not read the database.
func (b *Backend) mayBackUp(ctx context.Context) (tokens.Actor, error) {
	if b.principal.IsDatabaseOwner() {
		return b.principal.Actor(), nil
	}
	about := look{action: tokens.ActionDatabaseBackup}
	caller, err := readAs(ctx, b, about, func(r reader) (tokens.Caller, error) {
		*r.object = databaseObject(r.View)
		return r.caller, r.caller.MustBeOwner("to back up the database")
	})
	return tokens.Actor(caller.Name), err
}

// databaseObject returns the database as the object of an event.
func databaseObject(v store.View) object {
	d := v.Database()
	return object{d.ID, d.Organization}
}

// inspectBackup returns what a backup contains. CodeUnavailable if it is damaged or not a Latchkey database.
func inspectBackup(ctx context.Context, file string) (tokens.Snapshot, error) {
	i, err := sqlite.InspectBackup(ctx, file)
	switch {
	case err != nil:
		return tokens.Snapshot{}, err
	case i.Unusable != nil:
		return tokens.Snapshot{}, i.Unusable
	case len(i.Damage) > 0:
		return tokens.Snapshot{}, tokens.Unavailable(nil, "the backup %s is damaged: %s; use another backup",
			i.Location, i.Damage[0])
	}
	if len(i.Unsound) > 0 {
		return tokens.Snapshot{}, tokens.Unavailable(nil, "the backup %s holds what Latchkey can't have written: %s; "+
			"use another backup", i.Location, i.Unsound[0])
	}
	return snapshot(i.Content), nil
}

// snapshot converts what an inspection found.
func snapshot(c store.Content) tokens.Snapshot {
	return tokens.Snapshot{Database: c.Database, Mark: c.Mark, Head: c.Head, Broken: c.Broken, Objects: c.Counts, LastEvent: c.LastEvent}
}
