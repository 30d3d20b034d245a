package provider_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/acctest"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// With act_as, data sources show what the member may see, and say where that is nothing.
func TestDataSourcesForMember(t *testing.T) {
	b := acctest.New(t)
	p := b.MakePeople()
	open, _ := b.MakeTokenOf(p.CI, tokens.NewAccessToken{Settings: tokens.Settings{Name: "open", Enabled: true}})
	closed, _ := b.MakeTokenOf(p.CI,
		tokens.NewAccessToken{Settings: tokens.Settings{
			Name:       "closed",
			Enabled:    true,
			Visibility: tokens.VisibilityRestricted,
		}})
	b.MakeTokenOf(p.Till, tokens.NewAccessToken{Settings: tokens.Settings{Name: "till", Enabled: true}})
	shared, _ := b.MakeTokenOf(p.CI,
		tokens.NewAccessToken{Settings: tokens.Settings{
			Name:       "shared",
			Enabled:    true,
			Visibility: tokens.VisibilityRestricted,
		}})
	_, err := b.Outside.ShareAccessToken(context.Background(),
		tokens.NewTokenShare{
			Request:       tokens.NewRequest(b.Now()),
			AccessTokenID: shared.ID,
			MemberID:      p.Anna.ID,
			Role:          "viewer",
		})
	b.Must(err)

	as := func(email, config string) string {
		return b.ProviderAs("latchkey", fmt.Sprintf("%q", email)) + config
	}
	seen := acctest.Data("access_tokens", "seen", `count_total = true`) +
		acctest.ListOutput("seen", "access_tokens", "x.name") +
		acctest.Output("total", "data.latchkey_access_tokens.seen.total")
	shares := acctest.Data("token_shares", "shares") + acctest.ListOutput("shares", "token_shares", "x.role")
	const anna, bea = "anna@example.com", "bea@example.com" // an administrator of payments, a viewer of the organization
	refused := func(email, kind string, lines []string, want ...string) resource.TestStep {
		return resource.TestStep{
			Config:      as(email, acctest.Data(kind, "this", lines...)),
			ExpectError: acctest.Says(want...),
		}
	}
	b.Run(
		resource.TestStep{
			Config: as(anna, seen+shares+acctest.Data("technical_users", "users")+
				acctest.ListOutput("users", "technical_users", "x.email")+
				acctest.Data("members", "members")+acctest.ListOutput("members", "members", "x.email")),
			Check: acctest.CheckOutputs(map[string]string{
				"seen": "till shared", "total": "2", "shares": "viewer", "users": "shop@payments.default.latchkey.internal",
				"members": "anna@example.com bea@example.com",
			}),
		},
		resource.TestStep{
			Config: as(bea, seen+shares),
			Check:  acctest.CheckOutputs(map[string]string{"seen": "open till", "total": "2", "shares": ""}),
		},
		refused(anna, "groups", nil, "Unable to list groups", "accounts:manage"),
		refused(anna, "roles", nil, "Unable to list roles", "accounts:manage"),
		refused(anna, "access_token", []string{fmt.Sprintf("id = %q", open.ID)}, "Unable to read access token", open.ID,
			"tokens:read"),
		refused(anna, "access_token", []string{`name = "open"`, fmt.Sprintf("technical_user_id = %q", p.CI.ID)},
			"Unable to read access token", "no access token of this name", "act_as"),
		refused(anna, "technical_user", []string{`name = "ci"`}, "Unable to read technical user", "act_as"),
		refused(bea, "members", nil, "Unable to list members", "accounts:manage"),
		refused(bea, "technical_users", nil, "Unable to list technical users", "accounts:manage"),
		refused(bea, "access_token", []string{fmt.Sprintf("id = %q", closed.ID)}, "Unable to read access token",
			"restricted"),
		refused("nobody@example.com", "access_tokens", nil, "Unable to list access tokens",
			b.Place.SaysNobody("nobody@example.com")),
	)
}
