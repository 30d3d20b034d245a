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
	for _, test := range []struct {
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
	} {
		for _, attribute := range []string{"regenerate_triggers", "replace_triggers"} {
			t.Run(attribute+" "+test.before+" to "+test.after, func(t *testing.T) {
				b := acctest.New(t)
				config := func(triggers string) string {
					return b.Config("locals {\n  triggers = " + triggers + "\n}\n" +
						acctest.CIToken(attribute+" = local.triggers"))
				}
				unknown := func(label, value string) string {
					return fmt.Sprintf("resource \"terraform_data\" %q {\n  input = %q\n}\n", label, value)
				}
				action := plancheck.ResourceActionUpdate
				if test.acts && attribute == "replace_triggers" {
					action = plancheck.ResourceActionReplace
				}
				check := acctest.CheckSame
				if test.acts {
					check = acctest.CheckOther
				}
				var value string
				b.Run(
					resource.TestStep{Config: config(test.before), Check: acctest.Keep(acctest.CI, "token", &value)},
					resource.TestStep{
						Config:           config(test.after) + unknown("first", "1") + unknown("second", "2"),
						ConfigPlanChecks: acctest.PreApply(plancheck.ExpectResourceAction(acctest.CI, action)),
						Check:            check(acctest.CI, "token", &value),
					},
				)
			})
		}
	}
}
