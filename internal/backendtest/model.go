package backendtest

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"pgregory.net/rapid"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// model is what is expected of the tokens of one technical user: a few maps, in place of a database.
type model struct {
	tokens map[string]*modelToken
	// values are all secrets that were ever accepted, by the token that has or had them.
	values map[tokens.Secret]string
}

// modelToken is what is expected of one token.
type modelToken struct {
	value     tokens.Secret
	version   int64
	enabled   bool
	held      bool
	revoked   bool
	expiresAt time.Time
}

// active tells whether the token's present value is good.
func (t *modelToken) active(now time.Time) bool {
	return t.enabled && !t.held && !t.revoked && (t.expiresAt.IsZero() || now.Before(t.expiresAt))
}

// testModel runs operations in random order against the backend and a model, and compares what every value opens.
func testModel(w *world) {
	ctx := w.Context()
	user := w.user("ci", "")
	rapid.Check(w.T, func(t *rapid.T) {
		m := model{map[string]*modelToken{}, map[tokens.Secret]string{}}
		check := func(err error, want bool) {
			t.Helper()
			if (err == nil) != want {
				t.Fatalf("got %v, want success: %t", err, want)
			}
		}
		pick := func(t *rapid.T) (string, *modelToken) {
			if len(m.tokens) == 0 {
				t.Skip("no tokens")
			}
			id := rapid.SampledFrom(slices.Sorted(maps.Keys(m.tokens))).Draw(t, "token")
			return id, m.tokens[id]
		}
		t.Repeat(map[string]func(*rapid.T){
			"create": func(t *rapid.T) {
				request := w.request("deploy", user.ID)
				request.Enabled = rapid.Bool().Draw(t, "enabled")
				if rapid.Bool().Draw(t, "expires") {
					request.ExpiresAt = w.clock.Instant().Add(time.Duration(rapid.IntRange(1, 90).Draw(t, "minutes")) * time.Minute)
				}
				created, err := w.CreateAccessToken(ctx, request)
				check(err, true)
				m.tokens[created.ID] = &modelToken{value: request.Secret, version: 1, enabled: request.Enabled, expiresAt: request.ExpiresAt}
				m.values[request.Secret] = created.ID
			},
			"regenerate": func(t *rapid.T) {
				id, token := pick(t)
				fresh := w.fresh()
				expected := int64(rapid.IntRange(0, 3).Draw(t, "expected version"))
				_, err := w.UpdateAccessToken(ctx, id, tokens.AccessTokenUpdate{Regeneration: &tokens.Regeneration{
					NewSecretFor: fresh, Reason: tokens.ReasonRequested, ExpectedVersion: expected}})
				expired := !token.expiresAt.IsZero() && !w.clock.Instant().Before(token.expiresAt)
				ok := (expected == 0 || expected == token.version) && !expired
				check(err, ok)
				if ok {
					token.value, token.revoked, token.version = fresh.Secret, false, token.version+1
					m.values[fresh.Secret] = id
				}
			},
			"switch": func(t *rapid.T) {
				id, token := pick(t)
				token.enabled = rapid.Bool().Draw(t, "enabled")
				_, err := w.UpdateAccessToken(ctx, id, tokens.AccessTokenUpdate{Enabled: tokens.To(token.enabled)})
				check(err, true)
			},
			"hold": func(t *rapid.T) {
				id, token := pick(t)
				_, err := w.HoldAccessToken(ctx, id, "leaked")
				check(err, !token.held)
				token.held = true
			},
			"release": func(t *rapid.T) {
				id, token := pick(t)
				_, err := w.ReleaseAccessToken(ctx, id)
				check(err, token.held)
				token.held = false
			},
			"revoke": func(t *rapid.T) {
				_, token := pick(t)
				_, err := w.RevokeSecret(ctx, token.value)
				check(err, !token.revoked)
				token.revoked = true
			},
			"delete": func(t *rapid.T) {
				id, _ := pick(t)
				check(w.DeleteAccessToken(ctx, id), true)
				delete(m.tokens, id)
			},
			"wait": func(t *rapid.T) {
				w.clock.Advance(time.Duration(rapid.IntRange(1, 60).Draw(t, "minutes")) * time.Minute)
			},
			"": func(t *rapid.T) {
				for value, id := range m.values {
					v, err := w.VerifySecret(ctx, value, tokens.VerifyOptions{})
					check(err, true)
					token, alive := m.tokens[id]
					got := fmt.Sprintf("known %t, superseded %t, active %t", v.AccessToken != nil, v.Superseded, v.Active)
					want := "known false, superseded false, active false"
					if alive {
						present := token.value == value
						want = fmt.Sprintf("known true, superseded %t, active %t", !present, present && token.active(w.clock.Instant()))
					}
					if got != want {
						t.Fatalf("a value of token %s: got %s, want %s", id, got, want)
					}
				}
			},
		})
		for id := range m.tokens {
			check(w.DeleteAccessToken(ctx, id), true)
		}
	})
}
