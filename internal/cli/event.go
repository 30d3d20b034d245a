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
	Before string `help:"Delete events before this day (2029-12-31) or time (2029-12-31T12:00:00Z), or older than this duration (90d)." required:"" placeholder:"DATE|DURATION"`
	Yes    bool   `help:"Delete without asking."`
}

// Help says what else needs the events.
func (*eventPrune) Help() string {
	return "Events tell later plans who released a hold. Without that event, a plan of a state that still knows the " +
		"hold warns that the hold is no longer there, as after a restore. So delete only events that are older than the " +
		"last plan or apply of each configuration.\n\n" +
		"The log is cut before the first event that is not older, and latchkey event verify goes on to tell whether what is " +
		"left is whole. Events from before they had hashes are deleted all at once."
}

// Run says how much it is about to delete, asks, and deletes it.
func (c *eventPrune) Run(ctx context.Context, app *app) error {
	now := app.Now()
	before, err := parseTime("--before", c.Before, now)
	if err == nil {
		err = tokens.ValidatePrune("--before", before, now)
	}
	if err != nil {
		return misuseOf(c.Before, err)
	}
	if !c.Yes && !app.StdinTerminal {
		return misusef("deleting needs confirmation, and standard input is not a terminal: pass --yes to delete the events " +
			"without it")
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
		if number == 0 {
			app.note("The log begins with an event that is not older, or with events from before they had hashes, which are " +
				"deleted all at once.")
		}
		return app.printLine(fmt.Sprintf("Deleted %s before %s", tokens.Counted(number, "event"), tokens.FormatTimestamp(before)))
	})
}

// confirmPrune says what is about to be deleted, and returns an error unless the answer is yes.
func (a *app) confirmPrune(ctx context.Context, backend tokens.EventService, before time.Time) error {
	events, err := backend.Events(ctx, tokens.EventQuery{})
	if err != nil {
		return fmt.Errorf("unable to list the events: %w", err)
	}
	first := slices.IndexFunc(events, func(e tokens.Event) bool { return !e.At.Before(before) })
	if first < 0 {
		first = len(events)
	}
	a.note("This deletes up to %d of %d events for good, those before %s. After that, only backups tell who did what then.",
		first, len(events), tokens.FormatTimestamp(before))
	return a.confirm("Delete them?", "nothing was deleted")
}

// parseTime reads the value of a flag: a day, which begins at midnight in UTC, a time, or how long ago something was.
func parseTime(flag, value string, now time.Time) (time.Time, error) {
	if day, err := time.Parse(time.DateOnly, value); err == nil {
		return day, nil
	}
	if past, err := tokens.ParseDuration(flag, value); err == nil {
		return now.Add(-past).Truncate(time.Second), nil
	}
	at, err := tokens.ParseTimestamp(flag, value)
	if err != nil {
		return at, tokens.Invalid(flag, "%q is neither a date, an RFC 3339 timestamp nor a duration: write it like "+
			"\"2029-12-31\", \"2029-12-31T12:00:00Z\" or \"90d\"%s", value, tokens.DurationHint(value))
	}
	return at, nil
}
