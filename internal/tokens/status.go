package tokens

import "time"

// Status is what becomes of a request with the token. Only StatusActive opens anything.
type Status string

// The statuses of an access token, in the order in which they are decided.
const (
	// StatusHeld: stopped in an incident, until it is released.
	StatusHeld Status = "held"
	// StatusDisabled: the token or its technical user is disabled.
	StatusDisabled Status = "disabled"
	// StatusRevoked: it has no live secret; a regeneration gives it one.
	StatusRevoked Status = "revoked"
	// StatusExpired: its secret has expired.
	StatusExpired Status = "expired"
	// StatusPending: it becomes active later.
	StatusPending Status = "pending"
	// StatusActive: it is good.
	StatusActive Status = "active"
)

// Statuses returns all statuses in the order in which they are decided.
func Statuses() []Status {
	return []Status{StatusHeld, StatusDisabled, StatusRevoked, StatusExpired, StatusPending, StatusActive}
}

// StatusAt returns the status of the token at an instant: the first that applies.
func (t AccessToken) StatusAt(now time.Time) Status {
	expiry := t.SecretExpiresAt()
	switch {
	case t.Held != nil:
		return StatusHeld
	case !t.Enabled || !t.User.Enabled:
		return StatusDisabled
	case !t.Secret.EndedAt.IsZero():
		return StatusRevoked
	case !expiry.IsZero() && !now.Before(expiry):
		return StatusExpired
	case now.Before(t.ActivatesAt):
		return StatusPending
	}
	return StatusActive
}

// Observed returns the token with its status at an instant.
func (t AccessToken) Observed(now time.Time) AccessToken {
	t.Status, t.ObservedAt = t.StatusAt(now), now
	return t
}
