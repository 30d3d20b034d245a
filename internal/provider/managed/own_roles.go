package managed

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/diagnostics"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// WarnOfOwnRoles says of a plan that gives other roles to the account or the access token by which the run asks a server
// which of Latchkey's own permissions that token would lose. Whether the configuration still needs them, only people know.
// A plan says nothing where it doesn't know the attributes that hold the roles, and where a role is not in the database
// yet; nor where the server refuses to say.
func (c *Connection) WarnOfOwnRoles(
	ctx context.Context, s diagnostics.Subject, before, after tokens.Grants, diags *diag.Diagnostics, planned ...attr.Value,
) {
	if tokens.Difference(before, after) == nil || slices.ContainsFunc(planned, attr.Value.IsUnknown) {
		return
	}
	self, err := c.askWho(ctx, false)
	what := asWhat(self, s)
	if err != nil || what == "" {
		return
	}
	page, err := c.Backend.AccessTokens(ctx, tokens.TokenQuery{ID: self.AccessTokenID})
	if err != nil || len(page.AccessTokens) == 0 {
		return
	}
	token := page.AccessTokens[0]
	roles, err := c.rolesOf(ctx, slices.Concat(token.User.RoleNames(), token.Own.RoleNames(), after.RoleNames()))
	if err != nil || !know(roles, after) {
		return
	}
	now := token.Access(roles)
	if s.ID == token.User.ID || token.User.SystemCreated {
		token.User.Grants = after
	}
	if s.ID == token.ID {
		token.Own = after
	}
	lost := lossOf(now, token.Access(roles))
	if lost == "" {
		return
	}
	diags.AddWarning("Run loses permissions of its own", fmt.Sprintf(
		"%s is %s. With the roles of this plan, that token no longer holds %s. Without them, this run may break off, and a later "+
			"one may be refused when it reads what it manages.\n\nIf the configuration still needs one of them, leave the roles "+
			"as they are, or run it with another access token, in token of the provider's configuration or in %s.",
		s, what, lost, tokens.TokenVariable))
}

// rolesOf returns the roles that exist; the built-in ones alone if the names are all of such.
func (c *Connection) rolesOf(ctx context.Context, names []string) (tokens.Roles, error) {
	isCustom := func(name string) bool { return name != "" && !tokens.IsBuiltInRole(name) }
	if !slices.ContainsFunc(names, isCustom) {
		return tokens.NewRoles(nil), nil
	}
	roles, err := c.Backend.Roles(ctx)
	return tokens.NewRoles(roles), err
}

// know reports whether all roles of grants exist. That of a group is empty while it is unknown.
func know(roles tokens.Roles, g tokens.Grants) bool {
	exists := func(name string) bool {
		_, ok := roles[name]
		return ok
	}
	return (g.Role == "" || exists(g.Role)) &&
		!slices.ContainsFunc(g.GroupRoles, func(r tokens.GroupRole) bool { return !exists(r.Role) })
}

// lossOf lists those of Latchkey's own permissions that are held before and not after; empty for none.
func lossOf(before, after tokens.Access) string {
	lost := before.Organization.ReservedWithout(after.Organization)
	for _, groupID := range slices.Sorted(maps.Keys(before.Groups)) {
		for _, permission := range before.Groups[groupID].ReservedWithout(after.At(groupID)) {
			lost = append(lost, permission+" in group "+groupID)
		}
	}
	return strings.Join(lost, ", ")
}
