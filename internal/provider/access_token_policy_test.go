package provider_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	tfjson "github.com/hashicorp/terraform-json"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"
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
		{"a ttl, by default", ttl, ttl, regenerates(ci, "expired"), nil, true},
		{"a ttl, ignored", ttl + "\n  on_expired = \"ignore\"", ttl + "\n  on_expired = \"ignore\"", nothing, nil, false},
		{"a ttl, an error", ttl + "\n  on_expired = \"error\"", ttl + "\n  on_expired = \"error\"", nil, []string{"Access token has expired", `"ci"`, `To go on, set on_expired to "regenerate", or set on_expired to "ignore"`, "remove its block", "-refresh=false"}, false},
		{"a ttl with triggers, an error", ttl + "\n  on_expired = \"error\"\n  regenerate_triggers = { n = \"1\" }", ttl + "\n  on_expired = \"error\"\n  regenerate_triggers = { n = \"1\" }", nil, []string{"To go on, change a value in regenerate_triggers, or set on_expired"}, false},
		{"a fixed end, by default", fixed, fixed, nothing, nil, false},
		{"a fixed end, an error", fixed + "\n  on_expired = \"error\"", fixed + "\n  on_expired = \"error\"", nil, []string{"Access token has expired", "set a later expires_at", "remove its block", "-refresh=false"}, false},

		{"ignored, and then not", ttl + "\n  on_expired = \"ignore\"", ttl, regenerates(ci, "expired", "on_expired"), nil, true},
		{"an error, and then regenerated", ttl + "\n  on_expired = \"error\"", ttl + "\n  on_expired = \"regenerate\"", regenerates(ci, "expired", "on_expired"), nil, true},
		{"an error, and then ignored", ttl + "\n  on_expired = \"error\"", ttl + "\n  on_expired = \"ignore\"", updates(ci, onUpdate, "on_expired"), nil, false},
		{"regenerated, and then an error", ttl, ttl + "\n  on_expired = \"error\"", nil, []string{"Access token has expired"}, false},
		{"an error, and a trigger", ttl + "\n  on_expired = \"error\"\n  regenerate_triggers = { n = \"1\" }", ttl + "\n  on_expired = \"error\"\n  regenerate_triggers = { n = \"2\" }", regenerates(ci, "trigger", "regenerate_triggers"), nil, true},
		{"an error, and a longer ttl", ttl + "\n  on_expired = \"error\"", "ttl = \"9d\"\n  on_expired = \"error\"", updates(ci, onUpdate, "ttl", "secret_expires_at"), nil, true},
		{"an error, and a later end", fixed + "\n  on_expired = \"error\"", "expires_at = \"2030-02-01T00:00:00Z\"\n  on_expired = \"error\"", updates(ci, onUpdate, "expires_at", "secret_expires_at"), nil, true},
		{"an error, and disabled", ttl + "\n  on_expired = \"error\"", ttl + "\n  on_expired = \"error\"\n  enabled = false", updates(ci, onUpdate, "enabled"), nil, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := newBench(t)
			step := resource.TestStep{PreConfig: func() { b.advance(2 * day) }, Config: b.config(ciToken(test.after))}
			if test.refusal != nil {
				step.ExpectError = says(test.refusal...)
			} else {
				step.ConfigPlanChecks = preApply(test.plan)
				step.Check = func(s *terraform.State) error {
					if got := b.isActive(secretOf(s, ci)); got != test.active {
						return fmt.Errorf("the secret in the state is good: %t", got)
					}
					return nil
				}
			}
			b.run(resource.TestStep{Config: b.config(ciToken(test.before))}, step,
				resource.TestStep{Config: b.config("")}) // without the block, it is deleted whatever the policy
		})
	}
}

// What becomes of a secret that was changed elsewhere is as its policy says, in the very plan that brings the policy.
func TestOnSecretDrift(t *testing.T) {
	const accept, fail = `on_secret_drift = "accept"`, `on_secret_drift = "error"`
	regenerated := func(b *bench, _ string) { b.regenerate("ci") }
	revoked := func(b *bench, value string) {
		_, err := b.Outside.RevokeSecret(context.Background(), b.parse(value))
		b.must(err)
	}
	ways := []string{"Secret was changed outside Terraform", `"ci"`, "event list --object tok_", `"regenerate"`, `"accept"`, "remove its block", "-refresh=false"}
	for _, test := range []struct {
		name          string
		before, after string
		drift         func(b *bench, value string)
		plan          plancheck.PlanCheck
		refusal       []string
		// token tells what the state holds in the end: new, none.
		token string
	}{
		{"regenerated, by default", ``, ``, regenerated, regenerates(ci, "drift"), nil, "new"},
		{"regenerated, accepted", accept, accept, regenerated, updates(ci, onUpdate, "token"), nil, "none"},
		{"regenerated, an error", fail, fail, regenerated, nil, ways, ""},
		{"revoked, accepted", accept, accept, revoked, updates(ci, onUpdate, "token"), nil, "none"},
		{"revoked, an error", fail, fail, revoked, nil, append([]string{"Secret was changed", "(version 1) was revoked"}, ways[2:]...), ""},
		{"an error, and then accepted", fail, accept, regenerated, updates(ci, onUpdate, "token", "on_secret_drift"), nil, "none"},
		{"an error, and then regenerated", fail, ``, regenerated, regenerates(ci, "drift", "on_secret_drift"), nil, "new"},
		{"accepted, and then an error", accept, fail, regenerated, nil, ways, ""},
		{"accepted, and a trigger", accept + "\n  regenerate_triggers = { n = \"1\" }", accept + "\n  regenerate_triggers = { n = \"2\" }", regenerated, regenerates(ci, "trigger", "regenerate_triggers"), nil, "new"},
		{"an error, and a trigger", fail + "\n  regenerate_triggers = { n = \"1\" }", fail + "\n  regenerate_triggers = { n = \"2\" }", regenerated, nil, ways, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := newBench(t)
			var first string
			step := resource.TestStep{PreConfig: func() { test.drift(b, first) }, Config: b.config(ciToken(test.after))}
			if test.refusal != nil {
				step.ExpectError = says(test.refusal...)
			} else {
				step.ConfigPlanChecks = preApply(test.plan)
				step.Check = b.checkActive(ci)
				if test.token == "none" {
					step.Check = resource.TestCheckNoResourceAttr(ci, "token")
				}
			}
			b.run(resource.TestStep{Config: b.config(ciToken(test.before)), Check: keep(ci, "token", &first)}, step,
				resource.TestStep{Config: b.config("")})
		})
	}
}

// What was accepted is settled: it is no drift later, until the secret changes once more; and a change of the policy brings
// back a value only where there is none.
func TestAcceptedDrift(t *testing.T) {
	b := newBench(t)
	accept := b.config(ciToken(`on_secret_drift = "accept"`))
	var first string
	b.run(
		resource.TestStep{Config: accept, Check: keep(ci, "token", &first)},
		resource.TestStep{PreConfig: func() { b.regenerate("ci") }, Config: accept, Check: resource.TestCheckNoResourceAttr(ci, "token")},
		resource.TestStep{Config: accept, ConfigPlanChecks: emptyPlan()},
		resource.TestStep{ // Who accepted it has nothing to regenerate.
			Config: b.config(ciToken()), ConfigPlanChecks: preApply(updates(ci, onUpdate, "on_secret_drift")),
		},
		resource.TestStep{PreConfig: func() { b.regenerate("ci") }, Config: b.config(ciToken()), ConfigPlanChecks: preApply(regenerates(ci, "drift")), Check: resource.ComposeTestCheckFunc(b.checkActive(ci), keep(ci, "token", &first))},
		resource.TestStep{Config: accept},
		resource.TestStep{
			PreConfig: func() {
				_, err := b.Outside.RevokeSecret(context.Background(), b.parse(first))
				b.must(err)
			},
			Config: accept, Check: resource.ComposeTestCheckFunc(resource.TestCheckNoResourceAttr(ci, "token"), resource.TestCheckResourceAttr(ci, "status", "revoked")),
		},
		resource.TestStep{Config: accept, ConfigPlanChecks: emptyPlan()},
		resource.TestStep{Config: b.config(ciToken()), ConfigPlanChecks: preApply(regenerates(ci, "drift", "on_secret_drift")), Check: b.checkActive(ci)},
	)
}

// A policy that is brought after the change was recorded acts on what was recorded.
func TestPolicyActsOnRecordedFacts(t *testing.T) {
	b := newBench(t)
	var first string
	b.run(
		resource.TestStep{Config: b.config(ciToken(`on_secret_drift = "accept"`)), Check: keep(ci, "token", &first)},
		resource.TestStep{PreConfig: func() { b.regenerate("ci") }, RefreshState: true, ExpectNonEmptyPlan: true, Check: checkSame(ci, "token", &first)},
		resource.TestStep{Config: b.config(ciToken()), ConfigPlanChecks: preApply(regenerates(ci, "drift", "on_secret_drift")), Check: b.checkActive(ci)},
	)
}

// While a token is in use, no plan takes it away, nor an apply whose plan can't show that.
func TestProtectIfUsedWithin(t *testing.T) {
	const protect, trigger = `protect_if_used_within = "1d"`, "\n  regenerate_triggers = { n = \"%s\" }\n  replace_triggers = { n = \"%s\" }"
	settings := func(regenerate, replace string, more ...string) string {
		return ciToken(append([]string{protect + fmt.Sprintf(trigger, regenerate, replace)}, more...)...)
	}
	refusal := func(step, way string) []string {
		return []string{"Access token is in use", `"ci"`, "last used at 2030-01-01T12:", "(2 times in all)", "(1d)", step, "wait until 2030-01-02T12:", way, "latchkey token hold tok_"}
	}
	for _, test := range []struct {
		name    string
		config  string
		taint   bool
		refusal []string
	}{
		{"destroyed", "", false, refusal("would destroy it", "remove protect_if_used_within in an apply of its own first")},
		{"replaced", settings("1", "2"), false, refusal("would replace it", "in an apply of its own first")},
		{"replaced without protection", ciToken(fmt.Sprintf(trigger, "1", "2")), false, refusal("would replace it", "in an apply of its own first")},
		{"replaced by -replace", settings("1", "1"), true, refusal("would destroy it", "in an apply of its own first")},
		{"disabled", settings("1", "1", `enabled = false`), false, refusal("would disable it", "remove protect_if_used_within")},
		{"regenerated", settings("2", "1"), false, refusal("would regenerate it without a grace", "set grace_period")},

		{"regenerated with a grace", settings("2", "1", `grace_period = "1d"`), false, nil},
		{"regenerated without protection", ciToken(fmt.Sprintf(trigger, "2", "1")), false, nil},
		{"disabled without protection", ciToken(fmt.Sprintf(trigger, "1", "1"), `enabled = false`), false, nil},
		{"renamed", settings("1", "1", `description = "new"`), false, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := newBench(t)
			var first string
			use := func() { b.use(b.parse(first)); b.use(b.parse(first)) }
			step := resource.TestStep{PreConfig: use, Config: b.config(test.config)}
			if test.taint { // and used after the plan was made
				step.Taint, step.PreConfig = []string{ci}, nil
				step.ConfigPlanChecks = preApply(planCheck(func(*tfjson.Plan) error { use(); return nil }))
			}
			if test.refusal != nil {
				step.ExpectError = says(test.refusal...)
			}
			b.run(
				resource.TestStep{Config: b.config(settings("1", "1")), Check: keep(ci, "token", &first)},
				step,
				resource.TestStep{PreConfig: func() { b.advance(2 * day) }, Config: b.config("")}, // used no more
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
			b := newBench(t)
			config := func(generation string) string {
				return b.config(ciToken(`protect_if_used_within = "9d"`, test.grace, fmt.Sprintf(`regenerate_triggers = { n = %q }`, generation)))
			}
			var first string
			destroy := resource.TestStep{Config: b.config("")}
			if test.refused {
				destroy.ExpectError = says("Access token is in use", "(once in all)", "would destroy it")
			}
			b.run(
				resource.TestStep{Config: config("1"), Check: keep(ci, "token", &first)},
				resource.TestStep{
					PreConfig: func() {
						b.use(b.parse(first))
						if b.advance(time.Minute); test.byHand {
							b.regenerate("ci")
						}
					},
					Config: config("2"),
				},
				destroy,
				resource.TestStep{PreConfig: func() { b.advance(2 * time.Hour) }, Config: b.config("")},
			)
		})
	}
}

// What interrupts nobody is never refused, though the token was used: an expired token is deleted and regenerated, a
// disabled one deleted.
func TestProtectionOfTheDead(t *testing.T) {
	for _, test := range []struct{ name, lines, then string }{
		{"expired, and regenerated", `ttl = "1h"`, ciToken(`ttl = "1h"`, `protect_if_used_within = "9d"`)},
		{"expired, and deleted", `ttl = "1h"`, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := newBench(t)
			var first string
			b.run(
				resource.TestStep{Config: b.config(ciToken(test.lines, `protect_if_used_within = "9d"`)), Check: keep(ci, "token", &first)},
				resource.TestStep{PreConfig: func() { b.use(b.parse(first)); b.advance(2 * time.Hour) }, Config: b.config(test.then)},
				resource.TestStep{PreConfig: func() { b.advance(10 * day) }, Config: b.config("")},
			)
		})
	}
}
