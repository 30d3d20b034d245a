package store

import (
	"context"
	"database/sql"
	"errors"
	"sync"
	"sync/atomic"

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
	// version is that of the schema, as last seen. One version more than ours is enough to verify secrets.
	version atomic.Int64
	// begin begins a transaction that may write, in which the schema is ours: an older one is migrated in it.
	begin func(context.Context) (*sql.Tx, error)
}

// newConnections returns connections of a pool whose transactions have the only right to write from their start, so that
// what they read stays true until they commit.
func newConnections(db *sql.DB) *connections {
	return &connections{statements: statements{db: db, prepared: map[string]*sql.Stmt{}}, writing: make(chan struct{}, 1)}
}

// isOld tells whether the schema has still to be migrated.
func (c *connections) isOld() bool { return c.version.Load() < int64(schemaVersion) }

// isNewer tells whether a newer program has migrated the schema.
func (c *connections) isNewer() bool { return c.version.Load() > int64(schemaVersion) }

// write runs fn in a transaction, which commits when fn returns nil. With it an older schema is migrated for good.
func (c *connections) write(ctx context.Context, fn func(Tx) error) error {
	err := c.inTurn(ctx, fn, (*sql.Tx).Commit)
	if err == nil && c.isOld() {
		c.version.Store(int64(schemaVersion))
	}
	return err
}

// inTurn runs fn in the transaction that may write, and ends it where fn returns nil.
func (c *connections) inTurn(ctx context.Context, fn func(Tx) error, end func(*sql.Tx) error) error {
	select {
	case c.writing <- struct{}{}:
		defer func() { <-c.writing }()
	case <-ctx.Done():
		return ctx.Err()
	}
	tx, err := c.begin(ctx)
	if err != nil {
		return err
	}
	defer tx.Rollback() //nolint:errcheck // after its end there is nothing to roll back; before it, the first error counts
	// A restore holds the right to write until the path names another file.
	if err := c.unmoved(); err != nil {
		return err
	}
	// What is prepared on other connections does not fit a schema that exists in this transaction alone.
	var here interface {
		querier
		executor
	} = tx
	if !c.isOld() {
		here = within{&c.statements, tx}
	}
	if err := fn(Tx{View{c.database, here}, here}); err != nil {
		return err
	}
	return end(tx)
}

// Found writes what a new database begins with. It runs in the transaction that makes the schema.
type Found func(ctx context.Context, tx Tx) error

// Location says where the database is, for people to read: an absolute path.
func (s *Store) Location() string { return s.engine.location() }

// Read runs fn with the right to read. Each statement sees the database as it is at that moment.
func (s *Store) Read(ctx context.Context, fn func(View) error) error {
	return s.read(ctx, fn, false, (*connections).eachByItself)
}

// ReadAtOnce is Read whose statements all see the database as it is at one moment.
func (s *Store) ReadAtOnce(ctx context.Context, fn func(View) error) error {
	return s.read(ctx, fn, false, (*connections).atOnce)
}

// ReadToVerify is Read for the verification of secrets, which goes on while the database already has the schema of the
// next version.
func (s *Store) ReadToVerify(ctx context.Context, fn func(View) error) error {
	return s.read(ctx, fn, true, (*connections).eachByItself)
}

// read runs fn by one of the ways to read. A database with an older schema stays as it is: fn reads in a transaction in
// which that is migrated and which never commits.
func (s *Store) read(ctx context.Context, fn func(View) error, newerWillDo bool, way func(*connections, context.Context, func(View) error) error) error {
	open, err := s.connections(ctx, nil)
	if err != nil {
		return err
	}
	known := func(v View) error {
		if open.isNewer() && !newerWillDo {
			return newerSchema(s.Location(), int(open.version.Load()))
		}
		return fn(v)
	}
	if open.isOld() {
		return s.explain(open.inTurn(ctx, func(tx Tx) error { return known(tx.View) }, (*sql.Tx).Rollback))
	}
	return s.explain(way(open, ctx, known))
}

// eachByItself runs fn, whose statements each see the database as it is at that moment.
func (c *connections) eachByItself(_ context.Context, fn func(View) error) error {
	return fn(View{c.database, &c.statements})
}

// atOnce runs fn in a transaction that only reads. Its statements are not kept prepared: to prepare one takes another
// connection, for which those who each have one already could wait for each other.
func (c *connections) atOnce(ctx context.Context, fn func(View) error) error {
	tx, err := c.db.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return err
	}
	defer tx.Rollback() //nolint:errcheck // there is nothing to keep
	return fn(View{c.database, tx})
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
	return s.explain(open.write(ctx, func(tx Tx) error {
		if open.isNewer() {
			return newerSchema(s.Location(), int(open.version.Load()))
		}
		return fn(tx)
	}))
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
