package backendtest

import (
	"testing"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

func testRegeneration(w *world) {
	ctx := w.Context()
	request := w.request("deploy", "")
	before := w.create(request)
	w.clock.Advance(later)

	fresh := w.fresh()
	update := tokens.AccessTokenUpdate{
		Settings: tokens.Settings{Name: "release", Enabled: false},
		Fields:   tokens.Fields{"name", "enabled"},
		Regeneration: &tokens.Regeneration{
			NewSecretFor: fresh, Reason: tokens.ReasonTrigger, ExpectedVersion: 1},
	}
	got := w.update(before.ID, update)
	now := w.clock.Instant()
	want := before
	want.Name, want.Enabled, want.Disabled = "release", false, &tokens.Stop{By: "local:anna@host", At: now}
	want.Secret = tokens.SecretState{Version: 2, Preview: fresh.Secret.Reveal()[:10], CreatedAt: now}
	want.UpdatedAt, want.RegeneratedAt = now, now
	want = want.Observed(now, tokens.NewRoles(nil))
	w.equal("the regenerated token", got, want)
	w.equal("the token afterwards", w.token(before.ID), want)
	w.equal("its events", actions(w.events(before.ID)),
		[]string{"access_token.create", "access_token.regenerate", "access_token.update", "access_token.disable"})
	w.mentions(w.events(before.ID)[1].Detail, "trigger")

	w.update(before.ID, tokens.AccessTokenUpdate{Settings: tokens.Settings{Enabled: true},
		Fields: tokens.Fields{"enabled"}})
	if v := w.verify(request.Secret); v.Active || !v.Superseded || v.AccessToken.ID != before.ID {
		w.Errorf("the former value is not superseded: %+v", v)
	}
	if v := w.verify(fresh.Secret); !v.Active || v.Superseded {
		w.Errorf("the new value is not active: %+v", v)
	}

	stale := w.fresh()
	_, err := w.UpdateAccessToken(ctx, before.ID, tokens.AccessTokenUpdate{
		Settings: tokens.Settings{Name: "lost"},
		Fields:   tokens.Fields{"name"},
		Regeneration: &tokens.Regeneration{
			NewSecretFor: stale, Reason: tokens.ReasonTrigger, ExpectedVersion: 1},
	})
	conflict := w.refusal(err, tokens.CodeConflict)
	w.equal("the token of another version", conflict.ID, before.ID)
	w.equal("the name", w.token(before.ID).Name, "release")
	w.equal("the value that was refused", w.verify(stale.Secret), tokens.Verification{})
	if !w.verify(fresh.Secret).Active {
		w.Error("a refused regeneration ended the secret")
	}

	// A ttl starts again with each secret.
	w.update(before.ID, tokens.AccessTokenUpdate{Settings: tokens.Settings{TTL: 2 * time.Hour},
		Fields: tokens.Fields{"ttl"}})
	w.clock.Advance(3 * time.Hour)
	w.equal("the status after the ttl", w.token(before.ID).Status, tokens.StatusExpired)
	renewed, value := w.regenerate(before.ID)
	w.equal("the new expiry", renewed.SecretExpiresAt(), w.clock.Instant().Add(2*time.Hour))
	if !w.verify(value).Active {
		w.Error("the value that replaces an expired one is not active")
	}

	// A new secret doesn't move a fixed end, so it would be created dead.
	w.update(before.ID,
		tokens.AccessTokenUpdate{Settings: tokens.Settings{TTL: 0, ExpiresAt: w.clock.Instant().Add(time.Hour)},
			Fields: tokens.Fields{"ttl", "expires_at"}})
	w.clock.Advance(2 * time.Hour)
	_, err = w.UpdateAccessToken(ctx, before.ID,
		tokens.AccessTokenUpdate{Regeneration: &tokens.Regeneration{NewSecretFor: w.fresh(), Reason: tokens.ReasonRequested}})
	w.equal("the field", w.refusal(err, tokens.CodeInvalid).Field, "expires_at")
}

func testRevocation(w *world) {
	ctx := w.Context()
	request := w.request("deploy", "")
	id := w.create(request).ID
	w.clock.Advance(later)

	revoked := must(w.RevokeSecret(ctx, request.Secret))(w)
	w.equal("the end of the secret", revoked.Secret.EndedAt, w.clock.Instant())
	w.equal("the status", revoked.Status, tokens.StatusRevoked)
	w.equal("the revoked token", w.token(id), revoked)
	if v := w.verify(request.Secret); v.Active || v.Superseded || v.AccessToken == nil {
		w.Errorf("a revoked value does not count as the token's current secret: %+v", v)
	}

	_, value := w.regenerate(id)
	w.equal("the status with a new secret", w.token(id).Status, tokens.StatusActive)
	for name, dead := range map[string]tokens.Secret{"superseded": request.Secret, "unknown": w.secret(), "no": {}} {
		if _, err := w.RevokeSecret(ctx, dead); tokens.ErrorCode(err) != tokens.CodeNotFound {
			w.Errorf("revoking %s value: got %v, want CodeNotFound", name, err)
		}
	}
	must(w.RevokeSecret(ctx, value))(w)
	_, err := w.RevokeSecret(ctx, value)
	w.refusal(err, tokens.CodeNotFound)
}

// Whoever has a live value may end it, even one that is not active, by nothing but that value. A value that is not live
// is not found, which leaves no trace.
func testRevocationByTheHolder(w *world) {
	ctx := w.Context()
	user := w.user("ci", "")
	for _, test := range []struct {
		name string
		set  func(*tokens.NewAccessToken)
		stop func(w *world, t tokens.AccessToken)
	}{
		{name: "active"},
		{name: "restricted", set: func(n *tokens.NewAccessToken) { n.Visibility = tokens.VisibilityRestricted }},
		{name: "held", stop: func(w *world, t tokens.AccessToken) { must(w.HoldAccessToken(ctx, t.ID, "leaked"))(w) }},
		{name: "disabled", stop: func(w *world, t tokens.AccessToken) { w.disable(t.ID) }},
		{name: "of a disabled technical user", stop: func(w *world, _ tokens.AccessToken) {
			must(w.UpdateTechnicalUser(ctx, user.ID, tokens.TechnicalUserUpdate{Fields: tokens.Fields{"enabled"}}))(w)
		}},
		{name: "pending", set: func(n *tokens.NewAccessToken) { n.ActivatesAt = w.clock.Now().Add(day) }},
		{name: "expired", set: func(n *tokens.NewAccessToken) { n.TTL = time.Minute },
			stop: func(w *world, _ tokens.AccessToken) { w.clock.Advance(time.Hour) }},
	} {
		w.Run(test.name, func(t *testing.T) {
			w := w.with(t)
			request := w.request("deploy", user.ID)
			if test.set != nil {
				test.set(&request)
			}
			token := w.create(request)
			if test.stop != nil {
				test.stop(w, token)
			}
			must(w.holding(request.Secret).RevokeSecret(ctx, request.Secret))(w)
			w.equal("the end of the secret", w.token(token.ID).Secret.EndedAt, w.clock.Instant())
			events := w.events(token.ID)
			e, actor := events[len(events)-1], tokens.Actor(token.QualifiedID())
			if token.Visibility == tokens.VisibilityRestricted {
				actor = tokens.Actor(token.ID)
			}
			w.equal("the event", []any{e.Action, e.Actor, e.Outcome, e.ObjectID},
				[]any{tokens.ActionAccessTokenRevoke, actor, tokens.OutcomeDone, token.ID})
		})
	}

	// The value of a grace ends both.
	request := w.request("deploy", "")
	request.Grace = tokens.Grace{Duration: time.Hour}
	token := w.create(request)
	_, second := w.regenerateWith(token.ID, tokens.AccessTokenUpdate{}, ownGrace)
	must(w.holding(request.Secret).RevokeSecret(ctx, request.Secret))(w)
	w.equal("the status after the value of a grace was revoked", w.token(token.ID).Status, tokens.StatusRevoked)

	deleted := w.request("deleted", "")
	w.succeed(w.DeleteAccessToken(ctx, w.create(deleted).ID))
	events, mark := len(w.events("")), w.newest()
	for name, dead := range map[string]tokens.Secret{
		"a value that was revoked": second, "one that was within its grace": request.Secret,
		"one of a deleted token": deleted.Secret, "an unknown one": w.secret(), "none": {},
	} {
		for by, asking := range map[string]*world{"its holder": w.holding(dead), "the owner": w} {
			if _, err := asking.RevokeSecret(ctx, dead); tokens.ErrorCode(err) != tokens.CodeNotFound {
				w.Errorf("%s revokes %s: got %v, want CodeNotFound", by, name, err)
			}
		}
	}
	w.equal("the number of events afterwards", len(w.events("")), events)
	w.equal("the mark of the latest change", w.newest(), mark)

	// With a value one ends that value, and nothing of another token unless that is good.
	live := w.request("live", "")
	w.create(live)
	_, err := w.holding(second).RevokeSecret(ctx, live.Secret)
	w.refusal(err, tokens.CodeForbidden)
	if !w.verify(live.Secret).Active {
		w.Error("a value that is dead has ended another")
	}
}

// A value belongs to at most one token, and only once. Whatever became of it, nobody can issue it again or learn whose
// it was.
func testSecretsAreNeverReused(w *world) {
	ctx := w.Context()
	former, revoked, deleted := w.request("former", ""), w.request("revoked", ""), w.request("deleted", "")
	w.regenerate(w.create(former).ID)
	w.create(revoked)
	must(w.RevokeSecret(ctx, revoked.Secret))(w)
	gone := w.create(deleted).ID
	w.succeed(w.DeleteAccessToken(ctx, gone))
	target := w.create(w.request("target", ""))

	var messages []string
	for name, request := range map[string]tokens.NewAccessToken{
		"former": former, "revoked": revoked, "deleted": deleted,
	} {
		again := w.request("again", "")
		again.Secret = request.Secret
		_, err := w.CreateAccessToken(ctx, again)
		created := w.refusal(err, tokens.CodeConflict)
		regeneration := w.fresh()
		regeneration.Secret = request.Secret
		_, err = w.UpdateAccessToken(ctx, target.ID,
			tokens.AccessTokenUpdate{Regeneration: &tokens.Regeneration{NewSecretFor: regeneration,
				Reason: tokens.ReasonRequested}})
		regenerated := w.refusal(err, tokens.CodeConflict)
		w.equal("the object of a refusal of a "+name+" value", []string{created.ID, regenerated.ID}, []string{"", ""})
		messages = append(messages, created.Error(), regenerated.Error())
	}
	for _, message := range messages {
		w.equal("the message", message, messages[0])
	}
	w.equal("the token that should have received one of them", w.token(target.ID).Secret, target.Secret)
}
