package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/ephemeral"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/attribute"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/diagnostics"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/managed"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

var _ ephemeral.EphemeralResourceWithConfigure = (*tokenValue)(nil)

// tokenValue makes random values that have the form of an access token. It asks no backend.
type tokenValue struct{ managed.Ephemeral }

func newTokenValue() ephemeral.EphemeralResource { return &tokenValue{} }

type tokenValueModel struct {
	Prefix types.String `tfsdk:"prefix"`
	Value  types.String `tfsdk:"value"`
}

func (e *tokenValue) Metadata(_ context.Context, _ ephemeral.MetadataRequest, resp *ephemeral.MetadataResponse) {
	resp.TypeName = "latchkey_token_value"
}

func (e *tokenValue) Schema(_ context.Context, _ ephemeral.SchemaRequest, resp *ephemeral.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "A new random value with the form of an access token, for a secret store to keep. It registers " +
			"nothing: until an access token has it as its `token_wo`, it is no credential.\n\n" +
			"~> **Feed the secret store alone.** Each phase of a run opens this anew, with another value. Write it into the " +
			"store by a write-only attribute, read it back with the store's own ephemeral resource, and give that to " +
			"`token_wo`. Fed to both, an apply that fails half-way leaves the store and the token different for good, and no " +
			"plan shows it.",
		Attributes: map[string]schema.Attribute{
			"prefix": schema.StringAttribute{
				Optional:            true,
				MarkdownDescription: "Beginning of the value, before the underscore. Defaults to the provider's `token_prefix`.",
				Validators: []validator.String{attribute.Rule("1 to 8 lower-case letters and digits, a letter first",
					tokens.ValidatePrefix)},
			},
			"value": schema.StringAttribute{
				Computed:            true,
				Sensitive:           true,
				MarkdownDescription: "The value.",
			},
		},
	}
}

// Open makes a value.
func (e *tokenValue) Open(ctx context.Context, req ephemeral.OpenRequest, resp *ephemeral.OpenResponse) {
	var config tokenValueModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	if resp.Diagnostics.HasError() {
		return
	}
	prefix := config.Prefix.ValueString()
	if config.Prefix.IsNull() {
		prefix = e.Prefix
	}
	secret, err := managed.NewSecret(prefix)
	if err != nil {
		resp.Diagnostics.AddError("Unable to make a value", diagnostics.Explain(err))
		return
	}
	config.Value = types.StringValue(secret.Reveal())
	resp.Diagnostics.Append(resp.Result.Set(ctx, config)...)
}
