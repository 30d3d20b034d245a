package embedded

import (
	"context"
	"sync"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/store"
)

// usesKept is how long uses of tokens stay in memory before they are written, all in one transaction.
const usesKept = 30 * time.Second

// useRecord holds the uses of tokens that are not written yet.
type useRecord struct {
	mu sync.Mutex
	// last is the last use of each token.
	last map[string]time.Time
	// since is when the uses began to wait: at the first of them, or when they could not be written.
	since time.Time
}

// note keeps a use and tells whether those that are kept have waited long enough.
func (u *useRecord) note(tokenID string, now time.Time) (due bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if len(u.last) == 0 {
		u.since = now
	}
	u.keep(tokenID, now)
	return now.Sub(u.since) >= usesKept
}

// take hands over all uses.
func (u *useRecord) take() map[string]time.Time {
	u.mu.Lock()
	defer u.mu.Unlock()
	uses := u.last
	u.last = nil
	return uses
}

// giveBack keeps uses that could not be written, for as long as new ones.
func (u *useRecord) giveBack(uses map[string]time.Time, now time.Time) {
	u.mu.Lock()
	defer u.mu.Unlock()
	for id, at := range uses {
		u.keep(id, at)
	}
	u.since = now
}

func (u *useRecord) keep(tokenID string, at time.Time) {
	if u.last == nil {
		u.last = map[string]time.Time{}
	}
	if at.After(u.last[tokenID]) {
		u.last[tokenID] = at
	}
}

// recordUse notes that a token was used, and writes what has waited long enough. That the database can't be written now
// is no reason to refuse a token that is good: the uses wait for another time.
func (b *Backend) recordUse(ctx context.Context, tokenID string, now time.Time) {
	if b.uses.note(tokenID, now) {
		_ = b.writeUses(ctx, now)
	}
}

// writeUses writes the uses in memory in one transaction.
func (b *Backend) writeUses(ctx context.Context, now time.Time) error {
	uses := b.uses.take()
	if len(uses) == 0 {
		return nil
	}
	err := b.store.Write(ctx, func(tx store.Tx) error {
		for id, at := range uses {
			if err := tx.RecordUse(ctx, id, at); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		b.uses.giveBack(uses, now)
	}
	return err
}
