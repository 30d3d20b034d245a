package tokens

import "time"

// MinProtection is the shortest time for protect_if_used_within. A use may be known up to 45 seconds late where another
// process recorded it, and a shorter protection would find no use in time.
const MinProtection = 2 * time.Minute

// validateProtection checks the time within which a use protects a token.
func validateProtection(field string, within time.Duration) error {
	if err := ValidateTTL(field, within); err != nil {
		return err
	}
	if within < MinProtection {
		return Invalid(field, "%s is too short, since a use may be known only 45 seconds later: use at least %s",
			FormatDuration(within), FormatDuration(MinProtection))
	}
	return nil
}

// IsProtected reports whether a token is in use, so that protect_if_used_within forbids changes that would interrupt
// its users: the token is active, and one of its live secrets was used within that time. Taking away a token that is
// refused anyway interrupts nobody. A zero within means no protection, a zero lastUsedAt means never.
func IsProtected(within time.Duration, status Status, lastUsedAt, now time.Time) bool {
	return within > 0 && status == StatusActive && !lastUsedAt.IsZero() && !now.After(lastUsedAt.Add(within))
}

// UsedAt returns the token with the last uses that follow from a use of its secret of a version. They only move on, and
// only the current secret and the previous one have a last use of their own.
func (t AccessToken) UsedAt(version int64, at time.Time) AccessToken {
	t.LastUsedAt = later(t.LastUsedAt, at)
	switch {
	case version == t.Secret.Version:
		t.Secret.LastUsedAt = later(t.Secret.LastUsedAt, at)
	case t.Previous != nil && version == t.Previous.Version:
		previous := *t.Previous
		previous.LastUsedAt = later(previous.LastUsedAt, at)
		t.Previous = &previous
	}
	return t
}

// LiveSecretsUsedAt returns when one of the secrets that are live at now was last used; zero for never.
func (t AccessToken) LiveSecretsUsedAt(now time.Time) time.Time {
	if t.Previous == nil {
		return t.Secret.LastUsedAt
	}
	return LastUseOfLive(t.Secret.LastUsedAt, t.Previous.LastUsedAt, t.Previous.EndsAt, now)
}

// LastUseOfLive returns the later of the last uses of the current and the previous secret. The previous one counts only
// if it has not ended by now.
func LastUseOfLive(current, previous, previousEndsAt, now time.Time) time.Time {
	if now.Before(previousEndsAt) && previous.After(current) {
		return previous
	}
	return current
}

// later returns the later of two times.
func later(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}
