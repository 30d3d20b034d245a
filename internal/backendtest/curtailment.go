package backendtest

import (
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// A manager of a group edits its tokens, but may not stop them: what ends or narrows a live secret within the hour is
// refused by whichever setting, with the setting's name and one event, and the values stay as good as they were. To
// extend is an edit.
func testCurtailment(w *world) {
	ctx := w.Context()
	g := w.group("payments")
	inGroup := func(email, role string) *world {
		must(w.CreateMember(ctx, tokens.NewMember{Email: email, MemberSettings: tokens.MemberSettings{Grants: tokens.Grants{
			Role: tokens.RoleNone, GroupRoles: []tokens.GroupRole{{GroupID: g.ID, Role: role}}}}}))(w)
		return w.acting(email)
	}
	manager, administrator := inGroup("mia@example.com", tokens.RoleManager), inGroup("ada@example.com",
		tokens.RoleAdministrator)
	request := manager.request("deploy", "")
	request.GroupID, request.Grace = g.ID, tokens.Grace{Duration: 7 * day}
	token := manager.create(request)
	w.clock.Advance(later)
	_, current := w.regenerate(token.ID)
	w.clock.Advance(later)

	soon := w.clock.Instant().Add(time.Hour - time.Second)
	for _, settings := range []tokens.Settings{
		{TTL: later + 2*time.Second},
		{ExpiresAt: soon},
		{ActivatesAt: w.clock.Instant().Add(time.Second)},
		{Own: tokens.Grants{Role: tokens.RoleViewer}},
		{}, // no grace
	} {
		setting := "grace_period"
		if fields := tokens.Difference(tokens.Settings{}, settings); fields != nil {
			setting = fields.String()
		}
		update := tokens.AccessTokenUpdate{Settings: settings, Fields: tokens.Fields{setting}}
		before, events := w.token(token.ID), len(w.events(token.ID))
		_, err := manager.UpdateAccessToken(ctx, token.ID, update)
		refusal := w.refusal(err, tokens.CodeForbidden)
		w.equal("the field", refusal.Field, setting)
		w.mentions(refusal.Error(), setting, tokens.PermissionManageTokens, "mia@example.com", token.ID)
		w.equal("the token after the refusal", w.token(token.ID), before)
		w.equal("the events of it", actions(w.events(token.ID)[events:]), []string{"access_token.update refused"})
		if !w.verify(request.Secret).Active || !w.verify(current).Active {
			w.Errorf("a value is no longer active after a refused change of %s", setting)
		}
		// Who may stop the token may do the same by an edit.
		must(administrator.UpdateAccessToken(ctx, token.ID, update))(w)
		must(w.UpdateAccessToken(ctx, token.ID, tokens.AccessTokenUpdate{Settings: before.Settings,
			Fields: tokens.Fields{setting}}))(w)
	}
	extended := must(manager.UpdateAccessToken(ctx, token.ID, tokens.AccessTokenUpdate{
		Settings: tokens.Settings{ExpiresAt: w.clock.Instant().Add(time.Hour), Policies: tokens.Policies{Grace: tokens.Grace{
			Duration: 8 * day}}},
		Fields: tokens.Fields{"expires_at", "grace_period"},
	}))(w)
	w.equal("the end that a manager sets", extended.ExpiresAt, w.clock.Instant().Add(time.Hour))
}
