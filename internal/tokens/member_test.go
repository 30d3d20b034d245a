package tokens_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

func TestMember(t *testing.T) {
	good := tokens.NewMember{Request: tokens.NewRequest(now), Email: "anna@example.com",
		MemberSettings: tokens.MemberSettings{Name: "Anna", Grants: tokens.Grants{Role: "member"}}}
	if err := good.Validate(); err != nil {
		t.Error(err)
	}
	for field, change := range map[string]func(*tokens.NewMember){
		"email":       func(n *tokens.NewMember) { n.Email = "anna" },
		"name":        func(n *tokens.NewMember) { n.Name = "\x1b" },
		"role":        func(n *tokens.NewMember) { n.Role = "Boss" },
		"group_roles": func(n *tokens.NewMember) { n.GroupRoles = []tokens.GroupRole{{"payments", "viewer"}} },
	} {
		bad := good
		change(&bad)
		wantInvalid(t, field, bad.Validate())
	}

	before := tokens.Member{ID: memberID, Email: "anna@example.com",
		MemberSettings: tokens.MemberSettings{Name: "Anna", Grants: tokens.Grants{Role: "member"}}}
	got, err := before.Updated(tokens.MemberUpdate{Settings: tokens.MemberSettings{Name: "",
		Grants: tokens.Grants{Role: "owner", GroupRoles: []tokens.GroupRole{{groupA, "none"}}}},
		Fields: tokens.Fields{"name", "role", "group_roles"}})
	if err != nil {
		t.Fatal(err)
	}
	want := tokens.Member{ID: memberID, Email: "anna@example.com",
		MemberSettings: tokens.MemberSettings{Grants: tokens.Grants{Role: "owner",
			GroupRoles: []tokens.GroupRole{{groupA, "none"}}}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the member (-want +got):\n%s", diff)
	}
	_, err = before.Updated(tokens.MemberUpdate{Settings: tokens.MemberSettings{Grants: tokens.Grants{Role: ""}},
		Fields: tokens.Fields{"role"}})
	wantInvalid(t, "role", err)
}
