package tokens_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

func TestMember(t *testing.T) {
	good := tokens.NewMember{Email: "anna@example.com", Name: "Anna", Grants: tokens.Grants{Role: "member"}}
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

	before := tokens.Member{ID: memberID, Email: "anna@example.com", Name: "Anna", Grants: tokens.Grants{Role: "member"}}
	got, err := tokens.MemberUpdate{Name: tokens.To(""), Role: tokens.To("owner"), GroupRoles: tokens.To([]tokens.GroupRole{{groupA, "none"}})}.Apply(before)
	if err != nil {
		t.Fatal(err)
	}
	want := tokens.Member{ID: memberID, Email: "anna@example.com", Grants: tokens.Grants{Role: "owner", GroupRoles: []tokens.GroupRole{{groupA, "none"}}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the member (-want +got):\n%s", diff)
	}
	_, err = tokens.MemberUpdate{Role: tokens.To("")}.Apply(before)
	wantInvalid(t, "role", err)
}
