package service

import (
	"context"
	"sync"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/store"
)

// usesKept is how long uses of tokens wait in memory before one transaction writes all of them.
const usesKept = 30 * time.Second

// usedSecret identifies a secret of a token.
type usedSecret struct {
	tokenID string
	version int64
}

// uses holds how often a secret was used, and when it was last used.
type uses struct {
	count int64
	last  time.Time
}

// useRecord holds the uses of tokens that have not been written yet.
type useRecord struct {
	mu sync.Mutex
	of map[usedSecret]uses
	// since is when the uses began to wait: at the first of them, or at the last failure to write them.
	since time.Time
}

// note adds a use and reports whether the uses have waited long enough to be written.
func (u *useRecord) note(used usedSecret, now time.Time) (due bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if len(u.of) == 0 {
		u.since = now
	}
	u.add(used, uses{1, now})
	return now.Sub(u.since) >= usesKept
}

// take removes all uses and returns them.
func (u *useRecord) take() map[usedSecret]uses {
	u.mu.Lock()
	defer u.mu.Unlock()
	all := u.of
	u.of = nil
	return all
}

// giveBack adds uses that could not be written. They wait as long as new ones before the next attempt.
func (u *useRecord) giveBack(all map[usedSecret]uses, now time.Time) {
	u.mu.Lock()
	defer u.mu.Unlock()
	for used, more := range all {
		u.add(used, more)
	}
	u.since = now
}

// add adds uses of a secret. The caller holds the lock.
func (u *useRecord) add(used usedSecret, more uses) {
	if u.of == nil {
		u.of = map[usedSecret]uses{}
	}
	sum := u.of[used]
	sum.count += more.count
	if more.last.After(sum.last) {
		sum.last = more.last
	}
	u.of[used] = sum
}

// recordUse notes a use of a secret, and writes all uses once they have waited long enough. If that fails, they wait in
// memory for the next attempt: it is no reason to refuse a good token.
func (s *Service) recordUse(ctx context.Context, used usedSecret, now time.Time) {
	if s.uses.note(used, now) {
		_ = s.writeUses(ctx, now)
	}
}

// noteUse records the use of the access token by which the caller asks, if any.
func (s *Service) noteUse(ctx context.Context, by caller) {
	if by.used != nil {
		s.recordUse(ctx, *by.used, s.now())
	}
}

// writeUses writes the uses in memory in one transaction.
func (s *Service) writeUses(ctx context.Context, now time.Time) error {
	all := s.uses.take()
	if len(all) == 0 {
		return nil
	}
	err := s.store.WriteUses(ctx, func(log store.Uncounted) error {
		for used, more := range all {
			if err := log.RecordUse(ctx, used.tokenID, used.version, more.count, more.last); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		s.uses.giveBack(all, now)
	}
	return err
}
