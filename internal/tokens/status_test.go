package tokens_test

import (
	"testing"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// activeToken returns a token that was created an hour ago and never expires.
func activeToken() tokens.AccessToken {
	return tokens.AccessToken{
		ID: tokenID,
		User: tokens.TechnicalUser{ID: userID, Email: "ci@default.latchkey.internal",
			TechnicalUserSettings: tokens.TechnicalUserSettings{Name: "ci", Enabled: true,
				Grants: tokens.Grants{Role: tokens.RoleManager}}},
		Secret:    tokens.SecretState{Version: 1, Preview: "lk_0000000", CreatedAt: now.Add(-time.Hour)},
		CreatedAt: now.Add(-time.Hour),
		UpdatedAt: now.Add(-time.Hour),
		Settings:  tokens.Settings{Name: "deploy", Visibility: tokens.VisibilityOrganization, Enabled: true},
	}
}

func TestStatusAt(t *testing.T) {
	hold := &tokens.Stop{By: "local:anna@host", At: now, Reason: "leaked"}
	for _, test := range []struct {
		name   string
		change func(*tokens.AccessToken)
		want   tokens.Status
	}{
		{"nothing set", func(*tokens.AccessToken) {}, tokens.StatusActive},
		{"held", func(t *tokens.AccessToken) { t.Held = hold }, tokens.StatusHeld},
		{"disabled", func(t *tokens.AccessToken) { t.Enabled = false }, tokens.StatusDisabled},
		{"technical user disabled", func(t *tokens.AccessToken) { t.User.Enabled = false }, tokens.StatusDisabled},
		{"secret ended", func(t *tokens.AccessToken) { t.Secret.EndedAt = now.Add(-time.Second) }, tokens.StatusRevoked},
		{"before its expiry", func(t *tokens.AccessToken) { t.ExpiresAt = now.Add(1) }, tokens.StatusActive},
		{"at its expiry", func(t *tokens.AccessToken) { t.ExpiresAt = now }, tokens.StatusExpired},
		{"before the end of its ttl", func(t *tokens.AccessToken) { t.TTL = time.Hour + 1 }, tokens.StatusActive},
		{"at the end of its ttl", func(t *tokens.AccessToken) { t.TTL = time.Hour }, tokens.StatusExpired},
		{"before its activation", func(t *tokens.AccessToken) { t.ActivatesAt = now.Add(1) }, tokens.StatusPending},
		{"at its activation", func(t *tokens.AccessToken) { t.ActivatesAt = now }, tokens.StatusActive},
		{"never used, unnarrowed, no role", func(t *tokens.AccessToken) { t.User.Role = tokens.RoleNone },
			tokens.StatusActive},
	} {
		t.Run(test.name, func(t *testing.T) {
			token := activeToken()
			test.change(&token)
			if got := token.StatusAt(now); got != test.want {
				t.Errorf("the status is %s, want %s", got, test.want)
			}
		})
	}
}

// TestStatusPrecedence starts with a token that everything stops, and removes one cause after another: the statuses
// follow in order.
func TestStatusPrecedence(t *testing.T) {
	token := activeToken()
	token.Held = &tokens.Stop{At: now}
	token.Enabled = false
	token.Secret.EndedAt = now
	token.ExpiresAt = now
	token.ActivatesAt = now.Add(time.Hour)
	removals := []func(){
		func() { token.Held = nil },
		func() { token.Enabled = true },
		func() { token.Secret.EndedAt = time.Time{} },
		func() { token.ExpiresAt = time.Time{} },
		func() { token.ActivatesAt = time.Time{} },
		func() {},
	}
	for i, want := range tokens.Statuses() {
		if got := token.StatusAt(now); got != want {
			t.Errorf("the status is %s, want %s", got, want)
		}
		removals[i]()
	}
}

// TestStatusOverTime advances the clock over a token that becomes active later and expires.
func TestStatusOverTime(t *testing.T) {
	token := activeToken()
	token.ActivatesAt = now.Add(time.Hour)
	token.ExpiresAt = now.Add(2 * time.Hour)
	for _, step := range []struct {
		after time.Duration
		want  tokens.Status
	}{
		{0, tokens.StatusPending},
		{time.Hour - time.Microsecond, tokens.StatusPending},
		{time.Hour, tokens.StatusActive},
		{2*time.Hour - time.Microsecond, tokens.StatusActive},
		{2 * time.Hour, tokens.StatusExpired},
		{1000 * day, tokens.StatusExpired},
	} {
		observed := token.Observed(now.Add(step.after), tokens.NewRoles(nil))
		if observed.Status != step.want || !observed.ObservedAt.Equal(now.Add(step.after)) {
			t.Errorf("after %s the token is %s at %s, want %s", step.after, observed.Status, observed.ObservedAt, step.want)
		}
	}
	if token.Status != "" {
		t.Error("observing changed the token itself")
	}
}

func TestSecretExpiry(t *testing.T) {
	end := now.Add(30 * day)
	for _, test := range []struct {
		name      string
		expiresAt time.Time
		ttl       time.Duration
		want      time.Time
	}{
		{"neither", time.Time{}, 0, time.Time{}},
		{"expires_at", end, 0, end},
		{"ttl", time.Time{}, day, now.Add(day)},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := tokens.SecretExpiry(test.expiresAt, test.ttl, now); !got.Equal(test.want) {
				t.Errorf("the secret expires at %s, want %s", got, test.want)
			}
		})
	}
}
