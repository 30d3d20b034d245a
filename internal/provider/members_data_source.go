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
	_ datasource.DataSource              = (*membersDataSource)(nil)
	_ datasource.DataSourceWithConfigure = (*membersDataSource)(nil)
)

type membersDataSource struct{ managed.Reader }

func newMembersDataSource() datasource.DataSource { return &membersDataSource{} }

type membersModel struct {
	Members types.List `tfsdk:"members"`
}

// shownMemberModel is a member as the data source shows it.
type shownMemberModel struct {
	memberModel
	UpdatedAt customtypes.Timestamp `tfsdk:"updated_at"`
}

// showMember returns what is shown of a member.
func showMember(member tokens.Member) (m shownMemberModel) {
	m.observe(member)
	m.UpdatedAt = customtypes.TimestampOf(member.UpdatedAt)
	return m
}

func (d *membersDataSource) Metadata(
	_ context.Context, _ datasource.MetadataRequest, resp *datasource.MetadataResponse,
) {
	resp.TypeName = "latchkey_members"
}

func (d *membersDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "The members of the organization. Use it to share access tokens (`latchkey_token_share`) " +
			"with people whom another configuration manages, picked by e-mail address.\n\n" +
			"With the provider's `act_as` or `endpoint`, this needs an administrator of the organization or of a group. While there is " +
			"no database yet, the list is empty.",
		Attributes: map[string]schema.Attribute{
			"members": attribute.ShownList(shownMemberAttributes(), "The members, by e-mail address."),
		},
	}
}

// shownMemberAttributes are the schema of a shownMemberModel.
func shownMemberAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"id":          attribute.ShownText("Identifier of the member (`mem_…`)."),
		"email":       attribute.ShownText("E-mail address, as written when the member was created."),
		"name":        attribute.ShownText("Name of the person; null for none."),
		"role":        attribute.ShownText("Role in the whole organization."),
		"group_roles": attribute.ShownGroupRoles("Roles in single groups, in addition to `role`; null for none."),
		"created_at":  attribute.ShownTimestamp("When the member was created"),
		"updated_at":  attribute.ShownTimestamp("When the member was last changed"),
	}
}

func (d *membersDataSource) Read(ctx context.Context, _ datasource.ReadRequest, resp *datasource.ReadResponse) {
	members := managed.AskForList(&d.Reader, tokens.KindMember, &resp.Diagnostics,
		func(b tokens.Backend) ([]tokens.Member, error) {
			return b.Members(ctx)
		})
	if resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(resp.State.Set(ctx,
		membersModel{attribute.ListOf(shownMemberAttributes(), members, showMember)})...)
}
