package tokens

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"
)

// The built-in roles, from the least to the most powerful. Each includes the permissions of those before it.
const (
	RoleNone          = "none"
	RoleViewer        = "viewer"
	RoleMember        = "member"
	RoleManager       = "manager"
	RoleAdministrator = "administrator"
	RoleOwner         = "owner"
)

// DefaultRole is the role of a technical user or member for which none is named.
const DefaultRole = RoleMember

// builtInRoles holds the built-in roles in order, each with the permissions that it adds.
var builtInRoles = []struct {
	name        string
	permissions []string
	description string
}{
	{RoleNone, nil, "Nothing"},
	{RoleViewer, []string{PermissionReadTokens, "api:read"}, "See access tokens; read through your APIs"},
	{RoleMember, []string{"api:write"}, "What a viewer may; write through your APIs"},
	{RoleManager, []string{PermissionWriteTokens, "api:manage"}, "What a member may; create and edit the access tokens of a group"},
	{RoleAdministrator, []string{PermissionManageTokens, PermissionIntrospectTokens, PermissionManageAccounts, "api:administer"},
		"What a manager may; regenerate, stop, share and delete access tokens; technical users; at organization level also members, groups and roles"},
	{RoleOwner, []string{PermissionAll}, "Everything"},
}

// Role is a name for a set of permissions.
type Role struct {
	// ID is empty for a built-in role.
	ID          string `json:"id,omitempty"`
	Name        string `json:"name"`
	Description string `json:"description,omitempty"`
	// Permissions are as they were given, sorted.
	Permissions []string `json:"permissions"`
	// BuiltIn tells that the role is one of Latchkey's own, which can't be changed.
	BuiltIn   bool      `json:"built_in"`
	CreatedAt time.Time `json:"created_at,omitzero"`
	UpdatedAt time.Time `json:"updated_at,omitzero"`
}

// BuiltInRoles returns the built-in roles, from the least to the most powerful.
func BuiltInRoles() []Role {
	var permissions []string
	roles := make([]Role, len(builtInRoles))
	for i, role := range builtInRoles {
		permissions = append(permissions, role.permissions...)
		roles[i] = Role{Name: role.name, Description: role.description, Permissions: slices.Sorted(slices.Values(permissions)), BuiltIn: true}
	}
	return roles
}

// BuiltInRoleNames returns the names of the built-in roles, from the least to the most powerful.
func BuiltInRoleNames() []string {
	names := make([]string, len(builtInRoles))
	for i, role := range builtInRoles {
		names[i] = role.name
	}
	return names
}

// IsBuiltInRole tells whether a role is one of Latchkey's own.
func IsBuiltInRole(name string) bool { return slices.Contains(BuiltInRoleNames(), name) }

// NewRole is what a custom role is made from.
type NewRole struct {
	Name        string
	Description string
	Permissions []string
}

// Validate checks each field by itself, and that the name is not that of a built-in role.
func (n NewRole) Validate() error {
	return firstError(
		ValidateRoleName("name", n.Name),
		ValidateDescription("description", n.Description),
		ValidatePermissions("permissions", n.Permissions),
	)
}

// ValidateRoleName checks the name of a custom role.
func ValidateRoleName(field, name string) error {
	if IsBuiltInRole(name) {
		return Invalid(field, "%q is a built-in role, which can't be changed: choose another name", name)
	}
	return ValidateName(field, name)
}

// RoleUpdate holds the fields of a custom role to change.
type RoleUpdate struct {
	Name        Change[string]
	Description Change[string]
	Permissions Change[[]string]
}

// Apply returns the role with the changes made, or the error that forbids them.
func (u RoleUpdate) Apply(r Role) (Role, error) {
	u.Name.apply(&r.Name)
	u.Description.apply(&r.Description)
	u.Permissions.apply(&r.Permissions)
	return r, NewRole{r.Name, r.Description, r.Permissions}.Validate()
}

// Roles holds the permissions of the roles that exist, by name.
type Roles map[string]Permissions

// builtInPermissions are the permissions of the built-in roles.
var builtInPermissions = func() Roles {
	roles := Roles{}
	for _, role := range BuiltInRoles() {
		roles[role.Name] = NewPermissions(role.Permissions...)
	}
	return roles
}()

// NewRoles returns the built-in roles and the custom ones.
func NewRoles(custom []Role) Roles {
	roles := Roles{}
	for _, role := range custom {
		roles[role.Name] = NewPermissions(role.Permissions...)
	}
	maps.Copy(roles, builtInPermissions)
	return roles
}

// Access resolves grants. A role that does not exist grants nothing.
func (r Roles) Access(g Grants) Access {
	access := Access{Organization: r[g.Role]}
	for _, role := range g.GroupRoles {
		access.add(role.GroupID, r[role.Role])
	}
	return access
}

// compareRoles orders roles by name: the built-in ones by power, before all others.
func compareRoles(a, b string) int {
	rank := func(name string) int {
		if i := slices.Index(BuiltInRoleNames(), cmp.Or(name, RoleNone)); i >= 0 {
			return i
		}
		return len(builtInRoles)
	}
	return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(a, b))
}

// ValidateRole checks the form of the name of a role. Whether the role exists only the backend knows.
func ValidateRole(field, role string) error {
	if namePattern.MatchString(role) {
		return nil
	}
	return Invalid(field, "%q is not the name of a role: use one of %s, or the name of a custom role", role, strings.Join(BuiltInRoleNames(), ", "))
}
