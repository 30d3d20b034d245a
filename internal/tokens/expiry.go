package tokens

import "time"

// SecretExpiry returns when a secret made at an instant expires: at expiresAt, or ttl after it was made; zero for never.
func SecretExpiry(expiresAt time.Time, ttl time.Duration, madeAt time.Time) time.Time {
	if ttl > 0 {
		return madeAt.Add(ttl)
	}
	return expiresAt
}

// ValidateNewExpiry checks that an expiry which is being set has not passed already. Zero is no expiry.
func validateFuture(expiresAt, now time.Time) error {
	if expiresAt.IsZero() || expiresAt.After(now) {
		return nil
	}
	return Invalid("expires_at", "%s has passed: set a later instant, or leave expires_at out for a token that never expires", FormatTimestamp(expiresAt))
}

// validateActivation checks that a token becomes active before its secret expires. Zero instants are none.
func validateActivation(activatesAt, secretExpiresAt time.Time) error {
	if activatesAt.IsZero() || secretExpiresAt.IsZero() || activatesAt.Before(secretExpiresAt) {
		return nil
	}
	return Invalid("activates_at", "the token would become active at %s, but its secret expires at %s: set an earlier activation or a later expiry",
		FormatTimestamp(activatesAt), FormatTimestamp(secretExpiresAt))
}
