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
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// moves is a step in time between a plan and its apply.
func moves(b *acctest.Bench, d time.Duration) plancheck.PlanCheck {
	return acctest.PlanCheck(func(*tfjson.Plan) error { b.Advance(d); return nil })
}

// Within the window before its end a secret is regenerated in place, with its reason in the plan; before that, and
// right after it, nothing is planned.
func TestSchedule(t *testing.T) {
	b := acctest.New(t)
	config := b.Config(acctest.CIToken(`ttl = "30d"`, `regenerate_before_expiry = "10d"`, `grace_period = "2d"`) +
		acctest.Resource("member", "ada", `email = "ada@acme.example"`) +
		acctest.Resource("token_share", "ada", `access_token_id = latchkey_access_token.ci.id`,
			`member_id = latchkey_member.ada.id`, `role = "viewer"`))
	var id, share, first, second string
	b.Run(
		resource.TestStep{Config: config, Check: resource.ComposeTestCheckFunc(
			acctest.Keep(acctest.CI, "id", &id), acctest.Keep(acctest.CI, "token", &first),
			acctest.Keep("latchkey_token_share.ada", "created_at", &share))},
		resource.TestStep{
			PreConfig:        func() { b.Advance(20*acctest.Day - time.Minute) },
			Config:           config,
			ConfigPlanChecks: acctest.EmptyPlan(),
		},
		resource.TestStep{
			PreConfig:        func() { b.Advance(time.Minute) },
			Config:           config,
			ConfigPlanChecks: acctest.PreApply(acctest.Regenerates(acctest.CI, "schedule")),
			Check: resource.ComposeTestCheckFunc(
				acctest.CheckSame(acctest.CI, "id", &id), acctest.CheckOther(acctest.CI, "token", &first),
				acctest.Keep(acctest.CI, "token", &second), resource.TestCheckResourceAttr(acctest.CI, "secret_version", "2"),
				acctest.CheckSame("latchkey_token_share.ada", "created_at", &share),
				b.CheckActive(acctest.CI), func(*terraform.State) error {
					if !b.IsActive(first) {
						return fmt.Errorf("the secret of before does not work in its grace")
					}
					return nil
				},
			),
		},
		resource.TestStep{
			PreConfig:        func() { b.Advance(2 * acctest.Day) },
			Config:           config,
			ConfigPlanChecks: acctest.EmptyPlan(),
			Check:            b.CheckActive(acctest.CI, &first),
		},
		resource.TestStep{ // The second time for the same reason.
			PreConfig:        func() { b.Advance(18 * acctest.Day) },
			Config:           config,
			ConfigPlanChecks: acctest.PreApply(acctest.Regenerates(acctest.CI, "schedule")),
			Check: resource.ComposeTestCheckFunc(acctest.CheckOther(acctest.CI, "token", &second),
				b.CheckActive(acctest.CI, &first)),
		},
	)
}

// A token that would be refused whatever its secret is never due, and is once it works again.
func TestScheduleOfStoppedTokens(t *testing.T) {
	ctx := context.Background()
	const settings = "ttl = \"30d\"\n  regenerate_before_expiry = \"10d\""
	hold := func(b *acctest.Bench) {
		_, err := b.Outside.HoldAccessToken(ctx, b.Token("ci").ID, "leaked")
		b.Must(err)
	}
	release := func(b *acctest.Bench) {
		_, err := b.Outside.ReleaseAccessToken(ctx, b.Token("ci").ID)
		b.Must(err)
	}
	nothing := func(*acctest.Bench) {}
	for _, test := range []struct {
		name        string
		lines       string
		stop, start func(*acctest.Bench)
		then        string
	}{
		{"held", settings, hold, release, settings},
		{"disabled", settings + "\n  enabled = false", nothing, nothing, settings},
		{"pending", settings + "\n  activates_at = \"2030-01-29T00:00:00Z\"", nothing,
			func(b *acctest.Bench) { b.Advance(3 * acctest.Day) }, settings + "\n  activates_at = \"2030-01-29T00:00:00Z\""},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := acctest.New(t)
			b.Run(
				resource.TestStep{Config: b.Config(acctest.CIToken(test.lines))},
				resource.TestStep{
					PreConfig: func() { b.Advance(25 * acctest.Day); test.stop(b) },
					Config:    b.Config(acctest.CIToken(test.lines)), ConfigPlanChecks: acctest.EmptyPlan(),
				},
				resource.TestStep{
					PreConfig: func() { test.start(b) },
					Config:    b.Config(acctest.CIToken(test.then)),
					Check: resource.ComposeTestCheckFunc(resource.TestCheckResourceAttr(acctest.CI, "regeneration_reason",
						"schedule"), b.CheckActive(acctest.CI)),
				},
			)
		})
	}
}

// A setting that makes a secret due, or not due any more, acts in the plan that brings it.
func TestScheduleChanges(t *testing.T) {
	b := acctest.New(t)
	var first string
	b.Run(
		resource.TestStep{
			Config: b.Config(acctest.CIToken(`ttl = "30d"`)),
			Check:  acctest.Keep(acctest.CI, "token", &first),
		},
		resource.TestStep{ // no longer fresh, if that were asked
			PreConfig: func() { b.Advance(15 * acctest.Day) },
			Config:    b.Config(acctest.CIToken(`ttl = "30d"`, `regenerate_before_expiry = "10d"`)),
			Check:     acctest.CheckSame(acctest.CI, "token", &first),
		},
		resource.TestStep{
			Config:           b.Config(acctest.CIToken(`ttl = "30d"`, `regenerate_before_expiry = "20d"`)),
			ConfigPlanChecks: acctest.PreApply(acctest.Regenerates(acctest.CI, "schedule", "regenerate_before_expiry")),
			Check:            b.CheckActive(acctest.CI, &first),
		},
		resource.TestStep{ // due, but a longer ttl comes along
			PreConfig:        func() { b.Advance(15 * acctest.Day) },
			Config:           b.Config(acctest.CIToken(`ttl = "90d"`, `regenerate_before_expiry = "20d"`)),
			ConfigPlanChecks: acctest.PreApply(acctest.Updates(acctest.CI, acctest.OnUpdate, "ttl", "secret_expires_at")),
		},
		resource.TestStep{
			Config:           b.Config(acctest.CIToken(`ttl = "30d"`, `regenerate_before_expiry = "20d"`)),
			ConfigPlanChecks: acctest.PreApply(acctest.Regenerates(acctest.CI, "schedule", "ttl")),
		},
		resource.TestStep{ // no schedule any more
			PreConfig:        func() { b.Advance(15 * acctest.Day) },
			Config:           b.Config(acctest.CIToken(`ttl = "30d"`)),
			ConfigPlanChecks: acctest.PreApply(acctest.Updates(acctest.CI, acctest.OnUpdate, "regenerate_before_expiry")),
		},
	)
}

// A plan that was made on one side of a boundary of time and is applied on the other does what it says: no more, no
// less, and without a contradiction. What has become due meanwhile is for the next plan.
func TestClockMovesAcrossBoundaries(t *testing.T) {
	const scheduled = `ttl = "30d"
  regenerate_before_expiry = "10d"
  grace_period = "5d"`
	changed := acctest.Updates(acctest.CI, acctest.OnUpdate, "description")
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
		{"into the window", scheduled, 20*acctest.Day - time.Hour, scheduled + "\n  description = \"new\"", changed,
			2 * time.Hour, "1", "active", true},
		{"out of the window, past the expiry", scheduled, 29 * acctest.Day, scheduled,
			acctest.Regenerates(acctest.CI, "schedule"), 2 * acctest.Day, "2", "active", false},
		{"past the expiry of what was not due", `ttl = "30d"`, 29 * acctest.Day, "ttl = \"30d\"\n  description = \"new\"",
			changed, 2 * acctest.Day, "1", "expired", true},
		{"past a fixed end", `expires_at = "2030-01-02T00:00:00Z"`, time.Hour,
			"expires_at = \"2030-01-02T00:00:00Z\"\n  description = \"new\"", changed, acctest.Day, "1", "expired", false},
		{"past the activation", `activates_at = "2030-01-02T00:00:00Z"`, time.Hour,
			"activates_at = \"2030-01-02T00:00:00Z\"\n  description = \"new\"", changed, acctest.Day, "1", "active", false},
		{"past the window and the expiry", scheduled, 19 * acctest.Day, scheduled + "\n  description = \"new\"", changed,
			20 * acctest.Day, "1", "expired", true},
		{"a schedule that comes when the window is open", `ttl = "30d"`, 19 * acctest.Day, scheduled,
			acctest.Updates(acctest.CI, acctest.OnUpdate, "regenerate_before_expiry", "grace_period"), 2 * acctest.Day, "1",
			"active", true},
		{"past the activation, into the window", scheduled + "\n  activates_at = \"2030-01-20T00:00:00Z\"",
			18 * acctest.Day, scheduled + "\n  activates_at = \"2030-01-20T00:00:00Z\"\n  description = \"new\"", changed,
			3 * acctest.Day, "1", "active", true},
		{"a regeneration that expired finds a ttl gone by twice", `ttl = "1d"`, 2 * acctest.Day, `ttl = "1d"`,
			acctest.Regenerates(acctest.CI, "expired"), 100 * acctest.Day, "2", "active", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := acctest.New(t)
			b.Run(
				resource.TestStep{Config: b.Config(acctest.CIToken(test.before))},
				resource.TestStep{
					PreConfig:        func() { b.Advance(test.passed) },
					Config:           b.Config(acctest.CIToken(test.after)),
					ConfigPlanChecks: acctest.PreApply(test.plan, moves(b, test.move)),
					Check: resource.ComposeTestCheckFunc(resource.TestCheckResourceAttr(acctest.CI, "secret_version",
						test.version), resource.TestCheckResourceAttr(acctest.CI, "status", test.status)),
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
		{"nothing but a description", fmt.Sprintf(generation, "2", "2d") + "\n  description = \"new\"",
			acctest.Updates(acctest.CI, acctest.OnUpdate, "description"), "2"},
		{"shortened", fmt.Sprintf(generation, "2", "1d"),
			acctest.Updates(acctest.CI, acctest.OnUpdate, "grace_period", "previous_secret_expires_at"), "2"},
		{"taken away", fmt.Sprintf(generation, "2", "0s"),
			acctest.Updates(acctest.CI, acctest.OnUpdate, "grace_period", "previous_secret_expires_at"), "2"},
		{"lengthened", fmt.Sprintf(generation, "2", "9d"), acctest.Updates(acctest.CI, acctest.OnUpdate, "grace_period"),
			"2"},
		{"regenerated once more", fmt.Sprintf(generation, "3", "2d"),
			acctest.Regenerates(acctest.CI, "trigger", "regenerate_triggers"), "3"},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := acctest.New(t)
			var first string
			b.Run(
				resource.TestStep{
					Config: b.Config(acctest.CIToken(fmt.Sprintf(generation, "1", "2d"))),
					Check:  acctest.Keep(acctest.CI, "token", &first),
				},
				resource.TestStep{Config: b.Config(acctest.CIToken(fmt.Sprintf(generation, "2", "2d")))},
				resource.TestStep{
					PreConfig: func() {
						if !b.IsActive(first) {
							t.Error("the first secret is dead in its grace")
						}
					},
					Config:           b.Config(acctest.CIToken(test.after)),
					ConfigPlanChecks: acctest.PreApply(test.plan, moves(b, 3*acctest.Day)),
					Check: resource.ComposeTestCheckFunc(resource.TestCheckResourceAttr(acctest.CI, "secret_version",
						test.version), b.CheckActive(acctest.CI, &first)),
				},
				resource.TestStep{RefreshState: true}, // as a plan later sees it
				resource.TestStep{Config: b.Config(acctest.CIToken(test.after)), ConfigPlanChecks: acctest.EmptyPlan()},
			)
		})
	}
}

// The events tell the story of a token: issued, regenerated by whom and why, when the secret of before was last used,
// and its end.
func TestStoryOfAToken(t *testing.T) {
	b := acctest.New(t)
	config := func(generation string) string {
		return b.Config(acctest.CIToken(`ttl = "30d"`, `regenerate_before_expiry = "10d"`, `grace_period = "1d"`,
			fmt.Sprintf(`regenerate_triggers = { n = %q }`, generation)))
	}
	var first, id string
	b.Run(
		resource.TestStep{
			Config: config("1"),
			Check: resource.ComposeTestCheckFunc(acctest.Keep(acctest.CI, "token", &first),
				acctest.Keep(acctest.CI, "id", &id)),
		},
		resource.TestStep{PreConfig: func() { b.Advance(21 * acctest.Day) }, Config: config("1")},
		resource.TestStep{
			PreConfig:        func() { b.Advance(time.Hour); b.Use(b.Parse(first)); b.Advance(acctest.Day) },
			Config:           config("1"),
			ConfigPlanChecks: acctest.EmptyPlan(),
		},
		resource.TestStep{Config: config("2"), Check: func(*terraform.State) error {
			_, err := b.Outside.RetirePreviousSecret(context.Background(), id, 0)
			b.Must(err)
			events, err := b.Outside.Events(context.Background(), tokens.EventQuery{ObjectID: id})
			b.Must(err)
			story := ""
			for _, e := range events {
				story += fmt.Sprintf("%s %s: %s\n", e.Actor, e.Action, e.Detail)
			}
			if !acctest.Says(
				b.Place.Actor(), "access_token.create", b.Place.Actor(),
				"access_token.regenerate: version 2, reason: schedule; version 1 stays valid until 2030-01-23T", "no use recorded",
				"latchkey access_token.retire_previous: version 1 ended with its grace period, last used at 2030-01-22T13:",
				b.Place.Actor(), "access_token.regenerate: version 3, reason: trigger; version 2 stays valid until 2030-01-24T",
				"no use recorded",
				"local:anna@elsewhere access_token.retire_previous: version 2 ended, no use recorded",
			).MatchString(story) {
				t.Errorf("the events do not tell the story:\n%s", story)
			}
			return nil
		}},
	)
}
