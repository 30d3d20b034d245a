package store

import (
	"context"
	"database/sql"
	"errors"
	"sync"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// Store is a database, opened when it is first needed. Its methods may be called from several goroutines at once.
type Store struct {
	engine engine

	mu     sync.Mutex
	open   *connections
	closed bool
}

// engine is what differs between the kinds of databases.
type engine interface {
	// location says where the database is, for people to read.
	location() string
	// connect opens the database. A missing one is made and founded, unless found is nil: then it is an error.
	connect(ctx context.Context, found Found) (*connections, error)
	// explain turns an error of the driver into one that says what to do.
	explain(err error) error
}

// connections is an open database.
type connections struct {
	statements
	// writing is taken by the one transaction of this program that may write. Others wait here in the order in which they
	// came, and not for the database's lock, which they would have to ask for again and again.
	writing  chan struct{}
	database tokens.Database
	// unmoved fails when what the connections have open is no longer what the location names: what would be written then
	// is lost, and what would be read is of the past.
	unmoved func() error
	// newer tells that the schema is one version newer than ours: enough is known of it to verify secrets.
	newer bool
}

// newConnections returns connections of a pool whose transactions have the only right to write from their start, so that
// what they read stays true until they commit.
func newConnections(db *sql.DB) *connections {
	return &connections{statements: statements{db: db, prepared: map[string]*sql.Stmt{}}, writing: make(chan struct{}, 1)}
}

// write runs fn in a transaction, which commits when fn returns nil.
func (c *connections) write(ctx context.Context, fn func(Tx) error) error {
	select {
	case c.writing <- struct{}{}:
		defer func() { <-c.writing }()
	case <-ctx.Done():
		return ctx.Err()
	}
	return inTransaction(ctx, c.db, func(tx *sql.Tx) error {
		here := within{&c.statements, tx}
		return fn(Tx{View{c.database, here}, here})
	})
}

// Found writes what a new database begins with. It runs in the transaction that makes the schema.
type Found func(ctx context.Context, tx Tx) error

// Location says where the database is, for people to read: an absolute path.
func (s *Store) Location() string { return s.engine.location() }

// Read runs fn with the right to read. Each statement sees the database as it is at that moment.
func (s *Store) Read(ctx context.Context, fn func(View) error) error {
	open, err := s.connections(ctx, nil)
	if err != nil {
		return err
	}
	if err := s.refuseNewer(open); err != nil {
		return err
	}
	return s.explain(fn(View{open.database, &open.statements}))
}

// ReadToVerify is Read for the verification of secrets, which goes on while the database already has the schema of the
// next version.
func (s *Store) ReadToVerify(ctx context.Context, fn func(View) error) error {
	open, err := s.connections(ctx, nil)
	if err != nil {
		return err
	}
	return s.explain(fn(View{open.database, &open.statements}))
}

// Write runs fn in a transaction, which commits when fn returns nil.
func (s *Store) Write(ctx context.Context, fn func(Tx) error) error {
	return s.WriteOrMake(ctx, nil, fn)
}

// WriteOrMake is Write that makes a missing database and has found begin it.
func (s *Store) WriteOrMake(ctx context.Context, found Found, fn func(Tx) error) error {
	open, err := s.connections(ctx, found)
	if err != nil {
		return err
	}
	if err := s.refuseNewer(open); err != nil {
		return err
	}
	return s.explain(open.write(ctx, fn))
}

// Close lets go of the database. What comes after it fails.
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	if s.open == nil {
		return nil
	}
	err := s.open.db.Close()
	s.open = nil
	return s.explain(err)
}

// connections returns the open database. A failure is not kept: the next call tries again.
func (s *Store) connections(ctx context.Context, found Found) (*connections, error) {
	open, err := s.opened(ctx, found)
	if err != nil {
		return nil, s.explain(err)
	}
	return open, s.explain(open.unmoved())
}

// opened returns the open database, and opens it where it is not.
func (s *Store) opened(ctx context.Context, found Found) (*connections, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, tokens.Unavailable(nil, "database %s can't be used: this program has closed it already", s.Location())
	}
	if s.open == nil {
		open, err := s.engine.connect(ctx, found)
		if err != nil {
			return nil, err
		}
		s.open = open
	}
	return s.open, nil
}

func (s *Store) refuseNewer(open *connections) error {
	if !open.newer {
		return nil
	}
	return newerSchema(s.Location(), schemaVersion+1)
}

// explain makes every error an error of the domain.
func (s *Store) explain(err error) error {
	var known *tokens.Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &known):
		return known
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded), errors.Is(err, sql.ErrTxDone):
		// A transaction whose context has ended is over before it commits, which is the only way to meet ErrTxDone.
		return tokens.Unavailable(err, "the operation on database %s was stopped before it ended; nothing was changed", s.Location())
	}
	return s.engine.explain(err)
}

// inTransaction runs fn in a transaction, which commits when fn returns nil.
func inTransaction(ctx context.Context, db *sql.DB, fn func(*sql.Tx) error) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() //nolint:errcheck // after a commit there is nothing to roll back; before it, the first error counts
	if err := fn(tx); err != nil {
		return err
	}
	return tx.Commit()
}
