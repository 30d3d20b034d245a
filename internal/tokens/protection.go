package tokens

import "time"

// IsProtected tells whether a token is in use, so that protect_if_used_within forbids to take it away: it is good, and one
// of its live secrets was last used no longer ago than that. What is refused anyhow interrupts nobody when it goes. Zero
// within is no protection, zero lastUsedAt never.
func IsProtected(within time.Duration, status Status, lastUsedAt, now time.Time) bool {
	return within > 0 && status == StatusActive && !lastUsedAt.IsZero() && !now.After(lastUsedAt.Add(within))
}

// LiveSecretsUsedAt returns when one of the secrets that are live at an instant was last used; zero for never.
func (t AccessToken) LiveSecretsUsedAt(now time.Time) time.Time {
	if t.Previous == nil {
		return t.Secret.LastUsedAt
	}
	return LastUseOfLive(t.Secret.LastUsedAt, t.Previous.LastUsedAt, t.Previous.EndsAt, now)
}

// LastUseOfLive returns the later one of the last uses of the current secret and of the previous one, unless that has ended
// by now.
func LastUseOfLive(current, previous, previousEndsAt, now time.Time) time.Time {
	if now.Before(previousEndsAt) && previous.After(current) {
		return previous
	}
	return current
}
