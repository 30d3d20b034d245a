package backendtest

import "github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"

// Someone who acts as a member may do what that member may do at the time, and appears as that member in the events.
func testActing(w *world) {
	ctx := w.Context()
	g := w.group("payments")
	m := must(w.CreateMember(ctx, tokens.NewMember{Email: "Ben@example.com",
		MemberSettings: tokens.MemberSettings{Grants: tokens.Grants{Role: tokens.RoleAdministrator}}}))(w)
	ben := w.acting("bEN@EXAMPLE.com") // the case of letters makes no difference
	w.clock.Advance(later)
	user := must(ben.CreateTechnicalUser(ctx,
		tokens.NewTechnicalUser{TechnicalUserSettings: tokens.TechnicalUserSettings{Name: "ci",
			Grants: tokens.Grants{Role: tokens.RoleViewer}}}))(w)
	w.equal("who disabled what was made disabled", user.Disabled,
		&tokens.Stop{By: "Ben@example.com", At: w.clock.Instant()})
	request := ben.request("deploy", "")
	request.GroupID = g.ID
	token := ben.create(request)
	w.equal("who made the token", token.CreatorID, m.ID)
	held := must(ben.HoldAccessToken(ctx, token.ID, "leaked"))(w)
	w.equal("who holds it", held.Held, &tokens.Stop{By: "Ben@example.com", At: w.clock.Instant(), Reason: "leaked"})
	for _, id := range []string{user.ID, token.ID} {
		for _, e := range w.events(id) {
			w.equal("who is in the event "+string(e.Action), e.Actor, tokens.Actor("Ben@example.com"))
		}
	}

	// Changed roles apply to the next operation of a backend that was open all along.
	must(w.UpdateMember(ctx, m.ID,
		tokens.MemberUpdate{Settings: tokens.MemberSettings{Grants: tokens.Grants{Role: tokens.RoleViewer}},
			Fields: tokens.Fields{"role"}}))(w)
	_, err := ben.ReleaseAccessToken(ctx, token.ID)
	w.equal("what may not be done any more", w.refusal(err, tokens.CodeForbidden).ID, token.ID)
	refused := w.events(token.ID)
	w.equal("the event of the refusal", refused[len(refused)-1].Actor, tokens.Actor("Ben@example.com"))
	must(ben.AccessToken(ctx, token.ID))(w)
	must(w.ShareAccessToken(ctx, tokens.NewTokenShare{AccessTokenID: token.ID, MemberID: m.ID,
		Role: tokens.ShareManager}))(w)
	must(ben.ReleaseAccessToken(ctx, token.ID))(w)

	// Objects that never existed and deleted ones are as unknown to a member as to the owner.
	w.succeed(w.DeleteAccessToken(ctx, token.ID))
	_, err = ben.AccessToken(ctx, token.ID)
	w.refusal(err, tokens.CodeNotFound)

	// Nobody can act as a deleted member, or as someone who is not a member.
	w.succeed(w.DeleteMember(ctx, m.ID))
	events := len(w.events(""))
	for _, gone := range []*world{ben, w.acting("eve@example.com")} {
		_, err = gone.AccessTokens(ctx, tokens.TokenQuery{})
		refusal := w.refusal(err, tokens.CodeForbidden)
		w.equal("the field", refusal.Field, "act_as")
		w.equal("the reason", refusal.Reason, tokens.ReasonUnknownCaller)
		_, err = gone.AccessToken(ctx, tokens.NewID(tokens.KindAccessToken, w.clock.Now()))
		w.equal("the field", w.refusal(err, tokens.CodeForbidden).Field, "act_as")
		_, err = gone.CreateGroup(ctx, tokens.NewGroup{GroupSettings: tokens.GroupSettings{Name: "shop"}})
		w.equal("the field", w.refusal(err, tokens.CodeForbidden).Field, "act_as")
	}
	added := w.events("")[events:]
	w.equal("the events: one of each look within a minute, and one of each change", actions(added),
		[]string{"access_token.list refused", "access_token.show refused", "group.create refused", "group.create refused"})
	w.equal("who is in them", added[0].Actor, tokens.Actor("local:eve@host"))

	// A new member with that address is another person.
	again := w.member("ben@example.com")
	_, err = ben.UpdateMember(ctx, again.ID, tokens.MemberUpdate{Settings: tokens.MemberSettings{Name: "Ben"},
		Fields: tokens.Fields{"name"}})
	w.refusal(err, tokens.CodeForbidden)
}

// A request belongs to the member who sent it, even if the same person sends it as another member or as the owner.
func testRequestOfAnotherMember(w *world) {
	ctx := w.Context()
	for _, email := range []string{"anna@example.com", "ben@example.com"} {
		must(w.CreateMember(ctx, tokens.NewMember{Email: email,
			MemberSettings: tokens.MemberSettings{Grants: tokens.Grants{Role: tokens.RoleAdministrator}}}))(w)
	}
	anna, ben := w.acting("anna@example.com"), w.acting("ben@example.com")
	request := anna.request("deploy", "")
	t := anna.create(request)
	w.equal("the token of the repeated request", anna.create(request).ID, t.ID)
	regeneration := tokens.AccessTokenUpdate{Regeneration: &tokens.Regeneration{NewSecretFor: w.fresh(),
		Reason: tokens.ReasonRequested}}
	anna.update(t.ID, regeneration)
	w.equal("the version after the repeated regeneration", anna.update(t.ID, regeneration).Secret.Version, int64(2))
	for _, other := range []*world{ben, w} {
		_, err := other.CreateAccessToken(ctx, request)
		w.equal("the field", w.refusal(err, tokens.CodeConflict).Field, "request_id")
		_, err = other.UpdateAccessToken(ctx, t.ID, regeneration)
		w.equal("the field", w.refusal(err, tokens.CodeConflict).Field, "request_id")
	}

	// Someone who may no longer create the token learns nothing by asking again.
	members := must(w.Members(ctx))(w)
	must(w.UpdateMember(ctx, members[0].ID,
		tokens.MemberUpdate{Settings: tokens.MemberSettings{Grants: tokens.Grants{Role: tokens.RoleViewer}},
			Fields: tokens.Fields{"role"}}))(w)
	_, err := anna.CreateAccessToken(ctx, request)
	w.refusal(err, tokens.CodeForbidden)
	_, err = anna.UpdateAccessToken(ctx, t.ID, regeneration)
	w.refusal(err, tokens.CodeForbidden)
}
