package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// backup copies the database to a new file.
type backup struct {
	File string `arg:"" help:"The file to make. One that exists stays as it is, unless --over is given."`
	Over bool   `help:"Replace FILE if it is an older copy of the same database, and holds no change that the database lacks."`
	JSON bool   `name:"json" help:"Answer in JSON, for programs."`
}

// Help says what a backup is.
func (*backup) Help() string {
	return "The copy is made while the database is in use, and holds all that was committed at one point in time. " +
		"It is one file that only you can read, and complete before it gets its name. It holds the hashes of token " +
		"values and no value; latchkey restore puts it back.\n\n" +
		"With --over, the new copy takes the place of the one at FILE in one step, as a pipeline needs that keeps the " +
		"database elsewhere between two runs. A copy that somebody has changed in the meantime is not replaced: its changes " +
		"would be lost."
}

// snapshotDocument is a backup, or a database, in --json output.
type snapshotDocument struct {
	File         string `json:"file"`
	DatabaseID   string `json:"database_id"`
	Organization string `json:"organization"`
	// MadeAt and MadeBy are those of a backup; null for a database that is not one, or has been used since.
	MadeAt *string `json:"made_at"`
	MadeBy *string `json:"made_by"`
	// Serial counts its changes, and ChangedAt is when the last one was made; null before changes were counted.
	Serial    *int64  `json:"serial"`
	ChangedAt *string `json:"changed_at"`
	// Head is that of its history, as it was before the event of the backup; null before events had hashes.
	Head *string `json:"head"`
	// HistoryBroken is the first event that does not fit the history, and why; null if all do.
	HistoryBroken *string `json:"history_broken"`
	// LastEventAt is when something was last done in it.
	LastEventAt *string          `json:"last_event_at"`
	Objects     map[string]int64 `json:"objects"`
}

func newSnapshotDocument(s tokens.Snapshot) snapshotDocument {
	document := snapshotDocument{
		File: s.Database.Location, DatabaseID: s.Database.ID, Organization: s.Database.Organization,
		ChangedAt: instantOrNull(s.Mark.At), Head: textOrNull(s.Head.String()), LastEventAt: instantOrNull(s.LastEvent.At), Objects: map[string]int64{},
	}
	if at, ok := s.MadeAt(); ok {
		document.MadeAt, document.MadeBy = instantOrNull(at), textOrNull(string(s.LastEvent.Actor))
	}
	if s.Broken != nil {
		document.HistoryBroken = textOrNull(s.Broken.String())
	}
	if s.Mark.Serial > 0 {
		document.Serial = &s.Mark.Serial
	}
	for _, count := range s.Objects {
		document.Objects[count.Key()] = count.Number
	}
	return document
}

// Run makes the backup.
func (c *backup) Run(ctx context.Context, app *app) error {
	made, err := app.backUp(ctx, c.File, c.Over)
	if err != nil {
		return fmt.Errorf("unable to back up the database: %w", err)
	}
	app.noteBroken(made)
	if c.JSON {
		return app.printJSON(newSnapshotDocument(made))
	}
	err = app.printLine(tokens.Cleaned(fmt.Sprintf("Backed up %s to %s", contents(made), made.Database.Location)))
	if err == nil && made.Head != (tokens.Head{}) {
		err = app.printLine("The head of its history is " + made.Head.String())
	}
	return err
}

// noteBroken says that the audit log of a backup was changed, if it was. Everything else in it is as good as before.
func (a *app) noteBroken(s tokens.Snapshot) {
	if s.Broken != nil {
		a.note("Its audit log was changed: %s. The guide \"The audit log\" says what to do.", s.Broken)
	}
}

// contents says in one line what a database or a backup holds.
func contents(s tokens.Snapshot) string {
	counts := make([]string, len(s.Objects))
	for i, count := range s.Objects {
		counts[i] = count.String()
	}
	return fmt.Sprintf("organization %s (%s): %s", s.Database.Organization, s.Database.ID, strings.Join(counts, ", "))
}
