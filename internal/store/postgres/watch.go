package postgres

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/store"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

const (
	// lookSeldom is how long a watch waits between two looks while notifications come, and lookOften while they don't. Either
	// bounds how late a change takes effect of which no notification came.
	lookSeldom, lookOften = 250 * time.Millisecond, 25 * time.Millisecond
	// lookPause is how long after a look the next one comes at the earliest, however many notifications come.
	lookPause = 5 * time.Millisecond
	// reopenEvery is how often a watch tries to connect anew.
	reopenEvery = 100 * time.Millisecond
	// lookPatience is how long a look may take.
	lookPatience = 2 * time.Second
)

// watch is the store.Watch of a database.
type watch struct {
	server
	// tests sends what tests the listener: as changes are notified, by whichever connection of a pool.
	tests    *sql.DB
	listener *listener
	// on is the open connection; nil for none.
	on   *watched
	seen tokens.Mark
	// answered is the server that answered last, and moved means that nobody was told yet that it is another one.
	answered string
	moved    bool
}

// watched is an open connection, used for nothing but looks.
type watched struct {
	*connection
	conn *sql.Conn
	// last is what the last look saw.
	last sight
}

// sight is what a look sees of a database.
type sight struct {
	id     string
	serial int64
	mark   sql.NullString
	// schema is its version, and movedTo where it was moved to.
	schema  int
	movedTo sql.NullString
	// server says which one answers, and on which timeline: each promotion of a replica begins one.
	server string
}

// selectSight reads a sight, and the time. It is all that most looks cost. Whoever may connect may call the functions.
const selectSight = `SELECT d.id, d.serial, (SELECT mark FROM marks WHERE marks.serial = d.serial),
	(SELECT version FROM schema_version), ` + movedTo + `,
	extract(epoch FROM pg_postmaster_start_time()) || ' ' || left(pg_walfile_name(pg_current_wal_lsn()), 8),
	clock_timestamp()
	FROM database d`

// Watch implements store.Engine.
func (s server) Watch(ctx context.Context) (store.Watch, error) {
	w := &watch{server: s, tests: s.pool()}
	w.tests.SetMaxOpenConns(1)
	if _, err := w.open(ctx); err != nil {
		return nil, store.Explain(s, errors.Join(err, w.tests.Close()))
	}
	w.listener = s.listenTo(w.tests)
	return w, nil
}

// open connects, and returns the time of the server. On a new connection everything may have changed: it may lead to another
// server, or to one that lost changes.
func (w *watch) open(ctx context.Context) (at time.Time, err error) {
	ctx, cancel := context.WithTimeout(ctx, w.openPatience())
	defer cancel()
	on := &watched{connection: newConnection(w.server)}
	on.db.SetMaxOpenConns(1)
	err = on.open(ctx)
	if err == nil {
		on.conn, err = on.db.Conn(ctx)
	}
	if err == nil {
		on.last, at, err = on.look(ctx)
	}
	if err != nil {
		return at, errors.Join(err, on.Close())
	}
	w.moved = w.moved || w.answered != "" && w.answered != on.last.server
	w.on, w.seen, w.answered = on, tokens.Mark{}, on.last.server
	if w.listener != nil {
		w.listener.forget()
	}
	return at, nil
}

// openPatience is how long connecting may take: to each of the hosts, and then what is asked.
func (s server) openPatience() time.Duration {
	return s.config.ConnectTimeout*time.Duration(1+len(s.config.Fallbacks)) + lookPatience
}

// look returns what there is to see, and the time of the server. A replica is an error: it has no timeline of its own.
func (o *watched) look(ctx context.Context) (s sight, at time.Time, err error) {
	ctx, cancel := context.WithTimeout(ctx, lookPatience)
	defer cancel()
	err = o.conn.QueryRowContext(ctx, o.tables.qualified(selectSight)).Scan(&s.id, &s.serial, &s.mark, &s.schema, &s.movedTo, &s.server, &at)
	return s, at, err
}

// Look implements store.Watch.
func (w *watch) Look(ctx context.Context) (store.Changes, error) {
	changes, err := w.look(ctx)
	switch {
	case err == nil || ctx.Err() != nil:
	case tokens.ErrorReason(err) == tokens.ReasonMoved:
		w.seen = tokens.Mark{} // it may be another one once it counts again
	default:
		_ = w.leave() // the next look connects
	}
	return changes, store.Explain(w.server, err)
}

func (w *watch) look(ctx context.Context) (changes store.Changes, err error) {
	now, at, err := w.sight(ctx)
	if err != nil {
		return changes, err
	}
	if w.seen == (tokens.Mark{}) || now != w.on.last {
		if changes, err = w.changes(ctx); err != nil {
			return changes, err
		}
	}
	w.on.last = now
	changes.At, changes.Moved, w.moved = at, w.moved, false
	return changes, nil
}

// sight returns what there is to see, and the time of the server. It connects where no connection is open, or that one was
// lost or leads to another server by now, as it may behind a pooler.
func (w *watch) sight(ctx context.Context) (now sight, at time.Time, err error) {
	if w.on != nil {
		now, at, err = w.on.look(ctx)
		if before := w.on.last; err == nil && now.server == before.server && now.schema == before.schema || ctx.Err() != nil {
			return now, at, err
		}
		_ = w.leave() // nobody uses it any more
	}
	if at, err = w.open(ctx); err != nil {
		return now, at, err
	}
	return w.on.last, at, nil
}

// changes returns what changed since the mark that was seen last.
func (w *watch) changes(ctx context.Context) (store.Changes, error) {
	ctx, cancel := context.WithTimeout(ctx, lookPatience)
	defer cancel()
	view := store.NewView(w.on.database, statements{w.on.conn, nil, nil, w.tables}).OnSchema(w.on.SchemaVersion())
	changes, newest, err := view.ChangesSince(ctx, w.seen, true)
	if err != nil {
		return changes, err
	}
	if w.seen.Database == newest.Database {
		w.listener.saw(w.seen.Serial, newest.Serial)
	}
	w.seen = newest
	return changes, nil
}

// Wait implements store.Watch.
func (w *watch) Wait(ctx context.Context) {
	every := lookSeldom
	switch {
	case w.on == nil:
		every = reopenEvery
	case w.Notifications().Problem != "":
		every = lookOften
	}
	due, pause := time.NewTimer(every), time.NewTimer(lookPause)
	defer due.Stop()
	defer pause.Stop()
	select {
	case <-ctx.Done():
		return
	case <-pause.C:
	}
	select {
	case <-ctx.Done():
	case <-due.C:
	case <-w.listener.heard:
	}
}

// Notifications implements store.Watch.
func (w *watch) Notifications() store.Notifications { return w.listener.status() }

// Close implements store.Watch.
func (w *watch) Close() error {
	w.listener.close()
	return store.Explain(w.server, errors.Join(w.leave(), w.tests.Close()))
}

// leave closes the connection.
func (w *watch) leave() error {
	if w.on == nil {
		return nil
	}
	on := w.on
	w.on = nil
	return on.Close()
}

// Close gives the connection back and closes it.
func (o *watched) Close() error {
	var err error
	if o.conn != nil {
		err = ignoreDone(o.conn.Close())
	}
	return errors.Join(err, o.connection.Close())
}
