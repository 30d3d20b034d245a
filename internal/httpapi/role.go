package httpapi

import (
	"context"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// roleSettings are what people set on a custom role.
type roleSettings struct {
	Name        string   `json:"name" jsonschema:"Unique in the organization: lower-case letters, digits and hyphens."`
	Description string   `json:"description,omitempty" jsonschema:"What the role is for."`
	Permissions []string `json:"permissions" jsonschema:"area:verb, area:* for every verb of an area, or * for everything."`
}

func roleSettingsOf(s tokens.RoleSettings) roleSettings {
	return roleSettings{Name: s.Name, Description: s.Description, Permissions: s.Permissions}
}

func (s roleSettings) domain() tokens.RoleSettings {
	return tokens.RoleSettings{Name: s.Name, Description: s.Description, Permissions: s.Permissions}
}

// role is a name for a set of permissions.
type role struct {
	ID string `json:"id,omitempty" jsonschema:"Absent for a built-in role."`
	roleSettings
	BuiltIn   bool    `json:"built_in" jsonschema:"Whether it is one of the server's own, which nobody can change."`
	CreatedAt instant `json:"created_at"`
	UpdatedAt instant `json:"updated_at"`
}

func roleOf(r tokens.Role) role {
	return role{r.ID, roleSettingsOf(r.RoleSettings), r.BuiltIn, instant{r.CreatedAt}, instant{r.UpdatedAt}}
}

func (r role) domain() (tokens.Role, error) {
	return tokens.Role{
		ID: r.ID, RoleSettings: r.roleSettings.domain(), BuiltIn: r.BuiltIn, CreatedAt: r.CreatedAt.Time, UpdatedAt: r.UpdatedAt.Time,
	}, nil
}

// roleKey is the key of a role in the list of all: the built-in ones come first.
func roleKey(r tokens.Role) string {
	if r.BuiltIn {
		return "0" + r.Name
	}
	return "1" + r.Name
}

// roleHolders counts what holds a custom role, at organization level or in a group.
type roleHolders struct {
	Members        int `json:"members" jsonschema:"How many members hold it."`
	TechnicalUsers int `json:"technical_users" jsonschema:"How many technical users hold it."`
	AccessTokens   int `json:"access_tokens" jsonschema:"How many access tokens have it as their own."`
}

func roleHoldersOf(h tokens.RoleHolders) roleHolders {
	return roleHolders{h.Members, h.TechnicalUsers, h.AccessTokens}
}

func (h roleHolders) domain() (tokens.RoleHolders, error) {
	return tokens.RoleHolders{Members: h.Members, TechnicalUsers: h.TechnicalUsers, AccessTokens: h.AccessTokens}, nil
}

type (
	roleCreation struct {
		tokens.Request `key:""`
		Settings       roleSettings `body:""`
	}
	roleChange struct {
		ID     string                                   `path:"id"`
		Update patch[roleSettings, tokens.RoleSettings] `body:""`
	}
)

// The operations on roles.
var (
	createRole = operation[roleCreation, role]{
		"POST", "/v1/roles", "createRole", "Create a custom role", true,
	}
	showRole = operation[idInput, role]{
		"GET", "/v1/roles/{id}", "showRole", "Show a custom role", false,
	}
	listRoles = operation[pageInput, page[role]]{
		"GET", "/v1/roles", "listRoles", "List the built-in roles by power, then the custom ones by name", false,
	}
	countRoleHolders = operation[idInput, roleHolders]{
		"GET", "/v1/roles/{id}/holders", "countRoleHolders", "Count what holds a custom role", false,
	}
	updateRole = operation[roleChange, role]{
		"PATCH", "/v1/roles/{id}", "updateRole", "Change a custom role; whoever holds it keeps it", false,
	}
	deleteRole = operation[idInput, nothing]{
		"DELETE", "/v1/roles/{id}", "deleteRole", "Delete a custom role; whoever held it has the role none in its place", false,
	}
)

// roleEndpoints are what a server does for roles.
func roleEndpoints() []endpoint {
	return []endpoint{
		served(createRole, func(ctx context.Context, b tokens.Backend, in roleCreation) (role, error) {
			return answered(roleOf)(b.CreateRole(ctx, tokens.NewRole{Request: in.Request, RoleSettings: in.Settings.domain()}))
		}),
		served(showRole, func(ctx context.Context, b tokens.Backend, in idInput) (role, error) {
			return answered(roleOf)(b.Role(ctx, in.ID))
		}),
		served(listRoles, func(ctx context.Context, b tokens.Backend, in pageInput) (page[role], error) {
			return pageOf(in, roleOf, roleKey)(b.Roles(ctx))
		}),
		served(countRoleHolders, func(ctx context.Context, b tokens.Backend, in idInput) (roleHolders, error) {
			return answered(roleHoldersOf)(b.RoleHolders(ctx, in.ID))
		}),
		served(updateRole, func(ctx context.Context, b tokens.Backend, in roleChange) (role, error) {
			return answered(roleOf)(b.UpdateRole(ctx, in.ID, in.Update.domain()))
		}),
		served(deleteRole, func(ctx context.Context, b tokens.Backend, in idInput) (nothing, error) {
			return nothing{}, b.DeleteRole(ctx, in.ID)
		}),
	}
}

// CreateRole implements tokens.Backend.
func (c *Client) CreateRole(ctx context.Context, n tokens.NewRole) (tokens.Role, error) {
	return received(role.domain)(ask(ctx, c, createRole, roleCreation{n.Request, roleSettingsOf(n.RoleSettings)}))
}

// Role implements tokens.Backend.
func (c *Client) Role(ctx context.Context, id string) (tokens.Role, error) {
	return received(role.domain)(ask(ctx, c, showRole, idInput{id}))
}

// Roles implements tokens.Backend.
func (c *Client) Roles(ctx context.Context) ([]tokens.Role, error) {
	return askForAll(ctx, c, listRoles, unfiltered, role.domain)
}

// RoleHolders implements tokens.Backend.
func (c *Client) RoleHolders(ctx context.Context, id string) (tokens.RoleHolders, error) {
	return received(roleHolders.domain)(ask(ctx, c, countRoleHolders, idInput{id}))
}

// UpdateRole implements tokens.Backend.
func (c *Client) UpdateRole(ctx context.Context, id string, u tokens.RoleUpdate) (tokens.Role, error) {
	return received(role.domain)(ask(ctx, c, updateRole, roleChange{id, patchOf(u, roleSettingsOf)}))
}

// DeleteRole implements tokens.Backend.
func (c *Client) DeleteRole(ctx context.Context, id string) error {
	return end(ctx, c, deleteRole, idInput{id})
}
