package backendtest

import (
	"strings"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// What changed, why, and what was missing stand in fields of an event, too, and never a secret.
func testEventDetails(w *world) {
	ctx := w.Context()
	group, friend := w.group("payments"), w.member("friend@example.com")
	request := w.request("deploy", w.user("ci", "").ID)
	request.Grace = tokens.Grace{Duration: time.Hour}
	t := w.create(request)
	expiry := w.clock.Instant().Add(day)
	latest := func() tokens.EventDetails {
		return must(w.Events(ctx, tokens.EventQuery{Limit: 1}))(w)[0].Details
	}

	w.update(t.ID, tokens.AccessTokenUpdate{
		Settings: tokens.Settings{
			Name: "release", Description: "Releases", ExpiresAt: expiry, Enabled: true,
			Own: tokens.Grants{
				Role: tokens.RoleViewer, GroupRoles: []tokens.GroupRole{{GroupID: group.ID, Role: tokens.RoleMember}},
			},
			Policies: tokens.Policies{Grace: tokens.Grace{UntilExpiry: true}, ProtectIfUsedWithin: time.Hour},
		},
		Fields: tokens.Fields{
			"name", "description", "expires_at", "role", "group_roles", "grace_period", "protect_if_used_within",
		},
	})
	w.equal("the details of an update", latest(), tokens.EventDetails{Changes: []tokens.Change{
		{Setting: "name", From: "deploy", To: "release"},
		{Setting: "description"},
		{Setting: "role", To: "viewer"},
		{Setting: "group_roles", To: "[member in " + group.ID + "]"},
		{Setting: "expires_at", To: tokens.FormatTimestamp(expiry)},
		{Setting: "grace_period", From: "1h", To: "until_expiry"},
		{Setting: "protect_if_used_within", To: "1h"},
	}})
	must(w.ShareAccessToken(ctx, tokens.NewTokenShare{AccessTokenID: t.ID, MemberID: friend.ID, Role: tokens.ShareViewer}))(w)
	w.equal("the details of a share", latest().Changes, []tokens.Change{{Setting: "role", To: "viewer"}})
	must(w.UpdateTokenShare(ctx, t.ID, friend.ID, tokens.ShareManager))(w)
	w.equal("the details of another role", latest().Changes, []tokens.Change{{Setting: "role", From: "viewer", To: "manager"}})
	must(w.HoldAccessToken(ctx, t.ID, "in a log"))(w)
	w.equal("the details of a hold", latest(), tokens.EventDetails{Reason: "in a log"})
	w.clock.Advance(later)
	regenerated, _ := w.regenerate(t.ID)
	w.equal("the details of a regeneration", latest(), tokens.EventDetails{
		Reason: "requested", SecretVersion: 2, PreviousSecretExpiresAt: regenerated.PreviousSecretExpiresAt(),
	})
	must(w.RetirePreviousSecret(ctx, t.ID, 0))(w)
	w.equal("the details of an end", latest(), tokens.EventDetails{SecretVersion: 1})
	_, err := w.acting(friend.Email).HoldAccessToken(ctx, w.create(w.request("theirs", t.User.ID)).ID, "why not")
	w.refusal(err, tokens.CodeForbidden)
	w.equal("the details of a refusal", latest(),
		tokens.EventDetails{Code: tokens.CodeForbidden, Permissions: []string{tokens.PermissionManageTokens}})
}

// Events tell in which run their actor claimed to work, refusals too. A run that tells a secret is none.
func testClaimedRun(w *world) {
	ctx := w.Context()
	request := w.request("deploy", w.user("ci", "").ID)
	t := w.create(request)
	must(w.CreateMember(ctx, tokens.NewMember{Email: "none@example.com", MemberSettings: tokens.MemberSettings{
		Grants: tokens.Grants{Role: tokens.RoleNone}}}))(w)
	in := func(run string) *world { return w.of(tokens.AsDatabaseOwner("local:ci@host").InRun(run)) }
	runs := func(query tokens.EventQuery) (runs []string) {
		for _, e := range must(w.Events(ctx, query))(w) {
			runs = append(runs, e.ClaimedRun)
		}
		return runs
	}

	must(in("run 1").HoldAccessToken(ctx, t.ID, "in a log"))(w)
	_, err := in("run 2").HoldAccessToken(ctx, t.ID, "again")
	w.refusal(err, tokens.CodeConflict)
	w.equal("the runs", runs(tokens.EventQuery{Limit: 2}), []string{"run 1", "run 2"})
	w.equal("the events of a run", len(must(w.Events(ctx, tokens.EventQuery{Run: "RUN 2"}))(w)), 1)

	// Looks are told once a minute and run, and those of an unknown value once, whatever they claim.
	for _, run := range []string{"run 3", "run 3", "run 4", ""} {
		_, err := w.of(tokens.AsMember("local:ci@host", "none@example.com").InRun(run)).AccessToken(ctx, t.ID)
		w.refusal(err, tokens.CodeForbidden)
		_, err = w.of(tokens.AsTokenHolder(w.secret()).InRun(run)).AccessToken(ctx, t.ID)
		w.refusal(err, tokens.CodeForbidden)
	}
	w.equal("the runs of looks", runs(tokens.EventQuery{Action: "access_token.show"}), []string{"run 3", "", "run 4", ""})

	must(in("deploy of "+request.Secret.Reveal()).ReleaseAccessToken(ctx, t.ID))(w)
	w.equal("the run that tells a value", runs(tokens.EventQuery{Limit: 1}), []string{""})
}

// The story of a token holds what happened to its shares and to its technical user.
func testStoryOfAToken(w *world) {
	ctx := w.Context()
	friend := w.member("friend@example.com")
	user := w.user("ci", "")
	t, other := w.create(w.request("deploy", user.ID)), w.create(w.request("other", user.ID))
	for _, id := range []string{t.ID, other.ID} {
		must(w.ShareAccessToken(ctx, tokens.NewTokenShare{AccessTokenID: id, MemberID: friend.ID, Role: tokens.ShareViewer}))(w)
	}
	must(w.UpdateTechnicalUser(ctx, user.ID, tokens.TechnicalUserUpdate{Fields: tokens.Fields{"enabled"}}))(w)
	must(w.UpdateTokenShare(ctx, t.ID, friend.ID, tokens.ShareEditor))(w)
	w.succeed(w.UnshareAccessToken(ctx, t.ID, friend.ID))
	_, err := w.acting(friend.Email).ShareAccessToken(ctx,
		tokens.NewTokenShare{AccessTokenID: t.ID, MemberID: friend.ID, Role: tokens.ShareManager})
	w.refusal(err, tokens.CodeForbidden)
	story := func(as *world) []string { return actions(must(as.Events(ctx, tokens.EventQuery{ObjectID: t.ID}))(as)) }
	all := []string{"technical_user.create", "access_token.create", "token_share.create", "technical_user.disable",
		"token_share.update", "token_share.delete", "token_share.create refused"}
	w.equal("the story", story(w), all)
	w.equal("the end of it", actions(must(w.Events(ctx, tokens.EventQuery{ObjectID: t.ID, Limit: 2}))(w)), all[5:])
	// Who manages no accounts sees nothing of the technical user.
	w.equal("the story for a viewer", story(w.acting(friend.Email)), []string{"access_token.create", "token_share.create",
		"token_share.update", "token_share.delete", "token_share.create refused"})
	w.equal("the story of the other token",
		actions(must(w.Events(ctx, tokens.EventQuery{ObjectID: other.ID}))(w)),
		[]string{"technical_user.create", "access_token.create", "token_share.create", "technical_user.disable"})
	w.equal("the story of the technical user",
		actions(must(w.Events(ctx, tokens.EventQuery{ObjectID: user.ID}))(w)),
		[]string{"technical_user.create", "technical_user.disable"})

	w.succeed(w.DeleteAccessToken(ctx, t.ID))
	w.equal("the story of a token that is gone", story(w), []string{"access_token.create", "token_share.create",
		"token_share.update", "token_share.delete", "token_share.create refused", "access_token.delete"})
}

// An event tells nobody of a token that they may not know about now, whoever read it before.
func testHiddenMentions(w *world) {
	ctx := w.Context()
	user := w.user("ci", "")
	must(w.CreateMember(ctx, tokens.NewMember{Email: "bea@example.com", MemberSettings: tokens.MemberSettings{
		Grants: tokens.Grants{Role: tokens.RoleAdministrator}}}))(w)
	bea := w.acting("bea@example.com")
	hide := func(id string) {
		w.update(id, tokens.AccessTokenUpdate{
			Settings: tokens.Settings{Visibility: tokens.VisibilityRestricted}, Fields: tokens.Fields{"visibility"},
		})
	}
	last := func(as *world, action tokens.Action) tokens.Event {
		w.Helper()
		events := must(as.Events(ctx, tokens.EventQuery{Action: string(action), Limit: 1}))(w)
		if len(events) == 0 {
			w.Fatalf("there is no event %s", action)
		}
		return events[0]
	}

	// The refusal to delete a technical user names its tokens to an owner.
	hidden := w.create(w.request("merger", user.ID))
	w.refusal(w.DeleteTechnicalUser(ctx, user.ID), tokens.CodeConflict)
	w.mentions(last(bea, tokens.ActionTechnicalUserDelete).Detail, "merger")
	hide(hidden.ID)
	w.mentions(last(w, tokens.ActionTechnicalUserDelete).Detail, "merger")
	w.omits(last(bea, tokens.ActionTechnicalUserDelete).Detail, "merger")
	w.equal("the code", last(bea, tokens.ActionTechnicalUserDelete).Details, tokens.EventDetails{Code: tokens.CodeConflict})

	// A token acted under the address of its technical user, which has its name.
	request := w.request("takeover", "")
	request.Own.Role = tokens.RoleAdministrator
	acting := w.create(request)
	must(w.holding(request.Secret).CreateGroup(ctx, tokens.NewGroup{GroupSettings: tokens.GroupSettings{Name: "new"}}))(w)
	w.mentions(string(last(bea, tokens.ActionGroupCreate).Actor), "takeover")
	hide(acting.ID)
	w.equal("the actor", last(bea, tokens.ActionGroupCreate).Actor, tokens.Actor(acting.ID))
	w.equal("the actor for an owner", string(last(w, tokens.ActionGroupCreate).Actor), acting.User.Email+"_"+acting.ID)
	w.equal("what is found by the name",
		len(must(bea.Events(ctx, tokens.EventQuery{Actor: "*takeover*"}))(w)), 0)

	// Its name is taken, and nobody hears by whom.
	taken := func(as *world) *tokens.Error {
		_, err := as.CreateTechnicalUser(ctx, tokens.NewTechnicalUser{TechnicalUserSettings: tokens.TechnicalUserSettings{
			Name: acting.User.Name, Grants: tokens.Grants{Role: tokens.RoleNone}}})
		return w.refusal(err, tokens.CodeConflict)
	}
	w.equal("the holder of the name, for an owner", taken(w).Holder.ID, acting.User.ID)
	w.omits(last(bea, tokens.ActionTechnicalUserCreate).Detail, acting.User.ID)
	refusal := taken(bea)
	w.equal("the holder of the name", refusal.Holder.ID, "")
	w.omits(refusal.Error(), acting.User.ID)
}

// Each filter of a query selects what it says, alone and with others.
func testEventFilters(w *world) {
	ctx := w.Context()
	w.group("first")
	w.clock.Advance(time.Minute)
	since := w.clock.Instant()
	_, _ = w.as("local:ben@host").CreateGroup(ctx, tokens.NewGroup{GroupSettings: tokens.GroupSettings{Name: "100%_sure"}})
	w.clock.Advance(time.Minute)
	until := w.clock.Instant()
	w.user("ci", "")
	for _, test := range []struct {
		name  string
		query tokens.EventQuery
		want  []string
	}{
		{"all", tokens.EventQuery{},
			[]string{"database.create", "group.create", "group.create refused", "technical_user.create"}},
		{"actor", tokens.EventQuery{Actor: "local:BEN@host"}, []string{"group.create refused"}},
		{"actor, in part", tokens.EventQuery{Actor: "*ben*"}, []string{"group.create refused"}},
		{"actor, nobody", tokens.EventQuery{Actor: "ben"}, []string{}},
		{"actor, a wildcard of the database", tokens.EventQuery{Actor: "local:b%@host"}, []string{}},
		{"actor, many wildcards", tokens.EventQuery{Actor: "*l*:*b*e*n*@*", Limit: 1}, []string{"group.create refused"}},
		{"action", tokens.EventQuery{Action: "group.create"}, []string{"group.create", "group.create refused"}},
		{"verb", tokens.EventQuery{Action: "*.create", Limit: 2}, []string{"group.create refused", "technical_user.create"}},
		{"outcome", tokens.EventQuery{Outcome: tokens.OutcomeRefused}, []string{"group.create refused"}},
		{"since and until", tokens.EventQuery{Since: since, Until: until}, []string{"group.create refused"}},
		{"until", tokens.EventQuery{Until: since}, []string{"database.create", "group.create"}},
		{"run", tokens.EventQuery{Run: "*"},
			[]string{"database.create", "group.create", "group.create refused", "technical_user.create"}},
		{"another run", tokens.EventQuery{Run: "12"}, []string{}},
	} {
		w.equal(test.name, actions(must(w.Events(ctx, test.query))(w)), test.want)
	}
	for field, query := range map[string]tokens.EventQuery{
		"action":  {Action: "token.*"},
		"outcome": {Outcome: "failed"},
		"until":   {Since: until, Until: since},
		"limit":   {Limit: -1},
		"actor":   {Actor: strings.Repeat("a", 2000)},
		"run":     {Run: strings.Repeat("a", 2000)},
	} {
		_, err := w.Events(ctx, query)
		w.equal("the field", w.refusal(err, tokens.CodeInvalid).Field, field)
		_, err = w.EventsAfter(ctx, query, tokens.EventPosition{})
		w.equal("the field", w.refusal(err, tokens.CodeInvalid).Field, field)
	}
}

// Whoever asks again from where the last answer ended gets every event once, in order, whoever wrote it.
func testFollowedEvents(w *world) {
	ctx := w.Context()
	request := w.request("deploy", w.user("ci", "").ID)
	request.Grace = tokens.Grace{Duration: time.Hour}
	id := w.create(request).ID
	page := must(w.EventsAfter(ctx, tokens.EventQuery{Limit: 1}, tokens.EventPosition{}))(w)
	position := page.End
	w.equal("the latest event", actions(page.Events), []string{"access_token.create"})
	told := must(w.Events(ctx, tokens.EventQuery{}))(w)
	follow := func(want ...string) {
		w.Helper()
		page := must(w.EventsAfter(ctx, tokens.EventQuery{}, position))(w)
		position = page.End
		told = append(told, page.Events...)
		w.equal("what is new", actions(page.Events), append([]string{}, want...))
	}
	follow()
	w.regenerateWith(id, tokens.AccessTokenUpdate{}, ownGrace)
	follow("access_token.regenerate")
	follow()
	w.clock.Advance(2 * time.Hour)
	follow("access_token.retire_previous") // nobody has written it yet
	follow()
	elsewhere := w.elsewhere("local:ben@host")
	must(elsewhere.HoldAccessToken(ctx, id, "leaked"))(w)
	follow("access_token.hold")
	w.succeed(elsewhere.service.Close())
	w.clock.Advance(later)
	must(w.PruneEvents(ctx, w.clock.Instant()))(w)
	follow("event.prune")
	w.group("payments")
	w.clock.Advance(-time.Hour) // whatever the clock does
	follow("group.create")
	follow()
	seen := map[string]bool{}
	for _, e := range told {
		if seen[e.ID] {
			w.Errorf("event %s was told twice", e.ID)
		}
		seen[e.ID] = true
	}
}

// testPagesOfEvents reads the log page by page, from its end. The last events are ends of grace periods that nobody has
// written yet.
func testPagesOfEvents(w *world) {
	ctx := w.Context()
	user := w.user("ci", "")
	for range 3 {
		request := w.request("deploy", user.ID)
		request.Grace = tokens.Grace{Duration: time.Hour}
		w.regenerateWith(w.create(request).ID, tokens.AccessTokenUpdate{}, ownGrace)
	}
	w.clock.Advance(2 * time.Hour)
	for _, query := range []tokens.EventQuery{{}, {Action: "access_token.*"}, {Action: "access_token.retire_previous"}} {
		whole := must(w.Events(ctx, query))(w)
		for limit := 1; limit <= len(whole); limit++ {
			query.Limit, query.Cursor = limit, ""
			var told []tokens.Event
			for {
				page := must(w.EventsAfter(ctx, query, tokens.EventPosition{}))(w)
				told = append(page.Events, told...)
				if len(page.Events) < limit && page.NextCursor != "" {
					w.Fatalf("a page of %d has %d events", limit, len(page.Events))
				}
				if query.Cursor = page.NextCursor; query.Cursor == "" {
					break
				}
			}
			w.equal("all pages", told, whole)
		}
	}
	page := must(w.EventsAfter(ctx, tokens.EventQuery{Limit: 2}, tokens.EventPosition{}))(w)
	rest := tokens.EventQuery{Cursor: page.NextCursor}
	earlier := must(w.Events(ctx, rest))(w)
	w.group("payments") // which writes the ends of the grace periods
	w.equal("what was before, now that it is written", must(w.Events(ctx, rest))(w), earlier)
	w.clock.Advance(later)
	must(w.PruneEvents(ctx, w.clock.Instant()))(w)
	w.equal("what was before, now that it is gone", len(must(w.Events(ctx, rest))(w)), 0)
	for _, cursor := range []string{"x", "1", "1.x", "-1." + earlier[0].ID, "1." + user.ID} {
		_, err := w.Events(ctx, tokens.EventQuery{Cursor: cursor})
		w.equal("the field", w.refusal(err, tokens.CodeInvalid).Field, "cursor")
	}
}
