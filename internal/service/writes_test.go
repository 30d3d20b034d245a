package service

import (
	"context"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/store"
)

// Around returns the options for a database each of whose writing transactions runs in a call of a function, which may
// also fail in its place.
func (o Options) Around(around func(write func() error) error) Options {
	o.wrap = func(engine store.Engine) store.Engine { return aroundEngine{engine, around} }
	return o
}

type aroundEngine struct {
	store.Engine
	around func(func() error) error
}

// Connect implements store.Engine.
func (e aroundEngine) Connect(ctx context.Context, found store.Found) (store.Connection, error) {
	open, err := e.Engine.Connect(ctx, found)
	if err != nil {
		return nil, err
	}
	return aroundConnection{open, e.around}, nil
}

type aroundConnection struct {
	store.Connection
	around func(func() error) error
}

// Write implements store.Writer.
func (c aroundConnection) Write(ctx context.Context, fn func(store.Tx) error) error {
	return c.around(func() error { return c.Connection.Write(ctx, fn) })
}

// Record implements store.Writer.
func (c aroundConnection) Record(ctx context.Context, fn func(store.Tx) error) error {
	return c.around(func() error { return c.Connection.Record(ctx, fn) })
}
