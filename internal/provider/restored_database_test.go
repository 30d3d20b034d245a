package provider_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/fastpath"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// The files of a database, by what follows its path. The index of the journal is made anew from the journal.
var databaseFiles = []string{"", "-wal"}

// backup copies the database and returns a function that puts the copy in its place, as after a lost disk. It has the same
// identity. Whoever looked at the former one finds that it has gone, so another Outside looks at it from then on.
func (b *bench) backup() (restore func()) {
	b.t.Helper()
	aside := filepath.Join(b.t.TempDir(), "backup")
	duplicate := func(from, to string) {
		b.t.Helper()
		for _, suffix := range databaseFiles {
			data, err := os.ReadFile(from + suffix)
			if suffix != "" && errors.Is(err, fs.ErrNotExist) {
				continue
			}
			b.must(err)
			b.must(os.WriteFile(to+suffix, data, 0o600))
		}
	}
	duplicate(b.database, aside)
	return func() {
		b.t.Helper()
		files, err := filepath.Glob(b.database + "*")
		b.must(err)
		for _, file := range files {
			b.must(os.Remove(file))
		}
		duplicate(aside, b.database)
		b.Outside = b.open(b.database)
	}
}

// What was done after the backup that a database is restored from shows in the plan, which writes nothing; an apply does it
// once more.
func TestRestoredDatabase(t *testing.T) {
	ctx := context.Background()
	const group, user, member, role, share = "latchkey_group.g", "latchkey_technical_user.u", "latchkey_member.m", "latchkey_role.r", "latchkey_token_share.s"
	base := func(lines ...string) string {
		return resourceBlock("group", "g", `name = "payments"`) + resourceBlock("technical_user", "u", `name = "ci"`) + resourceBlock("member", "m", `email = "anna@example.com"`) + ciToken(lines...)
	}
	shared := func(role string) string {
		return base() + resourceBlock("token_share", "s", `access_token_id = latchkey_access_token.ci.id`, `member_id = latchkey_member.m.id`, fmt.Sprintf("role = %q", role))
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
		meanwhile func(b *bench, secret tokens.Secret)
		since     func(b *bench)
		want      []plancheck.PlanCheck
	}{
		{name: "nothing", before: base()},
		{name: "regenerated", before: trigger(1), after: trigger(2), want: []plancheck.PlanCheck{regenerates(ci, "drift")}},
		{
			name: "regenerated, and elsewhere so after it was restored", before: trigger(1), after: trigger(2),
			since: func(b *bench) { b.regenerate("ci") }, // its secret has the version of the one in the state
			want:  []plancheck.PlanCheck{regenerates(ci, "drift")},
		},
		{
			name: "revoked", before: base(),
			meanwhile: func(b *bench, secret tokens.Secret) {
				_, err := b.Outside.RevokeSecret(ctx, secret)
				b.must(err)
			},
			want: []plancheck.PlanCheck{regenerates(ci, "drift")},
		},
		{name: "renamed", before: base(), after: strings.Replace(base(), `name = "ci"`, `name = "builder"`, 2), want: []plancheck.PlanCheck{
			updates(ci, onUpdate, "name"), updates(user, []string{"updated_at"}, "name"),
		}},
		{name: "described", before: base(), after: base(`description = "new"`), want: []plancheck.PlanCheck{updates(ci, onUpdate, "description")}},
		{name: "disabled", before: base(), after: base(`enabled = false`), want: []plancheck.PlanCheck{updates(ci, onUpdate, "enabled")}},
		{name: "enabled", before: base(`enabled = false`), after: base(), want: []plancheck.PlanCheck{updates(ci, onUpdate, "enabled")}},
		{name: "re-roled", before: base(`role = "owner"`), after: base(`role = "viewer"`), want: []plancheck.PlanCheck{updates(ci, onUpdate, "role")}},
		{name: "restricted", before: base(), after: base(`visibility = "restricted"`), want: []plancheck.PlanCheck{updates(ci, onUpdate, "visibility")}},
		{name: "given an end", before: base(), after: base(`ttl = "90d"`), want: []plancheck.PlanCheck{updates(ci, onUpdate, "ttl", "secret_expires_at")}},
		{name: "replaced", before: base(`replace_triggers = { n = "1" }`), after: base(`replace_triggers = { n = "2" }`), want: []plancheck.PlanCheck{created(ci)}},
		{name: "created", before: resourceBlock("group", "other", `name = "other"`), after: base(), want: []plancheck.PlanCheck{created(ci), created(group), created(user), created(member)}},
		{name: "shared", before: base(), after: shared("viewer"), want: []plancheck.PlanCheck{created(share)}},
		{name: "shared with another role", before: shared("manager"), after: shared("viewer"), want: []plancheck.PlanCheck{updates(share, nil, "role")}},
		{
			name:   "the role permits less",
			before: resourceBlock("role", "r", `name = "r"`, `permissions = ["*"]`), after: resourceBlock("role", "r", `name = "r"`, `permissions = []`),
			want: []plancheck.PlanCheck{updates(role, []string{"updated_at"}, "permissions")},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := newBench(t)
			after := test.after
			if after == "" {
				after = test.before
			}
			var restore func()
			var value string
			steps := []resource.TestStep{
				{Config: b.config(test.before)},
				{PreConfig: func() { restore = b.backup() }, Config: b.config(after)},
			}
			if test.meanwhile != nil {
				steps[1].Check = keep(ci, "token", &value)
				steps = append(steps, resource.TestStep{
					PreConfig:    func() { test.meanwhile(b, b.parse(value)) },
					RefreshState: true, ExpectNonEmptyPlan: true,
				})
			}
			var events []tokens.Event
			restored := func() {
				restore()
				if test.since != nil {
					test.since(b)
				}
				events = b.events()
			}
			if test.want == nil {
				b.run(append(steps, resource.TestStep{PreConfig: restored, Config: b.config(after), ConfigPlanChecks: emptyPlan()})...)
				return
			}
			b.run(append(steps,
				resource.TestStep{PreConfig: restored, Config: b.config(after), PlanOnly: true, ExpectNonEmptyPlan: true},
				resource.TestStep{
					PreConfig: func() {
						if diff := cmp.Diff(events, b.events()); diff != "" {
							t.Errorf("the plan did something:\n%s", diff)
						}
					},
					Config:           b.config(after),
					ConfigPlanChecks: preApply(append(test.want, plancheck.ExpectNonEmptyPlan())...),
				},
				resource.TestStep{Config: b.config(after), ConfigPlanChecks: emptyPlan()},
			)...)
		})
	}
}

// An imported token, whose secret the state does not hold, has drifted too when it has another secret of the same version.
func TestRestoredDatabaseImported(t *testing.T) {
	b := newBench(t)
	made := b.makeToken("ci")
	restore := b.backup()
	b.regenerate("ci")
	config := b.config(ciToken(importedLines...))
	b.run(
		resource.TestStep{Config: fmt.Sprintf("import {\n  to = %s\n  id = %q\n}\n", ci, made.ID) + config, Check: resource.TestCheckResourceAttr(ci, "secret_version", "2")},
		resource.TestStep{
			PreConfig:        func() { restore(); b.regenerate("ci") },
			Config:           config,
			ConfigPlanChecks: preApply(regenerates(ci, "drift")),
			Check:            b.checkActive(ci),
		},
	)
}

// A hold that has gone with the database is warned of in every plan until the token is held and released again. A hold that
// was released is not.
func TestRestoredDatabaseWithoutHold(t *testing.T) {
	ctx := context.Background()
	b := newBench(t)
	hold := func(reason string) {
		_, err := b.Outside.HoldAccessToken(ctx, b.token("ci").ID, reason)
		b.must(err)
	}
	release := func() {
		_, err := b.Outside.ReleaseAccessToken(ctx, b.token("ci").ID)
		b.must(err)
	}
	config := map[string]any{"name": "ci"}
	c := newCaller(b, fastpath.NewServer(provider.New("test", b.Now)))
	state, private := c.create(config)
	// warnings refreshes and plans, and returns what the plan warns of.
	warnings := func() []*tfprotov6.Diagnostic {
		t.Helper()
		c = newCaller(b, fastpath.NewServer(provider.New("test", b.Now)))
		read := c.read(state, private)
		noDiagnostics(b, read.Diagnostics)
		state, private = read.NewState, read.Private
		plan := c.plan(config, state, private, false)
		if got := c.decode(plan.PlannedState); !got.Equal(c.decode(state)) {
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
	restore := b.backup()
	hold("seen in a public log")
	expect("held", "Access token is held", "seen in a public log")
	restore()
	for range 2 {
		expect("restored", "is not held any more", "local:anna@elsewhere", "2030-01-01T12:00:00", "seen in a public log", "latchkey token hold tok_")
	}
	hold("once more")
	expect("held again", "Access token is held", "once more")
	release()
	silent("released")

	hold("for the last time")
	restore = b.backup()
	expect("held before the backup", "Access token is held", "for the last time")
	release()
	silent("released after the backup")
	restore()
	expect("restored from while it was held", "Access token is held", "for the last time")
}

// A secret that was revoked and lives again with the database is said to, whatever the plan makes of it.
func TestRestoredDatabaseRevivesSecret(t *testing.T) {
	b := newBench(t)
	config := map[string]any{"name": "ci"}
	c := newCaller(b, fastpath.NewServer(provider.New("test", b.Now)))
	state, private := c.create(config)
	restore := b.backup()
	_, err := b.Outside.RevokeSecret(context.Background(), b.parse(plain(b, c.attributes(state)["token"]).(string)))
	b.must(err)
	read := c.read(state, private)
	if plan := c.plan(config, read.NewState, read.Private, false); len(plan.Diagnostics) > 0 {
		t.Errorf("the plan shows the drift, and warns besides: %v", plan.Diagnostics)
	}
	restore()
	c = newCaller(b, fastpath.NewServer(provider.New("test", b.Now)))
	read = c.read(read.NewState, read.Private)
	plan := c.plan(config, read.NewState, read.Private, false)
	if len(plan.Diagnostics) != 1 || plan.Diagnostics[0].Summary != "Revoked secret works again" {
		t.Errorf("the plan warns of %v", plan.Diagnostics)
	}
	if reason := c.attributes(plan.PlannedState)["regeneration_reason"]; plain(b, reason) != "drift" {
		t.Errorf("the plan regenerates because of %s", reason)
	}
}

// A previous secret that was ended, and lives again with the database, is said to until it is ended once more; and a secret
// that was replaced, and is the current one again, gets no grace when it is replaced once more.
func TestRestoredDatabaseRevivesPreviousSecret(t *testing.T) {
	b := newBench(t)
	var c *caller
	var state *tfprotov6.DynamicValue
	var private []byte
	config := func(generation string) map[string]any {
		return map[string]any{"name": "ci", "grace_period": "2d", "regenerate_triggers": map[string]any{"n": generation}}
	}
	value := func() tokens.Secret { return b.parse(plain(b, c.attributes(state)["token"]).(string)) }
	// refresh refreshes and plans, in a run of its own.
	refresh := func(generation string) *tfprotov6.PlanResourceChangeResponse {
		t.Helper()
		c = newCaller(b, fastpath.NewServer(provider.New("test", b.Now)))
		read := c.read(state, private)
		noDiagnostics(b, read.Diagnostics)
		state, private = read.NewState, read.Private
		return c.plan(config(generation), state, private, false)
	}
	apply := func(generation string) {
		t.Helper()
		resp := c.apply(config(generation), state, refresh(generation))
		noDiagnostics(b, resp.Diagnostics)
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
		_, err := b.Outside.RetirePreviousSecret(context.Background(), b.token("ci").ID)
		b.must(err)
	}
	c = newCaller(b, fastpath.NewServer(provider.New("test", b.Now)))
	state, private = c.create(config("1"))
	first := value()
	restoreFirst := b.backup()
	apply("2")
	second := value()
	restoreSecond := b.backup()
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
	if reason := c.attributes(plan.PlannedState)["regeneration_reason"]; plain(b, reason) != "drift" {
		t.Errorf("the plan regenerates because of %s", reason)
	}
	apply("2")
	for name, dead := range map[string]tokens.Secret{"first": first, "second": second} {
		if b.isActive(dead.Reveal()) {
			t.Errorf("the %s secret, which the state knew to be replaced, works", name)
		}
	}
	if !b.isActive(value().Reveal()) {
		t.Error("the secret in the state is dead")
	}
}

// A state of an earlier version of the provider, which knows of its secret the version alone, shows no drift where there is
// none, and does where there is.
func TestFactsOfEarlierVersion(t *testing.T) {
	b := newBench(t)
	config := map[string]any{"name": "ci"}
	c := newCaller(b, fastpath.NewServer(provider.New("test", b.Now)))
	state, private := c.create(config)
	restore := b.backup()
	b.regenerate("ci")
	read := c.read(state, b.withoutFacts(private, "v", "s")) // the state holds the second secret, as after an import
	state, private = read.NewState, b.withoutFacts(read.Private, "s")
	planned := func() any {
		t.Helper()
		c := newCaller(b, fastpath.NewServer(provider.New("test", b.Now)))
		read := c.read(state, private)
		noDiagnostics(b, read.Diagnostics)
		plan := c.plan(config, read.NewState, read.Private, false)
		noDiagnostics(b, plan.Diagnostics)
		if drifted := !c.decode(plan.PlannedState).Equal(c.decode(state)); drifted != (plain(b, c.attributes(plan.PlannedState)["regeneration_reason"]) == "drift") {
			t.Error("the plan changes something without a reason")
		}
		return plain(b, c.attributes(plan.PlannedState)["regeneration_reason"])
	}
	if reason := planned(); reason != nil {
		t.Errorf("the secret is regenerated because of %s", reason)
	}
	restore()
	b.regenerate("ci")
	if reason := planned(); reason != "drift" {
		t.Errorf("another secret of the same version is no drift: %v", reason)
	}
}

// withoutFacts returns private state without some of its facts.
func (b *bench) withoutFacts(private []byte, keys ...string) []byte {
	b.t.Helper()
	var values map[string][]byte
	b.must(json.Unmarshal(private, &values))
	for name, value := range values {
		var facts map[string]any
		b.must(json.Unmarshal(value, &facts))
		for _, key := range keys {
			if _, ok := facts[key]; !ok {
				b.t.Fatalf("there is no fact %q in %s", key, value)
			}
			delete(facts, key)
		}
		less, err := json.Marshal(facts)
		b.must(err)
		values[name] = less
	}
	data, err := json.Marshal(values)
	b.must(err)
	return data
}

// parse reads the value of a secret.
func (b *bench) parse(value string) tokens.Secret {
	b.t.Helper()
	secret, err := tokens.ParseSecret(value)
	b.must(err)
	return secret
}

// events returns all that happened in the database.
func (b *bench) events() []tokens.Event {
	b.t.Helper()
	events, err := b.Outside.Events(context.Background(), tokens.EventQuery{})
	b.must(err)
	return events
}
