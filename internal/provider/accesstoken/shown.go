package accesstoken

import (
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/attribute"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/customtypes"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// shownModel is an access token as data sources show it: with all that can be known about it, which excludes its
// secret.
type shownModel struct {
	observedModel
	TechnicalUserEmail    types.String          `tfsdk:"technical_user_email"`
	Grants                types.Object          `tfsdk:"grants"`
	Disabled              types.Object          `tfsdk:"disabled"`
	TechnicalUserDisabled types.Object          `tfsdk:"technical_user_disabled"`
	Held                  types.Object          `tfsdk:"held"`
	PreviousSecret        types.Object          `tfsdk:"previous_secret"`
	UpdatedAt             customtypes.Timestamp `tfsdk:"updated_at"`
	LastUsedAt            customtypes.Timestamp `tfsdk:"last_used_at"`
	UseCount              types.Int64           `tfsdk:"use_count"`
	Ephemeral             types.Bool            `tfsdk:"ephemeral"`
}

// show returns what is shown of an access token.
func show(t tokens.AccessToken) (m shownModel) {
	m.observe(t)
	m.GroupID = attribute.TextOrNull(t.User.GroupID)
	m.TechnicalUserEmail = attribute.Text(t.User.Email)
	m.Grants = grantsValue(t.Grants)
	m.Disabled = stopValue(t.Disabled)
	m.TechnicalUserDisabled = stopValue(t.User.Disabled)
	m.Held = stopValue(t.Held)
	m.PreviousSecret = previousSecretValue(t.Previous)
	m.UpdatedAt = customtypes.TimestampOf(t.UpdatedAt)
	m.LastUsedAt = customtypes.TimestampOf(t.LastUsedAt)
	m.UseCount = types.Int64Value(t.UseCount)
	m.Ephemeral = types.BoolValue(t.Ephemeral)
	return m
}

var (
	grantsType = map[string]attr.Type{
		"role":        types.StringType,
		"group_roles": types.SetType{ElemType: attribute.GroupRoleType},
	}
	stopType = map[string]attr.Type{"by": types.StringType, "at": customtypes.TimestampType{}, "reason": types.StringType}
)

// previousSecretType is the type of the previous secret.
var previousSecretType = map[string]attr.Type{
	"version":       types.Int64Type,
	"token_preview": types.StringType,
	"expires_at":    customtypes.TimestampType{},
	"last_used_at":  customtypes.TimestampType{},
}

// previousSecretValue returns the attribute for the previous secret: null for none.
func previousSecretValue(p *tokens.PreviousSecret) types.Object {
	if p == nil {
		return types.ObjectNull(previousSecretType)
	}
	return types.ObjectValueMust(previousSecretType, map[string]attr.Value{
		"version":       types.Int64Value(p.Version),
		"token_preview": attribute.Text(p.Preview),
		"expires_at":    customtypes.TimestampOf(p.EndsAt),
		"last_used_at":  customtypes.TimestampOf(p.LastUsedAt),
	})
}

// grantsValue returns the attribute for the roles that a token can use.
func grantsValue(g tokens.Grants) types.Object {
	return types.ObjectValueMust(grantsType, map[string]attr.Value{
		"role":        types.StringValue(g.Role),
		"group_roles": attribute.GroupRolesValue(append([]tokens.GroupRole{}, g.GroupRoles...)),
	})
}

// stopValue returns the attribute for who stopped something: null for nobody.
func stopValue(stop *tokens.Stop) types.Object {
	if stop == nil {
		return types.ObjectNull(stopType)
	}
	return types.ObjectValueMust(stopType, map[string]attr.Value{
		"by":     attribute.Text(string(stop.By)),
		"at":     customtypes.TimestampOf(stop.At),
		"reason": attribute.TextOrNull(stop.Reason),
	})
}
