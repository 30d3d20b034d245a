package backendtest

import (
	"sync"
	"time"
)

// Clock is a clock that moves when it is told to.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

// NewClock returns a clock that stands at noon of a day in 2030, in a zone other than UTC and between two microseconds,
// as the clock of a machine does.
func NewClock() *Clock {
	return &Clock{now: time.Date(2030, time.June, 1, 14, 0, 0, 123_456_789, time.FixedZone("CEST", 2*60*60))}
}

// Now returns the instant at which the clock stands.
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

// Instant returns the instant at which the clock stands as backends keep it: in UTC and whole microseconds.
func (c *Clock) Instant() time.Time { return c.Now().UTC().Truncate(time.Microsecond) }
