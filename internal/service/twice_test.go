package service

import (
	"context"
	"errors"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/store"
)

// Twice returns the options for a database on which every transaction runs twice, the first time for nothing, as it
// does where an engine finds out only at the end that another transaction was first.
func (o Options) Twice() Options {
	return o.wrapped(func(c store.Connection) store.Connection { return twiceConnection{c} })
}

type twiceConnection struct{ store.Connection }

// errDropped ends a transaction for nothing.
var errDropped = errors.New("dropped")

// Write implements store.Writer.
func (c twiceConnection) Write(ctx context.Context, reach store.Reach, fn func(store.Tx) error) error {
	return twice(ctx, func(ctx context.Context, fn func(store.Tx) error) error { return c.Connection.Write(ctx, reach, fn) }, fn)
}

// Record implements store.Writer.
func (c twiceConnection) Record(ctx context.Context, fn func(store.Tx) error) error {
	return twice(ctx, c.Connection.Record, fn)
}

func twice(
	ctx context.Context, write func(context.Context, func(store.Tx) error) error, fn func(store.Tx) error,
) error {
	err := write(ctx, func(tx store.Tx) error {
		if err := fn(tx.ClosedBy(nil)); errors.Is(err, store.ErrReachesFurther) {
			return err
		} // whatever else it was
		return errDropped
	})
	if !errors.Is(err, errDropped) {
		return err
	}
	return write(ctx, fn)
}
