package accesstoken

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/attribute"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/customtypes"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/diagnostics"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/managed"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// ModifyPlan decides what becomes of a token, from configuration, state and the recorded facts. It asks the clock only
// about an end that has already passed and a step that interrupts a token in use; no planned value depends on it.
func (r *tokenResource) ModifyPlan(
	ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse,
) {
	managed.PlanIdentity(req, resp)
	if req.Plan.Raw.IsNull() {
		state := codec.Decode(ctx, req.State.Raw, &resp.Diagnostics)
		var f tokenFacts
		managed.ReadFacts(ctx, req.Private, &f, &resp.Diagnostics)
		r.RefuseOwn(ctx, managed.StepDestroy, state.subject(), &resp.Diagnostics)
		r.refuseInterruption(managed.StepDestroy, state.ProtectIfUsedWithin, f, &state, &resp.Diagnostics)
		warnOfHold(f, &state, &resp.Diagnostics)
		if taker, ok := r.seesBrought(&state); ok {
			resp.Diagnostics.Append(refusedTaking(taker, state.subject()))
		}
		return
	}
	plan := codec.Decode(ctx, req.Plan.Raw, &resp.Diagnostics)
	var before tokens.Grants
	if req.State.Raw.IsNull() {
		r.planCreate(&plan, &resp.Diagnostics)
		r.planBroughtCreate(ctx, &plan, req.Config.Raw, &resp.Diagnostics)
		r.WarnOfNewDatabase(ctx, &resp.Diagnostics, plan.references()...)
	} else {
		state := codec.Decode(ctx, req.State.Raw, &resp.Diagnostics)
		config := codec.Decode(ctx, req.Config.Raw, &resp.Diagnostics)
		before = state.settings().Own
		var f tokenFacts
		managed.ReadFacts(ctx, req.Private, &f, &resp.Diagnostics)
		if resp.Diagnostics.HasError() {
			return
		}
		config.refuseIllFormed(&resp.Diagnostics)
		config.refuseTwoLevels(&state, &resp.Diagnostics)
		plan.keepComputed(&state, &config)
		r.sees(&state, f)
		r.seesEnd(&plan)
		if resp.RequiresReplace = planReplacement(&state, &plan, &config); len(resp.RequiresReplace) > 0 {
			// The backend would refuse what is no identifier, but only after the token is gone.
			attribute.RequireID("technical_user_id", config.TechnicalUserID, tokens.KindTechnicalUser, &resp.Diagnostics)
			attribute.RequireID("group_id", config.GroupID, tokens.KindGroup, &resp.Diagnostics)
			refuseReplacement(&state, &config, f, r.Now(), &resp.Diagnostics)
			r.refuseBroughtReplacement(ctx, state.subject(), &config, r.tokenWith(ctx, config.TokenWO), &resp.Diagnostics)
			warnOfUnknown(resp.RequiresReplace, &state, &plan, &config, &resp.Diagnostics)
			r.RefuseOwn(ctx, managed.StepReplace, state.subject(), &resp.Diagnostics)
			r.refuseInterruption(managed.StepReplace, state.ProtectIfUsedWithin, f, &state, &resp.Diagnostics)
			warnOfHold(f, &state, &resp.Diagnostics) // Terraform plans the new token as a creation
		} else {
			plan.TokenWO = config.TokenWO
			planOwnSecret(&state, &plan, f, &resp.Diagnostics)
			r.planUpdate(&state, &plan, f, &resp.Diagnostics)
			r.compareBrought(ctx, &state, &plan, f, &resp.Diagnostics)
			regenerates := plan.SecretVersion.IsUnknown() && !plan.RegenerationReason.IsUnknown() &&
				r.regeneratesInUse(ctx, &state, &plan, &f, true)
			r.refuseInterruption(plan.interruption(&state, regenerates), plan.ProtectIfUsedWithin, f, &state, &resp.Diagnostics)
			r.RefuseOwn(ctx, plan.curtailment(&state, regenerates, r.Now()), state.subject(), &resp.Diagnostics)
			r.WarnOfOwnRoles(ctx, state.subject(), before, plan.settings().Own, &resp.Diagnostics, plan.Role, plan.GroupRoles)
			refused := resp.Diagnostics.HasError()
			if (refused || plan.SecretVersion.IsUnknown()) && config.mayBeIgnored(&state) {
				warnOfIgnoredChanges(&state, refused, &resp.Diagnostics)
			}
		}
	}
	if resp.Diagnostics.HasError() {
		return
	}
	r.WarnOfRoles(ctx, plan.subject(), before, plan.settings().Own, &resp.Diagnostics)
	resp.Plan.Raw = codec.Encode(ctx, plan, req.Plan.Raw.Type())
}

// planCreate plans what is known of a token before it is made.
func (r *tokenResource) planCreate(plan *model, diags *diag.Diagnostics) {
	plan.refuseIllFormed(diags)
	plan.refuseTwoLevels(&model{}, diags)
	if err := tokens.ValidateNewExpiry(plan.ExpiresAt.Value(), r.Now()); err != nil {
		if replaced, ok := r.sightings().expiredBefore(plan); ok {
			diags.Append(refusedPastReplacement(replaced, err))
		} else {
			warnOfPastCreation(plan, diags)
		}
	}
	if replaced, ok := r.sightings().ownerOfUser(plan); ok {
		diags.Append(refusedUserReplacement(replaced))
	}
	plan.validateHolders(diags)
	plan.planNewHolders()
	plan.SecretVersion = types.Int64Value(1)
	plan.RegenerationReason = types.StringNull()
	plan.RegeneratedAt = customtypes.TimestampNull()
	plan.PreviousSecretExpiresAt = customtypes.TimestampNull()
	if plan.TTL.IsNull() && !plan.ExpiresAt.IsUnknown() {
		plan.SecretExpiresAt = customtypes.TimestampOf(plan.ExpiresAt.Value())
	}
}

// planBroughtCreate judges the secret that people bring for a token that does not exist yet.
func (r *tokenResource) planBroughtCreate(ctx context.Context, plan *model, raw tftypes.Value, diags *diag.Diagnostics) {
	config := codec.Decode(ctx, raw, diags)
	config.validateOwnSecret(diags)
	// A variable may have got its value since the validation.
	requireBrought(config.TokenWO, diags)
	if !attribute.IsGiven(config.TokenWOVersion) {
		return
	}
	holder := r.tokenWith(ctx, config.TokenWO)
	replaced := r.sightings().broughtFor(plan)
	for _, old := range replaced {
		r.refuseBroughtReplacement(ctx, old, &config, holder, diags)
	}
	if config.TokenWO.IsNull() && len(replaced) == 0 {
		warnOfNothingBrought(plan, diags)
	}
	if holder != "" {
		if old, ok := r.sightings().seesTaking(holder, plan.subject()); ok && !slices.Contains(replaced, old) {
			diags.Append(refusedTaking(plan.subject(), old))
		}
	}
}

// references are the attributes that name other objects.
func (m *model) references() []attr.Value {
	return []attr.Value{m.TechnicalUserID, m.GroupID, m.GroupRoles}
}

// refuseIllFormed refuses what validation let pass because a mock may have made it up. No mock is asked for a plan.
func (m *model) refuseIllFormed(diags *diag.Diagnostics) {
	attribute.Require("visibility", m.Visibility, diags, validateVisibility)
	m.ActivatesAt.Require("activates_at", diags)
	m.ExpiresAt.Require("expires_at", diags)
	m.TTL.Require("ttl", diags)
	m.RegenerateBeforeExpiry.Require("regenerate_before_expiry", diags)
	m.GracePeriod.Require("grace_period", diags)
	m.ProtectIfUsedWithin.Require("protect_if_used_within", diags)
	m.TokenWOVersion.Require("token_wo_version", diags)
}

// refuseTwoLevels refuses a technical user next to the level of one that the system creates, unless a token has both:
// then the system created that one. Terraform writes both into a configuration that it generates from the state.
func (m *model) refuseTwoLevels(state *model, diags *diag.Diagnostics) {
	if attribute.IsGiven(m.TechnicalUserID) && attribute.IsGiven(m.GroupID) &&
		(!m.TechnicalUserID.Equal(state.TechnicalUserID) || !m.GroupID.Equal(state.GroupID)) {
		diags.Append(diagnostics.Excluded("group_id",
			"it is the level of a technical user that the system creates, and technical_user_id names one that "+
				"exists: remove one of them"))
	}
}

// planReplacement returns the attributes whose change replaces the token.
func planReplacement(state, plan, config *model) (replaced path.Paths) {
	if !config.TechnicalUserID.IsNull() && !config.TechnicalUserID.Equal(state.TechnicalUserID) {
		replaced = append(replaced, path.Root("technical_user_id"))
	}
	if !plan.GroupID.Equal(state.GroupID) {
		replaced = append(replaced, path.Root("group_id"))
	}
	if changedTriggers(state.ReplaceTriggers, plan.ReplaceTriggers) {
		replaced = append(replaced, path.Root("replace_triggers"))
	}
	return replaced
}

// planUpdate plans a token that exists. Every computed attribute keeps its prior value, except those that the update
// changes; if nothing differs, the plan is the state.
func (r *tokenResource) planUpdate(state, plan *model, f tokenFacts, diags *diag.Diagnostics) {
	codec.KeepSpelling(plan, state)
	plan.validateHolders(diags) // of which ignore_changes may have kept a part
	plan.planSecretExpiry(state)
	reason := plan.planSecret(state, f, diags)
	if !codec.Equal(*plan, *state) {
		plan.Status = types.StringUnknown()
	}

	if reason.IsNull() {
		r.warnOfUnseen(plan, state, f, diags)
		warnOfFirstTriggers(state, plan, diags)
	}
	r.planNewEnd(state, plan, reason, f, diags)
	warnOfHold(f, state, diags)
	warnOfRevival(f, state, diags)
	if f.Revived && r.Now().Before(state.PreviousSecretExpiresAt.Value()) {
		warnOfRevivedPrevious(state, diags)
	}
	managed.WarnOfEnabling(f.Facts, state.subject(), state.Enabled, plan.Enabled, diags)
}

// keepComputed gives every computed attribute its prior value. The technical user also stays, unless the configuration
// names one; a change of group_id replaces the token together with the technical user that the system created for it.
func (m *model) keepComputed(state, config *model) {
	if config.TechnicalUserID.IsNull() && m.GroupID.Equal(state.GroupID) {
		m.TechnicalUserID = state.TechnicalUserID
	}
	if config.Visibility.IsNull() && state.Visibility.IsNull() { // a state older than the attribute, not read since
		m.Visibility = state.Visibility
	}
	m.ID = state.ID
	m.QualifiedID = state.QualifiedID
	m.Token = state.Token
	m.EncryptedToken = state.EncryptedToken
	m.TokenPreview = state.TokenPreview
	m.SecretVersion = state.SecretVersion
	m.SecretExpiresAt = state.SecretExpiresAt
	m.PreviousSecretExpiresAt = state.PreviousSecretExpiresAt
	m.RegenerationReason = state.RegenerationReason
	m.Status = state.Status
	m.CreatedAt = state.CreatedAt
	m.RegeneratedAt = state.RegeneratedAt
}

// secretMadeAt returns when the current secret was made.
func (m *model) secretMadeAt() time.Time {
	if attribute.IsGiven(m.RegeneratedAt) {
		return m.RegeneratedAt.Value()
	}
	return m.CreatedAt.Value()
}

// changedTriggers reports whether triggers changed, or may turn out to. A change from none to some, or back, is only
// recorded, so that an import followed by an apply leaves the token alone, and so does a module whose caller sets the
// first trigger.
func changedTriggers(state, plan types.Map) bool {
	if plan.IsUnknown() {
		return len(triggersOf(state)) > 0
	}
	before, after := triggersOf(state), triggersOf(plan)
	return len(before) > 0 && len(after) > 0 && !maps.EqualFunc(before, after, attr.Value.Equal)
}

// triggersOf returns the triggers that a map holds. One without a value is none: a module passes null on for what its
// caller leaves out.
func triggersOf(m types.Map) map[string]attr.Value {
	triggers := m.Elements()
	maps.DeleteFunc(triggers, func(_ string, value attr.Value) bool { return value.IsNull() })
	return triggers
}

// isWhollyKnown reports whether a map and all its elements are known.
func isWhollyKnown(m types.Map) bool {
	if m.IsUnknown() {
		return false
	}
	for _, element := range m.Elements() {
		if element.IsUnknown() {
			return false
		}
	}
	return true
}

// planNewEnd refuses an end of the token or of its secret that the plan changes and that has already passed. It only
// warns where the configuration is as it was, and the end was changed outside Terraform: a destroy plans that too.
func (r *tokenResource) planNewEnd(state, plan *model, reason types.String, f tokenFacts, diags *diag.Diagnostics) {
	triggered := reason.ValueString() == string(tokens.ReasonTrigger)
	if !plan.ExpiresAt.Same(state.ExpiresAt) || triggered {
		err := tokens.ValidateNewExpiry(plan.ExpiresAt.Value(), r.Now())
		switch {
		case err == nil:
		case !triggered && plan.ExpiresAt.Value().Equal(f.ExpiresAtBefore):
			warnOfEndChangedElsewhere(state, path.Root("expires_at"), err, diags)
		default:
			diags.Append(diagnostics.InvalidAttribute(path.Root("expires_at"), err))
		}
	}
	if reason.IsNull() && attribute.IsGiven(plan.TTL) && !plan.TTL.Same(state.TTL) {
		err := tokens.ValidateNewTTL(plan.TTL.Value(), state.secretMadeAt(), r.Now())
		switch {
		case err == nil:
		case plan.TTL.Value() == f.TTLBefore:
			warnOfEndChangedElsewhere(state, path.Root("ttl"), err, diags)
		default:
			diags.Append(diagnostics.InvalidAttribute(path.Root("ttl"), err))
		}
	}
}
