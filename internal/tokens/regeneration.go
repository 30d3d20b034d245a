package tokens

import "time"

// RegenerationReason says why a token got a new secret.
type RegenerationReason string

// The reasons for a regeneration.
const (
	// ReasonTrigger: a value of regenerate_triggers changed.
	ReasonTrigger RegenerationReason = "trigger"
	// ReasonDrift: the secret was regenerated or revoked by someone else.
	ReasonDrift RegenerationReason = "drift"
	// ReasonExpired: the secret outlived its ttl.
	ReasonExpired RegenerationReason = "expired"
	// ReasonRequested: a person asked for it.
	ReasonRequested RegenerationReason = "requested"
)

// SecretFacts are what one who keeps the secret of a token has observed of it.
type SecretFacts struct {
	// HeldVersion is the version of the secret that the keeper has.
	HeldVersion int64
	// HeldMadeAt is when that secret was made; zero where the keeper does not know.
	HeldMadeAt time.Time
	// CurrentVersion is the version that the backend had when last observed, and CurrentMadeAt when that secret was made.
	CurrentVersion int64
	CurrentMadeAt  time.Time
	// Revoked tells that the secret was ended.
	Revoked bool
	// ObservedAt is when; zero when nothing that depends on time was observed.
	ObservedAt time.Time
}

// HasDrifted tells whether the secret is not, or no longer, the one that the keeper has. Where an older database was
// restored and the token regenerated after that, another secret has the same version.
func (f SecretFacts) HasDrifted() bool {
	return f.HeldVersion != f.CurrentVersion || !f.HeldMadeAt.IsZero() && !f.HeldMadeAt.Equal(f.CurrentMadeAt) || f.Revoked
}

// DueRegeneration tells whether a token needs a new secret, and why: its secret changed or ended elsewhere, or was
// observed after its end under a ttl. The ttl and the end of the secret (zero for none) are those that are to hold. A
// token that would be refused whatever its secret (stopped: held, disabled, pending) is not due for the latter. Nothing is
// due for a token that was observed after a fixed end, which a new secret would share.
func DueRegeneration(facts SecretFacts, ttl time.Duration, expiresAt time.Time, stopped bool) (RegenerationReason, bool) {
	expired := !facts.ObservedAt.IsZero() && !expiresAt.IsZero() && !facts.ObservedAt.Before(expiresAt)
	switch {
	case expired && ttl == 0:
		return "", false
	case facts.HasDrifted():
		return ReasonDrift, true
	case expired && !stopped:
		return ReasonExpired, true
	}
	return "", false
}
