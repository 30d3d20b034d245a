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

// groupNamesOf returns the names of the groups in which the accounts have roles, as far as the caller may know them.
// Asking leaves no refusal.
func groupNamesOf(ctx context.Context, backend tokens.NameService, all ...tokens.Grants) (groupNames, error) {
	var ids []string
	for _, grants := range all {
		for _, role := range grants.GroupRoles {
			ids = append(ids, role.GroupID)
		}
	}
	return namesOf(ctx, backend, ids)
}

// namesOf returns the names of objects, as far as the caller may know them; none if they can't be read.
func namesOf(ctx context.Context, backend tokens.NameService, ids []string) (map[string]string, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	slices.Sort(ids)
	names, err := backend.Names(ctx, slices.Compact(ids))
	if err != nil && !canGoWithout(err) {
		return nil, fmt.Errorf("unable to look up names: %w", err)
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

// name returns the address of a member with the identifier.
func (m memberAddresses) name(id string) string { return nameWithID(m[id], id) }

func nameWithID(name, id string) string {
	if name == "" {
		return id
	}
	return fmt.Sprintf("%s (%s)", name, id)
}

// withRoles returns an access token that a command has an answer about with the names of its groups and the roles that
// it refers to. They are unknown if the caller may not show the token.
func withRoles(ctx context.Context, backend tokens.AccessTokenService, t tokens.AccessToken) (listedToken, error) {
	page, err := backend.AccessTokens(ctx, tokens.TokenQuery{ID: t.ID})
	if err != nil && !canGoWithout(err) {
		return listedToken{}, fmt.Errorf("unable to read the roles of the access token: %w", err)
	}
	listed := listedToken{t, page.GroupNames, page.Roles}
	switch shown := len(page.AccessTokens) > 0; {
	case t.HasCustomRole() && !shown:
		listed.roles = nil
	case !t.HasCustomRole():
		listed.roles = tokens.NewRoles(nil)
	}
	return listed, nil
}
