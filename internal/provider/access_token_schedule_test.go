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

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

const day = 24 * time.Hour

// moves is a step in time between a plan and its apply.
func (b *bench) moves(d time.Duration) plancheck.PlanCheck {
	return planCheck(func(*tfjson.Plan) error { b.advance(d); return nil })
}

// Within the window before its end a secret is regenerated in place, with its reason in the plan; before that, and right
// after it, nothing is planned.
func TestSchedule(t *testing.T) {
	b := newBench(t)
	config := b.config(ciToken(`ttl = "30d"`, `regenerate_before_expiry = "10d"`, `grace_period = "2d"`) +
		resourceBlock("member", "ada", `email = "ada@acme.example"`) +
		resourceBlock("token_share", "ada", `access_token_id = latchkey_access_token.ci.id`, `member_id = latchkey_member.ada.id`, `role = "viewer"`))
	var id, share, first, second string
	b.run(
		resource.TestStep{Config: config, Check: resource.ComposeTestCheckFunc(
			keep(ci, "id", &id), keep(ci, "token", &first), keep("latchkey_token_share.ada", "created_at", &share))},
		resource.TestStep{PreConfig: func() { b.advance(20*day - time.Minute) }, Config: config, ConfigPlanChecks: emptyPlan()},
		resource.TestStep{
			PreConfig:        func() { b.advance(time.Minute) },
			Config:           config,
			ConfigPlanChecks: preApply(regenerates(ci, "schedule")),
			Check: resource.ComposeTestCheckFunc(
				checkSame(ci, "id", &id), checkOther(ci, "token", &first), keep(ci, "token", &second), resource.TestCheckResourceAttr(ci, "secret_version", "2"),
				checkSame("latchkey_token_share.ada", "created_at", &share),
				b.checkActive(ci), func(*terraform.State) error {
					if !b.isActive(first) {
						return fmt.Errorf("the secret of before does not work in its grace")
					}
					return nil
				},
			),
		},
		resource.TestStep{PreConfig: func() { b.advance(2 * day) }, Config: config, ConfigPlanChecks: emptyPlan(), Check: b.checkActive(ci, &first)},
		resource.TestStep{ // The second time for the same reason.
			PreConfig:        func() { b.advance(18 * day) },
			Config:           config,
			ConfigPlanChecks: preApply(regenerates(ci, "schedule")),
			Check:            resource.ComposeTestCheckFunc(checkOther(ci, "token", &second), b.checkActive(ci, &first)),
		},
	)
}

// A token that would be refused whatever its secret is never due, and is once it works again.
func TestScheduleOfStoppedTokens(t *testing.T) {
	ctx := context.Background()
	const settings = "ttl = \"30d\"\n  regenerate_before_expiry = \"10d\""
	hold := func(b *bench) {
		_, err := b.Outside.HoldAccessToken(ctx, b.token("ci").ID, "leaked")
		b.must(err)
	}
	release := func(b *bench) {
		_, err := b.Outside.ReleaseAccessToken(ctx, b.token("ci").ID)
		b.must(err)
	}
	nothing := func(*bench) {}
	for _, test := range []struct {
		name        string
		lines       string
		stop, start func(*bench)
		then        string
	}{
		{"held", settings, hold, release, settings},
		{"disabled", settings + "\n  enabled = false", nothing, nothing, settings},
		{"pending", settings + "\n  activates_at = \"2030-01-29T00:00:00Z\"", nothing, func(b *bench) { b.advance(3 * day) }, settings + "\n  activates_at = \"2030-01-29T00:00:00Z\""},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := newBench(t)
			b.run(
				resource.TestStep{Config: b.config(ciToken(test.lines))},
				resource.TestStep{
					PreConfig: func() { b.advance(25 * day); test.stop(b) },
					Config:    b.config(ciToken(test.lines)), ConfigPlanChecks: emptyPlan(),
				},
				resource.TestStep{
					PreConfig: func() { test.start(b) },
					Config:    b.config(ciToken(test.then)),
					Check:     resource.ComposeTestCheckFunc(resource.TestCheckResourceAttr(ci, "regeneration_reason", "schedule"), b.checkActive(ci)),
				},
			)
		})
	}
}

// A setting that makes a secret due, or not due any more, acts in the plan that brings it.
func TestScheduleChanges(t *testing.T) {
	b := newBench(t)
	var first string
	b.run(
		resource.TestStep{Config: b.config(ciToken(`ttl = "30d"`)), Check: keep(ci, "token", &first)},
		resource.TestStep{ // no longer fresh, if that were asked
			PreConfig: func() { b.advance(15 * day) },
			Config:    b.config(ciToken(`ttl = "30d"`, `regenerate_before_expiry = "10d"`)),
			Check:     checkSame(ci, "token", &first),
		},
		resource.TestStep{
			Config:           b.config(ciToken(`ttl = "30d"`, `regenerate_before_expiry = "20d"`)),
			ConfigPlanChecks: preApply(regenerates(ci, "schedule", "regenerate_before_expiry")),
			Check:            b.checkActive(ci, &first),
		},
		resource.TestStep{ // due, but a longer ttl comes along
			PreConfig:        func() { b.advance(15 * day) },
			Config:           b.config(ciToken(`ttl = "90d"`, `regenerate_before_expiry = "20d"`)),
			ConfigPlanChecks: preApply(updates(ci, onUpdate, "ttl", "secret_expires_at")),
		},
		resource.TestStep{
			Config:           b.config(ciToken(`ttl = "30d"`, `regenerate_before_expiry = "20d"`)),
			ConfigPlanChecks: preApply(regenerates(ci, "schedule", "ttl")),
		},
		resource.TestStep{ // no schedule any more
			PreConfig:        func() { b.advance(15 * day) },
			Config:           b.config(ciToken(`ttl = "30d"`)),
			ConfigPlanChecks: preApply(updates(ci, onUpdate, "regenerate_before_expiry")),
		},
	)
}

// A plan that was made on one side of a boundary of time and is applied on the other does what it says: no more, no less,
// and without a contradiction. What has become due meanwhile is for the next plan.
func TestClockMovesAcrossBoundaries(t *testing.T) {
	const scheduled = `ttl = "30d"
  regenerate_before_expiry = "10d"
  grace_period = "5d"`
	changed := updates(ci, onUpdate, "description")
	for _, test := range []struct {
		name   string
		before string        // the settings at first
		passed time.Duration // before the plan
		after  string        // the settings of the plan
		plan   plancheck.PlanCheck
		move   time.Duration // between plan and apply
		// The version and status in the end, and whether the next plan has something to do.
		version, status string
		due             bool
	}{
		{"into the window", scheduled, 20*day - time.Hour, scheduled + "\n  description = \"new\"", changed, 2 * time.Hour, "1", "active", true},
		{"out of the window, past the expiry", scheduled, 29 * day, scheduled, regenerates(ci, "schedule"), 2 * day, "2", "active", false},
		{"past the expiry of what was not due", `ttl = "30d"`, 29 * day, "ttl = \"30d\"\n  description = \"new\"", changed, 2 * day, "1", "expired", true},
		{"past a fixed end", `expires_at = "2030-01-02T00:00:00Z"`, time.Hour, "expires_at = \"2030-01-02T00:00:00Z\"\n  description = \"new\"", changed, day, "1", "expired", false},
		{"past the activation", `activates_at = "2030-01-02T00:00:00Z"`, time.Hour, "activates_at = \"2030-01-02T00:00:00Z\"\n  description = \"new\"", changed, day, "1", "active", false},
		{"past the window and the expiry", scheduled, 19 * day, scheduled + "\n  description = \"new\"", changed, 20 * day, "1", "expired", true},
		{"a schedule that comes when the window is open", `ttl = "30d"`, 19 * day, scheduled, updates(ci, onUpdate, "regenerate_before_expiry", "grace_period"), 2 * day, "1", "active", true},
		{"past the activation, into the window", scheduled + "\n  activates_at = \"2030-01-20T00:00:00Z\"", 18 * day, scheduled + "\n  activates_at = \"2030-01-20T00:00:00Z\"\n  description = \"new\"", changed, 3 * day, "1", "active", true},
		{"a regeneration that expired finds a ttl gone by twice", `ttl = "1d"`, 2 * day, `ttl = "1d"`, regenerates(ci, "expired"), 100 * day, "2", "active", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := newBench(t)
			b.run(
				resource.TestStep{Config: b.config(ciToken(test.before))},
				resource.TestStep{
					PreConfig:          func() { b.advance(test.passed) },
					Config:             b.config(ciToken(test.after)),
					ConfigPlanChecks:   preApply(test.plan, b.moves(test.move)),
					Check:              resource.ComposeTestCheckFunc(resource.TestCheckResourceAttr(ci, "secret_version", test.version), resource.TestCheckResourceAttr(ci, "status", test.status)),
					ExpectNonEmptyPlan: test.due,
				},
			)
		})
	}
}

// The same across the end of a grace: of one that is given, kept, shortened, and taken away.
func TestClockMovesAcrossGrace(t *testing.T) {
	const generation = "regenerate_triggers = { n = \"%s\" }\n  grace_period = \"%s\""
	for _, test := range []struct {
		name string
		// after are the settings that are planned within the grace of version 1, and applied after it.
		after   string
		plan    plancheck.PlanCheck
		version string
	}{
		{"nothing but a description", fmt.Sprintf(generation, "2", "2d") + "\n  description = \"new\"", updates(ci, onUpdate, "description"), "2"},
		{"shortened", fmt.Sprintf(generation, "2", "1d"), updates(ci, onUpdate, "grace_period", "previous_secret_expires_at"), "2"},
		{"taken away", fmt.Sprintf(generation, "2", "0s"), updates(ci, onUpdate, "grace_period", "previous_secret_expires_at"), "2"},
		{"lengthened", fmt.Sprintf(generation, "2", "9d"), updates(ci, onUpdate, "grace_period"), "2"},
		{"regenerated once more", fmt.Sprintf(generation, "3", "2d"), regenerates(ci, "trigger", "regenerate_triggers"), "3"},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := newBench(t)
			var first string
			b.run(
				resource.TestStep{Config: b.config(ciToken(fmt.Sprintf(generation, "1", "2d"))), Check: keep(ci, "token", &first)},
				resource.TestStep{Config: b.config(ciToken(fmt.Sprintf(generation, "2", "2d")))},
				resource.TestStep{
					PreConfig: func() {
						if !b.isActive(first) {
							t.Error("the first secret is dead in its grace")
						}
					},
					Config:           b.config(ciToken(test.after)),
					ConfigPlanChecks: preApply(test.plan, b.moves(3*day)),
					Check:            resource.ComposeTestCheckFunc(resource.TestCheckResourceAttr(ci, "secret_version", test.version), b.checkActive(ci, &first)),
				},
				resource.TestStep{RefreshState: true}, // as a plan later sees it
				resource.TestStep{Config: b.config(ciToken(test.after)), ConfigPlanChecks: emptyPlan()},
			)
		})
	}
}

// The events tell the story of a token: issued, regenerated by whom and why, when the secret of before was last used, and
// its end.
func TestStoryOfAToken(t *testing.T) {
	b := newBench(t)
	config := func(generation string) string {
		return b.config(ciToken(`ttl = "30d"`, `regenerate_before_expiry = "10d"`, `grace_period = "1d"`, fmt.Sprintf(`regenerate_triggers = { n = %q }`, generation)))
	}
	var first, id string
	b.run(
		resource.TestStep{Config: config("1"), Check: resource.ComposeTestCheckFunc(keep(ci, "token", &first), keep(ci, "id", &id))},
		resource.TestStep{PreConfig: func() { b.advance(21 * day) }, Config: config("1")},
		resource.TestStep{PreConfig: func() { b.advance(time.Hour); b.use(b.parse(first)); b.advance(day) }, Config: config("1"), ConfigPlanChecks: emptyPlan()},
		resource.TestStep{Config: config("2"), Check: func(*terraform.State) error {
			_, err := b.Outside.RetirePreviousSecret(context.Background(), id)
			b.must(err)
			events, err := b.Outside.Events(context.Background(), tokens.EventQuery{ObjectID: id})
			b.must(err)
			story := ""
			for _, e := range events {
				story += fmt.Sprintf("%s %s: %s\n", e.Actor, e.Action, e.Detail)
			}
			if !says(
				"local:", "access_token.create", "local:", "access_token.regenerate: version 2, reason: schedule; version 1 stays valid until 2030-01-23T", "never used",
				"latchkey access_token.retire_previous: version 1 ended with its grace period, last used at 2030-01-22T13:",
				"local:", "access_token.regenerate: version 3, reason: trigger; version 2 stays valid until 2030-01-24T", "never used",
				"local:anna@elsewhere access_token.retire_previous: version 2 ended, never used",
			).MatchString(story) {
				t.Errorf("the events do not tell the story:\n%s", story)
			}
			return nil
		}},
	)
}
