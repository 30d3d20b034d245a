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
	// ReasonSchedule: the end of the secret under its ttl was near, by regenerate_before_expiry.
	ReasonSchedule RegenerationReason = "schedule"
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

// HasDrifted tells whether the secret is not, or no longer, the one that the keeper has.
func (f SecretFacts) HasDrifted() bool { return f.HasOtherSecret() || f.Revoked }

// HasOtherSecret tells whether the backend has another secret than the keeper. Where an older database was restored and the
// token regenerated after that, another secret has the same version.
func (f SecretFacts) HasOtherSecret() bool {
	return f.HeldVersion != f.CurrentVersion || !f.HeldMadeAt.IsZero() && !f.HeldMadeAt.Equal(f.CurrentMadeAt)
}

// Phase is how far the life of a secret has gone.
type Phase int

// The phases of a secret's life.
const (
	PhaseFresh Phase = iota
	// PhaseDue: within regenerate_before_expiry of its end.
	PhaseDue
	PhaseExpired
)

// PhaseOf returns the phase of a secret that was observed at an instant and ends at another, of which a zero one is never.
func PhaseOf(observedAt, expiresAt time.Time, regenerateBefore time.Duration) Phase {
	switch {
	case observedAt.IsZero() || expiresAt.IsZero():
		return PhaseFresh
	case !observedAt.Before(expiresAt):
		return PhaseExpired
	case regenerateBefore > 0 && !observedAt.Before(expiresAt.Add(-regenerateBefore)):
		return PhaseDue
	}
	return PhaseFresh
}

// SecretSituation is all by which a keeper decides whether a token needs a new secret.
type SecretSituation struct {
	Phase Phase
	// HasTTL tells that a new secret would live anew. Without that, the end of the token stays where it is.
	HasTTL bool
	// Drifted tells that the secret changed or ended elsewhere.
	Drifted bool
	// Stopped tells that the token would be refused whatever its secret: held, disabled or pending.
	Stopped bool
	// Triggered tells that a person asked for a new secret.
	Triggered     bool
	OnExpired     ExpiryPolicy
	OnSecretDrift DriftPolicy
}

// SecretDecision is what follows from a SecretSituation: one of its fields, or nothing.
type SecretDecision struct {
	// Regenerate is the reason to do so.
	Regenerate RegenerationReason
	// AcceptDrift tells to forget the secret that changed elsewhere.
	AcceptDrift bool
	// RefuseDrift and RefuseExpired tell that the policy for that is to fail.
	RefuseDrift, RefuseExpired bool
}

// Decide tells whether a token needs a new secret, and why. What changed elsewhere goes before what time has done, and
// that before a trigger. A token that is stopped is never due by the clock; nothing is due by itself once the token has
// come to a fixed end, which a new secret would share.
func (s SecretSituation) Decide() SecretDecision {
	expired := s.Phase == PhaseExpired && !s.Stopped
	onExpired, onDrift := s.OnExpired.OrDefault(s.HasTTL), s.OnSecretDrift.OrDefault()
	switch {
	case s.Drifted && onDrift == OnSecretDriftError:
		return SecretDecision{RefuseDrift: true}
	case s.Drifted && onDrift == OnSecretDriftRegenerate && (s.HasTTL || s.Phase != PhaseExpired):
		return SecretDecision{Regenerate: ReasonDrift}
	case expired && s.HasTTL && onExpired == OnExpiredRegenerate:
		return SecretDecision{Regenerate: ReasonExpired}
	case s.Phase == PhaseDue && s.HasTTL && !s.Stopped:
		return SecretDecision{Regenerate: ReasonSchedule}
	case s.Triggered:
		return SecretDecision{Regenerate: ReasonTrigger}
	case expired && onExpired == OnExpiredError:
		return SecretDecision{RefuseExpired: true}
	}
	return SecretDecision{AcceptDrift: s.Drifted && onDrift == OnSecretDriftAccept}
}
