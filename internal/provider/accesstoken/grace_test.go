package accesstoken_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	tfjson "github.com/hashicorp/terraform-json"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/terraform"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/acctest"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// checkValues checks which of kept values are good, in their order: a + for one that is, a - for one that is not.
func checkValues(b *acctest.Bench, want string, values ...*string) resource.TestCheckFunc {
	return func(*terraform.State) error {
		got := ""
		for _, value := range values {
			if b.IsActive(*value) {
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
	b := acctest.New(t)
	config := func(generation, grace string) string {
		return b.Config(acctest.CIToken(fmt.Sprintf(`regenerate_triggers = { n = %q }`, generation),
			fmt.Sprintf(`grace_period = %q`, grace)) + `
resource "terraform_data" "consumer" {
  input = latchkey_access_token.ci.token
}
`)
	}
	consumes := func(s *terraform.State) error {
		if got := s.RootModule().Resources["terraform_data.consumer"].Primary.Attributes["output"]; got != acctest.SecretOf(s,
			acctest.CI) {
			return fmt.Errorf("the consumer has another value than the token")
		}
		return nil
	}
	var first, second, third, end string
	b.Run(
		resource.TestStep{Config: config("1", "2d"), Check: resource.ComposeTestCheckFunc(
			acctest.Keep(acctest.CI, "token", &first),
			resource.TestCheckNoResourceAttr(acctest.CI, "previous_secret_expires_at"))},
		resource.TestStep{
			PreConfig: func() { b.Advance(acctest.Day) }, Config: config("2", "2d"),
			ConfigPlanChecks: acctest.PreApply(acctest.Regenerates(acctest.CI, "trigger", "regenerate_triggers")),
			Check: resource.ComposeTestCheckFunc(acctest.Keep(acctest.CI, "token", &second),
				checkValues(b, "++", &first, &second), consumes, acctest.Keep(acctest.CI, "previous_secret_expires_at", &end)),
		},
		resource.TestStep{ // The oldest ends within its grace.
			PreConfig: func() { b.Advance(acctest.Day) }, Config: config("3", "2d"),
			Check: resource.ComposeTestCheckFunc(acctest.Keep(acctest.CI, "token", &third),
				checkValues(b, "-++", &first, &second, &third), consumes,
				acctest.CheckOther(acctest.CI, "previous_secret_expires_at", &end)),
		},
		resource.TestStep{ // A longer one counts from the next regeneration on.
			PreConfig: func() { b.Advance(time.Hour) }, Config: config("3", "5d"),
			ConfigPlanChecks: acctest.PreApply(acctest.Updates(acctest.CI, acctest.OnUpdate, "grace_period")),
			Check: resource.ComposeTestCheckFunc(acctest.CheckSame(acctest.CI, "token", &third),
				checkValues(b, "-++", &first, &second, &third)),
		},
		resource.TestStep{ // A shorter one works in place.
			Config: config("3", "1h30m"),
			ConfigPlanChecks: acctest.PreApply(acctest.Updates(acctest.CI, acctest.OnUpdate, "grace_period",
				"previous_secret_expires_at")),
			Check: resource.ComposeTestCheckFunc(acctest.CheckSame(acctest.CI, "token", &third),
				checkValues(b, "-++", &first, &second, &third)),
		},
		resource.TestStep{
			PreConfig:        func() { b.Advance(30 * time.Minute) },
			Config:           config("3", "1h30m"),
			ConfigPlanChecks: acctest.EmptyPlan(),
			Check:            checkValues(b, "--+", &first, &second, &third),
		},
		resource.TestStep{ // None at all ends the old one with the regeneration.
			Config: config("4", "0s"),
			Check: resource.ComposeTestCheckFunc(b.CheckActive(acctest.CI, &third),
				resource.TestCheckNoResourceAttr(acctest.CI, "previous_secret_expires_at"), consumes),
		},
	)
}

// Ended sooner by hand, the secret of before is no drift; nothing touches the token.
func TestRetiredPreviousSecret(t *testing.T) {
	b := acctest.New(t)
	config := func(generation string) string {
		return b.Config(acctest.CIToken(fmt.Sprintf(`regenerate_triggers = { n = %q }`, generation), `grace_period = "2d"`))
	}
	var first, second string
	b.Run(
		resource.TestStep{Config: config("1"), Check: acctest.Keep(acctest.CI, "token", &first)},
		resource.TestStep{
			Config: config("2"),
			Check: resource.ComposeTestCheckFunc(acctest.Keep(acctest.CI, "token", &second),
				checkValues(b, "++", &first, &second)),
		},
		resource.TestStep{
			PreConfig: func() {
				_, err := b.Outside.RetirePreviousSecret(context.Background(), b.Token("ci").ID, 0)
				b.Must(err)
			},
			Config: config("2"), ConfigPlanChecks: acctest.EmptyPlan(),
			Check: resource.ComposeTestCheckFunc(acctest.CheckSame(acctest.CI, "token", &second),
				checkValues(b, "-+", &first, &second),
				resource.TestCheckNoResourceAttr(acctest.CI, "previous_secret_expires_at")),
		},
	)
}

// A grace until the expiry is over when the secret of before would have expired, and one of any length no later.
func TestGraceUntilExpiry(t *testing.T) {
	for _, grace := range []string{"until_expiry", "90d"} {
		t.Run(grace, func(t *testing.T) {
			b := acctest.New(t)
			config := func(generation string) string {
				return b.Config(acctest.CIToken(`ttl = "30d"`, fmt.Sprintf(`regenerate_triggers = { n = %q }`, generation),
					fmt.Sprintf(`grace_period = %q`, grace)))
			}
			var first, second, end string
			b.Run(
				resource.TestStep{
					Config: config("1"),
					Check: resource.ComposeTestCheckFunc(acctest.Keep(acctest.CI, "token", &first),
						acctest.Keep(acctest.CI, "secret_expires_at", &end)),
				},
				resource.TestStep{
					PreConfig: func() { b.Advance(10 * acctest.Day) }, Config: config("2"),
					Check: resource.ComposeTestCheckFunc(acctest.Keep(acctest.CI, "token", &second),
						checkValues(b, "++", &first, &second), acctest.CheckSame(acctest.CI, "previous_secret_expires_at", &end)),
				},
				resource.TestStep{
					PreConfig:        func() { b.Advance(20*acctest.Day - time.Minute) },
					Config:           config("2"),
					ConfigPlanChecks: acctest.EmptyPlan(),
					Check:            checkValues(b, "++", &first, &second),
				},
				resource.TestStep{
					PreConfig:        func() { b.Advance(time.Minute) },
					Config:           config("2"),
					ConfigPlanChecks: acctest.EmptyPlan(),
					Check:            checkValues(b, "-+", &first, &second),
				},
			)
		})
	}
}

// Whatever regenerates gives the grace: a change elsewhere too, and another run.
func TestGraceOfEveryRegeneration(t *testing.T) {
	b := acctest.New(t)
	config := b.Config(acctest.CIToken(`grace_period = "1d"`))
	var first, second string
	var byHand tokens.Secret
	b.Run(
		resource.TestStep{Config: config, Check: acctest.Keep(acctest.CI, "token", &first)},
		resource.TestStep{
			PreConfig: func() {
				byHand = b.Regenerate("ci")
				second = byHand.Reveal()
				if !b.IsActive(first) {
					t.Error("a regeneration by hand gave no grace")
				}
			},
			Config: config, ConfigPlanChecks: acctest.PreApply(acctest.Regenerates(acctest.CI, "drift")),
			Check: resource.ComposeTestCheckFunc(b.CheckActive(acctest.CI), checkValues(b, "-+", &first, &second)),
		},
	)
}

// The end of the grace moves with the expiry that a plan brings, and is unknown where that is.
func TestGraceAndExpiry(t *testing.T) {
	b := acctest.New(t)
	const grace = `grace_period = "9d"`
	config := func(generation, expiry string) string {
		return b.Config(acctest.CIToken(grace, fmt.Sprintf(`regenerate_triggers = { n = %q }`, generation), expiry))
	}
	unknown := func(expiry string) string {
		return b.Config(fmt.Sprintf("resource \"terraform_data\" \"end\" {\n  input = %q\n}\n", expiry) +
			acctest.CIToken(grace, `regenerate_triggers = { n = "2" }`, `expires_at = terraform_data.end.output`))
	}
	b.Run(
		resource.TestStep{Config: config("1", "")},
		resource.TestStep{Config: config("2", "")},
		resource.TestStep{
			Config: config("2", `expires_at = "2030-01-05T00:00:00Z"`),
			ConfigPlanChecks: acctest.PreApply(acctest.Updates(acctest.CI, acctest.OnUpdate, "expires_at",
				"secret_expires_at", "previous_secret_expires_at")),
			Check: resource.TestCheckResourceAttr(acctest.CI, "previous_secret_expires_at", "2030-01-05T00:00:00Z"),
		},
		resource.TestStep{
			Config: config("2", `expires_at = "2031-01-05T00:00:00Z"`),
			ConfigPlanChecks: acctest.PreApply(acctest.Updates(acctest.CI, acctest.OnUpdate, "expires_at",
				"secret_expires_at")),
			Check: resource.TestCheckResourceAttr(acctest.CI, "previous_secret_expires_at", "2030-01-05T00:00:00Z"),
		},
		resource.TestStep{
			Config: unknown("2030-01-04T00:00:00Z"),
			Check:  resource.TestCheckResourceAttr(acctest.CI, "previous_secret_expires_at", "2030-01-04T00:00:00Z"),
		},
	)
}

// Of two runs that regenerate the same secret one wins; the other changes nothing and says so, and its next plan is
// right.
func TestRegenerationRaceInGrace(t *testing.T) {
	b := acctest.New(t)
	var first, second string
	var other tokens.Secret
	config := func(generation string) string {
		return b.Config(acctest.CIToken(`ttl = "30d"`, `regenerate_before_expiry = "10d"`, `grace_period = "5d"`,
			fmt.Sprintf(`regenerate_triggers = { n = %q }`, generation)))
	}
	b.Run(
		resource.TestStep{Config: config("1"), Check: acctest.Keep(acctest.CI, "token", &first)},
		resource.TestStep{
			PreConfig: func() { b.Advance(25 * acctest.Day) },
			Config:    config("1"),
			ConfigPlanChecks: acctest.PreApply(acctest.Regenerates(acctest.CI, "schedule"),
				acctest.PlanCheck(func(*tfjson.Plan) error {
					other = b.Regenerate("ci")
					second = other.Reveal()
					return nil
				})),
			ExpectError: acctest.Says("secret version 2, not 1", "another run or person regenerated it",
				"nothing was changed", "Plan again"),
		},
		resource.TestStep{
			PreConfig: func() {
				if err := checkValues(b, "++", &first, &second)(nil); err != nil {
					t.Error(err)
				}
			},
			Config:           config("1"),
			ConfigPlanChecks: acctest.PreApply(acctest.Regenerates(acctest.CI, "drift")),
			Check:            resource.ComposeTestCheckFunc(b.CheckActive(acctest.CI, &first), checkValues(b, "+", &second)),
		},
	)
}
