package postgres

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/store"
)

const (
	// testEvery is how often it is tested whether notifications come, and notificationPatience how long one may take.
	testEvery            = 10 * time.Second
	notificationPatience = time.Second
	// doubtFor is how long nobody relies on notifications after one that did not come.
	doubtFor = time.Minute
	// The first attempt to listen anew comes after shortestDeafness, and none later than longestDeafness after the one before.
	shortestDeafness, longestDeafness = 250 * time.Millisecond, 10 * time.Second
)

// listener hears the notifications of changes on a connection of its own, and finds out whether they come: some poolers take
// LISTEN and let none through.
type listener struct {
	server
	// heard has a value once a notification came that was not looked after.
	heard chan struct{}
	// end ends the listener, which closes ended.
	end   context.CancelFunc
	ended chan struct{}

	mu sync.Mutex
	// newest is the highest serial of which a notification told.
	newest int64
	// nonce is the text of the test that goes on, and passed is closed when that comes; nil for none.
	nonce  string
	passed chan struct{}
	// problem is why notifications don't come; empty if they did at the last test. doubts is how many changes of late came
	// without one.
	problem string
	doubts  int
	missed  uint64
	failed  uint64
}

// listenTo returns a listener that listens, and sends its tests by connections of db.
func (s server) listenTo(db *sql.DB) *listener {
	ctx, cancel := context.WithCancel(context.Background())
	l := &listener{
		server: s, heard: make(chan struct{}, 1), end: cancel, ended: make(chan struct{}),
		problem: "they have not been tested yet",
	}
	go l.run(ctx, db)
	return l
}

// close ends the listener.
func (l *listener) close() {
	l.end()
	<-l.ended
}

// run listens until ctx ends, on one connection after the other.
func (l *listener) run(ctx context.Context, db *sql.DB) {
	defer close(l.ended)
	deafness := shortestDeafness
	for {
		worked, err := l.listen(ctx, db)
		if ctx.Err() != nil {
			return
		}
		l.setProblem(err.Error())
		if worked {
			deafness = shortestDeafness
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(deafness):
		}
		deafness = min(2*deafness, longestDeafness)
	}
}

// listen listens on one connection until that fails or a test does. It reports whether a test succeeded.
func (l *listener) listen(ctx context.Context, db *sql.DB) (worked bool, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	conn, err := l.connect(ctx)
	if err != nil {
		return false, err
	}
	lost, ended := make(chan error, 1), make(chan struct{})
	go func() {
		defer close(ended)
		for {
			if err := conn.PgConn().WaitForNotification(ctx); err != nil {
				lost <- err
				return
			}
		}
	}()
	defer func() {
		cancel()
		<-ended
		closing, done := context.WithTimeout(context.WithoutCancel(ctx), notifyPatience)
		defer done()
		_ = conn.Close(closing) // whatever that says, nobody uses it any more
	}()
	for {
		if err := l.test(ctx, db, lost); err != nil {
			return worked, err
		}
		worked = true
		l.setProblem("")
		select {
		case <-ctx.Done():
			return worked, ctx.Err()
		case err := <-lost:
			return worked, l.explainLost(err)
		case <-time.After(testEvery):
		}
	}
}

// connect opens a connection and listens on it.
func (l *listener) connect(ctx context.Context) (*pgx.Conn, error) {
	config := l.server.listen.config.Copy()
	if err := withPassword(config, l.server.listen.address); err != nil {
		return nil, err
	}
	config.OnNotification = func(_ *pgconn.PgConn, n *pgconn.Notification) { l.hear(n) }
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return nil, l.explainLost(err)
	}
	ctx, cancel := context.WithTimeout(ctx, notificationPatience)
	defer cancel()
	if _, err := conn.Exec(ctx, `LISTEN `+l.channel(), pgx.QueryExecModeSimpleProtocol); err != nil {
		closing, done := context.WithTimeout(context.WithoutCancel(ctx), notifyPatience)
		defer done()
		return nil, errors.Join(l.explainLost(err), conn.Close(closing))
	}
	return conn, nil
}

// explainLost says that listening failed.
func (l *listener) explainLost(err error) error {
	return fmt.Errorf("unable to listen: %w", l.server.listen.Explain(err))
}

// test sends a notification by another connection, and waits for it while the one that listens does nothing: a pooler that
// lets none through would deliver one to whom it lends the same connection for the statement that sends it.
func (l *listener) test(ctx context.Context, db *sql.DB, lost <-chan error) error {
	nonce, passed := rand.Text(), make(chan struct{})
	l.mu.Lock()
	l.nonce, l.passed = nonce, passed
	l.mu.Unlock()
	if err := l.notify(ctx, db, testNotified+nonce); err != nil {
		return fmt.Errorf("unable to send a notification as a test: %w", l.Explain(err))
	}
	select {
	case <-passed:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case err := <-lost:
		return l.explainLost(err)
	case <-time.After(notificationPatience):
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.failed++
	return fmt.Errorf("a notification that was sent as a test did not come within %s: a pooler may keep them back; "+
		"listen at an address that leads past it", notificationPatience)
}

// hear takes a notification.
func (l *listener) hear(n *pgconn.Notification) {
	if n.Channel != l.channel() {
		return
	}
	serial, test := notified(n.Payload)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.newest = max(l.newest, serial)
	switch {
	case test == "":
		select {
		case l.heard <- struct{}{}:
		default: // a look is due already
		}
	case test == l.nonce && l.passed != nil:
		close(l.passed)
		l.passed = nil
	}
}

// forget has the listener begin with the serials of another history.
func (l *listener) forget() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.newest = 0
}

// saw tells that a look found the changes after one serial up to another. Those of which no notification tells, not even a
// little later, were missed.
func (l *listener) saw(after, to int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.newest < to {
		time.AfterFunc(notificationPatience, func() { l.settle(after, to) })
	}
}

// settle counts the changes of which no notification came in time.
func (l *listener) settle(after, to int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	missed := to - max(after, l.newest)
	if missed <= 0 {
		return
	}
	l.missed += uint64(missed)
	l.doubts++
	time.AfterFunc(doubtFor, func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.doubts--
	})
}

// setProblem notes why notifications don't come; empty if they do.
func (l *listener) setProblem(text string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.problem = text
}

// status returns how the notifications fare.
func (l *listener) status() store.Notifications {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := store.Notifications{Missed: l.missed, FailedTests: l.failed, Problem: l.problem}
	if s.Problem == "" && l.doubts > 0 {
		s.Problem = "some did not come within the last minute"
	}
	return s
}
