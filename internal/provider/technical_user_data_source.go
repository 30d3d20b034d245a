package provider

import (
	"context"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/attribute"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/customtypes"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/diagnostics"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/managed"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

var (
	_ datasource.DataSource                   = (*technicalUserDataSource)(nil)
	_ datasource.DataSourceWithConfigure      = (*technicalUserDataSource)(nil)
	_ datasource.DataSourceWithValidateConfig = (*technicalUserDataSource)(nil)
)

type technicalUserDataSource struct{ managed.Reader }

func newTechnicalUserDataSource() datasource.DataSource { return &technicalUserDataSource{} }

func (d *technicalUserDataSource) Metadata(
	_ context.Context, _ datasource.MetadataRequest, resp *datasource.MetadataResponse,
) {
	resp.TypeName = "latchkey_technical_user"
}

func (d *technicalUserDataSource) Schema(
	_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse,
) {
	attributes := shownTechnicalUserAttributes()
	attributes["id"] = attribute.Key("Identifier of the technical user (`tu_…`). Set it, or `email`, or `name`.",
		attribute.IDRule(tokens.KindTechnicalUser))
	attributes["email"] = attribute.Key("Address that identifies the account in lists and logs. It never changes, " +
		"whatever is renamed. Set it, or `id`, or `name`.")
	attributes["name"] = attribute.Key("Name, unique among the technical users of its level. Set it, "+
		"or `id`, or `email`.", attribute.Rule("1 to 63 lower-case letters, digits and hyphens", tokens.ValidateName))
	attributes["group_id"] = attribute.Key("Identifier of the group that the account belongs to; null at the "+
		"organization level. Set it to look up an account of a group by `name`.",
		attribute.IDRule(tokens.KindGroup))
	resp.Schema = schema.Schema{
		MarkdownDescription: "One technical user, by `id`, by `email`, or by `name` and, for an account of a group, " +
			"`group_id`. Use it to give access tokens to an account that another configuration manages.\n\n" +
			"An account that does not exist is an error.",
		Attributes: attributes,
	}
}

// shownTechnicalUserAttributes are the schema of a shownTechnicalUserModel.
func shownTechnicalUserAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"id":          attribute.ShownText("Identifier of the technical user (`tu_…`)."),
		"name":        attribute.ShownText("Name, unique among the technical users of its level."),
		"description": attribute.ShownText("What the account is for; null for none."),
		"group_id": attribute.ShownText("Identifier of the group that the account belongs to; null at the " +
			"organization level."),
		"role": attribute.ShownText("Role at the account's level; at the organization level it " +
			"counts in every group."),
		"group_roles": attribute.ShownGroupRoles("Roles in single groups, in addition to `role`; null for none."),
		"enabled":     attribute.ShownBool("Whether the account's tokens work."),
		"email": attribute.ShownText("Address that identifies the account in lists and logs. It never changes, " +
			"whatever is renamed."),
		"system_created": attribute.ShownBool("Whether the system created the account for a single access token and " +
			"deletes it with the token."),
		"created_at": attribute.ShownTimestamp("When the account was created"),
		"updated_at": attribute.ShownTimestamp("When the account was last changed"),
	}
}

// shownTechnicalUserModel is a technical user as data sources show it.
type shownTechnicalUserModel struct {
	technicalUserModel
	UpdatedAt customtypes.Timestamp `tfsdk:"updated_at"`
}

// showTechnicalUser returns what is shown of a technical user.
func showTechnicalUser(u tokens.TechnicalUser) (m shownTechnicalUserModel) {
	m.observe(u)
	m.UpdatedAt = customtypes.TimestampOf(u.UpdatedAt)
	return m
}

// ValidateConfig asks for one way to name the account.
func (d *technicalUserDataSource) ValidateConfig(
	ctx context.Context, req datasource.ValidateConfigRequest, resp *datasource.ValidateConfigResponse,
) {
	var config shownTechnicalUserModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	switch id, email, name := !config.ID.IsNull(), !config.Email.IsNull(), !config.Name.IsNull(); {
	case !id && !email && !name:
		resp.Diagnostics.Append(diagnostics.Excluded("id", "nothing says which technical user: set id, email or name"))
	case id && (email || name):
		resp.Diagnostics.Append(diagnostics.Excluded("id",
			"it names the technical user by itself: remove it, or email and name"))
	case email && name:
		resp.Diagnostics.Append(diagnostics.Excluded("email", "it names the technical user by itself: remove it, or name"))
	case !name && !config.GroupID.IsNull():
		resp.Diagnostics.Append(diagnostics.Excluded("group_id",
			"it goes with name alone, which is unique in a group: remove it"))
	}
}

func (d *technicalUserDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var config shownTechnicalUserModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	attribute.RequireID("id", config.ID, tokens.KindTechnicalUser, &resp.Diagnostics)
	attribute.Require("email", config.Email, &resp.Diagnostics, tokens.ValidateEmail)
	attribute.RequireID("group_id", config.GroupID, tokens.KindGroup, &resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	id := config.ID.ValueString()
	user, err := managed.Ask(&d.Reader, func(b tokens.Backend) (tokens.TechnicalUser, error) {
		if id != "" {
			user, err := b.TechnicalUser(ctx, id)
			return user, managed.NotThere(err, tokens.KindTechnicalUser, id)
		}
		return config.find(ctx, b)
	})
	if err != nil {
		resp.Diagnostics.Append(diagnostics.FailedRead(diagnostics.Subject{
			Kind: tokens.KindTechnicalUser,
			Name: config.Name.ValueString(),
			ID:   id,
		}, err))
		return
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, showTechnicalUser(user))...)
}

// find returns the technical user with the address or, at its level, the name.
func (m *technicalUserModel) find(ctx context.Context, b tokens.Backend) (tokens.TechnicalUser, error) {
	purpose := tokens.Purpose{Action: tokens.ActionTechnicalUserShow}
	users, err := b.TechnicalUsers(tokens.LookingFor(ctx, purpose))
	if err != nil && tokens.ErrorReason(err) != tokens.ReasonNoDatabase {
		return tokens.TechnicalUser{}, err
	}
	const advice = "check the spelling and, with act_as or endpoint, that whoever you work as may manage the account"
	if email := m.Email.ValueString(); email != "" {
		if i := slices.IndexFunc(users, func(u tokens.TechnicalUser) bool { return tokens.SameEmail(u.Email, email) }); i >= 0 {
			return users[i], nil
		}
		return tokens.TechnicalUser{}, managed.NoMatch("email", err,
			"there is no technical user with the address %s; "+advice, email)
	}
	name, groupID := m.Name.ValueString(), m.GroupID.ValueString()
	if i := slices.IndexFunc(users,
		func(u tokens.TechnicalUser) bool { return u.Name == name && u.GroupID == groupID }); i >= 0 {
		return users[i], nil
	}
	if groupID != "" {
		return tokens.TechnicalUser{}, managed.NoMatch("name", err,
			"there is no technical user of this name in group %s; "+advice, groupID)
	}
	if i := slices.IndexFunc(users, func(u tokens.TechnicalUser) bool { return u.Name == name }); i >= 0 {
		return tokens.TechnicalUser{}, managed.NoMatch("name", err,
			"there is no technical user of this name at the level of the organization, but there is one in "+
				"group %s: set group_id", users[i].GroupID)
	}
	return tokens.TechnicalUser{}, managed.NoMatch("name", err,
		"there is no technical user of this name at the level of the organization; "+advice)
}
