package provider

import (
	"context"
	"slices"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// recordToken records what was observed of an access token. What ended the secret of the state, or stopped the token, is
// not forgotten because the backend knows of it no more: it may be an older database, restored from a backup.
func (f *facts) recordToken(t tokens.AccessToken) {
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
func (f *facts) recordSecret(s tokens.SecretState) {
	f.HeldVersion, f.HeldMade, f.Revoked = s.Version, s.CreatedAt.UnixMicro(), !s.EndedAt.IsZero()
}

// recordPrevious records whether the secret before the current one is to end later than the state knew, which no change
// brings about: in a database that was replaced by an older backup since, it was ended or given less time.
func (f *facts) recordPrevious(state *accessTokenModel, t tokens.AccessToken) {
	same := state.SecretVersion.ValueInt64() == t.Secret.Version && state.secretMadeAt().Equal(t.Secret.CreatedAt)
	end := t.PreviousSecretExpiresAt()
	f.Revived = same && !end.IsZero() && (f.Revived || state.PreviousSecretExpiresAt.value().Before(end))
}

// knowsEnded tells whether the backend's current secret is one that was revoked or replaced, as the state knows, in a
// database that was replaced by an older backup since.
func (f *facts) knowsEnded(state *accessTokenModel) bool {
	observed := f.ofSecret(state)
	return observed.Revoked && !observed.HasOtherSecret() || !observed.HeldMadeAt.IsZero() && observed.CurrentMadeAt.Before(observed.HeldMadeAt)
}

// completeSecret records when the secret that the state holds was made where an earlier version of the provider recorded
// only its version: the state still says it unless it has seen another secret since.
func (f *facts) completeSecret(state *accessTokenModel) {
	if f.HeldMade == 0 && f.HeldVersion != 0 && f.HeldVersion == state.SecretVersion.ValueInt64() {
		f.HeldMade = state.secretMadeAt().UnixMicro()
	}
}

// ofSecret returns what is known of the secret that the state holds, beside what the backend had when the state was read.
func (f *facts) ofSecret(state *accessTokenModel) tokens.SecretFacts {
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

// forgetReleased forgets a hold that has gone and of whose release an event tells.
func (f *facts) forgetReleased(ctx context.Context, backend tokens.Backend, t tokens.AccessToken) error {
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
