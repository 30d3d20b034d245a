package backendtest

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"pgregory.net/rapid"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// model is the expected state of one technical user's tokens: a few maps in place of a database.
type model struct {
	tokens map[string]*modelToken
	// values holds all secrets that were ever accepted, by the token that has or had them.
	values map[tokens.Secret]string
}

// modelToken is the expected state of one token.
type modelToken struct {
	value   tokens.Secret
	madeAt  time.Time
	version int64
	// previous is the value before that, unless something has ended it; time ends it at previousEnd.
	previous    tokens.Secret
	previousEnd time.Time
	enabled     bool
	held        bool
	revoked     bool
	expiresAt   time.Time
	ttl         time.Duration
	grace       tokens.Grace
}

// end is when the current value expires; the end of time means never.
func (t *modelToken) end() time.Time {
	switch {
	case t.ttl > 0:
		return t.madeAt.Add(t.ttl)
	case !t.expiresAt.IsZero():
		return t.expiresAt
	}
	return endOfTime
}

var endOfTime = time.Date(9999, time.January, 1, 0, 0, 0, 0, time.UTC)

// active reports whether the token's current value is active.
func (t *modelToken) active(now time.Time) bool {
	return t.enabled && !t.held && !t.revoked && now.Before(t.end())
}

// inGrace reports whether a value is the previous one, and time has not ended it.
func (t *modelToken) inGrace(value tokens.Secret, now time.Time) bool {
	return value == t.previous && now.Before(t.previousEnd)
}

// regenerate gives the token a new value.
func (t *modelToken) regenerate(value tokens.Secret, grace tokens.Grace, now time.Time) {
	last := t.end()
	if !grace.UntilExpiry && now.Add(grace.Duration).Before(last) {
		last = now.Add(grace.Duration)
	}
	t.previous, t.previousEnd = t.value, last
	if t.revoked || !last.After(now) {
		t.previous = tokens.Secret{}
	}
	t.value, t.madeAt, t.revoked, t.version = value, now, false, t.version+1
}

// shorten ends the previous value no later than at a time.
func (t *modelToken) shorten(end time.Time) {
	if end.Before(t.previousEnd) {
		t.previousEnd = end
	}
}

// testModel runs operations in random order against the backend and a model, and compares what every value grants.
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
				switch rapid.IntRange(0, 2).Draw(t, "expiry") {
				case 0:
					request.ExpiresAt = w.clock.Instant().Add(minutes(t))
				case 1:
					request.TTL = minutes(t)
				}
				request.Grace = drawGrace(t, request.TTL > 0 || !request.ExpiresAt.IsZero())
				created, err := w.CreateAccessToken(ctx, request)
				check(err, true)
				m.tokens[created.ID] = &modelToken{value: request.Secret, madeAt: w.clock.Instant(), version: 1,
					enabled: request.Enabled, expiresAt: request.ExpiresAt, ttl: request.TTL, grace: request.Grace}
				m.values[request.Secret] = created.ID
			},
			"regenerate": func(t *rapid.T) {
				id, token := pick(t)
				regeneration := tokens.Regeneration{NewSecretFor: w.fresh(), Reason: tokens.ReasonRequested}
				fresh, grace := regeneration.NewSecretFor, token.grace
				expected := int64(rapid.IntRange(0, 3).Draw(t, "expected version"))
				regeneration.ExpectedVersion = expected
				if rapid.Bool().Draw(t, "for once") {
					grace = drawGrace(t, token.end() != endOfTime)
					regeneration.Grace = &grace
				}
				_, err := w.UpdateAccessToken(ctx, id, tokens.AccessTokenUpdate{Regeneration: &regeneration})
				// which a new secret does not change
				expired := !token.expiresAt.IsZero() && !w.clock.Instant().Before(token.expiresAt)
				ok := (expected == 0 || expected == token.version) && !expired
				check(err, ok)
				if ok {
					token.regenerate(fresh.Secret, grace, w.clock.Instant())
					m.values[fresh.Secret] = id
				}
			},
			"set the grace": func(t *rapid.T) {
				id, token := pick(t)
				grace := drawGrace(t, token.end() != endOfTime)
				_, err := w.UpdateAccessToken(ctx, id,
					tokens.AccessTokenUpdate{Settings: tokens.Settings{Policies: tokens.Policies{Grace: grace}},
						Fields: tokens.Fields{"grace_period"}})
				check(err, true)
				if grace != token.grace && !grace.UntilExpiry {
					token.shorten(token.madeAt.Add(grace.Duration))
				}
				token.grace = grace
			},
			"set the ttl": func(t *rapid.T) {
				id, token := pick(t)
				ttl := minutes(t)
				_, err := w.UpdateAccessToken(ctx, id,
					tokens.AccessTokenUpdate{Settings: tokens.Settings{TTL: ttl, ExpiresAt: time.Time{}},
						Fields: tokens.Fields{"ttl", "expires_at"}})
				ok := token.madeAt.Add(ttl).After(w.clock.Instant()) || ttl == token.ttl
				check(err, ok)
				if ok {
					token.ttl, token.expiresAt = ttl, time.Time{}
					token.shorten(token.end())
				}
			},
			"retire": func(t *rapid.T) {
				id, token := pick(t)
				_, err := w.RetirePreviousSecret(ctx, id, 0)
				check(err, token.inGrace(token.previous, w.clock.Instant()) && !token.previous.IsZero() && !token.revoked)
				token.previousEnd = w.clock.Instant()
			},
			"switch": func(t *rapid.T) {
				id, token := pick(t)
				token.enabled = rapid.Bool().Draw(t, "enabled")
				_, err := w.UpdateAccessToken(ctx, id, tokens.AccessTokenUpdate{Settings: tokens.Settings{Enabled: token.enabled},
					Fields: tokens.Fields{"enabled"}})
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
				value, live := token.value, !token.revoked
				if rapid.Bool().Draw(t, "by the previous value") {
					value, live = token.previous, live && token.inGrace(token.previous, w.clock.Instant()) && !token.previous.IsZero()
				}
				_, err := w.RevokeSecret(ctx, value)
				check(err, live)
				if live {
					token.revoked, token.previous = true, tokens.Secret{}
				}
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
					got := fmt.Sprintf("known %t, superseded %t, previous %t, active %t", v.AccessToken != nil, v.Superseded,
						v.Previous, v.Active)
					want := "known false, superseded false, previous false, active false"
					if alive {
						now := w.clock.Instant()
						present, previous := token.value == value, token.inGrace(value, now)
						want = fmt.Sprintf("known true, superseded %t, previous %t, active %t", !present && !previous, previous,
							(present || previous) && token.active(now))
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

// minutes draws a duration.
func minutes(t *rapid.T) time.Duration {
	return time.Duration(rapid.IntRange(1, 90).Draw(t, "minutes")) * time.Minute
}

// drawGrace draws a grace for secrets that expire, or never.
func drawGrace(t *rapid.T, expires bool) tokens.Grace {
	switch rapid.IntRange(0, 2).Draw(t, "grace") {
	case 0:
		return tokens.Grace{}
	case 1:
		if expires {
			return tokens.Grace{UntilExpiry: true}
		}
	}
	return tokens.Grace{Duration: minutes(t)}
}
