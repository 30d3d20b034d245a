package provider

import (
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// Each warning has one constant summary and names its object in the detail, so that Terraform folds many into one.

// warnOfHold says that an incident hold is on a token, which no apply lifts.
func warnOfHold(f facts, s subject, diags *diag.Diagnostics) {
	if f.Held == nil {
		return
	}
	diags.AddWarning("Access token is held", fmt.Sprintf("%s is held by %s since %s: %s.\n\nIt is refused until someone runs \"latchkey token release %s\"; no apply lifts a hold.",
		s, f.Held.By, tokens.FormatTimestamp(f.Held.At), f.Held.Reason, s.id))
}

// warnOfEnabling says that the plan turns on again what another hand turned off.
func warnOfEnabling(f facts, s subject, state, plan types.Bool, diags *diag.Diagnostics) {
	if f.Disabled == nil || state.ValueBool() || !plan.ValueBool() {
		return
	}
	advice := "set enabled = false in the configuration"
	if s.kind == tokens.KindAccessToken {
		advice += fmt.Sprintf(", or run \"latchkey token hold %s --reason …\", which no apply lifts", s.id)
	}
	diags.AddWarning("Enabling what was disabled outside Terraform", fmt.Sprintf("%s was disabled by %s at %s, and this plan enables it again, as the configuration says.\n\nTo keep it stopped, %s.",
		s, f.Disabled.By, tokens.FormatTimestamp(f.Disabled.At), advice))
}

// warnOfExpiry says that a token has expired and that nothing will renew it.
func warnOfExpiry(state *accessTokenModel, diags *diag.Diagnostics) {
	diags.AddWarning("Access token has expired", fmt.Sprintf("%s expired at %s and is refused.\n\nSet a later expires_at to use it again, or remove it from the configuration.",
		state.subject(), state.SecretExpiresAt.ValueString()))
}

// warnOfNamesakes says that tokens beside a new one may have been left over by an interrupted apply.
func warnOfNamesakes(created tokens.CreatedAccessToken, diags *diag.Diagnostics) {
	for _, t := range created.Namesakes {
		diags.AddWarning("Access token may be left over from an interrupted apply", fmt.Sprintf(
			"Access token %q (%s) was made beside %s, which has the same name and account and was made at %s but never used. If this apply is replacing it, all is well. "+
				"If an interrupted apply left it over, delete it with \"latchkey token delete %s\", or manage it:\n\nimport {\n  to = latchkey_access_token.NAME\n  id = %q\n}",
			created.Name, created.ID, t.ID, tokens.FormatTimestamp(t.CreatedAt), t.ID, t.ID))
	}
}
