package backendtest

import (
	"strings"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

func testEvents(w *world) {
	ctx := w.Context()
	g := w.group("payments")
	w.clock.Advance(later)
	must(w.as("local:ben@host").UpdateGroup(ctx, g.ID,
		tokens.GroupUpdate{Settings: tokens.GroupSettings{Name: "billing", Description: "Bills"},
			Fields: tokens.Fields{"name", "description"}}))(w)
	changed := w.clock.Instant()
	w.clock.Advance(later)
	w.succeed(w.DeleteGroup(ctx, g.ID))
	w.clock.Advance(later)
	refusal := w.refusal(w.DeleteGroup(ctx, g.ID), tokens.CodeNotFound)

	events := w.events(g.ID)
	w.equal("the events of the group", actions(events),
		[]string{"group.create", "group.update", "group.delete", "group.delete refused"})
	if !tokens.IsID(tokens.KindEvent, events[1].ID) {
		w.Errorf("%q is not an event identifier", events[1].ID)
	}
	w.equal("the event of the change", events[1], tokens.Event{ID: events[1].ID, At: changed, Actor: "local:ben@host",
		Action:   tokens.ActionGroupUpdate,
		ObjectID: g.ID, ObjectName: "billing", Outcome: tokens.OutcomeDone, Detail: "changed name, description",
		Details: tokens.EventDetails{Changes: []tokens.Change{
			{Setting: "name", From: "payments", To: "billing"}, {Setting: "description"},
		}}})
	w.equal("the detail of the refusal", events[3].Detail, refusal.Error())
	w.equal("its details", events[3].Details, tokens.EventDetails{Code: tokens.CodeNotFound})

	w.equal("the latest events", must(w.Events(ctx, tokens.EventQuery{Limit: 2}))(w), events[2:])
	w.equal("the latest event of the group", must(w.Events(ctx, tokens.EventQuery{ObjectID: g.ID, Limit: 1}))(w),
		events[3:])
	w.equal("all events", actions(w.events("")), append([]string{"database.create"}, actions(events)...))
	w.equal("the events of an object that never existed", len(w.events("grp_nothing")), 0)

	// A value that is pasted in place of an identifier or a name stays out of the events.
	value := w.secret()
	_ = w.DeleteAccessToken(ctx, value.Reveal())
	_, _ = w.HoldAccessToken(ctx, value.Reveal(), "leaked")
	_, _ = w.CreateGroup(ctx, tokens.NewGroup{GroupSettings: tokens.GroupSettings{Name: value.Reveal()}})
	_, _ = w.CreateAccessToken(ctx, w.request("deploy", value.Reveal()))
	all := w.events("")
	w.equal("the refusals", actions(all[len(all)-4:]),
		[]string{"access_token.delete refused", "access_token.hold refused", "group.create refused",
			"access_token.create refused"})
	for _, e := range all {
		if strings.Contains(e.ObjectID+e.ObjectName+e.Detail, value.Reveal()[10:22]) {
			w.Errorf("event %s of %s contains part of a secret", e.ID, e.Action)
		}
	}
}

// Events are kept until they are pruned, and a separate event says how many were.
func testPrunedEvents(w *world) {
	ctx := w.Context()
	w.group("first")
	w.clock.Advance(later)
	since := w.clock.Instant()
	w.group("second")
	w.clock.Advance(later)
	w.group("third")
	w.clock.Advance(later)
	all := w.events("")
	w.equal("the events since a time, including that time", must(w.Events(ctx, tokens.EventQuery{Since: since}))(w),
		all[2:])
	w.equal("the latest of them", must(w.Events(ctx, tokens.EventQuery{Since: since, Limit: 1}))(w), all[3:])
	w.equal("those of one object", len(must(w.Events(ctx, tokens.EventQuery{Since: since, ObjectID: all[1].ObjectID}))(w)),
		0)
	w.equal("the events since now", len(must(w.Events(ctx, tokens.EventQuery{Since: w.clock.Instant()}))(w)), 0)

	w.equal("the number of pruned events", must(w.PruneEvents(ctx, since))(w), int64(2))
	left := w.events("")
	w.equal("the events that are left", left[:2], all[2:])
	w.equal("the event of it", actions(left[2:]), []string{"event.prune"})
	w.equal("who did it", left[2].Actor, tokens.Actor("local:anna@host"))
	w.mentions(left[2].Detail, "2 events")
	w.equal("the number of pruned events, again", must(w.PruneEvents(ctx, since))(w), int64(0))
	w.equal("the groups are all there", len(must(w.Groups(ctx))(w)), 3)

	must(w.CreateMember(ctx, tokens.NewMember{Email: "ada@example.com",
		MemberSettings: tokens.MemberSettings{Grants: tokens.Grants{Role: tokens.RoleAdministrator}}}))(w)
	_, err := w.acting("ada@example.com").PruneEvents(ctx, since)
	w.refusal(err, tokens.CodeForbidden)
}

// An update that asks for the current state writes nothing: neither a change nor an event.
func testUpdatesThatChangeNothing(w *world) {
	ctx := w.Context()
	g, m := w.group("payments"), w.member("anna@example.com")
	u := w.user("ci", "")
	request := w.request("deploy", u.ID)
	request.Own.GroupRoles = []tokens.GroupRole{{GroupID: g.ID, Role: tokens.RoleViewer}}
	request.ExpiresAt = w.clock.Instant().Add(day)
	t := w.create(request)
	must(w.ShareAccessToken(ctx, tokens.NewTokenShare{AccessTokenID: t.ID, MemberID: m.ID, Role: tokens.ShareViewer}))(w)
	w.clock.Advance(later)
	before, events := w.content(), len(w.events(""))

	must(w.UpdateGroup(ctx, g.ID,
		tokens.GroupUpdate{Settings: tokens.GroupSettings{Name: g.Name, Description: g.Description},
			Fields: tokens.Fields{"name", "description"}}))(w)
	must(w.UpdateMember(ctx, m.ID,
		tokens.MemberUpdate{Settings: tokens.MemberSettings{Name: m.Name,
			Grants: tokens.Grants{Role: m.Role, GroupRoles: m.GroupRoles}},
			Fields: tokens.Fields{"name", "role", "group_roles"}}))(w)
	must(w.UpdateTechnicalUser(ctx, u.ID,
		tokens.TechnicalUserUpdate{Settings: tokens.TechnicalUserSettings{Name: u.Name, Enabled: true,
			Grants: tokens.Grants{Role: u.Role}}, Fields: tokens.Fields{"name", "role", "enabled"}}))(w)
	w.update(t.ID, tokens.AccessTokenUpdate{})
	w.update(t.ID, tokens.AccessTokenUpdate{
		Settings: tokens.Settings{Name: t.Name, Description: "", Enabled: true, ActivatesAt: time.Time{},
			ExpiresAt: request.ExpiresAt.In(time.FixedZone("", 3600)), TTL: 0,
			Own: tokens.Grants{Role: "", GroupRoles: request.Own.GroupRoles}},
		Fields: tokens.Fields{"name", "description", "role", "group_roles", "enabled", "activates_at", "expires_at", "ttl"},
	})
	must(w.UpdateTokenShare(ctx, t.ID, m.ID, tokens.ShareViewer))(w)

	w.equal("the content", w.content(), before)
	w.equal("the number of events", len(w.events("")), events)
}
