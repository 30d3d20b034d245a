package provider_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/acctest"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// What was done after the backup that a database is restored from shows in the plan, which writes nothing; an apply
// does it once more.
func TestRestoredDatabase(t *testing.T) {
	ctx := context.Background()
	const group, user, member, role, share = "latchkey_group.g", "latchkey_technical_user.u", "latchkey_member.m",
		"latchkey_role.r", "latchkey_token_share.s"
	base := func(lines ...string) string {
		return acctest.Resource("group", "g", `name = "payments"`) +
			acctest.Resource("technical_user", "u", `name = "ci"`) +
			acctest.Resource("member", "m", `email = "anna@example.com"`) + acctest.CIToken(lines...)
	}
	shared := func(role string) string {
		return base() + acctest.Resource("token_share", "s", `access_token_id = latchkey_access_token.ci.id`,
			`member_id = latchkey_member.m.id`, fmt.Sprintf("role = %q", role))
	}
	created := func(address string) plancheck.PlanCheck {
		return plancheck.ExpectResourceAction(address, plancheck.ResourceActionCreate)
	}
	trigger := func(n int) string { return base(fmt.Sprintf(`regenerate_triggers = { n = "%d" }`, n)) }
	for _, test := range []struct {
		name string
		// before is applied before the backup, and after (where it is another configuration) after it.
		before, after string
		// meanwhile happens outside Terraform after the backup, and is seen by a refresh; since happens after the database
		// was restored.
		meanwhile func(b *acctest.Bench, secret tokens.Secret)
		since     func(b *acctest.Bench)
		want      []plancheck.PlanCheck
	}{
		{name: "nothing", before: base()},
		{name: "regenerated", before: trigger(1), after: trigger(2),
			want: []plancheck.PlanCheck{acctest.Regenerates(acctest.CI, "drift")}},
		{
			name: "regenerated, and elsewhere so after it was restored", before: trigger(1), after: trigger(2),
			since: func(b *acctest.Bench) { b.Regenerate("ci") }, // its secret has the version of the one in the state
			want:  []plancheck.PlanCheck{acctest.Regenerates(acctest.CI, "drift")},
		},
		{
			name: "revoked", before: base(),
			meanwhile: func(b *acctest.Bench, secret tokens.Secret) {
				_, err := b.Outside.RevokeSecret(ctx, secret)
				b.Must(err)
			},
			want: []plancheck.PlanCheck{acctest.Regenerates(acctest.CI, "drift")},
		},
		{name: "renamed", before: base(), after: strings.Replace(base(), `name = "ci"`, `name = "builder"`, 2),
			want: []plancheck.PlanCheck{
				acctest.Updates(acctest.CI, acctest.OnUpdate, "name"), acctest.Updates(user, nil, "name"),
			}},
		{name: "described", before: base(), after: base(`description = "new"`),
			want: []plancheck.PlanCheck{acctest.Updates(acctest.CI, acctest.OnUpdate, "description")}},
		{name: "disabled", before: base(), after: base(`enabled = false`),
			want: []plancheck.PlanCheck{acctest.Updates(acctest.CI, acctest.OnUpdate, "enabled")}},
		{name: "enabled", before: base(`enabled = false`), after: base(),
			want: []plancheck.PlanCheck{acctest.Updates(acctest.CI, acctest.OnUpdate, "enabled")}},
		{name: "re-roled", before: base(`role = "owner"`), after: base(`role = "viewer"`),
			want: []plancheck.PlanCheck{acctest.Updates(acctest.CI, acctest.OnUpdate, "role")}},
		{name: "restricted", before: base(), after: base(`visibility = "restricted"`),
			want: []plancheck.PlanCheck{acctest.Updates(acctest.CI, acctest.OnUpdate, "visibility")}},
		{name: "given an end", before: base(), after: base(`ttl = "90d"`),
			want: []plancheck.PlanCheck{acctest.Updates(acctest.CI, acctest.OnUpdate, "ttl", "secret_expires_at")}},
		{name: "replaced", before: base(`replace_triggers = { n = "1" }`), after: base(`replace_triggers = { n = "2" }`),
			want: []plancheck.PlanCheck{created(acctest.CI)}},
		{name: "created", before: acctest.Resource("group", "other", `name = "other"`), after: base(),
			want: []plancheck.PlanCheck{created(acctest.CI), created(group), created(user), created(member)}},
		{name: "shared", before: base(), after: shared("viewer"), want: []plancheck.PlanCheck{created(share)}},
		{name: "shared with another role", before: shared("manager"), after: shared("viewer"),
			want: []plancheck.PlanCheck{acctest.Updates(share, nil, "role")}},
		{
			name:   "the role permits less",
			before: acctest.Resource("role", "r", `name = "r"`, `permissions = ["*"]`),
			after:  acctest.Resource("role", "r", `name = "r"`, `permissions = []`),
			want:   []plancheck.PlanCheck{acctest.Updates(role, nil, "permissions")},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := acctest.New(t)
			after := test.after
			if after == "" {
				after = test.before
			}
			var restore func()
			var value string
			steps := []resource.TestStep{
				{Config: b.Config(test.before)},
				{PreConfig: func() { restore = b.Backup() }, Config: b.Config(after)},
			}
			if test.meanwhile != nil {
				steps[1].Check = acctest.Keep(acctest.CI, "token", &value)
				steps = append(steps, resource.TestStep{
					PreConfig:    func() { test.meanwhile(b, b.Parse(value)) },
					RefreshState: true, ExpectNonEmptyPlan: true,
				})
			}
			var events []tokens.Event
			restored := func() {
				restore()
				if test.since != nil {
					test.since(b)
				}
				events = allEvents(b)
			}
			if test.want == nil {
				b.Run(append(steps, resource.TestStep{
					PreConfig:        restored,
					Config:           b.Config(after),
					ConfigPlanChecks: acctest.EmptyPlan(),
				})...)
				return
			}
			b.Run(append(steps,
				resource.TestStep{PreConfig: restored, Config: b.Config(after), PlanOnly: true, ExpectNonEmptyPlan: true},
				resource.TestStep{
					PreConfig: func() {
						if diff := cmp.Diff(events, allEvents(b)); diff != "" {
							t.Errorf("the plan did something:\n%s", diff)
						}
					},
					Config:           b.Config(after),
					ConfigPlanChecks: acctest.PreApply(append(test.want, plancheck.ExpectNonEmptyPlan())...),
				},
				resource.TestStep{Config: b.Config(after), ConfigPlanChecks: acctest.EmptyPlan()},
			)...)
		})
	}
}

// An imported token, whose secret the state does not hold, has drifted too when it has another secret of the same
// version.
func TestRestoredDatabaseImported(t *testing.T) {
	b := acctest.New(t)
	made := b.MakeToken("ci")
	restore := b.Backup()
	b.Regenerate("ci")
	config := b.Config(acctest.CIToken(acctest.ImportedLines...))
	b.Run(
		resource.TestStep{
			Config: fmt.Sprintf("import {\n  to = %s\n  id = %q\n}\n", acctest.CI, made.ID) + config,
			Check:  resource.TestCheckResourceAttr(acctest.CI, "secret_version", "2"),
		},
		resource.TestStep{
			PreConfig:        func() { restore(); b.Regenerate("ci") },
			Config:           config,
			ConfigPlanChecks: acctest.PreApply(acctest.Regenerates(acctest.CI, "drift")),
			Check:            b.CheckActive(acctest.CI),
		},
	)
}

// A hold that has gone with the database is warned of in every plan until the token is held and released again. A hold
// that was released is not.
func TestRestoredDatabaseWithoutHold(t *testing.T) {
	ctx := context.Background()
	b := acctest.New(t)
	hold := func(reason string) {
		_, err := b.Outside.HoldAccessToken(ctx, b.Token("ci").ID, reason)
		b.Must(err)
	}
	release := func() {
		_, err := b.Outside.ReleaseAccessToken(ctx, b.Token("ci").ID)
		b.Must(err)
	}
	config := map[string]any{"name": "ci"}
	c := acctest.NewCaller(b, b.NewServer())
	state, private := c.Create(config)
	// warnings refreshes and plans, and returns what the plan warns of.
	warnings := func() []*tfprotov6.Diagnostic {
		t.Helper()
		c = acctest.NewCaller(b, b.NewServer())
		read := c.Read(state, private)
		acctest.NoDiagnostics(b, read.Diagnostics)
		state, private = read.NewState, read.Private
		plan := c.Plan(config, state, private, false)
		if got := c.Decode(plan.PlannedState); !got.Equal(c.Decode(state)) {
			t.Errorf("the plan changes something: %s", got)
		}
		return plan.Diagnostics
	}
	expect := func(when, summary string, details ...string) {
		t.Helper()
		got := warnings()
		if len(got) != 1 || !strings.HasSuffix(got[0].Summary, summary) {
			t.Fatalf("%s: the plan warns of %v, not of %q", when, got, summary)
		}
		for _, text := range details {
			if !strings.Contains(got[0].Detail, text) {
				t.Errorf("%s: the warning does not say %q: %s", when, text, got[0].Detail)
			}
		}
	}
	silent := func(when string) {
		t.Helper()
		if got := warnings(); len(got) > 0 {
			t.Errorf("%s: the plan warns of %v", when, got)
		}
	}

	silent("at first")
	restore := b.Backup()
	hold("seen in a public log")
	expect("held", "Access token is held", "seen in a public log")
	restore()
	for range 2 {
		expect("restored", "is not held any more", "local:anna@elsewhere", "2030-01-01T12:00:00", "seen in a public log",
			"latchkey token hold tok_")
	}
	hold("once more")
	expect("held again", "Access token is held", "once more")
	release()
	silent("released")

	hold("for the last time")
	restore = b.Backup()
	expect("held before the backup", "Access token is held", "for the last time")
	release()
	silent("released after the backup")
	restore()
	expect("restored from while it was held", "Access token is held", "for the last time")
}

// A secret that was revoked and lives again with the database is said to, whatever the plan makes of it.
func TestRestoredDatabaseRevivesSecret(t *testing.T) {
	b := acctest.New(t)
	config := map[string]any{"name": "ci"}
	c := acctest.NewCaller(b, b.NewServer())
	state, private := c.Create(config)
	restore := b.Backup()
	_, err := b.Outside.RevokeSecret(context.Background(),
		b.Parse(acctest.Plain(b, c.Attributes(state)["token"]).(string)))
	b.Must(err)
	read := c.Read(state, private)
	if plan := c.Plan(config, read.NewState, read.Private, false); len(plan.Diagnostics) > 0 {
		t.Errorf("the plan shows the drift, and warns besides: %v", plan.Diagnostics)
	}
	restore()
	c = acctest.NewCaller(b, b.NewServer())
	read = c.Read(read.NewState, read.Private)
	plan := c.Plan(config, read.NewState, read.Private, false)
	if len(plan.Diagnostics) != 1 || plan.Diagnostics[0].Summary != "Revoked secret works again" {
		t.Errorf("the plan warns of %v", plan.Diagnostics)
	}
	if reason := c.Attributes(plan.PlannedState)["regeneration_reason"]; acctest.Plain(b, reason) != "drift" {
		t.Errorf("the plan regenerates because of %s", reason)
	}
}

// A previous secret that was ended, and lives again with the database, is said to until it is ended once more; and a
// secret that was replaced, and is the current one again, gets no grace when it is replaced once more.
func TestRestoredDatabaseRevivesPreviousSecret(t *testing.T) {
	b := acctest.New(t)
	var c *acctest.Caller
	var state *tfprotov6.DynamicValue
	var private []byte
	config := func(generation string) map[string]any {
		return map[string]any{"name": "ci", "grace_period": "2d", "regenerate_triggers": map[string]any{"n": generation}}
	}
	value := func() tokens.Secret { return b.Parse(acctest.Plain(b, c.Attributes(state)["token"]).(string)) }
	// refresh refreshes and plans, in a run of its own.
	refresh := func(generation string) *tfprotov6.PlanResourceChangeResponse {
		t.Helper()
		c = acctest.NewCaller(b, b.NewServer())
		read := c.Read(state, private)
		acctest.NoDiagnostics(b, read.Diagnostics)
		state, private = read.NewState, read.Private
		return c.Plan(config(generation), state, private, false)
	}
	apply := func(generation string) {
		t.Helper()
		resp := c.Apply(config(generation), state, refresh(generation))
		acctest.NoDiagnostics(b, resp.Diagnostics)
		state, private = resp.NewState, resp.Private
	}
	expect := func(when string, plan *tfprotov6.PlanResourceChangeResponse, summary string) {
		t.Helper()
		got := ""
		for _, d := range plan.Diagnostics {
			got += d.Summary
		}
		if got != summary {
			t.Errorf("%s: the plan warns %q, not %q", when, got, summary)
		}
	}
	retire := func() {
		_, err := b.Outside.RetirePreviousSecret(context.Background(), b.Token("ci").ID, 0)
		b.Must(err)
	}
	c = acctest.NewCaller(b, b.NewServer())
	state, private = c.Create(config("1"))
	first := value()
	restoreFirst := b.Backup()
	apply("2")
	second := value()
	restoreSecond := b.Backup()
	expect("in the grace", refresh("2"), "")
	retire()
	expect("retired", refresh("2"), "")
	restoreSecond()
	for range 2 {
		expect("restored", refresh("2"), "Ended secret works again")
	}
	retire()
	expect("retired again", refresh("2"), "")

	// The database of before the regeneration, in which the first secret is the current one.
	restoreFirst()
	plan := refresh("2")
	if reason := c.Attributes(plan.PlannedState)["regeneration_reason"]; acctest.Plain(b, reason) != "drift" {
		t.Errorf("the plan regenerates because of %s", reason)
	}
	apply("2")
	for name, dead := range map[string]tokens.Secret{"first": first, "second": second} {
		if b.IsActive(dead.Reveal()) {
			t.Errorf("the %s secret, which the state knew to be replaced, works", name)
		}
	}
	if !b.IsActive(value().Reveal()) {
		t.Error("the secret in the state is dead")
	}
}

// A state of an earlier version of the provider, which knows of its secret the version alone, shows no drift where
// there is none, and does where there is.
func TestFactsOfEarlierVersion(t *testing.T) {
	b := acctest.New(t)
	config := map[string]any{"name": "ci"}
	c := acctest.NewCaller(b, b.NewServer())
	state, private := c.Create(config)
	restore := b.Backup()
	b.Regenerate("ci")
	read := c.Read(state, withoutFacts(b, private, "v", "s")) // the state holds the second secret, as after an import
	state, private = read.NewState, withoutFacts(b, read.Private, "s")
	planned := func() any {
		t.Helper()
		c := acctest.NewCaller(b, b.NewServer())
		read := c.Read(state, private)
		acctest.NoDiagnostics(b, read.Diagnostics)
		plan := c.Plan(config, read.NewState, read.Private, false)
		acctest.NoDiagnostics(b, plan.Diagnostics)
		if drifted := !c.Decode(plan.PlannedState).Equal(c.Decode(state)); drifted != (acctest.Plain(b,
			c.Attributes(plan.PlannedState)["regeneration_reason"]) == "drift") {
			t.Error("the plan changes something without a reason")
		}
		return acctest.Plain(b, c.Attributes(plan.PlannedState)["regeneration_reason"])
	}
	if reason := planned(); reason != nil {
		t.Errorf("the secret is regenerated because of %s", reason)
	}
	restore()
	b.Regenerate("ci")
	if reason := planned(); reason != "drift" {
		t.Errorf("another secret of the same version is no drift: %v", reason)
	}
}

// withoutFacts returns private state without some of its facts.
func withoutFacts(b *acctest.Bench, private []byte, keys ...string) []byte {
	b.T.Helper()
	var values map[string][]byte
	b.Must(json.Unmarshal(private, &values))
	for name, value := range values {
		var facts map[string]any
		b.Must(json.Unmarshal(value, &facts))
		for _, key := range keys {
			if _, ok := facts[key]; !ok {
				b.T.Fatalf("there is no fact %q in %s", key, value)
			}
			delete(facts, key)
		}
		less, err := json.Marshal(facts)
		b.Must(err)
		values[name] = less
	}
	data, err := json.Marshal(values)
	b.Must(err)
	return data
}

// allEvents returns all that happened in the database.
func allEvents(b *acctest.Bench) []tokens.Event {
	b.T.Helper()
	events, err := b.Outside.Events(context.Background(), tokens.EventQuery{})
	b.Must(err)
	return events
}
