package postgres

import (
	"context"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/store"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// watch is the store.Watch of a database.
type watch struct {
	server
	// on is nil where nothing is open.
	on   *connection
	seen tokens.Mark
}

// Watch implements store.Engine.
func (s server) Watch(ctx context.Context) (store.Watch, error) {
	w := &watch{server: s}
	if err := w.open(ctx); err != nil {
		return nil, store.Explain(s, err)
	}
	return w, nil
}

func (w *watch) open(ctx context.Context) error {
	c := &connection{server: w.server, db: w.pool()}
	c.db.SetMaxOpenConns(1)
	if err := c.open(ctx); err != nil {
		_ = c.db.Close()
		return err
	}
	w.on, w.seen = c, tokens.Mark{}
	return nil
}

// Look implements store.Watch.
func (w *watch) Look(ctx context.Context) (store.Changes, error) {
	changes, err := w.look(ctx)
	if err != nil && ctx.Err() == nil {
		_ = w.Close()
	}
	return changes, store.Explain(w.server, err)
}

func (w *watch) look(ctx context.Context) (store.Changes, error) {
	if w.on == nil {
		if err := w.open(ctx); err != nil {
			return store.Changes{}, err
		}
	}
	view := store.NewView(w.on.database, statements{w.on.db, nil, nil, w.tables}).OnSchema(w.on.SchemaVersion())
	changes, newest, err := view.ChangesSince(ctx, w.seen, true)
	if err == nil {
		w.seen = newest
	}
	return changes, err
}

// Close implements store.Watch.
func (w *watch) Close() error {
	if w.on == nil {
		return nil
	}
	on := w.on
	w.on = nil
	return on.Close()
}
