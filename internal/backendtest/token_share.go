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
