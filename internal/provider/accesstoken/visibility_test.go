package accesstoken_test

import (
	"fmt"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/terraform"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/acctest"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// Visibility changes in place, and leaves the secret alone.
func TestVisibility(t *testing.T) {
	b := acctest.New(t)
	var id, secret string
	visible := func(want tokens.Visibility) resource.TestCheckFunc {
		return resource.ComposeTestCheckFunc(
			resource.TestCheckResourceAttr(acctest.CI, "visibility", string(want)), acctest.CheckSame(acctest.CI, "id", &id),
			acctest.CheckSame(acctest.CI, "token", &secret), b.CheckActive(acctest.CI),
			func(*terraform.State) error {
				if got := b.Token("ci").Visibility; got != want {
					return fmt.Errorf("the visibility is %s, not %s", got, want)
				}
				return nil
			})
	}
	restricted := `visibility = "restricted"`
	b.Run(
		resource.TestStep{Config: b.Config(acctest.CIToken()), Check: resource.ComposeTestCheckFunc(
			acctest.Keep(acctest.CI, "id", &id), acctest.Keep(acctest.CI, "token", &secret),
			resource.TestCheckResourceAttr(acctest.CI, "visibility", "organization"))},
		resource.TestStep{
			Config:           b.Config(acctest.CIToken(`visibility = "organization"`)),
			ConfigPlanChecks: acctest.EmptyPlan(),
		},
		resource.TestStep{
			Config:           b.Config(acctest.CIToken(restricted)),
			ConfigPlanChecks: acctest.PreApply(acctest.Updates(acctest.CI, acctest.OnUpdate, "visibility")),
			Check:            visible(tokens.VisibilityRestricted),
		},
		resource.TestStep{
			ResourceName:            acctest.CI,
			ImportState:             true,
			ImportStateVerify:       true,
			ImportStateVerifyIgnore: []string{"token"},
		},
		resource.TestStep{
			Config:           b.Config(acctest.CIToken()),
			ConfigPlanChecks: acctest.PreApply(acctest.Updates(acctest.CI, acctest.OnUpdate, "visibility")),
			Check:            visible(tokens.VisibilityOrganization),
		},
		resource.TestStep{ // Made so from the start.
			Config: b.Config(acctest.CIToken() + acctest.Resource("access_token", "own", `name = "own"`, restricted)),
			Check: func(*terraform.State) error {
				if got := b.Token("own").Visibility; got != tokens.VisibilityRestricted {
					return fmt.Errorf("the visibility is %s", got)
				}
				return nil
			},
		},
	)
}

// A state of an earlier version of the provider, which knows nothing of visibility, is no difference: neither to a plan
// without a refresh nor to one after it.
func TestVisibilityOfEarlierState(t *testing.T) {
	b := acctest.New(t)
	config := map[string]any{"name": "ci"}
	c := acctest.NewCaller(b, b.NewServer())
	state, private := c.Create(config)
	attributes := c.Attributes(state)
	attributes["visibility"] = tftypes.NewValue(tftypes.String, nil)
	earlier := acctest.Encode(b, c.Type, tftypes.NewValue(c.Type, attributes))
	for when, state := range map[string]*tfprotov6.DynamicValue{
		"without a refresh": earlier,
		"after one":         c.Read(earlier, private).NewState,
	} {
		plan := c.Plan(config, state, private, false)
		acctest.NoDiagnostics(b, plan.Diagnostics)
		if !c.Decode(plan.PlannedState).Equal(c.Decode(state)) {
			t.Errorf("%s, the plan changes something", when)
		}
		plan = c.Plan(map[string]any{"name": "ci", "visibility": "restricted"}, state, private, false)
		if got := acctest.Plain(b, c.Attributes(plan.PlannedState)["visibility"]); got != "restricted" {
			t.Errorf("%s, the plan does not restrict the token, but plans %v", when, got)
		}
	}
}
