package cli

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// eventPrune deletes old events.
type eventPrune struct {
	Before string `help:"Delete what happened before this day (2029-12-31), this instant (2029-12-31T12:00:00Z), or longer ago than this (90d)." required:"" placeholder:"DATE|DURATION"`
	Yes    bool   `help:"Delete without asking."`
}

// Help says who misses the events.
func (*eventPrune) Help() string {
	return "Events tell later plans who released a hold. Where that event is gone, a plan of a state that still knows the hold warns that it is no longer there, as " +
		"after a restore: so delete no events that are younger than the last plan or apply of each configuration."
}

// Run says how much is deleted, asks, and deletes it.
func (c *eventPrune) Run(ctx context.Context, app *app) error {
	now := app.Now()
	before, err := parseMoment("--before", c.Before, now)
	if err == nil {
		err = tokens.ValidatePrune("--before", before, now)
	}
	if err != nil {
		return misuseOf(c.Before, err)
	}
	if !c.Yes && !app.StdinTerminal {
		return misusef("deleting needs a confirmation, and standard input is no terminal: say --yes to delete the events without one")
	}
	return app.withBackend(func(backend tokens.Backend) error {
		if !c.Yes {
			if err := app.confirmPrune(ctx, backend, before); err != nil {
				return err
			}
		}
		number, err := backend.PruneEvents(ctx, before)
		if err != nil {
			return fmt.Errorf("unable to delete the events: %w", err)
		}
		return app.printLine(fmt.Sprintf("Deleted %d events before %s", number, tokens.FormatTimestamp(before)))
	})
}

// confirmPrune says what is about to be deleted, and returns an error unless the answer is yes.
func (a *app) confirmPrune(ctx context.Context, backend tokens.Backend, before time.Time) error {
	events, err := backend.Events(ctx, tokens.EventQuery{})
	if err != nil {
		return fmt.Errorf("unable to list the events: %w", err)
	}
	remaining := len(slices.DeleteFunc(slices.Clone(events), func(e tokens.Event) bool { return e.At.Before(before) }))
	a.note("This deletes %d of %d events for good, those before %s. Who did what then can't be told any more, but from backups.",
		len(events)-remaining, len(events), tokens.FormatTimestamp(before))
	return a.confirm("Delete them?", "nothing was deleted")
}
