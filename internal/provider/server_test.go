package provider_test

import (
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"math/big"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/fastpath"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// Whatever has become of a token, the server answers what the framework's server answers, by the short way or not.
func TestServerAnswersAsFramework(t *testing.T) {
	ctx := context.Background()
	type attributes = map[string]any
	update := func(u tokens.AccessTokenUpdate) func(b *bench) {
		return func(b *bench) {
			_, err := b.Outside.UpdateAccessToken(ctx, b.token("ci").ID, u)
			b.must(err)
		}
	}
	for _, test := range []struct {
		name      string
		config    attributes
		meanwhile func(b *bench)
		passed    time.Duration
		changed   attributes // of the configuration, before the plan
		destroyed bool
		// Where the short way is taken: by the first read, by a second one right after it, and by the plan.
		read, again, plan bool
	}{
		{name: "nothing", read: true, again: true, plan: true},
		{name: "nothing, every attribute", read: true, again: true, plan: true, config: attributes{
			"description": "for the pipeline", "role": "viewer", "group_id": "", "enabled": true, "activates_at": "2029-01-01T00:00:00+01:00",
			"ttl": "24h", "regenerate_triggers": attributes{"a": "1"}, "replace_triggers": attributes{"a": "1"},
			"regenerate_before_expiry": "1h", "on_expired": "error", "on_secret_drift": "error", "grace_period": "0s", "protect_if_used_within": "9d",
		}},
		{name: "nothing, beside an expiry", read: true, again: true, plan: true, config: attributes{"expires_at": "2031-01-01T01:00:00+01:00"}},
		{name: "nothing, disabled by the configuration", read: true, again: true, config: attributes{"enabled": false}},
		{name: "nothing, restricted by the configuration", read: true, again: true, config: attributes{"visibility": "restricted"}},
		{name: "time, before it expires", read: true, again: true, plan: true, config: attributes{"ttl": "90d"}, passed: time.Hour},
		{name: "time, until its ttl ends", again: true, config: attributes{"ttl": "90d"}, passed: 91 * 24 * time.Hour},
		{name: "time, before the window", read: true, again: true, plan: true, config: attributes{"ttl": "90d", "regenerate_before_expiry": "1d"}, passed: time.Hour},
		{name: "time, into the window", read: true, again: true, config: attributes{"ttl": "90d", "regenerate_before_expiry": "10d"}, passed: 85 * 24 * time.Hour},
		{name: "time, until its ttl ends, ignored", again: true, config: attributes{"ttl": "90d", "on_expired": "ignore"}, passed: 91 * 24 * time.Hour},
		{name: "time, until its ttl ends, an error", again: true, config: attributes{"ttl": "90d", "on_expired": "error"}, passed: 91 * 24 * time.Hour},
		{name: "regenerated outside, accepted", again: true, config: attributes{"on_secret_drift": "accept"}, meanwhile: func(b *bench) { b.regenerate("ci") }},
		{name: "regenerated outside, an error", again: true, config: attributes{"on_secret_drift": "error"}, meanwhile: func(b *bench) { b.regenerate("ci") }},
		{name: "given a grace outside", again: true, meanwhile: update(tokens.AccessTokenUpdate{Grace: tokens.To(tokens.Grace{Duration: time.Hour})})},
		{name: "given policies outside", again: true, meanwhile: update(tokens.AccessTokenUpdate{OnExpired: tokens.To(tokens.OnExpiredError), ProtectIfUsedWithin: tokens.To(time.Hour)})},
		{name: "time, until it expires", again: true, config: attributes{"expires_at": "2031-01-01T00:00:00Z"}, passed: 400 * 24 * time.Hour},
		{name: "time, until it is active", again: true, plan: true, config: attributes{"activates_at": "2030-01-02T00:00:00Z"}, passed: 48 * time.Hour},
		{name: "renamed outside", again: true, meanwhile: update(tokens.AccessTokenUpdate{Name: tokens.To("other")})},
		{name: "described outside", again: true, meanwhile: update(tokens.AccessTokenUpdate{Description: tokens.To("other")})},
		{name: "disabled outside", again: true, meanwhile: update(tokens.AccessTokenUpdate{Enabled: tokens.To(false)})},
		{name: "restricted outside", again: true, meanwhile: update(tokens.AccessTokenUpdate{Visibility: tokens.To(tokens.VisibilityRestricted)})},
		{name: "given a ttl outside", again: true, meanwhile: update(tokens.AccessTokenUpdate{TTL: tokens.To(time.Hour)})},
		{name: "regenerated outside", again: true, meanwhile: func(b *bench) { b.regenerate("ci") }},
		{name: "held outside", again: true, meanwhile: func(b *bench) {
			_, err := b.Outside.HoldAccessToken(ctx, b.token("ci").ID, "leaked")
			b.must(err)
		}},
		{name: "held and released outside", again: true, plan: true, meanwhile: func(b *bench) {
			_, err := b.Outside.HoldAccessToken(ctx, b.token("ci").ID, "leaked")
			b.must(err)
			_, err = b.Outside.ReleaseAccessToken(ctx, b.token("ci").ID)
			b.must(err)
		}},
		{name: "its technical user disabled outside", again: true, plan: true, meanwhile: func(b *bench) {
			_, err := b.Outside.UpdateTechnicalUser(ctx, b.token("ci").User.ID, tokens.TechnicalUserUpdate{Enabled: tokens.To(false)})
			b.must(err)
		}},
		{name: "deleted outside", meanwhile: func(b *bench) { b.must(b.Outside.DeleteAccessToken(ctx, b.token("ci").ID)) }},
		{name: "the database gone", meanwhile: func(b *bench) { b.must(os.Remove(b.database)) }},
		{name: "renamed", read: true, again: true, changed: attributes{"name": "other"}},
		{name: "disabled", read: true, again: true, changed: attributes{"enabled": false}},
		{name: "enabled", read: true, again: true, config: attributes{"enabled": false}, changed: attributes{"enabled": nil}},
		{name: "restricted", read: true, again: true, changed: attributes{"visibility": "restricted"}},
		{name: "no longer restricted", read: true, again: true, config: attributes{"visibility": "restricted"}, changed: attributes{"visibility": nil}},
		{name: "no description any more", read: true, again: true, config: attributes{"description": "a"}, changed: attributes{"description": nil}},
		{name: "the expiry spelled otherwise", read: true, again: true, config: attributes{"expires_at": "2031-01-01T00:00:00Z"}, changed: attributes{"expires_at": "2031-01-01T01:00:00+01:00"}},
		{name: "a trigger changed", read: true, again: true, config: attributes{"regenerate_triggers": attributes{"a": "1"}}, changed: attributes{"regenerate_triggers": attributes{"a": "2"}}},
		{name: "the window spelled otherwise", read: true, again: true, config: attributes{"ttl": "90d", "regenerate_before_expiry": "1d"}, changed: attributes{"regenerate_before_expiry": "24h"}},
		{name: "given a grace", read: true, again: true, changed: attributes{"grace_period": "1d"}},
		{name: "no grace any more, said otherwise", read: true, again: true, config: attributes{"grace_period": "0s"}, changed: attributes{"grace_period": nil}},
		{name: "a replacement triggered", read: true, again: true, config: attributes{"replace_triggers": attributes{"a": "1"}}, changed: attributes{"replace_triggers": attributes{"a": "2"}}},
		{name: "removed", read: true, again: true, destroyed: true},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := newBench(t)
			now := b.Now()
			clock := func() time.Time { return now }
			framework := newCaller(b, providerserver.NewProtocol6(provider.New("test", clock))())
			ours := newCaller(b, fastpath.NewServer(provider.New("test", clock)))

			config := attributes{"name": "ci"}
			maps.Copy(config, test.config)
			if config["group_id"] == "" {
				group, err := b.Outside.CreateGroup(ctx, tokens.NewGroup{Name: "payments"})
				b.must(err)
				config["group_id"] = group.ID
			}
			state, private := ours.create(config)

			upgraded := ours.upgrade(state)
			ours.expectSame(upgraded, framework.upgrade(state))
			if len(upgraded.UpgradedState.JSON) == 0 {
				t.Error("the upgrade did not take the short way")
			}
			ours.expectSame(ours.read(state, private), framework.read(state, private))
			if test.meanwhile != nil {
				test.meanwhile(b)
			}
			now = now.Add(test.passed)
			for _, short := range []bool{test.read, test.again} {
				read := ours.read(state, private)
				ours.expectSame(read, framework.read(state, private))
				if got := read.NewState == state; got != short {
					t.Errorf("the read took the short way: %t, not %t", got, short)
				}
				if len(read.Diagnostics) > 0 || ours.decode(read.NewState).IsNull() {
					return
				}
				state, private = read.NewState, read.Private
			}
			maps.Copy(config, test.changed)
			plan := ours.plan(config, state, private, test.destroyed)
			ours.expectSame(plan, framework.plan(config, state, private, test.destroyed))
			if got := plan.PlannedState == state; got != test.plan {
				t.Errorf("the plan took the short way: %t, not %t", got, test.plan)
			}
		})
	}
}

// What is not the state of a token that the provider made takes no short way, and is answered as the framework does.
func TestServerLeavesTheUnusualToFramework(t *testing.T) {
	b := newBench(t)
	framework := newCaller(b, providerserver.NewProtocol6(provider.New("test", b.Now))())
	ours := newCaller(b, fastpath.NewServer(provider.New("test", b.Now)))
	state, private := ours.create(map[string]any{"name": "ci"})

	for name, private := range map[string][]byte{
		"none":         nil,
		"no facts":     []byte(`{}`),
		"no database":  []byte(`{"f":"e30="}`),
		"a key more":   bytes.Replace(private, []byte(`{`), []byte(`{"other":"dHJ1ZQ==",`), 1),
		"no object":    []byte(`[]`),
		"broken facts": []byte(`{"f":"WzFd"}`),
	} {
		t.Run("private state: "+name, func(t *testing.T) {
			ours.expectSame(ours.read(state, private), framework.read(state, private))
			ours.expectSame(ours.plan(map[string]any{"name": "ci"}, state, private, false), framework.plan(map[string]any{"name": "ci"}, state, private, false))
		})
	}
	t.Run("a state that lacks an attribute", func(t *testing.T) {
		ours.expectSame(ours.upgrade(state, "ttl"), framework.upgrade(state, "ttl"))
	})
}

// caller calls a server as Terraform does.
type caller struct {
	b         *bench
	server    tfprotov6.ProviderServer
	typ       tftypes.Object
	decidable map[string]bool // computed attributes
}

const accessToken = "latchkey_access_token"

// newCaller returns a caller of a server, configured for the bench's database.
func newCaller(b *bench, server tfprotov6.ProviderServer) *caller {
	b.t.Helper()
	ctx := context.Background()
	schemas, err := server.GetProviderSchema(ctx, &tfprotov6.GetProviderSchemaRequest{})
	b.must(err)
	c := &caller{b: b, server: server, decidable: map[string]bool{}}
	c.typ = schemas.ResourceSchemas[accessToken].ValueType().(tftypes.Object)
	for _, a := range schemas.ResourceSchemas[accessToken].Block.Attributes {
		c.decidable[a.Name] = a.Computed
	}
	configType := schemas.Provider.ValueType()
	config := map[string]tftypes.Value{}
	for name, typ := range configType.(tftypes.Object).AttributeTypes {
		config[name] = tftypes.NewValue(typ, nil)
	}
	config["database"] = tftypes.NewValue(tftypes.String, b.database)
	resp, err := server.ConfigureProvider(ctx, &tfprotov6.ConfigureProviderRequest{Config: encode(b, configType, tftypes.NewValue(configType, config))})
	b.must(err)
	noDiagnostics(b, resp.Diagnostics)
	return c
}

// create makes a token and returns its state and private state.
func (c *caller) create(config map[string]any) (*tfprotov6.DynamicValue, []byte) {
	c.b.t.Helper()
	null := encode(c.b, c.typ, tftypes.NewValue(c.typ, nil))
	plan := c.plan(config, null, nil, false)
	noDiagnostics(c.b, plan.Diagnostics)
	resp := c.apply(config, null, plan)
	noDiagnostics(c.b, resp.Diagnostics)
	return resp.NewState, resp.Private
}

// apply carries out a plan that was made for a state.
func (c *caller) apply(config map[string]any, state *tfprotov6.DynamicValue, plan *tfprotov6.PlanResourceChangeResponse) *tfprotov6.ApplyResourceChangeResponse {
	c.b.t.Helper()
	resp, err := c.server.ApplyResourceChange(context.Background(), &tfprotov6.ApplyResourceChangeRequest{
		TypeName: accessToken, Config: c.config(config), PriorState: state, PlannedState: plan.PlannedState, PlannedPrivate: plan.PlannedPrivate,
	})
	c.b.must(err)
	return resp
}

func (c *caller) read(state *tfprotov6.DynamicValue, private []byte) *tfprotov6.ReadResourceResponse {
	c.b.t.Helper()
	resp, err := c.server.ReadResource(context.Background(), &tfprotov6.ReadResourceRequest{TypeName: accessToken, CurrentState: state, Private: private})
	c.b.must(err)
	return resp
}

// plan proposes what Terraform proposes: what is configured, and of the rest the prior value where the provider decides.
func (c *caller) plan(config map[string]any, state *tfprotov6.DynamicValue, private []byte, destroyed bool) *tfprotov6.PlanResourceChangeResponse {
	c.b.t.Helper()
	configured, prior := c.attributes(c.config(config)), c.attributes(state)
	proposed := map[string]tftypes.Value{}
	for name, value := range configured {
		if prior, ok := prior[name]; ok && value.IsNull() && c.decidable[name] {
			value = prior
		}
		if value.IsNull() && len(prior) == 0 && c.decidable[name] {
			value = tftypes.NewValue(value.Type(), tftypes.UnknownValue)
		}
		proposed[name] = value
	}
	req := &tfprotov6.PlanResourceChangeRequest{TypeName: accessToken, Config: c.config(config), PriorState: state, PriorPrivate: private}
	if destroyed {
		req.Config = encode(c.b, c.typ, tftypes.NewValue(c.typ, nil))
		req.ProposedNewState = req.Config
	} else {
		req.ProposedNewState = encode(c.b, c.typ, tftypes.NewValue(c.typ, proposed))
	}
	resp, err := c.server.PlanResourceChange(context.Background(), req)
	c.b.must(err)
	return resp
}

// upgrade sends a state as the state file has it, without some of its attributes.
func (c *caller) upgrade(state *tfprotov6.DynamicValue, without ...string) *tfprotov6.UpgradeResourceStateResponse {
	c.b.t.Helper()
	attributes := map[string]any{}
	for name, value := range c.attributes(state) {
		if !slices.Contains(without, name) {
			attributes[name] = plain(c.b, value)
		}
	}
	text, err := json.Marshal(attributes)
	c.b.must(err)
	resp, err := c.server.UpgradeResourceState(context.Background(), &tfprotov6.UpgradeResourceStateRequest{TypeName: accessToken, RawState: &tfprotov6.RawState{JSON: text}})
	c.b.must(err)
	return resp
}

// config encodes configured attributes; the others are null.
func (c *caller) config(config map[string]any) *tfprotov6.DynamicValue {
	c.b.t.Helper()
	attributes := map[string]tftypes.Value{}
	for name, typ := range c.typ.AttributeTypes {
		value := config[name]
		if elements, ok := value.(map[string]any); ok {
			texts := map[string]tftypes.Value{}
			for key, text := range elements {
				texts[key] = tftypes.NewValue(tftypes.String, text)
			}
			value = texts
		}
		attributes[name] = tftypes.NewValue(typ, value)
	}
	return encode(c.b, c.typ, tftypes.NewValue(c.typ, attributes))
}

func (c *caller) decode(value *tfprotov6.DynamicValue) tftypes.Value {
	c.b.t.Helper()
	raw, err := value.Unmarshal(c.typ)
	c.b.must(err)
	return raw
}

func (c *caller) attributes(value *tfprotov6.DynamicValue) (attributes map[string]tftypes.Value) {
	c.b.t.Helper()
	c.b.must(c.decode(value).As(&attributes))
	return attributes
}

func encode(b *bench, typ tftypes.Type, value tftypes.Value) *tfprotov6.DynamicValue {
	b.t.Helper()
	encoded, err := tfprotov6.NewDynamicValue(typ, value)
	b.must(err)
	return &encoded
}

// plain returns a value as JSON has it.
func plain(b *bench, value tftypes.Value) any {
	b.t.Helper()
	if value.IsNull() {
		return nil
	}
	switch typ := value.Type(); {
	case typ.Is(tftypes.Bool):
		var v bool
		b.must(value.As(&v))
		return v
	case typ.Is(tftypes.Number):
		var v big.Float
		b.must(value.As(&v))
		return json.Number(v.String())
	case typ.Is(tftypes.Map{}):
		var v map[string]tftypes.Value
		b.must(value.As(&v))
		object := map[string]any{}
		for key, element := range v {
			object[key] = plain(b, element)
		}
		return object
	default:
		var v string
		b.must(value.As(&v))
		return v
	}
}

func noDiagnostics(b *bench, diagnostics []*tfprotov6.Diagnostic) {
	b.t.Helper()
	for _, d := range diagnostics {
		b.t.Fatalf("%s: %s", d.Summary, d.Detail)
	}
}

// expectSame compares an answer with another server's: values by what they say, however they are encoded.
func (c *caller) expectSame(got, want any) {
	c.b.t.Helper()
	values := cmp.Comparer(func(a, b *tfprotov6.DynamicValue) bool {
		if a == nil || b == nil {
			return a == b
		}
		return c.decode(a).Equal(c.decode(b))
	})
	paths := cmp.Comparer((*tftypes.AttributePath).Equal)
	if diff := cmp.Diff(want, got, values, paths); diff != "" {
		c.b.t.Errorf("the answer is not the framework's (-framework +ours):\n%s", diff)
	}
}
