package verify

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/store"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// beginEvery is how often the feed tries to begin to watch a database that can't be read.
const beginEvery = 100 * time.Millisecond

// Run looks for changes of the database, and drops what they made untrue, until ctx ends. failing is called with each
// error after a good look, and with nil after the next good one.
func (c *Cache[T]) Run(ctx context.Context, failing func(error)) {
	f := feed{database: c.database, begun: &c.watch}
	defer f.close()
	failed := false
	for {
		began := c.clock.read()
		changes, err := f.look(ctx)
		switch {
		case ctx.Err() != nil:
			return
		case err == nil:
			c.apply(changes)
			c.clock.compare(changes.At, began.now)
			c.lookedAt.Store(int64(began.elapsed))
			c.moved.Store(nil)
		case tokens.ErrorReason(err) == tokens.ReasonMoved:
			moved, _ := errors.AsType[*tokens.Error](err)
			c.moved.Store(moved)
		}
		if (err != nil) != failed {
			failed = err != nil
			failing(err)
		}
		if f.wait(ctx); ctx.Err() != nil {
			return
		}
	}
}

// apply drops the rows that changes made untrue.
func (c *Cache[T]) apply(changes store.Changes) {
	if !changes.Any {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.generation++
	if len(c.unknown) > 0 {
		c.unknown = map[uint64]*tokens.SecretHash{}
	}
	if changes.All {
		c.empty()
		return
	}
	for _, o := range changes.Objects {
		switch o.Kind {
		case tokens.KindAccessToken:
			c.rows.removeToken(o.ID)
		case tokens.KindTechnicalUser, tokens.KindMember:
			c.rows.removeAccount(o.ID)
		case tokens.KindTokenShare:
			// No verification depends on them.
		default:
			c.empty() // what a role, a group or anything else touches can't be told from here
			return
		}
	}
}

// empty drops all rows. The caller holds the lock.
func (c *Cache[T]) empty() {
	c.rows.empty()
	c.counts.emptied.Add(1)
}

// feed looks for changes by a watch, which it begins as soon as it can.
type feed struct {
	database Database
	watch    store.Watch
	// begun is where others find the watch.
	begun *atomic.Pointer[store.Watch]
}

// look returns what changed since the last good look.
func (f *feed) look(ctx context.Context) (changes store.Changes, err error) {
	if f.watch == nil {
		if f.watch, err = f.database.Watch(ctx); err != nil {
			f.watch = nil
			return changes, err
		}
		f.begun.Store(&f.watch)
	}
	return f.watch.Look(ctx)
}

// wait waits until the next look is due, or ctx ends.
func (f *feed) wait(ctx context.Context) {
	if f.watch != nil {
		f.watch.Wait(ctx)
		return
	}
	select {
	case <-ctx.Done():
	case <-time.After(beginEvery):
	}
}

// close ends the watch, if there is one.
func (f *feed) close() {
	if f.watch != nil {
		_ = f.watch.Close() // it has only read
	}
}
