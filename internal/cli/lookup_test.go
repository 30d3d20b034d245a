package cli

import (
	"testing"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

func TestDescribeRoles(t *testing.T) {
	groups := groupNames{"grp_1": "payments"}
	for _, test := range []struct {
		grants tokens.Grants
		want   string
	}{
		{tokens.Grants{}, "none"},
		{tokens.Grants{Role: "none"}, "none"},
		{tokens.Grants{Role: "owner"}, "owner"},
		{tokens.Grants{Role: "none", GroupRoles: []tokens.GroupRole{{GroupID: "grp_1", Role: "member"}}}, "member@payments"},
		{
			tokens.Grants{Role: "viewer", GroupRoles: []tokens.GroupRole{
				{GroupID: "grp_1", Role: "member"}, {GroupID: "grp_2", Role: "owner"},
			}},
			"viewer, member@payments, owner@grp_2",
		},
	} {
		if got := groups.describe(test.grants); got != test.want {
			t.Errorf("%+v is written %q, want %q", test.grants, got, test.want)
		}
	}
}
