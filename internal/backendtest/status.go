package backendtest

import (
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

func testVerification(w *world) {
	ctx := w.Context()
	g := w.group("payments")
	user := must(w.CreateTechnicalUser(ctx, tokens.NewTechnicalUser{
		TechnicalUserSettings: tokens.TechnicalUserSettings{Name: "ci", Enabled: true,
			Grants: tokens.Grants{Role: tokens.RoleMember,
				GroupRoles: []tokens.GroupRole{{GroupID: g.ID, Role: tokens.RoleManager}}}},
	}))(w)
	request := w.request("deploy", user.ID)
	t := w.create(request)

	w.equal("a value that was never issued", w.verify(w.secret()), tokens.Verification{})
	w.equal("no value", w.verify(tokens.Secret{}), tokens.Verification{})
	w.equal("a live value", w.verify(request.Secret),
		tokens.Verification{Active: true, AccessToken: &t, Grants: user.Grants,
			Access: tokens.Access{Organization: tokens.Permissions{"api:read", "api:write", "tokens:read"},
				Groups: map[string]tokens.Permissions{g.ID: {"api:manage", "tokens:write"}}}})

	narrow := w.request("read only", user.ID)
	narrow.Own.Role = tokens.RoleViewer
	w.create(narrow)
	w.equal("what a narrowed token opens", w.verify(narrow.Secret).Grants, tokens.Grants{Role: tokens.RoleViewer})

	// A token never holds more than its technical user holds at the time.
	must(w.UpdateTechnicalUser(ctx, user.ID,
		tokens.TechnicalUserUpdate{Settings: tokens.TechnicalUserSettings{Grants: tokens.Grants{Role: tokens.RoleNone,
			GroupRoles: nil}}, Fields: tokens.Fields{"role", "group_roles"}}))(w)
	w.equal("what a narrowed token opens then", w.verify(narrow.Secret).Grants, tokens.Grants{Role: tokens.RoleNone})

	must(w.UpdateTechnicalUser(ctx, user.ID,
		tokens.TechnicalUserUpdate{Settings: tokens.TechnicalUserSettings{Enabled: false},
			Fields: tokens.Fields{"enabled"}}))(w)
	stopped := w.verify(request.Secret)
	if stopped.Active || stopped.AccessToken == nil || stopped.AccessToken.Status != tokens.StatusDisabled {
		w.Errorf("a token of a disabled technical user is not disabled: %+v", stopped)
	}
	w.equal("what it opens", stopped.Grants, tokens.Grants{})
	w.equal("what it allows", stopped.Access, tokens.Access{})
}

// The status of a token depends on the clock and on what stops it. The first one that applies counts.
func testStatuses(w *world) {
	ctx := w.Context()
	start := w.clock.Instant()
	request := w.request("deploy", w.user("ci", "").ID)
	request.ActivatesAt, request.ExpiresAt = start.Add(time.Hour), start.Add(2*time.Hour)
	id := w.create(request).ID
	status := func(want tokens.Status) {
		w.Helper()
		w.equal("the status", w.token(id).Status, want)
		w.equal("the status in a list", must(w.AccessTokens(ctx, tokens.TokenQuery{}))(w).AccessTokens[0].Status, want)
		v := w.verify(request.Secret)
		w.equal("the status of its value", v.AccessToken.Status, want)
		w.equal("whether its value is active", v.Active, want == tokens.StatusActive)
	}
	status(tokens.StatusPending)
	w.clock.Advance(time.Hour - time.Microsecond)
	status(tokens.StatusPending)
	w.clock.Advance(time.Microsecond)
	status(tokens.StatusActive)
	w.clock.Advance(time.Hour - time.Microsecond)
	status(tokens.StatusActive)
	w.clock.Advance(time.Microsecond)
	status(tokens.StatusExpired)
	w.update(id, tokens.AccessTokenUpdate{Settings: tokens.Settings{ExpiresAt: time.Time{}},
		Fields: tokens.Fields{"expires_at"}})
	status(tokens.StatusActive)
	// counted from the secret, two hours ago
	w.update(id, tokens.AccessTokenUpdate{Settings: tokens.Settings{TTL: 3 * time.Hour}, Fields: tokens.Fields{"ttl"}})
	status(tokens.StatusActive)
	w.clock.Advance(time.Hour)
	status(tokens.StatusExpired)
	must(w.RevokeSecret(ctx, request.Secret))(w)
	status(tokens.StatusRevoked)
	w.update(id, tokens.AccessTokenUpdate{Settings: tokens.Settings{Enabled: false}, Fields: tokens.Fields{"enabled"}})
	status(tokens.StatusDisabled)
	must(w.HoldAccessToken(ctx, id, "leaked"))(w)
	status(tokens.StatusHeld)
}

func testStops(w *world) {
	ctx := w.Context()
	request := w.request("deploy", "")
	id := w.create(request).ID

	w.clock.Advance(later)
	ben := w.as("local:ben@host")
	held := must(ben.HoldAccessToken(ctx, id, "leaked on a forum"))(w)
	w.equal("the hold", held.Held, &tokens.Stop{By: "local:ben@host", At: w.clock.Instant(), Reason: "leaked on a forum"})
	w.equal("its status", held.Status, tokens.StatusHeld)
	w.equal("the held token", w.token(id), held)
	_, err := w.HoldAccessToken(ctx, id, "again")
	w.mentions(w.refusal(err, tokens.CodeConflict).Error(), "local:ben@host", "leaked on a forum")

	w.clock.Advance(later)
	disabled := w.update(id, tokens.AccessTokenUpdate{Settings: tokens.Settings{Enabled: false},
		Fields: tokens.Fields{"enabled"}})
	stop := &tokens.Stop{By: "local:anna@host", At: w.clock.Instant()}
	w.equal("who disabled it", disabled.Disabled, stop)
	w.clock.Advance(later)
	w.equal("who disabled it first",
		must(ben.UpdateAccessToken(ctx, id,
			tokens.AccessTokenUpdate{Settings: tokens.Settings{Enabled: false, Name: "stopped"},
				Fields: tokens.Fields{"enabled", "name"}}))(w).Disabled, stop)

	// Neither a setting nor a new secret lifts a hold.
	w.update(id, tokens.AccessTokenUpdate{Settings: tokens.Settings{Enabled: true}, Fields: tokens.Fields{"enabled"}})
	_, value := w.regenerate(id)
	w.equal("the hold afterwards", w.token(id).Held, held.Held)
	if w.verify(value).Active {
		w.Error("a held token grants something")
	}
	released := must(w.ReleaseAccessToken(ctx, id))(w)
	if released.Held != nil || released.Status != tokens.StatusActive || !w.verify(value).Active {
		w.Errorf("the token is not active after its release: %+v", released)
	}
	_, err = w.ReleaseAccessToken(ctx, id)
	w.refusal(err, tokens.CodeConflict)
	w.equal("the events", actions(w.events(id)), []string{
		"access_token.create", "access_token.hold", "access_token.hold refused", "access_token.disable",
		"access_token.update",
		"access_token.enable", "access_token.regenerate", "access_token.release", "access_token.release refused"})
	w.equal("the reason in the event", w.events(id)[1].Detail, "leaked on a forum")
}

// A use costs no write: whoever recorded it sees it at once, and others once it was written, at the end at the latest.
func testLastUse(w *world) {
	request, other := w.request("deploy", ""), w.request("other", "")
	id, otherID := w.create(request).ID, w.create(other).ID
	before := w.token(id)

	w.verify(request.Secret)
	w.clock.Advance(time.Hour)
	w.verify(request.Secret)
	w.equal("the last use after a check that does not count", w.token(id).LastUsedAt, time.Time{})

	writer := w.elsewhere("local:gateway@host")
	writer.use(request.Secret)
	w.clock.Advance(10 * time.Second)
	writer.use(request.Secret)
	lastUse := w.clock.Instant()
	w.equal("the last use at once, for another", w.token(id).LastUsedAt, time.Time{})
	w.clock.Advance(20 * time.Second)
	writer.use(other.Secret)
	w.equal("the last use at once", writer.token(id).LastUsedAt, lastUse)
	w.equal("that of the secret", writer.token(id).Secret.LastUsedAt, lastUse)
	w.succeed(writer.service.Close())
	w.equal("the last use in the end", w.token(id).LastUsedAt, lastUse)
	w.equal("how often it was used", w.token(id).UseCount, int64(2))
	w.equal("the last use of the other", w.token(otherID).LastUsedAt, w.clock.Instant())
	w.equal("the change of the token", w.token(id).UpdatedAt, before.UpdatedAt)

	// A use only moves the last use forward, and doesn't touch anything else, such as changes made in the meantime.
	slow, fast := w.elsewhere("local:slow@host"), w.elsewhere("local:fast@host")
	slow.use(request.Secret)
	w.clock.Advance(later)
	fast.use(request.Secret)
	want := w.clock.Instant()
	w.succeed(fast.service.Close())
	w.update(id, tokens.AccessTokenUpdate{Settings: tokens.Settings{Name: "renamed"}, Fields: tokens.Fields{"name"}})
	w.succeed(slow.service.Close())
	w.equal("the last use", w.token(id).LastUsedAt, want)
	w.equal("the name", w.token(id).Name, "renamed")

	// A value that grants nothing does not count as used.
	w.update(id, tokens.AccessTokenUpdate{Settings: tokens.Settings{Enabled: false}, Fields: tokens.Fields{"enabled"}})
	w.clock.Advance(time.Hour)
	last := w.elsewhere("local:last@host")
	must(last.VerifySecret(w.Context(), request.Secret, tokens.VerifyOptions{RecordUse: true}))(w)
	w.succeed(last.service.Close())
	w.equal("the last use of a disabled token", w.token(id).LastUsedAt, want)
}
