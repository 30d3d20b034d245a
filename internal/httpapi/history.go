package httpapi

import (
	"context"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// history says how far the chain of events goes, and whether it is whole.
type history struct {
	Head          string      `json:"head" jsonschema:"The number of the last event, a colon, and the hash that covers all events so far. Whoever keeps it elsewhere can tell later whether this part of the history was rewritten."`
	Checkpoint    string      `json:"checkpoint" jsonschema:"The head behind which the chain begins: what was before was pruned, or was written before events had hashes; empty if it begins with the first event."`
	Events        int64       `json:"events" jsonschema:"How many events there are."`
	EarlierEvents int64       `json:"earlier_events" jsonschema:"How many of them were written before events had hashes. The hash of the checkpoint covers them."`
	Broken        *brokenLink `json:"broken" jsonschema:"The first event with which something is wrong; null if nothing is."`
}

// brokenLink is an event that does not fit the history.
type brokenLink struct {
	Number  int64  `json:"number" jsonschema:"The number of the event."`
	EventID string `json:"event_id" jsonschema:"Its identifier; empty where it is missing."`
	Problem string `json:"problem" jsonschema:"What is wrong with it."`
}

func historyOf(h tokens.History) history {
	document := history{h.Head.String(), h.Checkpoint.String(), h.Events, h.Earlier, nil}
	if h.Broken != nil {
		document.Broken = &brokenLink{h.Broken.Number, h.Broken.EventID, h.Broken.Problem}
	}
	return document
}

func (h history) domain() (result tokens.History, err error) {
	result = tokens.History{Events: h.Events, Earlier: h.EarlierEvents}
	if h.Broken != nil {
		result.Broken = &tokens.BrokenLink{Number: h.Broken.Number, EventID: h.Broken.EventID, Problem: h.Broken.Problem}
	}
	if result.Head, err = tokens.ParseHead("head", h.Head); err == nil {
		result.Checkpoint, err = tokens.ParseHead("checkpoint", h.Checkpoint)
	}
	return result, err
}

// historySelection says what the history is compared with.
type historySelection struct {
	Head keptHead `query:"head" jsonschema:"A head that was kept elsewhere, to compare the history with."`
}

// keptHead is a head that somebody kept. One that is empty is a mistake, such as a variable that is not set.
type keptHead tokens.Head

// MarshalText writes a head; nothing for the zero one.
func (h keptHead) MarshalText() ([]byte, error) { return []byte(tokens.Head(h).String()), nil }

// UnmarshalText reads what MarshalText writes.
func (h *keptHead) UnmarshalText(text []byte) error {
	read, err := tokens.ParseHead("", string(text))
	if err == nil && read == (tokens.Head{}) {
		err = tokens.Invalid("", "it is empty: leave it out, or say which head the history is compared with")
	}
	*h = keptHead(read)
	return err
}

// verifyHistory is the operation that follows the chain of events.
var verifyHistory = operation[historySelection, history]{
	"GET", "/v1/events/history", "verifyHistory",
	"Follow the chain of hashes of all events, and name the first that does not fit", false,
}

// historyEndpoints are what a server does for the history.
func historyEndpoints() []endpoint {
	return []endpoint{
		served(verifyHistory, func(ctx context.Context, b tokens.Backend, in historySelection) (history, error) {
			return answered(historyOf)(b.VerifyHistory(ctx, tokens.Head(in.Head)))
		}),
	}
}

// VerifyHistory implements tokens.Backend.
func (c *Client) VerifyHistory(ctx context.Context, known tokens.Head) (tokens.History, error) {
	return received(history.domain)(ask(ctx, c, verifyHistory, historySelection{keptHead(known)}))
}
