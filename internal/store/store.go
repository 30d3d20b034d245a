package store

import (
	"context"
	"database/sql"
	"errors"
	"sync"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// Store is a database, opened when it is first needed. Its methods may be called from several goroutines at once.
type Store struct {
	engine Engine
	// now is the time of changes.
	now func() time.Time
	// follows means that the store goes on with another database where the location names that.
	follows bool
	// opening is taken by the one who opens the database, whom others wait for.
	opening chan struct{}

	mu     sync.Mutex
	open   *opened
	closed bool
}

// opened is an open database.
type opened struct {
	Connection
	// users are how many use it now. left means that nobody else may use it, and the last of them closes it.
	users        int
	left, closed bool
}

// New returns the store in the database of an engine, with a clock. It opens nothing yet. If the location names another
// database later, or none, every use fails until it names again what is open.
func New(engine Engine, now func() time.Time) *Store {
	return &Store{engine: engine, now: now, opening: make(chan struct{}, 1)}
}

// NewFollowing is New for a store that opens the database anew where the location names another one, or where what is open
// fails, as it does after another database was copied over it. It never makes one in the place of a database that it had
// open.
func NewFollowing(engine Engine, now func() time.Time) *Store {
	s := New(engine, now)
	s.follows = true
	return s
}

// Location says where the database is, in words for messages.
func (s *Store) Location() string { return s.engine.Location() }

// Read runs fn with the right to read. Each statement sees the database as it is at that moment.
func (s *Store) Read(ctx context.Context, fn func(View) error) error {
	return s.read(ctx, Connection.Read, s.refusingNewer(fn))
}

// ReadAtOnce is Read whose statements all see the database as it is at one moment.
func (s *Store) ReadAtOnce(ctx context.Context, fn func(View) error) error {
	return s.read(ctx, Connection.ReadAtOnce, s.refusingNewer(fn))
}

// ReadToVerify is Read for the verification of secrets, which goes on while the database already has the schema of the
// next version.
func (s *Store) ReadToVerify(ctx context.Context, fn func(View) error) error {
	return s.read(ctx, Connection.Read, func(_ Connection, v View) error { return fn(v) })
}

// refusingNewer is fn on a database whose schema is not that of a newer program.
func (s *Store) refusingNewer(fn func(View) error) func(Connection, View) error {
	return func(open Connection, v View) error {
		if err := s.checkSchema(open); err != nil {
			return err
		}
		return fn(v)
	}
}

// read runs fn by one of the ways to read.
func (s *Store) read(
	ctx context.Context, way func(Connection, context.Context, func(View) error) error, fn func(Connection, View) error,
) error {
	open, err := s.connection(ctx, nil)
	if err != nil {
		return err
	}
	defer s.done(open)
	return s.ended(ctx, open, way(open, ctx, func(v View) error { return fn(open, v) }))
}

// Write runs fn in a transaction, which commits when fn returns nil.
//
// fn may run twice, the first time for nothing: an engine that finds out only at the end that another transaction was
// first has to drop what fn did. So fn leaves nothing behind but its statements and variables that it sets anew from
// the beginning in each run.
func (s *Store) Write(ctx context.Context, fn func(Tx) error) error {
	return s.WriteOrMake(ctx, nil, fn)
}

// WriteOrMake is Write that makes a missing database and has found begin it.
func (s *Store) WriteOrMake(ctx context.Context, found Found, fn func(Tx) error) error {
	_, err := s.Change(ctx, Everything, found, fn)
	return err
}

// Change is WriteOrMake for a change with a reach, and returns the mark of the change. Whatever fn writes counts as one; where
// it writes nothing, the mark is zero.
func (s *Store) Change(ctx context.Context, reach Reach, found Found, fn func(Tx) error) (mark tokens.Mark, err error) {
	if found != nil {
		begin := found
		found = func(ctx context.Context, tx Tx) error {
			_, err := s.counted(ctx, tx, func(tx Tx) error { return begin(ctx, tx) })
			return err
		}
	}
	err = s.write(ctx, writing(reach), found, s.writingOwn(func(tx Tx) error {
		mark, err = s.counted(ctx, tx, fn)
		return err
	}))
	if err == nil && mark.Value != "" && mark.Serial == 0 { // since the answer to the commit was lost
		if mark, err = s.markWith(ctx, mark.Value); err != nil {
			return tokens.Mark{}, nil // the change took place, whoever can't be told its number
		}
	}
	return mark, err
}

// writing is the way to write within a reach.
func writing(reach Reach) func(Connection, context.Context, func(Tx) error) error {
	return func(open Connection, ctx context.Context, fn func(Tx) error) error { return open.Write(ctx, reach, fn) }
}

// markWith returns the mark with a value. Its time is no earlier than that of the change.
func (s *Store) markWith(ctx context.Context, value string) (m tokens.Mark, err error) {
	err = s.Read(ctx, func(v View) error {
		past, err := v.Past(ctx, tokens.Mark{})
		if err != nil {
			return err
		}
		m, _, err = find(ctx, v.q, scanMark, `SELECT serial, mark FROM marks WHERE mark = $1`, value)
		m.Database, m.At = past.Newest.Database, past.Newest.At
		return err
	})
	return m, err
}

// Migrate gives a database with an older schema that of this program, as its next change would. Without it, each read makes
// the whole migration for itself alone.
func (s *Store) Migrate(ctx context.Context) error {
	open, err := s.connection(ctx, nil)
	if err != nil {
		return err
	}
	version := open.SchemaVersion()
	s.done(open)
	if version >= SchemaVersion {
		return nil
	}
	err = s.Write(ctx, func(Tx) error { return nil })
	if tokens.ErrorReason(err) == tokens.ReasonNotGranted {
		return tokens.Unavailable(nil, "%s has the schema of an older Latchkey, and the role may not change it: start a server, or "+
			"change something, as the role that owns the schema, and this goes on by itself", s.Location()).
			Because(tokens.ReasonNotGranted)
	}
	return err
}

// counted runs fn and, if it wrote anything, counts that as a change of the database with the objects that it touched, as
// the last statements of the transaction.
func (s *Store) counted(ctx context.Context, tx Tx, fn func(Tx) error) (mark tokens.Mark, err error) {
	seen := tx.watched()
	if err := fn(tx.takenDownBy(seen)); err != nil || !seen.any {
		return mark, err
	}
	if tx.closer == nil {
		mark, err = tx.raise(ctx, s.now(), seen.events, seen.touched()...)
	}
	for _, check := range seen.last {
		if err == nil {
			err = check(ctx)
		}
	}
	if tx.closer != nil && err == nil { // which commits
		mark, err = tx.raise(ctx, s.now(), seen.events, seen.touched()...)
	}
	return mark, err
}

// Uncounted writes what is no change of the database, and nothing else: events of refusals. A transaction that writes
// anything else can't get by without being counted, uses of secrets apart.
type Uncounted struct {
	View
	tx Tx
}

// InsertEvent writes an event.
func (u Uncounted) InsertEvent(ctx context.Context, e tokens.Event) error {
	return u.tx.InsertEvent(ctx, e)
}

// Record runs fn, which writes events alone, in a transaction. It neither makes a database nor migrates one.
func (s *Store) Record(ctx context.Context, fn func(Uncounted) error) error {
	return s.write(ctx, Connection.Record, nil, s.writingOwn(func(tx Tx) error { return uncounted(ctx, tx, fn) }))
}

// WriteUses writes uses of secrets in a transaction, also while the database already has the schema of the next version:
// verification goes on there, and uses need no more than columns that every later schema has.
func (s *Store) WriteUses(ctx context.Context, uses []SecretUse) error {
	return s.write(ctx, writing(ReachOfTokens), nil, func(_ Connection, tx Tx) error { return tx.RecordUses(ctx, uses) })
}

// RecordRefusedUses runs fn, which writes events of refused uses of secrets, in a transaction. On the schema of the next
// version it does nothing: an event may need more there, and none must keep the server from going on.
func (s *Store) RecordRefusedUses(ctx context.Context, fn func(Uncounted) error) error {
	return s.write(ctx, writing(ReachOfTokens), nil, func(open Connection, tx Tx) error {
		if open.SchemaVersion() > SchemaVersion {
			return nil
		}
		return uncounted(ctx, tx, fn)
	})
}

// uncounted runs fn, and writes its events as the last statements of the transaction.
func uncounted(ctx context.Context, tx Tx, fn func(Uncounted) error) error {
	seen := tx.watched()
	if err := fn(Uncounted{tx.View, tx.takenDownBy(seen)}); err != nil || len(seen.events) == 0 {
		return err
	}
	_, err := tx.close(ctx, Closing{Events: closingEvents(seen.events)})
	return err
}

// writingOwn is fn on a database whose schema is not that of a newer program.
func (s *Store) writingOwn(fn func(Tx) error) func(Connection, Tx) error {
	return func(open Connection, tx Tx) error {
		if err := s.checkSchema(open); err != nil {
			return err
		}
		return fn(tx)
	}
}

// write runs fn by one of the ways to write, unless the database was moved elsewhere.
func (s *Store) write(
	ctx context.Context, way func(Connection, context.Context, func(Tx) error) error, found Found,
	fn func(Connection, Tx) error,
) error {
	return s.writeAnyhow(ctx, way, found, func(open Connection, tx Tx) error {
		if err := tx.checkNotMoved(); err != nil {
			return err
		}
		return fn(open, tx)
	})
}

// writeAnyhow is write even where the database was moved elsewhere.
func (s *Store) writeAnyhow(
	ctx context.Context, way func(Connection, context.Context, func(Tx) error) error, found Found,
	fn func(Connection, Tx) error,
) error {
	open, err := s.connection(ctx, found)
	if err != nil {
		return err
	}
	defer s.done(open)
	return s.ended(ctx, open, way(open, ctx, func(tx Tx) error { return fn(open, tx) }))
}

// Watch returns a watch for changes of the database, on a connection of its own. CodeUnavailable.
func (s *Store) Watch(ctx context.Context) (Watch, error) {
	w, err := s.engine.Watch(ctx)
	if err != nil {
		return nil, s.explain(err)
	}
	if !s.follows {
		return w, nil
	}
	return followingWatch{w, s}, nil
}

// checkSchema refuses the schema of a newer program.
func (s *Store) checkSchema(open Connection) error {
	if version := open.SchemaVersion(); version > SchemaVersion {
		return NewerSchema(s.Location(), version)
	}
	return nil
}

// Close closes the database. Any later call fails.
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	if s.open == nil {
		return nil
	}
	err := s.open.close()
	s.open = nil
	return s.explain(err)
}

// connection returns the open database for a use, which ends with done. A failure is not kept: the next call tries again.
func (s *Store) connection(ctx context.Context, found Found) (*opened, error) {
	open, err := s.opened(ctx, nil, found)
	if err != nil {
		return nil, s.explain(err)
	}
	moved := open.Check()
	if moved == nil {
		return open, nil
	}
	s.done(open)
	if !s.follows {
		return nil, s.explain(moved)
	}
	open, err = s.opened(ctx, open, nil)
	return open, s.explain(err)
}

// opened returns the open database for a use, and opens it where none is open but one that is out of use or was left.
func (s *Store) opened(ctx context.Context, outOfUse *opened, found Found) (*opened, error) {
	if open, err := s.use(outOfUse); open != nil || err != nil {
		return open, err
	}
	select {
	case s.opening <- struct{}{}:
		defer func() { <-s.opening }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if open, err := s.use(outOfUse); open != nil || err != nil { // another one was first
		return open, err
	}
	fresh, err := s.connect(ctx, found)
	if err != nil {
		return nil, err
	}
	return s.useFresh(fresh)
}

// connect opens the database. It makes none in the place of one that was open. Only who may open the database calls it.
func (s *Store) connect(ctx context.Context, found Found) (Connection, error) {
	s.mu.Lock()
	before := s.open
	s.mu.Unlock()
	if before == nil {
		return s.engine.Connect(ctx, found)
	}
	fresh, err := s.engine.Connect(ctx, nil)
	if tokens.IsNoDatabase(err) {
		if moved := before.Check(); moved != nil {
			err = moved
		}
	}
	return fresh, err
}

// use returns the open database for a use; nil where none is open but one that is out of use or was left.
func (s *Store) use(outOfUse *opened) (*opened, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, s.explainClosed()
	}
	if s.open == nil || s.open == outOfUse || s.open.left {
		return nil, nil
	}
	s.open.users++
	return s.open, nil
}

// useFresh makes a database the one that is open, for a use, and leaves the one before it to those who still use that.
func (s *Store) useFresh(fresh Connection) (*opened, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, errors.Join(s.explainClosed(), fresh.Close())
	}
	if before := s.open; before != nil {
		before.left = true
		before.closeIfUnused()
	}
	s.open = &opened{Connection: fresh, users: 1}
	return s.open, nil
}

// done ends a use.
func (s *Store) done(open *opened) {
	s.mu.Lock()
	defer s.mu.Unlock()
	open.users--
	open.closeIfUnused()
}

// ended explains how a use of an open database ended. A store that follows leaves a database whose connections fail, as they
// do for good once somebody has copied another one over the file.
func (s *Store) ended(ctx context.Context, open *opened, err error) error {
	explained := s.explain(err)
	if s.follows && ctx.Err() == nil && isOfConnection(err, explained) {
		s.mu.Lock()
		defer s.mu.Unlock()
		open.left = true
	}
	return explained
}

// isOfConnection reports whether an error, which explained explains, says that something is wrong with a connection that
// does not pass by waiting. What is wrong with a row, or with the tables, is so on each connection.
func isOfConnection(err, explained error) bool {
	_, isOfDomain := errors.AsType[*tokens.Error](err)
	_, isOfRow := errors.AsType[*rowError](err)
	return !isOfDomain && !isOfRow && isFailing(explained)
}

// isFailing reports whether an error says that the file can't be read, or is not a database.
func isFailing(explained error) bool {
	reason := tokens.ErrorReason(explained)
	return reason == tokens.ReasonDatabaseFailing || reason == tokens.ReasonWrongPlace
}

// closeIfUnused closes a database that was left, if nobody uses it. The caller holds the lock. What an error would tell
// is of a file that nobody asks for any more, or that has failed.
func (o *opened) closeIfUnused() {
	if o.left && o.users == 0 {
		_ = o.close()
	}
}

// close closes the database, once. The caller holds the lock.
func (o *opened) close() error {
	if o.closed {
		return nil
	}
	o.closed = true
	return o.Close()
}

// explainClosed is the error of a use after the end.
func (s *Store) explainClosed() error {
	return tokens.Unavailable(nil, "database %s can't be used: this program has closed it already", s.Location())
}

func (s *Store) explain(err error) error { return Explain(s.engine, err) }

// Explain makes every error of an engine's database an error of the domain.
func Explain(engine Engine, err error) error {
	var known *tokens.Error
	var row *rowError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &known):
		return known
	case errors.As(err, &row):
		return tokens.Unavailable(nil,
			"database %s holds what Latchkey can't have written, in %s: %s; keep a copy of it with its -wal and -shm files, "+
				"and restore it from a backup", engine.Location(), row.object, row.cause).Because(tokens.ReasonDatabaseFailing)
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded), errors.Is(err, sql.ErrTxDone):
		// A transaction whose context has ended is over before it commits, which is the only way to meet ErrTxDone.
		return tokens.Unavailable(err,
			"the operation on database %s was stopped before it ended; nothing was changed", engine.Location())
	}
	return engine.Explain(err)
}
