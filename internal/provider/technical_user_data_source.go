package provider

import (
	"context"
	"errors"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

var (
	_ datasource.DataSource                   = (*technicalUserDataSource)(nil)
	_ datasource.DataSourceWithConfigure      = (*technicalUserDataSource)(nil)
	_ datasource.DataSourceWithValidateConfig = (*technicalUserDataSource)(nil)
)

type technicalUserDataSource struct{ reader }

func newTechnicalUserDataSource() datasource.DataSource { return &technicalUserDataSource{} }

func (d *technicalUserDataSource) Metadata(_ context.Context, _ datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = "latchkey_technical_user"
}

func (d *technicalUserDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	attributes := shownTechnicalUserAttributes()
	attributes["id"] = key("Identifier of the technical user (`tu_…`). Set it, or `email`, or `name`.", idRule(tokens.KindTechnicalUser))
	attributes["email"] = key("Address that names the account in lists and logs. It stays as it was at creation, whatever is renamed. Set it, or `id`, or `name`.",
		stringRule("an e-mail address", tokens.ValidateEmail))
	attributes["name"] = key("Name, unique among the technical users of its level. Set it, or `id`, or `email`.", stringRule("1 to 63 lower-case letters, digits and hyphens", tokens.ValidateName))
	attributes["group_id"] = key("Identifier of the group at whose level the account lives; null at the level of the organization. Set it to look an account of a group up by `name`.",
		idRule(tokens.KindGroup))
	resp.Schema = schema.Schema{
		MarkdownDescription: "One technical user, by `id`, by `email`, or by `name` and, for an account of a group, `group_id`. Use it to give access tokens to an account that another configuration manages.\n\n" +
			"An account that does not exist is an error.",
		Attributes: attributes,
	}
}

// shownTechnicalUserAttributes are the schema of a technicalUserModel in data sources.
func shownTechnicalUserAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"id":             shownText("Identifier of the technical user (`tu_…`)."),
		"name":           shownText("Name, unique among the technical users of its level."),
		"description":    shownText("What the account is for; null where nothing is said."),
		"group_id":       shownText("Identifier of the group at whose level the account lives; null at the level of the organization."),
		"role":           shownText("Role at the account's level. At the level of the organization it counts in every group."),
		"group_roles":    shownGroupRoles("Roles in single groups, in addition to `role`; null where there are none."),
		"enabled":        shownBool("Whether the account's tokens work."),
		"email":          shownText("Address that names the account in lists and logs. It stays as it was at creation, whatever is renamed."),
		"system_created": shownBool("Whether the system made the account for a single access token, with which it is deleted."),
		"created_at":     shownTimestamp("when the account was made"),
		"updated_at":     shownTimestamp("when the account was last changed"),
	}
}

// showTechnicalUser returns what is shown of a technical user.
func showTechnicalUser(u tokens.TechnicalUser) (m technicalUserModel) {
	m.observe(u)
	return m
}

// ValidateConfig asks for one way to name the account.
func (d *technicalUserDataSource) ValidateConfig(ctx context.Context, req datasource.ValidateConfigRequest, resp *datasource.ValidateConfigResponse) {
	var config technicalUserModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	switch id, email, name := !config.ID.IsNull(), !config.Email.IsNull(), !config.Name.IsNull(); {
	case !id && !email && !name:
		resp.Diagnostics.Append(excluded("id", "nothing says which technical user: set id, email or name"))
	case id && (email || name):
		resp.Diagnostics.Append(excluded("id", "it names the technical user by itself: remove it, or email and name"))
	case email && name:
		resp.Diagnostics.Append(excluded("email", "it names the technical user by itself: remove it, or name"))
	case !name && !config.GroupID.IsNull():
		resp.Diagnostics.Append(excluded("group_id", "it goes with name alone, which is unique in a group: remove it"))
	}
}

func (d *technicalUserDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var config technicalUserModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	if resp.Diagnostics.HasError() {
		return
	}
	id := config.ID.ValueString()
	user, err := ask(&d.reader, func(b tokens.Backend) (tokens.TechnicalUser, error) {
		if id != "" {
			user, err := b.TechnicalUser(ctx, id)
			return user, notThere(err, tokens.KindTechnicalUser, id)
		}
		return config.find(ctx, b)
	})
	if err != nil {
		resp.Diagnostics.Append(failedRead(subject{tokens.KindTechnicalUser, config.Name.ValueString(), id}, err))
		return
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, showTechnicalUser(user))...)
}

// find returns the technical user that has the address or, at its level, the name.
func (m *technicalUserModel) find(ctx context.Context, b tokens.Backend) (tokens.TechnicalUser, error) {
	users, err := b.TechnicalUsers(ctx)
	if err != nil && !errors.Is(err, tokens.ErrNoDatabase) {
		return tokens.TechnicalUser{}, err
	}
	const advice = "check the spelling, and with act_as that the member may manage the account"
	if email := m.Email.ValueString(); email != "" {
		if i := slices.IndexFunc(users, func(u tokens.TechnicalUser) bool { return u.Email == email }); i >= 0 {
			return users[i], nil
		}
		return tokens.TechnicalUser{}, noMatch("email", err, "there is no technical user with the address %s; "+advice, email)
	}
	name, groupID := m.Name.ValueString(), m.GroupID.ValueString()
	if i := slices.IndexFunc(users, func(u tokens.TechnicalUser) bool { return u.Name == name && u.GroupID == groupID }); i >= 0 {
		return users[i], nil
	}
	if groupID != "" {
		return tokens.TechnicalUser{}, noMatch("name", err, "there is no technical user of this name in group %s; "+advice, groupID)
	}
	if i := slices.IndexFunc(users, func(u tokens.TechnicalUser) bool { return u.Name == name }); i >= 0 {
		return tokens.TechnicalUser{}, noMatch("name", err, "there is no technical user of this name at the level of the organization, but there is one in group %s: set group_id", users[i].GroupID)
	}
	return tokens.TechnicalUser{}, noMatch("name", err, "there is no technical user of this name at the level of the organization; "+advice)
}
