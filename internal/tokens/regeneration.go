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
	// ReasonSchedule: the secret came within regenerate_before_expiry of the end of its ttl.
	ReasonSchedule RegenerationReason = "schedule"
	// ReasonExpired: the secret outlived its ttl.
	ReasonExpired RegenerationReason = "expired"
	// ReasonRequested: a person asked for it.
	ReasonRequested RegenerationReason = "requested"
)

// RegenerationReasons returns all reasons for a regeneration.
func RegenerationReasons() []RegenerationReason {
	return []RegenerationReason{ReasonTrigger, ReasonDrift, ReasonSchedule, ReasonExpired, ReasonRequested}
}

// SecretFacts is what the keeper of a token's secret has observed.
type SecretFacts struct {
	// HeldVersion is the version of the secret that the keeper has.
	HeldVersion int64
	// HeldMadeAt is when that secret was created; zero if the keeper doesn't know.
	HeldMadeAt time.Time
	// CurrentVersion is the version in the backend when last observed, and CurrentMadeAt when that secret was created.
	CurrentVersion int64
	CurrentMadeAt  time.Time
	// Revoked means that the secret was ended.
	Revoked bool
	// ObservedAt is the time of the observation; zero if nothing that depends on time was observed.
	ObservedAt time.Time
}

// HasDrifted reports whether the secret that the keeper has is not, or no longer, valid.
func (f SecretFacts) HasDrifted() bool { return f.HasOtherSecret() || f.Revoked }

// HasOtherSecret reports whether the backend has a different secret from the keeper. If an older database was restored
// and the token regenerated after that, a different secret has the same version.
func (f SecretFacts) HasOtherSecret() bool {
	return f.HeldVersion != f.CurrentVersion || !f.HeldMadeAt.IsZero() && !f.HeldMadeAt.Equal(f.CurrentMadeAt)
}

// Phase is how far the life of a secret has gone.
type Phase int

// The phases of a secret's life.
const (
	PhaseFresh Phase = iota
	// PhaseDue: within regenerate_before_expiry of the end.
	PhaseDue
	PhaseExpired
)

// PhaseOf returns the phase of a secret that was observed at observedAt and ends at expiresAt; zero means never.
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

// SecretSituation is everything by which a keeper decides whether a token needs a new secret.
type SecretSituation struct {
	Phase Phase
	// HasTTL means that a new secret would have a new end. Without a ttl, the end of the token stays as it is.
	HasTTL bool
	// Drifted means that the secret changed or ended elsewhere.
	Drifted bool
	// Stopped means that the token is refused whatever its secret: it is held, disabled or pending.
	Stopped bool
	// Triggered means that a person asked for a new secret.
	Triggered bool
	// Own means that people bring the secrets of the token: nobody else can make one.
	Own bool
	// Brought means that they bring a new one.
	Brought       bool
	OnExpired     ExpiryPolicy
	OnSecretDrift DriftPolicy
}

// SecretDecision is what follows from a SecretSituation. At most one of its fields is set, but that an accepted drift may be due,
// too.
type SecretDecision struct {
	// Regenerate is the reason to regenerate the token.
	Regenerate RegenerationReason
	// AcceptDrift means to forget the secret that changed elsewhere.
	AcceptDrift bool
	// RefuseDrift and RefuseExpired mean that the policy for that case is to fail.
	RefuseDrift, RefuseExpired bool
	// Due means that people should bring a new secret: it is time for one.
	Due bool
}

// Decide decides whether a token needs a new secret, and why. Changes made elsewhere take precedence over the passing
// of time, and both over a trigger. A stopped token is never due by the clock. Nothing is due by itself once the token
// has reached a fixed end, which a new secret would share. A secret that people bring takes precedence over everything.
func (s SecretSituation) Decide() SecretDecision {
	if s.Own {
		return s.decideOwn()
	}
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

// decideOwn is Decide for a token whose secrets people bring.
func (s SecretSituation) decideOwn() SecretDecision {
	accepts := s.OnSecretDrift == OnSecretDriftAccept
	switch {
	case s.Brought:
		return SecretDecision{Regenerate: ReasonTrigger}
	case s.Drifted && !accepts:
		return SecretDecision{RefuseDrift: true}
	case s.Phase == PhaseExpired && !s.Stopped && s.OnExpired == OnExpiredError:
		return SecretDecision{RefuseExpired: true}
	}
	return SecretDecision{AcceptDrift: s.Drifted && accepts, Due: s.Phase == PhaseDue && s.HasTTL && !s.Stopped}
}

// ValidateOwn checks the policies of a token whose secrets people bring: nobody else can regenerate one.
func (p Policies) ValidateOwn() error {
	switch {
	case p.OnExpired == OnExpiredRegenerate:
		return Invalid("on_expired", "nobody but you can make the next secret: set it to %q or %q, or leave it out, which is %[1]q",
			OnExpiredIgnore, OnExpiredError)
	case p.OnSecretDrift == OnSecretDriftRegenerate:
		return Invalid("on_secret_drift", "nobody but you can make the next secret: set it to %q or %q, or leave it out, which is %[2]q",
			OnSecretDriftAccept, OnSecretDriftError)
	}
	return nil
}
