package store

import (
	"context"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// Watch looks for changes of a database that anybody made, on a connection used for nothing else. It is used by one
// goroutine at a time.
type Watch interface {
	// Look returns what changed since the look before; at the first look, everything may have. CodeUnavailable if that can't
	// be told, also because the location now names another database: then only a new Watch can tell.
	Look(ctx context.Context) (Changes, error)
	// Close ends the connection.
	Close() error
}

// Changes are what changed between two looks at a database. The zero Changes mean that nothing did.
type Changes struct {
	// Any means that there was a change.
	Any bool
	// All means that everything may have changed: nobody can tell any more what did.
	All bool
	// Objects are what changed; none if All is set.
	Objects []ChangedObject
}

// ChangedObject is an object that a change made, altered or deleted.
type ChangedObject struct {
	Kind tokens.Kind
	ID   string
}
