package cli

import (
	"context"
	"fmt"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// acceptedDocument is the answer of restore --accept-current in --json output.
type acceptedDocument struct {
	Database snapshotDocument `json:"database"`
	// KnownUntil is the time before which every change counts as known, wherever it was seen.
	KnownUntil string `json:"known_until"`
	// FindDifferences are commands that show what the database lacks.
	FindDifferences []string `json:"find_differences"`
}

// accept says which database is about to be accepted, asks, and does it.
func (c *restore) accept(ctx context.Context, app *app) error {
	acceptor := app.acceptor()
	found, err := acceptor.Look(ctx)
	if err != nil {
		return fmt.Errorf("unable to accept the database: %w", err)
	}
	app.note("The database at %s goes until %s.", found.Database.Location, extent(found.Mark, app.Now()))
	app.note("It holds %s.", contents(found))
	app.note("Terraform will work with it, even where it has seen later changes: those are lost, and its next plan shows " +
		"what differs.")
	if !c.Yes {
		if err := app.confirm("Accept it?", "nothing was changed"); err != nil {
			return err
		}
	}
	mark, err := acceptor.Run(ctx)
	if err != nil {
		return fmt.Errorf("unable to accept the database: %w", err)
	}
	if c.JSON {
		return app.printJSON(acceptedDocument{
			Database: newSnapshotDocument(found), KnownUntil: tokens.FormatTimestamp(mark.At), FindDifferences: differenceCommands(),
		})
	}
	err = app.printLine(tokens.Cleaned(fmt.Sprintf("Accepted %s: what was seen of it before %s counts as known",
		found.Database.Location, tokens.FormatTimestamp(mark.At))))
	if err != nil {
		return err
	}
	return app.printDifferences("To find what it lacks:")
}
