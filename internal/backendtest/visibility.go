package backendtest

import (
	"fmt"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// Someone who may not know of a token learns nothing about it by accident: not from lists and events, not from the
// answer to stopping it, and not from errors about other objects.
func testVisibility(w *world) {
	ctx := w.Context()
	user := w.user("ci", "")
	for email, role := range map[string]string{"ada@example.com": tokens.RoleAdministrator,
		"bea@example.com": tokens.RoleAdministrator, "vic@example.com": tokens.RoleViewer} {
		must(w.CreateMember(ctx, tokens.NewMember{Email: email,
			MemberSettings: tokens.MemberSettings{Grants: tokens.Grants{Role: role}}}))(w)
	}
	ada, bea, vic := w.acting("ada@example.com"), w.acting("bea@example.com"), w.acting("vic@example.com")
	request := ada.request("quiet", user.ID)
	request.Visibility, request.Description = tokens.VisibilityRestricted, "nobody knows"
	t := ada.create(request)
	w.clock.Advance(time.Second) // so that lists have one order
	open := w.create(w.request("open", user.ID))

	w.equal("what its maker sees", ids(must(ada.AccessTokens(ctx, tokens.TokenQuery{}))(w).AccessTokens),
		[]string{t.ID, open.ID})
	w.equal("what an owner sees", ids(must(w.AccessTokens(ctx, tokens.TokenQuery{}))(w).AccessTokens),
		[]string{t.ID, open.ID})
	for _, other := range []*world{bea, vic} {
		page := must(other.AccessTokens(ctx, tokens.TokenQuery{Limit: 1, CountTotal: true}))(w)
		w.equal("what others see", ids(page.AccessTokens), []string{open.ID})
		w.equal("how many others see", page.Total, 1)
		w.equal("what others find",
			must(other.AccessTokens(ctx, tokens.TokenQuery{Search: "quiet", CountTotal: true}))(w).Total, 0)
		_, err := other.AccessToken(ctx, t.ID)
		w.equal("what is kept from them", w.refusal(err, tokens.CodeForbidden).ID, t.ID)
		w.equal("the events that they see of it", len(other.events(t.ID)), 0)
		w.equal("the shares that they see of it",
			len(must(other.TokenShares(ctx, tokens.TokenShareQuery{AccessTokenID: t.ID}))(w)), 0)
		for _, e := range other.events("") {
			w.omits(e.ObjectID+e.ObjectName+e.Detail, t.ID)
			w.omits(e.ObjectName, "quiet")
		}
	}
	// A technical user that the system created follows its token's visibility, because it has the token's name.
	ownRequest := w.request("merger", "")
	own := w.create(ownRequest)
	must(w.UpdateAccessToken(ctx, own.ID,
		tokens.AccessTokenUpdate{Settings: tokens.Settings{Visibility: tokens.VisibilityRestricted},
			Fields: tokens.Fields{"visibility"}}))(w)
	for _, u := range must(bea.TechnicalUsers(ctx))(w) {
		w.omits(u.Email, "merger")
	}
	w.equal("the technical users that an owner sees", len(must(w.TechnicalUsers(ctx))(w)), 2)
	_, err := bea.TechnicalUser(ctx, own.User.ID)
	w.omits(w.refusal(err, tokens.CodeForbidden).Error(), "merger")
	_, err = bea.UpdateTechnicalUser(ctx, own.User.ID,
		tokens.TechnicalUserUpdate{Settings: tokens.TechnicalUserSettings{Enabled: false}, Fields: tokens.Fields{"enabled"}})
	w.omits(w.refusal(err, tokens.CodeForbidden).Error(), "merger")
	w.omits(w.refusal(bea.DeleteTechnicalUser(ctx, own.User.ID), tokens.CodeForbidden).Error(), "merger")
	_, err = bea.CreateAccessToken(ctx, bea.request("another", own.User.ID))
	w.omits(w.refusal(err, tokens.CodeInvalid).Error(), "merger")

	// Who may verify gets the verdict on a value, and nothing that tells whose it is.
	for secret, known := range map[tokens.Secret]tokens.AccessToken{ownRequest.Secret: own, request.Secret: t} {
		verdict := must(bea.VerifySecret(ctx, secret, tokens.VerifyOptions{}))(w)
		w.equal("the verdict", verdict.Active, true)
		w.equal("the token that it names", verdict.AccessToken.ID, known.ID)
		told := fmt.Sprintf("%+v", *verdict.AccessToken)
		for _, secret := range []string{known.Name, known.User.Email, known.User.ID, "nobody knows"} {
			w.omits(told, secret)
		}
		w.equal("what an owner is told", must(w.VerifySecret(ctx, secret, tokens.VerifyOptions{}))(w).AccessToken.Name,
			known.Name)
	}
	w.equal("what its maker is told",
		must(ada.VerifySecret(ctx, request.Secret, tokens.VerifyOptions{}))(w).AccessToken.Name, t.Name)
	refused := w.request("takeover", user.ID)
	refused.Visibility = tokens.VisibilityRestricted
	_, err = vic.CreateAccessToken(ctx, refused)
	w.refusal(err, tokens.CodeForbidden)
	w.refusal(w.DeleteTechnicalUser(ctx, user.ID), tokens.CodeConflict)
	for _, e := range bea.events("") {
		for _, name := range []string{"merger", "takeover", "quiet"} {
			w.omits(e.ObjectName+e.Detail, name)
		}
	}

	w.equal("the events that its maker sees of it", actions(ada.events(t.ID)),
		[]string{"access_token.create", "access_token.show refused", "access_token.show refused"})

	// The error about deleting its technical user reveals only what they may know, and so do the namesakes.
	inTheWay := w.refusal(bea.DeleteTechnicalUser(ctx, user.ID), tokens.CodeConflict).Error()
	w.mentions(inTheWay, t.ID, `"open"`)
	w.omits(inTheWay, "quiet")
	w.equal("the namesakes that another learns of",
		len(must(bea.CreateAccessToken(ctx, bea.request("quiet", user.ID)))(w).Namesakes), 0)
	w.equal("the namesakes that its maker learns of",
		len(must(ada.CreateAccessToken(ctx, ada.request("quiet", user.ID)))(w).Namesakes), 2)

	// It can be stopped all the same, and the answer reveals nothing else.
	now := w.clock.Instant()
	stopped := must(bea.UpdateAccessToken(ctx, t.ID, tokens.AccessTokenUpdate{Settings: tokens.Settings{Enabled: false},
		Fields: tokens.Fields{"enabled"}}))(w)
	w.equal("the answer to who disabled it", stopped,
		tokens.AccessToken{ID: t.ID, Disabled: &tokens.Stop{By: "bea@example.com", At: now}, Status: tokens.StatusDisabled,
			ObservedAt: now, Settings: tokens.Settings{Visibility: tokens.VisibilityRestricted}})
	w.equal("the answer to who disables it again",
		must(bea.UpdateAccessToken(ctx, t.ID, tokens.AccessTokenUpdate{Settings: tokens.Settings{Enabled: false},
			Fields: tokens.Fields{"enabled"}}))(w), stopped)
	held := must(bea.HoldAccessToken(ctx, t.ID, "leaked"))(w)
	w.equal("the answer to who holds it", held, tokens.AccessToken{
		ID:         t.ID,
		Disabled:   stopped.Disabled,
		Held:       &tokens.Stop{By: "bea@example.com", At: now, Reason: "leaked"},
		Status:     tokens.StatusHeld,
		ObservedAt: now,
		Settings:   tokens.Settings{Visibility: tokens.VisibilityRestricted},
	})
	_, err = bea.HoldAccessToken(ctx, t.ID, "leaked again")
	w.omits(w.refusal(err, tokens.CodeConflict).Error(), "quiet")
	_, err = bea.ReleaseAccessToken(ctx, t.ID)
	w.omits(w.refusal(err, tokens.CodeForbidden).Error(), "quiet")
	w.equal("the whole token, for its maker", must(ada.AccessToken(ctx, t.ID))(w).Description, "nobody knows")

	// A share lets someone know of it; ending the share takes that back.
	member := must(w.Members(ctx))(w)[1]
	must(w.ShareAccessToken(ctx, tokens.NewTokenShare{AccessTokenID: t.ID, MemberID: member.ID,
		Role: tokens.ShareViewer}))(w)
	w.equal("the name, for whom it is shared with", must(bea.AccessToken(ctx, t.ID))(w).Name, "quiet")
	must(bea.ReleaseAccessToken(ctx, t.ID))(w)
	w.succeed(w.UnshareAccessToken(ctx, t.ID, member.ID))
	_, err = bea.AccessToken(ctx, t.ID)
	w.refusal(err, tokens.CodeForbidden)
	w.update(t.ID, tokens.AccessTokenUpdate{Settings: tokens.Settings{Visibility: tokens.VisibilityOrganization},
		Fields: tokens.Fields{"visibility"}})
	must(vic.AccessToken(ctx, t.ID))(w)

	// Anyone who revokes a value ends it, and learns no more than they may know.
	w.update(t.ID, tokens.AccessTokenUpdate{Settings: tokens.Settings{Visibility: tokens.VisibilityRestricted},
		Fields: tokens.Fields{"visibility"}})
	revoked := must(vic.RevokeSecret(ctx, request.Secret))(w)
	w.equal("the answer to who revokes it", revoked.Name+revoked.Secret.Preview, "")
}
