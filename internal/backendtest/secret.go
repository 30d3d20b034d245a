package backendtest

import (
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

// A value belongs to at most one token, and only once. Whatever became of it, nobody can issue it again or learn whose
// it was.
func testSecretsAreNeverReused(w *world) {
	ctx := w.Context()
	live, former, revoked, deleted := w.request("live", ""), w.request("former", ""), w.request("revoked", ""),
		w.request("deleted", "")
	w.create(live)
	w.regenerate(w.create(former).ID)
	w.create(revoked)
	must(w.RevokeSecret(ctx, revoked.Secret))(w)
	gone := w.create(deleted).ID
	w.succeed(w.DeleteAccessToken(ctx, gone))
	target := w.create(w.request("target", ""))

	var messages []string
	for name, request := range map[string]tokens.NewAccessToken{"live": live, "former": former, "revoked": revoked,
		"deleted": deleted} {
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
