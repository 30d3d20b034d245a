package verify

import (
	"sync/atomic"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// farBack is how far the wall clock may step back before the cache is no longer ready. Verdicts go by the latest time
// that was seen, so until the clock has caught up, nothing expires and nothing becomes active.
const farBack = time.Minute

// farOff is how far the wall clock may be from that of the database before the cache is no longer ready. What one node
// writes as the end of a secret, the others judge by clocks of their own.
const farOff = 2 * time.Second

// clock reads the time in two ways: elapsed time, which no correction of the wall clock moves, and the latest wall time
// that the process has seen, so that a clock that steps back revives nothing.
type clock struct {
	now   func() time.Time
	start time.Time
	// latest is the latest wall time that was seen, in microseconds since 1970.
	latest atomic.Int64
	// off is by how many microseconds it was ahead of that of the database at the last look.
	off atomic.Int64
}

// newClock returns a clock on a function like time.Now.
func newClock(now func() time.Time) *clock { return &clock{now: now, start: now()} }

// instant is a moment as a clock shows it.
type instant struct {
	// now is the wall time, and latest the latest one that was seen, by which verdicts go.
	now, latest time.Time
	// elapsed is the time that has passed since the clock was made.
	elapsed time.Duration
}

// read reads the clock.
func (c *clock) read() instant {
	now := c.now()
	i := instant{now, now, now.Sub(c.start)}
	at := now.UnixMicro()
	for {
		latest := c.latest.Load()
		if at <= latest {
			i.latest = time.UnixMicro(latest)
			return i
		}
		if c.latest.CompareAndSwap(latest, at) {
			return i
		}
	}
}

// compare takes down how far the wall clock is ahead of that of the database, which showed a time at some moment since the
// wall clock showed began. The zero time means that both are the same clock.
func (c *clock) compare(database, began time.Time) {
	var off time.Duration
	if ended := c.read().now; !database.IsZero() {
		off = max(0, began.Sub(database)) + min(0, ended.Sub(database))
	}
	c.off.Store(off.Microseconds())
}

// check fails while the wall clock is far from that of the database, or far behind what it showed before.
func (c *clock) check() error {
	off := time.Duration(c.off.Load()) * time.Microsecond
	if off.Abs() > farOff {
		side := "ahead of"
		if off < 0 {
			side = "behind"
		}
		return tokens.Unavailable(nil, "the clock of this machine is %s %s that of the database, and at most %s are allowed: "+
			"set both by the same time servers", off.Abs().Round(time.Millisecond), side, farOff)
	}
	behind := time.Duration(c.latest.Load()-c.now().UnixMicro()) * time.Microsecond
	if behind <= farBack {
		return nil
	}
	return tokens.Unavailable(nil, "the clock of this machine has stepped back by %s: until it has caught up, verdicts go by "+
		"the latest time that it showed; correct the clock and start the server anew", behind.Round(time.Second))
}
