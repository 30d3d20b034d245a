// Package prefetch reads access tokens ahead, for a backend on another machine. Terraform reads each object of a state by
// itself, and a request for each of a thousand tokens takes as long as everything else in a plan.
//
// It sees the backend through tokens.Backend alone. What it answers is never more than a positive answer about a token
// that the backend gave within a few seconds, and that holds for the database which the caller expects: everything else is
// for the backend, and so are all other operations.
package prefetch

import (
	"context"
	"sync"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

const (
	// longest is how old what was read ahead may be when it is used.
	longest = 10 * time.Second
	// pageSize is how many tokens are read at once, and mostPages how often.
	pageSize  = 1000
	mostPages = 4
	// mostRanges is how often marks are read.
	mostRanges = 4
)

// Backend is a backend that has read ahead the access tokens which its caller made, once more than one is asked for.
type Backend struct {
	tokens.Backend
	now func() time.Time

	mu sync.Mutex
	// first is the token that was asked for first.
	first string
	// read is what was read ahead; nil for nothing yet.
	read *reading

	// past is what the database tells of its past.
	past past
}

// Over returns a backend over another one. Whatever changes something must call its Forget, before and after.
func Over(b tokens.Backend, now func() time.Time) *Backend {
	return &Backend{Backend: b, now: now, past: past{backend: b}}
}

// Forget forgets what was read ahead, and what is being read.
func (b *Backend) Forget() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.first, b.read = "", nil
}

// AccessToken implements tokens.Backend.
func (b *Backend) AccessToken(ctx context.Context, id string) (tokens.AccessToken, error) {
	if r := b.readAhead(ctx, id); r != nil {
		if t, ok := r.token(ctx, id); ok && b.holds(r) {
			return t, nil
		}
	}
	return b.Backend.AccessToken(ctx, id)
}

// readAhead returns what was read ahead, after reading it or waiting for it if need be; nil for nothing.
func (b *Backend) readAhead(ctx context.Context, id string) *reading {
	b.mu.Lock()
	if b.first == "" {
		b.first = id
	}
	if b.first == id && b.read == nil {
		b.mu.Unlock()
		return nil
	}
	r := b.read
	if r == nil || r.isOver(b.now()) && r.served.Load() { // what served nobody once is not read again
		r = &reading{backend: b.Backend, past: &b.past, began: b.now(), done: make(chan struct{})}
		b.read = r
		b.mu.Unlock()
		r.run(ctx)
		return r
	}
	b.mu.Unlock()
	select {
	case <-r.done:
		return r
	case <-ctx.Done():
		return nil
	}
}

// holds reports whether what was read ahead was neither forgotten nor is too old.
func (b *Backend) holds(r *reading) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.read == r && !r.isOver(b.now())
}
