package service

import (
	"sync"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// RecordUse notes that the secret of a version of an access token was used at a time. It does no I/O and may be called
// for every request of a server: the use waits in memory for FlushUses or Close.
func (s *Service) RecordUse(tokenID string, version int64, at time.Time) {
	s.uses.note(tokenID, version, at.UnixMicro())
}

// UsedTokens returns of how many access tokens uses wait in memory to be written.
func (s *Service) UsedTokens() int {
	s.uses.mu.Lock()
	defer s.uses.mu.Unlock()
	return len(s.uses.waiting) + len(s.uses.flushing)
}

// usedSecret identifies a secret of a token.
type usedSecret struct {
	tokenID string
	version int64
}

// recordUseBy records the use of the access token by which a caller asks, if any.
func (s *Service) recordUseBy(used *usedSecret, at time.Time) {
	if used != nil {
		s.RecordUse(used.tokenID, used.version, at)
	}
}

// addUses moves the last uses of a token on to those that this process holds in memory. The count of its uses stays the
// one that was written.
func (s *Service) addUses(t *tokens.AccessToken) {
	s.uses.each(t.ID, func(version int64, last time.Time) { *t = t.UsedAt(version, last) })
}

// useRecord holds the uses of secrets that the database may not tell of yet.
type useRecord struct {
	mu sync.Mutex
	// waiting holds the uses since the latest flush began, by token.
	waiting map[string]*secretUses
	// flushing holds those that a flush writes. They stay here until it ends, so that whoever reads the database and then
	// looks here misses none.
	flushing map[string]*secretUses
}

// secretUses are the uses of one secret of a token and, linked, of the token's other secrets. Nearly always there is only
// one. It is small, since a server has one for each token that was used within half a minute.
type secretUses struct {
	version int64
	count   int64
	// last is in microseconds since 1970.
	last  int64
	other *secretUses
}

// note adds a use.
func (u *useRecord) note(tokenID string, version, at int64) {
	u.add(tokenID, secretUses{version: version, count: 1, last: at})
}

// add adds uses of one secret of a token.
func (u *useRecord) add(tokenID string, more secretUses) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.waiting == nil {
		u.waiting = map[string]*secretUses{}
	}
	first := u.waiting[tokenID]
	for same := first; same != nil; same = same.other {
		if same.version == more.version {
			same.count += more.count
			same.last = max(same.last, more.last)
			return
		}
	}
	u.waiting[tokenID] = &secretUses{more.version, more.count, more.last, first}
}

// take returns what waits, and lets it count as being flushed.
func (u *useRecord) take() map[string]*secretUses {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.waiting, u.flushing = nil, u.waiting
	return u.flushing
}

// flushed ends what take began. The uses of the tokens that were not written wait again.
func (u *useRecord) flushed(unwritten []string) {
	for _, tokenID := range unwritten {
		for one := u.flushing[tokenID]; one != nil; one = one.other { // which nobody changes any more
			u.add(tokenID, *one)
		}
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	u.flushing = nil
}

// each calls fn with the version of each secret of a token of which there are uses, and with the last of these.
func (u *useRecord) each(tokenID string, fn func(version int64, last time.Time)) {
	u.mu.Lock()
	defer u.mu.Unlock()
	for _, first := range []*secretUses{u.waiting[tokenID], u.flushing[tokenID]} {
		for one := first; one != nil; one = one.other {
			fn(one.version, time.UnixMicro(one.last).UTC())
		}
	}
}
