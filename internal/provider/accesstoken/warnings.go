package accesstoken

import (
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/attribute"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// Each warning has one constant summary and names its object in the detail, so that Terraform folds many into one. The
// exception is a hold that has gone: nothing else in a plan shows it, so none may hide behind another.

// warnOfHold says that a token is held, which no apply changes, or that a hold has gone although nobody released it.
func warnOfHold(f tokenFacts, state *model, diags *diag.Diagnostics) {
	isHeld := state.Status.ValueString() == string(tokens.StatusHeld)
	if f.Held == nil {
		if isHeld { // the plan for a removed block comes without the facts of its last read
			diags.AddWarning("Access token is held", fmt.Sprintf(
				"%s is held; \"latchkey token show %s\" says by whom and why. Deleting or replacing the token also removes "+
					"the hold.",
				state.subject(), state.ID.ValueString()))
		}
		return
	}
	s := state.subject()
	held := f.Held.Cleaned()
	by := fmt.Sprintf("by %s since %s: %s", held.By, tokens.FormatTimestamp(held.At), held.Reason)
	if isHeld {
		diags.AddWarning("Access token is held", fmt.Sprintf(
			"%s is held %s.\n\nIt is refused until someone runs \"latchkey token release %s\"; no apply lifts a hold. "+
				"Deleting or replacing the token removes both.",
			s, by, s.ID))
		return
	}
	diags.AddWarning("Access token "+s.ID+" is not held any more", fmt.Sprintf(
		"%s was held %s. The database knows neither that hold nor its release, for example because it "+
			"was restored from an "+
			"older backup (or because its events were pruned since); the token's status is %s.\n\n"+
			"To stop it again, run \"latchkey token hold %s --reason …\". If it may work, hold it and then run \"latchkey "+
			"token release %s\", which ends this warning.",
		s, by, state.Status.ValueString(), s.ID, s.ID))
}

// warnOfFirstTriggers says that triggers that are set for the first time regenerate nothing. Elsewhere the plan leaves no doubt; a
// token that is held may have leaked, and its value works again once it is released.
func warnOfFirstTriggers(state, plan *model, diags *diag.Diagnostics) {
	if state.Status.ValueString() != string(tokens.StatusHeld) || len(triggersOf(state.RegenerateTriggers)) > 0 ||
		len(triggersOf(plan.RegenerateTriggers)) == 0 {
		return
	}
	diags.AddAttributeWarning(path.Root("regenerate_triggers"), "Recording triggers of a held access token", fmt.Sprintf(
		"%s keeps its secret: triggers that are set for the first time are only recorded. If its value has leaked, it works again "+
			"once the token is released.\n\nTo regenerate it, change a value in regenerate_triggers once more after this apply.",
		state.subject()))
}

// warnOfRevival says that a secret that was revoked for good works.
func warnOfRevival(f tokenFacts, state *model, diags *diag.Diagnostics) {
	status := tokens.Status(state.Status.ValueString())
	if !f.Revoked || f.ofSecret(state).HasOtherSecret() ||
		status != tokens.StatusActive && status != tokens.StatusPending {
		return
	}
	diags.AddWarning("Revoked secret works again", fmt.Sprintf(
		"%s had its secret revoked, but the database does not know that, for example because it was restored from an "+
			"older backup.\n\n"+
			"The secret works until a regeneration replaces it, which an apply of this plan does. To stop it at once, run "+
			"\"latchkey token hold %s --reason …\".",
		state.subject(), state.ID.ValueString()))
}

// warnOfRevivedPrevious says that the previous secret works longer than the state knew.
func warnOfRevivedPrevious(state *model, diags *diag.Diagnostics) {
	diags.AddWarning("Ended secret works again", fmt.Sprintf(
		"%s had its previous secret ended or given less time, but the database does not know that, for example because "+
			"it was restored from an older backup.\n\n"+
			"It is valid until %s, unless something else stops the token. To end it now, run \"latchkey token "+
			"retire-previous %s\".",
		state.subject(), state.PreviousSecretExpiresAt.ValueString(), state.ID.ValueString()))
}

// warnOfExpiry says that a token has expired and that nothing will renew it.
func warnOfExpiry(state *model, diags *diag.Diagnostics) {
	diags.AddWarning("Access token has expired",
		fmt.Sprintf("%s expired at %s and is refused.\n\nTo use it again, %s; otherwise remove it from the configuration.",
			state.subject(), state.SecretExpiresAt.ValueString(), wayOutOfExpiry(state)))
}

// wayOutOfExpiry says what revives a token that has expired.
func wayOutOfExpiry(state *model) string {
	if state.bringsSecrets() && attribute.IsGiven(state.TTL) {
		return bringAnother
	}
	if attribute.IsGiven(state.TTL) {
		return orTrigger(state, `set on_expired to "regenerate"`)
	}
	return "set a later expires_at"
}

// orTrigger adds the change of a trigger to a way to get a new secret, if there are triggers: those that are set for
// the first time are only recorded.
func orTrigger(state *model, way string) string {
	if len(triggersOf(state.RegenerateTriggers)) == 0 {
		return way
	}
	return "change a value in regenerate_triggers, or " + way
}

// refusedExpiry is the diagnostic for a token that has expired, if the policy is to fail.
func refusedExpiry(state *model) diag.Diagnostic {
	return diag.NewAttributeErrorDiagnostic(path.Root("on_expired"), "Access token has expired",
		fmt.Sprintf("%s expired at %s and is refused, and on_expired is \"error\".\n\n"+
			"To go on, %s, or set on_expired to \"ignore\". To get rid of it, remove its block. To go on without it for "+
			"now, use -refresh=false, or -target if a refresh has already recorded this.",
			state.subject(), state.SecretExpiresAt.ValueString(), wayOutOfExpiry(state)))
}

// drifted says what became of the secret that the state holds.
func drifted(f tokenFacts, state *model) string {
	observed := f.ofSecret(state)
	text := fmt.Sprintf("the secret of the state (version %d) was revoked", observed.HeldVersion)
	if observed.HasOtherSecret() {
		text = fmt.Sprintf("the state has secret version %d, the backend version %d, which was created at %s",
			observed.HeldVersion, observed.CurrentVersion, tokens.FormatTimestamp(observed.CurrentMadeAt))
	}
	return text + fmt.Sprintf("; \"latchkey event list --object %s\" says by whom", state.ID.ValueString())
}

// refusedDrift is the diagnostic for a secret that changed elsewhere, if the policy is to fail.
func refusedDrift(f tokenFacts, state *model, own bool) diag.Diagnostic {
	wayOut := ".\n\nTo go on, set on_secret_drift to \"regenerate\" for a new secret that the state knows, or to \"accept\" to " +
		"keep the other one and set token to null"
	if own {
		wayOut = ", which is the default with token_wo_version.\n\nTo go on, " + bringAnother + knowIt(f, state) + ", or set " +
			"on_secret_drift to \"accept\" to live with the other one"
	}
	return diag.NewAttributeErrorDiagnostic(path.Root("on_secret_drift"), "Secret was changed outside Terraform",
		fmt.Sprintf("%s: %s. on_secret_drift is \"error\"%s. "+
			"To get rid of the token, remove its block. To go on without it for now, use -refresh=false, or -target "+
			"if a refresh has already recorded this.", state.subject(), drifted(f, state), wayOut))
}

// bringAnother says how people bring the next secret.
const bringAnother = "bring another value in token_wo and raise token_wo_version"

// knowIt says how people tell that they know a secret that was made elsewhere, where they may.
func knowIt(f tokenFacts, state *model) string {
	if !state.mayBeKnown(f) {
		return ""
	}
	return ", or raise token_wo_version without token_wo if you know the other one"
}

// warnOfOtherSecret says that the secret that people brought is not the one that the token has, which was accepted.
func warnOfOtherSecret(f tokenFacts, state *model, diags *diag.Diagnostics) {
	diags.AddWarning("Secret is not the one that was brought",
		fmt.Sprintf("%s: %s. on_secret_drift is \"accept\", so nothing is done about it.\n\nTo end this, %s%s.",
			state.subject(), drifted(f, state), bringAnother, knowIt(f, state)))
}

// warnOfAcceptedDrift says that the plan forgets the secret.
func warnOfAcceptedDrift(f tokenFacts, state *model, diags *diag.Diagnostics) {
	where := "token"
	if state.Token.IsNull() {
		where = "encrypted_token"
	}
	diags.AddWarning("Accepting a secret that was changed outside Terraform",
		fmt.Sprintf("%s: %s. on_secret_drift is \"accept\", so this plan sets %s to null, and with it whatever "+
			"depends on it.\n\n"+
			"To give them a value again, %s before you apply.", state.subject(), drifted(f, state), where, wayToNext(state)))
}

// wayToNext says how a token whose secret was changed elsewhere gets the next one.
func wayToNext(state *model) string {
	if state.bringsSecrets() {
		return bringAnother
	}
	return orTrigger(state, `set on_secret_drift to "regenerate"`)
}

// warnOfRevocation says that a token has no live secret, which was accepted.
func warnOfRevocation(state *model, diags *diag.Diagnostics) {
	diags.AddWarning("Access token has no live secret",
		fmt.Sprintf("%s had its secret revoked, and on_secret_drift is \"accept\".\n\n"+
			"To use it again, %s; otherwise remove it from the configuration.", state.subject(), wayToNext(state)))
}

// warnOfRegeneration says why a plan regenerates a token if the plan itself does not: it shows a reason only if it
// differs from the one before.
func warnOfRegeneration(state *model, diags *diag.Diagnostics) {
	var cause string
	switch tokens.RegenerationReason(state.RegenerationReason.ValueString()) {
	case tokens.ReasonDrift:
		cause = "the one in the state was regenerated or revoked outside Terraform"
	case tokens.ReasonSchedule:
		cause = fmt.Sprintf("the one in the state expires at %s, which is within regenerate_before_expiry",
			state.SecretExpiresAt.ValueString())
	case tokens.ReasonExpired:
		cause = "the one in the state expired at " + state.SecretExpiresAt.ValueString()
	default:
		return // the plan shows the trigger that changed
	}
	diags.AddWarning("Regenerating access token for the same reason as before",
		fmt.Sprintf("%s gets a new secret: %s.\n\n\"latchkey event list --object %s\" shows its history.",
			state.subject(), cause, state.ID.ValueString()))
}

// warnOfNamesakes says that tokens with the name of a new one may be left over from an interrupted apply, apart from
// those that belong to the state.
func warnOfNamesakes(created tokens.CreatedAccessToken, isInState func(id string) bool, diags *diag.Diagnostics) {
	for _, t := range created.Namesakes {
		if isInState(t.ID) {
			continue
		}
		diags.AddWarning("Access token may be left over from an interrupted apply", fmt.Sprintf(
			"Access token %q (%s) was created beside %s, which has the same name, was created at %s and was never used. If "+
				"this apply replaces that one, or another configuration manages it, there is nothing to do. If an apply was "+
				"interrupted, it may be left over: manage it with this block, or delete it with \"latchkey token delete %s\" "+
				"(\"latchkey token list --search\" shows the others if Terraform folds this warning):\n\n"+
				"import {\n  to = latchkey_access_token.NAME\n  id = %q\n}",
			created.Name, created.ID, t.ID, tokens.FormatTimestamp(t.CreatedAt), t.ID, t.ID))
	}
}
