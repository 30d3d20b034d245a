package tokens

import "time"

// Grace is how long the previous secret stays valid after a regeneration, never beyond its own expiry. The zero Grace
// means none: the secret ends with the regeneration.
type Grace struct {
	// Duration counts from the regeneration. It excludes UntilExpiry.
	Duration time.Duration
	// UntilExpiry keeps the secret valid until its own expiry.
	UntilExpiry bool
}

// GraceUntilExpiry is the text form of a Grace until the expiry.
const GraceUntilExpiry = "until_expiry"

// ParseGrace parses a duration, 0s for none, or GraceUntilExpiry.
func ParseGrace(field, s string) (Grace, error) {
	if s == GraceUntilExpiry {
		return Grace{UntilExpiry: true}, nil
	}
	if s == "" || !durationPattern.MatchString(s) {
		return Grace{}, Invalid(field, "%q is neither a duration, as in \"0s\", \"36h\" or \"7d\", nor %q%s", s,
			GraceUntilExpiry, DurationHint(s))
	}
	d, err := parseDuration(field, s)
	return Grace{Duration: d}, err
}

// String returns the text that ParseGrace parses.
func (g Grace) String() string {
	if g.UntilExpiry {
		return GraceUntilExpiry
	}
	return FormatDuration(g.Duration)
}

// validate checks a grace period for secrets that expire or never do.
func (g Grace) validate(field string, expires bool) error {
	switch {
	case g.UntilExpiry && g.Duration != 0:
		return Invalid(field, "%s and a duration exclude each other: set one of them", GraceUntilExpiry)
	case g.UntilExpiry && !expires:
		return Invalid(field, "%q needs secrets that expire: set ttl or expires_at, or name a duration", GraceUntilExpiry)
	case g.Duration == 0:
		return nil
	}
	return ValidateTTL(field, g.Duration)
}

// PreviousSecret is the secret before the current one, if it got a grace period.
type PreviousSecret struct {
	// Version is the version before the current one.
	Version   int64
	Preview   string
	CreatedAt time.Time
	// EndsAt is when it ends, or ended, by the clock. A secret that was ended sooner no longer has a grace period.
	EndsAt time.Time
	// LastUsedAt is when it was last used; zero for never.
	LastUsedAt time.Time
}

// IsLive reports whether the secret is still within its grace period at now.
func (p *PreviousSecret) IsLive(now time.Time) bool { return p != nil && now.Before(p.EndsAt) }

// superseded returns what becomes of the current secret when a regeneration at now turns the token from before into
// after; nil if it ends at once. The secret keeps the expiry that it had. Only if its grace period lasts until an
// expiry that it never had do the new settings decide.
func superseded(before, after AccessToken, grace Grace, now time.Time) *PreviousSecret {
	end := before.SecretExpiresAt()
	switch {
	case !grace.UntilExpiry:
		end = earliest(end, now.Add(grace.Duration))
	case end.IsZero():
		end = SecretExpiry(after.ExpiresAt, after.TTL, before.Secret.CreatedAt)
	}
	end = earliest(end, after.SecretExpiresAt())
	if !before.Secret.EndedAt.IsZero() || !end.After(now) {
		return nil
	}
	s := before.Secret
	return &PreviousSecret{Version: s.Version, Preview: s.Preview, CreatedAt: s.CreatedAt, EndsAt: end,
		LastUsedAt: s.LastUsedAt}
}

// WithoutUnearnedGrace returns the token that a regeneration made of before, and gives the secret that it replaces no
// grace where that may be more than whoever made it was allowed. Drift replaces a secret that somebody else made. That
// person may not make one for what the token may do now, if the same update lets it do more or a change of its technical
// user came between.
func (t AccessToken) WithoutUnearnedGrace(before AccessToken, reason RegenerationReason, roles Roles) AccessToken {
	widened := !t.Access(roles).Without(before.Access(roles)).isEmpty()
	if reason == ReasonDrift && (widened || before.User.UpdatedAt.After(before.Secret.CreatedAt)) {
		t.Previous = nil
	}
	return t
}

// ShortenedGrace returns when the previous secret ends after the settings of its token changed. A changed grace period
// (nil if it did not change) counts again from the regeneration, but can only shorten the secret's life. No previous
// secret outlives the current one (zero for never). The result is zero if the secret ends at once. Terraform plans with
// this function, so it uses no clock.
func ShortenedGrace(endsAt, regeneratedAt time.Time, grace *Grace, secretExpiresAt time.Time) time.Time {
	if grace != nil && !grace.UntilExpiry {
		endsAt = earliest(endsAt, regeneratedAt.Add(grace.Duration))
	}
	if endsAt = earliest(endsAt, secretExpiresAt); endsAt.After(regeneratedAt) {
		return endsAt
	}
	return time.Time{}
}

// earliest returns the earlier of two times; zero means never.
func earliest(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}
