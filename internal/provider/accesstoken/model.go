package accesstoken

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/attribute"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/customtypes"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/diagnostics"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

type model struct {
	// Configured.
	Name                   types.String            `tfsdk:"name"`
	Description            types.String            `tfsdk:"description"`
	TechnicalUserID        types.String            `tfsdk:"technical_user_id"`
	GroupID                types.String            `tfsdk:"group_id"`
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
	RegenerateTriggers     types.Map               `tfsdk:"regenerate_triggers"`
	ReplaceTriggers        types.Map               `tfsdk:"replace_triggers"`

	// Computed.
	ID                      types.String          `tfsdk:"id"`
	QualifiedID             types.String          `tfsdk:"qualified_id"`
	Token                   types.String          `tfsdk:"token"`
	TokenPreview            types.String          `tfsdk:"token_preview"`
	SecretVersion           types.Int64           `tfsdk:"secret_version"`
	SecretExpiresAt         customtypes.Timestamp `tfsdk:"secret_expires_at"`
	PreviousSecretExpiresAt customtypes.Timestamp `tfsdk:"previous_secret_expires_at"`
	RegenerationReason      types.String          `tfsdk:"regeneration_reason"`
	Status                  types.String          `tfsdk:"status"`
	CreatedAt               customtypes.Timestamp `tfsdk:"created_at"`
	RegeneratedAt           customtypes.Timestamp `tfsdk:"regenerated_at"`
}

func (m *model) subject() diagnostics.Subject {
	return diagnostics.Subject{Kind: tokens.KindAccessToken, Name: m.Name.ValueString(), ID: m.ID.ValueString()}
}

// refresh asks the backend how the token is, and records what was observed.
func (m *model) refresh(ctx context.Context, backend tokens.Backend, f *tokenFacts) error {
	token, err := backend.AccessToken(ctx, m.ID.ValueString())
	if err != nil {
		return err
	}
	f.completeSecret(m)
	if err := f.forgetReleased(ctx, backend, token); err != nil {
		return err
	}
	f.RecordSwitch(m.Enabled, token.Disabled)
	f.recordToken(token)
	f.recordPrevious(m, token)
	m.observe(token)
	return nil
}

// observe takes over what the backend says of the token. The secret, the triggers and the reason of the last
// regeneration are Terraform's own and stay.
func (m *model) observe(t tokens.AccessToken) {
	m.ID = types.StringValue(t.ID)
	m.Name = types.StringValue(t.Name)
	m.Description = attribute.OptionalText(m.Description, t.Description)
	m.TechnicalUserID = types.StringValue(t.User.ID)
	m.GroupID = types.StringNull()
	if t.User.SystemCreated {
		m.GroupID = attribute.OptionalText(m.GroupID, t.User.GroupID)
	}
	m.Role = attribute.OptionalText(m.Role, t.Own.Role)
	m.GroupRoles = attribute.GroupRolesValue(t.Own.GroupRoles)
	m.Visibility = types.StringValue(string(t.Visibility))
	m.Enabled = types.BoolValue(t.Enabled)
	m.ActivatesAt = customtypes.TimestampOf(t.ActivatesAt).OrPrior(m.ActivatesAt)
	m.ExpiresAt = customtypes.TimestampOf(t.ExpiresAt).OrPrior(m.ExpiresAt)
	m.TTL = customtypes.DurationOf(t.TTL).OrPrior(m.TTL)
	m.RegenerateBeforeExpiry = customtypes.DurationOf(t.RegenerateBeforeExpiry).OrPrior(m.RegenerateBeforeExpiry)
	m.OnExpired = attribute.OptionalText(m.OnExpired, string(t.OnExpired))
	m.OnSecretDrift = attribute.OptionalText(m.OnSecretDrift, string(t.OnSecretDrift))
	m.GracePeriod = observedGracePeriod(t.Grace, m.GracePeriod)
	m.ProtectIfUsedWithin = customtypes.DurationOf(t.ProtectIfUsedWithin).OrPrior(m.ProtectIfUsedWithin)
	m.QualifiedID = types.StringValue(t.QualifiedID())
	m.TokenPreview = types.StringValue(t.Secret.Preview)
	m.SecretVersion = types.Int64Value(t.Secret.Version)
	m.SecretExpiresAt = customtypes.TimestampOf(t.SecretExpiresAt())
	m.PreviousSecretExpiresAt = customtypes.TimestampOf(t.PreviousSecretExpiresAt())
	m.Status = types.StringValue(string(t.Status))
	m.CreatedAt = customtypes.TimestampOf(t.CreatedAt)
	m.RegeneratedAt = customtypes.TimestampOf(t.RegeneratedAt)
}

// complete fills in what the plan left unknown. What the plan knew stays, though another hand may have changed it since:
// the next read shows that.
func (m *model) complete(t tokens.AccessToken) {
	m.Status = types.StringValue(string(t.Status))
	if m.TokenPreview.IsUnknown() {
		m.TokenPreview = types.StringValue(t.Secret.Preview)
	}
	if m.SecretVersion.IsUnknown() {
		m.SecretVersion = types.Int64Value(t.Secret.Version)
	}
	if m.SecretExpiresAt.IsUnknown() {
		m.SecretExpiresAt = customtypes.TimestampOf(t.SecretExpiresAt())
	}
	if m.PreviousSecretExpiresAt.IsUnknown() {
		m.PreviousSecretExpiresAt = customtypes.TimestampOf(t.PreviousSecretExpiresAt())
	}
	if m.RegeneratedAt.IsUnknown() {
		m.RegeneratedAt = customtypes.TimestampOf(t.RegeneratedAt)
	}
}

// settings returns what the model sets on a token.
func (m *model) settings(ctx context.Context, diags *diag.Diagnostics) tokens.Settings {
	return tokens.Settings{
		Name:        m.Name.ValueString(),
		Description: m.Description.ValueString(),
		Own:         tokens.Grants{Role: m.Role.ValueString(), GroupRoles: attribute.GroupRolesOf(ctx, m.GroupRoles, diags)},
		Visibility:  tokens.Visibility(m.Visibility.ValueString()),
		Enabled:     m.Enabled.ValueBool(),
		ActivatesAt: m.ActivatesAt.Value(),
		ExpiresAt:   m.ExpiresAt.Value(),
		TTL:         m.TTL.Value(),
		Policies:    m.policies(),
	}
}

// policies returns the policies that are set.
func (m *model) policies() tokens.Policies {
	return tokens.Policies{
		RegenerateBeforeExpiry: m.RegenerateBeforeExpiry.Value(),
		OnExpired:              tokens.ExpiryPolicy(m.OnExpired.ValueString()),
		OnSecretDrift:          tokens.DriftPolicy(m.OnSecretDrift.ValueString()),
		Grace:                  m.GracePeriod.Value(),
		ProtectIfUsedWithin:    m.ProtectIfUsedWithin.Value(),
	}
}

// observedGracePeriod returns the prior value where it stands for the same grace: none can be written 0s, or not at all.
func observedGracePeriod(g tokens.Grace, prior customtypes.GracePeriod) customtypes.GracePeriod {
	if prior.Value() == g {
		return prior
	}
	return customtypes.GracePeriodOf(g)
}

// changedGracePeriod returns the grace of the plan where it differs from that of the state; else nil.
func changedGracePeriod(state, plan customtypes.GracePeriod) *tokens.Grace {
	if plan.Value() == state.Value() {
		return nil
	}
	return new(plan.Value())
}
