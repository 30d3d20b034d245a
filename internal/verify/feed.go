package verify

import (
	"context"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/store"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// lookEvery is how often the feed looks for changes.
const lookEvery = 25 * time.Millisecond

// Run looks for changes of the database, and drops what they made untrue, until ctx ends. failing is called with each
// error after a good look, and with nil after the next good one.
func (c *Cache[T]) Run(ctx context.Context, failing func(error)) {
	f := feed{database: c.database}
	defer f.close()
	ticker := time.NewTicker(lookEvery)
	defer ticker.Stop()
	failed := false
	for {
		began := c.clock.read().elapsed
		changes, err := f.look(ctx)
		switch {
		case ctx.Err() != nil:
			return
		case err == nil:
			c.apply(changes)
			c.lookedAt.Store(int64(began))
		}
		if (err != nil) != failed {
			failed = err != nil
			failing(err)
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
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
}

// look returns what changed since the last good look.
func (f *feed) look(ctx context.Context) (changes store.Changes, err error) {
	if f.watch == nil {
		if f.watch, err = f.database.Watch(ctx); err != nil {
			f.watch = nil
			return changes, err
		}
	}
	return f.watch.Look(ctx)
}

// close ends the watch, if there is one.
func (f *feed) close() {
	if f.watch != nil {
		_ = f.watch.Close() // it has only read
	}
}
