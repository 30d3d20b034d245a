package accesstoken_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/acctest"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// What another hand changed shows in the plan (an update in place, or a creation), and the apply puts it right.
func TestAccessTokenDrift(t *testing.T) {
	ctx := context.Background()
	update := func(u tokens.AccessTokenUpdate) func(b *acctest.Bench) error {
		return func(b *acctest.Bench) error {
			_, err := b.Outside.UpdateAccessToken(ctx, b.Token("ci").ID, u)
			return err
		}
	}
	for _, test := range []struct {
		name, lines string
		drift       func(b *acctest.Bench) error
		want        func(b *acctest.Bench) plancheck.PlanCheck
	}{
		{
			"renamed", ``,
			update(tokens.AccessTokenUpdate{Settings: tokens.Settings{Name: "other"}, Fields: tokens.Fields{"name"}}),
			func(*acctest.Bench) plancheck.PlanCheck { return acctest.Updates(acctest.CI, acctest.OnUpdate, "name") },
		},
		{
			"described", ``,
			update(tokens.AccessTokenUpdate{
				Settings: tokens.Settings{Description: "other"},
				Fields:   tokens.Fields{"description"},
			}),
			func(*acctest.Bench) plancheck.PlanCheck {
				return acctest.Updates(acctest.CI, acctest.OnUpdate, "description")
			},
		},
		{
			"disabled", ``,
			update(tokens.AccessTokenUpdate{Settings: tokens.Settings{Enabled: false}, Fields: tokens.Fields{"enabled"}}),
			func(*acctest.Bench) plancheck.PlanCheck {
				return acctest.Updates(acctest.CI, acctest.OnUpdate, "enabled")
			},
		},
		{
			"enabled", `enabled = false`,
			update(tokens.AccessTokenUpdate{Settings: tokens.Settings{Enabled: true}, Fields: tokens.Fields{"enabled"}}),
			func(*acctest.Bench) plancheck.PlanCheck {
				return acctest.Updates(acctest.CI, acctest.OnUpdate, "enabled")
			},
		},
		{
			"restricted", ``,
			update(tokens.AccessTokenUpdate{
				Settings: tokens.Settings{Visibility: tokens.VisibilityRestricted},
				Fields:   tokens.Fields{"visibility"},
			}),
			func(*acctest.Bench) plancheck.PlanCheck {
				return acctest.Updates(acctest.CI, acctest.OnUpdate, "visibility")
			},
		},
		{
			"another role", `role = "viewer"`,
			update(tokens.AccessTokenUpdate{
				Settings: tokens.Settings{Own: tokens.Grants{Role: "owner"}},
				Fields:   tokens.Fields{"role"},
			}),
			func(*acctest.Bench) plancheck.PlanCheck { return acctest.Updates(acctest.CI, acctest.OnUpdate, "role") },
		},
		{
			"another expiry", `expires_at = "2031-01-01T00:00:00Z"`,
			update(tokens.AccessTokenUpdate{
				Settings: tokens.Settings{ExpiresAt: time.Date(2040, 1, 1, 0, 0, 0, 0, time.UTC)},
				Fields:   tokens.Fields{"expires_at"},
			}),
			func(*acctest.Bench) plancheck.PlanCheck {
				return acctest.Updates(acctest.CI, acctest.OnUpdate, "expires_at", "secret_expires_at")
			},
		},
		{
			"another ttl", `ttl = "90d"`,
			update(tokens.AccessTokenUpdate{Settings: tokens.Settings{TTL: time.Hour}, Fields: tokens.Fields{"ttl"}}),
			func(*acctest.Bench) plancheck.PlanCheck {
				return acctest.Updates(acctest.CI, acctest.OnUpdate, "ttl", "secret_expires_at")
			},
		},
		{
			"regenerated", ``,
			func(b *acctest.Bench) error { b.Regenerate("ci"); return nil },
			func(*acctest.Bench) plancheck.PlanCheck { return acctest.Regenerates(acctest.CI, "drift") },
		},
		{
			"regenerated and renamed", ``,
			func(b *acctest.Bench) error {
				b.Regenerate("ci")
				return update(tokens.AccessTokenUpdate{
					Settings: tokens.Settings{Name: "other"},
					Fields:   tokens.Fields{"name"},
				})(b)
			},
			func(*acctest.Bench) plancheck.PlanCheck { return acctest.Regenerates(acctest.CI, "drift", "name") },
		},
		{
			"regenerated twice while it expires", `ttl = "1d"`,
			func(b *acctest.Bench) error {
				b.Regenerate("ci")
				b.Regenerate("ci")
				b.Advance(48 * time.Hour)
				return nil
			},
			func(*acctest.Bench) plancheck.PlanCheck { return acctest.Regenerates(acctest.CI, "drift") },
		},
		{
			"deleted", ``,
			func(b *acctest.Bench) error { return b.Outside.DeleteAccessToken(ctx, b.Token("ci").ID) },
			func(*acctest.Bench) plancheck.PlanCheck {
				return plancheck.ExpectResourceAction(acctest.CI, plancheck.ResourceActionCreate)
			},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := acctest.New(t)
			config := b.Config(acctest.CIToken(test.lines))
			b.Run(
				resource.TestStep{Config: config},
				resource.TestStep{
					PreConfig:        func() { b.Must(test.drift(b)) },
					Config:           config,
					ConfigPlanChecks: acctest.PreApply(test.want(b), plancheck.ExpectNonEmptyPlan()),
					Check: resource.ComposeTestCheckFunc(resource.TestCheckResourceAttr(acctest.CI, "name", "ci"),
						func(s *terraform.State) error {
							want := tokens.StatusActive
							if !b.Token("ci").Enabled {
								want = tokens.StatusDisabled
							}
							return resource.TestCheckResourceAttr(acctest.CI, "status", string(want))(s)
						}),
				},
			)
		})
	}
}

// A secret that its holder revoked is regenerated, though meanwhile the token is held.
func TestAccessTokenRevoked(t *testing.T) {
	b := acctest.New(t)
	var first string
	b.Run(
		resource.TestStep{Config: b.Config(acctest.CIToken()), Check: acctest.Keep(acctest.CI, "token", &first)},
		resource.TestStep{
			PreConfig: func() {
				secret, err := tokens.ParseSecret(first)
				b.Must(err)
				_, err = b.Outside.RevokeSecret(context.Background(), secret)
				b.Must(err)
			},
			Config:           b.Config(acctest.CIToken()),
			ConfigPlanChecks: acctest.PreApply(acctest.Regenerates(acctest.CI, "drift")),
			Check:            b.CheckActive(acctest.CI, &first),
		},
	)
}

// A drifted secret stays in the state until a regeneration replaces it: it is never turned into null.
func TestAccessTokenDriftedSecretStays(t *testing.T) {
	b := acctest.New(t)
	var first string
	b.Run(
		resource.TestStep{Config: b.Config(acctest.CIToken()), Check: acctest.Keep(acctest.CI, "token", &first)},
		resource.TestStep{
			PreConfig:          func() { b.Regenerate("ci") },
			RefreshState:       true,
			ExpectNonEmptyPlan: true,
			Check: resource.ComposeTestCheckFunc(acctest.CheckSame(acctest.CI, "token", &first),
				resource.TestCheckResourceAttr(acctest.CI, "secret_version", "2")),
		},
		resource.TestStep{ // The refresh was recorded in the state; the drift is still seen.
			Config:           b.Config(acctest.CIToken()),
			ConfigPlanChecks: acctest.PreApply(acctest.Regenerates(acctest.CI, "drift")),
			Check:            b.CheckActive(acctest.CI, &first),
		},
	)
}

// Drift of a token that has expired for good breaks no plan: there is nothing that a new secret would help.
func TestAccessTokenDriftAfterExpiry(t *testing.T) {
	b := acctest.New(t)
	config := b.Config(acctest.CIToken(`expires_at = "2030-01-02T00:00:00Z"`))
	b.Run(
		resource.TestStep{Config: config},
		resource.TestStep{
			PreConfig: func() { b.Regenerate("ci"); b.Advance(48 * time.Hour) },
			Config:    config, ConfigPlanChecks: acctest.EmptyPlan(),
		},
		resource.TestStep{ // A later expiry makes it worth a secret that this state knows.
			Config:           b.Config(acctest.CIToken(`expires_at = "2031-01-02T00:00:00Z"`)),
			ConfigPlanChecks: acctest.PreApply(acctest.Regenerates(acctest.CI, "drift", "expires_at")),
			Check:            b.CheckActive(acctest.CI),
		},
	)
}

// A hold is lifted by no apply, whatever else the apply does.
func TestHoldSurvivesApply(t *testing.T) {
	b := acctest.New(t)
	ctx := context.Background()
	held := func(s *terraform.State) error {
		if b.IsActive(acctest.SecretOf(s, acctest.CI)) {
			return fmt.Errorf("the held token works")
		}
		return resource.TestCheckResourceAttr(acctest.CI, "status", "held")(s)
	}
	b.Run(
		resource.TestStep{Config: b.Config(acctest.CIToken(`regenerate_triggers = { n = "1" }`))},
		resource.TestStep{
			PreConfig: func() {
				_, err := b.Outside.HoldAccessToken(ctx, b.Token("ci").ID, "seen in a public log")
				b.Must(err)
			},
			Config: b.Config(acctest.CIToken(`regenerate_triggers = { n = "1" }`)), ConfigPlanChecks: acctest.EmptyPlan(),
			Check: held,
		},
		resource.TestStep{
			Config: b.Config(acctest.CIToken(`regenerate_triggers = { n = "2" }`, `description = "new"`)),
			Check:  held,
		},
		resource.TestStep{
			Config: b.Config(acctest.CIToken(`regenerate_triggers = { n = "2" }`, `enabled = false`)),
			Check:  held,
		},
		resource.TestStep{Config: b.Config(acctest.CIToken(`regenerate_triggers = { n = "2" }`)), Check: held},
		resource.TestStep{
			PreConfig: func() {
				_, err := b.Outside.ReleaseAccessToken(ctx, b.Token("ci").ID)
				b.Must(err)
			},
			Config: b.Config(acctest.CIToken(`regenerate_triggers = { n = "2" }`)), ConfigPlanChecks: acctest.EmptyPlan(),
			Check: b.CheckActive(acctest.CI),
		},
	)
}

// Disabling the technical user stops the token, and is no drift of the token.
func TestDisabledTechnicalUserStopsToken(t *testing.T) {
	b := acctest.New(t)
	config := func(enabled bool) string {
		return b.Config(acctest.Resource("technical_user", "deployer", `name = "deployer"`,
			fmt.Sprintf("enabled = %t", enabled)) +
			acctest.CIToken(`technical_user_id = latchkey_technical_user.deployer.id`))
	}
	b.Run(
		resource.TestStep{Config: config(true), Check: b.CheckActive(acctest.CI)},
		resource.TestStep{Config: config(false)},
		resource.TestStep{
			Config:           config(false),
			ConfigPlanChecks: acctest.EmptyPlan(),
			Check:            resource.TestCheckResourceAttr(acctest.CI, "status", "disabled"),
		},
		resource.TestStep{Config: config(true)},
		resource.TestStep{Config: config(true), ConfigPlanChecks: acctest.EmptyPlan(), Check: b.CheckActive(acctest.CI)},
	)
}
