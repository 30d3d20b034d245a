package store

import (
	"context"
	"slices"
	"sync"
)

// Watch looks for changes of a database that anybody made, on a connection used for nothing else. It is used by one
// goroutine at a time.
type Watch interface {
	// Look returns what changed since the last look that told; at the first look, everything may have, and so it may where
	// the location names another database by now. CodeUnavailable if that can't be told, until a later look can.
	Look(ctx context.Context) (Changes, error)
	// Close ends the connection, if there is one. A later look makes another one.
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

// renewedWatch is the watch of a store that follows, which also begins anew where the store leaves a database that fails.
// SQLite's connections of one process share what they know of the log: while one is open, each new one fails as the others
// do.
type renewedWatch struct {
	store *Store
	mu    sync.Mutex
	watch Watch
}

// Look implements Watch.
func (w *renewedWatch) Look(ctx context.Context) (Changes, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.watch.Look(ctx)
}

// renew has the next look open the database anew. What an error would tell is of what has failed.
func (w *renewedWatch) renew() {
	w.mu.Lock()
	defer w.mu.Unlock()
	_ = w.watch.Close()
}

// Close implements Watch.
func (w *renewedWatch) Close() error {
	w.store.forget(w)
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.watch.Close()
}

// forget ends the renewals of a watch.
func (s *Store) forget(w *renewedWatch) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.watches = slices.DeleteFunc(s.watches, func(other *renewedWatch) bool { return other == w })
}
