package backendtest

import (
	"strings"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// testOwnSecrets checks tokens whose secrets the user brings: they work as others do, and what is set twice counts once.
func testOwnSecrets(w *world) {
	ctx := w.Context()
	request := w.request("moved in", "")
	request.Secret = w.ownSecret()
	t := w.create(request)
	w.equal("the preview", t.Secret.Preview, request.Secret.Reveal()[:4])
	if v := w.verify(request.Secret); !v.Active || v.AccessToken.ID != t.ID {
		w.Errorf("an own value is not active: %+v", v)
	}
	w.equal("the comparison with the value", must(w.HasSecret(ctx, t.ID, request.Secret))(w), true)
	w.equal("that with another one", must(w.HasSecret(ctx, t.ID, w.ownSecret()))(w), false)

	next := w.ownSecret()
	set := func(id string, value tokens.Secret, expected int64) (tokens.AccessToken, error) {
		w.Helper()
		regeneration := w.fresh()
		regeneration.Secret = value
		return w.UpdateAccessToken(ctx, id, tokens.AccessTokenUpdate{
			Settings: tokens.Settings{Description: "set"}, Fields: tokens.Fields{"description"},
			Regeneration: &tokens.Regeneration{
				NewSecretFor: regeneration, Reason: tokens.ReasonTrigger, ExpectedVersion: expected,
				Grace: &tokens.Grace{Duration: time.Hour},
			},
		})
	}
	w.clock.Advance(later)
	second := must(set(t.ID, next, 1))(w)
	w.equal("the version", second.Secret.Version, int64(2))
	if !w.verify(next).Active || !w.verify(request.Secret).Previous {
		w.Error("the new value is not active, or the former one has no grace")
	}
	w.equal("the comparison with the previous value", must(w.HasSecret(ctx, t.ID, request.Secret))(w), false)

	// The present value, set again by another request that expects the former version, changes nothing but the settings.
	w.clock.Advance(later)
	events := len(w.events(t.ID))
	again := must(set(t.ID, next, 1))(w)
	w.equal("the secret that was set again", again.Secret, second.Secret)
	w.equal("the previous one", again.Previous, second.Previous)
	w.equal("the events", len(w.events(t.ID)), events)

	// A value that was used before is refused, and one that is in use names its token.
	target := w.create(w.request("target", ""))
	_, err := set(target.ID, request.Secret, 0)
	w.equal("the holder of a former value", w.refusal(err, tokens.CodeConflict).Holder.ID, "")
	_, err = set(target.ID, next, 0)
	held := w.refusal(err, tokens.CodeConflict)
	w.equal("the holder of a present value", []string{held.Holder.ID, string(held.Reason)}, []string{t.ID, string(tokens.ReasonSecretHeld)})
	w.equal("the token that should have received it", w.token(target.ID).Secret, target.Secret)

	// Whoever may not bring that token a secret does not learn whose the value is.
	group := w.group("payments")
	m := must(w.CreateMember(ctx, tokens.NewMember{Email: "ben@example.com", MemberSettings: tokens.MemberSettings{
		Grants: tokens.Grants{Role: tokens.RoleNone, GroupRoles: []tokens.GroupRole{{GroupID: group.ID, Role: tokens.RoleAdministrator}}},
	}}))(w)
	taken := w.request("taken", "")
	taken.Secret, taken.GroupID = next, group.ID
	_, err = w.acting(m.Email).CreateAccessToken(ctx, taken)
	w.equal("the holder, for one who may not know", w.refusal(err, tokens.CodeConflict).Holder.ID, "")

	// What was ended before its time is nobody's present value.
	must(w.RevokeSecret(ctx, next))(w)
	w.equal("the comparison with a revoked value", must(w.HasSecret(ctx, t.ID, next))(w), false)
	_, err = set(t.ID, next, 0)
	w.refusal(err, tokens.CodeConflict)

	for name, value := range map[string]string{
		"short": "T7vQ2mXz9LpR4wKc8NsB3yHd6JfG5aE", "guessable": "passwordpasswordpasswordpassword",
	} {
		weak, _ := tokens.PresentedSecret(value)
		request := w.request(name, "")
		request.Secret = weak
		_, err := w.CreateAccessToken(ctx, request)
		w.equal("the field of a "+name+" value", w.refusal(err, tokens.CodeInvalid).Field, "token")
	}
	// No text tells the value that comes with it, not even that of the refusal.
	told := w.request("told", "")
	told.Secret = w.ownSecret()
	told.Description = "the value is " + told.Secret.Reveal()
	_, err = w.CreateAccessToken(ctx, told)
	w.refusal(err, tokens.CodeInvalid)
	regeneration := w.fresh()
	regeneration.Secret = w.ownSecret()
	_, err = w.UpdateAccessToken(ctx, target.ID, tokens.AccessTokenUpdate{
		Settings: tokens.Settings{Name: regeneration.Secret.Reveal()}, Fields: tokens.Fields{"name"},
		Regeneration: &tokens.Regeneration{NewSecretFor: regeneration, Reason: tokens.ReasonTrigger},
	})
	w.refusal(err, tokens.CodeInvalid)
	for _, event := range w.events("") {
		for _, value := range []tokens.Secret{told.Secret, regeneration.Secret} {
			if strings.Contains(event.Detail+event.ObjectName, value.Reveal()) {
				w.Errorf("an event tells a value: %s", event.Action)
			}
		}
	}

	personal := w.personal("own", m.ID)
	personal.Secret = w.ownSecret()
	_, err = w.CreateAccessToken(ctx, personal)
	w.equal("the field of a personal token", w.refusal(err, tokens.CodeInvalid).Field, "token")
}
