package tokens

import "time"

// IsProtected tells whether a token is in use, so that protect_if_used_within forbids to take it away: it is good, and was
// last used no longer ago than that. What is refused anyhow interrupts nobody when it goes. Zero within is no protection,
// zero lastUsedAt never.
func IsProtected(within time.Duration, status Status, lastUsedAt, now time.Time) bool {
	return within > 0 && status == StatusActive && !lastUsedAt.IsZero() && !now.After(lastUsedAt.Add(within))
}
