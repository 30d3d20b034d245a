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
	_ datasource.DataSource              = (*rolesDataSource)(nil)
	_ datasource.DataSourceWithConfigure = (*rolesDataSource)(nil)
)

type rolesDataSource struct{ managed.Reader }

func newRolesDataSource() datasource.DataSource { return &rolesDataSource{} }

type rolesModel struct {
	Roles types.List `tfsdk:"roles"`
}

// shownRoleModel is a role as the data source shows it, a built-in one too.
type shownRoleModel struct {
	roleModel
	BuiltIn   types.Bool            `tfsdk:"built_in"`
	UpdatedAt customtypes.Timestamp `tfsdk:"updated_at"`
}

// showRole returns what is shown of a role.
func showRole(r tokens.Role) (m shownRoleModel) {
	m.observe(r)
	m.ID = attribute.TextOrNull(r.ID) // a built-in role has none
	m.BuiltIn = types.BoolValue(r.BuiltIn)
	m.UpdatedAt = customtypes.TimestampOf(r.UpdatedAt)
	return m
}

func (d *rolesDataSource) Metadata(_ context.Context, _ datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = "latchkey_roles"
}

func (d *rolesDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "The roles that accounts and access tokens can have: the built-in ones, then the custom " +
			"ones of the organization (`latchkey_role`), each with its permissions.\n\n" +
			"With the provider's `act_as` or `endpoint`, this needs an administrator of the organization. While there is no database " +
			"yet, only the built-in roles are listed.",
		Attributes: map[string]schema.Attribute{
			"roles": attribute.ShownList(shownRoleAttributes(),
				"The roles: the built-in ones from the least to the most powerful, then the custom ones by name."),
		},
	}
}

// shownRoleAttributes are the schema of a shownRoleModel.
func shownRoleAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"id":          attribute.ShownText("Identifier of a custom role (`rol_…`); null for a built-in one."),
		"name":        attribute.ShownText("Name by which accounts and tokens refer to the role."),
		"description": attribute.ShownText("What the role is for; null for none."),
		"permissions": schema.SetAttribute{
			Computed:            true,
			ElementType:         types.StringType,
			MarkdownDescription: "What the role permits: `area:verb`, `area:*` for a whole area, or `*` for everything.",
		},
		"built_in":   attribute.ShownBool("Whether the role is one of Latchkey's own, which can't be changed."),
		"created_at": attribute.ShownTimestamp("When a custom role was created", "null for a built-in one"),
		"updated_at": attribute.ShownTimestamp("When a custom role was last changed", "null for a built-in one"),
	}
}

func (d *rolesDataSource) Read(ctx context.Context, _ datasource.ReadRequest, resp *datasource.ReadResponse) {
	roles := managed.AskForList(&d.Reader, tokens.KindRole, &resp.Diagnostics,
		func(b tokens.Backend) ([]tokens.Role, error) {
			roles, err := b.Roles(ctx)
			if tokens.ErrorReason(err) == tokens.ReasonNoDatabase {
				return tokens.BuiltInRoles(), nil
			}
			return roles, err
		})
	if resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, rolesModel{attribute.ListOf(shownRoleAttributes(), roles, showRole)})...)
}
