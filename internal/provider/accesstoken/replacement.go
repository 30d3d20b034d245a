package accesstoken

import (
	"fmt"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/attribute"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/diagnostics"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/managed"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// onlyDestroy says how to get past an error of a plan that replaces, to which a destroy comes as well: it first plans as
// an apply would.
const onlyDestroy = "If it is to be replaced only because it is tainted, use terraform untaint. To destroy it without a " +
	"replacement, remove its block, or use terraform destroy -refresh=false."

// refuseReplacement refuses a plan that would delete the token and then not be able to make the new one.
func refuseReplacement(state, config *model, f tokenFacts, now time.Time, diags *diag.Diagnostics) {
	if err := tokens.ValidateNewExpiry(config.ExpiresAt.Value(), now); err != nil {
		diags.Append(refusedPastReplacement(state.subject(), err))
	}
	if f.SystemUser && attribute.IsGiven(config.TechnicalUserID) && config.TechnicalUserID.Equal(state.TechnicalUserID) {
		diags.Append(refusedUserReplacement(state.subject()))
	}
}

// refusedPastReplacement is the diagnostic for a replacement of a token whose expires_at has passed.
func refusedPastReplacement(s diagnostics.Subject, err error) diag.Diagnostic {
	return diag.NewAttributeErrorDiagnostic(path.Root("expires_at"), "Unable to replace access token", fmt.Sprintf(
		"%s would be deleted, and no new one created in its place: %s.\n\n"+onlyDestroy, s, err))
}

// refusedUserReplacement is the diagnostic for a replacement of a token that names the technical user which goes with
// it.
func refusedUserReplacement(s diagnostics.Subject) diag.Diagnostic {
	return diag.NewAttributeErrorDiagnostic(path.Root("technical_user_id"), "Unable to replace access token",
		fmt.Sprintf("%s would be deleted, and no new one created in its place: technical_user_id names the technical user "+
			"that the system created for this token, and that is deleted with it.\n\n"+
			"To have another one created for the new token, remove technical_user_id, and set group_id if the token belongs "+
			"to a group. To keep the account, create a latchkey_technical_user and name that. "+onlyDestroy, s))
}

// warnOfPastCreation says that an apply could not create the token. It is no error, since a destroy plans the creation
// of what is gone, too.
func warnOfPastCreation(plan *model, diags *diag.Diagnostics) {
	diags.AddAttributeWarning(path.Root("expires_at"), "Access token can't be created with an end that has passed",
		fmt.Sprintf("%s has expires_at = %q, which has passed, and so an apply will fail to create it.\n\n"+
			"Set a later time, or leave expires_at out for a token that never expires; or remove its block. A destroy is "+
			"not affected.", plan.subject(), plan.ExpiresAt.ValueString()))
}

// warnOfEndChangedElsewhere says that an apply could not give a token the end back that it had.
func warnOfEndChangedElsewhere(state *model, at path.Path, err error, diags *diag.Diagnostics) {
	diags.AddAttributeWarning(at, "Access token's end was changed outside Terraform", fmt.Sprintf(
		"%s is to get back the %s of the configuration, which would end it in the past, and so an apply will fail: %s.\n\n"+
			"To keep it, write what was set outside Terraform into the configuration; \"latchkey token show %s\" shows it. "+
			"A destroy is not affected.", state.subject(), diagnostics.AttributeName(at), err, state.ID.ValueString()))
}

// warnOfUnknown says that a plan replaces a token for no other reason than attributes that it doesn't know yet.
func warnOfUnknown(replaced path.Paths, state, plan, config *model, diags *diag.Diagnostics) {
	var unknown []managed.Unknown
	if config.TechnicalUserID.IsUnknown() {
		unknown = append(unknown, managed.UnknownReference("technical_user_id", "latchkey_technical_user"))
	}
	if plan.GroupID.IsUnknown() {
		unknown = append(unknown, managed.UnknownReference("group_id", "latchkey_group"))
	}
	if replaced.Contains(path.Root("replace_triggers")) && !isWhollyKnown(plan.ReplaceTriggers) {
		unknown = append(unknown, managed.Unknown{Attribute: "replace_triggers", Instead: "take the values of " +
			"replace_triggers from what is known at plan, such as variables, or attributes of resources that don't change"})
	}
	if len(unknown) == len(replaced) {
		managed.WarnOfUnknown(state.subject(), "The new token gets another value, and whoever uses the present one is refused "+
			"from then on.", unknown, diags)
	}
}
