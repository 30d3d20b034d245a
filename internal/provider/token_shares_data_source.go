package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/attribute"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/managed"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

var (
	_ datasource.DataSource              = (*tokenSharesDataSource)(nil)
	_ datasource.DataSourceWithConfigure = (*tokenSharesDataSource)(nil)
)

type tokenSharesDataSource struct{ managed.Reader }

func newTokenSharesDataSource() datasource.DataSource { return &tokenSharesDataSource{} }

type tokenSharesModel struct {
	tokenShareFilter
	TokenShares types.List `tfsdk:"token_shares"`
}

// tokenShareFilter selects shares.
type tokenShareFilter struct {
	AccessTokenID types.String `tfsdk:"access_token_id"`
	MemberID      types.String `tfsdk:"member_id"`
}

// tokenShareFilters are the schema of a tokenShareFilter.
func tokenShareFilters() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"access_token_id": attribute.Filter("Only shares of the access token with this identifier.",
			attribute.IDRule(tokens.KindAccessToken)),
		"member_id": attribute.Filter("Only shares with the member with this identifier.",
			attribute.IDRule(tokens.KindMember)),
	}
}

// require refuses values that break a rule.
func (f *tokenShareFilter) require(diags *diag.Diagnostics) {
	attribute.RequireID("access_token_id", f.AccessTokenID, tokens.KindAccessToken, diags)
	attribute.RequireID("member_id", f.MemberID, tokens.KindMember, diags)
}

// query returns what selects the shares in the backend.
func (f *tokenShareFilter) query() tokens.TokenShareQuery {
	return tokens.TokenShareQuery{AccessTokenID: f.AccessTokenID.ValueString(), MemberID: f.MemberID.ValueString()}
}

func (d *tokenSharesDataSource) Metadata(
	_ context.Context, _ datasource.MetadataRequest, resp *datasource.MetadataResponse,
) {
	resp.TypeName = "latchkey_token_shares"
}

func (d *tokenSharesDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "The shares of access tokens with members: of one token, of one member, or all of them.\n\n" +
			"With the provider's `act_as` or `endpoint`, the shares of the tokens that you may see are listed, and your own. " +
			"While there is no database yet, the list is empty.",
		Attributes: attribute.Also(tokenShareFilters(), map[string]schema.Attribute{
			"token_shares": attribute.ShownList(shownTokenShareAttributes(),
				"The shares, by access token and member, oldest first."),
		}),
	}
}

// shownTokenShareAttributes are the schema of a tokenShareModel in the data source.
func shownTokenShareAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"id":              attribute.ShownText("Identifier of the share: `<access token id>/<member id>`."),
		"access_token_id": attribute.ShownText("Identifier of the access token."),
		"member_id":       attribute.ShownText("Identifier of the member."),
		"role":            attribute.ShownText("Role of the member on the token: `viewer`, `editor` or `manager`."),
		"created_at":      attribute.ShownTimestamp("When the token was shared"),
	}
}

func (d *tokenSharesDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var config tokenSharesModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	config.require(&resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	shares := managed.AskForList(&d.Reader, tokens.KindTokenShare, &resp.Diagnostics,
		func(b tokens.Backend) ([]tokens.TokenShare, error) {
			return b.TokenShares(ctx, config.query())
		})
	if resp.Diagnostics.HasError() {
		return
	}
	show := func(share tokens.TokenShare) (m tokenShareModel) {
		m.observe(share)
		return m
	}
	config.TokenShares = attribute.ListOf(shownTokenShareAttributes(), shares, show)
	resp.Diagnostics.Append(resp.State.Set(ctx, config)...)
}
