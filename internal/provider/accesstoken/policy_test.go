package accesstoken_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	tfjson "github.com/hashicorp/terraform-json"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/acctest"
)

// What becomes of a token that has expired is as its policy says, in the very plan that brings the policy.
func TestOnExpired(t *testing.T) {
	const ttl, fixed = `ttl = "1d"`, `expires_at = "2030-01-02T12:00:00Z"`
	nothing := plancheck.ExpectEmptyPlan()
	for _, test := range []struct {
		name          string
		before, after string
		plan          plancheck.PlanCheck
		refusal       []string
		active        bool
	}{
		{"a ttl, by default", ttl, ttl, acctest.Regenerates(acctest.CI, "expired"), nil, true},
		{"a ttl, ignored", ttl + "\n  on_expired = \"ignore\"", ttl + "\n  on_expired = \"ignore\"", nothing, nil, false},
		{"a ttl, an error", ttl + "\n  on_expired = \"error\"", ttl + "\n  on_expired = \"error\"", nil,
			[]string{"Access token has expired", `"ci"`,
				`To go on, set on_expired to "regenerate", or set on_expired to "ignore"`, "remove its block",
				"-refresh=false"}, false},
		{"a ttl with triggers, an error", ttl + "\n  on_expired = \"error\"\n  regenerate_triggers = { n = \"1\" }",
			ttl + "\n  on_expired = \"error\"\n  regenerate_triggers = { n = \"1\" }", nil,
			[]string{"To go on, change a value in regenerate_triggers, or set on_expired"}, false},
		{"a fixed end, by default", fixed, fixed, nothing, nil, false},
		{"a fixed end, an error", fixed + "\n  on_expired = \"error\"", fixed + "\n  on_expired = \"error\"", nil,
			[]string{"Access token has expired", "set a later expires_at", "remove its block", "-refresh=false"}, false},

		{"ignored, and then not", ttl + "\n  on_expired = \"ignore\"", ttl,
			acctest.Regenerates(acctest.CI, "expired", "on_expired"), nil, true},
		{"an error, and then regenerated", ttl + "\n  on_expired = \"error\"", ttl + "\n  on_expired = \"regenerate\"",
			acctest.Regenerates(acctest.CI, "expired", "on_expired"), nil, true},
		{"an error, and then ignored", ttl + "\n  on_expired = \"error\"", ttl + "\n  on_expired = \"ignore\"",
			acctest.Updates(acctest.CI, acctest.OnUpdate, "on_expired"), nil, false},
		{"regenerated, and then an error", ttl, ttl + "\n  on_expired = \"error\"", nil,
			[]string{"Access token has expired"}, false},
		{"an error, and a trigger", ttl + "\n  on_expired = \"error\"\n  regenerate_triggers = { n = \"1\" }",
			ttl + "\n  on_expired = \"error\"\n  regenerate_triggers = { n = \"2\" }",
			acctest.Regenerates(acctest.CI, "trigger", "regenerate_triggers"), nil, true},
		{"an error, and a longer ttl", ttl + "\n  on_expired = \"error\"", "ttl = \"9d\"\n  on_expired = \"error\"",
			acctest.Updates(acctest.CI, acctest.OnUpdate, "ttl", "secret_expires_at"), nil, true},
		{"an error, and a later end", fixed + "\n  on_expired = \"error\"",
			"expires_at = \"2030-02-01T00:00:00Z\"\n  on_expired = \"error\"",
			acctest.Updates(acctest.CI, acctest.OnUpdate, "expires_at", "secret_expires_at"), nil, true},
		{"an error, and disabled", ttl + "\n  on_expired = \"error\"",
			ttl + "\n  on_expired = \"error\"\n  enabled = false", acctest.Updates(acctest.CI, acctest.OnUpdate, "enabled"),
			nil, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := acctest.New(t)
			step := resource.TestStep{
				PreConfig: func() { b.Advance(2 * acctest.Day) },
				Config:    b.Config(acctest.CIToken(test.after)),
			}
			if test.refusal != nil {
				step.ExpectError = acctest.Says(test.refusal...)
			} else {
				step.ConfigPlanChecks = acctest.PreApply(test.plan)
				step.Check = func(s *terraform.State) error {
					if got := b.IsActive(acctest.SecretOf(s, acctest.CI)); got != test.active {
						return fmt.Errorf("the secret in the state is good: %t", got)
					}
					return nil
				}
			}
			b.Run(resource.TestStep{Config: b.Config(acctest.CIToken(test.before))}, step,
				resource.TestStep{Config: b.Config("")}) // without the block, it is deleted whatever the policy
		})
	}
}

// What becomes of a secret that was changed elsewhere is as its policy says, in the very plan that brings the policy.
func TestOnSecretDrift(t *testing.T) {
	const accept, fail = `on_secret_drift = "accept"`, `on_secret_drift = "error"`
	regenerated := func(b *acctest.Bench, _ string) { b.Regenerate("ci") }
	revoked := func(b *acctest.Bench, value string) {
		_, err := b.Outside.RevokeSecret(context.Background(), b.Parse(value))
		b.Must(err)
	}
	ways := []string{"Secret was changed outside Terraform", `"ci"`, "event list --object tok_", `"regenerate"`,
		`"accept"`, "remove its block", "-refresh=false"}
	for _, test := range []struct {
		name          string
		before, after string
		drift         func(b *acctest.Bench, value string)
		plan          plancheck.PlanCheck
		refusal       []string
		// token tells what the state holds in the end: new, none.
		token string
	}{
		{"regenerated, by default", ``, ``, regenerated, acctest.Regenerates(acctest.CI, "drift"), nil, "new"},
		{"regenerated, accepted", accept, accept, regenerated, acctest.Updates(acctest.CI, acctest.OnUpdate, "token"), nil,
			"none"},
		{"regenerated, an error", fail, fail, regenerated, nil, ways, ""},
		{"revoked, accepted", accept, accept, revoked, acctest.Updates(acctest.CI, acctest.OnUpdate, "token"), nil, "none"},
		{"revoked, an error", fail, fail, revoked, nil,
			append([]string{"Secret was changed", "(version 1) was revoked"}, ways[2:]...), ""},
		{"an error, and then accepted", fail, accept, regenerated,
			acctest.Updates(acctest.CI, acctest.OnUpdate, "token", "on_secret_drift"), nil, "none"},
		{"an error, and then regenerated", fail, ``, regenerated,
			acctest.Regenerates(acctest.CI, "drift", "on_secret_drift"), nil, "new"},
		{"accepted, and then an error", accept, fail, regenerated, nil, ways, ""},
		{"accepted, and a trigger", accept + "\n  regenerate_triggers = { n = \"1\" }",
			accept + "\n  regenerate_triggers = { n = \"2\" }", regenerated,
			acctest.Regenerates(acctest.CI, "trigger", "regenerate_triggers"), nil, "new"},
		{"an error, and a trigger", fail + "\n  regenerate_triggers = { n = \"1\" }",
			fail + "\n  regenerate_triggers = { n = \"2\" }", regenerated, nil, ways, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := acctest.New(t)
			var first string
			step := resource.TestStep{
				PreConfig: func() { test.drift(b, first) },
				Config:    b.Config(acctest.CIToken(test.after)),
			}
			if test.refusal != nil {
				step.ExpectError = acctest.Says(test.refusal...)
			} else {
				step.ConfigPlanChecks = acctest.PreApply(test.plan)
				step.Check = b.CheckActive(acctest.CI)
				if test.token == "none" {
					step.Check = resource.TestCheckNoResourceAttr(acctest.CI, "token")
				}
			}
			b.Run(resource.TestStep{
				Config: b.Config(acctest.CIToken(test.before)),
				Check:  acctest.Keep(acctest.CI, "token", &first),
			}, step,
				resource.TestStep{Config: b.Config("")})
		})
	}
}

// What was accepted is settled: it is no drift later, until the secret changes once more; and a change of the policy
// brings back a value only where there is none.
func TestAcceptedDrift(t *testing.T) {
	b := acctest.New(t)
	accept := b.Config(acctest.CIToken(`on_secret_drift = "accept"`))
	var first string
	b.Run(
		resource.TestStep{Config: accept, Check: acctest.Keep(acctest.CI, "token", &first)},
		resource.TestStep{
			PreConfig: func() { b.Regenerate("ci") },
			Config:    accept,
			Check:     resource.TestCheckNoResourceAttr(acctest.CI, "token"),
		},
		resource.TestStep{Config: accept, ConfigPlanChecks: acctest.EmptyPlan()},
		resource.TestStep{ // Who accepted it has nothing to regenerate.
			Config:           b.Config(acctest.CIToken()),
			ConfigPlanChecks: acctest.PreApply(acctest.Updates(acctest.CI, acctest.OnUpdate, "on_secret_drift")),
		},
		resource.TestStep{
			PreConfig:        func() { b.Regenerate("ci") },
			Config:           b.Config(acctest.CIToken()),
			ConfigPlanChecks: acctest.PreApply(acctest.Regenerates(acctest.CI, "drift")),
			Check: resource.ComposeTestCheckFunc(b.CheckActive(acctest.CI),
				acctest.Keep(acctest.CI, "token", &first)),
		},
		resource.TestStep{Config: accept},
		resource.TestStep{
			PreConfig: func() {
				_, err := b.Outside.RevokeSecret(context.Background(), b.Parse(first))
				b.Must(err)
			},
			Config: accept, Check: resource.ComposeTestCheckFunc(resource.TestCheckNoResourceAttr(acctest.CI, "token"),
				resource.TestCheckResourceAttr(acctest.CI, "status", "revoked")),
		},
		resource.TestStep{Config: accept, ConfigPlanChecks: acctest.EmptyPlan()},
		resource.TestStep{
			Config:           b.Config(acctest.CIToken()),
			ConfigPlanChecks: acctest.PreApply(acctest.Regenerates(acctest.CI, "drift", "on_secret_drift")),
			Check:            b.CheckActive(acctest.CI),
		},
	)
}

// A policy that is brought after the change was recorded acts on what was recorded.
func TestPolicyActsOnRecordedFacts(t *testing.T) {
	b := acctest.New(t)
	var first string
	b.Run(
		resource.TestStep{
			Config: b.Config(acctest.CIToken(`on_secret_drift = "accept"`)),
			Check:  acctest.Keep(acctest.CI, "token", &first),
		},
		resource.TestStep{
			PreConfig:          func() { b.Regenerate("ci") },
			RefreshState:       true,
			ExpectNonEmptyPlan: true,
			Check:              acctest.CheckSame(acctest.CI, "token", &first),
		},
		resource.TestStep{
			Config:           b.Config(acctest.CIToken()),
			ConfigPlanChecks: acctest.PreApply(acctest.Regenerates(acctest.CI, "drift", "on_secret_drift")),
			Check:            b.CheckActive(acctest.CI),
		},
	)
}

// While a token is in use, no plan takes it away, nor an apply whose plan can't show that.
func TestProtectIfUsedWithin(t *testing.T) {
	const protect, trigger = `protect_if_used_within = "1d"`, "\n  regenerate_triggers = { n = \"%s\" }\n  " +
		"replace_triggers = { n = \"%s\" }"
	settings := func(regenerate, replace string, more ...string) string {
		return acctest.CIToken(append([]string{protect + fmt.Sprintf(trigger, regenerate, replace)}, more...)...)
	}
	refusal := func(step, way string) []string {
		return []string{"Access token is in use", `"ci"`, "last used at 2030-01-01T12:", "(2 times in all)", "(1d)", step,
			"wait until 2030-01-02T12:", way, "latchkey token hold tok_"}
	}
	for _, test := range []struct {
		name    string
		config  string
		taint   bool
		refusal []string
	}{
		{"destroyed", "", false, refusal("would destroy it", "remove protect_if_used_within in an apply of its own first")},
		{"replaced", settings("1", "2"), false, refusal("would replace it", "in an apply of its own first")},
		{"replaced without protection", acctest.CIToken(fmt.Sprintf(trigger, "1", "2")), false,
			refusal("would replace it", "in an apply of its own first")},
		{"replaced by -replace", settings("1", "1"), true, refusal("would destroy it", "in an apply of its own first")},
		{"disabled", settings("1", "1", `enabled = false`), false,
			refusal("would disable it", "remove protect_if_used_within")},
		{"regenerated", settings("2", "1"), false, refusal("would regenerate it without a grace", "set grace_period")},

		{"regenerated with a grace", settings("2", "1", `grace_period = "1d"`), false, nil},
		{"regenerated without protection", acctest.CIToken(fmt.Sprintf(trigger, "2", "1")), false, nil},
		{"disabled without protection", acctest.CIToken(fmt.Sprintf(trigger, "1", "1"), `enabled = false`), false, nil},
		{"renamed", settings("1", "1", `description = "new"`), false, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := acctest.New(t)
			var first string
			use := func() { b.Use(b.Parse(first)); b.Use(b.Parse(first)) }
			step := resource.TestStep{PreConfig: use, Config: b.Config(test.config)}
			if test.taint { // and used after the plan was made
				step.Taint, step.PreConfig = []string{acctest.CI}, nil
				step.ConfigPlanChecks = acctest.PreApply(acctest.PlanCheck(func(*tfjson.Plan) error { use(); return nil }))
			}
			if test.refusal != nil {
				step.ExpectError = acctest.Says(test.refusal...)
			}
			b.Run(
				resource.TestStep{Config: b.Config(settings("1", "1")), Check: acctest.Keep(acctest.CI, "token", &first)},
				step,
				resource.TestStep{PreConfig: func() { b.Advance(2 * acctest.Day) }, Config: b.Config("")}, // used no more
			)
		})
	}
}

// The use of a secret that is dead by now protects nothing, that of one in its grace does.
func TestProtectionByLiveSecrets(t *testing.T) {
	for _, test := range []struct {
		name, grace string
		// byHand is the regeneration, which Terraform refuses without a grace.
		byHand  bool
		refused bool
	}{{"dead", `grace_period = "0s"`, true, false}, {"in its grace", `grace_period = "1h"`, false, true}} {
		t.Run(test.name, func(t *testing.T) {
			b := acctest.New(t)
			config := func(generation string) string {
				return b.Config(acctest.CIToken(`protect_if_used_within = "9d"`, test.grace,
					fmt.Sprintf(`regenerate_triggers = { n = %q }`, generation)))
			}
			var first string
			destroy := resource.TestStep{Config: b.Config("")}
			if test.refused {
				destroy.ExpectError = acctest.Says("Access token is in use", "(once in all)", "would destroy it")
			}
			b.Run(
				resource.TestStep{Config: config("1"), Check: acctest.Keep(acctest.CI, "token", &first)},
				resource.TestStep{
					PreConfig: func() {
						b.Use(b.Parse(first))
						if b.Advance(time.Minute); test.byHand {
							b.Regenerate("ci")
						}
					},
					Config: config("2"),
				},
				destroy,
				resource.TestStep{PreConfig: func() { b.Advance(2 * time.Hour) }, Config: b.Config("")},
			)
		})
	}
}

// What interrupts nobody is never refused, though the token was used: an expired token is deleted and regenerated, a
// disabled one deleted.
func TestProtectionOfTheDead(t *testing.T) {
	for _, test := range []struct{ name, lines, then string }{
		{"expired, and regenerated", `ttl = "1h"`, acctest.CIToken(`ttl = "1h"`, `protect_if_used_within = "9d"`)},
		{"expired, and deleted", `ttl = "1h"`, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := acctest.New(t)
			var first string
			b.Run(
				resource.TestStep{
					Config: b.Config(acctest.CIToken(test.lines, `protect_if_used_within = "9d"`)),
					Check:  acctest.Keep(acctest.CI, "token", &first),
				},
				resource.TestStep{
					PreConfig: func() { b.Use(b.Parse(first)); b.Advance(2 * time.Hour) },
					Config:    b.Config(test.then),
				},
				resource.TestStep{PreConfig: func() { b.Advance(10 * acctest.Day) }, Config: b.Config("")},
			)
		})
	}
}
