package cli

import (
	"context"
	"fmt"
	"slices"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// rolesOf returns the roles that decide what the access tokens may do. Custom ones are read only where a token refers to
// one; nil is the answer where one does and they can't be read.
func rolesOf(ctx context.Context, backend tokens.Backend, list ...tokens.AccessToken) (tokens.Roles, error) {
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

// hasCustomRole tells whether the token or its technical user refers to a role that is not built in.
func hasCustomRole(t tokens.AccessToken) bool {
	for _, grants := range []tokens.Grants{t.User.Grants, t.Own} {
		if grants.Role != "" && !tokens.IsBuiltInRole(grants.Role) ||
			slices.ContainsFunc(grants.GroupRoles, func(r tokens.GroupRole) bool { return !tokens.IsBuiltInRole(r.Role) }) {
			return true
		}
	}
	return false
}
