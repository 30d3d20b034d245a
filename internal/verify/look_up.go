package verify

import (
	"context"
	"sync"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

const (
	// lookUpsAtOnce is how many look-ups read the database at once.
	lookUpsAtOnce = 4
	// mostWaiting is how many requests wait for look-ups at most, and longestWait how long each of them does.
	mostWaiting = 256
	longestWait = 250 * time.Millisecond
	// longestLookUp is how long a look-up may take. Those that hang, on a network that lost a server, give way to others.
	longestLookUp = 2 * time.Second
)

// lookUps runs the look-ups of values that the cache does not hold: few at once, and one for each value.
type lookUps[T any] struct {
	run   func(ctx context.Context, hash tokens.SecretHash, generation uint64) (*Row[T], error)
	slots chan struct{}

	mu      sync.Mutex
	of      map[tokens.SecretHash]*lookUp[T]
	waiting int
}

// lookUp is one look-up, for which several requests may wait.
type lookUp[T any] struct {
	generation uint64
	// waiting is how many requests wait for it, and running means that it has begun. The lock of the look-ups guards both.
	waiting int
	running bool
	// abandoned is closed if all of them are gone before it begins.
	abandoned chan struct{}
	// row and err are the answer, once done is closed.
	done chan struct{}
	row  *Row[T]
	err  error
}

// newLookUps returns look-ups that run does.
func newLookUps[T any](
	run func(ctx context.Context, hash tokens.SecretHash, generation uint64) (*Row[T], error),
) *lookUps[T] {
	return &lookUps[T]{run: run, slots: make(chan struct{}, lookUpsAtOnce), of: map[tokens.SecretHash]*lookUp[T]{}}
}

// get returns the row of a secret; nil if there is none. It joins a look-up that has begun only if no change was seen
// since then: otherwise that may have read what is past. CodeUnavailable, also where too many wait, or for too long.
func (l *lookUps[T]) get(ctx context.Context, hash tokens.SecretHash, generation func() uint64) (*Row[T], error) {
	l.mu.Lock()
	if l.waiting >= mostWaiting {
		l.mu.Unlock()
		return nil, tokens.Unavailable(nil, "%d requests wait for the database already: ask again", mostWaiting)
	}
	current := generation()
	one := l.of[hash]
	if one == nil || one.generation != current {
		one = &lookUp[T]{generation: current, abandoned: make(chan struct{}), done: make(chan struct{})}
		l.of[hash] = one
		go l.start(context.WithoutCancel(ctx), hash, one)
	}
	l.waiting++
	one.waiting++
	l.mu.Unlock()
	defer l.leave(hash, one)
	patience := time.NewTimer(longestWait)
	defer patience.Stop()
	select {
	case <-one.done:
		return one.row, one.err
	case <-patience.C:
		return nil, tokens.Unavailable(nil, "the database did not answer within %s: ask again", longestWait)
	case <-ctx.Done():
		return nil, tokens.Unavailable(ctx.Err(), "the request ended before the database answered")
	}
}

// leave counts one request less that waits for a look-up. One that has not begun and for which nobody waits any more is
// dropped: whoever asks and hangs up takes no place in the line.
func (l *lookUps[T]) leave(hash tokens.SecretHash, one *lookUp[T]) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.waiting--
	if one.waiting--; one.waiting == 0 && !one.running {
		close(one.abandoned)
		l.forget(hash, one)
	}
}

// start runs a look-up once one of the few places is free.
func (l *lookUps[T]) start(ctx context.Context, hash tokens.SecretHash, one *lookUp[T]) {
	select {
	case l.slots <- struct{}{}:
		defer func() { <-l.slots }()
	case <-one.abandoned:
		return
	}
	if l.begin(one) {
		ctx, cancel := context.WithTimeout(ctx, longestLookUp)
		defer cancel()
		one.row, one.err = l.run(ctx, hash, one.generation)
		close(one.done)
		l.end(hash, one)
	}
}

// begin reports whether somebody still waits for a look-up, which begins then.
func (l *lookUps[T]) begin(one *lookUp[T]) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	one.running = one.waiting > 0
	return one.running
}

// end lets later requests begin a look-up of their own.
func (l *lookUps[T]) end(hash tokens.SecretHash, one *lookUp[T]) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.forget(hash, one)
}

// forget keeps others from joining a look-up. The caller holds the lock.
func (l *lookUps[T]) forget(hash tokens.SecretHash, one *lookUp[T]) {
	if l.of[hash] == one {
		delete(l.of, hash)
	}
}
