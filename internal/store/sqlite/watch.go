package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"io/fs"
	"time"

	sqlite3 "modernc.org/sqlite/lib"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/store"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

const (
	// watchPatience is how long a look waits for the lock of another process. The next look comes soon.
	watchPatience = 100 * time.Millisecond
	// lookEvery is how long a watch waits between two looks.
	lookEvery = 25 * time.Millisecond
)

// watch is the store.Watch of a file: of whichever the path names.
type watch struct {
	file databaseFile
	// on is the file that is open; nil for none.
	on *watched
}

var _ store.Watch = (*watch)(nil)

// watched is a file that is watched by one connection. SQLite's count of what others commit, by which most looks see that
// nothing happened, is one of each connection.
type watched struct {
	*connection
	conn *sql.Conn
	// commits reads SQLite's count, and reads are the other statements.
	commits *sql.Stmt
	reads   *store.Statements
	// listed means that the file lists what its changes touched.
	listed bool

	// last is what the file looked like from outside at the last look that read the file itself.
	last fs.FileInfo
	// seen is the mark, and count SQLite's count, as of the last look; hasLooked means that there was one.
	seen      tokens.Mark
	count     int64
	hasLooked bool
}

// Watch implements store.Engine.
func (f databaseFile) Watch(ctx context.Context) (store.Watch, error) {
	f.busyTimeout = min(f.busyTimeout, watchPatience)
	w := &watch{file: f}
	if err := w.open(ctx); err != nil {
		return nil, store.Explain(f, err)
	}
	return w, nil
}

// open opens the file that is at the path, if its place can be trusted.
func (w *watch) open(ctx context.Context) error {
	if err := w.file.checkPlace(ctx); err != nil {
		return err
	}
	file, err := w.file.look()
	if err != nil {
		return err
	}
	c, err := w.file.openAnyhow(ctx, file, "mode=ro", "&_query_only=true")
	if err != nil {
		return err
	}
	on := &watched{connection: c, last: file}
	c.db.SetMaxOpenConns(1)
	if err := on.prepare(ctx); err != nil {
		return errors.Join(err, on.Close())
	}
	w.on = on
	return nil
}

// prepare takes the one connection.
func (o *watched) prepare(ctx context.Context) (err error) {
	if o.conn, err = o.db.Conn(ctx); err != nil {
		return err
	}
	o.reads = store.NewStatements(o.conn)
	if o.commits, err = o.conn.PrepareContext(ctx, `PRAGMA data_version`); err != nil {
		return err
	}
	o.listed, err = listsChanges(ctx, o.conn)
	return err
}

// Look implements store.Watch.
func (w *watch) Look(ctx context.Context) (store.Changes, error) {
	changes, err := w.look(ctx)
	return changes, store.Explain(w.file, err)
}

// look looks at the file that the path names now. What another file holds may all be different.
func (w *watch) look(ctx context.Context) (store.Changes, error) {
	if w.on != nil && w.on.Check() != nil {
		if err := w.Close(); err != nil {
			return store.Changes{}, err
		}
	}
	if w.on == nil {
		if err := w.open(ctx); err != nil {
			return store.Changes{}, err
		}
	}
	err := w.on.readAnew(ctx)
	var changes store.Changes
	if err == nil {
		changes, err = w.on.look(ctx)
	}
	if tokens.ErrorReason(err) == tokens.ReasonMoved {
		w.on.seen = tokens.Mark{} // it may be another one once it counts again
		return changes, err
	}
	if err != nil && ctx.Err() == nil && resultCode(err)&primary != sqlite3.SQLITE_BUSY {
		err = errors.Join(err, w.Close()) // whatever is wrong with it, the next look has to find the file sound
	}
	return changes, err
}

// readAnew reads the file by a new connection if something wrote to it since the last time. SQLite does so too, when its
// log goes into the file. But whoever else writes over it is noticed by no connection that keeps what it has read, and then
// nobody can change anything any more, while the looks would go on to see no change.
func (o *watched) readAnew(ctx context.Context) error {
	now, err := o.engine.look()
	if err != nil || now.Size() == o.last.Size() && now.ModTime().Equal(o.last.ModTime()) {
		return err
	}
	fresh, err := o.engine.openAnyhow(ctx, o.file, "mode=ro", "&_query_only=true")
	if err != nil {
		return err
	}
	o.last = now
	return fresh.Close()
}

// look returns what changed since the last look that told.
func (o *watched) look(ctx context.Context) (none store.Changes, err error) {
	var count int64
	if err := o.commits.QueryRowContext(ctx).Scan(&count); err != nil || o.hasLooked && count == o.count {
		return none, err
	}
	if err := o.checkSchema(ctx); err != nil {
		return none, err
	}
	view := store.NewView(o.database, o.reads).OnSchema(o.SchemaVersion())
	changes, newest, err := view.ChangesSince(ctx, o.seen, o.listed)
	if err != nil {
		return none, err
	}
	o.seen, o.count, o.hasLooked = newest, count, true
	return changes, nil
}

// checkSchema checks the schema once more if anything in it changed. Then everything else may have, too.
func (o *watched) checkSchema(ctx context.Context) error {
	before := o.cookie.Load()
	if err := o.checkAgain(ctx, o.conn); err != nil || o.cookie.Load() == before {
		return err
	}
	o.seen = tokens.Mark{}
	listed, err := listsChanges(ctx, o.conn)
	o.listed = listed
	return err
}

// listsChanges reports whether a file has the table of changes, with the columns that this program reads. A newer program
// may do without.
func listsChanges(ctx context.Context, q queryRower) (bool, error) {
	var columns int
	err := q.QueryRowContext(ctx,
		`SELECT count(*) FROM pragma_table_xinfo('changes') WHERE name IN ('number', 'serial', 'kind', 'id')`).Scan(&columns)
	return columns == 4, err
}

// Wait implements store.Watch.
func (*watch) Wait(ctx context.Context) {
	select {
	case <-ctx.Done():
	case <-time.After(lookEvery):
	}
}

// Notifications implements store.Watch. A look costs so little that none are needed.
func (*watch) Notifications() (none store.Notifications) { return none }

// Close implements store.Watch.
func (w *watch) Close() error {
	if w.on == nil {
		return nil
	}
	on := w.on
	w.on = nil
	return store.Explain(w.file, on.Close())
}

// Close gives the connection back and closes it.
func (o *watched) Close() error {
	var err error
	if o.commits != nil {
		err = o.commits.Close()
	}
	if o.conn != nil {
		err = errors.Join(err, o.reads.Close(), o.conn.Close())
	}
	return errors.Join(err, o.connection.Close())
}
