package postgres

import (
	"context"
	"database/sql"
	"slices"
	"strings"
	"sync/atomic"
	"time"
	"unicode/utf8"

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
	// replaced means that the schema was seen to hold another database.
	replaced atomic.Bool
	// notifier tells of what was changed here.
	notifier *notifier
}

var _ store.Connection = (*connection)(nil)

// lockPatience is how long a change waits for a lock, and idlePatience how long the server waits for the next statement of a
// change before it drops it: while a change is open, others wait for it.
const lockPatience, idlePatience = 5 * time.Second, 5 * time.Second

// newConnection returns a connection on a pool, which connects to nothing yet.
func newConnection(s server) *connection {
	db := s.pool()
	return &connection{server: s, db: db, notifier: newNotifier(s, db)}
}

// open connects, and checks what is there.
func (c *connection) open(ctx context.Context) error {
	if err := c.checkServer(ctx, c.db); err != nil {
		return err
	}
	version, err := c.checkSchema(ctx)
	if err != nil {
		return err
	}
	c.version.Store(int64(version))
	c.database, err = store.Identify(ctx, statements{c.db, nil, nil, c.tables}, c.Location())
	return err
}

// checkSchema checks what is in the schema, and returns its version. Another program may migrate it meanwhile: then the
// server describes some things as they were and some as they are, and nothing of what was gone by then.
func (c *connection) checkSchema(ctx context.Context) (version int, err error) {
	if version, err = c.readVersion(ctx, c.db); err != nil {
		return 0, err
	}
	for {
		if version > store.SchemaVersion+1 {
			return 0, store.NewerSchema(c.Location(), version)
		}
		foreign := c.checkObjects(ctx, c.db, version)
		if foreign == nil {
			return version, nil
		}
		now, err := c.readVersion(ctx, c.db)
		if err != nil || now == version {
			return 0, foreign
		}
		version = now
	}
}

// Check implements store.Connection.
func (c *connection) Check() error {
	if c.replaced.Load() {
		return c.errReplaced()
	}
	return nil
}

// errReplaced says that the schema holds another database by now.
func (c *connection) errReplaced() error {
	return tokens.Unavailable(nil, "database %s is another one than when it was opened; nothing was changed: try again",
		c.Location()).Because(tokens.ReasonWrongPlace)
}

// SchemaVersion implements store.Connection.
func (c *connection) SchemaVersion() int { return int(c.version.Load()) }

func (c *connection) isOld() bool { return c.SchemaVersion() < store.SchemaVersion }

// Close implements store.Connection. Connections that the server has ended since they were used last are no failure.
func (c *connection) Close() error {
	c.notifier.close()
	if err := c.db.Close(); !isConnectionLost(err) {
		return err
	}
	return nil
}

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
	return c.transaction(ctx, reading, `ROLLBACK`, func(t *transaction) error {
		return fn(store.NewView(c.database, t.statements))
	})
}

// readMigrated runs fn in a transaction in which an older schema is migrated, and which never commits.
func (c *connection) readMigrated(ctx context.Context, fn func(store.View) error) error {
	return c.transaction(ctx, c.changing(store.Everything), `ROLLBACK`, func(t *transaction) error {
		if err := c.migrate(ctx, t.statements); err != nil {
			return err
		}
		return fn(store.NewView(c.database, t.statements))
	})
}

// Write implements store.Writer. With it an older schema is migrated for good.
func (c *connection) Write(ctx context.Context, reach store.Reach, fn func(store.Tx) error) error {
	var serial int64
	err := c.again(ctx, reach, func(reach store.Reach) error {
		return c.transaction(ctx, c.changing(reach), `COMMIT`, func(t *transaction) error {
			if c.isOld() && !reach.IsEverything() {
				return store.ErrReachesFurther
			}
			if err := c.migrate(ctx, t.statements); err != nil {
				return err
			}
			err := fn(store.NewTx(c.database, t.statements).ClosedBy(t).Within(reach).SealedFor(t.movedTo))
			serial = t.serial
			return err
		})
	})
	if err != nil || serial == 0 {
		return err
	}
	c.notifier.changed(serial)
	if serial%trimEvery == 0 {
		// Nobody needs to hear of it: the next one does what this one leaves.
		_ = c.transaction(context.WithoutCancel(ctx), c.changing(store.ReachOfTokens), `COMMIT`, func(t *transaction) error {
			if t.movedTo != "" {
				return nil
			}
			return t.run(ctx, t.tables.qualified(store.TrimChanges))
		})
	}
	return nil
}

// trimEvery is after how many changes those rows of them are dropped that are too old.
const trimEvery = 500

// Record implements store.Writer.
func (c *connection) Record(ctx context.Context, fn func(store.Tx) error) error {
	return c.again(ctx, store.ReachOfTokens, func(reach store.Reach) error {
		return c.transaction(ctx, c.changing(reach), `COMMIT`, func(t *transaction) error {
			return fn(store.NewTx(c.database, t.statements).ClosedBy(t).Within(reach).SealedFor(t.movedTo).OnSchema(c.SchemaVersion()))
		})
	})
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
	return s.Querier.QueryContext(ctx, s.tables.qualified(text), sendable(args)...)
}

// Lateral implements store.Lateral.
func (s statements) Lateral() {}

// ExecContext implements store.Executor.
func (s statements) ExecContext(ctx context.Context, text string, args ...any) (sql.Result, error) {
	return s.e.ExecContext(ctx, s.tables.qualified(text), sendable(args)...)
}

// sendable returns arguments that PostgreSQL takes. It refuses texts that are not UTF-8 or hold a zero byte, but
// somebody may look for one. Nothing that is stored has a replacement character in its place.
func sendable(args []any) []any {
	for i, arg := range args {
		text, ok := arg.(string)
		if ok && (strings.Contains(text, "\x00") || !utf8.ValidString(text)) {
			args = slices.Clone(args)
			args[i] = strings.ToValidUTF8(strings.ReplaceAll(text, "\x00", "\uFFFD"), "\uFFFD")
		}
	}
	return args
}

// run runs statements without arguments, in one round trip.
func (s statements) run(ctx context.Context, text string) error {
	_, err := s.e.ExecContext(ctx, text, pgx.QueryExecModeSimpleProtocol)
	return err
}
