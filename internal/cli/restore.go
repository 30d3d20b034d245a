package cli

import (
	"context"
	"fmt"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// restore replaces the database with a backup.
type restore struct {
	File           string `arg:"" optional:"" help:"The backup, made by latchkey backup."`
	AcceptCurrent  bool   `help:"Restore nothing: accept the database that a snapshot, a recovery or a copy put back."`
	Yes            bool   `help:"Restore, or accept, without asking."`
	ReplaceAnother bool   `help:"Replace the database even if FILE is not a backup of it, or if another program made it."`
	JSON           bool   `name:"json" help:"Answer in JSON, for programs."`
}

// Help says what becomes of the present database.
func (*restore) Help() string {
	return "What is at --database is moved aside, whole, and never deleted; to undo a restore, restore that file. " +
		"Processes that have the database open can do nothing more with it. The backup stays as it is.\n\n" +
		"Everything that happened since the backup is undone: values that were regenerated are good again, and tokens " +
		"that were held or deleted work again. What Terraform knows of it shows in its next plan.\n\n" +
		"Terraform refuses a database that lacks changes which it has seen, since it takes it for an older copy. After " +
		"latchkey restore it does not. Where something else put the database back, such as a snapshot of the disk, " +
		"latchkey restore --accept-current says that this was on purpose."
}

// restoreDocument is the answer in --json output.
type restoreDocument struct {
	Database string           `json:"database"`
	Backup   snapshotDocument `json:"backup"`
	// BackupAgeSeconds counts from the last event in the backup.
	BackupAgeSeconds int64 `json:"backup_age_seconds"`
	// Replaced is null if there was no database, or none that could be read.
	Replaced *snapshotDocument `json:"replaced"`
	// Unreadable says why what was there could not be read; null if it could, or if nothing was there.
	Unreadable *string `json:"unreadable"`
	// ChangesLost is how many changes of the replaced database the backup lacks, of those that were counted.
	ChangesLost int64 `json:"changes_lost"`
	// EventsLost is how many events of the replaced database are not in the backup.
	EventsLost int64 `json:"events_lost"`
	// MovedTo are the paths that the replaced files were moved to.
	MovedTo []string `json:"moved_to"`
	// FindDifferences are commands that show what the restore undid.
	FindDifferences []string `json:"find_differences"`
}

// findDifferences are commands that show what a restore undid, each with what it shows.
var findDifferences = []struct{ command, shows string }{
	{
		command: "terraform plan",
		shows:   "what differs from the state: changed, regenerated, created or put on hold since the backup",
	},
	{
		command: "terraform state pull | latchkey import-blocks --without -",
		shows:   "what no state knows, such as what was deleted since the backup",
	},
	{command: "latchkey token list", shows: "which tokens are active now"},
}

// Validate refuses what doesn't say which database is to count.
func (c *restore) Validate() error {
	switch {
	case c.AcceptCurrent && c.File != "":
		return misusef("--accept-current accepts the database that is there, so it takes no FILE: leave one of them out")
	case c.AcceptCurrent && c.ReplaceAnother:
		return misusef("--accept-current replaces nothing: leave --replace-another out")
	case !c.AcceptCurrent && c.File == "":
		return misusef("FILE is missing: write latchkey restore FILE or, where something else put the database back, " +
			"latchkey restore --accept-current; see latchkey restore --help")
	}
	return nil
}

// Run says what the restore is about to do, asks, and does it.
func (c *restore) Run(ctx context.Context, app *app) error {
	if app.actAs != "" {
		return misusef("--act-as: a restore replaces the database, its members and their permissions included; " +
			"leave --act-as out")
	}
	if !c.Yes && !app.StdinTerminal {
		return misusef("a restore needs confirmation, and standard input is not a terminal: pass --yes to restore without it")
	}
	if c.AcceptCurrent {
		return c.accept(ctx, app)
	}
	restorer := app.restorer(c.File, c.ReplaceAnother)
	planned, err := restorer.Look(ctx)
	if err != nil {
		return fmt.Errorf("unable to restore the backup: %w", err)
	}
	app.describeRestoration(planned)
	if !c.Yes {
		if err := app.confirm("Restore it?", "nothing was changed"); err != nil {
			return err
		}
	}
	done, err := restorer.Run(ctx)
	if err != nil {
		return fmt.Errorf("unable to restore the backup: %w", err)
	}
	if c.JSON {
		return app.printJSON(app.newRestoreDocument(done))
	}
	return app.printRestoration(done)
}

// describeRestoration says how old the backup is, what it holds and what it replaces.
func (a *app) describeRestoration(r tokens.Restoration) {
	now := a.Now()
	if at, ok := r.Backup.MadeAt(); ok {
		a.note("The backup was made at %s by %s.", distant(at, now), r.Backup.LastEvent.Actor)
	} else {
		a.note("The file is not a backup, or has been used since it was one; its newest event is from %s.",
			distant(at, now))
	}
	a.note("It holds %s.", contents(r.Backup))
	a.noteBroken(r.Backup)
	switch {
	case r.Replaced != nil:
		last := r.Replaced.LastEvent
		a.note("It replaces the database at %s. Its newest event is from %s, %s by %s. Its events that are not in the "+
			"backup, and what they record, are undone: %d.",
			r.Path, distant(last.At, now), last.Action, last.Actor, r.EventsLost)
		if r.Replaced.Database.ID != r.Backup.Database.ID {
			a.note("That is another database: %s.", contents(*r.Replaced))
		} else if r.ChangesLost > 0 {
			a.note("The backup goes until %s, the database until %s. Changes undone: %d.", extent(r.Backup.Mark, now),
				extent(r.Replaced.Mark, now), r.ChangesLost)
		}
	case r.Unreadable != nil:
		a.note("It replaces what is at %s and can't be read: %s.", r.Path, r.Unreadable)
	default:
		a.note("There is nothing at %s now.", r.Path)
	}
}

// extent says how far a database goes.
func extent(m tokens.Mark, now time.Time) string {
	if m.Serial == 0 {
		return "a time before changes were counted"
	}
	return fmt.Sprintf("%s, change %d", distant(m.At, now), m.Serial)
}

// printRestoration says what was done, and how to find what it undid.
func (a *app) printRestoration(r tokens.Restoration) error {
	if err := a.printLine(tokens.Cleaned("Restored " + r.Path)); err != nil {
		return err
	}
	if len(r.MovedTo) > 0 {
		if err := a.printLine(tokens.Cleaned("What was there is now " + r.MovedTo[0])); err != nil {
			return err
		}
	}
	return a.printDifferences("To find what the restore undid:")
}

// printDifferences says how to find what differs since a database was put back.
func (a *app) printDifferences(title string) error {
	if err := a.printLine(title); err != nil {
		return err
	}
	view := tableView{headless: true, columns: []tableColumn{{}, {fit: breakLines}}}
	for _, way := range findDifferences {
		view.rows = append(view.rows, tableRow{cells: []string{"  " + way.command, way.shows}})
	}
	return a.printTable(view)
}

func (a *app) newRestoreDocument(r tokens.Restoration) restoreDocument {
	document := restoreDocument{
		Database:         r.Path,
		Backup:           newSnapshotDocument(r.Backup),
		BackupAgeSeconds: int64(a.Now().Sub(r.Backup.LastEvent.At).Seconds()),
		ChangesLost:      r.ChangesLost,
		EventsLost:       r.EventsLost,
		MovedTo:          listOf(r.MovedTo),
	}
	if r.Replaced != nil {
		document.Replaced = new(newSnapshotDocument(*r.Replaced))
	}
	if r.Unreadable != nil {
		document.Unreadable = new(r.Unreadable.Error())
	}
	document.FindDifferences = differenceCommands()
	return document
}

// differenceCommands are the commands of findDifferences.
func differenceCommands() (commands []string) {
	for _, way := range findDifferences {
		commands = append(commands, way.command)
	}
	return commands
}
