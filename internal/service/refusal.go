package service

import (
	"context"
	"errors"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/store"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// refusal is what the event of a refused operation says.
type refusal struct {
	actor  tokens.Actor
	action tokens.Action
	object object
	// folded means that one event a minute tells of all such refusals, whatever run they claim. Looks are always folded,
	// those in each run by themselves.
	folded bool
}

// refused reports whether an error is a decision, as opposed to a failure.
func refused(err error) bool {
	return tokens.ErrorCode(err) != tokens.CodeUnavailable
}

// refusedBy returns the event of something that an error refused.
func refusedBy(because error, e tokens.Event) tokens.Event {
	e.Outcome, e.Detail, e.Details = tokens.OutcomeRefused, tokens.EventDetail(because.Error()), tokens.RefusalDetails(because)
	return e
}

// refusedEvent returns the event of a refusal.
func (b *Backend) refusedEvent(ctx context.Context, v store.View, r refusal, because error) (tokens.Event, error) {
	e := refusedBy(because, event(b.now(), r.actor, r.action, r.object))
	if r.folded { // by whom nobody knows, and one who is unknown could make up as many runs as they like
		return e, nil
	}
	run, err := b.run(ctx, v)
	e.ClaimedRun = run
	return e, err
}

// recordRefusal writes the event of a refused operation in a transaction of its own, and returns the error for the
// caller, which also tells if that failed. The event is written even if nobody waits for the answer any more.
func (b *Backend) recordRefusal(ctx context.Context, r refusal, because error) error {
	ctx = context.WithoutCancel(ctx)
	failure := b.store.Record(ctx, func(log store.Uncounted) error {
		e, err := b.refusedEvent(ctx, log.View, r, because)
		if err != nil {
			return err
		}
		if r.folded || r.action.Reads() {
			minute := e.At.Truncate(tokens.FoldedWithin)
			told, err := log.WasRefused(ctx, e, minute, minute.Add(tokens.FoldedWithin))
			if err != nil || told {
				return err
			}
		}
		return log.InsertEvent(ctx, e)
	})
	if known, ok := errors.AsType[*tokens.Error](because); ok && failure != nil {
		return known.Unrecorded(failure)
	}
	return because
}
