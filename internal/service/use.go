package service

import (
	"context"
	"sync"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/store"
)

// usesKept is how long uses of tokens stay in memory before they are written, all in one transaction.
const usesKept = 30 * time.Second

// usedSecret is a secret of a token.
type usedSecret struct {
	tokenID string
	version int64
}

// uses are how often a secret was used, and when last.
type uses struct {
	count int64
	last  time.Time
}

// useRecord holds the uses of tokens that are not written yet.
type useRecord struct {
	mu sync.Mutex
	of map[usedSecret]uses
	// since is when the uses began to wait: at the first of them, or when they could not be written.
	since time.Time
}

// note keeps a use and tells whether those that are kept have waited long enough.
func (u *useRecord) note(used usedSecret, now time.Time) (due bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if len(u.of) == 0 {
		u.since = now
	}
	u.keep(used, uses{1, now})
	return now.Sub(u.since) >= usesKept
}

// take hands over all uses.
func (u *useRecord) take() map[usedSecret]uses {
	u.mu.Lock()
	defer u.mu.Unlock()
	all := u.of
	u.of = nil
	return all
}

// giveBack keeps uses that could not be written, for as long as new ones.
func (u *useRecord) giveBack(all map[usedSecret]uses, now time.Time) {
	u.mu.Lock()
	defer u.mu.Unlock()
	for used, more := range all {
		u.keep(used, more)
	}
	u.since = now
}

func (u *useRecord) keep(used usedSecret, more uses) {
	if u.of == nil {
		u.of = map[usedSecret]uses{}
	}
	kept := u.of[used]
	kept.count += more.count
	if more.last.After(kept.last) {
		kept.last = more.last
	}
	u.of[used] = kept
}

// recordUse notes that a secret was used, and writes what has waited long enough. That the database can't be written now
// is no reason to refuse a token that is good: the uses wait for another time.
func (s *Service) recordUse(ctx context.Context, used usedSecret, now time.Time) {
	if s.uses.note(used, now) {
		_ = s.writeUses(ctx, now)
	}
}

// noteUse records that a caller used an access token to ask.
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
	err := s.store.Write(ctx, func(tx store.Tx) error {
		for used, more := range all {
			if err := tx.RecordUse(ctx, used.tokenID, used.version, more.count, more.last); err != nil {
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
