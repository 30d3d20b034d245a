package provider

import (
	"context"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/attribute"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/managed"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

var (
	_ datasource.DataSource              = (*technicalUsersDataSource)(nil)
	_ datasource.DataSourceWithConfigure = (*technicalUsersDataSource)(nil)
)

type technicalUsersDataSource struct{ managed.Reader }

func newTechnicalUsersDataSource() datasource.DataSource { return &technicalUsersDataSource{} }

type technicalUsersModel struct {
	technicalUserFilter
	TechnicalUsers types.List `tfsdk:"technical_users"`
}

// technicalUserFilter selects technical users.
type technicalUserFilter struct {
	Search  types.String `tfsdk:"search"`
	GroupID types.String `tfsdk:"group_id"`
}

// technicalUserFilters are the schema of a technicalUserFilter.
func technicalUserFilters() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"search": attribute.Filter("Only technical users whose name, description or e-mail address contains this text, " +
			"regardless of case."),
		"group_id": attribute.Filter("Only technical users of the group with this identifier.",
			attribute.IDRule(tokens.KindGroup)),
	}
}

// require refuses values that break a rule.
func (f *technicalUserFilter) require(diags *diag.Diagnostics) {
	attribute.RequireID("group_id", f.GroupID, tokens.KindGroup, diags)
}

// selects reports whether a technical user matches all filters.
func (f *technicalUserFilter) selects(u tokens.TechnicalUser) bool {
	groupID := f.GroupID.ValueString()
	return u.Mentions(f.Search.ValueString()) && (groupID == "" || u.GroupID == groupID)
}

func (d *technicalUsersDataSource) Metadata(
	_ context.Context, _ datasource.MetadataRequest, resp *datasource.MetadataResponse,
) {
	resp.TypeName = "latchkey_technical_users"
}

func (d *technicalUsersDataSource) Schema(
	_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse,
) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "The technical users of the organization, including those that the system created for a " +
			"single access token (`system_created`).\n\n" +
			"With the provider's `act_as` or `endpoint`, only the accounts that you may manage are listed; if you may " +
			"manage none at any level, that is an error. While there is no database yet, the list is empty.",
		Attributes: attribute.Also(technicalUserFilters(), map[string]schema.Attribute{
			"technical_users": attribute.ShownList(shownTechnicalUserAttributes(), "The technical users, by e-mail address."),
		}),
	}
}

func (d *technicalUsersDataSource) Read(
	ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse,
) {
	var config technicalUsersModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	config.require(&resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	users := managed.AskForList(&d.Reader, tokens.KindTechnicalUser, &resp.Diagnostics,
		func(b tokens.Backend) ([]tokens.TechnicalUser, error) {
			return b.TechnicalUsers(ctx)
		})
	if resp.Diagnostics.HasError() {
		return
	}
	users = slices.DeleteFunc(users, func(u tokens.TechnicalUser) bool { return !config.selects(u) })
	config.TechnicalUsers = attribute.ListOf(shownTechnicalUserAttributes(), users, showTechnicalUser)
	resp.Diagnostics.Append(resp.State.Set(ctx, config)...)
}
