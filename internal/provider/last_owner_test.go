package provider_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"
)

// The last owner stays, whatever becomes of the configuration, and the ways round that the docs name are open: another
// owner first, a replacement that is made first, and a block that lets Terraform forget.
func TestLastOwner(t *testing.T) {
	owner := func(label, email, role string, lines ...string) string {
		return resourceBlock("member", label, append([]string{fmt.Sprintf("email = %q", email), fmt.Sprintf("role = %q", role)}, lines...)...)
	}
	const annas, beas = "anna@example.com", "bea@example.com"
	b := newBench(t)
	var id string
	b.run(
		resource.TestStep{Config: b.config(owner("anna", annas, "owner")), Check: keep("latchkey_member.anna", "id", &id)},
		resource.TestStep{Config: b.config(owner("anna", annas, "member")), ExpectError: says("Unable to update member", annas, "the last owner", `give the role "owner" to another member`)},
		resource.TestStep{Config: b.config(""), ExpectError: says("Unable to delete member", "the last owner")},
		resource.TestStep{Config: b.config(owner("anna", "carla@example.com", "owner")), ExpectError: says("Unable to delete member", "the last owner")},
		resource.TestStep{ // Nothing of that had an effect.
			Config:           b.config(owner("anna", annas, "owner")),
			ConfigPlanChecks: emptyPlan(),
			Check:            checkSame("latchkey_member.anna", "id", &id),
		},
		resource.TestStep{ // Handed over in one apply.
			Config: b.config(owner("anna", annas, "member", `depends_on = [latchkey_member.bea]`) + owner("bea", beas, "owner")),
		},
		resource.TestStep{ // A replacement is made first.
			Config:           b.config(owner("bea", "carla@example.com", "owner", `lifecycle {`, `  create_before_destroy = true`, `}`)),
			ConfigPlanChecks: preApply(plancheck.ExpectResourceAction("latchkey_member.bea", plancheck.ResourceActionCreateBeforeDestroy)),
		},
		resource.TestStep{
			Config: b.config("removed {\n  from = latchkey_member.bea\n  lifecycle {\n    destroy = false\n  }\n}\n"),
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
	b := newBench(t)
	user := func(lines ...string) string {
		return resourceBlock("technical_user", "admin", append([]string{`name = "admin"`}, lines...)...)
	}
	member := resourceBlock("member", "anna", `email = "anna@example.com"`, `role = "owner"`)
	b.run(
		resource.TestStep{Config: b.config(user(`role = "owner"`))},
		resource.TestStep{Config: b.config(user(`role = "owner"`, `enabled = false`)), ExpectError: says("Unable to update technical user", "the last owner")},
		resource.TestStep{Config: b.config(user(`role = "member"`)), ExpectError: says("Unable to update technical user", "the last owner")},
		resource.TestStep{Config: b.config(""), ExpectError: says("Unable to delete technical user", "the last owner")},
		resource.TestStep{Config: b.config(user(`role = "owner"`) + member)},
		resource.TestStep{Config: b.config(member)},
		resource.TestStep{Config: b.config("removed {\n  from = latchkey_member.anna\n  lifecycle {\n    destroy = false\n  }\n}\n")},
	)
}
