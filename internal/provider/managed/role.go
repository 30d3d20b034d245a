package managed

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/agext/levenshtein"
	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/diagnostics"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// meantRole returns the built-in role that the name of another one is close to, such as administrator for admin; empty
// for none.
func meantRole(name string) string {
	const fewest, most = 3, 2 // letters that the beginning of a name has, and that may differ
	if name == "" || tokens.IsBuiltInRole(name) {
		return ""
	}
	name = strings.ToLower(name)
	for _, role := range tokens.BuiltInRoleNames() {
		begins := len(name) >= fewest && (strings.HasPrefix(role, name) || strings.HasPrefix(name, role))
		if begins || len(role) > 2*most && levenshtein.Distance(role, name, nil) <= most {
			return role
		}
	}
	return ""
}

// MayBeMisspelled reports whether there may be something to warn of about roles.
func MayBeMisspelled(g tokens.Grants) bool {
	return slices.ContainsFunc(namesOfRoles(g), func(name string) bool { return meantRole(name) != "" })
}

// WarnOfRoles says of roles that a plan gives an object, and that it had not before, whether one is close to a built-in
// role and not in the database. A plan that can't look there says nothing: what a role is called is for the apply to
// judge. Nor does it without a database, which the configuration is about to make with all its roles.
func (c *Connection) WarnOfRoles(
	ctx context.Context, s diagnostics.Subject, before, after tokens.Grants, diags *diag.Diagnostics,
) {
	var known []tokens.Role
	for _, name := range namesOfRoles(after) {
		meant := meantRole(name)
		if meant == "" || slices.Contains(namesOfRoles(before), name) {
			continue
		}
		if known == nil {
			backend, err := c.Open()
			if err == nil {
				known, err = backend.Roles(ctx)
			}
			if err != nil {
				return
			}
		}
		if slices.ContainsFunc(known, func(r tokens.Role) bool { return r.Name == name }) {
			continue
		}
		diags.AddWarning("Role may be misspelled", fmt.Sprintf(
			"%s gets the role %q, which is not in the database; the built-in role that is spelled like it is %q.\n\nUnless a "+
				"latchkey_role resource of this configuration makes the role %q, the apply will refuse it.", s, name, meant, name))
	}
}

// namesOfRoles returns the names of the roles in grants.
func namesOfRoles(g tokens.Grants) []string {
	names := []string{g.Role}
	for _, r := range g.GroupRoles {
		if !slices.Contains(names, r.Role) {
			names = append(names, r.Role)
		}
	}
	return names
}
