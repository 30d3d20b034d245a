package service

import (
	"context"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/store"
)

// Around returns the options for a database each of whose writing transactions runs in a call of a function, which may
// also fail in its place.
func (o Options) Around(around func(write func() error) error) Options {
	return o.wrapped(func(c store.Connection) store.Connection { return aroundConnection{c, around} })
}

type aroundConnection struct {
	store.Connection
	around func(func() error) error
}

// Write implements store.Writer.
func (c aroundConnection) Write(ctx context.Context, reach store.Reach, fn func(store.Tx) error) error {
	return c.around(func() error { return c.Connection.Write(ctx, reach, fn) })
}

// Record implements store.Writer.
func (c aroundConnection) Record(ctx context.Context, fn func(store.Tx) error) error {
	return c.around(func() error { return c.Connection.Record(ctx, fn) })
}
