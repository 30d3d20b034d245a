package cli

import (
	"context"
	"fmt"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// roleList lists the roles.
type roleList struct {
	Columns []string `help:"Show these columns, in this order: ${role_columns}." placeholder:"COLUMN" values:"role-columns"`
	listFlags
}

// roleListing is how roles are listed.
var roleListing = listing[tokens.Role]{fields: []field[tokens.Role]{
	{name: "name", title: "Name", rank: 1, value: func(r tokens.Role) value { return textValue(r.Name) }},
	{
		name: "permissions", title: "Permissions", rank: 1, fit: breakLines, least: 24,
		value: func(r tokens.Role) value { return permissionsValue(r.Permissions) },
	},
	{
		name: "description", title: "Description", rank: 2, fit: breakLines, least: 24,
		value: func(r tokens.Role) value { return writtenValue(r.Description) },
	},
	{name: "id", title: "ID", rank: 3, value: func(r tokens.Role) value { return textValue(r.ID) }},
	{
		name: "built_in", title: "Built-in", rank: wideOnly,
		value: func(r tokens.Role) value { return boolValue(r.BuiltIn) },
	},
	{
		name: "created_at", title: "Created", rank: wideOnly,
		value: func(r tokens.Role) value { return instantValue(r.CreatedAt) },
	},
	{
		name: "updated_at", title: "Updated", rank: wideOnly,
		value: func(r tokens.Role) value { return instantValue(r.UpdatedAt) },
	},
}}

// permissionsValue is a list of permissions. People don't see those that another one covers.
func permissionsValue(permissions []string) value {
	text := listValue(tokens.NewPermissions(permissions...)).text
	return listValue(permissions).as(text)
}

// Run lists all roles: the built-in ones by power, then the custom ones by name.
func (c *roleList) Run(ctx context.Context, app *app) error {
	columns, err := roleListing.selected(c.Columns)
	if err != nil {
		return err
	}
	return app.withBackend(func(backend tokens.Backend) error {
		list, err := backend.Roles(ctx)
		if err != nil {
			return fmt.Errorf("unable to list the roles: %w", err)
		}
		return printList(app, roleListing, columns, c.listFlags, list, "There are no roles.")
	})
}

// roleShow shows one role.
type roleShow struct {
	Role roleRef `arg:"" name:"role" help:"${role_help}"`
	JSON bool    `name:"json" help:"Answer in JSON, for programs."`
}

// Validate refuses what can name no role.
func (c *roleShow) Validate() error {
	return validateNameReference(tokens.KindRole, string(c.Role), "")
}

// Run shows everything that is known about the role, built-in or custom.
func (c *roleShow) Run(ctx context.Context, app *app) error {
	return app.withBackend(func(backend tokens.Backend) error {
		role, err := app.roleNamed(lookingFor(ctx, tokens.ActionRoleShow, ""), backend, c.Role)
		if err != nil {
			return fmt.Errorf("unable to show role %s: %w", c.Role, err)
		}
		return printObject(app, roleListing, c.JSON, role)
	})
}
