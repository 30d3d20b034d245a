package tokens

import "time"

// Status says whether a token works. Only a token with StatusActive is accepted.
type Status string

// The statuses of an access token, in the order in which they are decided.
const (
	// StatusHeld: it was stopped in an incident, until it is released.
	StatusHeld Status = "held"
	// StatusDisabled: the token or its technical user is disabled.
	StatusDisabled Status = "disabled"
	// StatusRevoked: it has no live secret, until a regeneration gives it one.
	StatusRevoked Status = "revoked"
	// StatusExpired: its secret has expired.
	StatusExpired Status = "expired"
	// StatusPending: it becomes active later.
	StatusPending Status = "pending"
	// StatusActive: it works.
	StatusActive Status = "active"
)

// Statuses returns all statuses in the order in which they are decided.
func Statuses() []Status {
	return []Status{StatusHeld, StatusDisabled, StatusRevoked, StatusExpired, StatusPending, StatusActive}
}

// StatusAt returns the status of the token at now: the first one that applies.
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

// hasExpired reports whether the current secret has expired.
func (t AccessToken) hasExpired(now time.Time) bool {
	expiry := t.SecretExpiresAt()
	return !expiry.IsZero() && !now.Before(expiry)
}

// Concealed returns what someone who may stop a token, but not know of it, learns about it: that it is stopped.
func (t AccessToken) Concealed() AccessToken {
	return AccessToken{
		ID: t.ID, Settings: Settings{Enabled: t.Enabled, Visibility: t.Visibility},
		Disabled: t.Disabled, Held: t.Held, Status: t.Status, ObservedAt: t.ObservedAt,
	}
}

// Observed returns the token with its status at now, and with its grants resolved against the existing roles.
func (t AccessToken) Observed(now time.Time, roles Roles) AccessToken {
	t.Status, t.ObservedAt, t.Grants = t.StatusAt(now), now, t.grants(roles)
	return t
}
