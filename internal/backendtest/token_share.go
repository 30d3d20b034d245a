package backendtest

import "github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"

func testTokenShares(w *world) {
	ctx := w.Context()
	token, member := w.create(w.request("deploy", "")), w.member("anna@example.com")
	w.clock.Advance(later)
	made := w.clock.Instant()
	want := tokens.TokenShare{AccessTokenID: token.ID, MemberID: member.ID, Role: tokens.ShareEditor, CreatedAt: made,
		UpdatedAt: made}

	share := must(w.ShareAccessToken(ctx, tokens.NewTokenShare{AccessTokenID: token.ID, MemberID: member.ID,
		Role: tokens.ShareEditor}))(w)
	w.equal("the new share", share, want)
	w.equal("the share", must(w.TokenShare(ctx, token.ID, member.ID))(w), want)

	_, err := w.ShareAccessToken(ctx, tokens.NewTokenShare{AccessTokenID: token.ID, MemberID: member.ID,
		Role: tokens.ShareViewer})
	conflict := w.refusal(err, tokens.CodeConflict)
	w.equal("the share that exists", conflict.Holder, tokens.Holder{Kind: tokens.KindTokenShare, ID: share.ID()})
	w.equal("the share afterwards", must(w.TokenShare(ctx, token.ID, member.ID))(w), want)

	w.clock.Advance(later)
	want.Role, want.UpdatedAt = tokens.ShareManager, w.clock.Instant()
	w.equal("the changed share", must(w.UpdateTokenShare(ctx, token.ID, member.ID, tokens.ShareManager))(w), want)
	w.equal("the share afterwards", must(w.TokenShare(ctx, token.ID, member.ID))(w), want)

	w.succeed(w.UnshareAccessToken(ctx, token.ID, member.ID))
	_, err = w.TokenShare(ctx, token.ID, member.ID)
	w.equal("the id of what is gone", w.refusal(err, tokens.CodeNotFound).ID, share.ID())
	w.refusal(w.UnshareAccessToken(ctx, token.ID, member.ID), tokens.CodeNotFound)
	_, err = w.UpdateTokenShare(ctx, token.ID, member.ID, tokens.ShareViewer)
	w.refusal(err, tokens.CodeNotFound)
	w.equal("its events", actions(w.events(share.ID())),
		[]string{"token_share.create", "token_share.create refused", "token_share.update",
			"token_share.delete", "token_share.delete refused", "token_share.update refused"})

	must(w.ShareAccessToken(ctx, tokens.NewTokenShare{AccessTokenID: token.ID, MemberID: member.ID,
		Role: tokens.ShareViewer}))(w)
	w.succeed(w.DeleteAccessToken(ctx, token.ID))
	_, err = w.TokenShare(ctx, token.ID, member.ID)
	w.refusal(err, tokens.CodeNotFound)
}

func testTokenShareQueries(w *world) {
	ctx := w.Context()
	first, second := w.create(w.request("first", "")), w.create(w.request("second", ""))
	anna, ben := w.member("anna@example.com"),
		must(w.CreateMember(ctx, tokens.NewMember{Email: "ben@example.com",
			MemberSettings: tokens.MemberSettings{Grants: tokens.Grants{Role: tokens.RoleNone}}}))(w)
	share := func(t tokens.AccessToken, m tokens.Member) tokens.TokenShare {
		w.Helper()
		return must(w.ShareAccessToken(ctx, tokens.NewTokenShare{AccessTokenID: t.ID, MemberID: m.ID,
			Role: tokens.ShareViewer}))(w)
	}
	of2, of1, of1too := share(second, ben), share(first, ben), share(first, anna)
	for _, test := range []struct {
		query tokens.TokenShareQuery
		want  []tokens.TokenShare
	}{
		{tokens.TokenShareQuery{AccessTokenID: second.ID}, []tokens.TokenShare{of2}},
		{tokens.TokenShareQuery{MemberID: anna.ID}, []tokens.TokenShare{of1too}},
		{tokens.TokenShareQuery{AccessTokenID: second.ID, MemberID: anna.ID}, nil},
		{tokens.TokenShareQuery{AccessTokenID: first.ID, MemberID: ben.ID}, []tokens.TokenShare{of1}},
	} {
		got := must(w.TokenShares(ctx, test.query))(w)
		if len(got)+len(test.want) > 0 {
			w.equal("the shares", got, test.want)
		}
	}
	all := must(w.TokenShares(ctx, tokens.TokenShareQuery{}))(w)
	w.equal("the number of shares", len(all), 3)
	w.equal("the shares again", must(w.TokenShares(ctx, tokens.TokenShareQuery{}))(w), all)

	// Someone who sees a token only through a share sees the shares of that token.
	w.succeed(w.UnshareAccessToken(ctx, second.ID, ben.ID))
	w.equal("what a member sees of them",
		len(must(w.acting("ben@example.com").TokenShares(ctx, tokens.TokenShareQuery{}))(w)), 2)
	w.equal("what it sees of another's",
		len(must(w.acting("ben@example.com").TokenShares(ctx, tokens.TokenShareQuery{AccessTokenID: second.ID}))(w)), 0)

	for field, query := range map[string]tokens.TokenShareQuery{"access_token_id": {AccessTokenID: "first"},
		"member_id": {MemberID: "anna@example.com"}} {
		_, err := w.TokenShares(ctx, query)
		w.equal("the field", w.refusal(err, tokens.CodeInvalid).Field, field)
	}
}

// A guest who holds no role works on a token by a share alone, though the token holds what the guest doesn't: the share
// shows the token with its events, and lets its role edit and manage. It yields no secret and widens nothing.
func testSharesAreGrantsOfTheirOwn(w *world) {
	ctx := w.Context()
	request := w.request("deploy", "")
	request.Own.Role, request.Visibility = tokens.RoleAdministrator, tokens.VisibilityRestricted
	token, other := w.create(request), w.create(w.request("other", ""))
	none := tokens.MemberSettings{Grants: tokens.Grants{Role: tokens.RoleNone}}
	guest := must(w.CreateMember(ctx, tokens.NewMember{Email: "guest@example.com", MemberSettings: none}))(w)
	acting := w.acting(guest.Email)
	must(w.ShareAccessToken(ctx, tokens.NewTokenShare{AccessTokenID: token.ID, MemberID: guest.ID,
		Role: tokens.ShareEditor}))(w)

	w.equal("the token", must(acting.AccessToken(ctx, token.ID))(w).Name, "deploy")
	w.equal("the list", ids(must(acting.AccessTokens(ctx, tokens.TokenQuery{}))(w).AccessTokens), []string{token.ID})
	w.equal("its events", actions(acting.events(token.ID)), []string{"access_token.create"})
	w.equal("the events of its share", actions(acting.events(tokens.ShareID(token.ID, guest.ID))),
		[]string{"token_share.create"})
	w.equal("the events of another token", len(acting.events(other.ID)), 0)

	edit := tokens.AccessTokenUpdate{Settings: tokens.Settings{
		Name: "release", Description: "new", TTL: 90 * day,
		Policies: tokens.Policies{RegenerateBeforeExpiry: day, Grace: tokens.Grace{Duration: day}, ProtectIfUsedWithin: day},
	}, Fields: tokens.Fields{"name", "description", "ttl", "regenerate_before_expiry", "grace_period",
		"protect_if_used_within"}}
	w.equal("the edited token", must(acting.UpdateAccessToken(ctx, token.ID, edit))(w).Name, "release")
	role := func(role string) tokens.AccessTokenUpdate {
		return tokens.AccessTokenUpdate{Settings: tokens.Settings{Own: tokens.Grants{Role: role}}, Fields: tokens.Fields{"role"}}
	}
	refused := func(what string, update tokens.AccessTokenUpdate) {
		w.Helper()
		if _, err := acting.UpdateAccessToken(ctx, token.ID, update); tokens.ErrorCode(err) != tokens.CodeForbidden {
			w.Errorf("%s: got %v, want CodeForbidden", what, err)
		}
	}
	regenerate := tokens.AccessTokenUpdate{Regeneration: &tokens.Regeneration{NewSecretFor: w.fresh(),
		Reason: tokens.ReasonRequested}}
	refused("an editor raises the role", role(tokens.RoleOwner))
	refused("an editor narrows the role", role(tokens.RoleNone))
	refused("an editor regenerates", regenerate)
	_, err := acting.HoldAccessToken(ctx, token.ID, "leaked")
	w.refusal(err, tokens.CodeForbidden)

	must(w.UpdateTokenShare(ctx, token.ID, guest.ID, tokens.ShareManager))(w)
	refused("a manager raises the role", role(tokens.RoleOwner))
	refused("a manager regenerates", regenerate)
	must(acting.HoldAccessToken(ctx, token.ID, "leaked"))(w)
	must(acting.ReleaseAccessToken(ctx, token.ID))(w)
	must(acting.UpdateAccessToken(ctx, token.ID, role(tokens.RoleManager)))(w)
	friend := w.member("friend@example.com")
	must(acting.ShareAccessToken(ctx, tokens.NewTokenShare{AccessTokenID: token.ID, MemberID: friend.ID,
		Role: tokens.ShareEditor}))(w)
	_, err = acting.UpdateTokenShare(ctx, token.ID, friend.ID, tokens.ShareManager)
	w.refusal(err, tokens.CodeForbidden)
	w.succeed(acting.DeleteAccessToken(ctx, token.ID))
}
