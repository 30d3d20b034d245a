package backendtest

import (
	"fmt"
	"slices"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// ephemeral is the input for an ephemeral token that ends in an hour.
func (w *world) ephemeral(name, technicalUserID string) tokens.NewAccessToken {
	request := w.request(name, technicalUserID)
	request.Ephemeral, request.ExpiresAt = true, w.clock.Instant().Add(time.Hour)
	return request
}

// An ephemeral token works like any, and only those who ask for it find it.
func testEphemeralTokens(w *world) {
	ctx := w.Context()
	user := w.user("ci", "")
	w.create(w.request("run", user.ID))
	request := w.ephemeral("run", user.ID)
	created := must(w.CreateAccessToken(ctx, request))(w)
	run := created.AccessToken
	w.equal("it is ephemeral", run.Ephemeral, true)
	w.equal("its namesakes", len(created.Namesakes), 0)
	w.equal("the answer to the same request", must(w.CreateAccessToken(ctx, request))(w), created)
	w.equal("the token", w.token(run.ID), run)
	w.equal("it works", w.verify(request.Secret).AccessToken != nil, true)
	w.equal("the namesakes of a lasting one", len(must(w.CreateAccessToken(ctx, w.request("run", user.ID)))(w).Namesakes), 1)

	list := func(query tokens.TokenQuery) []string {
		w.Helper()
		query.CountTotal = true
		page := must(w.AccessTokens(ctx, query))(w)
		w.equal("the total", page.Total, len(page.AccessTokens))
		return ids(page.AccessTokens)
	}
	for _, sort := range tokens.TokenColumns() {
		for _, limit := range []int{0, 10} {
			of := tokens.TokenQuery{TechnicalUserID: user.ID, Sort: sort, Limit: limit}
			w.equal("it is left out of lists by "+string(sort), slices.Contains(list(of), run.ID), false)
			of.Ephemeral = true
			w.equal("it is found by "+string(sort), len(list(of)), 3)
		}
	}
	w.equal("it is found by its identifier", list(tokens.TokenQuery{ID: run.ID}), []string{run.ID})

	w.clock.Advance(time.Hour)
	w.equal("after its end", w.verify(request.Secret).AccessToken.Status, tokens.StatusExpired)
	w.succeed(w.DeleteAccessToken(ctx, run.ID))
	w.refusal(w.DeleteAccessToken(ctx, run.ID), tokens.CodeNotFound)
}

// What no ephemeral token takes is refused, from its creation on.
func testEphemeralTokensAreNotEdited(w *world) {
	ctx := w.Context()
	user, member := w.user("ci", ""), w.member("ada@example.com")
	for _, change := range map[string]func(*tokens.NewAccessToken){
		"without a technical user": func(n *tokens.NewAccessToken) { n.TechnicalUserID = "" },
		"of a member":              func(n *tokens.NewAccessToken) { n.TechnicalUserID, n.MemberID = "", member.ID },
		"without an end":           func(n *tokens.NewAccessToken) { n.ExpiresAt = time.Time{} },
		"for more than a day":      func(n *tokens.NewAccessToken) { n.ExpiresAt = n.ExpiresAt.Add(tokens.MaxEphemeralLife) },
		"with a ttl":               func(n *tokens.NewAccessToken) { n.ExpiresAt, n.TTL = time.Time{}, time.Hour },
		"with a policy":            func(n *tokens.NewAccessToken) { n.Grace.Duration = time.Minute },
		"restricted":               func(n *tokens.NewAccessToken) { n.Visibility = tokens.VisibilityRestricted },
		"disabled":                 func(n *tokens.NewAccessToken) { n.Enabled = false },
		"with an own secret":       func(n *tokens.NewAccessToken) { n.Secret = w.ownSecret() },
	} {
		request := w.ephemeral("run", user.ID)
		change(&request)
		_, err := w.CreateAccessToken(ctx, request)
		w.mentions(w.refusal(err, tokens.CodeInvalid).Error(), "ephemeral")
	}

	run := w.create(w.ephemeral("run", user.ID))
	refused := func(what string, u tokens.AccessTokenUpdate) {
		w.Helper()
		_, err := w.UpdateAccessToken(ctx, run.ID, u)
		w.mentions(w.refusal(err, tokens.CodeInvalid).Error(), "ephemeral")
		w.equal("the token after "+what, w.token(run.ID).Settings, run.Settings)
	}
	settings := run.Settings
	settings.Name, settings.Visibility, settings.Own.Role = "other", tokens.VisibilityRestricted, tokens.RoleViewer
	for _, field := range []string{"name", "visibility", "role"} {
		refused("a change of "+field, tokens.AccessTokenUpdate{Settings: settings, Fields: tokens.Fields{field}})
	}
	refused("a regeneration", tokens.AccessTokenUpdate{
		Regeneration: &tokens.Regeneration{NewSecretFor: w.fresh(), Reason: tokens.ReasonRequested}})
	ends := func(at time.Time) tokens.AccessTokenUpdate {
		return tokens.AccessTokenUpdate{Settings: tokens.Settings{ExpiresAt: at}, Fields: tokens.Fields{"expires_at"}}
	}
	last := run.CreatedAt.Add(tokens.MaxEphemeralLife)
	refused("an end that is too late", ends(last.Add(time.Microsecond)))
	refused("no end", ends(time.Time{}))
	_, err := w.ShareAccessToken(ctx, tokens.NewTokenShare{AccessTokenID: run.ID, MemberID: member.ID, Role: tokens.ShareViewer})
	w.equal("the reason", w.refusal(err, tokens.CodeInvalid).Reason, tokens.ReasonEphemeralToken)

	w.equal("its last end", w.update(run.ID, ends(last)).ExpiresAt, last)
	w.equal("it is disabled", w.disable(run.ID).Status, tokens.StatusDisabled)
	must(w.HoldAccessToken(ctx, run.ID, "leaked"))(w)
}

// Who makes one may renew and delete it, although deleting a lasting token takes more; nobody else may with so little.
func testEphemeralTokensOfOthers(w *world) {
	ctx := w.Context()
	payments := w.group("payments")
	user := w.user("ci", payments.ID)
	must(w.CreateRole(ctx, tokens.NewRole{RoleSettings: tokens.RoleSettings{Name: "minter",
		Permissions: []string{tokens.PermissionWriteTokens}}}))(w)
	for _, email := range []string{"ada@example.com", "ben@example.com"} {
		must(w.CreateMember(ctx, tokens.NewMember{Email: email, MemberSettings: tokens.MemberSettings{Grants: tokens.Grants{
			Role: tokens.RoleNone, GroupRoles: []tokens.GroupRole{{GroupID: payments.ID, Role: "minter"}},
		}}}))(w)
	}
	ada, ben := w.acting("ada@example.com"), w.acting("ben@example.com")
	narrow := func(request tokens.NewAccessToken) tokens.NewAccessToken {
		request.Own.Role = tokens.RoleNone
		return request
	}
	lasting := must(ada.CreateAccessToken(ctx, narrow(w.request("lasting", user.ID))))(w)
	run := must(ada.CreateAccessToken(ctx, narrow(w.ephemeral("run", user.ID))))(w)
	w.refusal(ada.DeleteAccessToken(ctx, lasting.ID), tokens.CodeForbidden)
	w.refusal(ben.DeleteAccessToken(ctx, run.ID), tokens.CodeForbidden)
	must(ada.UpdateAccessToken(ctx, run.ID, tokens.AccessTokenUpdate{
		Settings: tokens.Settings{ExpiresAt: run.ExpiresAt.Add(time.Hour)}, Fields: tokens.Fields{"expires_at"},
	}))(w)
	w.succeed(ada.DeleteAccessToken(ctx, run.ID))

	// The tokens of a technical user are siblings: one that may do nothing deletes nothing.
	robots := must(w.CreateTechnicalUser(ctx, tokens.NewTechnicalUser{GroupID: payments.ID,
		TechnicalUserSettings: tokens.TechnicalUserSettings{Name: "robots", Grants: tokens.Grants{Role: "minter"}, Enabled: true}}))(w)
	whole, none := w.request("whole", robots.ID), narrow(w.request("none", robots.ID))
	w.create(whole)
	w.create(none)
	minted := must(w.holding(whole.Secret).CreateAccessToken(ctx, narrow(w.ephemeral("run", user.ID))))(w)
	w.refusal(w.holding(none.Secret).DeleteAccessToken(ctx, minted.ID), tokens.CodeForbidden)
	w.succeed(w.holding(whole.Secret).DeleteAccessToken(ctx, minted.ID))
}

// What a run leaves over is deleted by the next ephemeral token of the same technical user, or with that.
func testLeftOverTokens(w *world) {
	ctx := w.Context()
	ci, other := w.user("ci", ""), w.user("other", "")
	leftOver, others := w.create(w.ephemeral("run 1", ci.ID)), w.create(w.ephemeral("run 2", other.ID))
	held := w.create(w.ephemeral("run held", ci.ID)) // which a person ends
	must(w.HoldAccessToken(ctx, held.ID, "leaked"))(w)
	short := w.request("short", ci.ID)
	short.ExpiresAt = w.clock.Instant().Add(time.Hour)
	lasting := w.create(short)
	w.clock.Advance(30 * time.Minute)
	live := w.create(w.ephemeral("run 3", ci.ID))
	w.clock.Advance(30 * time.Minute)
	next := w.create(w.ephemeral("run 4", ci.ID))

	all := func(user tokens.TechnicalUser) []string {
		w.Helper()
		return sorted(ids(must(w.AccessTokens(ctx, tokens.TokenQuery{TechnicalUserID: user.ID, Ephemeral: true}))(w).AccessTokens))
	}
	w.equal("those of the technical user", all(ci), sorted([]string{held.ID, lasting.ID, live.ID, next.ID}))
	w.equal("those of another one", all(other), []string{others.ID})
	last := func(id string) tokens.Event { return w.events(id)[len(w.events(id))-1] }
	deleted := last(leftOver.ID)
	w.equal("the event", deleted.Action, tokens.ActionAccessTokenDelete)
	w.equal("what it says", deleted.Detail, "an earlier run left it over, expired")

	w.equal("the reason", w.refusal(w.DeleteTechnicalUser(ctx, ci.ID), tokens.CodeConflict).Reason, tokens.ReasonInUse)
	w.succeed(w.DeleteAccessToken(ctx, lasting.ID))
	refused := w.refusal(w.DeleteTechnicalUser(ctx, ci.ID), tokens.CodeConflict)
	w.equal("the reason", refused.Reason, tokens.ReasonInUseByRun)
	w.mentions(refused.Message, "run 3", live.ID, "which ends at "+tokens.FormatTimestamp(live.ExpiresAt))
	w.equal("a refused deletion deletes none", all(ci), sorted([]string{held.ID, live.ID, next.ID}))
	w.clock.Advance(time.Hour)
	w.equal("the reason", w.refusal(w.DeleteTechnicalUser(ctx, ci.ID), tokens.CodeConflict).Reason, tokens.ReasonInUseByRun)
	must(w.ReleaseAccessToken(ctx, held.ID))(w)
	w.succeed(w.DeleteTechnicalUser(ctx, ci.ID))
	w.equal("the event of the last one", last(next.ID).Action, tokens.ActionAccessTokenDelete)
}

// Several runs at once that find the same left-over tokens all get theirs, and delete each of those once.
func testLeftOverTokensAtOnce(w *world) {
	const people = 6
	ctx := w.Context()
	user := w.user("ci", "")
	var leftOver []string
	for range 3 {
		leftOver = append(leftOver, w.create(w.ephemeral("left over", user.ID)).ID)
	}
	w.clock.Advance(2 * time.Hour)
	var requests []tokens.NewAccessToken
	for range people {
		requests = append(requests, w.ephemeral("run", user.ID))
	}
	for _, err := range w.everyone(people, alone, func(i int, b tokens.Backend) error {
		_, err := b.CreateAccessToken(ctx, requests[i])
		return err
	}) {
		w.succeed(err)
	}
	page := must(w.AccessTokens(ctx, tokens.TokenQuery{TechnicalUserID: user.ID, Ephemeral: true}))(w)
	w.equal("the tokens that are there", len(page.AccessTokens), people)
	for _, id := range leftOver {
		w.equal("its events", actions(w.events(id)),
			[]string{string(tokens.ActionAccessTokenCreate), string(tokens.ActionAccessTokenDelete)})
	}
}

// ephemeralCells returns the cells of ephemeral tokens: to make one takes what any takes, and who made one deletes it; to
// delete that of somebody else takes what any takes.
func (m *matrix) ephemeralCells(caller string) (cells []cell) {
	ctx := m.Context()
	columns := len(visibilities) * len(shareRoles)
	for level, groupID := range m.levels() {
		for _, role := range rolesByPower {
			var id string
			cells = append(cells, cell{
				what:    fmt.Sprintf("create an ephemeral token with role %s in group %q", role, groupID),
				allowed: allows(m.letter(tableCreateToken, caller, 2*level), role),
				action:  tokens.ActionAccessTokenCreate,
				try: func() error {
					request := m.ephemeral(m.next("run"), m.owners[groupID].ID)
					request.Own.Role = role
					created, err := m.actor.CreateAccessToken(ctx, request)
					id = created.ID
					return err
				},
				undo: func() { m.succeed(m.actor.DeleteAccessToken(ctx, id)) },
			})
			user := must(m.CreateTechnicalUser(ctx, tokens.NewTechnicalUser{GroupID: groupID,
				TechnicalUserSettings: tokens.TechnicalUserSettings{Name: m.next("runs"), Enabled: true,
					Grants: tokens.Grants{Role: role}}}))(m.world)
			doomed := m.create(m.ephemeral(m.next("run"), user.ID))
			cells = append(cells, cell{
				what:    fmt.Sprintf("delete somebody's ephemeral token with role %s in group %q", role, groupID),
				allowed: allows(m.letter(tableDelete, caller, columns*level), role),
				action:  tokens.ActionAccessTokenDelete,
				object:  doomed.ID,
				try:     func() error { return m.actor.DeleteAccessToken(ctx, doomed.ID) },
			})
		}
	}
	return cells
}
