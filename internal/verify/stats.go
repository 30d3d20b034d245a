package verify

import (
	"sync/atomic"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/store"
)

// counts count what a cache did.
type counts struct{ misses, lookUps, lookUpFailures, emptied atomic.Uint64 }

// Stats are numbers about a cache since it was made.
type Stats struct {
	// Rows and Unknown are how many secrets, and how many values that stand for nothing, are kept now.
	Rows, Unknown int
	// Waiting is how many requests wait for look-ups now.
	Waiting int
	// Misses is how many verifications found nothing in the cache. LookUps is how many times the database was asked then,
	// and LookUpFailures how many of these failed.
	Misses, LookUps, LookUpFailures uint64
	// Dropped is how many rows made room for others, and Emptied how many times a change emptied the cache.
	Dropped, Emptied uint64
	// Age is how old what is known of the changes is; negative if nothing is known.
	Age time.Duration
	// ClockOff is how far the clock of this machine was ahead of that of the database at the last look.
	ClockOff time.Duration
	// Notifications are those of changes.
	Notifications store.Notifications
}

// Stats returns the numbers of now.
func (c *Cache[T]) Stats() Stats {
	s := Stats{
		Misses: c.counts.misses.Load(), LookUps: c.counts.lookUps.Load(),
		LookUpFailures: c.counts.lookUpFailures.Load(), Emptied: c.counts.emptied.Load(), Age: -1,
		ClockOff: time.Duration(c.clock.off.Load()) * time.Microsecond, Notifications: c.Notifications(),
	}
	if looked := time.Duration(c.lookedAt.Load()); looked >= 0 {
		s.Age = c.clock.read().elapsed - looked
	}
	c.lookUps.mu.Lock()
	s.Waiting = c.lookUps.waiting
	c.lookUps.mu.Unlock()
	c.mu.RLock()
	defer c.mu.RUnlock()
	s.Rows, s.Unknown, s.Dropped = len(c.rows.ofHash), len(c.unknown), c.rows.dropped
	return s
}
