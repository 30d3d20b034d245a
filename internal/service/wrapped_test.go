package service

import (
	"context"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/store"
)

// wrapped returns the options for a database whose connection is wrapped in another one.
func (o Options) wrapped(wrap func(store.Connection) store.Connection) Options {
	o.wrap = func(engine store.Engine) store.Engine { return wrappedEngine{engine, wrap} }
	return o
}

type wrappedEngine struct {
	store.Engine
	wrapConnection func(store.Connection) store.Connection
}

// Connect implements store.Engine.
func (e wrappedEngine) Connect(ctx context.Context, found store.Found) (store.Connection, error) {
	open, err := e.Engine.Connect(ctx, found)
	if err != nil {
		return nil, err
	}
	return e.wrapConnection(open), nil
}
