package accesstoken

import (
	"context"
	"slices"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/managed"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// tokenFacts are what is recorded of an access token.
type tokenFacts struct {
	managed.Facts
	// HeldVersion is the version of the secret that the state holds. Zero before the first observation.
	HeldVersion int64 `json:"v,omitempty"`
	// HeldMade is when that secret was made, in microseconds since 1970: in a restored database, another secret may have
	// the same version. Zero in states of earlier versions that were not read since.
	HeldMade int64 `json:"s,omitempty"`
	// Revoked says that the secret was ended outside Terraform. It stays ended, whatever a restored database says.
	Revoked bool `json:"revoked,omitempty"`
	// Recipients is the digest of those for whom the secret was encrypted.
	Recipients string `json:"r,omitempty"`
	// ObservedAt is when an access token that expires was last looked at.
	ObservedAt time.Time `json:"at,omitzero"`
	// UsedAt is when the current secret of an access token was last used, PreviousUsedAt when the previous one was, if it
	// has a grace, and Uses how often any of its secrets was used.
	UsedAt         time.Time `json:"u,omitzero"`
	PreviousUsedAt time.Time `json:"pu,omitzero"`
	Uses           int64     `json:"n,omitempty"`
	// Revived says that the previous secret ends later than the state knew, because an older database was restored.
	Revived bool `json:"revived,omitempty"`
	// SystemUser says that the system created the technical user for this access token, and deletes it with the token.
	SystemUser bool `json:"su,omitempty"`
	// ExpiresAtBefore and TTLBefore are what the state said before they were changed outside Terraform.
	ExpiresAtBefore time.Time     `json:"eb,omitzero"`
	TTLBefore       time.Duration `json:"tb,omitempty"`
	// Held says who holds the access token. It stays recorded after the hold has gone, unless its release was seen.
	Held *tokens.Stop `json:"held,omitempty"`
}

// recordToken records what was observed of an access token. It keeps what ended the secret of the state or stopped the
// token even if the backend no longer knows: the database may have been restored from a backup.
func (f *tokenFacts) recordToken(t tokens.AccessToken) {
	f.SystemUser = t.User.SystemCreated
	f.Revoked = f.Revoked || !t.Secret.EndedAt.IsZero()
	if t.Held != nil {
		f.Held = t.Held
	}
	f.UsedAt, f.PreviousUsedAt, f.Uses = t.Secret.LastUsedAt, time.Time{}, t.UseCount
	if t.Previous != nil {
		f.PreviousUsedAt = t.Previous.LastUsedAt
	}
	f.ObservedAt = time.Time{}
	if !t.SecretExpiresAt().IsZero() {
		f.ObservedAt = t.ObservedAt
	}
	if f.HeldVersion == 0 {
		f.recordSecret(t.Secret)
	}
}

// recordSecret records which secret the state holds.
func (f *tokenFacts) recordSecret(s tokens.SecretState) {
	f.HeldVersion, f.HeldMade, f.Revoked = s.Version, s.CreatedAt.UnixMicro(), !s.EndedAt.IsZero()
}

// recordSeen records that the secret which the state has seen is accepted. Another one that was made since shows as drift.
func (f *tokenFacts) recordSeen(state *model) {
	f.recordSecret(tokens.SecretState{Version: state.SecretVersion.ValueInt64(), CreatedAt: state.secretMadeAt()})
}

// recordExpiry records what expires_at and ttl were in the state, if they were changed outside Terraform since. A plan
// that sets them back follows from no change of the configuration.
func (f *tokenFacts) recordExpiry(state *model, t tokens.AccessToken) {
	if before := state.ExpiresAt.Value(); !before.IsZero() && !before.Equal(t.ExpiresAt) {
		f.ExpiresAtBefore = before
	}
	if before := state.TTL.Value(); before != 0 && before != t.TTL {
		f.TTLBefore = before
	}
}

// recordPrevious records whether the previous secret ends later than the state knew. No change does that: the database
// was replaced by an older backup after the secret was ended or given less time.
func (f *tokenFacts) recordPrevious(state *model, t tokens.AccessToken) {
	same := state.SecretVersion.ValueInt64() == t.Secret.Version && state.secretMadeAt().Equal(t.Secret.CreatedAt)
	end := t.PreviousSecretExpiresAt()
	f.Revived = same && !end.IsZero() && (f.Revived || state.PreviousSecretExpiresAt.Value().Before(end))
}

// knowsEnded reports whether the state knows that the backend's current secret was revoked or replaced. An older backup
// brings such a secret back.
func (f *tokenFacts) knowsEnded(state *model) bool {
	observed := f.ofSecret(state)
	return observed.Revoked && !observed.HasOtherSecret() ||
		!observed.HeldMadeAt.IsZero() && observed.CurrentMadeAt.Before(observed.HeldMadeAt)
}

// completeSecret records when the secret of the state was made, if an earlier version of the provider recorded only the
// secret's version: the state still says it unless it has seen another secret since.
func (f *tokenFacts) completeSecret(state *model) {
	if f.HeldMade == 0 && f.HeldVersion != 0 && f.HeldVersion == state.SecretVersion.ValueInt64() {
		f.HeldMade = state.secretMadeAt().UnixMicro()
	}
}

// ofSecret returns what is known of the secret that the state holds, and what the backend had when the state was read.
func (f *tokenFacts) ofSecret(state *model) tokens.SecretFacts {
	observed := tokens.SecretFacts{
		HeldVersion:    f.HeldVersion,
		CurrentVersion: state.SecretVersion.ValueInt64(),
		CurrentMadeAt:  state.secretMadeAt(),
		Revoked:        f.Revoked,
		ObservedAt:     f.ObservedAt,
	}
	if f.HeldMade != 0 {
		observed.HeldMadeAt = time.UnixMicro(f.HeldMade)
	}
	return observed
}

// forgetReleased forgets a hold that has gone, if an event shows its release.
func (f *tokenFacts) forgetReleased(ctx context.Context, backend tokens.Backend, t tokens.AccessToken) error {
	if f.Held == nil || t.Held != nil {
		return nil
	}
	events, err := backend.Events(ctx, tokens.EventQuery{ObjectID: t.ID, Since: f.Held.At})
	if err != nil {
		return err
	}
	if slices.ContainsFunc(events, func(e tokens.Event) bool {
		return e.Action == tokens.ActionAccessTokenRelease && e.Outcome == tokens.OutcomeDone
	}) {
		f.Held = nil
	}
	return nil
}
