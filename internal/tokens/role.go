package tokens

import (
	"cmp"
	"fmt"
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

// DefaultRole is the role of a technical user or member if none is named.
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
	{RoleManager, []string{PermissionWriteTokens, "api:manage"},
		"What a member may; create and edit the access tokens of a group"},
	{RoleAdministrator, []string{PermissionManageTokens, PermissionIntrospectTokens, PermissionManageAccounts,
		"api:administer"},
		"What a manager may; regenerate, stop, share and delete access tokens; technical users; at organization level also " +
			"members, groups and roles"},
	{RoleOwner, []string{PermissionAll}, "Everything"},
}

// RoleSettings are what people set on a custom role.
type RoleSettings struct {
	Name        string `setting:"name"`
	Description string `setting:"description"`
	// Permissions are the given permissions, sorted.
	Permissions []string `setting:"permissions"`
}

// Validate checks each field on its own, and that the name is not that of a built-in role.
func (s RoleSettings) Validate() error {
	return firstError(
		ValidateRoleName("name", s.Name),
		ValidateDescription("description", s.Description),
		ValidatePermissions("permissions", s.Permissions),
	)
}

// Role is a name for a set of permissions.
type Role struct {
	// ID is empty for a built-in role.
	ID string
	RoleSettings
	// BuiltIn means that the role is one of Latchkey's own, which can't be changed.
	BuiltIn   bool
	CreatedAt time.Time
	UpdatedAt time.Time
}

// BuiltInRoles returns the built-in roles, from the least to the most powerful.
func BuiltInRoles() []Role {
	var permissions []string
	roles := make([]Role, len(builtInRoles))
	for i, role := range builtInRoles {
		permissions = append(permissions, role.permissions...)
		roles[i] = Role{BuiltIn: true, RoleSettings: RoleSettings{
			Name: role.name, Description: role.description, Permissions: slices.Sorted(slices.Values(permissions)),
		}}
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

// IsBuiltInRole reports whether a role is one of Latchkey's own.
func IsBuiltInRole(name string) bool {
	_, ok := builtInPermissions[name]
	return ok
}

// NewRole is the input for creating a custom role.
type NewRole struct {
	Request
	RoleSettings
}

// Validate checks each field on its own.
func (n NewRole) Validate() error { return firstError(n.Request.Validate(), n.RoleSettings.Validate()) }

// ValidateRoleName checks the name of a custom role.
func ValidateRoleName(field, name string) error {
	if IsBuiltInRole(name) {
		return Invalid(field, "%q is a built-in role, which can't be changed: choose another name", name)
	}
	return ValidateName(field, name)
}

// RoleHolders counts what holds a custom role, at organization level or in a group.
type RoleHolders struct{ Members, TechnicalUsers, AccessTokens int }

// CountRoleHolders counts the objects with the identifiers.
func CountRoleHolders(ids []string) (holders RoleHolders) {
	for _, id := range ids {
		switch {
		case IsID(KindMember, id):
			holders.Members++
		case IsID(KindTechnicalUser, id):
			holders.TechnicalUsers++
		default:
			holders.AccessTokens++
		}
	}
	return holders
}

// String lists the holders by kind; empty for none.
func (h RoleHolders) String() string {
	var texts []string
	for _, kind := range []struct {
		kind  Kind
		count int
	}{{KindMember, h.Members}, {KindTechnicalUser, h.TechnicalUsers}, {KindAccessToken, h.AccessTokens}} {
		switch kind.count {
		case 0:
		case 1:
			texts = append(texts, "1 "+kind.kind.Noun())
		default:
			texts = append(texts, fmt.Sprintf("%d %ss", kind.count, kind.kind.Noun()))
		}
	}
	if last := len(texts) - 1; last > 0 {
		texts = []string{strings.Join(texts[:last], ", ") + " and " + texts[last]}
	}
	return strings.Join(texts, "")
}

// RoleUpdate holds the settings of a custom role to change.
type RoleUpdate = Update[RoleSettings]

// Updated returns the role with the changes made, or the error that forbids them.
func (r Role) Updated(u RoleUpdate) (Role, error) {
	settings, err := u.Apply(r.RoleSettings)
	if err == nil {
		before := r.RoleSettings
		r.RoleSettings, err = settings, judged(before, settings).Validate()
	}
	return r, err
}

// Roles holds the permissions of the existing roles, by name.
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

// ValidateRole checks the form of the name of a role. Only the backend knows whether the role exists.
func ValidateRole(field, role string) error {
	if namePattern.MatchString(role) {
		return nil
	}
	return Invalid(field, "%q is not the name of a role: use one of %s, or the name of a custom role", role,
		strings.Join(BuiltInRoleNames(), ", "))
}

// validateOptionalRole is ValidateRole, but also accepts no role.
func validateOptionalRole(field, role string) error {
	if role == "" {
		return nil
	}
	return ValidateRole(field, role)
}
