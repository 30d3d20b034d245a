package accesstoken

import (
	shown "github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/attribute"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/customtypes"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// filterModel selects access tokens, for the data source and the list resource alike. A new filter is a field here, a
// line in query, and an attribute in filters.
type filterModel struct {
	Search          types.String         `tfsdk:"search"`
	Status          types.String         `tfsdk:"status"`
	TechnicalUserID types.String         `tfsdk:"technical_user_id"`
	GroupID         types.String         `tfsdk:"group_id"`
	ExpiresWithin   customtypes.Duration `tfsdk:"expires_within"`
	UnusedFor       customtypes.Duration `tfsdk:"unused_for"`
}

// filters are the schema of a filterModel.
func filters() map[string]shown.Attribute {
	return map[string]shown.Attribute{
		"search": attribute.Filter("Only tokens whose name, description or technical user (name or e-mail address) " +
			"contains this text, regardless of case."),
		"status": attribute.Filter("Only tokens of one status: `active`, `pending`, `disabled`, `held`, "+
			"`expired` or `revoked`.",
			attribute.RuleForKnown("a status", validateStatus)),
		"technical_user_id": attribute.Filter("Only tokens of the technical user with this identifier.",
			attribute.IDRule(tokens.KindTechnicalUser)),
		"group_id": attribute.Filter("Only tokens of the group with this identifier.",
			attribute.IDRule(tokens.KindGroup)),
		"expires_within": attribute.DurationFilter("Only tokens whose secret is still valid and expires within this " +
			"time, such as `30d`, `36h` or `1h30m`."),
		"unused_for": attribute.DurationFilter("Only tokens not used for at least this time, such as `90d`; if a token " +
			"was never used, the time since its creation counts."),
	}
}

// validateStatus checks that a status exists.
func validateStatus(field, value string) error {
	if value == "" {
		return tokens.Invalid(field, "it is empty: name a status, or leave it out for any")
	}
	return tokens.TokenQuery{Status: tokens.Status(value)}.Validate()
}

// require refuses values that break a rule, where they are about to be used.
func (f *filterModel) require(diags *diag.Diagnostics) {
	attribute.RequireID("technical_user_id", f.TechnicalUserID, tokens.KindTechnicalUser, diags)
	attribute.RequireID("group_id", f.GroupID, tokens.KindGroup, diags)
	attribute.Require("status", f.Status, diags, validateStatus)
	f.ExpiresWithin.Require("expires_within", diags)
	f.UnusedFor.Require("unused_for", diags)
}

// query returns what selects the tokens in the backend.
func (f *filterModel) query() tokens.TokenQuery {
	return tokens.TokenQuery{
		Search:          f.Search.ValueString(),
		Status:          tokens.Status(f.Status.ValueString()),
		TechnicalUserID: f.TechnicalUserID.ValueString(),
		GroupID:         f.GroupID.ValueString(),
		ExpiresWithin:   f.ExpiresWithin.Value(),
		UnusedFor:       f.UnusedFor.Value(),
	}
}
