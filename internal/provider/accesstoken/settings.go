package accesstoken

import (
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/attribute"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/customtypes"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// settingsModel holds the attributes that people set on a token, for the resource and the data sources alike. A new
// setting is a field here, a line in each of the two conversions below, and an attribute in schema.go.
type settingsModel struct {
	Name                   types.String            `tfsdk:"name"`
	Description            types.String            `tfsdk:"description"`
	Role                   types.String            `tfsdk:"role"`
	GroupRoles             types.Set               `tfsdk:"group_roles"`
	Visibility             types.String            `tfsdk:"visibility"`
	Enabled                types.Bool              `tfsdk:"enabled"`
	ActivatesAt            customtypes.Timestamp   `tfsdk:"activates_at"`
	ExpiresAt              customtypes.Timestamp   `tfsdk:"expires_at"`
	TTL                    customtypes.Duration    `tfsdk:"ttl"`
	RegenerateBeforeExpiry customtypes.Duration    `tfsdk:"regenerate_before_expiry"`
	OnExpired              types.String            `tfsdk:"on_expired"`
	OnSecretDrift          types.String            `tfsdk:"on_secret_drift"`
	GracePeriod            customtypes.GracePeriod `tfsdk:"grace_period"`
	ProtectIfUsedWithin    customtypes.Duration    `tfsdk:"protect_if_used_within"`
}

// settings returns the settings, as far as they are known.
func (m *settingsModel) settings() tokens.Settings {
	return tokens.Settings{
		Name:        m.Name.ValueString(),
		Description: m.Description.ValueString(),
		Own:         tokens.Grants{Role: m.Role.ValueString(), GroupRoles: attribute.GroupRolesOf(m.GroupRoles)},
		Visibility:  tokens.Visibility(m.Visibility.ValueString()),
		Enabled:     m.Enabled.ValueBool(),
		ActivatesAt: m.ActivatesAt.Value(),
		ExpiresAt:   m.ExpiresAt.Value(),
		TTL:         m.TTL.Value(),
		Policies: tokens.Policies{
			RegenerateBeforeExpiry: m.RegenerateBeforeExpiry.Value(),
			OnExpired:              tokens.ExpiryPolicy(m.OnExpired.ValueString()),
			OnSecretDrift:          tokens.DriftPolicy(m.OnSecretDrift.ValueString()),
			Grace:                  m.GracePeriod.Value(),
			ProtectIfUsedWithin:    m.ProtectIfUsedWithin.Value(),
		},
	}
}

// observeSettings takes over the settings that the backend has. Another spelling of the same value stays as it is.
func (m *settingsModel) observeSettings(s tokens.Settings) {
	m.Name = attribute.Text(s.Name)
	m.Description = attribute.OptionalText(m.Description, s.Description)
	m.Role = attribute.OptionalText(m.Role, s.Own.Role)
	m.GroupRoles = attribute.GroupRolesValue(s.Own.GroupRoles)
	m.Visibility = types.StringValue(string(s.Visibility))
	m.Enabled = types.BoolValue(s.Enabled)
	m.ActivatesAt = customtypes.TimestampOf(s.ActivatesAt).OrPrior(m.ActivatesAt)
	m.ExpiresAt = customtypes.TimestampOf(s.ExpiresAt).OrPrior(m.ExpiresAt)
	m.TTL = customtypes.DurationOf(s.TTL).OrPrior(m.TTL)
	m.RegenerateBeforeExpiry = customtypes.DurationOf(s.RegenerateBeforeExpiry).OrPrior(m.RegenerateBeforeExpiry)
	m.OnExpired = attribute.OptionalText(m.OnExpired, string(s.OnExpired))
	m.OnSecretDrift = attribute.OptionalText(m.OnSecretDrift, string(s.OnSecretDrift))
	if m.GracePeriod.Value() != s.Grace { // none is written 0s, or not at all
		m.GracePeriod = customtypes.GracePeriodOf(s.Grace)
	}
	m.ProtectIfUsedWithin = customtypes.DurationOf(s.ProtectIfUsedWithin).OrPrior(m.ProtectIfUsedWithin)
}
