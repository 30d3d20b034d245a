package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"hash/fnv"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/store"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// connection is the store.Connection of an open database.
type connection struct {
	server
	db       *sql.DB
	database tokens.Database
	// version is that of the schema, as last seen.
	version atomic.Int64
}

var _ store.Connection = (*connection)(nil)

// lockPatience is how long a change waits for a lock, and idlePatience how long the server waits for the next statement of a
// change before it drops it: while a change is open, others wait for it.
const lockPatience, idlePatience = 5 * time.Second, 5 * time.Second

// open connects, and checks what is there.
func (c *connection) open(ctx context.Context) error {
	if err := c.checkServer(ctx, c.db); err != nil {
		return err
	}
	version, err := c.readVersion(ctx, c.db)
	if err != nil {
		return err
	}
	if version > store.SchemaVersion+1 {
		return store.NewerSchema(c.Location(), version)
	}
	c.version.Store(int64(version))
	c.database, err = store.Identify(ctx, statements{c.db, nil, nil, c.tables}, c.Location())
	return err
}

// Check implements store.Connection. The address names one database; another one there has another identity, which each
// transaction reads.
func (c *connection) Check() error { return nil }

// SchemaVersion implements store.Connection.
func (c *connection) SchemaVersion() int { return int(c.version.Load()) }

func (c *connection) isOld() bool { return c.SchemaVersion() < store.SchemaVersion }

// Close implements store.Connection.
func (c *connection) Close() error { return c.db.Close() }

// Read implements store.Reader.
func (c *connection) Read(ctx context.Context, fn func(store.View) error) error {
	if c.isOld() {
		return c.readMigrated(ctx, fn)
	}
	return fn(store.NewView(c.database, statements{c.db, nil, nil, c.tables}))
}

// ReadAtOnce implements store.Reader.
func (c *connection) ReadAtOnce(ctx context.Context, fn func(store.View) error) error {
	if c.isOld() {
		return c.readMigrated(ctx, fn)
	}
	return c.transaction(ctx, `BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY`, `ROLLBACK`, func(on statements, _ *closer) error {
		return fn(store.NewView(c.database, on))
	})
}

// readMigrated runs fn in a transaction in which an older schema is migrated, and which never commits.
func (c *connection) readMigrated(ctx context.Context, fn func(store.View) error) error {
	return c.transaction(ctx, c.begin(), `ROLLBACK`, func(on statements, _ *closer) error {
		if err := c.migrate(ctx, on); err != nil {
			return err
		}
		return fn(store.NewView(c.database, on))
	})
}

// Write implements store.Writer. With it an older schema is migrated for good.
func (c *connection) Write(ctx context.Context, fn func(store.Tx) error) error {
	err := c.again(ctx, func() error {
		return c.transaction(ctx, c.begin(), `COMMIT`, func(on statements, end *closer) error {
			if err := c.migrate(ctx, on); err != nil {
				return err
			}
			return fn(store.NewTx(c.database, on).ClosedBy(end))
		})
	})
	if err == nil && c.isOld() {
		c.version.Store(int64(store.SchemaVersion))
	}
	return err
}

// Record implements store.Writer.
func (c *connection) Record(ctx context.Context, fn func(store.Tx) error) error {
	return c.again(ctx, func() error {
		return c.transaction(ctx, c.begin(), `COMMIT`, func(on statements, end *closer) error {
			version, err := c.readVersion(ctx, on)
			if err != nil {
				return err
			}
			c.version.Store(int64(version))
			return fn(store.NewTx(c.database, on).ClosedBy(end).OnSchema(version))
		})
	})
}

// begin are the statements that begin a change: one round trip.
func (c *connection) begin() string {
	return fmt.Sprintf(`BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; SET LOCAL lock_timeout = %d;
		SET LOCAL idle_in_transaction_session_timeout = %d; SELECT pg_advisory_xact_lock(%d)`,
		lockPatience.Milliseconds(), idlePatience.Milliseconds(), c.lockKey())
}

// lockKey is the key of the lock of the organization: it holds the schema, and the server tells databases apart by itself.
func (s server) lockKey() int64 {
	sum := fnv.New64a()
	_, _ = sum.Write([]byte("latchkey " + s.schema))
	return int64(sum.Sum64()) //nolint:gosec // any 64 bits are a key
}

// transaction runs fn on one connection, between the statements that begin and end a transaction.
func (c *connection) transaction(ctx context.Context, begin, end string, fn func(statements, *closer) error) (err error) {
	conn, err := c.db.Conn(ctx)
	if err != nil {
		return err
	}
	on := statements{conn, conn, conn, c.tables}
	closing := &closer{on: on}
	defer func() {
		if !closing.committed {
			// Whatever happened, the connection goes back without a transaction, or not at all.
			undo, cancel := context.WithTimeout(context.WithoutCancel(ctx), lockPatience)
			defer cancel()
			if failed := on.run(undo, `ROLLBACK`); failed != nil {
				_ = conn.Raw(func(any) error { return errBroken })
			}
		}
		err = errors.Join(err, ignoreDone(conn.Close()))
	}()
	if err := on.run(ctx, begin); err != nil {
		return err
	}
	if err := fn(on, closing); err != nil || closing.committed {
		return err
	}
	if err := on.run(ctx, end); err != nil {
		return err
	}
	closing.committed = true
	return nil
}

// errBroken has database/sql drop a connection.
var errBroken = errors.New("the connection is dropped")

// ignoreDone returns no error for a connection that was dropped.
func ignoreDone(err error) error {
	if errors.Is(err, sql.ErrConnDone) {
		return nil
	}
	return err
}

// attempts is how often a change is tried that the server drops for the sake of another one.
const attempts = 10

// again runs a change until the server does not ask for another attempt.
func (c *connection) again(ctx context.Context, change func() error) (err error) {
	for range attempts {
		if err = change(); err == nil || !mayTryAgain(err) || ctx.Err() != nil {
			return err
		}
	}
	return err
}

// statements run store's statements on a pool, or on one connection, with the schema before each table.
type statements struct {
	store.Querier
	e store.Executor
	// conn is nil where it is a pool.
	conn   *sql.Conn
	tables *qualifier
}

// QueryContext implements store.Querier.
func (s statements) QueryContext(ctx context.Context, text string, args ...any) (*sql.Rows, error) {
	return s.Querier.QueryContext(ctx, s.tables.qualified(text), args...)
}

// ExecContext implements store.Executor.
func (s statements) ExecContext(ctx context.Context, text string, args ...any) (sql.Result, error) {
	return s.e.ExecContext(ctx, s.tables.qualified(text), args...)
}

// run runs statements without arguments, in one round trip.
func (s statements) run(ctx context.Context, text string) error {
	_, err := s.e.ExecContext(ctx, text, pgx.QueryExecModeSimpleProtocol)
	return err
}
