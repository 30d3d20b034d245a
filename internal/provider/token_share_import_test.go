package provider_test

import (
	"fmt"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/acctest"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// A share is imported by the identifiers of its token and member, or by what people call them. Of two tokens of one
// name, the one that is shared counts.
func TestTokenShareImport(t *testing.T) {
	const address = "latchkey_token_share.s"
	objects := acctest.Resource("technical_user", "u", `name = "ci"`) +
		acctest.Resource("member", "m", `email = "Anna/ops@example.com"`) +
		acctest.Resource("access_token", "first", `name = "build / deploy"`, `technical_user_id = latchkey_technical_user.u.id`) +
		acctest.Resource("access_token", "second", `name = "build / deploy"`,
			`technical_user_id = latchkey_technical_user.u.id`)
	share := acctest.Resource("token_share", "s", `access_token_id = latchkey_access_token.first.id`,
		`member_id = latchkey_member.m.id`, `role = "viewer"`)
	importing := func(id string) string { return fmt.Sprintf("import {\n  to = %s\n  id = %q\n}\n", address, id) }
	b := acctest.New(t)
	var made tokens.TokenShare
	steps := []resource.TestStep{{
		Config: b.Config(objects + share),
		Check: func(*terraform.State) error {
			shares, err := b.Outside.TokenShares(t.Context(), tokens.TokenShareQuery{})
			if err == nil {
				made = shares[0]
			}
			return err
		},
	}}
	for _, id := range []string{
		"Anna/ops@example.com/ci@default.latchkey.internal/build / deploy",
		"anna/OPS@example.com/CI@Default.latchkey.internal/build / deploy",
	} {
		steps = append(steps,
			resource.TestStep{Config: b.Config(objects + "removed {\n  from = " + address +
				"\n  lifecycle {\n    destroy = false\n  }\n}\n")},
			resource.TestStep{
				Config:           b.Config(importing(id) + objects + share),
				ConfigPlanChecks: acctest.PreApply(plancheck.ExpectResourceAction(address, plancheck.ResourceActionNoop)),
				Check: resource.TestCheckResourceAttrWith(address, "id", func(got string) error {
					if got != made.ID() {
						return fmt.Errorf("%s was imported, want %s", got, made.ID())
					}
					return nil
				}),
			})
	}
	forget := steps[1]
	for id, says := range map[string]string{
		"bea@example.com/ci@default.latchkey.internal/build / deploy": "there is no token share",
		"Anna/ops@example.com/ci@default.latchkey.internal/build":     "there is no token share",
		"Anna/ops@example.com": "import by identifier (tok_…/mem_…) or by <e-mail address of the member>",
	} {
		steps = append(steps, forget, resource.TestStep{
			Config: b.Config(importing(id) + objects + acctest.Resource("token_share", "s",
				`access_token_id = latchkey_access_token.second.id`, `member_id = latchkey_member.m.id`, `role = "viewer"`)),
			ExpectError: acctest.Says(says),
		})
	}
	b.Run(steps...)
}
