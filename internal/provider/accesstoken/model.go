package accesstoken

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/attribute"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/customtypes"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/diagnostics"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// observedModel holds what the resource and the data sources show of a token alike, its settings included.
type observedModel struct {
	settingsModel
	ID              types.String          `tfsdk:"id"`
	QualifiedID     types.String          `tfsdk:"qualified_id"`
	TechnicalUserID types.String          `tfsdk:"technical_user_id"`
	GroupID         types.String          `tfsdk:"group_id"`
	TokenPreview    types.String          `tfsdk:"token_preview"`
	SecretVersion   types.Int64           `tfsdk:"secret_version"`
	SecretExpiresAt customtypes.Timestamp `tfsdk:"secret_expires_at"`
	Status          types.String          `tfsdk:"status"`
	CreatedAt       customtypes.Timestamp `tfsdk:"created_at"`
	RegeneratedAt   customtypes.Timestamp `tfsdk:"regenerated_at"`
}

// observe takes over what the backend says of the token, except GroupID, which differs between the two.
func (m *observedModel) observe(t tokens.AccessToken) {
	m.observeSettings(t.Settings)
	m.ID = types.StringValue(t.ID)
	m.QualifiedID = attribute.Text(t.QualifiedID())
	m.TechnicalUserID = types.StringValue(t.User.ID)
	m.TokenPreview = attribute.Text(t.Secret.Preview)
	m.SecretVersion = types.Int64Value(t.Secret.Version)
	m.SecretExpiresAt = customtypes.TimestampOf(t.SecretExpiresAt())
	m.Status = types.StringValue(string(t.Status))
	m.CreatedAt = customtypes.TimestampOf(t.CreatedAt)
	m.RegeneratedAt = customtypes.TimestampOf(t.RegeneratedAt)
}

// model is an access token as the resource has it.
type model struct {
	observedModel
	RegenerateTriggers      types.Map               `tfsdk:"regenerate_triggers"`
	ReplaceTriggers         types.Map               `tfsdk:"replace_triggers"`
	Token                   types.String            `tfsdk:"token"`
	TokenWO                 types.String            `tfsdk:"token_wo"` // in the configuration alone
	TokenWOVersion          customtypes.WholeNumber `tfsdk:"token_wo_version"`
	SecretInState           types.Bool              `tfsdk:"secret_in_state"`
	EncryptTo               types.Set               `tfsdk:"encrypt_to"`
	EncryptedToken          types.String            `tfsdk:"encrypted_token"`
	PreviousSecretExpiresAt customtypes.Timestamp   `tfsdk:"previous_secret_expires_at"`
	RegenerationReason      types.String            `tfsdk:"regeneration_reason"`
}

func (m *model) subject() diagnostics.Subject {
	return diagnostics.Subject{Kind: tokens.KindAccessToken, Name: m.Name.ValueString(), ID: m.ID.ValueString()}
}

// refresh asks the backend how the token is, and records what was observed.
func (m *model) refresh(ctx context.Context, backend tokens.Backend, f *tokenFacts) error {
	token, err := backend.AccessToken(ctx, m.ID.ValueString())
	if err == nil {
		err = token.CheckOfTechnicalUser()
	}
	if err != nil {
		return err
	}
	f.completeSecret(m)
	if err := f.forgetReleased(ctx, backend, token); err != nil {
		return err
	}
	f.RecordSwitch(m.Enabled, token.Disabled)
	f.recordToken(token)
	f.recordExpiry(m, token)
	f.recordPrevious(m, token)
	m.observe(token)
	return nil
}

// observe takes over what the backend says of the token. The secret, the triggers and the reason of the last
// regeneration are Terraform's own and stay.
func (m *model) observe(t tokens.AccessToken) {
	m.observedModel.observe(t)
	m.GroupID = types.StringNull()
	if t.User.SystemCreated {
		m.GroupID = attribute.TextOrNull(t.User.GroupID)
	}
	m.PreviousSecretExpiresAt = customtypes.TimestampOf(t.PreviousSecretExpiresAt())
}

// complete fills in what the plan left unknown. What the plan knew stays, even if someone has changed it since: the
// next read shows that.
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
