package store

import "context"

// Watch looks for changes of a database that anybody made, on a connection used for nothing else. It is used by one
// goroutine at a time.
type Watch interface {
	// Look returns what changed since the last look that told; at the first look, everything may have, and so it may where
	// the location names another database by now. CodeUnavailable if that can't be told, until a later look can.
	Look(ctx context.Context) (Changes, error)
	// Close ends the connection, if there is one.
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

// followingWatch is the watch of a store that follows. Where it fails, the store leaves its own connections, too: those of
// one process share what SQLite knows of the log, so that while one is open, each new one fails as the others do.
type followingWatch struct {
	Watch
	store *Store
}

// Look implements Watch.
func (w followingWatch) Look(ctx context.Context) (Changes, error) {
	changes, err := w.Watch.Look(ctx)
	if ctx.Err() == nil && isFailing(err) {
		w.store.leave()
	}
	return changes, err
}

// leave has the next use open the database anew.
func (s *Store) leave() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open != nil {
		s.open.left = true
		s.open.closeIfUnused()
	}
}
