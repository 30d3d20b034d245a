package embedded

import (
	"context"
	"errors"
	"io/fs"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/store"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// operation is one transaction that may change something, with the instant at which it happens.
type operation struct {
	store.Tx
	backend *Backend
	now     time.Time
	// object is what the event of a refusal names.
	object object
}

// object is what an event is about.
type object struct{ id, name string }

// objectOf returns the object of a kind that a caller names. What has not the form of an identifier might be anything,
// even a secret pasted by mistake, so no event repeats it.
func objectOf(kind tokens.Kind, id string) object {
	if !tokens.IsID(kind, id) {
		return object{}
	}
	return object{id: id}
}

// change runs fn as one transaction on a database that exists.
func change[T any](ctx context.Context, b *Backend, action tokens.Action, about object, fn func(*operation) (T, error)) (T, error) {
	return transact(ctx, b, action, about, nil, fn)
}

// create is change that makes a missing database, unless the input is invalid by itself: a mistake makes none.
func create[T any](ctx context.Context, b *Backend, action tokens.Action, name string, invalid error, fn func(*operation) (T, error)) (T, error) {
	if invalid == nil {
		return transact(ctx, b, action, object{name: name}, b.found, fn)
	}
	// Nor does its event repeat the name, which may be what is wrong.
	result, err := transact(ctx, b, action, object{}, nil, fn)
	if errors.Is(err, fs.ErrNotExist) {
		err = invalid
	}
	return result, err
}

// transact runs fn as one transaction. Where fn refuses, its changes are dropped and the refusal is recorded.
func transact[T any](ctx context.Context, b *Backend, action tokens.Action, about object, found store.Found, fn func(*operation) (T, error)) (result T, err error) {
	if b.invalid != nil {
		return result, b.invalid
	}
	var o *operation
	err = b.store.WriteOrMake(ctx, found, func(tx store.Tx) error {
		if err := b.checkOrganization(tx.View); err != nil {
			return err
		}
		o = &operation{Tx: tx, backend: b, now: b.now(), object: about}
		result, err = fn(o)
		return err
	})
	if err == nil {
		return result, nil
	}
	if o != nil && refused(err) {
		b.recordRefusal(ctx, action, o.object, err)
	}
	var none T
	return none, err
}

// refused tells whether an error is a decision, as opposed to a failure.
func refused(err error) bool {
	code := tokens.ErrorCode(err)
	return code == tokens.CodeInvalid || code == tokens.CodeConflict || code == tokens.CodeNotFound
}

// recordRefusal writes the event of a refused operation in a transaction of its own. Should that fail the refusal still
// stands, and is what the caller needs to know.
func (b *Backend) recordRefusal(ctx context.Context, action tokens.Action, about object, refusal error) {
	_ = b.store.Write(ctx, func(tx store.Tx) error {
		return tx.InsertEvent(ctx, b.event(b.now(), action, about, tokens.OutcomeRefused, refusal.Error()))
	})
}

// record writes the event of something that the operation does.
func (o *operation) record(ctx context.Context, action tokens.Action, id, name, detail string) error {
	return o.InsertEvent(ctx, o.backend.event(o.now, action, object{id, name}, tokens.OutcomeDone, detail))
}

func (b *Backend) event(now time.Time, action tokens.Action, about object, outcome tokens.Outcome, detail string) tokens.Event {
	return tokens.Event{
		ID: tokens.NewID(tokens.KindEvent, now), At: now, Actor: b.options.Actor, Action: action,
		ObjectID: about.id, ObjectName: about.name, Outcome: outcome, Detail: detail,
	}
}
