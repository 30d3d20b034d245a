package service

import (
	"context"
	"maps"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// Few objects have custom roles, so an operation does not read all custom roles at the start. The methods below read an
// object together with the roles that it has, and knowRolesOf reads those that a caller names.

// know adds custom roles to the roles that the operation knows.
func (o *operation) know(custom []tokens.Role) {
	if len(custom) == 0 || o.knowsRoles {
		return
	}
	roles := maps.Clone(o.roles)
	for _, r := range custom {
		roles[r.Name] = tokens.NewPermissions(r.Permissions...)
	}
	o.roles = roles
}

// knowRolesOf makes sure that the operation knows the roles that the grants name, as far as they exist.
func (o *operation) knowRolesOf(ctx context.Context, all ...tokens.Grants) error {
	for _, grants := range all {
		for _, name := range grants.RoleNames() {
			if _, known := o.roles[name]; !known && name != "" {
				return o.knowRoles(ctx)
			}
		}
	}
	return nil
}

// knowRoles makes sure that the operation knows all roles.
func (o *operation) knowRoles(ctx context.Context) error {
	if o.knowsRoles {
		return nil
	}
	custom, err := o.Roles(ctx)
	if err != nil {
		return err
	}
	o.roles, o.knowsRoles = rolesWith(custom), true
	return nil
}

// AccessToken returns an access token, with the uses that wait in memory. CodeNotFound.
func (o *operation) AccessToken(ctx context.Context, id string) (tokens.AccessToken, error) {
	t, custom, err := o.AccessTokenWithRoles(ctx, id)
	o.know(custom)
	o.backend.addUses(&t)
	return t, err
}

// tokensOf returns the access tokens of a technical user, in the order of their names.
func (o *operation) tokensOf(ctx context.Context, technicalUserID string) ([]tokens.AccessToken, error) {
	all, custom, err := o.AccessTokensOf(ctx, technicalUserID)
	o.know(custom)
	return all, err
}

// TechnicalUser returns a technical user. CodeNotFound.
func (o *operation) TechnicalUser(ctx context.Context, id string) (tokens.TechnicalUser, error) {
	u, custom, err := o.TechnicalUserWithRoles(ctx, id)
	o.know(custom)
	return u, err
}

// Member returns a member. CodeNotFound.
func (o *operation) Member(ctx context.Context, id string) (tokens.Member, error) {
	m, custom, err := o.MemberWithRoles(ctx, id)
	o.know(custom)
	return m, err
}
