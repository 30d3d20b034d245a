package verify

import (
	"context"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/store"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

const (
	// mostUnknown is how many hashes of unknown values are kept at most.
	mostUnknown = 65_536
	// DefaultRows is how many rows are kept at most, if nothing else is said.
	DefaultRows = 1_000_000
	// DefaultMaxStaleness is how old the knowledge of changes may be, if nothing else is said.
	DefaultMaxStaleness = 5 * time.Second
	// never is when a cache looked at the changes that has not done so yet.
	never = math.MinInt64
)

// Options say how a Cache works.
type Options struct {
	// Rows is how many rows are kept at most. They are not allocated before they are needed.
	Rows int
	// MaxStaleness is how old the knowledge of changes may be. Nothing can be told by older knowledge.
	MaxStaleness time.Duration
	// Now is a clock like time.Now, whose times have a monotonic part. It is required.
	Now func() time.Time
}

// Cache verifies values by rows of secrets that it keeps in memory, and looks up those that it doesn't hold. It keeps a T
// for each row. Run keeps it true; without that it can tell nothing. Its methods may be called from several goroutines at
// once.
type Cache[T any] struct {
	database Database
	render   func(tokens.ResolvedSecret, tokens.Database) T
	options  Options
	clock    *clock
	lookUps  *lookUps[T]

	mu   sync.RWMutex
	rows *rowSet[T]
	// unknown holds hashes that stand for nothing, as long as nothing changes. It is made like the map of rows, so that it
	// takes as long to find something in the one as in the other.
	unknown map[uint64]*tokens.SecretHash
	// generation counts the changes that were seen. What was read before the latest of them is not kept.
	generation uint64

	// lookedAt is when the last good look at the changes began, by the elapsed time of the clock; never before the first.
	lookedAt atomic.Int64
	// moved is the error of a database that was moved elsewhere; nil for one that is in use. What was known of it ends at once.
	moved atomic.Pointer[tokens.Error]
	// watch is that of the feed, once it has begun.
	watch  atomic.Pointer[store.Watch]
	counts counts
}

// New returns an empty cache on a database. render makes what the cache keeps of a secret; it must not keep the secret
// itself, nor read a clock.
func New[T any](
	database Database, render func(tokens.ResolvedSecret, tokens.Database) T, options Options,
) *Cache[T] {
	c := &Cache[T]{
		database: database, render: render, options: options,
		clock:   newClock(options.Now),
		rows:    newRowSet[T](options.Rows),
		unknown: map[uint64]*tokens.SecretHash{},
	}
	c.lookUps = newLookUps(c.lookUp)
	c.lookedAt.Store(never)
	return c
}

// Answer says what a value stands for.
type Answer[T any] struct {
	// Row is the secret; nil if the value is unknown.
	Row *Row[T]
	// Active is the verdict, by the latest wall time that was seen.
	Active bool
	// At is the wall time of the verdict. It is earlier than that where the clock was set back.
	At time.Time
}

// Verify returns what a value stands for, and whether that is active now. CodeUnavailable if this can't be told: since
// the database can't be read, what is known of its changes is too old, or too many others wait for it.
func (c *Cache[T]) Verify(ctx context.Context, secret tokens.Secret) (Answer[T], error) {
	hash := secret.Hash()
	at := c.clock.read()
	if err := c.checkKnowledge(at.elapsed); err != nil {
		return Answer[T]{}, err
	}
	row, known := c.find(hash, at.latest)
	if !known {
		c.counts.misses.Add(1)
		var err error
		if row, err = c.lookUps.get(ctx, hash, c.currentGeneration); err != nil {
			return Answer[T]{}, err
		}
		at = c.clock.read()
		if err := c.checkKnowledge(at.elapsed); err != nil {
			return Answer[T]{}, err
		}
	}
	return Answer[T]{row, row.ActiveAt(at.latest), at.now}, nil
}

// find returns the row of a secret, nil for an unknown value, and whether the cache can tell. Of unknown values and of
// secrets that are not active it can do so as long as nothing changes, and it looks for both: so neither the time that an
// answer takes, nor when the database is asked anew, tells one from the other.
func (c *Cache[T]) find(hash tokens.SecretHash, now time.Time) (row *Row[T], known bool) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	row = c.rows.find(hash)
	unknown := isHash(c.unknown[keyOf(hash)], hash)
	return row, row.ActiveAt(now) || row != nil && row.generation == c.generation || unknown
}

// lookUp looks up the secret with a hash in the database, and keeps the answer if no change was seen since generation.
func (c *Cache[T]) lookUp(ctx context.Context, hash tokens.SecretHash, generation uint64) (*Row[T], error) {
	c.counts.lookUps.Add(1)
	found, ok, err := c.database.Secret(ctx, hash)
	if err != nil {
		c.counts.lookUpFailures.Add(1)
		return nil, err
	}
	if !ok || found.Hash != hash {
		c.keep(generation, func() { c.keepUnknown(hash) })
		return nil, nil
	}
	resolved := found.Resolve(found.Roles)
	row := &Row[T]{
		TokenID: found.AccessToken.ID, Version: found.Version, Rendered: c.render(resolved, found.Database),
		standing: resolved.Standing(), hash: hash, generation: generation,
	}
	c.keep(generation, func() { c.rows.add(row, found.AccessToken.User.ID) })
	return row, nil
}

// keep keeps what was read, if no change was seen since generation.
func (c *Cache[T]) keep(generation uint64, add func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if generation == c.generation {
		add()
	}
}

// keepUnknown keeps the hash of an unknown value. The caller holds the lock.
func (c *Cache[T]) keepUnknown(hash tokens.SecretHash) {
	for other := range c.unknown { // a map's order is random
		if len(c.unknown) < mostUnknown {
			break
		}
		delete(c.unknown, other)
	}
	c.unknown[keyOf(hash)] = &hash
}

// currentGeneration returns how many changes were seen.
func (c *Cache[T]) currentGeneration() uint64 {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.generation
}

// Ready reports why the cache can't verify, or should not be asked because the clock of the machine is wrong; nil if it
// is ready. It asks nobody.
func (c *Cache[T]) Ready() error {
	if err := c.CanTell(); err != nil {
		return err
	}
	return c.clock.check()
}

// Notifications returns how the notifications of changes fare.
func (c *Cache[T]) Notifications() (n store.Notifications) {
	if watch := c.watch.Load(); watch != nil {
		n = (*watch).Notifications()
	}
	return n
}

// CanTell reports why nothing can be told about any value; nil if something can. CodeUnavailable.
func (c *Cache[T]) CanTell() error {
	return c.checkKnowledge(c.clock.read().elapsed)
}

// checkKnowledge fails where what is known of the changes is too old.
func (c *Cache[T]) checkKnowledge(elapsed time.Duration) error {
	if moved := c.moved.Load(); moved != nil {
		return moved
	}
	looked := time.Duration(c.lookedAt.Load())
	switch {
	case looked == never:
		return tokens.Unavailable(nil, "the database has not been read yet")
	case elapsed-looked > c.options.MaxStaleness:
		return tokens.Unavailable(nil, "the database was last read %s ago, which is longer than %s: whether a value is good "+
			"can't be told until it can be read again", (elapsed - looked).Round(time.Millisecond), c.options.MaxStaleness)
	}
	return nil
}
