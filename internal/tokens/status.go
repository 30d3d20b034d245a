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
	switch {
	case t.Held != nil:
		return StatusHeld
	case !t.Enabled || !t.User.Enabled:
		return StatusDisabled
	case !t.Secret.EndedAt.IsZero():
		return StatusRevoked
	case t.hasExpired(now):
		return StatusExpired
	case now.Before(t.ActivatesAt):
		return StatusPending
	}
	return StatusActive
}

// hasExpired tells whether the current secret has outlived its end.
func (t AccessToken) hasExpired(now time.Time) bool {
	expiry := t.SecretExpiresAt()
	return !expiry.IsZero() && !now.Before(expiry)
}

// Concealed returns what one who may stop a token, but not know of it, learns of it: that it is stopped.
func (t AccessToken) Concealed() AccessToken {
	return AccessToken{
		ID: t.ID, Settings: Settings{Enabled: t.Enabled, Visibility: t.Visibility},
		Disabled: t.Disabled, Held: t.Held, Status: t.Status, ObservedAt: t.ObservedAt,
	}
}

// Observed returns the token with its status at an instant and what its roles come to among those that exist.
func (t AccessToken) Observed(now time.Time, roles Roles) AccessToken {
	t.Status, t.ObservedAt, t.Grants = t.StatusAt(now), now, t.grants(roles)
	return t
}
