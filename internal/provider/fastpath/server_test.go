package fastpath_test

import (
	"bytes"
	"context"
	"maps"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/acctest"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// Whatever has become of a token, the server answers what the framework's server answers, by the short way or not.
func TestServerAnswersAsFramework(t *testing.T) {
	ctx := context.Background()
	type attributes = map[string]any
	update := func(u tokens.AccessTokenUpdate) func(b *acctest.Bench) {
		return func(b *acctest.Bench) {
			_, err := b.Outside.UpdateAccessToken(ctx, b.Token("ci").ID, u)
			b.Must(err)
		}
	}
	for _, test := range []struct {
		name      string
		config    attributes
		meanwhile func(b *acctest.Bench)
		passed    time.Duration
		changed   attributes // of the configuration, before the plan
		destroyed bool
		// Where the short way is taken: by the first read, by a second one right after it, and by the plan.
		read, again, plan bool
	}{
		{name: "nothing", read: true, again: true, plan: true},
		{name: "nothing, every attribute", read: true, again: true, plan: true, config: attributes{
			"description": "for the pipeline", "role": "viewer", "group_id": "", "enabled": true,
			"activates_at": "2029-01-01T00:00:00+01:00",
			"ttl":          "24h", "regenerate_triggers": attributes{"a": "1"}, "replace_triggers": attributes{"a": "1"},
			"regenerate_before_expiry": "1h", "on_expired": "error", "on_secret_drift": "error", "grace_period": "0s",
			"protect_if_used_within": "9d",
		}},
		{name: "nothing, beside an expiry", read: true, again: true, plan: true,
			config: attributes{"expires_at": "2031-01-01T01:00:00+01:00"}},
		{name: "nothing, disabled by the configuration", read: true, again: true, config: attributes{"enabled": false}},
		{name: "nothing, restricted by the configuration", read: true, again: true,
			config: attributes{"visibility": "restricted"}},
		{name: "time, before it expires", read: true, again: true, plan: true, config: attributes{"ttl": "90d"},
			passed: time.Hour},
		{name: "time, until its ttl ends", again: true, config: attributes{"ttl": "90d"}, passed: 91 * 24 * time.Hour},
		{name: "time, before the window", read: true, again: true, plan: true,
			config: attributes{"ttl": "90d", "regenerate_before_expiry": "1d"}, passed: time.Hour},
		{name: "time, into the window", read: true, again: true,
			config: attributes{"ttl": "90d", "regenerate_before_expiry": "10d"}, passed: 85 * 24 * time.Hour},
		{name: "time, until its ttl ends, ignored", again: true, config: attributes{"ttl": "90d", "on_expired": "ignore"},
			passed: 91 * 24 * time.Hour},
		{name: "time, until its ttl ends, an error", again: true, config: attributes{"ttl": "90d", "on_expired": "error"},
			passed: 91 * 24 * time.Hour},
		{name: "regenerated outside, accepted", again: true, config: attributes{"on_secret_drift": "accept"},
			meanwhile: func(b *acctest.Bench) { b.Regenerate("ci") }},
		{name: "regenerated outside, an error", again: true, config: attributes{"on_secret_drift": "error"},
			meanwhile: func(b *acctest.Bench) { b.Regenerate("ci") }},
		{name: "given a grace outside", again: true,
			meanwhile: update(tokens.AccessTokenUpdate{
				Settings: tokens.Settings{Policies: tokens.Policies{Grace: tokens.Grace{Duration: time.Hour}}},
				Fields:   tokens.Fields{"grace_period"},
			})},
		{name: "given policies outside", again: true,
			meanwhile: update(tokens.AccessTokenUpdate{
				Settings: tokens.Settings{Policies: tokens.Policies{
					OnExpired:           tokens.OnExpiredError,
					ProtectIfUsedWithin: time.Hour,
				}},
				Fields: tokens.Fields{"on_expired", "protect_if_used_within"},
			})},
		{name: "time, until it expires", again: true, config: attributes{"expires_at": "2031-01-01T00:00:00Z"},
			passed: 400 * 24 * time.Hour},
		{name: "time, until it is active", again: true, plan: true,
			config: attributes{"activates_at": "2030-01-02T00:00:00Z"}, passed: 48 * time.Hour},
		{name: "renamed outside", again: true,
			meanwhile: update(tokens.AccessTokenUpdate{
				Settings: tokens.Settings{Name: "other"},
				Fields:   tokens.Fields{"name"},
			})},
		{name: "described outside", again: true,
			meanwhile: update(tokens.AccessTokenUpdate{
				Settings: tokens.Settings{Description: "other"},
				Fields:   tokens.Fields{"description"},
			})},
		{name: "disabled outside", again: true,
			meanwhile: update(tokens.AccessTokenUpdate{
				Settings: tokens.Settings{Enabled: false},
				Fields:   tokens.Fields{"enabled"},
			})},
		{name: "restricted outside", again: true,
			meanwhile: update(tokens.AccessTokenUpdate{
				Settings: tokens.Settings{Visibility: tokens.VisibilityRestricted},
				Fields:   tokens.Fields{"visibility"},
			})},
		{name: "given a ttl outside", again: true,
			meanwhile: update(tokens.AccessTokenUpdate{
				Settings: tokens.Settings{TTL: time.Hour},
				Fields:   tokens.Fields{"ttl"},
			})},
		{name: "regenerated outside", again: true, meanwhile: func(b *acctest.Bench) { b.Regenerate("ci") }},
		{name: "held outside", again: true, meanwhile: func(b *acctest.Bench) {
			_, err := b.Outside.HoldAccessToken(ctx, b.Token("ci").ID, "leaked")
			b.Must(err)
		}},
		{name: "held and released outside", read: true, again: true, plan: true, meanwhile: func(b *acctest.Bench) {
			_, err := b.Outside.HoldAccessToken(ctx, b.Token("ci").ID, "leaked")
			b.Must(err)
			_, err = b.Outside.ReleaseAccessToken(ctx, b.Token("ci").ID)
			b.Must(err)
		}},
		{name: "its technical user disabled outside", again: true, plan: true, meanwhile: func(b *acctest.Bench) {
			_, err := b.Outside.UpdateTechnicalUser(ctx, b.Token("ci").User.ID,
				tokens.TechnicalUserUpdate{
					Settings: tokens.TechnicalUserSettings{Enabled: false},
					Fields:   tokens.Fields{"enabled"},
				})
			b.Must(err)
		}},
		{name: "deleted outside", meanwhile: func(b *acctest.Bench) {
			b.Must(b.Outside.DeleteAccessToken(ctx,
				b.Token("ci").ID))
		}},
		{name: "the database gone", meanwhile: func(b *acctest.Bench) { b.Place.Wipe() }},
		{name: "renamed", read: true, again: true, changed: attributes{"name": "other"}},
		{name: "disabled", read: true, again: true, changed: attributes{"enabled": false}},
		{name: "enabled", read: true, again: true, config: attributes{"enabled": false},
			changed: attributes{"enabled": nil}},
		{name: "restricted", read: true, again: true, changed: attributes{"visibility": "restricted"}},
		{name: "no longer restricted", read: true, again: true, config: attributes{"visibility": "restricted"},
			changed: attributes{"visibility": nil}},
		{name: "no description any more", read: true, again: true, config: attributes{"description": "a"},
			changed: attributes{"description": nil}},
		{name: "the expiry spelled otherwise", read: true, again: true,
			config:  attributes{"expires_at": "2031-01-01T00:00:00Z"},
			changed: attributes{"expires_at": "2031-01-01T01:00:00+01:00"}},
		{name: "a trigger changed", read: true, again: true,
			config:  attributes{"regenerate_triggers": attributes{"a": "1"}},
			changed: attributes{"regenerate_triggers": attributes{"a": "2"}}},
		{name: "the window spelled otherwise", read: true, again: true,
			config:  attributes{"ttl": "90d", "regenerate_before_expiry": "1d"},
			changed: attributes{"regenerate_before_expiry": "24h"}},
		{name: "given a grace", read: true, again: true, changed: attributes{"grace_period": "1d"}},
		{name: "no grace any more, said otherwise", read: true, again: true, config: attributes{"grace_period": "0s"},
			changed: attributes{"grace_period": nil}},
		{name: "a replacement triggered", read: true, again: true,
			config:  attributes{"replace_triggers": attributes{"a": "1"}},
			changed: attributes{"replace_triggers": attributes{"a": "2"}}},
		{name: "removed", read: true, again: true, destroyed: true},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := acctest.New(t)
			b.StopClock()
			framework := acctest.NewCaller(b, providerserver.NewProtocol6(provider.New("test", b.Now))())
			ours := acctest.NewCaller(b, b.NewServer())

			config := attributes{"name": "ci"}
			maps.Copy(config, test.config)
			if config["group_id"] == "" {
				group, err := b.Outside.CreateGroup(ctx,
					tokens.NewGroup{Request: tokens.NewRequest(b.Now()), GroupSettings: tokens.GroupSettings{Name: "payments"}})
				b.Must(err)
				config["group_id"] = group.ID
			}
			state, private := ours.Create(config)

			upgraded := ours.Upgrade(state)
			ours.ExpectSame(upgraded, framework.Upgrade(state))
			if len(upgraded.UpgradedState.JSON) == 0 {
				t.Error("the upgrade did not take the short way")
			}
			ours.ExpectSame(ours.Read(state, private), framework.Read(state, private))
			if test.meanwhile != nil {
				test.meanwhile(b)
			}
			b.Advance(test.passed)
			for _, short := range []bool{test.read, test.again} {
				var read *tfprotov6.ReadResourceResponse
				for _, ours.Identifies = range []bool{true, false} {
					framework.Identifies = ours.Identifies
					read = ours.Read(state, private)
					ours.ExpectSame(read, framework.Read(state, private))
				}
				if got := read.NewState == state; got != short {
					t.Errorf("the read took the short way: %t, not %t", got, short)
				}
				if len(read.Diagnostics) > 0 || ours.Decode(read.NewState).IsNull() {
					return
				}
				state, private = read.NewState, read.Private
			}
			maps.Copy(config, test.changed)
			var plan *tfprotov6.PlanResourceChangeResponse
			for _, ours.Identifies = range []bool{true, false} {
				framework.Identifies = ours.Identifies
				plan = ours.Plan(config, state, private, test.destroyed)
				ours.ExpectSame(plan, framework.Plan(config, state, private, test.destroyed))
			}
			if got := plan.PlannedState == state; got != test.plan {
				t.Errorf("the plan took the short way: %t, not %t", got, test.plan)
			}
		})
	}
}

// What is not the state of a token that the provider made takes no short way, and is answered as the framework does.
func TestServerLeavesTheUnusualToFramework(t *testing.T) {
	b := acctest.New(t)
	framework := acctest.NewCaller(b, providerserver.NewProtocol6(provider.New("test", b.Now))())
	ours := acctest.NewCaller(b, b.NewServer())
	state, private := ours.Create(map[string]any{"name": "ci"})

	for name, private := range map[string][]byte{
		"none":         nil,
		"no facts":     []byte(`{}`),
		"no database":  []byte(`{"f":"e30="}`),
		"a key more":   bytes.Replace(private, []byte(`{`), []byte(`{"other":"dHJ1ZQ==",`), 1),
		"no object":    []byte(`[]`),
		"broken facts": []byte(`{"f":"WzFd"}`),
	} {
		t.Run("private state: "+name, func(t *testing.T) {
			ours.ExpectSame(ours.Read(state, private), framework.Read(state, private))
			ours.ExpectSame(ours.Plan(map[string]any{"name": "ci"}, state, private, false),
				framework.Plan(map[string]any{"name": "ci"}, state, private, false))
		})
	}
	t.Run("a state that lacks an attribute", func(t *testing.T) {
		ours.ExpectSame(ours.Upgrade(state, "ttl"), framework.Upgrade(state, "ttl"))
	})
}
