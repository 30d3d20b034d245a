package provider_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	tfjson "github.com/hashicorp/terraform-json"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/terraform"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// checkValues checks which of kept values are good, in their order: a + for one that is, a - for one that is not.
func (b *bench) checkValues(want string, values ...*string) resource.TestCheckFunc {
	return func(*terraform.State) error {
		got := ""
		for _, value := range values {
			if b.isActive(*value) {
				got += "+"
			} else {
				got += "-"
			}
		}
		if got != want {
			return fmt.Errorf("the values are %s, not %s", got, want)
		}
		return nil
	}
}

// Old and new secret are good together for the grace, through two regenerations, and whatever takes the value from the
// token has the new one in the same apply.
func TestGracePeriod(t *testing.T) {
	b := newBench(t)
	config := func(generation, grace string) string {
		return b.config(ciToken(fmt.Sprintf(`regenerate_triggers = { n = %q }`, generation), fmt.Sprintf(`grace_period = %q`, grace)) + `
resource "terraform_data" "consumer" {
  input = latchkey_access_token.ci.token
}
`)
	}
	consumes := func(s *terraform.State) error {
		if got := s.RootModule().Resources["terraform_data.consumer"].Primary.Attributes["output"]; got != secretOf(s, ci) {
			return fmt.Errorf("the consumer has another value than the token")
		}
		return nil
	}
	var first, second, third, end string
	b.run(
		resource.TestStep{Config: config("1", "2d"), Check: resource.ComposeTestCheckFunc(
			keep(ci, "token", &first), resource.TestCheckNoResourceAttr(ci, "previous_secret_expires_at"))},
		resource.TestStep{
			PreConfig: func() { b.advance(day) }, Config: config("2", "2d"), ConfigPlanChecks: preApply(regenerates(ci, "trigger", "regenerate_triggers")),
			Check: resource.ComposeTestCheckFunc(keep(ci, "token", &second), b.checkValues("++", &first, &second), consumes, keep(ci, "previous_secret_expires_at", &end)),
		},
		resource.TestStep{ // The oldest ends within its grace.
			PreConfig: func() { b.advance(day) }, Config: config("3", "2d"),
			Check: resource.ComposeTestCheckFunc(keep(ci, "token", &third), b.checkValues("-++", &first, &second, &third), consumes, checkOther(ci, "previous_secret_expires_at", &end)),
		},
		resource.TestStep{ // A longer one counts from the next regeneration on.
			PreConfig: func() { b.advance(time.Hour) }, Config: config("3", "5d"), ConfigPlanChecks: preApply(updates(ci, onUpdate, "grace_period")),
			Check: resource.ComposeTestCheckFunc(checkSame(ci, "token", &third), b.checkValues("-++", &first, &second, &third)),
		},
		resource.TestStep{ // A shorter one works in place.
			Config: config("3", "1h30m"), ConfigPlanChecks: preApply(updates(ci, onUpdate, "grace_period", "previous_secret_expires_at")),
			Check: resource.ComposeTestCheckFunc(checkSame(ci, "token", &third), b.checkValues("-++", &first, &second, &third)),
		},
		resource.TestStep{PreConfig: func() { b.advance(30 * time.Minute) }, Config: config("3", "1h30m"), ConfigPlanChecks: emptyPlan(), Check: b.checkValues("--+", &first, &second, &third)},
		resource.TestStep{ // None at all ends the old one with the regeneration.
			Config: config("4", "0s"), Check: resource.ComposeTestCheckFunc(b.checkActive(ci, &third), resource.TestCheckNoResourceAttr(ci, "previous_secret_expires_at"), consumes),
		},
	)
}

// Ended sooner by hand, the secret of before is no drift; nothing touches the token.
func TestRetiredPreviousSecret(t *testing.T) {
	b := newBench(t)
	config := func(generation string) string {
		return b.config(ciToken(fmt.Sprintf(`regenerate_triggers = { n = %q }`, generation), `grace_period = "2d"`))
	}
	var first, second string
	b.run(
		resource.TestStep{Config: config("1"), Check: keep(ci, "token", &first)},
		resource.TestStep{Config: config("2"), Check: resource.ComposeTestCheckFunc(keep(ci, "token", &second), b.checkValues("++", &first, &second))},
		resource.TestStep{
			PreConfig: func() {
				_, err := b.Outside.RetirePreviousSecret(context.Background(), b.token("ci").ID)
				b.must(err)
			},
			Config: config("2"), ConfigPlanChecks: emptyPlan(),
			Check: resource.ComposeTestCheckFunc(checkSame(ci, "token", &second), b.checkValues("-+", &first, &second), resource.TestCheckNoResourceAttr(ci, "previous_secret_expires_at")),
		},
	)
}

// A grace until the expiry is over when the secret of before would have expired, and one of any length no later.
func TestGraceUntilExpiry(t *testing.T) {
	for _, grace := range []string{"until_expiry", "90d"} {
		t.Run(grace, func(t *testing.T) {
			b := newBench(t)
			config := func(generation string) string {
				return b.config(ciToken(`ttl = "30d"`, fmt.Sprintf(`regenerate_triggers = { n = %q }`, generation), fmt.Sprintf(`grace_period = %q`, grace)))
			}
			var first, second, end string
			b.run(
				resource.TestStep{Config: config("1"), Check: resource.ComposeTestCheckFunc(keep(ci, "token", &first), keep(ci, "secret_expires_at", &end))},
				resource.TestStep{
					PreConfig: func() { b.advance(10 * day) }, Config: config("2"),
					Check: resource.ComposeTestCheckFunc(keep(ci, "token", &second), b.checkValues("++", &first, &second), checkSame(ci, "previous_secret_expires_at", &end)),
				},
				resource.TestStep{PreConfig: func() { b.advance(20*day - time.Minute) }, Config: config("2"), ConfigPlanChecks: emptyPlan(), Check: b.checkValues("++", &first, &second)},
				resource.TestStep{PreConfig: func() { b.advance(time.Minute) }, Config: config("2"), ConfigPlanChecks: emptyPlan(), Check: b.checkValues("-+", &first, &second)},
			)
		})
	}
}

// Whatever regenerates gives the grace: a change elsewhere too, and another run.
func TestGraceOfEveryRegeneration(t *testing.T) {
	b := newBench(t)
	config := b.config(ciToken(`grace_period = "1d"`))
	var first, second string
	var byHand tokens.Secret
	b.run(
		resource.TestStep{Config: config, Check: keep(ci, "token", &first)},
		resource.TestStep{
			PreConfig: func() {
				byHand = b.regenerate("ci")
				second = byHand.Reveal()
				if !b.isActive(first) {
					t.Error("a regeneration by hand gave no grace")
				}
			},
			Config: config, ConfigPlanChecks: preApply(regenerates(ci, "drift")),
			Check: resource.ComposeTestCheckFunc(b.checkActive(ci), b.checkValues("-+", &first, &second)),
		},
	)
}

// The end of the grace moves with the expiry that a plan brings, and is unknown where that is.
func TestGraceAndExpiry(t *testing.T) {
	b := newBench(t)
	const grace = `grace_period = "9d"`
	config := func(generation, expiry string) string {
		return b.config(ciToken(grace, fmt.Sprintf(`regenerate_triggers = { n = %q }`, generation), expiry))
	}
	unknown := func(expiry string) string {
		return b.config(fmt.Sprintf("resource \"terraform_data\" \"end\" {\n  input = %q\n}\n", expiry) +
			ciToken(grace, `regenerate_triggers = { n = "2" }`, `expires_at = terraform_data.end.output`))
	}
	b.run(
		resource.TestStep{Config: config("1", "")},
		resource.TestStep{Config: config("2", "")},
		resource.TestStep{
			Config:           config("2", `expires_at = "2030-01-05T00:00:00Z"`),
			ConfigPlanChecks: preApply(updates(ci, onUpdate, "expires_at", "secret_expires_at", "previous_secret_expires_at")),
			Check:            resource.TestCheckResourceAttr(ci, "previous_secret_expires_at", "2030-01-05T00:00:00Z"),
		},
		resource.TestStep{
			Config:           config("2", `expires_at = "2031-01-05T00:00:00Z"`),
			ConfigPlanChecks: preApply(updates(ci, onUpdate, "expires_at", "secret_expires_at")),
			Check:            resource.TestCheckResourceAttr(ci, "previous_secret_expires_at", "2030-01-05T00:00:00Z"),
		},
		resource.TestStep{
			Config: unknown("2030-01-04T00:00:00Z"),
			Check:  resource.TestCheckResourceAttr(ci, "previous_secret_expires_at", "2030-01-04T00:00:00Z"),
		},
	)
}

// Of two runs that regenerate the same secret one wins; the other changes nothing and says so, and its next plan is right.
func TestRegenerationRaceInGrace(t *testing.T) {
	b := newBench(t)
	var first, second string
	var other tokens.Secret
	config := func(generation string) string {
		return b.config(ciToken(`ttl = "30d"`, `regenerate_before_expiry = "10d"`, `grace_period = "5d"`, fmt.Sprintf(`regenerate_triggers = { n = %q }`, generation)))
	}
	b.run(
		resource.TestStep{Config: config("1"), Check: keep(ci, "token", &first)},
		resource.TestStep{
			PreConfig: func() { b.advance(25 * day) },
			Config:    config("1"),
			ConfigPlanChecks: preApply(regenerates(ci, "schedule"), planCheck(func(*tfjson.Plan) error {
				other = b.regenerate("ci")
				second = other.Reveal()
				return nil
			})),
			ExpectError: says("secret version 2, not 1", "another run or person regenerated it", "nothing was changed"),
		},
		resource.TestStep{
			PreConfig: func() {
				if err := b.checkValues("++", &first, &second)(nil); err != nil {
					t.Error(err)
				}
			},
			Config:           config("1"),
			ConfigPlanChecks: preApply(regenerates(ci, "drift")),
			Check:            resource.ComposeTestCheckFunc(b.checkActive(ci, &first), b.checkValues("+", &second)),
		},
	)
}
