package backendtest

import (
	"fmt"
	"slices"
	"strings"
	"testing"
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
		ID:         created.ID,
		User:       user,
		Secret:     tokens.SecretState{Version: 1, Preview: request.Secret.Reveal()[:10], CreatedAt: made},
		CreatedAt:  made,
		UpdatedAt:  made,
		Status:     tokens.StatusActive,
		ObservedAt: made,
		Grants:     tokens.Grants{Role: tokens.RoleManager},
		Settings: tokens.Settings{Name: "deploy", Description: "Deploys", Visibility: tokens.VisibilityOrganization,
			Enabled: true},
	}
	w.equal("the new token", created, tokens.CreatedAccessToken{AccessToken: want})
	w.equal("the token", w.token(want.ID), want)
	w.equal("the tokens", must(w.AccessTokens(ctx, tokens.TokenQuery{}))(w).AccessTokens, []tokens.AccessToken{want})

	w.clock.Advance(later)
	want.Name, want.Description, want.UpdatedAt, want.ObservedAt = "release", "", w.clock.Instant(), w.clock.Instant()
	w.equal("the renamed token",
		w.update(want.ID, tokens.AccessTokenUpdate{Settings: tokens.Settings{Name: "release", Description: ""},
			Fields: tokens.Fields{"name", "description"}}), want)
	w.equal("the token afterwards", w.token(want.ID), want)
	if !w.verify(request.Secret).Active {
		w.Error("a rename ended the secret")
	}

	w.succeed(w.DeleteAccessToken(ctx, want.ID))
	_, err := w.AccessToken(ctx, want.ID)
	w.equal("the id of the missing object", w.refusal(err, tokens.CodeNotFound).ID, want.ID)
	w.refusal(w.DeleteAccessToken(ctx, want.ID), tokens.CodeNotFound)
	w.equal("the verification of a deleted token's value", w.verify(request.Secret), tokens.Verification{})
	w.equal("the technical users that are left", must(w.TechnicalUsers(ctx))(w), []tokens.TechnicalUser{user})
}

// testEverySettingIsKept changes one setting after the other, and finds it in the database and in the event. The
// settings are those of the type, so that this fails for a new one until somebody adds a value.
func testEverySettingIsKept(w *world) {
	roles := []tokens.GroupRole{{GroupID: w.group("payments").ID, Role: tokens.RoleViewer}}
	values := tokens.Settings{
		Name: "release", Description: "Releases the shop", Own: tokens.Grants{Role: tokens.RoleViewer, GroupRoles: roles},
		Visibility: tokens.VisibilityRestricted, Enabled: false, TTL: 30 * day,
		ActivatesAt: w.clock.Instant().Add(day), ExpiresAt: w.clock.Instant().Add(90 * day),
		Policies: tokens.Policies{
			RegenerateBeforeExpiry: day, OnExpired: tokens.OnExpiredError, OnSecretDrift: tokens.OnSecretDriftAccept,
			Grace: tokens.Grace{Duration: time.Hour}, ProtectIfUsedWithin: day,
		},
	}
	user := w.user("ci", "")
	for _, name := range tokens.FieldsOf[tokens.Settings]() {
		w.Run(name, func(t *testing.T) {
			w := w.with(t)
			request := w.request("deploy", user.ID)
			if name == "regenerate_before_expiry" {
				request.TTL = 60 * day
			}
			before := w.create(request)
			w.clock.Advance(time.Second)
			w.update(before.ID, tokens.AccessTokenUpdate{Settings: values, Fields: tokens.Fields{name}})
			after := w.token(before.ID)
			w.equal("what differs from before", tokens.Difference(before.Settings, after.Settings), tokens.Fields{name})
			w.equal("what differs from the update",
				slices.Contains(tokens.Difference(values, after.Settings), name), false)
			events := w.events(before.ID)
			want, detail := tokens.ActionAccessTokenUpdate, "changed "+name
			if name == "enabled" {
				want, detail = tokens.ActionAccessTokenDisable, ""
			}
			if last := events[len(events)-1]; last.Action != want || last.Detail != detail {
				w.Errorf("the event is %s %q, want %s %q", last.Action, last.Detail, want, detail)
			}

			made := w.request("made", user.ID)
			made.Settings = before.Settings
			changed, err := (tokens.Update[tokens.Settings]{Settings: values, Fields: tokens.Fields{name}}).Apply(made.Settings)
			w.succeed(err)
			made.Settings = changed
			w.equal("what differs from a creation", tokens.Difference(changed, w.token(w.create(made).ID).Settings),
				tokens.Fields(nil))
		})
	}
}

// Every setting is stored as written, can be changed on its own, and can be cleared.
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
		{"enabled", tokens.AccessTokenUpdate{Settings: tokens.Settings{Enabled: true}, Fields: tokens.Fields{"enabled"}},
			func(t *tokens.AccessToken) { t.Enabled, t.Disabled = true, nil }},
		{"role", tokens.AccessTokenUpdate{Settings: tokens.Settings{Own: tokens.Grants{Role: tokens.RoleNone}},
			Fields: tokens.Fields{"role"}}, func(t *tokens.AccessToken) { t.Own.Role = tokens.RoleNone }},
		{"role cleared", tokens.AccessTokenUpdate{Settings: tokens.Settings{Own: tokens.Grants{Role: ""}},
			Fields: tokens.Fields{"role"}}, func(t *tokens.AccessToken) { t.Own.Role = "" }},
		{"group_roles emptied",
			tokens.AccessTokenUpdate{Settings: tokens.Settings{Own: tokens.Grants{GroupRoles: []tokens.GroupRole{}}},
				Fields: tokens.Fields{"group_roles"}}, func(t *tokens.AccessToken) { t.Own.GroupRoles = []tokens.GroupRole{} }},
		{"group_roles cleared", tokens.AccessTokenUpdate{Settings: tokens.Settings{Own: tokens.Grants{GroupRoles: nil}},
			Fields: tokens.Fields{"group_roles"}}, func(t *tokens.AccessToken) { t.Own.GroupRoles = nil }},
		{"group_roles emptied where none were set",
			tokens.AccessTokenUpdate{Settings: tokens.Settings{Own: tokens.Grants{GroupRoles: []tokens.GroupRole{}}},
				Fields: tokens.Fields{"group_roles"}}, func(t *tokens.AccessToken) { t.Own.GroupRoles = []tokens.GroupRole{} }},
		{"group_roles", tokens.AccessTokenUpdate{Settings: tokens.Settings{Own: tokens.Grants{GroupRoles: roles}},
			Fields: tokens.Fields{"group_roles"}}, func(t *tokens.AccessToken) { t.Own.GroupRoles = roles }},
		{"activates_at cleared", tokens.AccessTokenUpdate{Settings: tokens.Settings{ActivatesAt: time.Time{}},
			Fields: tokens.Fields{"activates_at"}}, func(t *tokens.AccessToken) { t.ActivatesAt = time.Time{} }},
		{"activates_at", tokens.AccessTokenUpdate{Settings: tokens.Settings{ActivatesAt: elsewhere.Add(-2 * time.Hour)},
			Fields: tokens.Fields{"activates_at"}}, func(t *tokens.AccessToken) { t.ActivatesAt = at.Add(-2 * time.Hour) }},
		{"visibility", tokens.AccessTokenUpdate{Settings: tokens.Settings{Visibility: tokens.VisibilityRestricted},
			Fields: tokens.Fields{"visibility"}}, func(t *tokens.AccessToken) { t.Visibility = tokens.VisibilityRestricted }},
		{"visibility set back", tokens.AccessTokenUpdate{Settings: tokens.Settings{Visibility: tokens.VisibilityOrganization},
			Fields: tokens.Fields{"visibility"}}, func(t *tokens.AccessToken) { t.Visibility = tokens.VisibilityOrganization }},
		{"ttl instead of expires_at",
			tokens.AccessTokenUpdate{Settings: tokens.Settings{ExpiresAt: time.Time{}, TTL: 72 * time.Hour},
				Fields: tokens.Fields{"expires_at", "ttl"}}, func(t *tokens.AccessToken) {
				t.ExpiresAt, t.TTL = time.Time{}, 72*time.Hour
			}},
		{"ttl cleared", tokens.AccessTokenUpdate{Settings: tokens.Settings{TTL: 0}, Fields: tokens.Fields{"ttl"}},
			func(t *tokens.AccessToken) { t.TTL = 0 }},
		{"expires_at", tokens.AccessTokenUpdate{Settings: tokens.Settings{ExpiresAt: elsewhere},
			Fields: tokens.Fields{"expires_at"}}, func(t *tokens.AccessToken) { t.ExpiresAt = at }},
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

// A token for which no technical user is named gets one of its own, which has the token's roles and is deleted with it.
func testSystemCreatedTechnicalUser(w *world) {
	ctx := w.Context()
	g := w.group("payments")
	roles := []tokens.GroupRole{{GroupID: g.ID, Role: tokens.RoleManager}}

	request := w.request("Deploy (prod)", "")
	t := w.create(request)
	if !t.User.SystemCreated || t.User.GroupID != "" || !t.User.Enabled {
		w.Errorf("the technical user was not created by the system at organization level: %+v", t.User)
	}
	w.equal("its roles", t.User.Grants, tokens.Grants{Role: tokens.DefaultRole})
	w.equal("what the token opens", w.verify(request.Secret).Grants, tokens.Grants{Role: tokens.DefaultRole})
	w.equal("its events", actions(w.events(t.User.ID)), []string{"technical_user.create"})

	w.clock.Advance(later)
	t = w.update(t.ID,
		tokens.AccessTokenUpdate{Settings: tokens.Settings{Own: tokens.Grants{Role: tokens.RoleViewer, GroupRoles: roles}},
			Fields: tokens.Fields{"role", "group_roles"}})
	w.equal("its roles follow the token's", t.User.Grants, tokens.Grants{Role: tokens.RoleViewer, GroupRoles: roles})
	w.equal("the technical user", must(w.TechnicalUser(ctx, t.User.ID))(w), t.User)
	w.equal("what the token opens", w.verify(request.Secret).Grants,
		tokens.Grants{Role: tokens.RoleViewer, GroupRoles: roles})
	w.equal("the time of its change", t.User.UpdatedAt, w.clock.Instant())

	_, err := w.UpdateTechnicalUser(ctx, t.User.ID,
		tokens.TechnicalUserUpdate{Settings: tokens.TechnicalUserSettings{Grants: tokens.Grants{Role: tokens.RoleOwner}},
			Fields: tokens.Fields{"role"}})
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
	w.mentions(w.refusal(w.DeleteGroup(ctx, g.ID), tokens.CodeConflict).Error(), local.User.ID)

	for _, token := range []tokens.AccessToken{t, local} {
		w.succeed(w.DeleteAccessToken(ctx, token.ID))
		_, err = w.TechnicalUser(ctx, token.User.ID)
		w.refusal(err, tokens.CodeNotFound)
	}
	w.succeed(w.DeleteGroup(ctx, g.ID))
}

// tokensOfAllKinds creates tokens that differ in every column of a list, and some that are equal in many columns.
func (w *world) tokensOfAllKinds() (user tokens.TechnicalUser, g tokens.Group, made []tokens.AccessToken) {
	user, g = w.user("robot", ""), w.group("payments")
	for i, name := range []string{"beta", "Alpha", "gamma", "twin", "twin", "twin", "later"} {
		request := w.request(name, "")
		switch i {
		case 0:
			request.ExpiresAt = w.clock.Instant().Add(day)
		case 1:
			request.Enabled, request.Visibility = false, tokens.VisibilityRestricted
		case 2:
			request.TechnicalUserID, request.Description = user.ID, "for ALPHA centauri"
			request.Own.GroupRoles = []tokens.GroupRole{{GroupID: g.ID, Role: tokens.RoleViewer}}
		case 6:
			request.GroupID, request.Own.Role, request.TTL = g.ID, tokens.RoleManager, 30*day
			w.clock.Advance(10 * day)
		}
		made = append(made, w.create(request))
		if i == 0 {
			w.use(request.Secret)
		}
		if i != 3 && i != 4 {
			w.clock.Advance(later)
		}
	}
	made[1], _ = w.regenerate(made[1].ID)
	return user, g, made
}

func testAccessTokenQueries(w *world) {
	ctx := w.Context()
	user, payments, made := w.tokensOfAllKinds()
	name := map[string]string{}
	for i, t := range made {
		name[t.ID] = []string{"b", "a", "g", "t1", "t2", "t3", "l"}[i]
	}
	twins := sorted([]string{made[3].ID, made[4].ID, made[5].ID}) // made at one instant, ordered by identifier
	for i, id := range twins {
		name[id] = fmt.Sprintf("t%d", i+1)
	}
	for _, test := range []struct {
		query tokens.TokenQuery
		want  string
		total int
	}{
		{tokens.TokenQuery{}, "b a g t1 t2 t3 l", 7},
		{tokens.TokenQuery{Descending: true}, "l t1 t2 t3 g a b", 7},
		{tokens.TokenQuery{Sort: tokens.ColumnName}, "a b g l t1 t2 t3", 7},
		{tokens.TokenQuery{Sort: tokens.ColumnName, Descending: true}, "t1 t2 t3 l g b a", 7},
		{tokens.TokenQuery{Sort: tokens.ColumnExpiresAt}, "b l a g t1 t2 t3", 7},
		{tokens.TokenQuery{Sort: tokens.ColumnSecretVersion, Descending: true, Limit: 2}, "a b", 7},
		{tokens.TokenQuery{Search: "alpha"}, "a g", 2},
		{tokens.TokenQuery{Search: "ROBOT@default"}, "g", 1},
		{tokens.TokenQuery{Status: tokens.StatusDisabled}, "a", 1},
		{tokens.TokenQuery{Status: tokens.StatusExpired}, "b", 1},
		{tokens.TokenQuery{Status: tokens.StatusActive, Search: "a"}, "g t1 t2 t3 l", 5}, // all addresses contain an a
		{tokens.TokenQuery{Search: "nothing like it"}, "", 0},
		{tokens.TokenQuery{TechnicalUserID: user.ID}, "g", 1},
		{tokens.TokenQuery{GroupID: payments.ID}, "l", 1},
		{tokens.TokenQuery{ExpiresWithin: 30 * day}, "l", 1},
		{tokens.TokenQuery{ExpiresWithin: 29 * day}, "", 0},
		{tokens.TokenQuery{UnusedFor: day}, "b a g t1 t2 t3", 6},
		{tokens.TokenQuery{UnusedFor: 10*day + 5*later}, "b", 1},
		{tokens.TokenQuery{Limit: 3}, "b a g", 7},
		{tokens.TokenQuery{Search: "twin", Limit: 1}, "t1", 3},
		{tokens.TokenQuery{ID: twins[1]}, "t2", 1},
		{tokens.TokenQuery{ID: twins[1], Limit: 5}, "t2", 1},
		{tokens.TokenQuery{ID: tokens.NewID(tokens.KindAccessToken, w.clock.Now())}, "", 0},
	} {
		test.query.CountTotal = true
		page := must(w.AccessTokens(ctx, test.query))(w)
		var got []string
		for _, t := range page.AccessTokens {
			got = append(got, name[t.ID])
		}
		w.equal(fmt.Sprintf("the answer to %+v", test.query), strings.Join(got, " "), test.want)
		w.equal(fmt.Sprintf("the total of %+v", test.query), page.Total, test.total)
		test.query.CountTotal = false
		w.equal("the total that nobody asked for", must(w.AccessTokens(ctx, test.query))(w).Total, 0)
	}
	names := map[string]string{payments.ID: "payments"}
	w.equal("the groups of all", must(w.AccessTokens(ctx, tokens.TokenQuery{}))(w).GroupNames, names)
	w.equal("the group of a role", must(w.AccessTokens(ctx, tokens.TokenQuery{TechnicalUserID: user.ID}))(w).GroupNames,
		names)
	w.equal("the group of a level", must(w.AccessTokens(ctx, tokens.TokenQuery{GroupID: payments.ID}))(w).GroupNames,
		names)
	clerk := w.role("clerk")
	must(w.CreateAccessToken(ctx, tokens.NewAccessToken{NewSecretFor: w.fresh(), Settings: tokens.Settings{
		Name: "custom", Enabled: true, Own: tokens.Grants{Role: clerk.Name}}}))(w)
	viewer := must(w.CreateMember(ctx, tokens.NewMember{Email: "viewer@example.com",
		MemberSettings: tokens.MemberSettings{Grants: tokens.Grants{Role: tokens.RoleViewer}}}))(w)
	rolesFor := func(b tokens.Backend, search string) tokens.Roles {
		return must(b.AccessTokens(ctx, tokens.TokenQuery{Search: search}))(w).Roles
	}
	w.equal("the custom role of a token", rolesFor(w, "custom")[clerk.Name], tokens.NewPermissions(clerk.Permissions...))
	w.equal("a role that the caller may not list", rolesFor(w.acting(viewer.Email), "custom"), tokens.Roles(nil))
	w.equal("the roles of a token with built-in ones", rolesFor(w.acting(viewer.Email), "twin"), tokens.NewRoles(nil))
	w.equal("the groups of others", len(must(w.AccessTokens(ctx, tokens.TokenQuery{Search: "twin"}))(w).GroupNames), 0)

	for field, query := range map[string]tokens.TokenQuery{
		"sort": {Sort: "shoe_size"}, "status": {Status: "asleep"}, "technical_user_id": {TechnicalUserID: "ci"},
		"id":       {ID: "deploy"},
		"group_id": {GroupID: "payments"},
		"limit":    {Limit: -1}, "cursor": {Cursor: "next"}, "expires_within": {ExpiresWithin: -1},
		"unused_for": {UnusedFor: -1},
	} {
		_, err := w.AccessTokens(ctx, query)
		w.equal("the field", w.refusal(err, tokens.CodeInvalid).Field, field)
	}
}

// A list can be ordered by every column, in both directions. Tokens that are equal in a column stay in the order of
// their creation. The pages together are the list.
func testAccessTokenOrders(w *world) {
	ctx := w.Context()
	w.tokensOfAllKinds()
	all := must(w.AccessTokens(ctx, tokens.TokenQuery{}))(w).AccessTokens
	position := map[string]int{}
	for i, t := range all {
		position[t.ID] = i
	}
	for _, column := range tokens.TokenColumns() {
		for _, descending := range []bool{false, true} {
			what := fmt.Sprintf("by %s, descending %t", column, descending)
			query := tokens.TokenQuery{Sort: column, Descending: descending}
			list := must(w.AccessTokens(ctx, query))(w).AccessTokens
			w.equal("all that is there "+what, sorted(ids(list)), sorted(ids(all)))
			w.equal("the list again "+what, ids(must(w.AccessTokens(ctx, query))(w).AccessTokens), ids(list))
			for i := 1; i < len(list); i++ {
				a, b := columnText(column, list[i-1]), columnText(column, list[i])
				if descending {
					a, b = b, a
				}
				if a > b {
					w.Errorf("%s: %q is before %q", what, a, b)
				}
				if a == b && column != tokens.ColumnCreatedAt && position[list[i-1].ID] > position[list[i].ID] {
					w.Errorf("%s: of two with %q, the later one comes first", what, a)
				}
			}
			query.Limit = 2
			w.equal("the pages "+what, ids(w.pages(query)), ids(list))
		}
	}
}

// pages returns the tokens of all pages of a query.
func (w *world) pages(query tokens.TokenQuery) (all []tokens.AccessToken) {
	for {
		page := must(w.AccessTokens(w.Context(), query))(w)
		if all = append(all, page.AccessTokens...); page.NextCursor == "" {
			return all
		}
		w.equal("the tokens on a page before the last", len(page.AccessTokens), query.Limit)
		query.Cursor = page.NextCursor
	}
}

// A cursor turns the pages of its own query alone, as of the time of the first page.
func testAccessTokenCursors(w *world) {
	ctx := w.Context()
	w.tokensOfAllKinds()
	query := tokens.TokenQuery{Sort: tokens.ColumnName, Status: tokens.StatusActive, Limit: 2}
	first := must(w.AccessTokens(ctx, query))(w)
	w.clock.Advance(100 * day)
	query.Cursor = first.NextCursor
	second := must(w.AccessTokens(ctx, query))(w)
	w.equal("the time of the second page", second.AccessTokens[0].ObservedAt, first.AccessTokens[0].ObservedAt)
	w.equal("the tokens on all pages",
		len(w.pages(tokens.TokenQuery{Sort: tokens.ColumnName, Status: tokens.StatusActive, Limit: 2,
			Cursor: first.NextCursor}))+2, 5)

	// A token that is gone, renamed or new since turns no page back.
	w.succeed(w.DeleteAccessToken(ctx, first.AccessTokens[1].ID))
	w.equal("the second page without the last token of the first", ids(must(w.AccessTokens(ctx, query))(w).AccessTokens),
		ids(second.AccessTokens))

	for name, other := range map[string]tokens.TokenQuery{
		"another order":      {Sort: tokens.ColumnID, Status: tokens.StatusActive},
		"the other way":      {Sort: tokens.ColumnName, Descending: true, Status: tokens.StatusActive},
		"another status":     {Sort: tokens.ColumnName},
		"another search":     {Sort: tokens.ColumnName, Status: tokens.StatusActive, Search: "twin"},
		"a damaged cursor":   {Sort: tokens.ColumnName, Status: tokens.StatusActive, Cursor: first.NextCursor[1:]},
		"more than a cursor": {Sort: tokens.ColumnName, Status: tokens.StatusActive, Cursor: first.NextCursor + "AAAA"},
	} {
		if other.Cursor == "" {
			other.Cursor = first.NextCursor
		}
		_, err := w.AccessTokens(ctx, other)
		w.equal("the field for "+name, w.refusal(err, tokens.CodeInvalid).Field, "cursor")
	}
}

// columnText formats a token's value in a column so that the texts sort like the column.
func columnText(column tokens.TokenColumn, t tokens.AccessToken) string {
	instant := func(at time.Time) string { return at.Format("2006-01-02T15:04:05.000000") }
	switch column {
	case tokens.ColumnID:
		return t.ID
	case tokens.ColumnName:
		return strings.ToLower(t.Name)
	case tokens.ColumnDescription:
		return strings.ToLower(t.Description)
	case tokens.ColumnPreview:
		return t.Secret.Preview
	case tokens.ColumnTechnicalUser:
		return t.User.Email
	case tokens.ColumnRole:
		return fmt.Sprint(slices.Index(tokens.BuiltInRoleNames(), t.Grants.Role))
	case tokens.ColumnStatus:
		return string(t.Status)
	case tokens.ColumnCreatedAt:
		return instant(t.CreatedAt)
	case tokens.ColumnUpdatedAt:
		return instant(t.UpdatedAt)
	case tokens.ColumnLastUsedAt:
		return instant(t.LastUsedAt) // one that never was is the year 1
	case tokens.ColumnExpiresAt:
		if t.SecretExpiresAt().IsZero() {
			return "never"
		}
		return instant(t.SecretExpiresAt())
	case tokens.ColumnSecretVersion:
		return fmt.Sprint(t.Secret.Version)
	case tokens.ColumnVisibility:
		return string(t.Visibility)
	}
	return "unknown column"
}

// A creation names the tokens that look like leftovers of an interrupted one, and no others.
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
	w.regenerate(w.create(w.request("old", ci.ID)).ID)
	w.equal("beside a namesake that was regenerated", namesakes(w.request("old", ci.ID)), []string(nil))
	for range 12 {
		w.create(w.request("many", ci.ID))
	}
	if got := namesakes(w.request("many", ci.ID)); len(got) != 10 {
		w.Errorf("%d namesakes are named, want at most 10", len(got))
	}
}
