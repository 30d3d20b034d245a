package tokens

import "time"

// Grace is how long the secret before the current one stays valid after a regeneration, never beyond its own expiry. The
// zero Grace is none: that secret ends with the regeneration.
type Grace struct {
	// Duration counts from the regeneration. It excludes UntilExpiry.
	Duration time.Duration `json:"duration,omitzero"`
	// UntilExpiry leaves the secret all the time that it had.
	UntilExpiry bool `json:"until_expiry,omitempty"`
}

// GraceUntilExpiry is the text that stands for a Grace until the expiry.
const GraceUntilExpiry = "until_expiry"

// ParseGrace reads a duration, 0s for none, or GraceUntilExpiry.
func ParseGrace(field, s string) (Grace, error) {
	if s == GraceUntilExpiry {
		return Grace{UntilExpiry: true}, nil
	}
	if s == "" || !durationPattern.MatchString(s) {
		return Grace{}, Invalid(field, "%q is neither a duration, as in \"0s\", \"36h\" or \"7d\", nor %q", s, GraceUntilExpiry)
	}
	d, err := parseDuration(field, s)
	return Grace{Duration: d}, err
}

// String returns the text that ParseGrace reads.
func (g Grace) String() string {
	if g.UntilExpiry {
		return GraceUntilExpiry
	}
	return FormatDuration(g.Duration)
}

// validate checks a grace for secrets that expire, or never.
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

// PreviousSecret is the secret before the current one, where a grace was given to it.
type PreviousSecret struct {
	// Version is the one before the current version.
	Version   int64     `json:"version"`
	Preview   string    `json:"preview"`
	CreatedAt time.Time `json:"created_at"`
	// EndsAt is when it stops, or stopped, being valid by the clock. A secret that was ended sooner has no grace any more.
	EndsAt time.Time `json:"ends_at"`
	// LastUsedAt is when it last opened something; zero for never.
	LastUsedAt time.Time `json:"last_used_at,omitzero"`
}

// IsLive tells whether the secret is still in its grace at an instant.
func (p *PreviousSecret) IsLive(now time.Time) bool { return p != nil && now.Before(p.EndsAt) }

// superseded returns what becomes of the current secret of the token before, when the token after gets another one at an
// instant; nil where it ends with that. It keeps the expiry that it had been given; only a grace until an expiry that it
// never had goes by the settings from now on.
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
	return &PreviousSecret{Version: s.Version, Preview: s.Preview, CreatedAt: s.CreatedAt, EndsAt: end, LastUsedAt: s.LastUsedAt}
}

// ShortenedGrace returns when a secret ends that was to end at an instant, after the settings of its token changed: a grace
// that changed (nil for one that did not) counts anew from the regeneration, but shortens only, and no previous secret outlives the current one (zero
// for never). Zero is for one that ends with that. Terraform plans with it, so it asks no clock.
func ShortenedGrace(endsAt, regeneratedAt time.Time, grace *Grace, secretExpiresAt time.Time) time.Time {
	if grace != nil && !grace.UntilExpiry {
		endsAt = earliest(endsAt, regeneratedAt.Add(grace.Duration))
	}
	if endsAt = earliest(endsAt, secretExpiresAt); endsAt.After(regeneratedAt) {
		return endsAt
	}
	return time.Time{}
}

// earliest returns the earlier of two instants, of which a zero one is never.
func earliest(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}
