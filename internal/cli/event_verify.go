package cli

import (
	"context"
	"fmt"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// eventVerify tells whether the audit log is whole.
type eventVerify struct {
	Head string `help:"A head that was kept elsewhere, to compare with: <number>:<hash>." placeholder:"HEAD"`
	JSON bool   `name:"json" help:"Answer in JSON, for programs."`
}

// Help says what a chain of hashes can't tell.
func (*eventVerify) Help() string {
	return "Each event has a hash that covers what it says and all events before it. This follows them, and names the first " +
		"event that was changed, deleted, put in or moved; nothing is changed. The exit code is 1 if there is one.\n\n" +
		"Whoever can write the database can compute all hashes anew. Only a head that is kept elsewhere shows that, so keep " +
		"what latchkey doctor, latchkey backup, this command or the server's metrics tell, where who works with the database " +
		"can't write, and pass it to --head later."
}

// historyDocument is the answer of event verify in --json output.
type historyDocument struct {
	Head string `json:"head"`
	// Checkpoint is where the chain begins; null if with the first event.
	Checkpoint    *string `json:"checkpoint"`
	Events        int64   `json:"events"`
	EarlierEvents int64   `json:"earlier_events"`
	// Broken is the first event with which something is wrong; null if nothing is.
	Broken *brokenLinkDocument `json:"broken"`
}

// brokenLinkDocument is an event that does not fit the history.
type brokenLinkDocument struct {
	Number int64 `json:"number"`
	// EventID is null where the event is missing.
	EventID *string `json:"event_id"`
	Problem string  `json:"problem"`
}

func newHistoryDocument(h tokens.History) historyDocument {
	document := historyDocument{
		Head: h.Head.String(), Checkpoint: textOrNull(h.Checkpoint.String()), Events: h.Events, EarlierEvents: h.Earlier,
	}
	if b := h.Broken; b != nil {
		document.Broken = &brokenLinkDocument{b.Number, textOrNull(b.EventID), b.Problem}
	}
	return document
}

// Run follows the chain. If it is broken, the exit code is 1.
func (c *eventVerify) Run(ctx context.Context, app *app) error {
	head, err := tokens.ParseHead("--head", c.Head)
	if err != nil {
		return misuseOf(c.Head, err)
	}
	return app.withBackend(func(backend tokens.Backend) error {
		h, err := backend.VerifyHistory(ctx, head)
		if err != nil {
			return &untold{fmt.Errorf("unable to verify the audit log: %w", err)}
		}
		if c.JSON {
			err = app.printJSON(newHistoryDocument(h))
		} else {
			err = app.printLine(historyLine(h))
		}
		if err == nil && h.Broken != nil {
			err = errAnswerIsNo
		}
		return err
	})
}

// historyLine says what was found.
func historyLine(h tokens.History) string {
	if h.Broken != nil {
		return tokens.Cleaned("The audit log was changed: " + h.Broken.String())
	}
	return fmt.Sprintf("The audit log is whole: %s, up to %s", tokens.Counted(h.Events, "event"), h.Head)
}
