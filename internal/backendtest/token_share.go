package backendtest

import "github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"

func testTokenShares(w *world) {
	ctx := w.Context()
	token, member := w.create(w.request("deploy", "")), w.member("anna@example.com")
	w.clock.Advance(later)
	made := w.clock.Instant()
	want := tokens.TokenShare{AccessTokenID: token.ID, MemberID: member.ID, Role: tokens.ShareEditor, CreatedAt: made, UpdatedAt: made}

	share := must(w.ShareAccessToken(ctx, tokens.TokenShare{AccessTokenID: token.ID, MemberID: member.ID, Role: tokens.ShareEditor}))(w)
	w.equal("the new share", share, want)
	w.equal("the share", must(w.TokenShare(ctx, token.ID, member.ID))(w), want)

	_, err := w.ShareAccessToken(ctx, tokens.TokenShare{AccessTokenID: token.ID, MemberID: member.ID, Role: tokens.ShareViewer})
	conflict := w.refusal(err, tokens.CodeConflict)
	w.equal("the share that exists", conflict.ID, share.ID())
	w.mentions(conflict.Error(), "to = latchkey_token_share.NAME", `id = "`+share.ID()+`"`)
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
	w.equal("its events", actions(w.events(share.ID())), []string{"token_share.create", "token_share.create refused", "token_share.update",
		"token_share.delete", "token_share.delete refused", "token_share.update refused"})

	must(w.ShareAccessToken(ctx, tokens.TokenShare{AccessTokenID: token.ID, MemberID: member.ID, Role: tokens.ShareViewer}))(w)
	w.succeed(w.DeleteAccessToken(ctx, token.ID))
	_, err = w.TokenShare(ctx, token.ID, member.ID)
	w.refusal(err, tokens.CodeNotFound)
}
