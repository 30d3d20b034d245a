package httpapi

import (
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// asker is whoever asks for an operation.
type asker struct {
	backend tokens.Backend
	// refusal is what one gets who presented nothing, or a value that no token has; nil for others. The backend refuses them
	// too, and records it.
	refusal *tokens.Error
}

// askerOf returns whoever asks: the holder of the access token in the request, or nobody.
func (m *Management) askerOf(r *http.Request) asker {
	secret, ok := presentedBy(r.Header)
	if !ok {
		return asker{m.options.As(tokens.Principal{}), tokens.NobodyAsks()}
	}
	var refusal *tokens.Error
	if m.options.Cache != nil {
		// Where the cache can't tell, the database decides. A value that some token has or had is for the database, too,
		// which records its refusal.
		if found, err := m.options.Cache.Verify(r.Context(), secret); err == nil && found.Row == nil {
			refusal = tokens.StrangerAsks()
		}
	}
	run, err := url.PathUnescape(r.Header.Get(runHeader))
	if err != nil {
		run = "" // it is only a claim
	}
	return asker{m.options.As(tokens.AsTokenHolder(secret).InRun(run)), refusal}
}

// strangers remembers which operations were refused, in the present minute, to those who presented nothing, or a value that
// no token has. One event tells of all of them, so all but the first need no look at the database.
type strangers struct {
	mu      sync.Mutex
	minute  time.Time
	refused map[string]bool
}

// wereRefused reports whether any were refused the operation in the minute.
func (s *strangers) wereRefused(operation string, now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.minute.Equal(now.Truncate(tokens.FoldedWithin)) && s.refused[operation]
}

// isFirst reports whether none has been refused the operation in the minute yet, and remembers that one is now.
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
