package tokens_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// access builds an Access from words: at organization level, in group A and in group B.
func access(organization, inA, inB string) tokens.Access {
	a := tokens.Access{Organization: set(organization)}
	for groupID, words := range map[string]string{groupA: inA, groupB: inB} {
		if words != "" {
			if a.Groups == nil {
				a.Groups = map[string]tokens.Permissions{}
			}
			a.Groups[groupID] = set(words)
		}
	}
	return a
}

func TestAccess(t *testing.T) {
	a := access("orders:read", "stock:read", "orders:*")
	for groupID, want := range map[string]tokens.Permissions{"": set("orders:read"), groupA: set("orders:read stock:read"),
		groupB: set("orders:*"), "grp_else": set("orders:read")} {
		if diff := cmp.Diff(want, a.At(groupID)); diff != "" {
			t.Errorf("at level %q (-want +got):\n%s", groupID, diff)
		}
	}
	for permission, want := range map[string]bool{"orders:read": true, "stock:read": true, "orders:write": true,
		"stock:write": false, "*": false} {
		if a.Anywhere(permission) != want {
			t.Errorf("holding %s anywhere is %t, want %t", permission, !want, want)
		}
	}
}

func TestAccessWithinAndWithout(t *testing.T) {
	for _, test := range []struct {
		name                  string
		a, b, within, without tokens.Access
	}{
		{"nothing", tokens.Access{}, access("*", "", ""), tokens.Access{}, tokens.Access{}},
		{"of the organization, within a group", access("*", "", ""), access("", "a:x", ""), access("", "a:x", ""),
			access("*", "", "")},
		{"of a group, within the organization", access("", "a:*", ""), access("a:x", "", ""), access("", "a:x", ""),
			access("", "a:*", "")},
		{"of a group, within another", access("", "a:*", ""), access("", "", "a:*"), tokens.Access{}, access("", "a:*", "")},
		{"of a group, held in the organization", access("", "a:x", ""), access("a:*", "", ""), access("", "a:x", ""),
			tokens.Access{}},
		{"both levels", access("a:x", "a:y", "b:*"), access("a:*", "b:x", "b:x"), access("a:x", "a:y", "b:x"),
			access("", "", "b:*")},
	} {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.within, test.a.Within(test.b), cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("within (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(test.without, test.a.Without(test.b), cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("without (-want +got):\n%s", diff)
			}
		})
	}
}

// At any level, narrowing never widens, and loses nothing that both allow.
func TestAccessWithinIsWhatBothAllow(t *testing.T) {
	some := func(t *rapid.T, name string) tokens.Access {
		return tokens.Access{Organization: somePermissions(t, name), Groups: map[string]tokens.Permissions{
			groupA: somePermissions(t, name+" in group A"), groupB: somePermissions(t, name+" in group B")}}
	}
	rapid.Check(t, func(t *rapid.T) {
		a, limit := some(t, "held"), some(t, "limit")
		got := a.Within(limit)
		for _, level := range []string{"", groupA, groupB, "grp_else"} {
			for _, p := range singlePermissions {
				if want := a.At(level).Allows(p) && limit.At(level).Allows(p); got.At(level).Allows(p) != want {
					t.Fatalf("at level %q allowing %s is %t, want %t", level, p, !want, want)
				}
			}
		}
	})
}

// someRoles are the built-in roles and some custom ones that can't be compared with each other.
func someRoles() (tokens.Roles, []string) {
	custom := []tokens.Role{
		{RoleSettings: tokens.RoleSettings{Name: "auditor", Permissions: []string{"tokens:read"}}},
		{RoleSettings: tokens.RoleSettings{Name: "clerk", Permissions: []string{"orders:read", "orders:write"}}},
		{RoleSettings: tokens.RoleSettings{Name: "reader", Permissions: []string{"orders:read", "api:read"}}},
		{RoleSettings: tokens.RoleSettings{Name: "sales", Permissions: []string{"orders:*"}}},
		{RoleSettings: tokens.RoleSettings{Name: "twin", Permissions: []string{"orders:*"}}},
		{RoleSettings: tokens.RoleSettings{Name: "everything", Permissions: []string{"*"}}},
	}
	names := append(tokens.BuiltInRoleNames(), "gone")
	for _, role := range custom {
		names = append(names, role.Name)
	}
	return tokens.NewRoles(custom), names
}

// someGrants draws roles at organization level and in groups.
func someGrants(t *rapid.T, name string, roles []string) tokens.Grants {
	role := func(where string) string { return rapid.SampledFrom(roles).Draw(t, name+where) }
	g := tokens.Grants{Role: role("")}
	for _, groupID := range []string{groupA, groupB} {
		if rapid.Bool().Draw(t, name+" has a role in "+groupID) {
			g.GroupRoles = append(g.GroupRoles, tokens.GroupRole{GroupID: groupID, Role: role(" in " + groupID)})
		}
	}
	return g
}

// The remaining roles come from one side and allow no more than either side does. If the roles of one level can be
// compared, they allow everything that both sides do.
func TestGrantsWithin(t *testing.T) {
	roles, names := someRoles()
	rapid.Check(t, func(t *rapid.T) {
		held, limit := someGrants(t, "held", names), someGrants(t, "limit", names)
		got := held.Within(limit, roles)
		allowed, both := roles.Access(got), roles.Access(held).Within(roles.Access(limit))
		for _, level := range []string{"", groupA, groupB} {
			if !both.At(level).Contains(allowed.At(level)) {
				t.Fatalf("%+v within %+v is %+v, which allows at level %q more than both: %v", held, limit, got, level,
					allowed.At(level).Without(both.At(level)))
			}
		}
		for _, r := range append(got.GroupRoles, tokens.GroupRole{Role: got.Role}) {
			if r.Role != tokens.RoleNone && !slices.Contains(rolesOf(held), r.Role) && !slices.Contains(rolesOf(limit), r.Role) {
				t.Fatalf("%+v within %+v is %+v, with a role that neither has", held, limit, got)
			}
		}
		// The role at organization level has one counterpart. If the two can be compared, the lesser one remains.
		a, b := roles[held.Role], roles[limit.Role]
		if (a.Contains(b) || b.Contains(a)) && !allowed.Organization.Contains(a.Within(b)) {
			t.Fatalf("%+v within %+v is %+v, which lost %v at organization level", held, limit, got,
				a.Within(b).Without(allowed.Organization))
		}
		if again := got.Within(limit, roles); !cmp.Equal(roles.Access(again), allowed) {
			t.Fatalf("%+v within %+v is %+v, and within it again %+v", held, limit, got, again)
		}
	})
}

// rolesOf returns the names of all roles of grants.
func rolesOf(g tokens.Grants) []string {
	names := []string{g.Role}
	for _, r := range g.GroupRoles {
		names = append(names, r.Role)
	}
	return names
}

// A token may do what both its technical user and its own roles allow, even if no single role stands for that.
func TestAccessOfATokenIsWhatBothAllow(t *testing.T) {
	roles, names := someRoles()
	rapid.Check(t, func(t *rapid.T) {
		user, own := someGrants(t, "technical user", names), someGrants(t, "token", names)
		token := tokens.AccessToken{
			User:     tokens.TechnicalUser{TechnicalUserSettings: tokens.TechnicalUserSettings{Grants: user}},
			Settings: tokens.Settings{Own: own},
		}
		got, want := token.Access(roles), roles.Access(user).Within(roles.Access(own))
		shown := roles.Access(token.Observed(now, roles).Grants)
		for _, level := range []string{"", groupA, groupB} {
			for _, p := range slices.Concat(singlePermissions, want.At(level),
				[]string{"orders:read", "orders:write", "api:read", "tokens:read"}) {
				if got.At(level).Allows(p) != want.At(level).Allows(p) {
					t.Fatalf("at level %q %s is allowed: %t", level, p, got.At(level).Allows(p))
				}
				if shown.At(level).Allows(p) && !got.At(level).Allows(p) {
					t.Fatalf("at level %q the roles that are shown allow %s, the token does not", level, p)
				}
			}
		}
	})
}
