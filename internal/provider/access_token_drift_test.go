package provider_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// What another hand changed shows in the plan (an update in place, or a creation), and the apply puts it right.
func TestAccessTokenDrift(t *testing.T) {
	ctx := context.Background()
	update := func(u tokens.AccessTokenUpdate) func(b *bench) error {
		return func(b *bench) error {
			_, err := b.Outside.UpdateAccessToken(ctx, b.token("ci").ID, u)
			return err
		}
	}
	for _, test := range []struct {
		name, lines string
		drift       func(b *bench) error
		want        func(b *bench) plancheck.PlanCheck
	}{
		{
			"renamed", ``,
			update(tokens.AccessTokenUpdate{Name: tokens.To("other")}),
			func(*bench) plancheck.PlanCheck { return updates(ci, onUpdate, "name") },
		},
		{
			"described", ``,
			update(tokens.AccessTokenUpdate{Description: tokens.To("other")}),
			func(*bench) plancheck.PlanCheck { return updates(ci, onUpdate, "description") },
		},
		{
			"disabled", ``,
			update(tokens.AccessTokenUpdate{Enabled: tokens.To(false)}),
			func(*bench) plancheck.PlanCheck { return updates(ci, onUpdate, "enabled") },
		},
		{
			"enabled", `enabled = false`,
			update(tokens.AccessTokenUpdate{Enabled: tokens.To(true)}),
			func(*bench) plancheck.PlanCheck { return updates(ci, onUpdate, "enabled") },
		},
		{
			"restricted", ``,
			update(tokens.AccessTokenUpdate{Visibility: tokens.To(tokens.VisibilityRestricted)}),
			func(*bench) plancheck.PlanCheck { return updates(ci, onUpdate, "visibility") },
		},
		{
			"another role", `role = "viewer"`,
			update(tokens.AccessTokenUpdate{Role: tokens.To("owner")}),
			func(*bench) plancheck.PlanCheck { return updates(ci, onUpdate, "role") },
		},
		{
			"another expiry", `expires_at = "2031-01-01T00:00:00Z"`,
			update(tokens.AccessTokenUpdate{ExpiresAt: tokens.To(time.Date(2040, 1, 1, 0, 0, 0, 0, time.UTC))}),
			func(*bench) plancheck.PlanCheck { return updates(ci, onUpdate, "expires_at", "secret_expires_at") },
		},
		{
			"another ttl", `ttl = "90d"`,
			update(tokens.AccessTokenUpdate{TTL: tokens.To(time.Hour)}),
			func(*bench) plancheck.PlanCheck { return updates(ci, onUpdate, "ttl", "secret_expires_at") },
		},
		{
			"regenerated", ``,
			func(b *bench) error { b.regenerate("ci"); return nil },
			func(*bench) plancheck.PlanCheck { return regenerates(ci, "drift") },
		},
		{
			"regenerated and renamed", ``,
			func(b *bench) error {
				b.regenerate("ci")
				return update(tokens.AccessTokenUpdate{Name: tokens.To("other")})(b)
			},
			func(*bench) plancheck.PlanCheck { return regenerates(ci, "drift", "name") },
		},
		{
			"regenerated twice while it expires", `ttl = "1d"`,
			func(b *bench) error { b.regenerate("ci"); b.regenerate("ci"); b.advance(48 * time.Hour); return nil },
			func(*bench) plancheck.PlanCheck { return regenerates(ci, "drift") },
		},
		{
			"deleted", ``,
			func(b *bench) error { return b.Outside.DeleteAccessToken(ctx, b.token("ci").ID) },
			func(*bench) plancheck.PlanCheck {
				return plancheck.ExpectResourceAction(ci, plancheck.ResourceActionCreate)
			},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := newBench(t)
			config := b.config(ciToken(test.lines))
			b.run(
				resource.TestStep{Config: config},
				resource.TestStep{
					PreConfig:        func() { b.must(test.drift(b)) },
					Config:           config,
					ConfigPlanChecks: preApply(test.want(b), plancheck.ExpectNonEmptyPlan()),
					Check: resource.ComposeTestCheckFunc(resource.TestCheckResourceAttr(ci, "name", "ci"), func(s *terraform.State) error {
						want := tokens.StatusActive
						if !b.token("ci").Enabled {
							want = tokens.StatusDisabled
						}
						return resource.TestCheckResourceAttr(ci, "status", string(want))(s)
					}),
				},
			)
		})
	}
}

// A secret that its holder revoked is regenerated, though meanwhile the token is held.
func TestAccessTokenRevoked(t *testing.T) {
	b := newBench(t)
	var first string
	b.run(
		resource.TestStep{Config: b.config(ciToken()), Check: keep(ci, "token", &first)},
		resource.TestStep{
			PreConfig: func() {
				secret, err := tokens.ParseSecret(first)
				b.must(err)
				_, err = b.Outside.RevokeSecret(context.Background(), secret)
				b.must(err)
			},
			Config:           b.config(ciToken()),
			ConfigPlanChecks: preApply(regenerates(ci, "drift")),
			Check:            b.checkActive(ci, &first),
		},
	)
}

// A drifted secret stays in the state until a regeneration replaces it: it is never turned into null.
func TestAccessTokenDriftedSecretStays(t *testing.T) {
	b := newBench(t)
	var first string
	b.run(
		resource.TestStep{Config: b.config(ciToken()), Check: keep(ci, "token", &first)},
		resource.TestStep{
			PreConfig:          func() { b.regenerate("ci") },
			RefreshState:       true,
			ExpectNonEmptyPlan: true,
			Check:              resource.ComposeTestCheckFunc(checkSame(ci, "token", &first), resource.TestCheckResourceAttr(ci, "secret_version", "2")),
		},
		resource.TestStep{ // The refresh was recorded in the state; the drift is still seen.
			Config:           b.config(ciToken()),
			ConfigPlanChecks: preApply(regenerates(ci, "drift")),
			Check:            b.checkActive(ci, &first),
		},
	)
}

// Drift of a token that has expired for good breaks no plan: there is nothing that a new secret would help.
func TestAccessTokenDriftAfterExpiry(t *testing.T) {
	b := newBench(t)
	config := b.config(ciToken(`expires_at = "2030-01-02T00:00:00Z"`))
	b.run(
		resource.TestStep{Config: config},
		resource.TestStep{
			PreConfig: func() { b.regenerate("ci"); b.advance(48 * time.Hour) },
			Config:    config, ConfigPlanChecks: emptyPlan(),
		},
		resource.TestStep{ // A later expiry makes it worth a secret that this state knows.
			Config:           b.config(ciToken(`expires_at = "2031-01-02T00:00:00Z"`)),
			ConfigPlanChecks: preApply(regenerates(ci, "drift", "expires_at")),
			Check:            b.checkActive(ci),
		},
	)
}

// A hold is lifted by no apply, whatever else the apply does.
func TestHoldSurvivesApply(t *testing.T) {
	b := newBench(t)
	ctx := context.Background()
	held := func(s *terraform.State) error {
		if b.isActive(secretOf(s, ci)) {
			return fmt.Errorf("the held token works")
		}
		return resource.TestCheckResourceAttr(ci, "status", "held")(s)
	}
	b.run(
		resource.TestStep{Config: b.config(ciToken(`regenerate_triggers = { n = "1" }`))},
		resource.TestStep{
			PreConfig: func() {
				_, err := b.Outside.HoldAccessToken(ctx, b.token("ci").ID, "seen in a public log")
				b.must(err)
			},
			Config: b.config(ciToken(`regenerate_triggers = { n = "1" }`)), ConfigPlanChecks: emptyPlan(), Check: held,
		},
		resource.TestStep{Config: b.config(ciToken(`regenerate_triggers = { n = "2" }`, `description = "new"`)), Check: held},
		resource.TestStep{Config: b.config(ciToken(`regenerate_triggers = { n = "2" }`, `enabled = false`)), Check: held},
		resource.TestStep{Config: b.config(ciToken(`regenerate_triggers = { n = "2" }`)), Check: held},
		resource.TestStep{
			PreConfig: func() {
				_, err := b.Outside.ReleaseAccessToken(ctx, b.token("ci").ID)
				b.must(err)
			},
			Config: b.config(ciToken(`regenerate_triggers = { n = "2" }`)), ConfigPlanChecks: emptyPlan(), Check: b.checkActive(ci),
		},
	)
}

// Disabling the technical user stops the token, and is no drift of the token.
func TestDisabledTechnicalUserStopsToken(t *testing.T) {
	b := newBench(t)
	config := func(enabled bool) string {
		return b.config(resourceBlock("technical_user", "deployer", `name = "deployer"`, fmt.Sprintf("enabled = %t", enabled)) +
			ciToken(`technical_user_id = latchkey_technical_user.deployer.id`))
	}
	b.run(
		resource.TestStep{Config: config(true), Check: b.checkActive(ci)},
		resource.TestStep{Config: config(false)},
		resource.TestStep{Config: config(false), ConfigPlanChecks: emptyPlan(), Check: resource.TestCheckResourceAttr(ci, "status", "disabled")},
		resource.TestStep{Config: config(true)},
		resource.TestStep{Config: config(true), ConfigPlanChecks: emptyPlan(), Check: b.checkActive(ci)},
	)
}
