package tokens

import "time"

// IsProtected reports whether a token is in use, so that protect_if_used_within forbids changes that would interrupt
// its users: the token is active, and one of its live secrets was used within that time. Taking away a token that is
// refused anyway interrupts nobody. A zero within means no protection, a zero lastUsedAt means never.
func IsProtected(within time.Duration, status Status, lastUsedAt, now time.Time) bool {
	return within > 0 && status == StatusActive && !lastUsedAt.IsZero() && !now.After(lastUsedAt.Add(within))
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
