package tokens

import (
	"math"
	"time"
)

// Standing is the span of time in which a secret is active: all that its verdict needs besides the clock, in 16 bytes.
// The zero Standing is never active.
type Standing struct {
	// from and until are microseconds since 1970, as the database keeps times. The secret is active from the first on and
	// before the second.
	from, until int64
}

// Standing returns when the secret is active, as long as nothing about its token, its technical user and their roles
// changes.
func (r ResolvedSecret) Standing() Standing {
	t := r.row.AccessToken
	if t.Held != nil || !t.Enabled || !t.User.Enabled || !t.Secret.EndedAt.IsZero() {
		return Standing{}
	}
	s := Standing{from: math.MinInt64, until: math.MaxInt64}
	switch {
	case r.row.Version == t.Secret.Version:
	case t.Previous != nil && r.row.Version == t.Previous.Version:
		s.endBy(t.Previous.EndsAt)
	default:
		return Standing{} // superseded
	}
	if expiry := t.SecretExpiresAt(); !expiry.IsZero() {
		s.endBy(expiry)
	}
	if !t.ActivatesAt.IsZero() {
		s.from = t.ActivatesAt.UnixMicro()
	}
	return s
}

// endBy lets the span end at a time, unless it ends before.
func (s *Standing) endBy(at time.Time) { s.until = min(s.until, at.UnixMicro()) }

// End returns when the clock ends the span, and whether it does.
func (s Standing) End() (end time.Time, ends bool) {
	if s.until == math.MaxInt64 {
		return end, false
	}
	return time.UnixMicro(s.until), true
}

// ActiveAt reports whether the secret is active at now.
func (s Standing) ActiveAt(now time.Time) bool {
	at := now.UnixMicro()
	return s.from <= at && at < s.until
}
