package backendtest

import (
	"reflect"
	"testing"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// attempt calls one method of the backend on objects that the caller may not see. The event of the refusal names the
// action and the object.
type attempt struct {
	try    func(tokens.Backend) error
	action tokens.Action
	object string
	// answers means that the method refuses nobody, because it leaves out what the caller may not see.
	answers bool
}

// testEveryRefusalLeavesOneEvent calls every method as a member who holds no role, as somebody who is no member, by a
// token that is not good, by a value that no token has, and as nobody. Whoever is refused leaves exactly one event.
func testEveryRefusalLeavesOneEvent(w *world) {
	ctx := w.Context()
	group, role, friend := w.group("payments"), w.role("clerk"), w.member("friend@example.com")
	user := w.user("ci", "")
	request := w.request("deploy", user.ID)
	token := w.create(request)
	share := must(w.ShareAccessToken(ctx, tokens.NewTokenShare{AccessTokenID: token.ID, MemberID: friend.ID,
		Role: tokens.ShareViewer}))(w)
	must(w.CreateMember(ctx, tokens.NewMember{Email: "none@example.com", MemberSettings: tokens.MemberSettings{
		Grants: tokens.Grants{Role: tokens.RoleNone}}}))(w)
	database := must(w.Backend.Database(ctx))(w)
	enabled := tokens.Fields{"enabled"}
	attempts := map[string]attempt{
		"Database": {answers: true, action: tokens.ActionDatabaseShow,
			try: func(b tokens.Backend) error { _, err := b.Database(ctx); return err }},

		"Whoami": {answers: true, action: tokens.ActionDatabaseShow,
			try: func(b tokens.Backend) error { _, err := b.Whoami(ctx); return err }},

		"Marks": {answers: true, action: tokens.ActionDatabaseShow,
			try: func(b tokens.Backend) error { _, err := b.Marks(ctx, 1, 0); return err }},

		"Names": {answers: true, action: tokens.ActionDatabaseShow, try: func(b tokens.Backend) error {
			names, err := b.Names(ctx, []string{group.ID, friend.ID})
			w.equal("the names", len(names), 0)
			return err
		}},
		"Candidates": {answers: true, action: tokens.ActionDatabaseShow, try: func(b tokens.Backend) error {
			for _, kind := range []tokens.Kind{
				tokens.KindGroup, tokens.KindRole, tokens.KindMember, tokens.KindTechnicalUser,
			} {
				found, err := b.Candidates(ctx, kind, "", 10)
				w.equal("the candidates", len(found), 0)
				if err != nil {
					return err
				}
			}
			return nil
		}},

		"CreateGroup": {action: tokens.ActionGroupCreate, try: func(b tokens.Backend) error {
			_, err := b.CreateGroup(ctx, tokens.NewGroup{GroupSettings: tokens.GroupSettings{Name: "new"}})
			return err
		}},
		"Group": {action: tokens.ActionGroupShow, object: group.ID,
			try: func(b tokens.Backend) error { _, err := b.Group(ctx, group.ID); return err }},
		"Groups": {action: tokens.ActionGroupList,
			try: func(b tokens.Backend) error { _, err := b.Groups(ctx); return err }},
		"UpdateGroup": {action: tokens.ActionGroupUpdate, object: group.ID, try: func(b tokens.Backend) error {
			_, err := b.UpdateGroup(ctx, group.ID, tokens.GroupUpdate{})
			return err
		}},
		"DeleteGroup": {action: tokens.ActionGroupDelete, object: group.ID,
			try: func(b tokens.Backend) error { return b.DeleteGroup(ctx, group.ID) }},

		"CreateRole": {action: tokens.ActionRoleCreate, try: func(b tokens.Backend) error {
			_, err := b.CreateRole(ctx, tokens.NewRole{RoleSettings: tokens.RoleSettings{Name: "new"}})
			return err
		}},
		"Role": {action: tokens.ActionRoleShow, object: role.ID,
			try: func(b tokens.Backend) error { _, err := b.Role(ctx, role.ID); return err }},
		"Roles": {action: tokens.ActionRoleList,
			try: func(b tokens.Backend) error { _, err := b.Roles(ctx); return err }},
		"RoleHolders": {action: tokens.ActionRoleShow, object: role.ID,
			try: func(b tokens.Backend) error { _, err := b.RoleHolders(ctx, role.ID); return err }},
		"UpdateRole": {action: tokens.ActionRoleUpdate, object: role.ID, try: func(b tokens.Backend) error {
			_, err := b.UpdateRole(ctx, role.ID, tokens.RoleUpdate{})
			return err
		}},
		"DeleteRole": {action: tokens.ActionRoleDelete, object: role.ID,
			try: func(b tokens.Backend) error { return b.DeleteRole(ctx, role.ID) }},

		"CreateMember": {action: tokens.ActionMemberCreate, try: func(b tokens.Backend) error {
			_, err := b.CreateMember(ctx, tokens.NewMember{Email: "new@example.com", MemberSettings: tokens.MemberSettings{
				Grants: tokens.Grants{Role: tokens.RoleNone}}})
			return err
		}},
		"Member": {action: tokens.ActionMemberShow, object: friend.ID,
			try: func(b tokens.Backend) error { _, err := b.Member(ctx, friend.ID); return err }},
		"Members": {action: tokens.ActionMemberList,
			try: func(b tokens.Backend) error { _, err := b.Members(ctx); return err }},
		"UpdateMember": {action: tokens.ActionMemberUpdate, object: friend.ID, try: func(b tokens.Backend) error {
			_, err := b.UpdateMember(ctx, friend.ID, tokens.MemberUpdate{})
			return err
		}},
		"DeleteMember": {action: tokens.ActionMemberDelete, object: friend.ID,
			try: func(b tokens.Backend) error { return b.DeleteMember(ctx, friend.ID) }},

		"CreateTechnicalUser": {action: tokens.ActionTechnicalUserCreate, try: func(b tokens.Backend) error {
			_, err := b.CreateTechnicalUser(ctx, tokens.NewTechnicalUser{TechnicalUserSettings: tokens.TechnicalUserSettings{
				Name: "new", Grants: tokens.Grants{Role: tokens.RoleNone}}})
			return err
		}},
		"TechnicalUser": {action: tokens.ActionTechnicalUserShow, object: user.ID,
			try: func(b tokens.Backend) error { _, err := b.TechnicalUser(ctx, user.ID); return err }},
		"TechnicalUserWithEmail": {action: tokens.ActionTechnicalUserShow,
			try: func(b tokens.Backend) error { _, err := b.TechnicalUserWithEmail(ctx, user.Email); return err }},
		"TechnicalUsers": {action: tokens.ActionTechnicalUserList,
			try: func(b tokens.Backend) error { _, err := b.TechnicalUsers(ctx); return err }},
		"UpdateTechnicalUser": {action: tokens.ActionTechnicalUserDisable, object: user.ID, try: func(b tokens.Backend) error {
			_, err := b.UpdateTechnicalUser(ctx, user.ID, tokens.TechnicalUserUpdate{Fields: enabled})
			return err
		}},
		"DeleteTechnicalUser": {action: tokens.ActionTechnicalUserDelete, object: user.ID,
			try: func(b tokens.Backend) error { return b.DeleteTechnicalUser(ctx, user.ID) }},

		"CreateAccessToken": {action: tokens.ActionAccessTokenCreate, try: func(b tokens.Backend) error {
			_, err := b.CreateAccessToken(ctx, w.request("new", user.ID))
			return err
		}},
		"AccessToken": {action: tokens.ActionAccessTokenShow, object: token.ID,
			try: func(b tokens.Backend) error { _, err := b.AccessToken(ctx, token.ID); return err }},
		"AccessTokens": {answers: true, action: tokens.ActionAccessTokenList, try: func(b tokens.Backend) error {
			page, err := b.AccessTokens(ctx, tokens.TokenQuery{ID: token.ID})
			w.equal("the tokens in the list", len(page.AccessTokens), 0)
			return err
		}},
		"UpdateAccessToken": {action: tokens.ActionAccessTokenRegenerate, object: token.ID,
			try: func(b tokens.Backend) error {
				_, err := b.UpdateAccessToken(ctx, token.ID, tokens.AccessTokenUpdate{Regeneration: &tokens.Regeneration{
					NewSecretFor: w.fresh(), Reason: tokens.ReasonRequested}})
				return err
			}},
		"RetirePreviousSecret": {action: tokens.ActionAccessTokenRetirePrevious, object: token.ID,
			try: func(b tokens.Backend) error { _, err := b.RetirePreviousSecret(ctx, token.ID, 0); return err }},
		"HoldAccessToken": {action: tokens.ActionAccessTokenHold, object: token.ID,
			try: func(b tokens.Backend) error { _, err := b.HoldAccessToken(ctx, token.ID, "leaked"); return err }},
		"ReleaseAccessToken": {action: tokens.ActionAccessTokenRelease, object: token.ID,
			try: func(b tokens.Backend) error { _, err := b.ReleaseAccessToken(ctx, token.ID); return err }},
		"DeleteAccessToken": {action: tokens.ActionAccessTokenDelete, object: token.ID,
			try: func(b tokens.Backend) error { return b.DeleteAccessToken(ctx, token.ID) }},

		"VerifySecret": {action: tokens.ActionAccessTokenVerify, try: func(b tokens.Backend) error {
			_, err := b.VerifySecret(ctx, request.Secret, tokens.VerifyOptions{})
			return err
		}},
		"HasSecret": {action: tokens.ActionAccessTokenVerify, object: token.ID, try: func(b tokens.Backend) error {
			_, err := b.HasSecret(ctx, token.ID, request.Secret)
			return err
		}},
		// Whoever has the value may end it; a value that nobody has is not found.
		"RevokeSecret": {answers: true, action: tokens.ActionAccessTokenRevoke, try: func(b tokens.Backend) error {
			_, err := b.RevokeSecret(ctx, w.secret())
			if tokens.ErrorCode(err) == tokens.CodeNotFound {
				return nil
			}
			return err
		}},

		"ShareAccessToken": {action: tokens.ActionTokenShareCreate, object: share.ID(), try: func(b tokens.Backend) error {
			_, err := b.ShareAccessToken(ctx, tokens.NewTokenShare{AccessTokenID: token.ID, MemberID: friend.ID,
				Role: tokens.ShareViewer})
			return err
		}},
		"TokenShare": {action: tokens.ActionTokenShareShow, object: share.ID(),
			try: func(b tokens.Backend) error { _, err := b.TokenShare(ctx, token.ID, friend.ID); return err }},
		"TokenShares": {answers: true, action: tokens.ActionTokenShareList, try: func(b tokens.Backend) error {
			shares, err := b.TokenShares(ctx, tokens.TokenShareQuery{AccessTokenID: token.ID})
			w.equal("the shares in the list", len(shares), 0)
			return err
		}},
		"UpdateTokenShare": {action: tokens.ActionTokenShareUpdate, object: share.ID(), try: func(b tokens.Backend) error {
			_, err := b.UpdateTokenShare(ctx, token.ID, friend.ID, tokens.ShareManager)
			return err
		}},
		"UnshareAccessToken": {action: tokens.ActionTokenShareDelete, object: share.ID(),
			try: func(b tokens.Backend) error { return b.UnshareAccessToken(ctx, token.ID, friend.ID) }},

		"Events": {answers: true, action: tokens.ActionEventList, try: func(b tokens.Backend) error {
			events, err := b.Events(ctx, tokens.EventQuery{ObjectID: token.ID})
			w.equal("the events in the list", len(events), 0)
			return err
		}},
		"EventsAfter": {answers: true, action: tokens.ActionEventList, try: func(b tokens.Backend) error {
			page, err := b.EventsAfter(ctx, tokens.EventQuery{ObjectID: token.ID}, tokens.EventPosition{})
			events := page.Events
			w.equal("the events in the list", len(events), 0)
			return err
		}},
		"PruneEvents": {action: tokens.ActionEventPrune, object: database.ID,
			try: func(b tokens.Backend) error { _, err := b.PruneEvents(ctx, w.clock.Instant()); return err }},
		"VerifyHistory": {action: tokens.ActionEventVerify, object: database.ID,
			try: func(b tokens.Backend) error { _, err := b.VerifyHistory(ctx, tokens.Head{}); return err }},
	}

	dead := w.request("dead", user.ID)
	deadToken := w.create(dead)
	w.disable(deadToken.ID)
	unchanged := w.notObserved()
	type asker struct {
		name  string
		world *world
		actor tokens.Actor
		// known means that it is somebody, whom lists answer; the others are refused before anything is looked at.
		known bool
	}
	askers := []asker{
		{"a member without a role", w.acting("none@example.com"), "none@example.com", true},
		{"no member", w.acting("gone@example.com"), "local:eve@host", false},
		{"a token that is not good", w.holding(dead.Secret), tokens.Actor(deadToken.QualifiedID()), false},
		{"an unknown value", w.holding(w.secret()), tokens.ActorUnknown, false},
		{"nobody", w.of(tokens.Principal{}), tokens.ActorUnknown, false},
	}
	methods := reflect.TypeFor[tokens.Backend]()
	for i := range methods.NumMethod() {
		name := methods.Method(i).Name
		a, ok := attempts[name]
		if !ok {
			w.Errorf("nobody tries %s: say here what a refusal of it leaves", name)
			continue
		}
		for _, by := range askers {
			w.Run(name+"/"+by.name, func(t *testing.T) {
				w := w.with(t)
				w.clock.Advance(time.Minute) // so that nothing is folded
				// The program's own actor opened the database, so it may know which one it is.
				answered := a.answers && (by.known || name == "Database" && by.name == "no member")
				before := len(w.events(""))
				err := a.try(by.world.Backend)
				added := w.events("")[before:]
				if answered {
					w.succeed(err)
					w.equal("the number of events", len(added), 0)
					return
				}
				refusal := w.refusal(err, tokens.CodeForbidden)
				if len(added) != 1 {
					t.Fatalf("the refusal left the events %q, want one", actions(added))
				}
				e := added[0]
				w.equal("the event", []any{e.Actor, e.Action, e.Outcome, e.Detail, e.At},
					[]any{by.actor, a.action, tokens.OutcomeRefused, refusal.Error(), w.clock.Instant()})
				if by.known { // of a creation that nobody looked into, no object is known
					w.equal("the object of the event", e.ObjectID, a.object)
				}
			})
		}
	}
	w.equal("what is there afterwards", w.notObserved(), unchanged)
}

// notObserved is content without the time at which tokens were observed.
func (w *world) notObserved() content {
	w.Helper()
	c := w.content()
	for i := range c.AccessTokens {
		c.AccessTokens[i].ObservedAt = time.Time{}
	}
	return c
}

// testFoldedRefusals looks where one may not, again and again: one event a minute tells of it, for each way to look and
// each who does. Refused changes leave one each, but for those of a token that is not good.
func testFoldedRefusals(w *world) {
	ctx := w.Context()
	group := w.group("payments")
	for _, email := range []string{"ada@example.com", "ben@example.com"} {
		must(w.CreateMember(ctx, tokens.NewMember{Email: email, MemberSettings: tokens.MemberSettings{
			Grants: tokens.Grants{Role: tokens.RoleNone}}}))(w)
	}
	w.clock.Advance(time.Minute - w.clock.Now().Sub(w.clock.Now().Truncate(time.Minute)))
	refused := func(by *world, look func(*world) error, times int) {
		w.Helper()
		for range times {
			w.refusal(look(by), tokens.CodeForbidden)
		}
	}
	list := func(by *world) error { _, err := by.Groups(ctx); return err }
	show := func(by *world) error { _, err := by.Group(ctx, group.ID); return err }
	remove := func(by *world) error { return by.DeleteGroup(ctx, group.ID) }
	added := func(what string, want ...string) {
		w.Helper()
		all := w.events("")
		w.equal(what, actions(all[len(all)-len(want):]), want)
	}
	ada, ben, unknown := w.acting("ada@example.com"), w.acting("ben@example.com"), w.holding(w.secret())
	before := len(w.events(""))
	refused(ada, list, 3)
	refused(ada, show, 2)
	refused(ben, list, 2)
	refused(w.acting("ADA@example.com"), list, 1)
	w.clock.Advance(time.Minute - time.Second)
	refused(w.elsewhere("local:anna@host").acting("ada@example.com"), list, 1)
	added("the events of a minute", "group.list refused", "group.show refused", "group.list refused")
	w.clock.Advance(time.Second)
	refused(ada, list, 2)
	added("the events with the next minute", "group.show refused", "group.list refused", "group.list refused")
	refused(ada, remove, 2)
	added("the events with refused changes", "group.list refused", "group.delete refused", "group.delete refused")
	refused(unknown, remove, 3)
	refused(w.holding(w.secret()), remove, 2)
	added("the events with unknown values", "group.delete refused", "group.delete refused", "group.delete refused")
	w.equal("the number of events", len(w.events(""))-before, 7)

	// What a clock that was ahead left behind tells of no later look.
	w.clock.Advance(365 * day)
	refused(ada, list, 1)
	w.clock.Advance(-364 * day)
	refused(ada, list, 2)
	w.equal("the number of events after the clock went back", len(w.events(""))-before, 9)
}

// testPurposes looks something up for an operation: the event of a refusal is that of the operation, each time.
func testPurposes(w *world) {
	token := w.create(w.request("deploy", ""))
	w.member("none@example.com")
	for range 2 {
		purpose := tokens.LookingFor(w.Context(), tokens.Purpose{Action: tokens.ActionTokenShareCreate, ObjectID: token.ID})
		before := len(w.events(""))
		_, err := w.acting("none@example.com").Members(purpose)
		refusal := w.refusal(err, tokens.CodeForbidden)
		e := w.events("")[before:]
		w.equal("the number of events", len(e), 1)
		w.equal("the event", e[0], tokens.Event{ID: e[0].ID, At: w.clock.Instant(), Actor: "none@example.com",
			Action: tokens.ActionTokenShareCreate, ObjectID: token.ID, Outcome: tokens.OutcomeRefused, Detail: refusal.Error(),
			Details: tokens.RefusalDetails(refusal)})
	}
	pasted := tokens.Purpose{Action: tokens.ActionTokenShareCreate, ObjectID: w.secret().Reveal()}
	_, err := w.acting("none@example.com").Members(tokens.LookingFor(w.Context(), pasted))
	w.refusal(err, tokens.CodeForbidden)
	all := w.events("")
	w.equal("the object of an event in place of which a value was given", all[len(all)-1].ObjectID, "")
	before := len(w.events(""))
	must(w.Members(tokens.LookingFor(w.Context(), tokens.Purpose{Action: tokens.ActionTokenShareCreate})))(w)
	w.equal("the events of a look that succeeds", len(w.events("")), before)
}

// testTechnicalUserWithEmail looks technical users up by their addresses, and by some that nobody has. Only an owner
// learns which those are.
func testTechnicalUserWithEmail(w *world) {
	ctx := w.Context()
	g := w.group("payments")
	ci, local := w.user("ci", ""), w.user("local", g.ID)
	hidden := w.request("merger", "")
	hidden.GroupID = g.ID
	secret := w.create(hidden).User
	w.update(w.tokenOf(secret).ID, tokens.AccessTokenUpdate{Settings: tokens.Settings{
		Visibility: tokens.VisibilityRestricted}, Fields: tokens.Fields{"visibility"}})
	must(w.CreateMember(ctx, tokens.NewMember{Email: "ada@example.com", MemberSettings: tokens.MemberSettings{
		Grants: tokens.Grants{Role: tokens.RoleNone, GroupRoles: []tokens.GroupRole{{GroupID: g.ID,
			Role: tokens.RoleAdministrator}}}}}))(w)
	ada := w.acting("ada@example.com")

	w.equal("by an owner", must(w.TechnicalUserWithEmail(ctx, "CI@Default.latchkey.internal"))(w), ci)
	w.equal("by who manages it", must(ada.TechnicalUserWithEmail(ctx, local.Email))(w), local)
	_, err := w.TechnicalUserWithEmail(ctx, "cd@default.latchkey.internal")
	w.mentions(w.refusal(err, tokens.CodeNotFound).Error(), "cd@default.latchkey.internal")
	for _, email := range []string{ci.Email, secret.Email, "cd@default.latchkey.internal"} {
		_, err := ada.TechnicalUserWithEmail(ctx, email)
		w.equal("what is said about "+email, w.refusal(err, tokens.CodeForbidden).Message, "ada@example.com manages no "+
			"technical user with the address \""+email+"\": check the address, or ask an owner for a role")
	}
}

// tokenOf returns the one token of a technical user.
func (w *world) tokenOf(u tokens.TechnicalUser) tokens.AccessToken {
	w.Helper()
	return must(w.AccessTokens(w.Context(), tokens.TokenQuery{TechnicalUserID: u.ID}))(w).AccessTokens[0]
}
