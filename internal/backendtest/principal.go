package backendtest

import (
	"math"
	"testing"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// testTokenHolders works with the values of access tokens in place of a person.
func testTokenHolders(w *world) {
	ctx := w.Context()
	payments := w.group("payments")
	user := must(w.CreateTechnicalUser(ctx, tokens.NewTechnicalUser{TechnicalUserSettings: tokens.TechnicalUserSettings{
		Name: "ci", Grants: tokens.Grants{Role: tokens.RoleAdministrator}, Enabled: true,
	}}))(w)
	request := w.request("pipeline", user.ID)
	token := w.create(request)
	narrow := w.request("narrow", user.ID)
	narrow.Own.Role = tokens.RoleViewer
	w.create(narrow)

	// It may what its token may, and events call it by the token.
	pipeline, reader := w.holding(request.Secret), w.holding(narrow.Secret)
	made := pipeline.create(pipeline.request("made", ""))
	w.equal("the account that made the token", made.CreatorID, user.ID)
	w.equal("who made it", w.events(made.ID)[0].Actor, tokens.Actor(token.QualifiedID()))
	w.equal("what the reader sees", len(must(reader.AccessTokens(ctx, tokens.TokenQuery{}))(w).AccessTokens), 3)
	_, err := reader.CreateAccessToken(ctx, reader.request("more", ""))
	w.refusal(err, tokens.CodeForbidden)
	_, err = pipeline.CreateTechnicalUser(ctx, tokens.NewTechnicalUser{TechnicalUserSettings: tokens.TechnicalUserSettings{
		Name: "boss", Grants: tokens.Grants{Role: tokens.RoleOwner}, Enabled: true,
	}})
	w.refusal(err, tokens.CodeForbidden)

	// The request of one principal is not that of another, though both are the same account.
	group := tokens.NewGroup{Request: tokens.NewRequest(w.clock.Now()), GroupSettings: tokens.GroupSettings{Name: "audit"}}
	must(pipeline.CreateGroup(ctx, group))(w)
	_, err = w.CreateGroup(ctx, group)
	w.equal("the field", w.refusal(err, tokens.CodeConflict).Field, "request_id")

	// A role in a group reaches no further.
	must(w.UpdateTechnicalUser(ctx, user.ID, tokens.TechnicalUserUpdate{
		Settings: tokens.TechnicalUserSettings{Grants: tokens.Grants{
			Role: tokens.RoleNone, GroupRoles: []tokens.GroupRole{{GroupID: payments.ID, Role: tokens.RoleAdministrator}},
		}},
		Fields: tokens.Fields{"role", "group_roles"},
	}))(w)
	inGroup := pipeline.request("in the group", "")
	inGroup.GroupID = payments.ID
	pipeline.create(inGroup)
	_, err = pipeline.CreateAccessToken(ctx, pipeline.request("outside", ""))
	w.refusal(err, tokens.CodeForbidden)
}

// Whoever shows a value that is not good may do nothing, and learns nothing of the reason.
func testDeadTokenHolders(w *world) {
	ctx := w.Context()
	var message string
	for _, test := range []struct {
		name string
		stop func(w *world, t tokens.AccessToken)
	}{
		{"held", func(w *world, t tokens.AccessToken) { must(w.HoldAccessToken(ctx, t.ID, "leaked"))(w) }},
		{"disabled", func(w *world, t tokens.AccessToken) { w.disable(t.ID) }},
		{"disabled by its technical user", func(w *world, t tokens.AccessToken) {
			must(w.UpdateTechnicalUser(ctx, t.User.ID, tokens.TechnicalUserUpdate{Fields: tokens.Fields{"enabled"}}))(w)
		}},
		{"regenerated", func(w *world, t tokens.AccessToken) { w.regenerate(t.ID) }},
		{"deleted", func(w *world, t tokens.AccessToken) { w.succeed(w.DeleteAccessToken(ctx, t.ID)) }},
		{"expired", func(w *world, _ tokens.AccessToken) { w.clock.Advance(2 * time.Hour) }},
	} {
		w.Run(test.name, func(t *testing.T) {
			w := w.with(t)
			request := w.request("owner", "")
			request.TTL, request.Own.Role = time.Hour, tokens.RoleOwner
			token := w.create(request)
			holder := w.holding(request.Secret)
			must(holder.Groups(ctx))(w)
			test.stop(w, token)
			before := w.content()
			for name, try := range map[string]func() error{
				"a look":   func() error { _, err := holder.Groups(ctx); return err },
				"a change": func() error { return holder.DeleteAccessToken(ctx, token.ID) },
				"a verification": func() error {
					_, err := holder.VerifySecret(ctx, request.Secret,
						tokens.VerifyOptions{})
					return err
				},
				"a creation": func() error {
					_, err := holder.CreateGroup(ctx, tokens.NewGroup{GroupSettings: tokens.GroupSettings{Name: "x"}})
					return err
				},
				"a look at itself": func() error { _, err := holder.AccessToken(ctx, token.ID); return err },
			} {
				refusal := w.refusal(try(), tokens.CodeForbidden)
				if message == "" {
					message = refusal.Message
				}
				w.equal("what "+name+" is told", refusal.Message, message)
			}
			w.equal("what is there afterwards", w.content(), before)
		})
	}
	unknown := w.holding(w.secret())
	_, err := unknown.Groups(ctx)
	w.equal("what the holder of an unknown value is told", w.refusal(err, tokens.CodeForbidden).Message, message)
	_, err = w.of(tokens.Principal{}).Groups(ctx)
	w.refusal(err, tokens.CodeForbidden)
	_, err = w.of(tokens.Principal{}).CreateGroup(ctx,
		tokens.NewGroup{GroupSettings: tokens.GroupSettings{Name: "nobody"}})
	w.refusal(err, tokens.CodeForbidden)
}

// To ask by a token is a use of it; a refused request of a value that is not good is none.
func testUseByAsking(w *world) {
	request := w.request("owner", "")
	request.Own.Role = tokens.RoleOwner
	token := w.create(request)
	other := w.elsewhere("local:server@host")
	must(other.holding(request.Secret).Groups(w.Context()))(w)
	must(other.holding(request.Secret).CreateGroup(w.Context(),
		tokens.NewGroup{GroupSettings: tokens.GroupSettings{Name: "made"}}))(w)
	at := w.clock.Instant()
	w.succeed(other.service.Close())
	w.equal("how often it was used", w.token(token.ID).UseCount, int64(2))
	if used := w.token(token.ID).LastUsedAt; used.IsZero() || used.After(at) {
		w.Errorf("the last use is %s, want one until %s", used, at)
	}
}

// testRestrictedTokenHolder acts by a restricted token, whose name nobody learns by what it did.
func testRestrictedTokenHolder(w *world) {
	ctx := w.Context()
	request := w.request("Project Manhattan", "")
	request.Own.Role = tokens.RoleAdministrator
	hidden := w.create(request)
	w.update(hidden.ID, tokens.AccessTokenUpdate{
		Settings: tokens.Settings{Visibility: tokens.VisibilityRestricted}, Fields: tokens.Fields{"visibility"},
	})
	open := w.create(w.request("open", ""))
	w.member("ben@example.com")
	ben, holder := w.acting("ben@example.com"), w.holding(request.Secret)
	held := must(holder.HoldAccessToken(ctx, open.ID, "leaked"))(w)
	_, err := holder.PruneEvents(ctx, w.clock.Instant())
	w.refusal(err, tokens.CodeForbidden)
	w.equal("who holds the other token", held.Held.By, tokens.Actor(hidden.ID))
	w.equal("who holds it as another sees it", ben.token(open.ID).Held.By, tokens.Actor(hidden.ID))
	for _, e := range ben.events("") {
		w.omits(string(e.Actor)+e.Detail, "manhattan")
	}
}

// testActorsCannotBeForged tries to make a member whose address is what events call a token.
func testActorsCannotBeForged(w *world) {
	ctx := w.Context()
	token := w.create(w.request("deploy", ""))
	for _, email := range []string{token.QualifiedID(), token.User.Email, "ADA@ACME.Latchkey.Internal"} {
		_, err := w.CreateMember(ctx, tokens.NewMember{Email: email, MemberSettings: tokens.MemberSettings{
			Grants: tokens.Grants{Role: tokens.RoleOwner},
		}})
		w.equal("the field for "+email, w.refusal(err, tokens.CodeInvalid).Field, "email")
	}
	for _, nobody := range []*world{w.of(tokens.Principal{}), w.holding(w.secret())} {
		_, err := nobody.Database(ctx)
		w.refusal(err, tokens.CodeForbidden)
		_, err = nobody.HoldAccessToken(ctx, token.ID, "leaked")
		w.refusal(err, tokens.CodeForbidden)
		events := w.events("")
		w.equal("who was refused", events[len(events)-1].Actor, tokens.ActorUnknown)
	}
}

// testRepeatedShareOfAnother repeats the creation of a share that ended, beside another one of the two.
func testRepeatedShareOfAnother(w *world) {
	ctx := w.Context()
	token, ada := w.create(w.request("deploy", "")), w.member("ada@example.com")
	share := tokens.NewTokenShare{
		Request: tokens.NewRequest(w.clock.Now()), AccessTokenID: token.ID, MemberID: ada.ID, Role: tokens.ShareViewer,
	}
	must(w.ShareAccessToken(ctx, share))(w)
	w.succeed(w.UnshareAccessToken(ctx, token.ID, ada.ID))
	w.clock.Advance(time.Second)
	another := share
	another.Request, another.Role = tokens.NewRequest(w.clock.Now()), tokens.ShareManager
	must(w.ShareAccessToken(ctx, another))(w)
	_, err := w.ShareAccessToken(ctx, share)
	w.refusal(err, tokens.CodeConflict)
}

// testLimits asks for more than any list has, and for less than nothing.
func testLimits(w *world) {
	ctx := w.Context()
	token, ben := w.create(w.request("deploy", "")), w.member("ben@example.com")
	must(w.UpdateMember(ctx, ben.ID, tokens.MemberUpdate{Fields: tokens.Fields{"role"}, Settings: tokens.MemberSettings{
		Grants: tokens.Grants{Role: tokens.RoleNone},
	}}))(w)
	must(w.ShareAccessToken(ctx, tokens.NewTokenShare{AccessTokenID: token.ID, MemberID: ben.ID,
		Role: tokens.ShareViewer}))(w)
	for _, column := range tokens.TokenColumns() {
		for _, by := range []*world{w, w.acting(ben.Email)} {
			page := must(by.AccessTokens(ctx, tokens.TokenQuery{Sort: column, Limit: math.MaxInt}))(w)
			w.equal("the tokens by "+string(column), ids(page.AccessTokens), []string{token.ID})
		}
	}
	_, err := w.AccessTokens(ctx, tokens.TokenQuery{Limit: -1})
	w.equal("the field", w.refusal(err, tokens.CodeInvalid).Field, "limit")
	_, err = w.Events(ctx, tokens.EventQuery{Limit: -1})
	w.equal("the field", w.refusal(err, tokens.CodeInvalid).Field, "limit")
	w.equal("the number of events", len(must(w.Events(ctx, tokens.EventQuery{Limit: math.MaxInt}))(w)), len(w.events("")))
}

// testRepeatAfterRightsWereLost repeats creations by somebody who may not create any more, before and after the objects
// are gone: the answer is the same.
func testRepeatAfterRightsWereLost(w *world) {
	ctx := w.Context()
	ben := w.member("ben@example.com")
	roles := func(role string) {
		must(w.UpdateMember(ctx, ben.ID, tokens.MemberUpdate{
			Settings: tokens.MemberSettings{Grants: tokens.Grants{Role: role}}, Fields: tokens.Fields{"role"},
		}))(w)
	}
	roles(tokens.RoleAdministrator)
	acting := w.acting(ben.Email)
	group := tokens.NewGroup{Request: tokens.NewRequest(w.clock.Now()), GroupSettings: tokens.GroupSettings{Name: "a"}}
	role := tokens.NewRole{Request: tokens.NewRequest(w.clock.Now()), RoleSettings: tokens.RoleSettings{Name: "b"}}
	member := tokens.NewMember{Request: tokens.NewRequest(w.clock.Now()), Email: "ada@example.com",
		MemberSettings: tokens.MemberSettings{Grants: tokens.Grants{Role: tokens.RoleViewer}}}
	user := tokens.NewTechnicalUser{Request: tokens.NewRequest(w.clock.Now()),
		TechnicalUserSettings: tokens.TechnicalUserSettings{Name: "ci", Grants: tokens.Grants{Role: tokens.RoleNone}}}
	g, r := must(acting.CreateGroup(ctx, group))(w), must(acting.CreateRole(ctx, role))(w)
	m, u := must(acting.CreateMember(ctx, member))(w), must(acting.CreateTechnicalUser(ctx, user))(w)
	roles(tokens.RoleViewer)
	repeat := func() {
		_, err := acting.CreateGroup(ctx, group)
		w.refusal(err, tokens.CodeForbidden)
		_, err = acting.CreateRole(ctx, role)
		w.refusal(err, tokens.CodeForbidden)
		_, err = acting.CreateMember(ctx, member)
		w.refusal(err, tokens.CodeForbidden)
		_, err = acting.CreateTechnicalUser(ctx, user)
		w.refusal(err, tokens.CodeForbidden)
	}
	repeat()
	w.succeed(w.DeleteGroup(ctx, g.ID))
	w.succeed(w.DeleteRole(ctx, r.ID))
	w.succeed(w.DeleteMember(ctx, m.ID))
	w.succeed(w.DeleteTechnicalUser(ctx, u.ID))
	repeat()
}
