package provider_test

import (
	"fmt"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/terraform"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/fastpath"
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

// A state of an earlier version of the provider, which knows nothing of visibility, is no difference: neither to a plan
// without a refresh nor to one after it.
func TestVisibilityOfEarlierState(t *testing.T) {
	b := newBench(t)
	config := map[string]any{"name": "ci"}
	c := newCaller(b, fastpath.NewServer(provider.New("test", b.Now)))
	state, private := c.create(config)
	attributes := c.attributes(state)
	attributes["visibility"] = tftypes.NewValue(tftypes.String, nil)
	earlier := encode(b, c.typ, tftypes.NewValue(c.typ, attributes))
	for when, state := range map[string]*tfprotov6.DynamicValue{"without a refresh": earlier, "after one": c.read(earlier, private).NewState} {
		plan := c.plan(config, state, private, false)
		noDiagnostics(b, plan.Diagnostics)
		if !c.decode(plan.PlannedState).Equal(c.decode(state)) {
			t.Errorf("%s, the plan changes something", when)
		}
		plan = c.plan(map[string]any{"name": "ci", "visibility": "restricted"}, state, private, false)
		if got := plain(b, c.attributes(plan.PlannedState)["visibility"]); got != "restricted" {
			t.Errorf("%s, the plan does not restrict the token, but plans %v", when, got)
		}
	}
}
