package provider

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
	_ datasource.DataSource              = (*groupsDataSource)(nil)
	_ datasource.DataSourceWithConfigure = (*groupsDataSource)(nil)
)

type groupsDataSource struct{ managed.Reader }

func newGroupsDataSource() datasource.DataSource { return &groupsDataSource{} }

type groupsModel struct {
	Groups types.List `tfsdk:"groups"`
}

// shownGroupModel is a group as the data source shows it.
type shownGroupModel struct {
	groupModel
	UpdatedAt customtypes.Timestamp `tfsdk:"updated_at"`
}

// showGroup returns what is shown of a group.
func showGroup(g tokens.Group) (m shownGroupModel) {
	m.observe(g)
	m.UpdatedAt = customtypes.TimestampOf(g.UpdatedAt)
	return m
}

func (d *groupsDataSource) Metadata(
	_ context.Context, _ datasource.MetadataRequest, resp *datasource.MetadataResponse,
) {
	resp.TypeName = "latchkey_groups"
}

func (d *groupsDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "The groups of the organization. Use it to work in a group that another configuration " +
			"manages, picked by name.\n\n" +
			"With the provider's `act_as` or `endpoint`, this needs an administrator of the organization. While there is no database " +
			"yet, the list is empty.",
		Attributes: map[string]schema.Attribute{
			"groups": attribute.ShownList(shownGroupAttributes(), "The groups, by name."),
		},
	}
}

// shownGroupAttributes are the schema of a shownGroupModel.
func shownGroupAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"id":          attribute.ShownText("Identifier of the group (`grp_…`)."),
		"name":        attribute.ShownText("Name, unique in the organization."),
		"description": attribute.ShownText("What the group is for; null for none."),
		"created_at":  attribute.ShownTimestamp("When the group was created"),
		"updated_at":  attribute.ShownTimestamp("When the group was last changed"),
	}
}

func (d *groupsDataSource) Read(ctx context.Context, _ datasource.ReadRequest, resp *datasource.ReadResponse) {
	groups := managed.AskForList(&d.Reader, tokens.KindGroup, &resp.Diagnostics,
		func(b tokens.Backend) ([]tokens.Group, error) {
			return b.Groups(ctx)
		})
	if resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(resp.State.Set(ctx,
		groupsModel{attribute.ListOf(shownGroupAttributes(), groups, showGroup)})...)
}
