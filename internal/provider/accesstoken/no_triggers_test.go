package accesstoken_test

import (
	"fmt"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/acctest"
)

// A module that passes an empty map, or a trigger that is null, to a token has no trigger there: the first value that
// its caller sets is only recorded, and so is the removal of the last one. A change between two values acts.
func TestNoTriggers(t *testing.T) {
	const absent, emptyMap, nullTrigger, first, second = "null", "{}", "{ n = null }", `{ n = "1" }`, `{ n = "2" }`
	const more, noMore = `{ n = "1", m = "1" }`, `{ n = "1", m = null }`
	const unknownFirst, unknownSecond = "{ n = terraform_data.first.output }", "{ n = terraform_data.second.output }"
	cases := []struct {
		before, after string
		acts          bool
	}{
		{absent, emptyMap, false},
		{absent, nullTrigger, false},
		{absent, first, false},
		{emptyMap, absent, false},
		{emptyMap, nullTrigger, false},
		{emptyMap, first, false},
		{emptyMap, unknownFirst, false},
		{nullTrigger, first, false},
		{nullTrigger, unknownFirst, false},
		{first, absent, false},
		{first, emptyMap, false},
		{first, nullTrigger, false},
		{first, noMore, false},
		{noMore, first, false},
		{noMore, more, true},
		{first, more, true},
		{first, second, true},
		{first, `{ n = "" }`, true},
		{`{ n = "" }`, first, true},
		{first, unknownSecond, true},
	}
	for _, attribute := range []string{"regenerate_triggers", "replace_triggers"} {
		t.Run(attribute, func(t *testing.T) {
			b := acctest.New(t)
			unknown := func(label, value string) string {
				return fmt.Sprintf("resource \"terraform_data\" %q {\n  input = %q\n}\n", label, value)
			}
			before, after := resource.TestStep{Config: b.Config("")}, resource.TestStep{
				Config: b.Config(unknown("first", "1") + unknown("second", "2")),
			}
			var kept, checks []resource.TestCheckFunc
			for i, test := range cases {
				label := fmt.Sprintf("token_%d", i)
				address := "latchkey_access_token." + label
				config := func(triggers string) string {
					return fmt.Sprintf("locals {\n  %s = %s\n}\n", label, triggers) +
						acctest.Labelled(acctest.CIToken(attribute+" = local."+label), label)
				}
				before.Config += config(test.before)
				after.Config += config(test.after)
				action, check := plancheck.ResourceActionUpdate, acctest.CheckSame
				if test.acts {
					check = acctest.CheckOther
				}
				if test.acts && attribute == "replace_triggers" {
					action = plancheck.ResourceActionReplace
				}
				after.ConfigPlanChecks.PreApply = append(after.ConfigPlanChecks.PreApply,
					plancheck.ExpectResourceAction(address, action))
				value := new(string)
				kept = append(kept, acctest.Keep(address, "token", value))
				checks = append(checks, acctest.Of(test.before+" to "+test.after, check(address, "token", value)))
			}
			before.Check = resource.ComposeTestCheckFunc(kept...)
			after.Check = resource.ComposeAggregateTestCheckFunc(checks...)
			b.Run(before, after)
		})
	}
}
