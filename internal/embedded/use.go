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
	// since is the first use that is not written.
	since time.Time
}

// recordUse notes that a token was used, and writes what has been in memory for long enough. That the database can't be
// written now is no reason to refuse a token that is good: the uses wait for the next time.
func (b *Backend) recordUse(ctx context.Context, tokenID string, now time.Time) {
	if b.uses.note(tokenID, now) {
		_ = b.flushUses(ctx)
	}
}

// note keeps a use and tells whether it is time to write.
func (u *useRecord) note(tokenID string, now time.Time) (due bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if len(u.last) == 0 {
		u.last, u.since = map[string]time.Time{}, now
	}
	if now.After(u.last[tokenID]) {
		u.last[tokenID] = now
	}
	if now.Sub(u.since) < usesKept {
		return false
	}
	u.since = now // one caller writes, the others go on
	return true
}

// take hands over all uses that are not written.
func (u *useRecord) take() map[string]time.Time {
	u.mu.Lock()
	defer u.mu.Unlock()
	last := u.last
	u.last = nil
	return last
}

// flushUses writes the uses in memory in one transaction.
func (b *Backend) flushUses(ctx context.Context) error {
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
		for id, at := range uses {
			b.uses.note(id, at)
		}
	}
	return err
}
