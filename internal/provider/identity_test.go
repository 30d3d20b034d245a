package provider_test

import (
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/tfversion"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/acctest"
)

// Every resource is imported by its identity, from Terraform 1.12 on.
func TestImportByIdentity(t *testing.T) {
	b := acctest.New(t)
	config := b.Config(acctest.Resource("group", "payments", `name = "payments"`) +
		acctest.Resource("role", "clerk", `name = "clerk"`, `permissions = ["orders:read"]`) +
		acctest.Resource("member", "anna", `email = "anna@example.com"`) +
		acctest.Resource("technical_user", "robots", `name = "robots"`) +
		acctest.Resource("access_token", "ci", `name = "ci"`, `technical_user_id = latchkey_technical_user.robots.id`) +
		acctest.Resource("token_share", "anna", `access_token_id = latchkey_access_token.ci.id`,
			`member_id = latchkey_member.anna.id`, `role = "viewer"`))
	steps := []resource.TestStep{{Config: config}}
	for _, address := range []string{
		"latchkey_group.payments", "latchkey_role.clerk", "latchkey_member.anna", "latchkey_technical_user.robots",
		"latchkey_token_share.anna",
	} {
		steps = append(steps, resource.TestStep{
			ResourceName: address, ImportState: true, ImportStateKind: resource.ImportBlockWithResourceIdentity,
		})
	}
	b.RunWith(acctest.Beside{Oldest: tfversion.Version1_12_0}, steps...)
}
