package tokens_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

func TestRolePermissions(t *testing.T) {
	for role, want := range map[string]string{
		"none":    "",
		"viewer":  "api:read tokens:read",
		"member":  "api:read api:write tokens:read",
		"manager": "api:manage api:read api:write tokens:read tokens:write",
		"administrator": "accounts:manage api:administer api:manage api:read api:write tokens:introspect tokens:manage " +
			"tokens:read tokens:write",
		"owner":    "*",
		"nonsense": "",
		"":         "",
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
	for _, bad := range [][]tokens.GroupRole{{{groupA, ""}}, {{groupA, "Boss"}}, {{"payments", "viewer"}},
		{{groupA, "viewer"}, {groupA, "owner"}}} {
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
		{"a role in a group reaches under an organization limit", in("none", a("owner")), in("member"),
			in("none", a("member"))},
		{"both", in("viewer", a("owner")), in("member", a("manager")), in("viewer", a("manager"))},
	} {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, test.grants.Within(test.limit, tokens.NewRoles(nil))); diff != "" {
				t.Errorf("what remains (-want +got):\n%s", diff)
			}
		})
	}
}

func TestNewRoleValidate(t *testing.T) {
	good := tokens.NewRole{Request: tokens.NewRequest(now),
		RoleSettings: tokens.RoleSettings{Name: "clerk", Description: "Takes orders",
			Permissions: []string{"orders:read", "orders:write"}}}
	for _, role := range []tokens.NewRole{good, {Request: good.Request,
		RoleSettings: tokens.RoleSettings{Name: "nothing"}}} {
		if err := role.Validate(); err != nil {
			t.Errorf("%s is refused: %v", role.Name, err)
		}
	}
	for field, changes := range map[string][]func(*tokens.NewRole){
		"name": {
			func(n *tokens.NewRole) { n.Name = "" },
			func(n *tokens.NewRole) { n.Name = "Clerk" },
			func(n *tokens.NewRole) { n.Name = tokens.RoleNone },
			func(n *tokens.NewRole) { n.Name = tokens.RoleAdministrator },
		},
		"description": {func(n *tokens.NewRole) { n.Description = "\x1b" }},
		"permissions": {func(n *tokens.NewRole) { n.Permissions = []string{"orders"} }},
	} {
		for _, change := range changes {
			bad := good
			change(&bad)
			wantInvalid(t, field, bad.Validate())
			_, err := tokens.Role{RoleSettings: good.RoleSettings}.Updated(tokens.Updating(good.RoleSettings, bad.RoleSettings))
			wantInvalid(t, field, err)
		}
	}
}

// A custom role can't replace a built-in one, and a role that does not exist grants nothing.
func TestRolesAccess(t *testing.T) {
	roles := tokens.NewRoles([]tokens.Role{
		{RoleSettings: tokens.RoleSettings{Name: "clerk", Permissions: []string{"orders:read"}}},
		{RoleSettings: tokens.RoleSettings{Name: tokens.RoleViewer, Permissions: []string{"*"}}},
	})
	for _, test := range []struct {
		grants tokens.Grants
		want   tokens.Access
	}{
		{tokens.Grants{}, tokens.Access{}},
		{tokens.Grants{Role: "gone", GroupRoles: []tokens.GroupRole{{groupA, "gone"}}}, tokens.Access{}},
		{tokens.Grants{Role: "viewer"}, access("api:read tokens:read", "", "")},
		{tokens.Grants{Role: "none", GroupRoles: []tokens.GroupRole{{groupA, "clerk"}, {groupB, "viewer"}}},
			access("", "orders:read", "api:read tokens:read")},
		{tokens.Grants{Role: "viewer", GroupRoles: []tokens.GroupRole{{groupA, "viewer"}, {groupB, "clerk"}}},
			access("api:read tokens:read", "", "orders:read")},
		{tokens.Grants{Role: "owner", GroupRoles: []tokens.GroupRole{{groupA, "clerk"}}}, access("*", "", "")},
	} {
		if diff := cmp.Diff(test.want, roles.Access(test.grants)); diff != "" {
			t.Errorf("%+v (-want +got):\n%s", test.grants, diff)
		}
	}
}

func TestBuiltInRoles(t *testing.T) {
	roles := tokens.BuiltInRoles()
	var names []string
	for i, role := range roles {
		names = append(names, role.Name)
		if !role.BuiltIn || role.ID != "" || role.Description == "" || !tokens.IsBuiltInRole(role.Name) {
			t.Errorf("%+v is not a built-in role", role)
		}
		if i > 0 && !tokens.NewPermissions(role.Permissions...).Contains(roles[i-1].Permissions) {
			t.Errorf("%s does not include %s", role.Name, roles[i-1].Name)
		}
		if err := tokens.ValidatePermissions("permissions", role.Permissions); err != nil {
			t.Errorf("%s: %v", role.Name, err)
		}
	}
	if diff := cmp.Diff(tokens.BuiltInRoleNames(), names); diff != "" {
		t.Errorf("the names (-want +got):\n%s", diff)
	}
	if tokens.IsBuiltInRole("clerk") || tokens.IsBuiltInRole("") {
		t.Error("a custom role passes as a built-in one")
	}
}

func TestIsOwner(t *testing.T) {
	inA := []tokens.GroupRole{{groupA, "owner"}}
	for _, test := range []struct {
		grants tokens.Grants
		want   bool
	}{{tokens.Grants{Role: "owner"}, true}, {tokens.Grants{Role: "administrator", GroupRoles: inA}, false}} {
		if (tokens.Member{MemberSettings: tokens.MemberSettings{Grants: test.grants}}).IsOwner() != test.want {
			t.Errorf("a member with %+v is an owner: %t", test.grants, !test.want)
		}
		for _, user := range []struct {
			tokens.TechnicalUser
			want bool
		}{
			{tokens.TechnicalUser{TechnicalUserSettings: tokens.TechnicalUserSettings{Grants: test.grants, Enabled: true}},
				test.want},
			{tokens.TechnicalUser{TechnicalUserSettings: tokens.TechnicalUserSettings{Grants: test.grants}}, false},
			{tokens.TechnicalUser{SystemCreated: true, TechnicalUserSettings: tokens.TechnicalUserSettings{Grants: test.grants,
				Enabled: true}}, false},
			{tokens.TechnicalUser{GroupID: groupA, TechnicalUserSettings: tokens.TechnicalUserSettings{Grants: test.grants,
				Enabled: true}}, false},
		} {
			if user.IsOwner() != user.want {
				t.Errorf("%+v is an owner: %t", user.TechnicalUser, !user.want)
			}
		}
	}
}

func TestRoleHolders(t *testing.T) {
	const mem, tu, tok = "mem_01jz0000000000000000000000", "tu_01jz0000000000000000000000", "tok_01jz0000000000000000000000"
	for want, ids := range map[string][]string{
		"":                            nil,
		"1 member":                    {mem},
		"2 members":                   {mem, mem},
		"2 technical users":           {tu, tu},
		"1 member and 1 access token": {tok, mem},
		"1 member, 1 technical user and 2 access tokens": {tok, mem, tok, tu},
	} {
		if got := tokens.CountRoleHolders(ids).String(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
