package tokens

import (
	"slices"
	"strings"
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
}{
	{RoleNone, nil},
	{RoleViewer, []string{"tokens:read", "api:read"}},
	{RoleMember, []string{"api:write"}},
	{RoleManager, []string{"tokens:write", "api:manage"}},
	{RoleAdministrator, []string{"tokens:manage", "tokens:introspect", "accounts:manage", "api:administer"}},
	{RoleOwner, []string{"*"}},
}

// RoleNames returns the names of the roles, from the least to the most powerful.
func RoleNames() []string {
	names := make([]string, len(builtInRoles))
	for i, role := range builtInRoles {
		names[i] = role.name
	}
	return names
}

// RolePermissions returns the permissions of a role, sorted. A role that does not exist grants nothing.
func RolePermissions(role string) []string {
	var permissions []string
	for _, r := range builtInRoles[:roleRank(role)+1] {
		permissions = append(permissions, r.permissions...)
	}
	slices.Sort(permissions)
	return permissions
}

// roleRank returns the place of a role in the order of power. A role that does not exist ranks with RoleNone.
func roleRank(role string) int {
	return max(0, slices.Index(RoleNames(), role))
}

// ValidateRole checks that a role exists.
func ValidateRole(field, role string) error {
	if slices.Contains(RoleNames(), role) {
		return nil
	}
	return Invalid(field, "there is no role %q; the roles are %s", role, strings.Join(RoleNames(), ", "))
}

// GroupRole is a role in one group.
type GroupRole struct {
	GroupID string `json:"group_id"`
	Role    string `json:"role"`
}

// ValidateGroupRoles checks the form of roles in groups: known roles, identifiers of groups, each group once. Whether
// the groups exist only the backend knows.
func ValidateGroupRoles(field string, roles []GroupRole) error {
	seen := map[string]bool{}
	for _, r := range roles {
		if err := ValidateID(field, KindGroup, r.GroupID); err != nil {
			return err
		}
		if err := ValidateRole(field, r.Role); err != nil {
			return err
		}
		if seen[r.GroupID] {
			return Invalid(field, "group %s has more than one role: keep one", r.GroupID)
		}
		seen[r.GroupID] = true
	}
	return nil
}

// Grants are the roles that an account or a token holds: one at organization level, which counts in every group, and
// one per group, which counts there alone.
type Grants struct {
	// Role is the role at organization level; empty is RoleNone.
	Role string `json:"role,omitempty"`
	// GroupRoles are the roles in groups.
	GroupRoles []GroupRole `json:"group_roles,omitempty"`
}

// InGroup returns the more powerful of the role held in the group and the one held at organization level.
func (g Grants) InGroup(groupID string) string {
	role := roleRank(g.Role)
	for _, r := range g.GroupRoles {
		if r.GroupID == groupID {
			role = max(role, roleRank(r.Role))
		}
	}
	return builtInRoles[role].name
}

// Narrow returns what remains of g within the limits: at organization level and in each group the less powerful of the
// two roles. Roles in groups that add nothing to the one at organization level are left out.
func (g Grants) Narrow(limit Grants) Grants {
	result := Grants{Role: builtInRoles[min(roleRank(g.Role), roleRank(limit.Role))].name}
	for _, r := range slices.Concat(g.GroupRoles, limit.GroupRoles) {
		rank := min(roleRank(g.InGroup(r.GroupID)), roleRank(limit.InGroup(r.GroupID)))
		named := slices.ContainsFunc(result.GroupRoles, func(seen GroupRole) bool { return seen.GroupID == r.GroupID })
		if rank > roleRank(result.Role) && !named {
			result.GroupRoles = append(result.GroupRoles, GroupRole{r.GroupID, builtInRoles[rank].name})
		}
	}
	SortGroupRoles(result.GroupRoles)
	return result
}

// SortGroupRoles orders roles by their group, so that equal sets are equal slices.
func SortGroupRoles(roles []GroupRole) {
	slices.SortFunc(roles, func(a, b GroupRole) int { return strings.Compare(a.GroupID, b.GroupID) })
}
