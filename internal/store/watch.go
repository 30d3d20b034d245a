package store

import (
	"context"
	"time"
)

// Watch looks for changes of a database that anybody made, on a connection used for nothing else. It is used by one
// goroutine at a time, but for Notifications.
type Watch interface {
	// Look returns what changed since the last look that told; at the first look, everything may have, and so it may where
	// the location names another database by now. CodeUnavailable if that can't be told, until a later look can.
	Look(ctx context.Context) (Changes, error)
	// Wait waits after a look until the next one is due, or ctx ends.
	Wait(ctx context.Context)
	// Notifications returns how those of changes fare. It may be called at any time.
	Notifications() Notifications
	// Close ends the connection, if there is one.
	Close() error
}

// Changes are what changed between two looks at a database.
type Changes struct {
	// Any means that there was a change.
	Any bool
	// All means that everything may have changed: nobody can tell any more what did.
	All bool
	// Objects are what changed; none if All is set.
	Objects []ChangedObject
	// Moved means that another server answered than before.
	Moved bool
	// At is the time of the look by the clock of the database; zero where that has none but this machine's.
	At time.Time
}

// Notifications are how those fare by which a watch hears of changes before it looks. Without them it looks often. The zero
// Notifications are those of a watch that always does.
type Notifications struct {
	// Missed is how many changes a look found of which no notification came, not even a little later.
	Missed uint64
	// FailedTests is how many notifications did not come that were sent to see whether they do.
	FailedTests uint64
	// Problem says why the watch doesn't rely on them now; empty if it does, or needs none.
	Problem string
}

// followingWatch is the watch of a store that follows. Where it fails, the store leaves its own connections, too: those of
// one process share what SQLite knows of the log, so that while one is open, each new one fails as the others do. And where
// it came to another server, what reads from the one before would read what is past.
type followingWatch struct {
	Watch
	store *Store
}

// Look implements Watch.
func (w followingWatch) Look(ctx context.Context) (Changes, error) {
	changes, err := w.Watch.Look(ctx)
	if ctx.Err() == nil && (changes.Moved || isFailing(err)) {
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
