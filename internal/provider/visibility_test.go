package provider_test

import (
	"fmt"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/terraform"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// Visibility changes in place, and leaves the secret alone.
func TestVisibility(t *testing.T) {
	b := newBench(t)
	var id, secret string
	visible := func(want tokens.Visibility) resource.TestCheckFunc {
		return resource.ComposeTestCheckFunc(
			resource.TestCheckResourceAttr(ci, "visibility", string(want)), checkSame(ci, "id", &id), checkSame(ci, "token", &secret), b.checkActive(ci),
			func(*terraform.State) error {
				if got := b.token("ci").Visibility; got != want {
					return fmt.Errorf("the visibility is %s, not %s", got, want)
				}
				return nil
			})
	}
	restricted := `visibility = "restricted"`
	b.run(
		resource.TestStep{Config: b.config(ciToken()), Check: resource.ComposeTestCheckFunc(
			keep(ci, "id", &id), keep(ci, "token", &secret), resource.TestCheckResourceAttr(ci, "visibility", "organization"))},
		resource.TestStep{Config: b.config(ciToken(`visibility = "organization"`)), ConfigPlanChecks: emptyPlan()},
		resource.TestStep{Config: b.config(ciToken(restricted)), ConfigPlanChecks: preApply(updates(ci, onUpdate, "visibility")), Check: visible(tokens.VisibilityRestricted)},
		resource.TestStep{ResourceName: ci, ImportState: true, ImportStateVerify: true, ImportStateVerifyIgnore: []string{"token"}},
		resource.TestStep{Config: b.config(ciToken()), ConfigPlanChecks: preApply(updates(ci, onUpdate, "visibility")), Check: visible(tokens.VisibilityOrganization)},
		resource.TestStep{ // Made so from the start.
			Config: b.config(ciToken() + resourceBlock("access_token", "own", `name = "own"`, restricted)),
			Check: func(*terraform.State) error {
				if got := b.token("own").Visibility; got != tokens.VisibilityRestricted {
					return fmt.Errorf("the visibility is %s", got)
				}
				return nil
			},
		},
	)
}
