package sqlite

import (
	"context"
	"database/sql"
	"io/fs"
	"sync/atomic"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/store"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// connection is the store.Connection of an open file.
type connection struct {
	engine databaseFile
	// file is what the path named when it was opened.
	file fs.FileInfo
	// db is the pool of connections. Its transactions have the only right to write from their start, so that what they
	// read stays true until they commit.
	db         *sql.DB
	statements *store.Statements
	// writing is taken by the one transaction of this program that may write. Others wait here in the order in which
	// they came, and not for the database's lock, which they would have to ask for again and again.
	writing  chan struct{}
	database tokens.Database
	// version is that of the schema, and cookie SQLite's count of changes to it, as last seen.
	version, cookie atomic.Int64
	// isStill means that the file is read as one that nothing changes.
	isStill bool
}

var _ store.Connection = (*connection)(nil)

// newConnection returns the connection of a pool.
func newConnection(engine databaseFile, db *sql.DB) *connection {
	return &connection{engine: engine, db: db, statements: store.NewStatements(db), writing: make(chan struct{}, 1)}
}

// Check implements store.Connection.
func (c *connection) Check() error {
	if c.isStill {
		return c.engine.hasStayedStill(c.file)
	}
	return c.engine.stillNames(c.file)
}

// unchanged runs a read and, of a file that nothing is thought to change, drops what it found if something did.
func (c *connection) unchanged(read func() error) error {
	err := read()
	if c.isStill {
		if changed := c.Check(); changed != nil {
			return changed
		}
	}
	return err
}

// SchemaVersion implements store.Connection. Where an older schema is migrated in a transaction alone, it stays the one
// of the file.
func (c *connection) SchemaVersion() int { return int(c.version.Load()) }

// isOld reports whether the schema has still to be migrated.
func (c *connection) isOld() bool { return c.SchemaVersion() < store.SchemaVersion }

// isNewer reports whether a newer program has migrated the schema.
func (c *connection) isNewer() bool { return c.SchemaVersion() > store.SchemaVersion }

// Close implements store.Connection.
func (c *connection) Close() error { return c.db.Close() }

// Read implements store.Reader.
func (c *connection) Read(ctx context.Context, fn func(store.View) error) error {
	if c.isOld() {
		return c.readMigrated(ctx, fn)
	}
	return c.unchanged(func() error { return fn(store.NewView(c.database, c.statements)) })
}

// ReadAtOnce implements store.Reader. Its statements are not kept prepared: to prepare one takes another connection,
// for which those who each have one already could wait for each other.
func (c *connection) ReadAtOnce(ctx context.Context, fn func(store.View) error) error {
	if c.isOld() {
		return c.readMigrated(ctx, fn)
	}
	tx, err := c.db.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return err
	}
	defer tx.Rollback() //nolint:errcheck // there is nothing to keep
	return c.unchanged(func() error { return fn(store.NewView(c.database, tx)) })
}

// readMigrated runs fn in a transaction in which an older schema is migrated and which never commits, so that the file
// stays as it is.
func (c *connection) readMigrated(ctx context.Context, fn func(store.View) error) error {
	read := func(tx store.Tx) error { return fn(tx.NotForGood().View) }
	return c.inTurn(ctx, c.beginToRead, read, (*sql.Tx).Rollback)
}

// Write implements store.Writer. With it an older schema is migrated for good.
func (c *connection) Write(ctx context.Context, _ store.Reach, fn func(store.Tx) error) error {
	err := c.inTurn(ctx, c.begin, fn, (*sql.Tx).Commit)
	if err == nil && c.isOld() {
		c.version.Store(int64(store.SchemaVersion))
	}
	return err
}

// Record implements store.Writer.
func (c *connection) Record(ctx context.Context, fn func(store.Tx) error) error {
	onSchema := func(tx store.Tx) error { return fn(tx.OnSchema(c.SchemaVersion())) }
	return c.inTurn(ctx, c.beginUnmigrated, onSchema, (*sql.Tx).Commit)
}

// inTurn runs fn in the transaction that may write, which begin begins, and ends it where fn returns nil.
func (c *connection) inTurn(
	ctx context.Context, begin func(context.Context) (*sql.Tx, error), fn func(store.Tx) error, end func(*sql.Tx) error,
) error {
	select {
	case c.writing <- struct{}{}:
		defer func() { <-c.writing }()
	case <-ctx.Done():
		return ctx.Err()
	}
	tx, err := begin(ctx)
	if err != nil {
		return err
	}
	defer tx.Rollback() //nolint:errcheck // after its end there is nothing to roll back; before it, the first error counts
	// A restore holds the right to write until the path names another file.
	if err := c.Check(); err != nil {
		return err
	}
	in, err := c.within(ctx, tx)
	if err != nil {
		return err
	}
	if err := fn(in); err != nil {
		return err
	}
	return end(tx)
}

// within returns what runs statements in a transaction. What is prepared on other connections does not fit a schema
// that exists in this transaction alone.
func (c *connection) within(ctx context.Context, tx *sql.Tx) (store.Tx, error) {
	in := store.NewTx(c.database, tx)
	if !c.isOld() {
		in = store.NewTx(c.database, c.statements.Within(tx))
	}
	movedTo, err := in.View.OnSchema(c.SchemaVersion()).MovedTo(ctx)
	return in.SealedFor(movedTo), err
}
