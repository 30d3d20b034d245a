package backendtest

import (
	"fmt"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

func testAccessTokens(w *world) {
	ctx := w.Context()
	made := w.clock.Instant()
	user := w.user("ci", "")
	request := w.request("deploy", user.ID)
	request.Description = "Deploys"
	created := must(w.CreateAccessToken(ctx, request))(w)
	want := tokens.AccessToken{
		ID: created.ID, Name: "deploy", Description: "Deploys", User: user, Visibility: tokens.VisibilityOrganization, Enabled: true,
		Secret:    tokens.SecretState{Version: 1, Preview: request.Secret.Reveal()[:10], CreatedAt: made},
		CreatedAt: made, UpdatedAt: made, Status: tokens.StatusActive, ObservedAt: made,
		Grants: tokens.Grants{Role: tokens.RoleManager},
	}
	w.equal("the new token", created, tokens.CreatedAccessToken{AccessToken: want})
	w.equal("the token", w.token(want.ID), want)
	w.equal("the tokens", must(w.AccessTokens(ctx, tokens.TokenQuery{}))(w).AccessTokens, []tokens.AccessToken{want})

	w.clock.Advance(later)
	want.Name, want.Description, want.UpdatedAt, want.ObservedAt = "release", "", w.clock.Instant(), w.clock.Instant()
	w.equal("the renamed token", w.update(want.ID, tokens.AccessTokenUpdate{Name: tokens.To("release"), Description: tokens.To("")}), want)
	w.equal("the token afterwards", w.token(want.ID), want)
	if !w.verify(request.Secret).Active {
		w.Error("a rename ended the secret")
	}

	w.succeed(w.DeleteAccessToken(ctx, want.ID))
	_, err := w.AccessToken(ctx, want.ID)
	w.equal("the id of what is gone", w.refusal(err, tokens.CodeNotFound).ID, want.ID)
	w.refusal(w.DeleteAccessToken(ctx, want.ID), tokens.CodeNotFound)
	w.equal("what the value of a deleted token opens", w.verify(request.Secret), tokens.Verification{})
	w.equal("the technical users that are left", must(w.TechnicalUsers(ctx))(w), []tokens.TechnicalUser{user})
}

// Every setting is kept as it was written, can be changed by itself, and can be cleared.
func testAccessTokenSettings(w *world) {
	ctx := w.Context()
	g := w.group("payments")
	user := w.user("ci", "")
	roles := []tokens.GroupRole{{GroupID: g.ID, Role: tokens.RoleViewer}}
	at := w.clock.Instant().Add(48 * time.Hour)
	elsewhere := at.In(time.FixedZone("", 5*60*60))

	request := w.request("deploy", user.ID)
	request.Own = tokens.Grants{Role: tokens.RoleViewer, GroupRoles: roles}
	request.Enabled = false
	request.ActivatesAt, request.ExpiresAt = elsewhere.Add(-time.Hour), elsewhere
	want := w.create(request)
	w.equal("the disabled token", want.Disabled, &tokens.Stop{By: "local:anna@host", At: w.clock.Instant()})
	w.equal("its own roles", want.Own, request.Own)
	w.equal("its activation", want.ActivatesAt, at.Add(-time.Hour))
	w.equal("its expiry", want.ExpiresAt, at)
	w.equal("the token", w.token(want.ID), want)

	for _, step := range []struct {
		name   string
		update tokens.AccessTokenUpdate
		apply  func(*tokens.AccessToken)
	}{
		{"enabled", tokens.AccessTokenUpdate{Enabled: tokens.To(true)}, func(t *tokens.AccessToken) { t.Enabled, t.Disabled = true, nil }},
		{"role", tokens.AccessTokenUpdate{Role: tokens.To(tokens.RoleNone)}, func(t *tokens.AccessToken) { t.Own.Role = tokens.RoleNone }},
		{"role cleared", tokens.AccessTokenUpdate{Role: tokens.To("")}, func(t *tokens.AccessToken) { t.Own.Role = "" }},
		{"group_roles emptied", tokens.AccessTokenUpdate{GroupRoles: tokens.To([]tokens.GroupRole{})}, func(t *tokens.AccessToken) { t.Own.GroupRoles = []tokens.GroupRole{} }},
		{"group_roles cleared", tokens.AccessTokenUpdate{GroupRoles: tokens.To[[]tokens.GroupRole](nil)}, func(t *tokens.AccessToken) { t.Own.GroupRoles = nil }},
		{"group_roles emptied where none were set", tokens.AccessTokenUpdate{GroupRoles: tokens.To([]tokens.GroupRole{})}, func(t *tokens.AccessToken) { t.Own.GroupRoles = []tokens.GroupRole{} }},
		{"group_roles", tokens.AccessTokenUpdate{GroupRoles: tokens.To(roles)}, func(t *tokens.AccessToken) { t.Own.GroupRoles = roles }},
		{"activates_at cleared", tokens.AccessTokenUpdate{ActivatesAt: tokens.To(time.Time{})}, func(t *tokens.AccessToken) { t.ActivatesAt = time.Time{} }},
		{"activates_at", tokens.AccessTokenUpdate{ActivatesAt: tokens.To(elsewhere.Add(-2 * time.Hour))}, func(t *tokens.AccessToken) { t.ActivatesAt = at.Add(-2 * time.Hour) }},
		{"visibility", tokens.AccessTokenUpdate{Visibility: tokens.To(tokens.VisibilityRestricted)}, func(t *tokens.AccessToken) { t.Visibility = tokens.VisibilityRestricted }},
		{"visibility set back", tokens.AccessTokenUpdate{Visibility: tokens.To(tokens.VisibilityOrganization)}, func(t *tokens.AccessToken) { t.Visibility = tokens.VisibilityOrganization }},
		{"ttl instead of expires_at", tokens.AccessTokenUpdate{ExpiresAt: tokens.To(time.Time{}), TTL: tokens.To(72 * time.Hour)}, func(t *tokens.AccessToken) { t.ExpiresAt, t.TTL = time.Time{}, 72*time.Hour }},
		{"ttl cleared", tokens.AccessTokenUpdate{TTL: tokens.To(time.Duration(0))}, func(t *tokens.AccessToken) { t.TTL = 0 }},
		{"expires_at", tokens.AccessTokenUpdate{ExpiresAt: tokens.To(elsewhere)}, func(t *tokens.AccessToken) { t.ExpiresAt = at }},
	} {
		w.clock.Advance(time.Second)
		step.apply(&want)
		want.UpdatedAt = w.clock.Instant()
		want = want.Observed(w.clock.Instant(), tokens.NewRoles(nil))
		w.equal(step.name, w.update(want.ID, step.update), want)
		w.equal(step.name+" afterwards", w.token(want.ID), want)
	}
	w.equal("the secret", want.Secret.Version, int64(1))
	w.succeed(w.DeleteAccessToken(ctx, want.ID))
}

// A token for which no technical user is named gets one of its own, which has its roles and goes with it.
func testSystemCreatedTechnicalUser(w *world) {
	ctx := w.Context()
	g := w.group("payments")
	roles := []tokens.GroupRole{{GroupID: g.ID, Role: tokens.RoleManager}}

	request := w.request("Deploy (prod)", "")
	t := w.create(request)
	if !t.User.SystemCreated || t.User.GroupID != "" || !t.User.Enabled {
		w.Errorf("the technical user is not one that the system made at organization level: %+v", t.User)
	}
	w.equal("its roles", t.User.Grants, tokens.Grants{Role: tokens.DefaultRole})
	w.equal("what the token opens", w.verify(request.Secret).Grants, tokens.Grants{Role: tokens.DefaultRole})
	w.equal("its events", actions(w.events(t.User.ID)), []string{"technical_user.create"})

	w.clock.Advance(later)
	t = w.update(t.ID, tokens.AccessTokenUpdate{Role: tokens.To(tokens.RoleViewer), GroupRoles: tokens.To(roles)})
	w.equal("its roles follow the token's", t.User.Grants, tokens.Grants{Role: tokens.RoleViewer, GroupRoles: roles})
	w.equal("the technical user", must(w.TechnicalUser(ctx, t.User.ID))(w), t.User)
	w.equal("what the token opens", w.verify(request.Secret).Grants, tokens.Grants{Role: tokens.RoleViewer, GroupRoles: roles})
	w.equal("the time of its change", t.User.UpdatedAt, w.clock.Instant())

	_, err := w.UpdateTechnicalUser(ctx, t.User.ID, tokens.TechnicalUserUpdate{Role: tokens.To(tokens.RoleOwner)})
	w.refusal(err, tokens.CodeConflict)
	_, err = w.CreateAccessToken(ctx, w.request("guest", t.User.ID))
	w.equal("the field", w.refusal(err, tokens.CodeInvalid).Field, "technical_user_id")
	w.mentions(w.refusal(w.DeleteTechnicalUser(ctx, t.User.ID), tokens.CodeConflict).Error(), t.ID)

	inGroup := w.request("deploy", "")
	inGroup.GroupID, inGroup.Own.Role = g.ID, tokens.RoleAdministrator
	local := w.create(inGroup)
	w.equal("the level", local.User.GroupID, g.ID)
	w.equal("what a token of the group opens", w.verify(inGroup.Secret).Grants,
		tokens.Grants{Role: tokens.RoleNone, GroupRoles: []tokens.GroupRole{{GroupID: g.ID, Role: tokens.RoleAdministrator}}})
	w.mentions(w.refusal(w.DeleteGroup(ctx, g.ID), tokens.CodeConflict).Error(), local.User.Email)

	for _, token := range []tokens.AccessToken{t, local} {
		w.succeed(w.DeleteAccessToken(ctx, token.ID))
		_, err = w.TechnicalUser(ctx, token.User.ID)
		w.refusal(err, tokens.CodeNotFound)
	}
	w.succeed(w.DeleteGroup(ctx, g.ID))
}

func testAccessTokenQueries(w *world) {
	ctx := w.Context()
	user := w.user("robot", "")
	var made []tokens.AccessToken
	for i, name := range []string{"beta", "Alpha", "gamma"} {
		request := w.request(name, "")
		request.Enabled = i != 1
		if i == 2 {
			request.TechnicalUserID, request.Description = user.ID, "for ALPHA centauri"
		}
		made = append(made, w.create(request))
		w.clock.Advance(later)
	}
	b, a, g := made[0].ID, made[1].ID, made[2].ID
	for _, test := range []struct {
		query tokens.TokenQuery
		want  []string
	}{
		{tokens.TokenQuery{}, []string{b, a, g}},
		{tokens.TokenQuery{Descending: true}, []string{g, a, b}},
		{tokens.TokenQuery{Sort: tokens.ColumnName}, []string{a, b, g}},
		{tokens.TokenQuery{Sort: tokens.ColumnName, Descending: true}, []string{g, b, a}},
		{tokens.TokenQuery{Search: "alpha"}, []string{a, g}},
		{tokens.TokenQuery{Search: "ROBOT@default"}, []string{g}},
		{tokens.TokenQuery{Status: tokens.StatusDisabled}, []string{a}},
		{tokens.TokenQuery{Status: tokens.StatusActive, Search: "a"}, []string{b, g}},
		{tokens.TokenQuery{Search: "nothing like it"}, []string{}},
	} {
		w.equal(fmt.Sprintf("the answer to %+v", test.query), ids(must(w.AccessTokens(ctx, test.query))(w).AccessTokens), test.want)
	}
	_, err := w.AccessTokens(ctx, tokens.TokenQuery{Sort: "shoe_size"})
	w.equal("the field", w.refusal(err, tokens.CodeInvalid).Field, "sort")
	_, err = w.AccessTokens(ctx, tokens.TokenQuery{Status: "asleep"})
	w.equal("the field", w.refusal(err, tokens.CodeInvalid).Field, "status")
}

// A creation names the tokens that look like left-overs of an interrupted one, and no others.
func testNamesakes(w *world) {
	ctx := w.Context()
	g := w.group("payments")
	ci, cd := w.user("ci", ""), w.user("cd", "")
	namesakes := func(request tokens.NewAccessToken) []string {
		w.Helper()
		w.clock.Advance(time.Second)
		return sorted(ids(must(w.CreateAccessToken(ctx, request))(w).Namesakes))
	}
	at := func(groupID string) tokens.NewAccessToken {
		request := w.request("deploy", "")
		request.GroupID = groupID
		return request
	}
	first := w.request("deploy", ci.ID)
	firstID := w.create(first).ID
	w.equal("beside one of another technical user", namesakes(w.request("deploy", cd.ID)), []string(nil))
	w.equal("beside one of another name", namesakes(w.request("Deploy", ci.ID)), []string(nil))
	w.equal("beside one of a named technical user", namesakes(at("")), []string(nil))
	w.equal("beside one of another level", namesakes(at(g.ID)), []string(nil))

	second := w.request("deploy", ci.ID)
	w.equal("beside a namesake", namesakes(second), []string{firstID})
	w.equal("the same request again", namesakes(second), []string{firstID})
	if got := namesakes(at("")); len(got) != 1 {
		w.Errorf("beside a namesake whose technical user the system made at organization level: got %v, want it named", got)
	}
	if got := namesakes(at(g.ID)); len(got) != 1 {
		w.Errorf("beside a namesake whose technical user the system made in the group: got %v, want it named", got)
	}

	w.use(first.Secret)
	w.clock.Advance(later)
	w.use(second.Secret) // this one writes the uses before it
	w.equal("beside namesakes that were used", namesakes(w.request("deploy", ci.ID)), []string(nil))
	for range 12 {
		w.create(w.request("many", ci.ID))
	}
	if got := namesakes(w.request("many", ci.ID)); len(got) != 10 {
		w.Errorf("%d namesakes are named, want 10 at most", len(got))
	}
}
