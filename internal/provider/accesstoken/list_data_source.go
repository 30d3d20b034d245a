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
	Search          types.String         `tfsdk:"search"`
	Status          types.String         `tfsdk:"status"`
	TechnicalUserID types.String         `tfsdk:"technical_user_id"`
	GroupID         types.String         `tfsdk:"group_id"`
	ExpiresWithin   customtypes.Duration `tfsdk:"expires_within"`
	UnusedFor       customtypes.Duration `tfsdk:"unused_for"`
	Ephemeral       types.Bool           `tfsdk:"include_ephemeral"`
	Sort            types.String         `tfsdk:"sort"`
	Descending      types.Bool           `tfsdk:"descending"`
	Limit           types.Int64          `tfsdk:"limit"`
	CountTotal      types.Bool           `tfsdk:"count_total"`
	Total           types.Int64          `tfsdk:"total"`
	AccessTokens    types.List           `tfsdk:"access_tokens"`
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
		Attributes: map[string]schema.Attribute{
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
		},
	}
}

// validateStatus checks that a status exists.
func validateStatus(field, value string) error {
	if value == "" {
		return tokens.Invalid(field, "it is empty: name a status, or leave it out for any")
	}
	return tokens.TokenQuery{Status: tokens.Status(value)}.Validate()
}

func (d *tokensDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var config listModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	attribute.RequireID("technical_user_id", config.TechnicalUserID, tokens.KindTechnicalUser, &resp.Diagnostics)
	attribute.RequireID("group_id", config.GroupID, tokens.KindGroup, &resp.Diagnostics)
	attribute.Require("status", config.Status, &resp.Diagnostics, validateStatus)
	config.ExpiresWithin.Require("expires_within", &resp.Diagnostics)
	config.UnusedFor.Require("unused_for", &resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	page := managed.AskForList(&d.Reader, tokens.KindAccessToken, &resp.Diagnostics,
		func(b tokens.Backend) (tokens.TokenPage, error) {
			return b.AccessTokens(ctx, tokens.TokenQuery{
				Search:          config.Search.ValueString(),
				Status:          tokens.Status(config.Status.ValueString()),
				TechnicalUserID: config.TechnicalUserID.ValueString(),
				GroupID:         config.GroupID.ValueString(),
				ExpiresWithin:   config.ExpiresWithin.Value(),
				UnusedFor:       config.UnusedFor.Value(),
				Ephemeral:       config.Ephemeral.ValueBool(),
				Sort:            tokens.TokenColumn(config.Sort.ValueString()),
				Descending:      config.Descending.ValueBool(),
				Limit:           attribute.Count(config.Limit),
				CountTotal:      config.CountTotal.ValueBool(),
			})
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
