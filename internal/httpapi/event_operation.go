package httpapi

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"slices"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// eventSelection selects events.
type eventSelection struct {
	ObjectID string   `query:"object_id" jsonschema:"What happened to this object. To an access token happens what happens to its shares and its technical user."`
	Actor    string   `query:"actor" jsonschema:"Who did it. An asterisk stands for any text."`
	Action   string   `query:"action" jsonschema:"What was done. An asterisk stands for any text."`
	Run      string   `query:"run" jsonschema:"The run of a pipeline in which they claimed to do it. An asterisk stands for any text."`
	Outcome  string   `query:"outcome" jsonschema:"done or refused."`
	Since    instant  `query:"since" jsonschema:"From this time on."`
	Until    instant  `query:"until" jsonschema:"Before this time."`
	After    position `query:"after" jsonschema:"The position of an earlier answer: only what was written since then."`
	pageInput
}

func eventSelectionOf(q tokens.EventQuery, after tokens.EventPosition) eventSelection {
	return eventSelection{
		q.ObjectID, q.Actor, q.Action, q.Run, string(q.Outcome), instant{nextMicrosecond(q.Since)},
		instant{nextMicrosecond(q.Until)}, position(after), pageInput{q.Limit, q.Cursor},
	}
}

// nextMicrosecond returns the first whole microsecond that is not before a time. Events happen at whole ones, so as many
// come before it.
func nextMicrosecond(t time.Time) time.Time {
	if whole := t.Truncate(time.Microsecond); whole.Before(t) {
		return whole.Add(time.Microsecond)
	}
	return t
}

// domain returns the query. CodeInvalid.
func (s eventSelection) domain() (tokens.EventQuery, error) {
	limit, err := s.size()
	return tokens.EventQuery{
		ObjectID: s.ObjectID, Actor: s.Actor, Action: s.Action, Run: s.Run, Outcome: tokens.Outcome(s.Outcome),
		Since: s.Since.Time, Until: s.Until.Time, Limit: limit, Cursor: s.Cursor,
	}, err
}

// position is a place in the audit log, as a text that means nothing to clients.
type position tokens.EventPosition

// positionText is what is in the text of a position.
type positionText struct {
	Number int64   `json:"number"`
	ID     string  `json:"id"`
	At     instant `json:"at"`
}

// MarshalText writes a position; nothing for the zero one.
func (p position) MarshalText() ([]byte, error) {
	if p == (position{}) {
		return nil, nil
	}
	text, err := json.Marshal(positionText{p.Number, p.ID, instant{p.At}})
	return []byte(base64.RawURLEncoding.EncodeToString(text)), err
}

// UnmarshalText reads what MarshalText writes.
func (p *position) UnmarshalText(text []byte) error {
	var read positionText
	decoded, err := base64.RawURLEncoding.DecodeString(string(text))
	if err == nil && len(decoded) > 0 {
		err = decodeStrictly(decoded, &read)
	}
	if err != nil || read.Number < 0 {
		return tokens.Invalid("", "it is no position in the audit log: pass on, unchanged, what came with an earlier answer")
	}
	*p = position{read.Number, read.ID, read.At.Time}
	return nil
}

// eventPage is a part of the audit log: the latest events of those that are selected, oldest first.
type eventPage struct {
	page[event]
	Position position `json:"position" jsonschema:"Where the audit log ended when this was read. With after, it selects what is written from now on."`
}

func eventPageOf(p tokens.EventPage) eventPage {
	document := eventPage{Position: position(p.End)}
	document.Items, document.NextCursor = make([]event, len(p.Events)), textOrNull(p.NextCursor)
	for i, e := range p.Events {
		document.Items[i] = eventOf(e)
	}
	return document
}

func (p eventPage) domain() (tokens.EventPage, error) {
	result := tokens.EventPage{NextCursor: textOrEmpty(p.NextCursor), End: tokens.EventPosition(p.Position)}
	for _, item := range p.Items {
		e, err := item.domain()
		if err != nil {
			return result, err
		}
		result.Events = append(result.Events, e)
	}
	return result, nil
}

// prune is the body of a deletion of events.
type prune struct {
	Before instant `json:"before" jsonschema:"The events from before this time are deleted. It must have passed."`
}

// pruned is the answer to that.
type pruned struct {
	Deleted int64 `json:"deleted" jsonschema:"How many events there were."`
}

type eventPrune struct {
	Prune prune `body:""`
}

// The operations on the audit log.
var (
	listEvents = operation[eventSelection, eventPage]{
		"GET", "/v1/events", "listEvents",
		"List the latest events of the audit log, oldest first; the next page has those before them", false,
	}
	pruneEvents = operation[eventPrune, pruned]{
		"POST", "/v1/events/prune", "pruneEvents", "Delete the events before a time", false,
	}
)

// eventEndpoints are what a server does for the audit log.
func eventEndpoints() []endpoint {
	return []endpoint{
		served(listEvents, func(ctx context.Context, b tokens.Backend, in eventSelection) (eventPage, error) {
			query, err := in.domain()
			if err != nil {
				return eventPage{}, err
			}
			return answered(eventPageOf)(b.EventsAfter(ctx, query, tokens.EventPosition(in.After)))
		}),
		served(pruneEvents, func(ctx context.Context, b tokens.Backend, in eventPrune) (pruned, error) {
			deleted, err := b.PruneEvents(ctx, in.Prune.Before.Time)
			return pruned{deleted}, err
		}),
	}
}

// Events implements tokens.Backend.
func (c *Client) Events(ctx context.Context, query tokens.EventQuery) ([]tokens.Event, error) {
	p, err := c.EventsAfter(ctx, query, tokens.EventPosition{})
	return p.Events, err
}

// EventsAfter implements tokens.Backend. It asks for as many pages as the query needs, from the latest one on.
func (c *Client) EventsAfter(
	ctx context.Context, query tokens.EventQuery, after tokens.EventPosition,
) (tokens.EventPage, error) {
	in := eventSelectionOf(query, after)
	var all tokens.EventPage
	var pages [][]tokens.Event
	err := eachPage(in.pageInput, func(page pageInput) (int, string, error) {
		in.pageInput = page
		p, err := received(eventPage.domain)(ask(ctx, c, listEvents, in))
		if err != nil {
			return 0, "", err
		}
		if len(pages) == 0 {
			all.End = p.End
		}
		pages, all.NextCursor = append(pages, p.Events), p.NextCursor
		return len(p.Events), p.NextCursor, nil
	})
	if err != nil {
		return tokens.EventPage{}, err
	}
	slices.Reverse(pages)
	all.Events = slices.Concat(pages...)
	return all, nil
}

// PruneEvents implements tokens.Backend. Where an answer was lost, the number is of those that the second attempt deleted.
func (c *Client) PruneEvents(ctx context.Context, before time.Time) (int64, error) {
	p, err := ask(ctx, c, pruneEvents, eventPrune{prune{instant{before}}})
	return p.Deleted, err
}
