package backendtest

import (
	"sync"
	"time"
)

// Clock is a clock that moves only when told to.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

// NewClock returns a clock set to noon on a day in 2030, in a zone other than UTC and between two microseconds, as a
// machine's clock may be.
func NewClock() *Clock {
	return &Clock{now: time.Date(2030, time.June, 1, 14, 0, 0, 123_456_789, time.FixedZone("CEST", 2*60*60))}
}

// Now returns the time of the clock.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Advance moves the clock forward.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// Instant returns the time of the clock as backends store it: in UTC and whole microseconds.
func (c *Clock) Instant() time.Time { return c.Now().UTC().Truncate(time.Microsecond) }
