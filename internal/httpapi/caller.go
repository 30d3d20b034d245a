package httpapi

import (
	"context"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// mostLookUps is how often the cache is asked for a value that it could not look up. It waits a quarter of a second, which
// is enough for gateways, but may be too little on a busy machine for those who would rather wait.
const mostLookUps = 8

// asker is whoever asks for an operation.
type asker struct {
	backend tokens.Backend
	// refusal is what one gets who presented nothing, or a value that is not active; nil for others. The backend refuses
	// them too, and records it.
	refusal *tokens.Error
	// secret is the value that was presented, if any.
	secret tokens.Secret
	// tokenID is the token whose value was presented and is not active; empty where no token has it.
	tokenID string
}

// withPossession returns one who is refused but may end the value that was presented: whoever has a value may, active or
// not. isFirst reports whether another refusal leaves the event of the minute.
func (a asker) withPossession(isFirst func() bool) asker {
	refusal := a.refusal
	a.backend = possession{a.backend, a.secret, func() error {
		if isFirst() {
			return nil // the backend refuses it, and records it
		}
		return refusal
	}}
	a.refusal = nil
	return a
}

// possession is the backend of one who may do nothing but end the value presented.
type possession struct {
	tokens.Backend
	own    tokens.Secret
	refuse func() error
}

// RevokeSecret implements tokens.Backend.
func (p possession) RevokeSecret(ctx context.Context, secret tokens.Secret) (tokens.AccessToken, error) {
	if secret.Hash() != p.own.Hash() {
		if err := p.refuse(); err != nil {
			return tokens.AccessToken{}, err
		}
	}
	return p.Backend.RevokeSecret(ctx, secret)
}

// askerOf returns whoever asks: the holder of the access token in the request, or nobody. CodeUnavailable.
func (m *Management) askerOf(r *http.Request) (a asker, err error) {
	secret, ok := presentedBy(r.Header)
	if !ok {
		return asker{backend: m.options.As(tokens.Principal{}), refusal: tokens.NobodyAsks()}, nil
	}
	// While the cache can't tell, the database decides; but not what the cache has no room to look up, since then a flood of
	// unknown values would reach the database this way.
	if m.options.Cache != nil && m.options.Cache.CanTell() == nil {
		found, err := m.options.Cache.Verify(r.Context(), secret)
		for range mostLookUps - 1 {
			if err == nil || r.Context().Err() != nil {
				break
			}
			found, err = m.options.Cache.Verify(r.Context(), secret)
		}
		if err != nil {
			return a, err
		}
		if !found.Active {
			a.refusal = tokens.StrangerAsks()
			if found.Row != nil {
				a.tokenID = found.Row.TokenID
			}
		}
	}
	a.secret = secret
	run, err := url.PathUnescape(r.Header.Get(runHeader))
	if err != nil {
		run = "" // it is only a claim
	}
	a.backend = m.options.As(tokens.AsTokenHolder(secret).InRun(run))
	return a, nil
}

// refusedOperation is an operation that was refused, and the token because of whose value it was; empty for none.
type refusedOperation struct{ operation, tokenID string }

// refusals remembers what was refused in the present minute. One event, or one line of the log, tells of all that are the
// same. So all but the first of those who may ask for nothing need no look at the database, whether a value is unknown or
// was stopped.
type refusals struct {
	mu     sync.Mutex
	minute time.Time
	known  map[refusedOperation]bool
}

// has reports whether there was one like it in the minute.
func (s *refusals) has(r refusedOperation, now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.minute.Equal(now.Truncate(tokens.FoldedWithin)) && s.known[r]
}

// isFirst reports whether there has been none like it in the minute yet, and remembers that there is one now.
func (s *refusals) isFirst(r refusedOperation, now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if minute := now.Truncate(tokens.FoldedWithin); !minute.Equal(s.minute) {
		s.minute, s.known = minute, map[refusedOperation]bool{}
	}
	if s.known[r] {
		return false
	}
	s.known[r] = true
	return true
}
