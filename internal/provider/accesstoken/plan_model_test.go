package accesstoken_test

import (
	"context"
	"fmt"
	"maps"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"pgregory.net/rapid"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/acctest"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// plannedToken is what is expected of one token and of the plans for it: a few numbers, in place of a provider. Time
// counts in hours.
type plannedToken struct {
	*acctest.Caller
	t       *rapid.T
	id      string
	state   *tfprotov6.DynamicValue
	private []byte

	hour int
	// config is what is written, and applied what was written at the last apply.
	config, applied settings
	// What the backend has.
	version, made int
	revoked, held bool
	enabled       bool
	value         tokens.Secret
	// What the state holds: the version of its secret, whether it knows that one to be revoked, and whether it holds a
	// value.
	heldVersion  int
	knownRevoked bool
	holdsValue   bool
	seen         seen
}

// settings are those of a token. Zero is unset.
type settings struct {
	ttl, before        int
	onExpired, onDrift string
	grace              string
	disabled           bool
	generation         int
	description        string
}

// seen is what the last read or apply showed.
type seen struct {
	version, made           int
	held, enabled, disabled bool // disabled is what the status said
	at                      int  // -1 where the token had no expiry
}

func (s settings) attributes(name string) map[string]any {
	attributes := map[string]any{
		"name":                name,
		"enabled":             !s.disabled,
		"regenerate_triggers": map[string]any{"n": fmt.Sprint(s.generation)},
	}
	hours := func(attribute string, n int) {
		if n > 0 {
			attributes[attribute] = fmt.Sprintf("%dh", n)
		}
	}
	hours("ttl", s.ttl)
	hours("regenerate_before_expiry", s.before)
	for attribute, text := range map[string]string{
		"on_expired":      s.onExpired,
		"on_secret_drift": s.onDrift,
		"grace_period":    s.grace,
		"description":     s.description,
	} {
		if text != "" {
			attributes[attribute] = text
		}
	}
	return attributes
}

func drawSettings(t *rapid.T) (s settings) {
	s.ttl = rapid.SampledFrom([]int{0, 10, 20, 40}).Draw(t, "ttl")
	if s.ttl > 0 {
		s.before = rapid.SampledFrom([]int{0, 5, 9}).Draw(t, "before")
	}
	s.onExpired = rapid.SampledFrom([]string{"", "", "regenerate", "ignore", "error"}).Draw(t, "on expired")
	s.onDrift = rapid.SampledFrom([]string{"", "", "regenerate", "accept", "error"}).Draw(t, "on drift")
	s.grace = rapid.SampledFrom([]string{"", "0s", "3h", "30h"}).Draw(t, "grace")
	if s.ttl > 0 && rapid.Bool().Draw(t, "until expiry") {
		s.grace = "until_expiry"
	}
	s.disabled = rapid.IntRange(0, 4).Draw(t, "disabled") == 0
	s.generation = rapid.IntRange(0, 1).Draw(t, "generation")
	s.description = rapid.SampledFrom([]string{"", "a", "b"}).Draw(t, "description")
	return s
}

// expected is what the next plan should decide about the secret: a reason, accept, an error, or nothing.
func (p *plannedToken) expected() string {
	s := p.config
	drifted := p.seen.version != p.heldVersion || p.knownRevoked
	stopped := p.seen.held || s.disabled || p.seen.disabled && p.seen.enabled
	age := -1
	if s.ttl > 0 && p.seen.at >= 0 {
		age = p.seen.at - p.seen.made
	}
	expired := age >= s.ttl && age >= 0
	switch {
	case drifted && s.onDrift == "error":
		return "error"
	case drifted && s.onDrift != "accept":
		return "drift"
	case expired && !stopped && (s.onExpired == "" || s.onExpired == "regenerate"):
		return "expired"
	case !expired && age >= 0 && s.before > 0 && age >= s.ttl-s.before && !stopped:
		return "schedule"
	case s.generation != p.applied.generation:
		return "trigger"
	case expired && !stopped && s.onExpired == "error":
		return "error"
	case s.ttl > 0 && s.ttl != p.applied.ttl && p.seen.made+s.ttl <= p.hour: // it would end the secret at once
		return "error"
	case drifted && p.holdsValue:
		return "accept"
	}
	return ""
}

// look takes over what the backend has.
func (p *plannedToken) look() {
	p.seen = seen{p.version, p.made, p.held, p.enabled, !p.held && !p.enabled, -1}
	if p.applied.ttl > 0 {
		p.seen.at = p.hour
	}
	p.knownRevoked = p.knownRevoked || p.revoked
}

func (p *plannedToken) refresh() {
	read := p.Read(p.state, p.private)
	acctest.NoDiagnostics(p.B, read.Diagnostics)
	p.state, p.private = read.NewState, read.Private
	p.look()
}

func (p *plannedToken) wait(label string) {
	hours := rapid.IntRange(0, 12).Draw(p.t, label)
	p.hour += hours
	p.B.Advance(time.Duration(hours) * time.Hour)
}

func failed(diagnostics []*tfprotov6.Diagnostic) bool {
	for _, d := range diagnostics {
		if d.Severity == tfprotov6.DiagnosticSeverityError {
			return true
		}
	}
	return false
}

// run plans, and applies the plan some time later.
func (p *plannedToken) run() {
	if rapid.IntRange(0, 3).Draw(p.t, "refresh") > 0 {
		p.refresh()
	}
	config, want := p.config.attributes("ci"), p.expected()
	plan := p.Plan(config, p.state, p.private, false)
	if failed(plan.Diagnostics) != (want == "error") {
		p.t.Fatalf("the plan fails: %t, want %q: %+v", want != "error", want, plan.Diagnostics)
	}
	if want == "error" {
		p.config = p.applied // another one will come
		return
	}
	planned, prior := p.Attributes(plan.PlannedState), p.Attributes(p.state)
	got := ""
	switch {
	case !planned["secret_version"].IsKnown():
		got = fmt.Sprint(acctest.Plain(p.B, planned["regeneration_reason"]))
	case planned["token"].IsNull() && !prior["token"].IsNull():
		got = "accept"
	}
	if got != want {
		p.t.Fatalf("the plan decides %q, want %q: %+v", got, want, p.seen)
	}

	// The same plan comes out whenever it is made, unless it fails.
	p.wait("hours between two plans")
	if again := p.Plan(config, p.state, p.private, false); !failed(again.Diagnostics) &&
		!p.Decode(again.PlannedState).Equal(p.Decode(plan.PlannedState)) {
		p.t.Fatalf("a plan changed with time: %s, then %s", p.Decode(plan.PlannedState), p.Decode(again.PlannedState))
	}
	if p.Decode(plan.PlannedState).Equal(p.Decode(p.state)) {
		return
	}
	regenerates := got != "" && got != "accept"
	if rapid.IntRange(0, 5).Draw(p.t, "another run") == 0 {
		p.regenerateOutside()
	}
	p.wait("hours between plan and apply")
	ttlEnds := p.config.ttl > 0 && p.config.ttl != p.applied.ttl && !regenerates && p.made+p.config.ttl <= p.hour
	resp := p.Apply(config, p.state, plan)
	conflicts := regenerates && p.seen.version != p.version
	applyFailed := failed(resp.Diagnostics)
	if applyFailed != (conflicts || ttlEnds) {
		p.t.Fatalf("the apply failed: %t; another run (%t) or the end of the ttl (%t) is to fail it: %+v", applyFailed,
			conflicts, ttlEnds, resp.Diagnostics)
	}
	if applyFailed {
		if !p.Decode(resp.NewState).Equal(p.Decode(p.state)) {
			p.t.Fatal("an apply that failed changed the state")
		}
		p.config = p.applied
		return
	}
	for name, value := range p.Attributes(resp.NewState) {
		if planned[name].IsFullyKnown() && !planned[name].Equal(value) {
			p.t.Fatalf("the plan said %s for %s, the apply %s", planned[name], name, value)
		}
	}
	p.state, p.private = resp.NewState, resp.Private
	p.applyExpected(got, regenerates)
}

// applyExpected does what an apply is expected to do.
func (p *plannedToken) applyExpected(decision string, regenerates bool) {
	if p.config.disabled == p.seen.enabled {
		p.enabled = !p.config.disabled
	}
	before := p.seen
	p.applied = p.config
	if regenerates {
		p.version, p.made, p.revoked, p.knownRevoked, p.holdsValue = p.version+1, p.hour, false, false, true
		p.heldVersion = p.version
		value, err := tokens.ParseSecret(fmt.Sprint(acctest.Plain(p.B, p.Attributes(p.state)["token"])))
		p.B.Must(err)
		p.value = value
	}
	p.look()
	if !regenerates { // what the plan knew of the secret stays
		p.seen.version, p.seen.made = before.version, before.made
	}
	if decision == "accept" { // of what the plan saw
		p.heldVersion, p.knownRevoked, p.holdsValue = before.version, p.revoked, false
	}
	p.seen.held = before.held || p.held
	p.seen.enabled = !p.config.disabled
	if good := p.B.IsActive(p.value.Reveal()); good != (p.enabled && !p.held && !p.revoked &&
		(p.config.ttl == 0 || p.hour < p.made+p.config.ttl)) {
		p.t.Fatalf("the current value is good: %t", good)
	}
}

func (p *plannedToken) regenerateOutside() {
	p.value = p.B.Regenerate("ci")
	p.version, p.made, p.revoked = p.version+1, p.hour, false
}

// Whatever becomes of a token, its plans and applies agree with the model and with each other, wherever time stands.
func TestPlanModel(t *testing.T) {
	b := acctest.New(t)
	ctx := context.Background()
	c := acctest.NewCaller(b, b.NewServer())
	rapid.Check(t, func(t *rapid.T) {
		p := &plannedToken{Caller: c, t: t, config: drawSettings(t), version: 1, heldVersion: 1, holdsValue: true}
		p.state, p.private = c.Create(p.config.attributes("ci"))
		attributes := p.Attributes(p.state)
		p.id, p.value = fmt.Sprint(acctest.Plain(b,
			attributes["id"])), b.Parse(fmt.Sprint(acctest.Plain(b, attributes["token"])))
		p.enabled, p.applied = !p.config.disabled, p.config
		p.look()
		defer func() { b.Must(b.Outside.DeleteAccessToken(ctx, p.id)) }()
		outside := func(u tokens.AccessTokenUpdate) {
			_, err := b.Outside.UpdateAccessToken(ctx, p.id, u)
			b.Must(err)
		}
		actions := map[string]func(*rapid.T){
			"configure": func(t *rapid.T) { p.config = drawSettings(t) },
			"wait":      func(*rapid.T) { p.wait("hours") },
			"regenerate outside": func(*rapid.T) {
				p.regenerateOutside()
			},
			"revoke outside": func(t *rapid.T) {
				if p.revoked {
					t.Skip("revoked already")
				}
				_, err := b.Outside.RevokeSecret(ctx, p.value)
				b.Must(err)
				p.revoked = true
			},
			"hold or release outside": func(*rapid.T) {
				var err error
				if p.held {
					_, err = b.Outside.ReleaseAccessToken(ctx, p.id)
				} else {
					_, err = b.Outside.HoldAccessToken(ctx, p.id, "leaked")
				}
				b.Must(err)
				p.held = !p.held
			},
			"switch outside": func(*rapid.T) {
				outside(tokens.AccessTokenUpdate{
					Settings: tokens.Settings{Enabled: !p.enabled},
					Fields:   tokens.Fields{"enabled"},
				})
				p.enabled = !p.enabled
			},
		}
		for i := range 3 { // most of what happens are runs
			actions[fmt.Sprint("run ", i)] = func(*rapid.T) { p.run() }
		}
		for name, action := range maps.Clone(actions) {
			actions[name] = func(t *rapid.T) { p.t = t; action(t) }
		}
		t.Repeat(actions)
	})
}
