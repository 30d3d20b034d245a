package accesstoken

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/action"
	"github.com/hashicorp/terraform-plugin-framework/action/schema"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/attribute"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/customtypes"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/diagnostics"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/managed"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

var (
	_ action.ActionWithConfigure  = (*retireAction)(nil)
	_ action.ActionWithModifyPlan = (*retireAction)(nil)
)

// retireAction ends the previous secret of an access token. It may be repeated: Terraform does so where an apply failed
// later, and also runs it for a new token, which has none yet.
type retireAction struct{ managed.Action }

// NewRetireAction returns the action that ends the previous secret of an access token.
func NewRetireAction() action.Action { return &retireAction{} }

type retireModel struct {
	AccessTokenID types.String            `tfsdk:"access_token_id"`
	SecretVersion customtypes.WholeNumber `tfsdk:"secret_version"`
}

func (a *retireAction) Metadata(_ context.Context, _ action.MetadataRequest, resp *action.MetadataResponse) {
	resp.TypeName = "latchkey_retire_previous_secret"
}

func (a *retireAction) Schema(_ context.Context, _ action.SchemaRequest, resp *action.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Ends the previous secret of an access token before its grace period is over, so that old and " +
			"new value are valid together for as long as a rollout takes, and no longer. Actions need Terraform 1.14 or later.\n\n" +
			"Trigger it by a `terraform_data` resource whose `input` is the token's `secret_version` and that depends on " +
			"everything that uses the token. Terraform then runs it after the last of them has the new value. If one of them " +
			"fails, the previous value stays valid, for `grace_period` at most: set that to longer than a rollout takes, or to " +
			"`until_expiry`.\n\n" +
			"Terraform doesn't run an action again that has failed, not even in the next apply. Once the reason is gone, run it " +
			"by `terraform apply -invoke=action.latchkey_retire_previous_secret.NAME`, or use `latchkey token retire-previous`.\n\n" +
			"Where no previous secret is valid, as with a new token, there is nothing to do, and the action says so. It returns " +
			"no value and regenerates nothing: for that, change `regenerate_triggers`.",
		Attributes: map[string]schema.Attribute{
			"access_token_id": schema.StringAttribute{
				Required:            true,
				MarkdownDescription: "Identifier of the access token.",
				Validators:          []validator.String{attribute.IDRule(tokens.KindAccessToken)},
			},
			"secret_version": schema.Int64Attribute{
				Optional:   true,
				CustomType: customtypes.WholeNumberType{},
				MarkdownDescription: "Version of the current secret, which everything that uses the token has by then: the token's " +
					"`secret_version`. If somebody has regenerated the token since, the previous secret is the one in use: the action " +
					"then fails and ends nothing. Without it, the action ends whatever the previous secret is.",
			},
		},
	}
}

// require refuses what breaks a rule, as far as it is known.
func (m *retireModel) require(diags *diag.Diagnostics) {
	attribute.RequireID("access_token_id", m.AccessTokenID, tokens.KindAccessToken, diags)
	m.SecretVersion.Require("secret_version", diags)
	if attribute.IsGiven(m.SecretVersion) && m.SecretVersion.ValueInt64() < 1 {
		diags.Append(diagnostics.InvalidAttribute(path.Root("secret_version"), tokens.Invalid("secret_version",
			"versions begin at 1: use the secret_version of the token, or leave it out")))
	}
}

// ModifyPlan refuses what validation could not know yet.
func (a *retireAction) ModifyPlan(
	ctx context.Context, req action.ModifyPlanRequest, resp *action.ModifyPlanResponse,
) {
	var config retireModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	config.require(&resp.Diagnostics)
}

// Invoke ends the previous secret.
func (a *retireAction) Invoke(ctx context.Context, req action.InvokeRequest, resp *action.InvokeResponse) {
	const verb = "retire the previous secret of"
	var config retireModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	config.require(&resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	about := diagnostics.Subject{Kind: tokens.KindAccessToken, ID: config.AccessTokenID.ValueString()}
	backend, err := a.Open()
	if err == nil && a.RefusesToRetire(ctx, verb, about, &resp.Diagnostics) {
		return
	}
	var token tokens.AccessToken
	if err == nil {
		token, err = backend.RetirePreviousSecret(ctx, about.ID, config.SecretVersion.ValueInt64())
	}
	switch {
	case tokens.ErrorCode(err) == tokens.CodeConflict && tokens.ErrorReason(err) != tokens.ReasonVersionMovedOn:
		managed.Tell(resp, "%s", err) // which names the token, and says that there is nothing to retire
	case tokens.ErrorCode(err) == tokens.CodeConflict: // the previous secret is the one in use: nothing is to be repeated
		resp.Diagnostics.Append(diagnostics.FailedAction(verb, about, err))
	case err != nil:
		resp.Diagnostics.Append(diagnostics.FailedInvocation(verb, about, err, fmt.Sprintf(
			"terraform apply -invoke=action.latchkey_retire_previous_secret.NAME, or latchkey token retire-previous %s", about.ID)))
	default:
		about.Name = token.Name
		managed.Tell(resp, "%s: the previous secret has ended; the current one is version %d", about, token.Secret.Version)
	}
}
