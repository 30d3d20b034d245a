package httpapi

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// A scope allows what the access allows from which it was made.
func TestScopeIsTheAccess(t *testing.T) {
	now := time.Now()
	groups := []string{"", tokens.NewID(tokens.KindGroup, now), tokens.NewID(tokens.KindGroup, now)}
	permissions := []string{"a:x", "a:y", "a:*", "aa:x", "b:x", "*", "tokens:introspect", "tokens:*"}
	drawn := rapid.SliceOfN(rapid.SampledFrom(permissions), 0, 3)
	rapid.Check(t, func(t *rapid.T) {
		var custom []tokens.Role
		for _, name := range []string{"at-organization", "in-one", "in-other"} {
			custom = append(custom, tokens.Role{RoleSettings: tokens.RoleSettings{Name: name, Permissions: drawn.Draw(t, name)}})
		}
		access := tokens.NewRoles(custom).Access(tokens.Grants{Role: "at-organization", GroupRoles: []tokens.GroupRole{
			{GroupID: groups[1], Role: "in-one"}, {GroupID: groups[2], Role: "in-other"},
		}})
		s := scopeOf(access)
		for _, permission := range permissions {
			for _, group := range append(slices.Clone(groups), tokens.NewID(tokens.KindGroup, now)) {
				if got, want := s.allows(permission, group), access.At(group).Allows(permission); got != want {
					t.Fatalf("%q allows %s in %q: %t", s, permission, group, got)
				}
			}
			if got, want := s.allowsAnywhere(permission), access.Anywhere(permission); got != want {
				t.Fatalf("%q allows %s anywhere: %t", s, permission, got)
			}
		}
	})
	if none := scopeOf(tokens.Access{}); none != "" || none.allowsAnywhere("") || none.allows("", "") {
		t.Errorf("nothing allows something: %q", none)
	}
}
