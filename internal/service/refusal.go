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
	// folded means that one event a minute tells of all such refusals. Looks are always folded.
	folded bool
}

// refused reports whether an error is a decision, as opposed to a failure.
func refused(err error) bool {
	return tokens.ErrorCode(err) != tokens.CodeUnavailable
}

// recordRefusal writes the event of a refused operation in a transaction of its own, and returns the error for the
// caller, which also tells if that failed. The event is written even if nobody waits for the answer any more.
func (b *Backend) recordRefusal(ctx context.Context, r refusal, because error) error {
	ctx = context.WithoutCancel(ctx)
	failure := b.store.Record(ctx, func(tx store.Tx) error {
		now := b.now()
		if r.folded || r.action.Reads() {
			minute := now.Truncate(tokens.FoldedWithin)
			told, err := tx.WasRefused(ctx, r.actor, r.action, minute, minute.Add(tokens.FoldedWithin))
			if err != nil || told {
				return err
			}
		}
		return tx.InsertEvent(ctx, event(now, r.actor, r.action, r.object, tokens.OutcomeRefused, because.Error()))
	})
	if known, ok := errors.AsType[*tokens.Error](because); ok && failure != nil {
		return known.Unrecorded(failure)
	}
	return because
}
