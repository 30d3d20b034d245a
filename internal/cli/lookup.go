package cli

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// groupNames maps the identifiers of groups to their names. A group without a known name is shown by its identifier.
type groupNames map[string]string

// canGoWithout reports whether a command can do without a look-up that failed and would only have made its answer
// easier to read: the caller may not look there, or the schema is that of a newer program, of which only what verifies
// values can be read.
func canGoWithout(err error) bool {
	code := tokens.ErrorCode(err)
	return code == tokens.CodeForbidden || code == tokens.CodeUnavailable
}

// readGroupNames returns the names of all groups, or none if they can't be read.
func readGroupNames(ctx context.Context, backend tokens.GroupService) (groupNames, error) {
	groups, err := backend.Groups(ctx)
	if err != nil && !canGoWithout(err) {
		return nil, fmt.Errorf("unable to list the groups: %w", err)
	}
	names := groupNames{}
	for _, group := range groups {
		names[group.ID] = group.Name
	}
	return names, nil
}

// name returns the name of a group with its identifier.
func (g groupNames) name(id string) string { return nameWithID(g[id], id) }

// describe formats roles for people: the one at organization level, then those in groups as role@group.
func (g groupNames) describe(grants tokens.Grants) string {
	var parts []string
	if grants.Role != tokens.RoleNone || len(grants.GroupRoles) == 0 {
		parts = append(parts, cmp.Or(grants.Role, tokens.RoleNone))
	}
	for _, r := range grants.GroupRoles {
		parts = append(parts, r.Role+"@"+cmp.Or(g[r.GroupID], r.GroupID))
	}
	return strings.Join(parts, ", ")
}

// memberAddresses maps the identifiers of members to their e-mail addresses. A member without a known address is shown
// by the identifier.
type memberAddresses map[string]string

// readMemberAddresses returns the addresses of all members, or none if the caller may not list them.
func readMemberAddresses(ctx context.Context, backend tokens.MemberService) (memberAddresses, error) {
	members, err := backend.Members(ctx)
	if err != nil && tokens.ErrorCode(err) != tokens.CodeForbidden {
		return nil, fmt.Errorf("unable to list the members: %w", err)
	}
	addresses := memberAddresses{}
	for _, member := range members {
		addresses[member.ID] = member.Email
	}
	return addresses, nil
}

// name returns the address of a member with the identifier.
func (m memberAddresses) name(id string) string { return nameWithID(m[id], id) }

func nameWithID(name, id string) string {
	if name == "" {
		return id
	}
	return fmt.Sprintf("%s (%s)", name, id)
}

// rolesOf returns the roles that decide what the access tokens may do. It reads custom roles only if a token refers to
// one, and returns nil if they can't be read.
func rolesOf(ctx context.Context, backend tokens.RoleService, list ...tokens.AccessToken) (tokens.Roles, error) {
	if !slices.ContainsFunc(list, hasCustomRole) {
		return tokens.NewRoles(nil), nil
	}
	roles, err := backend.Roles(ctx)
	switch {
	case err != nil && canGoWithout(err):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("unable to list the roles: %w", err)
	}
	return tokens.NewRoles(roles), nil
}

// hasCustomRole reports whether the token or its technical user refers to a role that is not built in.
func hasCustomRole(t tokens.AccessToken) bool {
	for _, grants := range []tokens.Grants{t.User.Grants, t.Own} {
		if grants.Role != "" && !tokens.IsBuiltInRole(grants.Role) ||
			slices.ContainsFunc(grants.GroupRoles, func(r tokens.GroupRole) bool { return !tokens.IsBuiltInRole(r.Role) }) {
			return true
		}
	}
	return false
}
