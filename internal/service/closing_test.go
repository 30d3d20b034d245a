package service

import (
	"errors"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/store"
)

// FailingToClose returns the options for a database that can't be closed without an error.
func (o Options) FailingToClose() Options {
	return o.wrapped(func(c store.Connection) store.Connection { return unclosable{c} })
}

type unclosable struct{ store.Connection }

// Close implements store.Connection.
func (c unclosable) Close() error {
	return errors.Join(c.Connection.Close(), errors.New("the disk has failed"))
}
