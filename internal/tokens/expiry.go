package tokens

import "time"

// SecretExpiry returns when a secret expires: at expiresAt, or ttl after its creation; zero for never.
func SecretExpiry(expiresAt time.Time, ttl time.Duration, madeAt time.Time) time.Time {
	if ttl > 0 {
		return madeAt.Add(ttl)
	}
	return expiresAt
}

// ValidateNewExpiry checks that an expiry that is being set, or that a new secret would have, has not already passed.
// Zero means no expiry.
func ValidateNewExpiry(expiresAt, now time.Time) error {
	if expiresAt.IsZero() || expiresAt.After(now) {
		return nil
	}
	return Invalid("expires_at", "%s has passed: set a later time, or leave expires_at out for a token that never expires",
		FormatTimestamp(expiresAt))
}

// validateActivation checks that a token becomes active before its secret expires. Zero times mean none.
func validateActivation(activatesAt, secretExpiresAt time.Time) error {
	if activatesAt.IsZero() || secretExpiresAt.IsZero() || activatesAt.Before(secretExpiresAt) {
		return nil
	}
	return Invalid("activates_at", "the token would become active at %s, but its secret expires at %s: "+
		"set an earlier activation, a later expiry or a longer ttl", FormatTimestamp(activatesAt),
		FormatTimestamp(secretExpiresAt))
}

// ValidateNewTTL checks that a ttl that is being set does not end the current secret at once. Zero means no ttl.
func ValidateNewTTL(ttl time.Duration, madeAt, now time.Time) error {
	if ttl == 0 || madeAt.Add(ttl).After(now) {
		return nil
	}
	return Invalid("ttl", "it is counted from the current secret, which was made at %s and would have expired at %s: "+
		"set a longer ttl, or regenerate the token", FormatTimestamp(madeAt),
		FormatTimestamp(madeAt.Add(ttl))).Because(ReasonTTLTooShort)
}
