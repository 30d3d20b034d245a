package tokens

import (
	"maps"
	"slices"
)

// Access is what an account or a token may do: its roles, resolved to permissions.
type Access struct {
	// Organization holds the permissions at organization level, which apply in every group.
	Organization Permissions
	// Groups holds further permissions in single groups, by group ID.
	Groups map[string]Permissions
}

// At returns the permissions at a level: in a group or, for the empty ID, at organization level.
func (a Access) At(groupID string) Permissions {
	if groupID == "" || len(a.Groups[groupID]) == 0 {
		return a.Organization
	}
	return a.Organization.And(a.Groups[groupID])
}

// Anywhere reports whether the permission is held at any level.
func (a Access) Anywhere(permission string) bool {
	if a.Organization.Allows(permission) {
		return true
	}
	for _, held := range a.Groups {
		if held.Allows(permission) {
			return true
		}
	}
	return false
}

// Within returns what both allow, level by level.
func (a Access) Within(limit Access) Access {
	result := Access{Organization: a.Organization.Within(limit.Organization)}
	for _, groupID := range groupsOf(a, limit) {
		result.add(groupID, a.At(groupID).Within(limit.At(groupID)))
	}
	return result
}

// Without returns what a allows and other does not, level by level.
func (a Access) Without(other Access) Access {
	result := Access{Organization: a.Organization.Without(other.Organization)}
	for groupID, held := range a.Groups {
		result.add(groupID, held.Without(other.At(groupID)))
	}
	return result
}

// isEmpty reports whether nothing is allowed at any level.
func (a Access) isEmpty() bool { return len(a.Organization) == 0 && len(a.Groups) == 0 }

// add adds further permissions in a group, if there are any.
func (a *Access) add(groupID string, permissions Permissions) {
	more := permissions.Without(a.Organization)
	if len(more) == 0 {
		return
	}
	if a.Groups == nil {
		a.Groups = map[string]Permissions{}
	}
	a.Groups[groupID] = NewPermissions(slices.Concat(a.Groups[groupID], more)...)
}

// groupsOf returns the groups in which either holds permissions, sorted.
func groupsOf(a, b Access) []string {
	groups := slices.AppendSeq(slices.Collect(maps.Keys(a.Groups)), maps.Keys(b.Groups))
	slices.Sort(groups)
	return slices.Compact(groups)
}
