package tokens_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

func TestRolePermissions(t *testing.T) {
	for role, want := range map[string]string{
		"none":          "",
		"viewer":        "api:read tokens:read",
		"member":        "api:read api:write tokens:read",
		"manager":       "api:manage api:read api:write tokens:read tokens:write",
		"administrator": "accounts:manage api:administer api:manage api:read api:write tokens:introspect tokens:manage tokens:read tokens:write",
		"owner":         "*",
		"nonsense":      "",
		"":              "",
	} {
		if got := strings.Join(tokens.NewRoles(nil)[role], " "); got != want {
			t.Errorf("%q grants %q, want %q", role, got, want)
		}
	}
}

func TestValidateRole(t *testing.T) {
	for _, role := range tokens.BuiltInRoleNames() {
		if err := tokens.ValidateRole("role", role); err != nil {
			t.Errorf("%s is refused: %v", role, err)
		}
	}
	for _, role := range []string{"", "Owner", "-admin", "owner "} {
		err := tokens.ValidateRole("role", role)
		wantInvalid(t, "role", err)
		if !strings.Contains(err.Error(), "none, viewer, member, manager, administrator, owner") {
			t.Errorf("the error does not list the roles: %v", err)
		}
	}
}

func TestValidateGroupRoles(t *testing.T) {
	for _, good := range [][]tokens.GroupRole{nil, {}, {{groupA, "viewer"}}, {{groupA, "viewer"}, {groupB, "owner"}}} {
		if err := tokens.ValidateGroupRoles("group_roles", good); err != nil {
			t.Errorf("%v is refused: %v", good, err)
		}
	}
	for _, bad := range [][]tokens.GroupRole{{{groupA, ""}}, {{groupA, "Boss"}}, {{"payments", "viewer"}}, {{groupA, "viewer"}, {groupA, "owner"}}} {
		wantInvalid(t, "group_roles", tokens.ValidateGroupRoles("group_roles", bad))
	}
}

func TestWithin(t *testing.T) {
	in := func(role string, groupRoles ...tokens.GroupRole) tokens.Grants {
		return tokens.Grants{Role: role, GroupRoles: groupRoles}
	}
	a := func(role string) tokens.GroupRole { return tokens.GroupRole{GroupID: groupA, Role: role} }
	b := func(role string) tokens.GroupRole { return tokens.GroupRole{GroupID: groupB, Role: role} }
	for _, test := range []struct {
		name                string
		grants, limit, want tokens.Grants
	}{
		{"the limit is lower", in("owner"), in("viewer"), in("viewer")},
		{"the limit is higher", in("viewer"), in("owner"), in("viewer")},
		{"nothing held", in(""), in("owner"), in("none")},
		{"a role that is gone", in("gone"), in("owner"), in("none")},
		{"organization role limited to one group", in("manager"), in("none", a("member")), in("none", a("member"))},
		{"a limit in a group can't raise", in("viewer"), in("none", a("owner")), in("none", a("viewer"))},
		{"one group of two", in("none", a("owner"), b("owner")), in("none", b("viewer")), in("none", b("viewer"))},
		{"disjoint groups", in("none", a("owner")), in("none", b("owner")), in("none")},
		{"organization role above the group's", in("member", a("viewer")), in("member", a("viewer")), in("member")},
		{"a role in a group reaches under an organization limit", in("none", a("owner")), in("member"), in("none", a("member"))},
		{"both", in("viewer", a("owner")), in("member", a("manager")), in("viewer", a("manager"))},
	} {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, test.grants.Within(test.limit, tokens.NewRoles(nil))); diff != "" {
				t.Errorf("what remains (-want +got):\n%s", diff)
			}
		})
	}
}
