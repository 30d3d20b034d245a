package accesstoken

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/attribute"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/customtypes"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/managed"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

var (
	_ datasource.DataSource              = (*tokensDataSource)(nil)
	_ datasource.DataSourceWithConfigure = (*tokensDataSource)(nil)
)

type tokensDataSource struct{ managed.Reader }

// NewListDataSource returns the data source that lists access tokens.
func NewListDataSource() datasource.DataSource { return &tokensDataSource{} }

type listModel struct {
	filterModel
	Ephemeral    types.Bool              `tfsdk:"include_ephemeral"`
	Sort         types.String            `tfsdk:"sort"`
	Descending   types.Bool              `tfsdk:"descending"`
	Limit        customtypes.WholeNumber `tfsdk:"limit"`
	CountTotal   types.Bool              `tfsdk:"count_total"`
	Total        types.Int64             `tfsdk:"total"`
	AccessTokens types.List              `tfsdk:"access_tokens"`
}

func (d *tokensDataSource) Metadata(
	_ context.Context, _ datasource.MetadataRequest, resp *datasource.MetadataResponse,
) {
	resp.TypeName = "latchkey_access_tokens"
}

func (d *tokensDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "The access tokens of the organization: searched, filtered and sorted, with their status " +
			"and last use, and without their secrets.\n\n" +
			"A token is listed if it matches all filters that are set. With the provider's `act_as` or `endpoint`, only the " +
			"tokens that you may see are listed and counted. While there is no database yet, the list is empty.",
		Attributes: attribute.Also(filters(), map[string]schema.Attribute{
			"include_ephemeral": schema.BoolAttribute{
				Optional: true,
				MarkdownDescription: "Whether to list ephemeral tokens, too, which were made for one run each. Defaults to false, " +
					"since they come and go with every plan.",
			},
			"sort": attribute.Filter("Column to sort by: `id`, `name`, `description`, `token_preview`, `technical_user` "+
				"(its e-mail address), `role` (the one in `grants`), `status`, `created_at`, `expires_at` (of the current "+
				"secret; never comes last), `last_used_at` (never comes first), `secret_version`, `updated_at` or "+
				"`visibility`. Equal tokens are sorted by `created_at`. Defaults to `created_at`.",
				attribute.Rule("a column", func(_, value string) error {
					if value == "" {
						return tokens.Invalid("sort", "it is empty: name a column, or leave it out for created_at")
					}
					return tokens.TokenQuery{Sort: tokens.TokenColumn(value)}.Validate()
				})),
			"descending": schema.BoolAttribute{
				Optional:            true,
				MarkdownDescription: "Whether to sort in descending order. Defaults to false.",
			},
			"limit": attribute.CountFilter("How many tokens to list at most. By default, or with 0, all of them."),
			"count_total": schema.BoolAttribute{Optional: true,
				MarkdownDescription: "Whether to set `total`, for which the backend reads every token that the filters " +
					"select. Defaults to false."},
			"total": schema.Int64Attribute{Computed: true,
				MarkdownDescription: "How many tokens the filters select, whatever the `limit`. Null unless " +
					"`count_total` is true."},
			"access_tokens": attribute.ShownList(shownAttributes(), "The tokens, in the order of `sort`."),
		}),
	}
}

func (d *tokensDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var config listModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	config.require(&resp.Diagnostics)
	config.Limit.Require("limit", &resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	query := config.query()
	query.Sort, query.Descending = tokens.TokenColumn(config.Sort.ValueString()), config.Descending.ValueBool()
	query.Ephemeral = config.Ephemeral.ValueBool()
	query.Limit, query.CountTotal = attribute.Count(config.Limit), config.CountTotal.ValueBool()
	page := managed.AskForList(&d.Reader, tokens.KindAccessToken, &resp.Diagnostics,
		func(b tokens.Backend) (tokens.TokenPage, error) {
			return b.AccessTokens(ctx, query)
		})
	if resp.Diagnostics.HasError() {
		return
	}
	if config.CountTotal.ValueBool() {
		config.Total = types.Int64Value(int64(page.Total))
	}
	config.AccessTokens = attribute.ListOf(shownAttributes(), page.AccessTokens, show)
	resp.Diagnostics.Append(resp.State.Set(ctx, config)...)
}
