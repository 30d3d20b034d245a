package service

import (
	"context"
	"errors"
	"path/filepath"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/store"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/store/postgres"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/store/sqlite"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// Migration moves a database to another place: from a file to PostgreSQL, back, or to another file or schema.
//
// The order is what makes it safe to be stopped at any step:
//
//  1. While nobody else changes the database, its rows are copied to the other place, which is born sealed, and compared there.
//  2. The database is sealed, and the others that wait to change it are refused.
//  3. The seal of the other place is opened.
//
// So at most one of the two can be changed at any time, and whoever runs the migration again completes it.
type Migration struct {
	// From is the database, and To the place that it moves to.
	From, To Options
	// Actor is who moves it. It is not a principal: anyone who can read the file owns the database.
	Actor tokens.Actor
	// ClaimedRun is the run of a pipeline in which the actor claims to move it; empty for none.
	ClaimedRun string
	// Progress is told of the steps; it may be nil.
	Progress func(tokens.MigrationStep)
}

// ends are the two places of a migration, as they are before it.
type ends struct{ from, to inspection }

// Run moves the database. CodeInvalid where both places are one; CodeConflict where the other place holds something else, or
// what the database lacks; CodeUnavailable. What was moved out of the way is told even then.
func (m Migration) Run(ctx context.Context) (done tokens.Migration, err error) {
	e, err := m.look(ctx)
	done = tokens.Migration{From: snapshot(e.from.Content), To: e.to.location}
	if err != nil {
		return done, err
	}
	opened := Open(m.From)
	defer func() { err = errors.Join(err, opened.Close()) }()
	b := opened.As(tokens.AsDatabaseOwner(m.Actor).InRun(m.ClaimedRun))
	if e.from.MovedTo == "" {
		err = m.move(ctx, b, e, &done)
	}
	if err == nil {
		err = m.openTarget(ctx, b, e)
	}
	return done, err
}

// look looks at both places, and refuses what can't be moved.
func (m Migration) look(ctx context.Context) (e ends, err error) {
	if e.from, err = inspect(ctx, m.From.Database); err != nil {
		return e, err
	}
	if e.to, err = inspect(ctx, m.To.Database); err != nil {
		return e, err
	}
	switch {
	case e.from.location == e.to.location:
		return e, tokens.Invalid("to", "%s is where the database is: name another place", e.to.location)
	case e.from.unusable != nil:
		return e, e.from.unusable
	case len(e.from.Unsound) > 0:
		return e, tokens.Unavailable(nil, "database %s holds what Latchkey can't have written: %s; restore it from a backup, and move "+
			"that", e.from.location, e.from.Unsound[0]).Because(tokens.ReasonDatabaseFailing)
	case e.from.MovedTo != "":
		return e, m.checkHalfMoved(e)
	case tokens.IsNoDatabase(e.to.unusable):
		return e, nil
	case e.to.unusable != nil:
		return e, e.to.unusable
	case e.to.Database.ID != e.from.Database.ID:
		return e, tokens.Conflict("", e.to.Database.ID, "%s holds another database, %s, and a database moves only to where none is: name "+
			"another place", e.to.location, e.to.Database.ID)
	case e.to.MovedTo == "":
		return e, store.InUse(e.to.location, e.to.Database.ID)
	}
	return e, m.checkBeyond(ctx, e)
}

// checkHalfMoved refuses to complete a migration that had sealed the database, unless the other place holds just the same.
func (m Migration) checkHalfMoved(e ends) error {
	if e.from.MovedTo == e.to.location && e.to.unusable == nil && e.to.MovedTo != "" && e.to.Mark == e.from.Mark {
		return nil
	}
	return store.Moved(e.from.location, e.from.MovedTo)
}

// checkBeyond refuses to replace a sealed copy of the database that holds what the database lacks.
func (m Migration) checkBeyond(ctx context.Context, e ends) error {
	changes, err := beyond(ctx, m.To, m.From)
	if err != nil || changes == 0 {
		return err
	}
	return tokens.Conflict("", e.to.Database.ID, "%s holds %s that %s lacks, and they would be lost: compare both, and move the wrong one "+
		"out of the way", e.to.location, tokens.Counted(changes, "change"), e.from.location).Because(tokens.ReasonForkedDatabase)
}

// beyond counts the changes that one database holds and another one lacks.
func beyond(ctx context.Context, one, other Options) (changes int64, err error) {
	a, b := Open(one), Open(other)
	defer func() { err = errors.Join(err, a.Close(), b.Close()) }()
	_, err = readBy(ctx, a, (*store.Store).ReadAtOnce, func(v store.View) (struct{}, error) {
		return readBy(ctx, b, (*store.Store).ReadAtOnce, func(w store.View) (none struct{}, err error) {
			changes, _, err = v.Beyond(ctx, w)
			return none, err
		})
	})
	return changes, err
}

// move copies the database to the other place and seals it.
func (m Migration) move(ctx context.Context, b *Backend, e ends, done *tokens.Migration) error {
	_, err := change(ctx, b, tokens.ActionDatabaseMigrate, object{}, func(o *operation) (none struct{}, err error) {
		about := databaseObject(o.View)
		return none, o.record(ctx, tokens.ActionDatabaseMigrate, about.id, about.name, because("it moves to "+e.to.location))
	})
	if err != nil {
		return err
	}
	return b.store.Hold(ctx, func(from store.Held) error {
		if err := from.CheckNotMoved(ctx); err != nil { // by somebody else, meanwhile
			return err
		}
		moved, err := m.replacement(from.View, e.from.location).Run(ctx)
		if err != nil {
			return err
		}
		done.MovedTo = append(done.MovedTo, moved...)
		if done.Tables, err = m.compare(ctx, from.View); err != nil {
			return err
		}
		return b.seal(ctx, from, e.to.location, tokens.ActionDatabaseSeal, "it was moved to "+e.to.location)
	})
}

// seal seals a database for a place, or with an empty one opens it, and tells why.
func (b *Backend) seal(ctx context.Context, h store.Held, place string, action tokens.Action, reason string) (err error) {
	done := event(b.now(), b.principal.Actor(), action, databaseObject(h.View))
	because(reason)(&done)
	if done.ClaimedRun, err = b.run(ctx, h.View); err != nil {
		return err
	}
	return h.Seal(ctx, place, done)
}

// replacement puts what a database holds in the place of what is at the other one, sealed for where the database is.
func (m Migration) replacement(from store.View, location string) replacement {
	seal := func(ctx context.Context, tx store.Tx) error { return tx.Seal(ctx, location) }
	progress := m.progress("copied")
	if tokens.IsDatabaseAddress(m.To.Database) {
		return postgres.Restore{Address: m.To.Database, Backup: held{from}, Progress: progress, Note: seal, Sealed: true}
	}
	return sqlite.Restore{
		Path: m.To.Database, Aside: asStored(m.To.Now()).Format(replacedEnding), Note: seal, Sealed: true,
		Fill: func(ctx context.Context, tx store.Tx) (tokens.Database, error) {
			return from.Database(), tx.CopyFrom(ctx, from, progress)
		},
	}
}

// held is a database that is read already.
type held struct{ store.View }

// Read runs fn on it.
func (h held) Read(_ context.Context, fn func(store.View) error) error { return fn(h.View) }

// progress returns what is told how many rows were dealt with.
func (m Migration) progress(verb string) store.Progress {
	if m.Progress == nil {
		return nil
	}
	return func(table string, rows int64) {
		m.Progress(tokens.MigrationStep{Verb: verb, TableRows: tokens.TableRows{Table: table, Rows: rows}})
	}
}

// compare compares what the database holds with what arrived, table by table.
func (m Migration) compare(ctx context.Context, from store.View) (tables []tokens.TableRows, err error) {
	want, err := from.TableDigests(ctx, nil)
	if err != nil {
		return nil, err
	}
	opened := Open(m.To)
	defer func() { err = errors.Join(err, opened.Close()) }()
	got, err := readBy(ctx, opened, (*store.Store).ReadAtOnce, func(v store.View) ([]store.TableDigest, error) {
		return v.TableDigests(ctx, m.progress("compared"))
	})
	if err != nil {
		return nil, err
	}
	for i, table := range want {
		if got[i] != table {
			return nil, tokens.Unavailable(nil, "what arrived at %s is not what was sent: table %s has %s here and %s there, or they differ; "+
				"nothing was changed here, and what is there stays sealed: find out who else writes there, and try again",
				opened.Location(), table.Table, tokens.Counted(table.Rows, "row"), tokens.Counted(got[i].Rows, "row"))
		}
		tables = append(tables, tokens.TableRows{Table: table.Table, Rows: table.Rows})
	}
	return tables, nil
}

// openTarget opens the seal of the place to which the database was moved, while nobody can open that of the database.
func (m Migration) openTarget(ctx context.Context, b *Backend, e ends) (err error) {
	opened := Open(m.To)
	defer func() { err = errors.Join(err, opened.Close()) }()
	there := opened.As(b.principal)
	return b.store.Hold(ctx, func(from store.Held) error {
		switch place, err := from.MovedTo(ctx); {
		case err != nil:
			return err
		case place != e.to.location:
			return tokens.Conflict("", from.Database().ID, "somebody unsealed database %s, or moved it elsewhere, during the migration: "+
				"what is at %s stays sealed; look at both, and try again", e.from.location, e.to.location)
		}
		return opened.store.Hold(ctx, func(to store.Held) error {
			return there.seal(ctx, to, "", tokens.ActionDatabaseUnseal, "it was moved here from "+e.from.location)
		})
	})
}

// Unsealing lets a database count again that was moved elsewhere. The other place, if it can be asked, is sealed before.
type Unsealing struct {
	// Options name the database and supply the clock. There names the place that it was moved to, if that can be asked; without a
	// name for none.
	Options Options
	There   Options
	// Actor is who does it, and ClaimedRun the run of a pipeline in which the actor claims to; empty for none.
	Actor      tokens.Actor
	ClaimedRun string
}

// Look returns what is known of the place that the database was moved to, and changes nothing. CodeConflict for a database that
// wasn't moved.
func (u Unsealing) Look(ctx context.Context) (about tokens.Unsealing, err error) {
	here, err := u.here(ctx)
	if err != nil {
		return about, err
	}
	about = tokens.Unsealing{Database: here.Database, MovedTo: here.MovedTo}
	there, err := u.there(ctx, here)
	if err == nil {
		about.ChangedThere, err = beyond(ctx, there.options, u.Options)
	}
	about.CannotTell = err
	return about, nil
}

// here looks at the database.
func (u Unsealing) here(ctx context.Context) (inspection, error) {
	i, err := inspect(ctx, u.Options.Database)
	switch {
	case err != nil:
	case i.unusable != nil:
		err = i.unusable
	case i.MovedTo == "":
		err = tokens.Conflict("", i.Database.ID, "database %s is not sealed: it was not moved anywhere", i.location)
	}
	return i, err
}

// otherPlace is the place that a database was moved to.
type otherPlace struct {
	inspection
	options Options
}

// there looks at the other place, and fails where that can't be asked.
func (u Unsealing) there(ctx context.Context, here inspection) (there otherPlace, err error) {
	there.options = u.There
	if there.options.Database == "" {
		if !filepath.IsAbs(here.MovedTo) { // what says where a server is holds no name to log in by
			return there, tokens.Unavailable(nil, "its address is needed to find out")
		}
		there.options.Database, there.options.Now = here.MovedTo, u.Options.Now
	}
	there.inspection, err = inspect(ctx, there.options.Database)
	switch {
	case err != nil:
	case there.unusable != nil:
		err = there.unusable
	case there.Database.ID != here.Database.ID:
		err = tokens.Conflict("", there.Database.ID, "%s holds another database, %s", there.location, there.Database.ID)
	case there.location == here.location:
		err = tokens.Invalid("to", "%s is the database itself", there.location)
	}
	return there, err
}

// Run seals the other place, if it can be asked, and opens the seal of the database.
func (u Unsealing) Run(ctx context.Context) error {
	here, err := u.here(ctx)
	if err != nil {
		return err
	}
	if there, err := u.there(ctx, here); err == nil && there.MovedTo == "" {
		err := u.reseal(ctx, there.options, here.location, tokens.ActionDatabaseSeal, "it was moved back to "+here.location)
		if err != nil {
			return err
		}
	}
	return u.reseal(ctx, u.Options, "", tokens.ActionDatabaseUnseal, "it counts again, and no longer the one at "+here.MovedTo)
}

// reseal seals a database for a place, or with an empty one opens it.
func (u Unsealing) reseal(ctx context.Context, of Options, place string, action tokens.Action, reason string) (err error) {
	opened := Open(of)
	defer func() { err = errors.Join(err, opened.Close()) }()
	b := opened.As(tokens.AsDatabaseOwner(u.Actor).InRun(u.ClaimedRun))
	return opened.store.Hold(ctx, func(h store.Held) error { return b.seal(ctx, h, place, action, reason) })
}
