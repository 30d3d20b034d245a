package service

import (
	"context"
	"errors"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/store"
)

// FailingToClose returns the options for a database that can't be closed without an error.
func (o Options) FailingToClose() Options {
	o.wrap = func(engine store.Engine) store.Engine { return failingToClose{engine} }
	return o
}

type failingToClose struct{ store.Engine }

// Connect implements store.Engine.
func (e failingToClose) Connect(ctx context.Context, found store.Found) (store.Connection, error) {
	open, err := e.Engine.Connect(ctx, found)
	if err != nil {
		return nil, err
	}
	return unclosable{open}, nil
}

type unclosable struct{ store.Connection }

// Close implements store.Connection.
func (c unclosable) Close() error {
	return errors.Join(c.Connection.Close(), errors.New("the disk has failed"))
}
