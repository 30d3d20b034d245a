package tokens

import (
	"cmp"
	"slices"
	"strings"
)

// GroupRole is a role in one group.
type GroupRole struct {
	GroupID string
	Role    string
}

// ValidateGroupRoles checks the form of roles in groups: names of roles, identifiers of groups, each group once. Only
// the backend knows whether the roles and groups exist.
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

// SortGroupRoles orders roles by their group, so that equal sets are equal slices.
func SortGroupRoles(roles []GroupRole) {
	slices.SortFunc(roles, func(a, b GroupRole) int { return strings.Compare(a.GroupID, b.GroupID) })
}

// sameGroupRoles compares sets of roles regardless of their order. An empty set differs from a nil one.
func sameGroupRoles(a, b []GroupRole) bool {
	return (a == nil) == (b == nil) && slices.Equal(sortedGroupRoles(a), sortedGroupRoles(b))
}

// sortedGroupRoles returns a set of roles in the order of SortGroupRoles, and leaves the caller's slice alone.
func sortedGroupRoles(roles []GroupRole) []GroupRole {
	roles = slices.Clone(roles)
	SortGroupRoles(roles)
	return roles
}

// Grants holds the roles of an account or a token: one at organization level, which applies in every group, and one per
// group, which applies only there.
type Grants struct {
	// Role is the role at organization level; empty means RoleNone.
	Role string `setting:"role"`
	// GroupRoles are the roles in groups.
	GroupRoles []GroupRole `setting:"group_roles"`
}

// RoleNames returns the names of all roles, that at organization level first; empty for none there.
func (g Grants) RoleNames() []string {
	names := []string{g.Role}
	for _, r := range g.GroupRoles {
		names = append(names, r.Role)
	}
	return names
}

// Within returns the roles of g that remain within the limit: at organization level and in each group, the role whose
// permissions the other one contains. If each of two roles allows something that the other does not, neither remains,
// because no role names what both allow; only Access has it. Group roles that add nothing to the role at organization
// level are left out.
func (g Grants) Within(limit Grants, roles Roles) Grants {
	result := Grants{Role: cmp.Or(lesserRole([]string{g.Role}, []string{limit.Role}, roles), RoleNone)}
	for _, r := range slices.Concat(g.GroupRoles, limit.GroupRoles) {
		if slices.ContainsFunc(result.GroupRoles, func(seen GroupRole) bool { return seen.GroupID == r.GroupID }) {
			continue
		}
		role := lesserRole(g.inGroup(r.GroupID), limit.inGroup(r.GroupID), roles)
		if !roles[result.Role].Contains(roles[role]) {
			result.GroupRoles = append(result.GroupRoles, GroupRole{r.GroupID, role})
		}
	}
	SortGroupRoles(result.GroupRoles)
	return result
}

// inGroup returns the roles that apply in a group.
func (g Grants) inGroup(groupID string) []string {
	held := []string{g.Role}
	for _, r := range g.GroupRoles {
		if r.GroupID == groupID {
			held = append(held, r.Role)
		}
	}
	return held
}

// lesserRole returns the most powerful role of either side that both sides allow; empty if there is none.
func lesserRole(a, b []string, roles Roles) string {
	allowedByA, allowedByB := roles.union(a), roles.union(b)
	best := ""
	for _, role := range slices.Concat(b, a) {
		p := roles[role]
		if !roles[best].Contains(p) && allowedByA.Contains(p) && allowedByB.Contains(p) {
			best = role
		}
	}
	return best
}

// union returns the combined permissions of several roles.
func (r Roles) union(names []string) Permissions {
	if len(names) == 1 {
		return r[names[0]]
	}
	var all Permissions
	for _, name := range names {
		all = all.And(r[name])
	}
	return all
}
