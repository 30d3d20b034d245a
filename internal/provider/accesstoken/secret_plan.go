package accesstoken

import (
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/attribute"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/customtypes"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// planSecret plans what becomes of the secret, from the recorded facts and the planned settings. It returns the reason
// for a new secret: null for none, unknown if only the apply will show.
func (m *model) planSecret(state *model, f tokenFacts, diags *diag.Diagnostics) (reason types.String) {
	decision, known := m.decide(state, f)
	switch {
	case !known:
		reason = types.StringUnknown()
	case decision.Regenerate != "":
		reason = types.StringValue(string(decision.Regenerate))
		if reason.Equal(state.RegenerationReason) {
			warnOfRegeneration(state, diags)
		}
	default:
		m.planKeptSecret(state, f, decision, diags)
		return types.StringNull()
	}
	m.RegenerationReason = reason
	if known {
		m.planNewHolders()
		switch removed := m.removedRecipients(state); {
		case removed == 0:
		case m.bringsSecrets(): // it may be the present one again
			m.warnOfRemovedRecipient(state, removed, "this plan, if token_wo brings another value than the present one", diags)
		case m.graceOf(state) != "":
			m.warnOfRemovedRecipient(state, removed, "this plan makes one", diags)
		}
	} else {
		m.planOpenHolders(state)
	}
	m.TokenPreview = types.StringUnknown()
	m.SecretVersion = types.Int64Unknown()
	m.SecretExpiresAt = customtypes.TimestampUnknown()
	m.PreviousSecretExpiresAt = customtypes.TimestampUnknown()
	m.RegeneratedAt = customtypes.TimestampUnknown()
	return reason
}

// planKeptSecret plans a token whose secret the plan leaves alone.
func (m *model) planKeptSecret(state *model, f tokenFacts, decision tokens.SecretDecision, diags *diag.Diagnostics) {
	m.planPreviousExpiry(state)
	m.planHolders(state, f, diags)
	switch {
	case decision.RefuseDrift:
		diags.Append(refusedDrift(f, state, m.bringsSecrets()))
		return
	case decision.RefuseExpired:
		diags.Append(refusedExpiry(state))
		return
	case decision.AcceptDrift && !state.holdsNone():
		m.Token, m.EncryptedToken = types.StringNull(), types.StringNull()
		warnOfAcceptedDrift(f, state, diags)
	case decision.AcceptDrift && f.Revoked && !f.ofSecret(state).HasOtherSecret():
		warnOfRevocation(state, diags)
	case decision.AcceptDrift && m.bringsSecrets():
		warnOfOtherSecret(f, state, diags)
	}
	if decision.Due {
		warnOfDue(state, m, diags)
	}
	if m.forgets(state) && !decision.AcceptDrift && m.TokenWO.IsNull() {
		diags.Append(refusedForgetting(state))
	}
	if state.Status.ValueString() == string(tokens.StatusExpired) && m.SecretExpiresAt.Same(state.SecretExpiresAt) {
		warnOfExpiry(state, diags)
	}
}

// decide returns what the plan m does about the secret, and false if only the apply will show. Terraform then plans
// again with all values known, and must come to the same for whatever the first plan knew. So a setting that is still
// unknown leaves the decision open wherever it may matter.
func (m *model) decide(state *model, f tokenFacts) (decision tokens.SecretDecision, known bool) {
	for i, situation := range m.situations(state, f) {
		switch possible := situation.Decide(); {
		case i == 0:
			decision = possible
		case possible != decision:
			return tokens.SecretDecision{}, false
		}
	}
	return decision, true
}

// situations returns the situation of the secret under the settings of the plan m: one if all of them are known,
// otherwise one for each value that they may turn out to have.
func (m *model) situations(state *model, f tokenFacts) []tokens.SecretSituation {
	triggered := changedTriggers(state.RegenerateTriggers, m.RegenerateTriggers)
	brought := m.bringings(state, f)
	drifted := f.ofSecret(state).HasDrifted()
	possible := []tokens.SecretSituation{{
		Phase:         tokens.PhaseOf(f.ObservedAt, m.SecretExpiresAt.Value(), m.RegenerateBeforeExpiry.Value()),
		HasTTL:        attribute.IsGiven(m.TTL),
		Drifted:       drifted && brought[0] != adoptsPresent,
		Stopped:       m.isStopped(state, f),
		Triggered:     triggered,
		OnExpired:     tokens.ExpiryPolicy(m.OnExpired.ValueString()),
		OnSecretDrift: tokens.DriftPolicy(m.OnSecretDrift.ValueString()),
		Own:           brought[0] != makesSecrets,
		Brought:       brought[0] == bringsNew,
	}}
	vary := func(unknown bool, variants ...func(*tokens.SecretSituation)) {
		if !unknown {
			return
		}
		var varied []tokens.SecretSituation
		for _, situation := range possible {
			for _, change := range variants {
				variant := situation
				change(&variant)
				varied = append(varied, variant)
			}
		}
		possible = varied
	}
	fresh := func(s *tokens.SecretSituation) { s.Phase = tokens.PhaseFresh }
	due := func(s *tokens.SecretSituation) { s.Phase = tokens.PhaseDue }
	expired := func(s *tokens.SecretSituation) { s.Phase = tokens.PhaseExpired }
	observed, expiryUnknown := !f.ObservedAt.IsZero(), m.SecretExpiresAt.IsUnknown()
	vary(m.TTL.IsUnknown(),
		func(s *tokens.SecretSituation) { s.HasTTL = true },
		func(s *tokens.SecretSituation) { s.HasTTL = false })
	vary(observed && expiryUnknown, fresh, due, expired)
	vary(observed && !expiryUnknown && m.RegenerateBeforeExpiry.IsUnknown() && possible[0].Phase != tokens.PhaseExpired,
		fresh, due)
	vary((m.Enabled.IsUnknown() || m.ActivatesAt.IsUnknown()) && f.Held == nil,
		func(s *tokens.SecretSituation) { s.Stopped = true },
		func(s *tokens.SecretSituation) { s.Stopped = false })
	vary(triggered && !isWhollyKnown(m.RegenerateTriggers),
		func(s *tokens.SecretSituation) { s.Triggered = true },
		func(s *tokens.SecretSituation) { s.Triggered = false })
	var each []func(*tokens.SecretSituation)
	for _, b := range brought {
		each = append(each, func(s *tokens.SecretSituation) {
			s.Own, s.Brought, s.Drifted = b != makesSecrets, b == bringsNew, drifted && b != adoptsPresent
		})
	}
	vary(len(brought) > 1, each...)
	vary(m.OnExpired.IsUnknown(),
		func(s *tokens.SecretSituation) { s.OnExpired = tokens.OnExpiredRegenerate },
		func(s *tokens.SecretSituation) { s.OnExpired = tokens.OnExpiredIgnore },
		func(s *tokens.SecretSituation) { s.OnExpired = tokens.OnExpiredError })
	vary(m.OnSecretDrift.IsUnknown(),
		func(s *tokens.SecretSituation) { s.OnSecretDrift = tokens.OnSecretDriftRegenerate },
		func(s *tokens.SecretSituation) { s.OnSecretDrift = tokens.OnSecretDriftAccept },
		func(s *tokens.SecretSituation) { s.OnSecretDrift = tokens.OnSecretDriftError })
	return possible
}

// isStopped reports whether the token would be refused after the apply whatever its secret: held, disabled, or pending.
func (m *model) isStopped(state *model, f tokenFacts) bool {
	enabling := m.Enabled.ValueBool() && !state.Enabled.ValueBool()
	return f.Held != nil ||
		!m.Enabled.ValueBool() ||
		state.Status.ValueString() == string(tokens.StatusDisabled) && !enabling ||
		f.ObservedAt.Before(m.ActivatesAt.Value())
}

// planSecretExpiry plans the end of the current secret if the settings that decide it change.
func (m *model) planSecretExpiry(state *model) {
	switch {
	case m.hasExpiryOf(state):
	case m.ExpiresAt.IsUnknown() || m.TTL.IsUnknown():
		m.SecretExpiresAt = customtypes.TimestampUnknown()
	default:
		m.SecretExpiresAt = customtypes.TimestampOf(tokens.SecretExpiry(m.ExpiresAt.Value(), m.TTL.Value(),
			state.secretMadeAt()))
	}
}

// planPreviousExpiry plans the end of the previous secret if the settings that shorten it change.
func (m *model) planPreviousExpiry(state *model) {
	switch {
	case state.PreviousSecretExpiresAt.IsNull(), m.hasExpiryOf(state) && m.GracePeriod.Same(state.GracePeriod):
	case m.SecretExpiresAt.IsUnknown() || m.GracePeriod.IsUnknown():
		m.PreviousSecretExpiresAt = customtypes.TimestampUnknown()
	default:
		end := tokens.ShortenedGrace(state.PreviousSecretExpiresAt.Value(), state.RegeneratedAt.Value(),
			changedGracePeriod(state.GracePeriod, m.GracePeriod), m.SecretExpiresAt.Value())
		m.PreviousSecretExpiresAt = customtypes.TimestampOf(end).OrPrior(state.PreviousSecretExpiresAt)
	}
}

// hasExpiryOf reports whether the settings that decide the end of a secret are those of the state.
func (m *model) hasExpiryOf(state *model) bool {
	return m.ExpiresAt.Same(state.ExpiresAt) && m.TTL.Same(state.TTL)
}

// changedGracePeriod returns the grace of the plan if it differs from that of the state, otherwise nil.
func changedGracePeriod(state, plan customtypes.GracePeriod) *tokens.Grace {
	if plan.Value() == state.Value() {
		return nil
	}
	return new(plan.Value())
}
