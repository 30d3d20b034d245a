package backendtest

import (
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
				"a look":         func() error { _, err := holder.Groups(ctx); return err },
				"a change":       func() error { return holder.DeleteAccessToken(ctx, token.ID) },
				"a verification": func() error { _, err := holder.VerifySecret(ctx, request.Secret, tokens.VerifyOptions{}); return err },
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
	_, err = w.of(tokens.Principal{}).CreateGroup(ctx, tokens.NewGroup{GroupSettings: tokens.GroupSettings{Name: "nobody"}})
	w.refusal(err, tokens.CodeForbidden)
}

// To ask by a token is a use of it; a refused request of a value that is not good is none.
func testUseByAsking(w *world) {
	request := w.request("owner", "")
	request.Own.Role = tokens.RoleOwner
	token := w.create(request)
	other := w.elsewhere("local:server@host")
	must(other.holding(request.Secret).Groups(w.Context()))(w)
	must(other.holding(request.Secret).CreateGroup(w.Context(), tokens.NewGroup{GroupSettings: tokens.GroupSettings{Name: "made"}}))(w)
	at := w.clock.Instant()
	w.succeed(other.service.Close())
	w.equal("how often it was used", w.token(token.ID).UseCount, int64(2))
	if used := w.token(token.ID).LastUsedAt; used.IsZero() || used.After(at) {
		w.Errorf("the last use is %s, want one until %s", used, at)
	}
}
