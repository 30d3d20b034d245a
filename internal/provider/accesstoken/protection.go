package accesstoken

import (
	"context"
	"fmt"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/attribute"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/customtypes"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/diagnostics"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/managed"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// interruption returns the step of the plan m that interrupts the token's users; empty if there is none or it is not
// known yet.
func (m *model) interruption(state *model, regenerates bool) string {
	switch {
	case attribute.IsGiven(m.Enabled) && !m.Enabled.ValueBool() && state.Enabled.ValueBool():
		return managed.StepDisable
	case regenerates && !m.GracePeriod.IsUnknown() && m.GracePeriod.Value() == tokens.Grace{}:
		return managed.StepRegenerate
	}
	return ""
}

// curtailment returns the step of the plan m after which the token, or the value that is current, opens nothing any more
// at once or soon; empty if there is none or it is not known yet. It is interruption with the ends that a plan sets.
func (m *model) curtailment(state *model, regenerates bool, now time.Time) string {
	if step := m.interruption(state, regenerates); step != "" || regenerates {
		return step
	}
	soon, begins := now.Add(tokens.NoticePeriod), m.ActivatesAt.Value()
	before, after := state.SecretExpiresAt.Value(), m.SecretExpiresAt.Value()
	if m.SecretExpiresAt.IsUnknown() { // a plan that may bring another secret leaves it open; this is that of the present one
		after = tokens.SecretExpiry(m.ExpiresAt.Value(), m.TTL.Value(), state.secretMadeAt())
	}
	switch {
	case !after.IsZero() && after.Before(soon) && (before.IsZero() || after.Before(before)):
		return managed.StepEnd
	case begins.After(now) && begins.After(state.ActivatesAt.Value()):
		return managed.StepPutOff
	}
	return ""
}

// regeneratesInUse reports whether a plan that regenerates would end a value that is in use, as far as anything depends on that. It
// would not where it brings the present value again. Who may only plan is not told which value that is: the apply looks again.
func (r *tokenResource) regeneratesInUse(ctx context.Context, state, plan *model, f *tokenFacts, isPlan bool) bool {
	secret, ok := tokens.PresentedSecret(plan.TokenWO.ValueString())
	if !plan.bringsSecrets() || !ok {
		return true
	}
	own, err := r.OwnTokenID(ctx)
	if err == nil && own != state.ID.ValueString() && plan.ProtectIfUsedWithin.Value() == 0 {
		return true // nothing guards it
	}
	ctx, backend, err := r.OpenFor(ctx, &f.Facts)
	if err != nil {
		return true
	}
	if isPlan && !mayCompare(ctx, backend) {
		return false
	}
	same, err := backend.HasSecret(ctx, state.ID.ValueString(), secret)
	return !same && (!isPlan || tokens.ErrorCode(err) != tokens.CodeForbidden)
}

// refuseInterruption refuses a step at plan while the token is in use, as it was last observed.
func (r *tokenResource) refuseInterruption(
	step string, within customtypes.Duration, f tokenFacts, state *model, diags *diag.Diagnostics,
) {
	if step == "" || within.Value() == 0 {
		return
	}
	now := r.Now()
	usedAt := tokens.LastUseOfLive(f.UsedAt, f.PreviousUsedAt, state.PreviousSecretExpiresAt.Value(), now)
	if tokens.IsProtected(within.Value(), tokens.Status(state.Status.ValueString()), usedAt, now) {
		diags.Append(interrupted(step, within, usedAt, f.Uses, state.subject()))
	}
}

// refusesInterruption is refuseInterruption at apply, by the token's present use. If Terraform itself decides on a
// replacement, the plan doesn't show that step to the provider.
func refusesInterruption(
	ctx context.Context, step string, within customtypes.Duration, backend tokens.Backend, s diagnostics.Subject,
	diags *diag.Diagnostics,
) bool {
	if step == "" || within.Value() == 0 {
		return false
	}
	// A list refuses nobody. Whoever may not show the token is for the operation to refuse, whose event tells of it.
	page, err := backend.AccessTokens(ctx, tokens.TokenQuery{ID: s.ID})
	if err != nil || len(page.AccessTokens) == 0 {
		return false // the operation meets the same error, or is refused, or finds nothing
	}
	t := page.AccessTokens[0]
	usedAt := t.LiveSecretsUsedAt(t.ObservedAt)
	if !tokens.IsProtected(within.Value(), t.Status, usedAt, t.ObservedAt) {
		return false
	}
	diags.Append(interrupted(step, within, usedAt, t.UseCount, s))
	return true
}

// interrupted is the diagnostic for a step that would interrupt those who use a token.
func interrupted(
	step string, within customtypes.Duration, usedAt time.Time, uses int64, s diagnostics.Subject,
) diag.Diagnostic {
	times := fmt.Sprintf(" (%d times in all)", uses)
	switch uses {
	case 0: // used by a release that did not count
		times = ""
	case 1:
		times = " (once in all)"
	}
	waysOut := "remove protect_if_used_within"
	switch step {
	case managed.StepDestroy, managed.StepReplace:
		waysOut += " in an apply of its own first"
	case managed.StepRegenerate:
		waysOut = "set grace_period, so that the present secret stays valid for a while, or " + waysOut
	}
	return diag.NewAttributeErrorDiagnostic(path.Root("protect_if_used_within"), "Access token is in use", fmt.Sprintf(
		"%s was last used at %s%s, which protect_if_used_within (%s) protects from a plan that would %s, and so "+
			"interrupt whoever uses it.\n\n"+
			"To go on, move its users to another token and wait until %s, or %s. To stop it at once in an incident, run "+
			"\"latchkey token hold %s --reason …\".",
		s, tokens.FormatTimestamp(usedAt), times, within.ValueString(), step,
		tokens.FormatTimestamp(usedAt.Add(within.Value())), waysOut, s.ID))
}
