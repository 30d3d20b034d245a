package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

type accessTokenModel struct {
	// Configured.
	Name                   types.String `tfsdk:"name"`
	Description            types.String `tfsdk:"description"`
	TechnicalUserID        types.String `tfsdk:"technical_user_id"`
	GroupID                types.String `tfsdk:"group_id"`
	Role                   types.String `tfsdk:"role"`
	GroupRoles             types.Set    `tfsdk:"group_roles"`
	Visibility             types.String `tfsdk:"visibility"`
	Enabled                types.Bool   `tfsdk:"enabled"`
	ActivatesAt            timestamp    `tfsdk:"activates_at"`
	ExpiresAt              timestamp    `tfsdk:"expires_at"`
	TTL                    duration     `tfsdk:"ttl"`
	RegenerateBeforeExpiry duration     `tfsdk:"regenerate_before_expiry"`
	OnExpired              types.String `tfsdk:"on_expired"`
	OnSecretDrift          types.String `tfsdk:"on_secret_drift"`
	GracePeriod            gracePeriod  `tfsdk:"grace_period"`
	ProtectIfUsedWithin    duration     `tfsdk:"protect_if_used_within"`
	RegenerateTriggers     types.Map    `tfsdk:"regenerate_triggers"`
	ReplaceTriggers        types.Map    `tfsdk:"replace_triggers"`

	// Computed.
	ID                      types.String `tfsdk:"id"`
	QualifiedID             types.String `tfsdk:"qualified_id"`
	Token                   types.String `tfsdk:"token"`
	TokenPreview            types.String `tfsdk:"token_preview"`
	SecretVersion           types.Int64  `tfsdk:"secret_version"`
	SecretExpiresAt         timestamp    `tfsdk:"secret_expires_at"`
	PreviousSecretExpiresAt timestamp    `tfsdk:"previous_secret_expires_at"`
	RegenerationReason      types.String `tfsdk:"regeneration_reason"`
	Status                  types.String `tfsdk:"status"`
	CreatedAt               timestamp    `tfsdk:"created_at"`
	UpdatedAt               timestamp    `tfsdk:"updated_at"`
	RegeneratedAt           timestamp    `tfsdk:"regenerated_at"`
}

func (m *accessTokenModel) subject() subject {
	return subject{tokens.KindAccessToken, m.Name.ValueString(), m.ID.ValueString()}
}

// hasDefaults tells whether each attribute with a default has it.
func (m *accessTokenModel) hasDefaults() bool {
	return m.Enabled.ValueBool() && m.Visibility.ValueString() == string(tokens.VisibilityOrganization)
}

// refresh asks the backend how the token is, and records what was observed.
func (m *accessTokenModel) refresh(ctx context.Context, backend tokens.Backend, f *facts) error {
	token, err := backend.AccessToken(ctx, m.ID.ValueString())
	if err != nil {
		return err
	}
	f.completeSecret(m)
	if err := f.forgetReleased(ctx, backend, token); err != nil {
		return err
	}
	f.recordSwitch(m.Enabled, token.Disabled)
	f.recordToken(token)
	f.recordPrevious(m, token)
	m.observe(token)
	return nil
}

// observe takes over what the backend says of the token. The secret, the triggers and the reason of the last
// regeneration are Terraform's own and stay.
func (m *accessTokenModel) observe(t tokens.AccessToken) {
	m.ID = types.StringValue(t.ID)
	m.Name = types.StringValue(t.Name)
	m.Description = optionalText(m.Description, t.Description)
	m.TechnicalUserID = types.StringValue(t.User.ID)
	m.GroupID = types.StringNull()
	if t.User.SystemCreated {
		m.GroupID = optionalText(m.GroupID, t.User.GroupID)
	}
	m.Role = optionalText(m.Role, t.Own.Role)
	m.GroupRoles = groupRolesValue(t.Own.GroupRoles)
	m.Visibility = types.StringValue(string(t.Visibility))
	m.Enabled = types.BoolValue(t.Enabled)
	m.ActivatesAt = timestampOf(t.ActivatesAt).orPrior(m.ActivatesAt)
	m.ExpiresAt = timestampOf(t.ExpiresAt).orPrior(m.ExpiresAt)
	m.TTL = durationOf(t.TTL).orPrior(m.TTL)
	m.RegenerateBeforeExpiry = durationOf(t.RegenerateBeforeExpiry).orPrior(m.RegenerateBeforeExpiry)
	m.OnExpired = optionalText(m.OnExpired, string(t.OnExpired))
	m.OnSecretDrift = optionalText(m.OnSecretDrift, string(t.OnSecretDrift))
	m.GracePeriod = observedGracePeriod(t.Grace, m.GracePeriod)
	m.ProtectIfUsedWithin = durationOf(t.ProtectIfUsedWithin).orPrior(m.ProtectIfUsedWithin)
	m.QualifiedID = types.StringValue(t.QualifiedID())
	m.TokenPreview = types.StringValue(t.Secret.Preview)
	m.SecretVersion = types.Int64Value(t.Secret.Version)
	m.SecretExpiresAt = timestampOf(t.SecretExpiresAt())
	m.PreviousSecretExpiresAt = timestampOf(t.PreviousSecretExpiresAt())
	m.Status = types.StringValue(string(t.Status))
	m.CreatedAt = timestampOf(t.CreatedAt)
	m.UpdatedAt = timestampOf(t.UpdatedAt)
	m.RegeneratedAt = timestampOf(t.RegeneratedAt)
}

// complete fills in what the plan left unknown. What the plan knew stays, though another hand may have changed it since:
// the next read shows that.
func (m *accessTokenModel) complete(t tokens.AccessToken) {
	m.UpdatedAt = timestampOf(t.UpdatedAt)
	m.Status = types.StringValue(string(t.Status))
	if m.TokenPreview.IsUnknown() {
		m.TokenPreview = types.StringValue(t.Secret.Preview)
	}
	if m.SecretVersion.IsUnknown() {
		m.SecretVersion = types.Int64Value(t.Secret.Version)
	}
	if m.SecretExpiresAt.IsUnknown() {
		m.SecretExpiresAt = timestampOf(t.SecretExpiresAt())
	}
	if m.PreviousSecretExpiresAt.IsUnknown() {
		m.PreviousSecretExpiresAt = timestampOf(t.PreviousSecretExpiresAt())
	}
	if m.RegeneratedAt.IsUnknown() {
		m.RegeneratedAt = timestampOf(t.RegeneratedAt)
	}
}

// own returns the roles set on the token itself.
func (m *accessTokenModel) own(ctx context.Context, diags *diag.Diagnostics) tokens.Grants {
	return tokens.Grants{Role: m.Role.ValueString(), GroupRoles: groupRoles(ctx, m.GroupRoles, diags)}
}

// input returns what a token is made from, its secret apart.
func (m *accessTokenModel) input(ctx context.Context, diags *diag.Diagnostics) tokens.NewAccessToken {
	return tokens.NewAccessToken{
		Name:            m.Name.ValueString(),
		Description:     m.Description.ValueString(),
		TechnicalUserID: m.TechnicalUserID.ValueString(),
		GroupID:         m.GroupID.ValueString(),
		Own:             m.own(ctx, diags),
		Visibility:      tokens.Visibility(m.Visibility.ValueString()),
		Enabled:         m.Enabled.ValueBool(),
		ActivatesAt:     m.ActivatesAt.value(),
		ExpiresAt:       m.ExpiresAt.value(),
		TTL:             m.TTL.value(),
		Policies:        m.policies(),
	}
}

// policies returns the policies that are set.
func (m *accessTokenModel) policies() tokens.Policies {
	return tokens.Policies{
		RegenerateBeforeExpiry: m.RegenerateBeforeExpiry.value(),
		OnExpired:              tokens.ExpiryPolicy(m.OnExpired.ValueString()),
		OnSecretDrift:          tokens.DriftPolicy(m.OnSecretDrift.ValueString()),
		Grace:                  m.GracePeriod.value(),
		ProtectIfUsedWithin:    m.ProtectIfUsedWithin.value(),
	}
}

// changesFrom returns the changes that lead from the state to the plan m, a regeneration apart.
func (m *accessTokenModel) changesFrom(ctx context.Context, state *accessTokenModel, diags *diag.Diagnostics) tokens.AccessTokenUpdate {
	return tokens.AccessTokenUpdate{
		Name:        changedText(state.Name, m.Name),
		Description: changedText(state.Description, m.Description),
		Role:        changedText(state.Role, m.Role),
		GroupRoles:  changedGroupRoles(ctx, state.GroupRoles, m.GroupRoles, diags),
		Visibility:  changedWord[tokens.Visibility](state.Visibility, m.Visibility),
		Enabled:     changedBool(state.Enabled, m.Enabled),
		ActivatesAt: changedMeasure(state.ActivatesAt, m.ActivatesAt),
		ExpiresAt:   changedMeasure(state.ExpiresAt, m.ExpiresAt),
		TTL:         changedMeasure(state.TTL, m.TTL),

		RegenerateBeforeExpiry: changedMeasure(state.RegenerateBeforeExpiry, m.RegenerateBeforeExpiry),
		OnExpired:              changedWord[tokens.ExpiryPolicy](state.OnExpired, m.OnExpired),
		OnSecretDrift:          changedWord[tokens.DriftPolicy](state.OnSecretDrift, m.OnSecretDrift),
		Grace:                  changedGracePeriod(state.GracePeriod, m.GracePeriod),
		ProtectIfUsedWithin:    changedMeasure(state.ProtectIfUsedWithin, m.ProtectIfUsedWithin),
	}
}
