package cli

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// eventList lists the audit log.
type eventList struct {
	Object  objectRef `help:"Only what happened to this object, also to one that was deleted; to an access token happens what happens to its shares and its technical user." placeholder:"NAME|EMAIL|ID"`
	Actor   string    `help:"Only what this actor did; * stands for any text." placeholder:"ACTOR"`
	Action  string    `help:"Only this action, such as access_token.hold; * stands for any text, as in access_token.*." placeholder:"ACTION" values:"actions"`
	Outcome string    `help:"Only what was done, or only what was refused: ${outcomes}." placeholder:"OUTCOME" values:"outcomes"`
	Claimed string    `name:"run" help:"Only what was done in this run of a pipeline; * stands for any text." placeholder:"RUN"`
	Since   string    `help:"Only events since this day (2029-12-31) or time (2029-12-31T12:00:00Z), or within this duration (7d)." placeholder:"DATE|DURATION"`
	Until   string    `help:"Only events before this day (2029-12-31) or time (2029-12-31T12:00:00Z), or before this duration (7d)." placeholder:"DATE|DURATION"`
	Limit   number    `help:"Only the latest N events. With --follow, N of those that are there; by default 10." placeholder:"N"`
	Follow  bool      `short:"f" help:"Go on with new events as they come, until it is interrupted (Ctrl-C). In JSON, one document a line."`
	Columns []string  `help:"Show these columns, in this order: ${event_columns}." placeholder:"COLUMN" values:"event-columns"`
	listFlags
}

// Help says what programs read.
func (*eventList) Help() string {
	return "You see the events of what you may see. The run is what the environment claimed (LATCHKEY_RUN, or what the " +
		"pipeline sets), which nothing proves.\n\n" +
		"With --json, details has the facts of an event, each null if it does not apply, and is null itself if there are " +
		"none: changes (setting, from, to), reason, code, field, permissions (the missing ones), secret_version, " +
		"previous_secret_expires_at, last_used_at, events_deleted, events_deleted_before and checkpoint (the head of the history " +
		"at the last of them)."
}

// eventListing is how events are listed. Refused ones stand out.
var eventListing = listing[tokens.Event]{
	fields: []field[tokens.Event]{
		{name: "at", title: "Time", rank: 1, value: func(e tokens.Event) value { return instantValue(e.At) }},
		{name: "actor", title: "Actor", rank: 1, fit: cutOff, value: func(e tokens.Event) value { return textValue(e.Actor) }},
		{
			name: "claimed_run", title: "Claimed run", rank: 4, fit: cutOff, least: 24,
			value: func(e tokens.Event) value { return textValue(e.ClaimedRun) },
		},
		{name: "action", title: "Action", rank: 1, value: func(e tokens.Event) value { return textValue(e.Action) }},
		{name: "object_id", title: "Object", rank: 5, value: func(e tokens.Event) value { return textValue(e.ObjectID) }},
		{
			name: "object_name", title: "Name", rank: 2, fit: cutOff,
			value: func(e tokens.Event) value { return textValue(e.ObjectName) },
		},
		{name: "outcome", title: "Outcome", rank: 1, value: func(e tokens.Event) value { return textValue(e.Outcome) }},
		{
			name: "detail", title: "Detail", rank: 3, fit: breakLines, least: 24,
			value: func(e tokens.Event) value { return textValue(e.Detail) },
		},
		{name: "details", title: "Details", value: detailsValue},
		{name: "id", title: "ID", rank: wideOnly, value: func(e tokens.Event) value { return textValue(e.ID) }},
	},
	style: func(e tokens.Event) style {
		if e.Outcome == tokens.OutcomeRefused {
			return red
		}
		return plain
	},
}

// eventDetailsDocument holds the facts of an event in --json output. What does not apply is null.
type eventDetailsDocument struct {
	Changes                 []changeDocument `json:"changes"`
	Reason                  *string          `json:"reason"`
	Code                    *string          `json:"code"`
	Field                   *string          `json:"field"`
	Permissions             []string         `json:"permissions"`
	SecretVersion           *int64           `json:"secret_version"`
	PreviousSecretExpiresAt *string          `json:"previous_secret_expires_at"`
	LastUsedAt              *string          `json:"last_used_at"`
	EventsDeleted           *int64           `json:"events_deleted"`
	EventsDeletedBefore     *string          `json:"events_deleted_before"`
	Checkpoint              *string          `json:"checkpoint"`
}

// changeDocument is a change of a setting in --json output.
type changeDocument struct {
	Setting string  `json:"setting"`
	From    *string `json:"from"`
	To      *string `json:"to"`
}

// detailsValue returns the facts of an event for programs, and for people the settings that were changed.
func detailsValue(e tokens.Event) value {
	d := e.Details
	if d.IsZero() {
		return value{text: none}
	}
	numberOrNull := func(n int64) *int64 {
		if n == 0 {
			return nil
		}
		return &n
	}
	document := eventDetailsDocument{
		Changes: documentsOf(d.Changes, func(c tokens.Change) changeDocument {
			return changeDocument{c.Setting, textOrNull(c.From), textOrNull(c.To)}
		}),
		Reason:                  textOrNull(d.Reason),
		Code:                    textOrNull(string(d.Code)),
		Field:                   textOrNull(d.Field),
		Permissions:             append([]string{}, d.Permissions...),
		SecretVersion:           numberOrNull(d.SecretVersion),
		PreviousSecretExpiresAt: instantOrNull(d.PreviousSecretExpiresAt),
		LastUsedAt:              instantOrNull(d.LastUsedAt),
		EventsDeleted:           numberOrNull(d.EventsDeleted),
		EventsDeletedBefore:     instantOrNull(d.EventsDeletedBefore),
		Checkpoint:              textOrNull(d.Checkpoint),
	}
	var changes []string
	for _, c := range d.Changes {
		text := c.Setting
		if c.From != "" || c.To != "" {
			text += ": " + textValue(c.From).text + " -> " + textValue(c.To).text
		}
		changes = append(changes, text)
	}
	return value{data: document, text: textValue(strings.Join(changes, "; ")).text}
}

// query returns what the flags select.
func (c *eventList) query(now time.Time) (q tokens.EventQuery, err error) {
	q = tokens.EventQuery{
		Actor: c.Actor, Action: c.Action, Outcome: tokens.Outcome(c.Outcome), Run: c.Claimed,
		Limit: int(c.Limit),
	}
	for _, flag := range []struct {
		name, value string
		to          *time.Time
	}{{"--since", c.Since, &q.Since}, {"--until", c.Until, &q.Until}} {
		if flag.value == "" {
			continue
		}
		if *flag.to, err = parseTime(flag.name, flag.value, now); err != nil {
			return q, misuseOf(flag.value, err)
		}
	}
	if err := tokens.ValidateActionPattern("--action", c.Action); err != nil {
		return q, misuseOf(c.Action, err)
	}
	if err := tokens.ValidateOutcome("--outcome", c.Outcome); err != nil {
		return q, misuseOf(c.Outcome, err)
	}
	if err := tokens.ValidatePeriod("--until", q.Since, q.Until); err != nil {
		return q, misuseOf(c.Until, err)
	}
	return q, nil
}

// Run lists the events that the flags select, oldest first: what happened last stands where the eye is, and new ones
// follow.
func (c *eventList) Run(ctx context.Context, app *app) error {
	columns, err := eventListing.selected(c.Columns)
	if err != nil {
		return err
	}
	query, err := c.query(app.Now())
	if err != nil {
		return err
	}
	return app.withBackend(func(backend tokens.Backend) error {
		query.ObjectID, err = app.findObject(lookingFor(ctx, tokens.ActionEventList, ""), backend, c.Object)
		if err != nil {
			return fmt.Errorf("unable to list the events: %w", err)
		}
		if c.Follow {
			return c.follow(ctx, app, backend, query, columns)
		}
		list, err := backend.Events(ctx, query)
		if err != nil {
			return fmt.Errorf("unable to list the events: %w", err)
		}
		return printList(app, eventListing, columns, c.listFlags, list, "There are no such events.")
	})
}

// actionNames returns the names of all actions.
func actionNames() []string { return wordsOf(tokens.Actions()) }

// outcomeNames returns the names of all outcomes.
func outcomeNames() []string { return wordsOf(tokens.Outcomes()) }

// eventsAtFirst is how many of the events that are there --follow begins with.
const eventsAtFirst = 10

// followsEvery is how often --follow looks for new events.
const followsEvery = 500 * time.Millisecond

// follow prints the latest events, and then new ones as they come, until it is interrupted.
func (c *eventList) follow(
	ctx context.Context, app *app, backend tokens.Backend, query tokens.EventQuery, columns []field[tokens.Event],
) error {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	if query.Limit == 0 && query.Since.IsZero() {
		query.Limit = eventsAtFirst
	}
	printed := newGrowingList(app, eventListing, columns, c.listFlags)
	var position tokens.EventPosition
	for {
		page, err := backend.EventsAfter(ctx, query, position)
		if ctx.Err() != nil {
			return nil
		} else if err != nil {
			return fmt.Errorf("unable to follow the events: %w", err)
		}
		if err := printed.add(page.Events); err != nil {
			return err
		}
		position, query.Limit = page.End, 0
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(followsEvery):
		}
	}
}
