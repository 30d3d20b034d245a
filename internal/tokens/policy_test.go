package tokens_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

func TestPolicies(t *testing.T) {
	const never, none = time.Duration(0), time.Duration(0)
	end := now.Add(day)
	for _, test := range []struct {
		name      string
		policies  tokens.Policies
		expiresAt time.Time
		ttl       time.Duration
		field     string
		says      string
	}{
		{"none", tokens.Policies{}, time.Time{}, never, "", ""},
		{"all", tokens.Policies{RegenerateBeforeExpiry: time.Hour, OnExpired: "regenerate", OnSecretDrift: "regenerate",
			Grace: tokens.Grace{UntilExpiry: true}, ProtectIfUsedWithin: day}, time.Time{}, day, "", ""},
		{"a fixed end", tokens.Policies{OnExpired: "ignore", OnSecretDrift: "accept", Grace: tokens.Grace{UntilExpiry: true}},
			end, none, "", ""},
		{"errors", tokens.Policies{OnExpired: "error", OnSecretDrift: "error", Grace: tokens.Grace{Duration: day}},
			time.Time{}, never, "", ""},
		{"regenerate what never expires", tokens.Policies{OnExpired: "regenerate"}, time.Time{}, never, "", ""},
		{"one second less than the ttl", tokens.Policies{RegenerateBeforeExpiry: day - time.Second}, time.Time{}, day, "",
			""},

		{"as long as the ttl", tokens.Policies{RegenerateBeforeExpiry: day}, time.Time{}, day, "regenerate_before_expiry",
			"not shorter than the ttl of 1d"},
		{"due, without a ttl", tokens.Policies{RegenerateBeforeExpiry: day}, time.Time{}, never, "regenerate_before_expiry",
			"set ttl too"},
		{"due, beside a fixed end", tokens.Policies{RegenerateBeforeExpiry: time.Hour}, end, none, "regenerate_before_expiry",
			"set ttl too"},
		{"due in no time", tokens.Policies{RegenerateBeforeExpiry: time.Millisecond}, time.Time{}, day,
			"regenerate_before_expiry", "at least one second"},
		{"an unknown policy for expiry", tokens.Policies{OnExpired: "renew"}, time.Time{}, day, "on_expired",
			`no policy "renew"; use "regenerate", "ignore" or "error"`},
		{"regenerate at a fixed end", tokens.Policies{OnExpired: "regenerate"}, end, none, "on_expired",
			"use ttl instead of expires_at"},
		{"an unknown policy for drift", tokens.Policies{OnSecretDrift: "ignore"}, time.Time{}, day, "on_secret_drift",
			`no policy "ignore"; use "regenerate", "accept" or "error"`},
		{"a grace until no expiry", tokens.Policies{Grace: tokens.Grace{UntilExpiry: true}}, time.Time{}, never,
			"grace_period", "set ttl or expires_at"},
		{"a grace of both kinds", tokens.Policies{Grace: tokens.Grace{Duration: day, UntilExpiry: true}}, time.Time{}, day,
			"grace_period", "exclude each other"},
		{"a grace in fractions", tokens.Policies{Grace: tokens.Grace{Duration: 1500 * time.Millisecond}}, time.Time{}, day,
			"grace_period", "whole number of seconds"},
		{"the shortest protection", tokens.Policies{ProtectIfUsedWithin: 2 * time.Minute}, time.Time{}, never, "", ""},
		{"a protection that comes too late", tokens.Policies{ProtectIfUsedWithin: 2*time.Minute - time.Second}, time.Time{},
			never, "protect_if_used_within", "1m59s is too short, since a use may be known only 45 seconds later"},
		{"a negative protection", tokens.Policies{ProtectIfUsedWithin: -day}, time.Time{}, day, "protect_if_used_within",
			"at least one second"},
	} {
		t.Run(test.name, func(t *testing.T) {
			err := test.policies.Validate(test.expiresAt, test.ttl)
			if test.field == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			refusal, ok := err.(*tokens.Error) //nolint:errorlint // rules return an *Error itself
			if !ok || refusal.Code != tokens.CodeInvalid || refusal.Field != test.field ||
				!strings.Contains(refusal.Message, test.says) {
				t.Errorf("got %#v, want an error about %s that says %q", err, test.field, test.says)
			}
		})
	}
}

func TestPolicyDefaults(t *testing.T) {
	for _, test := range []struct {
		set    tokens.ExpiryPolicy
		hasTTL bool
		want   tokens.ExpiryPolicy
	}{
		{hasTTL: true, want: "regenerate"}, {want: "ignore"}, {set: "ignore", hasTTL: true, want: "ignore"},
		{set: "error", want: "error"},
	} {
		if got := test.set.OrDefault(test.hasTTL); got != test.want {
			t.Errorf("%q with a ttl (%t) is %q, want %q", test.set, test.hasTTL, got, test.want)
		}
	}
	if got := tokens.DriftPolicy("").OrDefault(); got != "regenerate" {
		t.Errorf("the default for drift is %q", got)
	}
}

// A use moves the last use of its secret and that of the token, and only forward.
func TestUsedAt(t *testing.T) {
	before, at := now.Add(-time.Hour), now
	token := func(last, current, previous time.Time) tokens.AccessToken {
		return tokens.AccessToken{
			LastUsedAt: last, UseCount: 7,
			Secret:   tokens.SecretState{Version: 3, LastUsedAt: current},
			Previous: &tokens.PreviousSecret{Version: 2, LastUsedAt: previous},
		}
	}
	for _, test := range []struct {
		name    string
		before  tokens.AccessToken
		version int64
		want    tokens.AccessToken
	}{
		{"the current secret", token(before, before, before), 3, token(at, at, before)},
		{"the previous secret", token(before, before, before), 2, token(at, before, at)},
		{"one before these", token(before, before, before), 1, token(at, before, before)},
		{"never before", token(time.Time{}, time.Time{}, time.Time{}), 3, token(at, at, time.Time{})},
		{"an earlier use", token(at.Add(1), at.Add(1), before), 3, token(at.Add(1), at.Add(1), before)},
		{"an earlier use than that of the other secret", token(at.Add(1), before, at.Add(1)), 3,
			token(at.Add(1), at, at.Add(1))},
	} {
		t.Run(test.name, func(t *testing.T) {
			untouched := *test.before.Previous
			if diff := cmp.Diff(test.want, test.before.UsedAt(test.version, at)); diff != "" {
				t.Errorf("after the use (-want +got):\n%s", diff)
			}
			if *test.before.Previous != untouched {
				t.Error("the token before the use has changed")
			}
		})
	}
	alone := tokens.AccessToken{Secret: tokens.SecretState{Version: 2}}
	if used := alone.UsedAt(1, at); !used.LastUsedAt.Equal(at) || !used.Secret.LastUsedAt.IsZero() || used.Previous != nil {
		t.Errorf("a use of a secret that has ended gives %+v", used)
	}
}

func TestIsProtected(t *testing.T) {
	for _, test := range []struct {
		name     string
		within   time.Duration
		status   tokens.Status
		lastUsed time.Time
		want     bool
	}{
		{name: "used lately", within: day, status: tokens.StatusActive, lastUsed: now.Add(-time.Hour), want: true},
		{name: "used that long ago", within: day, status: tokens.StatusActive, lastUsed: now.Add(-day), want: true},
		{name: "used longer ago", within: day, status: tokens.StatusActive, lastUsed: now.Add(-day - 1)},
		{name: "never used", within: day, status: tokens.StatusActive},
		{name: "not protected", status: tokens.StatusActive, lastUsed: now},
		{name: "expired", within: day, status: tokens.StatusExpired, lastUsed: now.Add(-time.Hour)},
		{name: "disabled", within: day, status: tokens.StatusDisabled, lastUsed: now.Add(-time.Hour)},
		{name: "revoked", within: day, status: tokens.StatusRevoked, lastUsed: now.Add(-time.Hour)},
		{name: "held", within: day, status: tokens.StatusHeld, lastUsed: now.Add(-time.Hour)},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := tokens.IsProtected(test.within, test.status, test.lastUsed, now); got != test.want {
				t.Errorf("IsProtected is %t", got)
			}
		})
	}
}
