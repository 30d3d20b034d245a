package httpapi

import (
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// backendFor returns the backend for whoever asks: the holder of the access token in the request, or nobody.
func (m *Management) backendFor(e endpoint, r *http.Request) (tokens.Backend, error) {
	secret, ok := presentedBy(r.Header)
	if !ok {
		if !m.strangers.isFirst(e.name, m.options.Now()) {
			return nil, tokens.NobodyAsks()
		}
		return m.options.As(tokens.Principal{}), nil // which refuses, and records it
	}
	if m.options.Cache != nil {
		// Where the cache can't tell, the database decides. A value that some token has or had is for the database, too,
		// which records its refusal.
		found, err := m.options.Cache.Verify(r.Context(), secret)
		if err == nil && found.Row == nil && !m.strangers.isFirst(e.name, m.options.Now()) {
			return nil, tokens.StrangerAsks()
		}
	}
	run, err := url.PathUnescape(r.Header.Get(runHeader))
	if err != nil {
		run = "" // it is only a claim
	}
	return m.options.As(tokens.AsTokenHolder(secret).InRun(run)), nil
}

// strangers remembers which operations were refused, in the present minute, to those who presented nothing, or a value that
// no token has. One event tells of all of them, so all but the first need no look at the database.
type strangers struct {
	mu      sync.Mutex
	minute  time.Time
	refused map[string]bool
}

// isFirst reports whether none has been refused the operation in the minute yet.
func (s *strangers) isFirst(operation string, now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if minute := now.Truncate(tokens.FoldedWithin); !minute.Equal(s.minute) {
		s.minute, s.refused = minute, map[string]bool{}
	}
	if s.refused[operation] {
		return false
	}
	s.refused[operation] = true
	return true
}
