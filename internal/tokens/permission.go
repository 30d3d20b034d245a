package tokens

import (
	"regexp"
	"slices"
	"strings"
)

// The permissions that Latchkey itself checks. Their areas and PermissionAll are reserved. Everything else belongs to
// the user's APIs.
const (
	// PermissionAll covers every permission.
	PermissionAll = "*"
	// PermissionReadTokens: list and show access tokens.
	PermissionReadTokens = "tokens:read"
	// PermissionWriteTokens: create access tokens in a group and edit them.
	PermissionWriteTokens = "tokens:write"
	// PermissionManageTokens: everything else with access tokens, and everything at organization level.
	PermissionManageTokens = "tokens:manage"
	// PermissionIntrospectTokens: verify values.
	PermissionIntrospectTokens = "tokens:introspect"
	// PermissionManageAccounts: technical users and, at organization level, members, groups and roles.
	PermissionManageAccounts = "accounts:manage"
)

// reservedVerbs are the verbs of the reserved areas.
var reservedVerbs = map[string][]string{
	"accounts": {"manage"},
	"tokens":   {"read", "write", "manage", "introspect"},
}

// reservedPermissions are the permissions of the reserved areas, each by itself.
var reservedPermissions = func() Permissions {
	var all []string
	for area, verbs := range reservedVerbs {
		for _, verb := range verbs {
			all = append(all, area+":"+verb)
		}
	}
	return NewPermissions(all...)
}()

const (
	wildcard       = "*"
	maxPermissions = 256
)

var permissionPattern = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{0,62}:([a-z0-9][a-z0-9._-]{0,62}|\*)$`)

// Permissions is a set of permissions, each area:verb, area:* for every verb of an area, or * for everything. It is
// sorted, and contains none that another one covers.
type Permissions []string

// NewPermissions returns the set of some permissions.
func NewPermissions(permissions ...string) Permissions {
	set := slices.Compact(slices.Sorted(slices.Values(permissions)))
	if slices.Contains(set, PermissionAll) {
		return Permissions{PermissionAll}
	}
	covered := "" // the area of the last wildcard, which comes before the other permissions of its area
	return slices.DeleteFunc(set, func(p string) bool {
		if covered != "" && strings.HasPrefix(p, covered) {
			return true
		}
		if area, ok := strings.CutSuffix(p, wildcard); ok {
			covered = area
		}
		return false
	})
}

// Allows reports whether the set holds the permission, itself or by a wildcard. Only a wildcard covers a wildcard.
func (p Permissions) Allows(permission string) bool {
	area, _, _ := strings.Cut(permission, ":")
	return p.has(permission) || p.has(PermissionAll) || permission != PermissionAll && p.has(area+":"+wildcard)
}

// has reports whether the permission is in the set itself.
func (p Permissions) has(permission string) bool {
	_, ok := slices.BinarySearch(p, permission)
	return ok
}

// Contains reports whether the set allows everything that the other one does.
func (p Permissions) Contains(other Permissions) bool {
	return !slices.ContainsFunc(other, func(permission string) bool { return !p.Allows(permission) })
}

// And returns what is in either set.
func (p Permissions) And(other Permissions) Permissions {
	return NewPermissions(slices.Concat(p, other)...)
}

// Within returns what both sets allow.
func (p Permissions) Within(limit Permissions) Permissions {
	var both []string
	for _, permission := range p {
		if limit.Allows(permission) {
			both = append(both, permission)
		}
	}
	for _, permission := range limit {
		if p.Allows(permission) {
			both = append(both, permission)
		}
	}
	return NewPermissions(both...)
}

// Without returns the permissions that the other set does not allow.
func (p Permissions) Without(other Permissions) Permissions {
	return slices.DeleteFunc(slices.Clone(p), other.Allows)
}

// ReservedWithout returns those of Latchkey's own permissions that p allows and the other set does not, each by itself and
// PermissionAll in front.
func (p Permissions) ReservedWithout(other Permissions) []string {
	lost := p.Within(reservedPermissions).Without(other)
	if p.Allows(PermissionAll) && !other.Allows(PermissionAll) {
		return slices.Insert([]string(lost), 0, PermissionAll)
	}
	return lost
}

// IsReserved reports whether a permission is one of Latchkey's own.
func IsReserved(permission string) bool {
	area, _, _ := strings.Cut(permission, ":")
	return permission == PermissionAll || reservedVerbs[area] != nil
}

// ValidatePermissions checks the permissions of a role: their form, that the reserved ones exist, and each only once.
func ValidatePermissions(field string, permissions []string) error {
	if len(permissions) > maxPermissions {
		return Invalid(field, "there are %d permissions: a role has at most %d; name whole areas as in \"orders:*\"",
			len(permissions), maxPermissions)
	}
	for i, p := range permissions {
		if err := ValidatePermission(field, p); err != nil {
			return err
		}
		if slices.Contains(permissions[:i], p) {
			return Invalid(field, "%q is listed twice: keep one", p)
		}
	}
	return nil
}

// ValidatePermission checks the form of one permission and, if it is reserved, that it exists.
func ValidatePermission(field, p string) error {
	if p == PermissionAll {
		return nil
	}
	if !permissionPattern.MatchString(p) {
		return Invalid(field,
			"%q is not a permission: write area:verb in lower-case letters, digits, dots, hyphens and underscores, "+
				"as in \"orders:read\", \"orders:*\" for a whole area, or \"*\" for everything", p)
	}
	area, verb, _ := strings.Cut(p, ":")
	if verbs := reservedVerbs[area]; verbs != nil && verb != wildcard && !slices.Contains(verbs, verb) {
		return Invalid(field, "there is no permission %q; the area %q is Latchkey's own and has the verbs %s: "+
			"use one of them, or another area for your APIs", p, area, strings.Join(verbs, ", "))
	}
	return nil
}
