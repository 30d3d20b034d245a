package provider_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/acctest"
)

// The last owner stays, whatever becomes of the configuration, and the ways round that the docs name are open: another
// owner first, a replacement that is made first, and a block that lets Terraform forget.
func TestLastOwner(t *testing.T) {
	acctest.NotThroughServer(t, "behind a server, the access token by which the provider asks is an owner's, so that nobody else is the "+
		"last one")
	owner := func(label, email, role string, lines ...string) string {
		return acctest.Resource("member", label,
			append([]string{fmt.Sprintf("email = %q", email), fmt.Sprintf("role = %q", role)}, lines...)...)
	}
	const annas, beas = "anna@example.com", "bea@example.com"
	b := acctest.New(t)
	var id string
	b.Run(
		resource.TestStep{
			Config: b.Config(owner("anna", annas, "owner")),
			Check:  acctest.Keep("latchkey_member.anna", "id", &id),
		},
		resource.TestStep{
			Config: b.Config(owner("anna", annas, "member")),
			ExpectError: acctest.Says("Unable to update member", annas, "the last owner",
				`first give the role "owner" to someone else`),
		},
		resource.TestStep{Config: b.Config(""), ExpectError: acctest.Says("Unable to delete member", "the last owner")},
		resource.TestStep{
			Config:      b.Config(owner("anna", "carla@example.com", "owner")),
			ExpectError: acctest.Says("Unable to delete member", "the last owner"),
		},
		resource.TestStep{ // Nothing of that had an effect.
			Config:           b.Config(owner("anna", annas, "owner")),
			ConfigPlanChecks: acctest.EmptyPlan(),
			Check:            acctest.CheckSame("latchkey_member.anna", "id", &id),
		},
		resource.TestStep{ // Handed over in one apply.
			Config: b.Config(owner("anna", annas, "member", `depends_on = [latchkey_member.bea]`) +
				owner("bea", beas, "owner")),
		},
		resource.TestStep{ // A replacement is made first.
			Config: b.Config(owner("bea", "carla@example.com", "owner", `lifecycle {`,
				`  create_before_destroy = true`, `}`)),
			ConfigPlanChecks: acctest.PreApply(plancheck.ExpectResourceAction("latchkey_member.bea",
				plancheck.ResourceActionCreateBeforeDestroy)),
		},
		resource.TestStep{
			Config: b.Config("removed {\n  from = latchkey_member.bea\n  lifecycle {\n    destroy = false\n  }\n}\n"),
			Check: func(*terraform.State) error {
				members, err := b.Outside.Members(context.Background())
				if err == nil && (len(members) != 1 || members[0].Email != "carla@example.com" || members[0].Role != "owner") {
					err = fmt.Errorf("the members are %+v", members)
				}
				return err
			},
		},
	)
}

// A technical user counts as an owner, too, and is protected as one.
func TestLastOwnerIsTechnicalUser(t *testing.T) {
	acctest.NotThroughServer(t, "behind a server, the access token by which the provider asks is an owner's, so that nobody else is the "+
		"last one")
	b := acctest.New(t)
	user := func(lines ...string) string {
		return acctest.Resource("technical_user", "admin", append([]string{`name = "admin"`}, lines...)...)
	}
	member := acctest.Resource("member", "anna", `email = "anna@example.com"`, `role = "owner"`)
	b.Run(
		resource.TestStep{Config: b.Config(user(`role = "owner"`))},
		resource.TestStep{
			Config:      b.Config(user(`role = "owner"`, `enabled = false`)),
			ExpectError: acctest.Says("Unable to update technical user", "the last owner"),
		},
		resource.TestStep{
			Config:      b.Config(user(`role = "member"`)),
			ExpectError: acctest.Says("Unable to update technical user", "the last owner"),
		},
		resource.TestStep{
			Config:      b.Config(""),
			ExpectError: acctest.Says("Unable to delete technical user", "the last owner"),
		},
		resource.TestStep{Config: b.Config(user(`role = "owner"`) + member)},
		resource.TestStep{Config: b.Config(member)},
		resource.TestStep{Config: b.Config("removed {\n  from = latchkey_member.anna\n  lifecycle {\n    " +
			"destroy = false\n  }\n}\n")},
	)
}
