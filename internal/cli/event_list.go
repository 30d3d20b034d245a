package cli

import (
	"context"
	"fmt"

	"github.com/jedib0t/go-pretty/v6/text"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// eventList lists the audit log.
type eventList struct {
	Object objectID `help:"Only the events of the object with this identifier." placeholder:"ID"`
	Since  string   `help:"Only the events from this day (2029-12-31) or instant (2029-12-31T12:00:00Z) on, or of this long (7d)." placeholder:"DATE|DURATION"`
	Limit  number   `help:"Only the latest N events." placeholder:"N"`
	JSON   bool     `name:"json" help:"Answer in JSON, for programs."`
}

// eventDocument is an event in --json output. What is not set is null.
type eventDocument struct {
	ID         string         `json:"id"`
	At         *string        `json:"at"`
	Actor      tokens.Actor   `json:"actor"`
	Action     tokens.Action  `json:"action"`
	ObjectID   *string        `json:"object_id"`
	ObjectName *string        `json:"object_name"`
	Outcome    tokens.Outcome `json:"outcome"`
	Detail     *string        `json:"detail"`
}

// Run lists the events that the flags select, the oldest first.
func (c *eventList) Run(ctx context.Context, app *app) error {
	query := tokens.EventQuery{ObjectID: string(c.Object), Limit: int(c.Limit)}
	if c.Since != "" {
		var err error
		if query.Since, err = parseMoment("--since", c.Since, app.Now()); err != nil {
			return misuseOf(c.Since, err)
		}
	}
	return app.withBackend(func(backend tokens.Backend) error {
		events, err := backend.Events(ctx, query)
		if err != nil {
			return fmt.Errorf("unable to list the events: %w", err)
		}
		if c.JSON {
			documents := make([]eventDocument, len(events))
			for i, e := range events {
				documents[i] = eventDocument{
					e.ID, instantOrNull(e.At), e.Actor, e.Action, textOrNull(e.ObjectID), textOrNull(e.ObjectName), e.Outcome, textOrNull(e.Detail),
				}
			}
			return app.printJSON(documents)
		}
		if len(events) == 0 {
			app.note("There are no such events.")
			return nil
		}
		return app.printTable(newEventTable(events))
	})
}

// newEventTable lays events out in columns. What was refused stands out.
func newEventTable(events []tokens.Event) tableView {
	view := tableView{
		headers:  []string{"TIME", "ACTOR", "ACTION", "OBJECT", "NAME", "OUTCOME", "DETAIL"},
		freeText: []string{"NAME", "DETAIL"},
	}
	for _, e := range events {
		row := tableRow{cells: []string{
			tokens.FormatTimestamp(e.At), string(e.Actor), string(e.Action), e.ObjectID, e.ObjectName, string(e.Outcome), e.Detail,
		}}
		if e.Outcome == tokens.OutcomeRefused {
			row.colors = text.Colors{text.FgRed}
		}
		view.rows = append(view.rows, row)
	}
	return view
}
