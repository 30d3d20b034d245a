package postgres

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"hash/fnv"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/store"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// transaction is one transaction on a connection of its own. It is the store.Closer of a change.
type transaction struct {
	statements
	// id is what the server calls it, for a change.
	id string
	// proof is what the transaction leaves in the database if it commits.
	proof proof
	// serial is that of the change, once it has one.
	serial int64
	// movedTo is where the database was moved to; empty for one that is in use.
	movedTo string
	// asked means that the server was told to commit, and committed that it says it did.
	asked, committed bool
}

// beginning is how a transaction begins: statements that take one round trip.
type beginning struct {
	text string
	// changes means that it may change something.
	changes bool
}

// steady are settings of every transaction. Compiling a query, which the server does where it expects much work, takes a
// second for one that then takes a millisecond. The path is so that nobody else's functions are taken for the server's.
const steady = `SET LOCAL jit = off; SET LOCAL search_path = pg_catalog; `

// reading begins a transaction that sees the database as it is at one moment.
var reading = beginning{text: `BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY; ` + steady}

// changing begins a change. At a higher level than READ COMMITTED most changes would fail, since each writes the row of the
// serial. So it first takes the locks that keep what it reads from changing: the organization's, which those whose reach ends
// at access tokens share, and the row of the token.
func (c *connection) changing(reach store.Reach) beginning {
	idle, kept := idlePatience, ``
	if reach.IsPatient() {
		idle, kept = 0, keepAlive // without a limit
	}
	text := fmt.Sprintf(`BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; %s SET LOCAL lock_timeout = %d;
		SET LOCAL idle_in_transaction_session_timeout = %d; %s; %s`, steady, lockPatience.Milliseconds(), idle.Milliseconds(),
		keepCommits, kept)
	shared := ``
	if !reach.IsEverything() {
		shared = `_shared`
	}
	text += fmt.Sprintf(` SELECT pg_advisory_xact_lock%s(%d);`, shared, c.lockKey())
	if id := reach.Token(); id != "" {
		text += c.tables.qualified(` SELECT id FROM access_tokens WHERE id = '` + id + `' FOR UPDATE;`)
	}
	return beginning{text: text, changes: true}
}

// keepCommits has the server answer a commit when it is on the disk, where its settings say that it needs not be.
const keepCommits = `SELECT set_config('synchronous_commit', 'on', true) WHERE current_setting('synchronous_commit') = 'off'`

// keepAlive has the server notice within half a minute that the machine at the other end is gone, and drop what it has begun.
const keepAlive = `SET LOCAL tcp_keepalives_idle = 10; SET LOCAL tcp_keepalives_interval = 5; SET LOCAL tcp_keepalives_count = 4;`

// lockKey is the key of the lock of the organization: it holds the schema, and the server tells databases apart by itself.
func (s server) lockKey() int64 {
	sum := fnv.New64a()
	_, _ = sum.Write([]byte("latchkey " + s.schema))
	return int64(sum.Sum64()) //nolint:gosec // any 64 bits are a key
}

// movedTo is the column of that name of database d, NULL in a schema that doesn't have it.
const movedTo = `to_jsonb(d) ->> 'moved_to'`

// transaction runs fn in a transaction on the database that is open.
func (c *connection) transaction(ctx context.Context, begin beginning, end string, fn func(*transaction) error) error {
	id := `''`
	if begin.changes {
		id = `pg_current_xact_id()::text`
	}
	begin.text += c.tables.qualified(` SELECT ` + id + `, (SELECT version FROM schema_version), (SELECT id FROM database),
		(SELECT ` + movedTo + ` FROM database d)`)
	return c.onConnection(ctx, func(t *transaction) error {
		row, err := t.begin(ctx, begin.text)
		if err != nil {
			return err
		}
		if err := c.checkBegun(row); err != nil {
			return err
		}
		t.id, t.movedTo = row[0], row[3]
		if err := fn(t); err != nil || t.committed {
			return err
		}
		return t.end(ctx, end)
	})
}

// checkBegun notes the version of the schema, and fails where the database is not the one that was opened.
func (c *connection) checkBegun(row []string) error {
	version, err := strconv.ParseInt(row[1], 10, 32)
	if err != nil {
		return fmt.Errorf("the version of the schema: %w", err)
	}
	c.version.Store(version)
	if row[2] != c.database.ID {
		c.replaced.Store(true)
		return c.errReplaced()
	}
	return nil
}

// onConnection runs fn on one connection. If fn doesn't commit, everything is dropped.
func (c *connection) onConnection(ctx context.Context, fn func(*transaction) error) (err error) {
	conn, err := c.db.Conn(ctx)
	if err != nil {
		return err
	}
	t := &transaction{statements: statements{conn, conn, conn, c.tables}}
	defer func() {
		if !t.committed {
			// Whatever happened, the connection goes back without a transaction, or not at all.
			undo, cancel := context.WithTimeout(context.WithoutCancel(ctx), lockPatience)
			defer cancel()
			if failed := t.run(undo, `ROLLBACK`); failed != nil {
				_ = conn.Raw(func(any) error { return driver.ErrBadConn })
			}
		}
		if isOutOfOffice(err) {
			_ = conn.Raw(func(any) error { return driver.ErrBadConn })
		}
		err = errors.Join(err, ignoreDone(conn.Close()))
	}()
	if err = fn(t); err != nil && t.asked && !t.committed && mayHaveCommitted(err) {
		return &unansweredError{t.id, t.proof, err}
	}
	return err
}

// begin runs the statements that begin a transaction, and returns the last row that they yield.
func (t *transaction) begin(ctx context.Context, text string) (row []string, err error) {
	err = t.raw(func(conn *pgx.Conn) error {
		results, err := conn.PgConn().Exec(ctx, text).ReadAll()
		if err != nil || len(results) == 0 {
			return err
		}
		for _, rows := range results[len(results)-1].Rows {
			for _, value := range rows {
				row = append(row, string(value))
			}
		}
		return nil
	})
	return row, err
}

// end ends the transaction by COMMIT or ROLLBACK. A commit is waited for even where the caller waits no longer: whoever goes
// away then would never know what happened.
func (t *transaction) end(ctx context.Context, statement string) error {
	ctx, cancel := untilAnswered(ctx)
	defer cancel()
	t.asked = statement == `COMMIT`
	err := t.run(ctx, statement)
	t.committed = err == nil
	return err
}

// untilAnswered is the context of a commit.
func untilAnswered(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), commitPatience)
}

// commitPatience is how long the answer to a commit is waited for. Before it the serial's row is waited for, too.
const commitPatience = 2 * lockPatience

// ignoreDone returns no error for a connection that was dropped.
func ignoreDone(err error) error {
	if errors.Is(err, sql.ErrConnDone) {
		return nil
	}
	return err
}

// unansweredError says that the server was asked to commit a transaction and didn't answer.
type unansweredError struct {
	id    string
	proof proof
	cause error
}

// proof is what proves that a transaction was committed: a random value that it leaves, and the statement that finds it. The
// zero proof is none.
type proof struct{ statement, value string }

// Error implements error.
func (e *unansweredError) Error() string {
	return "the answer to a commit was lost: " + e.cause.Error()
}

// Unwrap returns what happened instead of the answer.
func (e *unansweredError) Unwrap() error { return e.cause }

const (
	// attempts is how often a change is tried that the server drops for the sake of another one, or whose connection is lost
	// before it commits.
	attempts = 10
	// longestPause is how long a change waits before its last attempt.
	longestPause = 500 * time.Millisecond
	// askEvery is how often the server is asked whether a transaction has committed.
	askEvery = 50 * time.Millisecond
)

// again runs a change until the server doesn't ask for another attempt. A change that turns out to reach further than it was
// said to begins again with the lock for everything.
func (c *connection) again(ctx context.Context, reach store.Reach, change func(store.Reach) error) (err error) {
	for attempt := range attempts {
		err = change(reach)
		var unanswered *unansweredError
		switch {
		case err == nil:
			return nil
		case errors.Is(err, store.ErrReachesFurther):
			reach = store.Everything
			continue
		case errors.As(err, &unanswered):
			committed, failure := c.hasCommitted(ctx, unanswered)
			if committed || failure != nil {
				return failure
			}
		case !mayTryAgain(err):
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(longestPause >> (attempts - attempt)):
		}
	}
	return err
}

// hasCommitted asks the server whether a transaction has committed. An error says that this can't be told.
//
// That a transaction of its number was committed is no proof: a server that crashes forgets the numbers of those that were
// not, and another one gets the number. So the number tells only when the transaction is over.
func (c *connection) hasCommitted(ctx context.Context, unanswered *unansweredError) (bool, error) {
	ctx, cancel := untilAnswered(ctx)
	defer cancel()
	for {
		committed, err := c.looksCommitted(ctx, unanswered)
		if err == nil {
			return committed, nil
		}
		if !errors.Is(err, errInProgress) && !mayTryAgain(err) {
			return false, c.errUnknownOutcome()
		}
		select {
		case <-ctx.Done():
			return false, c.errUnknownOutcome()
		case <-time.After(askEvery):
		}
	}
}

// errInProgress says that a transaction is not over.
var errInProgress = errors.New("the transaction is in progress")

// looksCommitted is hasCommitted once.
func (c *connection) looksCommitted(ctx context.Context, unanswered *unansweredError) (bool, error) {
	var status sql.NullString
	err := c.db.QueryRowContext(ctx, `SELECT pg_xact_status($1::text::xid8)`, unanswered.id).Scan(&status)
	if failure, ok := errors.AsType[*pgconn.PgError](err); ok && failure.Code == codeInvalidValue {
		err = nil // the number was not given since a crash, or on the server that took over
	}
	switch {
	case err != nil:
		return false, err
	case status.String == "in progress":
		return false, errInProgress
	case unanswered.proof == proof{}:
		return status.String == "committed", nil
	}
	var found bool
	err = c.db.QueryRowContext(ctx, c.tables.qualified(unanswered.proof.statement), unanswered.proof.value).Scan(&found)
	return found, err
}

// errUnknownOutcome says that nobody knows whether a change took place.
func (c *connection) errUnknownOutcome() error {
	return tokens.Unavailable(nil, "the connection to %s was lost while it committed the change, which may or may not have taken place: "+
		"look at the object, then try again", c.Location()).Because(tokens.ReasonOutcomeUnknown)
}
