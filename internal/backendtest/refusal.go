package backendtest

import (
	"cmp"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// testRefusals checks, for every writing operation and each reason to refuse it, that the error names the attribute or
// object, that nothing changes, and that one event records the refusal.
func testRefusals(w *world) {
	ctx := w.Context()
	now := w.clock.Now()
	noGroup, noMember, noUser, noToken := tokens.NewID(tokens.KindGroup, now), tokens.NewID(tokens.KindMember, now),
		tokens.NewID(tokens.KindTechnicalUser, now), tokens.NewID(tokens.KindAccessToken, now)
	elsewhere := []tokens.GroupRole{{GroupID: noGroup, Role: tokens.RoleViewer}}
	noRole := tokens.NewID(tokens.KindRole, now)
	g, other := w.group("payments"), w.group("audit")
	clerk, auditor := w.role("clerk"), w.role("auditor")
	m := w.member("anna@example.com")
	u, second := w.user("ci", ""), w.user("cd", "")
	inGroup := w.user("local", g.ID)
	used := w.request("deploy", u.ID)
	t := w.create(used)
	held := w.create(w.request("held", u.ID))
	must(w.HoldAccessToken(ctx, held.ID, "leaked"))(w)
	expiring := w.request("expiring", u.ID)
	expiring.ExpiresAt = w.clock.Instant().Add(time.Minute)
	e := w.create(expiring)
	share := must(w.ShareAccessToken(ctx, tokens.NewTokenShare{AccessTokenID: t.ID, MemberID: m.ID,
		Role: tokens.ShareViewer}))(w)
	d := must(w.Backend.Database(ctx))(w)
	w.clock.Advance(time.Hour)

	create := func(alter func(*tokens.NewAccessToken)) func() error {
		return func() error {
			n := w.request("new", u.ID)
			alter(&n)
			_, err := w.CreateAccessToken(ctx, n)
			return err
		}
	}
	update := func(id string, u tokens.AccessTokenUpdate) func() error {
		return func() error { _, err := w.UpdateAccessToken(ctx, id, u); return err }
	}
	regenerate := func(id string, alter func(*tokens.Regeneration)) func() error {
		return func() error {
			r := &tokens.Regeneration{NewSecretFor: w.fresh(), Reason: tokens.ReasonRequested}
			alter(r)
			_, err := w.UpdateAccessToken(ctx, id, tokens.AccessTokenUpdate{Regeneration: r})
			return err
		}
	}
	createUser := func(n tokens.NewTechnicalUser) func() error {
		return func() error { _, err := w.CreateTechnicalUser(ctx, n); return err }
	}
	updateUser := func(id string, u tokens.TechnicalUserUpdate) func() error {
		return func() error { _, err := w.UpdateTechnicalUser(ctx, id, u); return err }
	}
	createMember := func(n tokens.NewMember) func() error {
		return func() error { _, err := w.CreateMember(ctx, n); return err }
	}
	updateMember := func(id string, u tokens.MemberUpdate) func() error {
		return func() error { _, err := w.UpdateMember(ctx, id, u); return err }
	}
	createGroup := func(n tokens.NewGroup) func() error {
		return func() error { _, err := w.CreateGroup(ctx, n); return err }
	}
	updateGroup := func(id string, u tokens.GroupUpdate) func() error {
		return func() error { _, err := w.UpdateGroup(ctx, id, u); return err }
	}
	createRole := func(n tokens.NewRole) func() error {
		return func() error { _, err := w.CreateRole(ctx, n); return err }
	}
	updateRole := func(id string, u tokens.RoleUpdate) func() error {
		return func() error { _, err := w.UpdateRole(ctx, id, u); return err }
	}
	shareWith := func(tokenID, memberID, role string) func() error {
		return func() error {
			_, err := w.ShareAccessToken(ctx, tokens.NewTokenShare{AccessTokenID: tokenID, MemberID: memberID, Role: role})
			return err
		}
	}
	viewer := tokens.Grants{Role: tokens.RoleViewer}

	for _, test := range []struct {
		name   string
		do     func() error
		action tokens.Action
		code   tokens.Code
		field  string
		// id is the identifier in the error, of the object or of the holder, object the event's.
		id, object string
	}{
		{"group: name", createGroup(tokens.NewGroup{GroupSettings: tokens.GroupSettings{Name: "Payments"}}),
			tokens.ActionGroupCreate, tokens.CodeInvalid, "name", "", ""},
		{"group: description",
			createGroup(tokens.NewGroup{GroupSettings: tokens.GroupSettings{Name: "new", Description: "\x00"}}),
			tokens.ActionGroupCreate, tokens.CodeInvalid, "description", "", ""},
		{"group: taken", createGroup(tokens.NewGroup{GroupSettings: tokens.GroupSettings{Name: "payments"}}),
			tokens.ActionGroupCreate, tokens.CodeConflict, "name", g.ID, ""},
		{"group update: missing", updateGroup(noGroup, tokens.GroupUpdate{}), tokens.ActionGroupUpdate, tokens.CodeNotFound,
			"", noGroup, noGroup},
		{"group update: name",
			updateGroup(g.ID, tokens.GroupUpdate{Settings: tokens.GroupSettings{Name: ""}, Fields: tokens.Fields{"name"}}),
			tokens.ActionGroupUpdate, tokens.CodeInvalid, "name", "", g.ID},
		{"group update: taken",
			updateGroup(g.ID, tokens.GroupUpdate{Settings: tokens.GroupSettings{Name: "audit"}, Fields: tokens.Fields{"name"}}),
			tokens.ActionGroupUpdate, tokens.CodeConflict, "name", other.ID, g.ID},
		{"group delete: missing", func() error { return w.DeleteGroup(ctx, noGroup) }, tokens.ActionGroupDelete,
			tokens.CodeNotFound, "", noGroup, noGroup},
		{"group delete: in use", func() error { return w.DeleteGroup(ctx, g.ID) }, tokens.ActionGroupDelete,
			tokens.CodeConflict, "", inGroup.ID, g.ID},

		{"role: name", createRole(tokens.NewRole{RoleSettings: tokens.RoleSettings{Name: "Clerk"}}), tokens.ActionRoleCreate,
			tokens.CodeInvalid, "name", "", ""},
		{"role: built-in name", createRole(tokens.NewRole{RoleSettings: tokens.RoleSettings{Name: tokens.RoleViewer}}),
			tokens.ActionRoleCreate, tokens.CodeInvalid, "name", "", ""},
		{"role: description", createRole(tokens.NewRole{RoleSettings: tokens.RoleSettings{Name: "new", Description: "\x00"}}),
			tokens.ActionRoleCreate, tokens.CodeInvalid, "description", "", ""},
		{"role: permission",
			createRole(tokens.NewRole{RoleSettings: tokens.RoleSettings{Name: "new", Permissions: []string{"orders"}}}),
			tokens.ActionRoleCreate, tokens.CodeInvalid, "permissions", "", ""},
		{"role: unknown reserved permission",
			createRole(tokens.NewRole{RoleSettings: tokens.RoleSettings{Name: "new", Permissions: []string{"tokens:delete"}}}),
			tokens.ActionRoleCreate, tokens.CodeInvalid, "permissions", "", ""},
		{"role: taken", createRole(tokens.NewRole{RoleSettings: tokens.RoleSettings{Name: "clerk"}}), tokens.ActionRoleCreate,
			tokens.CodeConflict, "name", clerk.ID, ""},
		{"role update: missing", updateRole(noRole, tokens.RoleUpdate{}), tokens.ActionRoleUpdate, tokens.CodeNotFound, "",
			noRole, noRole},
		{"role update: built-in name", updateRole(clerk.ID,
			tokens.RoleUpdate{Settings: tokens.RoleSettings{Name: tokens.RoleOwner}, Fields: tokens.Fields{"name"}}),
			tokens.ActionRoleUpdate, tokens.CodeInvalid, "name", "", clerk.ID},
		{"role update: permission", updateRole(clerk.ID,
			tokens.RoleUpdate{Settings: tokens.RoleSettings{Permissions: []string{"*:*"}},
				Fields: tokens.Fields{"permissions"}}), tokens.ActionRoleUpdate, tokens.CodeInvalid, "permissions", "", clerk.ID},
		{"role update: taken",
			updateRole(clerk.ID, tokens.RoleUpdate{Settings: tokens.RoleSettings{Name: "auditor"},
				Fields: tokens.Fields{"name"}}), tokens.ActionRoleUpdate, tokens.CodeConflict, "name", auditor.ID, clerk.ID},
		{"role delete: missing", func() error { return w.DeleteRole(ctx, noRole) }, tokens.ActionRoleDelete,
			tokens.CodeNotFound, "", noRole, noRole},

		{"member: email",
			createMember(tokens.NewMember{Email: "anna", MemberSettings: tokens.MemberSettings{Grants: viewer}}),
			tokens.ActionMemberCreate, tokens.CodeInvalid, "email", "", ""},
		{"member: name",
			createMember(tokens.NewMember{Email: "b@example.com",
				MemberSettings: tokens.MemberSettings{Name: " ", Grants: viewer}}), tokens.ActionMemberCreate, tokens.CodeInvalid,
			"name", "", ""},
		{"member: role",
			createMember(tokens.NewMember{Email: "b@example.com",
				MemberSettings: tokens.MemberSettings{Grants: tokens.Grants{Role: "boss"}}}), tokens.ActionMemberCreate,
			tokens.CodeInvalid, "role", "", ""},
		{"member: unknown group",
			createMember(tokens.NewMember{Email: "b@example.com",
				MemberSettings: tokens.MemberSettings{Grants: tokens.Grants{Role: tokens.RoleNone, GroupRoles: elsewhere}}}),
			tokens.ActionMemberCreate, tokens.CodeInvalid, "group_roles", "", ""},
		{"member: taken",
			createMember(tokens.NewMember{Email: "ANNA@example.com", MemberSettings: tokens.MemberSettings{Grants: viewer}}),
			tokens.ActionMemberCreate, tokens.CodeConflict, "email", m.ID, ""},
		{"member: unknown role in a group",
			createMember(tokens.NewMember{Email: "b@example.com",
				MemberSettings: tokens.MemberSettings{Grants: tokens.Grants{Role: tokens.RoleNone,
					GroupRoles: []tokens.GroupRole{{GroupID: g.ID, Role: "boss"}}}}}), tokens.ActionMemberCreate, tokens.CodeInvalid,
			"group_roles", "", ""},
		{"member update: missing", updateMember(noMember, tokens.MemberUpdate{}), tokens.ActionMemberUpdate,
			tokens.CodeNotFound, "", noMember, noMember},
		{"member update: role",
			updateMember(m.ID, tokens.MemberUpdate{Settings: tokens.MemberSettings{Grants: tokens.Grants{Role: ""}},
				Fields: tokens.Fields{"role"}}), tokens.ActionMemberUpdate, tokens.CodeInvalid, "role", "", m.ID},
		{"member update: unknown group", updateMember(m.ID,
			tokens.MemberUpdate{Settings: tokens.MemberSettings{Grants: tokens.Grants{GroupRoles: elsewhere}},
				Fields: tokens.Fields{"group_roles"}}), tokens.ActionMemberUpdate, tokens.CodeInvalid, "group_roles", "", m.ID},
		{"member delete: missing", func() error { return w.DeleteMember(ctx, noMember) }, tokens.ActionMemberDelete,
			tokens.CodeNotFound, "", noMember, noMember},

		{"technical user: name",
			createUser(tokens.NewTechnicalUser{TechnicalUserSettings: tokens.TechnicalUserSettings{Name: "C I",
				Grants: viewer}}), tokens.ActionTechnicalUserCreate, tokens.CodeInvalid, "name", "", ""},
		{"technical user: no role",
			createUser(tokens.NewTechnicalUser{TechnicalUserSettings: tokens.TechnicalUserSettings{Name: "new"}}),
			tokens.ActionTechnicalUserCreate, tokens.CodeInvalid, "role", "", ""},
		{"technical user: unknown group",
			createUser(tokens.NewTechnicalUser{GroupID: noGroup,
				TechnicalUserSettings: tokens.TechnicalUserSettings{Name: "new", Grants: viewer}}),
			tokens.ActionTechnicalUserCreate, tokens.CodeInvalid, "group_id", "", ""},
		{"technical user: unknown group of a role",
			createUser(tokens.NewTechnicalUser{TechnicalUserSettings: tokens.TechnicalUserSettings{Name: "new",
				Grants: tokens.Grants{Role: tokens.RoleNone, GroupRoles: elsewhere}}}), tokens.ActionTechnicalUserCreate,
			tokens.CodeInvalid, "group_roles", "", ""},
		{"technical user: roles in groups at a group's level",
			createUser(tokens.NewTechnicalUser{GroupID: g.ID,
				TechnicalUserSettings: tokens.TechnicalUserSettings{Name: "new",
					Grants: tokens.Grants{Role: tokens.RoleNone, GroupRoles: []tokens.GroupRole{}}}}),
			tokens.ActionTechnicalUserCreate, tokens.CodeInvalid, "group_roles", "", ""},
		{"technical user: taken",
			createUser(tokens.NewTechnicalUser{TechnicalUserSettings: tokens.TechnicalUserSettings{Name: "ci", Grants: viewer}}),
			tokens.ActionTechnicalUserCreate, tokens.CodeConflict, "name", u.ID, ""},
		{"technical user update: missing", updateUser(noUser, tokens.TechnicalUserUpdate{}), tokens.ActionTechnicalUserUpdate,
			tokens.CodeNotFound, "", noUser, noUser},
		{"technical user update: role", updateUser(u.ID,
			tokens.TechnicalUserUpdate{Settings: tokens.TechnicalUserSettings{Enabled: false,
				Grants: tokens.Grants{Role: "boss"}}, Fields: tokens.Fields{"role", "enabled"}}), tokens.ActionTechnicalUserUpdate,
			tokens.CodeInvalid, "role", "", u.ID},
		{"technical user update: unknown group", updateUser(u.ID,
			tokens.TechnicalUserUpdate{Settings: tokens.TechnicalUserSettings{Grants: tokens.Grants{GroupRoles: elsewhere}},
				Fields: tokens.Fields{"group_roles"}}), tokens.ActionTechnicalUserUpdate, tokens.CodeInvalid, "group_roles", "",
			u.ID},
		{"technical user update: taken", updateUser(u.ID,
			tokens.TechnicalUserUpdate{Settings: tokens.TechnicalUserSettings{Name: "cd"}, Fields: tokens.Fields{"name"}}),
			tokens.ActionTechnicalUserUpdate, tokens.CodeConflict, "name", second.ID, u.ID},
		{"technical user delete: missing", func() error { return w.DeleteTechnicalUser(ctx, noUser) },
			tokens.ActionTechnicalUserDelete, tokens.CodeNotFound, "", noUser, noUser},
		{"technical user delete: in use", func() error { return w.DeleteTechnicalUser(ctx, u.ID) },
			tokens.ActionTechnicalUserDelete, tokens.CodeConflict, "", t.ID, u.ID},

		{"token: request id", create(func(n *tokens.NewAccessToken) { n.RequestID = "once" }), tokens.ActionAccessTokenCreate,
			tokens.CodeInvalid, "request_id", "", ""},
		{"token: no secret", create(func(n *tokens.NewAccessToken) { n.Secret = tokens.Secret{} }),
			tokens.ActionAccessTokenCreate, tokens.CodeInvalid, "token", "", ""},
		{"token: used secret", create(func(n *tokens.NewAccessToken) { n.Secret = used.Secret }),
			tokens.ActionAccessTokenCreate, tokens.CodeConflict, "token", t.ID, ""},
		{"token: used request id", create(func(n *tokens.NewAccessToken) { n.RequestID = used.RequestID }),
			tokens.ActionAccessTokenCreate, tokens.CodeConflict, "request_id", t.ID, ""},
		{"token: name", create(func(n *tokens.NewAccessToken) { n.Name = "" }), tokens.ActionAccessTokenCreate,
			tokens.CodeInvalid, "name", "", ""},
		{"token: unknown technical user", create(func(n *tokens.NewAccessToken) { n.TechnicalUserID = noUser }),
			tokens.ActionAccessTokenCreate, tokens.CodeInvalid, "technical_user_id", "", ""},
		{"token: two levels", create(func(n *tokens.NewAccessToken) { n.GroupID = g.ID }), tokens.ActionAccessTokenCreate,
			tokens.CodeInvalid, "group_id", "", ""},
		{"token: unknown group", create(func(n *tokens.NewAccessToken) { n.TechnicalUserID, n.GroupID = "", noGroup }),
			tokens.ActionAccessTokenCreate, tokens.CodeInvalid, "group_id", "", ""},
		{"token: role", create(func(n *tokens.NewAccessToken) { n.Own.Role = "boss" }), tokens.ActionAccessTokenCreate,
			tokens.CodeInvalid, "role", "", ""},
		{"token: unknown group of a role", create(func(n *tokens.NewAccessToken) { n.Own.GroupRoles = elsewhere }),
			tokens.ActionAccessTokenCreate, tokens.CodeInvalid, "group_roles", "", ""},
		{"token: unknown group of a role, without a technical user",
			create(func(n *tokens.NewAccessToken) { n.TechnicalUserID, n.Own.GroupRoles = "", elsewhere }),
			tokens.ActionAccessTokenCreate, tokens.CodeInvalid, "group_roles", "", ""},
		{"token: roles in groups at a group's level", create(func(n *tokens.NewAccessToken) {
			n.TechnicalUserID, n.Own.GroupRoles = inGroup.ID, []tokens.GroupRole{{GroupID: g.ID, Role: tokens.RoleViewer}}
		}), tokens.ActionAccessTokenCreate, tokens.CodeInvalid, "group_roles", "", ""},
		{"token: visibility", create(func(n *tokens.NewAccessToken) { n.Visibility = "secret" }),
			tokens.ActionAccessTokenCreate, tokens.CodeInvalid, "visibility", "", ""},
		{"token: passed expiry", create(func(n *tokens.NewAccessToken) { n.ExpiresAt = w.clock.Now() }),
			tokens.ActionAccessTokenCreate, tokens.CodeInvalid, "expires_at", "", ""},
		{"token: ttl and expiry",
			create(func(n *tokens.NewAccessToken) { n.ExpiresAt, n.TTL = w.clock.Now().Add(day), time.Hour }),
			tokens.ActionAccessTokenCreate, tokens.CodeInvalid, "ttl", "", ""},
		{"token: activation behind expiry",
			create(func(n *tokens.NewAccessToken) { n.ActivatesAt, n.TTL = w.clock.Now().Add(day), time.Hour }),
			tokens.ActionAccessTokenCreate, tokens.CodeInvalid, "activates_at", "", ""},

		{"token update: missing", update(noToken, tokens.AccessTokenUpdate{}), tokens.ActionAccessTokenUpdate,
			tokens.CodeNotFound, "", noToken, noToken},
		{"token update: name",
			update(t.ID, tokens.AccessTokenUpdate{Settings: tokens.Settings{Name: " x", Enabled: false},
				Fields: tokens.Fields{"name", "enabled"}}), tokens.ActionAccessTokenUpdate, tokens.CodeInvalid, "name", "", t.ID},
		{"token update: role",
			update(t.ID, tokens.AccessTokenUpdate{Settings: tokens.Settings{Own: tokens.Grants{Role: "boss"}},
				Fields: tokens.Fields{"role"}}), tokens.ActionAccessTokenUpdate, tokens.CodeInvalid, "role", "", t.ID},
		{"token update: visibility",
			update(t.ID, tokens.AccessTokenUpdate{Settings: tokens.Settings{Visibility: tokens.Visibility("secret")},
				Fields: tokens.Fields{"visibility"}}), tokens.ActionAccessTokenUpdate, tokens.CodeInvalid, "visibility", "", t.ID},
		{"token update: unknown group",
			update(t.ID, tokens.AccessTokenUpdate{Settings: tokens.Settings{Own: tokens.Grants{GroupRoles: elsewhere}},
				Fields: tokens.Fields{"group_roles"}}), tokens.ActionAccessTokenUpdate, tokens.CodeInvalid, "group_roles", "",
			t.ID},
		{"token update: passed expiry",
			update(t.ID, tokens.AccessTokenUpdate{Settings: tokens.Settings{ExpiresAt: w.clock.Instant()},
				Fields: tokens.Fields{"expires_at"}}), tokens.ActionAccessTokenUpdate, tokens.CodeInvalid, "expires_at", "", t.ID},
		{"token update: ttl beside expiry", update(e.ID,
			tokens.AccessTokenUpdate{Settings: tokens.Settings{TTL: day}, Fields: tokens.Fields{"ttl"}}),
			tokens.ActionAccessTokenUpdate, tokens.CodeInvalid, "ttl", "", e.ID},
		{"token update: passed ttl",
			update(t.ID, tokens.AccessTokenUpdate{Settings: tokens.Settings{TTL: time.Hour}, Fields: tokens.Fields{"ttl"}}),
			tokens.ActionAccessTokenUpdate, tokens.CodeInvalid, "ttl", "", t.ID},

		{"token: due from the start", create(func(n *tokens.NewAccessToken) { n.TTL, n.RegenerateBeforeExpiry = day, day }),
			tokens.ActionAccessTokenCreate, tokens.CodeInvalid, "regenerate_before_expiry", "", ""},
		{"token: due without a ttl", create(func(n *tokens.NewAccessToken) { n.RegenerateBeforeExpiry = day }),
			tokens.ActionAccessTokenCreate, tokens.CodeInvalid, "regenerate_before_expiry", "", ""},
		{"token: expiry policy", create(func(n *tokens.NewAccessToken) { n.OnExpired = "renew" }),
			tokens.ActionAccessTokenCreate, tokens.CodeInvalid, "on_expired", "", ""},
		{"token: regeneration at a fixed end", create(func(n *tokens.NewAccessToken) {
			n.ExpiresAt, n.OnExpired = w.clock.Now().Add(day), tokens.OnExpiredRegenerate
		}), tokens.ActionAccessTokenCreate, tokens.CodeInvalid, "on_expired", "", ""},
		{"token: drift policy", create(func(n *tokens.NewAccessToken) { n.OnSecretDrift = "ignore" }),
			tokens.ActionAccessTokenCreate, tokens.CodeInvalid, "on_secret_drift", "", ""},
		{"token: grace", create(func(n *tokens.NewAccessToken) { n.Grace.Duration = -day }), tokens.ActionAccessTokenCreate,
			tokens.CodeInvalid, "grace_period", "", ""},
		{"token: grace without an end", create(func(n *tokens.NewAccessToken) { n.Grace.UntilExpiry = true }),
			tokens.ActionAccessTokenCreate, tokens.CodeInvalid, "grace_period", "", ""},
		{"token: protection", create(func(n *tokens.NewAccessToken) { n.ProtectIfUsedWithin = time.Millisecond }),
			tokens.ActionAccessTokenCreate, tokens.CodeInvalid, "protect_if_used_within", "", ""},
		{"token update: due without a ttl", update(t.ID,
			tokens.AccessTokenUpdate{Settings: tokens.Settings{Policies: tokens.Policies{RegenerateBeforeExpiry: day}},
				Fields: tokens.Fields{"regenerate_before_expiry"}}), tokens.ActionAccessTokenUpdate, tokens.CodeInvalid,
			"regenerate_before_expiry", "", t.ID},
		{"token update: grace without an end", update(t.ID,
			tokens.AccessTokenUpdate{
				Settings: tokens.Settings{Policies: tokens.Policies{Grace: tokens.Grace{UntilExpiry: true}}},
				Fields:   tokens.Fields{"grace_period"},
			}), tokens.ActionAccessTokenUpdate, tokens.CodeInvalid, "grace_period", "", t.ID},

		{"retire: missing", func() error { _, err := w.RetirePreviousSecret(ctx, noToken, 0); return err },
			tokens.ActionAccessTokenRetirePrevious, tokens.CodeNotFound, "", noToken, noToken},
		{"retire: version", func() error { _, err := w.RetirePreviousSecret(ctx, t.ID, 2); return err },
			tokens.ActionAccessTokenRetirePrevious, tokens.CodeConflict, "secret_version", t.ID, t.ID},
		{"retire: none", func() error { _, err := w.RetirePreviousSecret(ctx, t.ID, 0); return err },
			tokens.ActionAccessTokenRetirePrevious, tokens.CodeConflict, "", t.ID, t.ID},
		{"regeneration: grace without an end", regenerate(t.ID,
			func(r *tokens.Regeneration) { r.Grace = &tokens.Grace{UntilExpiry: true} }), tokens.ActionAccessTokenRegenerate,
			tokens.CodeInvalid, "grace_period", "", t.ID},
		{"regeneration: missing", regenerate(noToken, func(*tokens.Regeneration) {}), tokens.ActionAccessTokenRegenerate,
			tokens.CodeNotFound, "", noToken, noToken},
		{"regeneration: request id", regenerate(t.ID, func(r *tokens.Regeneration) { r.RequestID = "" }),
			tokens.ActionAccessTokenRegenerate, tokens.CodeInvalid, "request_id", "", t.ID},
		{"regeneration: used request id", regenerate(t.ID, func(r *tokens.Regeneration) { r.RequestID = used.RequestID }),
			tokens.ActionAccessTokenRegenerate, tokens.CodeConflict, "request_id", t.ID, t.ID},
		{"regeneration: used secret", regenerate(held.ID, func(r *tokens.Regeneration) { r.Secret = used.Secret }),
			tokens.ActionAccessTokenRegenerate, tokens.CodeConflict, "token", t.ID, held.ID},
		{"regeneration: version", regenerate(t.ID, func(r *tokens.Regeneration) { r.ExpectedVersion = 2 }),
			tokens.ActionAccessTokenRegenerate, tokens.CodeConflict, "secret_version", t.ID, t.ID},
		{"regeneration: passed expiry", regenerate(e.ID, func(*tokens.Regeneration) {}), tokens.ActionAccessTokenRegenerate,
			tokens.CodeInvalid, "expires_at", "", e.ID},

		{"hold: missing", func() error { _, err := w.HoldAccessToken(ctx, noToken, "leaked"); return err },
			tokens.ActionAccessTokenHold, tokens.CodeNotFound, "", noToken, noToken},
		{"hold: no reason", func() error { _, err := w.HoldAccessToken(ctx, t.ID, " "); return err },
			tokens.ActionAccessTokenHold, tokens.CodeInvalid, "reason", "", t.ID},
		{"hold: held", func() error { _, err := w.HoldAccessToken(ctx, held.ID, "again"); return err },
			tokens.ActionAccessTokenHold, tokens.CodeConflict, "", held.ID, held.ID},
		{"release: missing", func() error { _, err := w.ReleaseAccessToken(ctx, noToken); return err },
			tokens.ActionAccessTokenRelease, tokens.CodeNotFound, "", noToken, noToken},
		{"release: not held", func() error { _, err := w.ReleaseAccessToken(ctx, t.ID); return err },
			tokens.ActionAccessTokenRelease, tokens.CodeConflict, "", t.ID, t.ID},
		{"token delete: missing", func() error { return w.DeleteAccessToken(ctx, noToken) }, tokens.ActionAccessTokenDelete,
			tokens.CodeNotFound, "", noToken, noToken},

		{"share: role", shareWith(held.ID, m.ID, "owner"), tokens.ActionTokenShareCreate, tokens.CodeInvalid, "role", "", ""},
		{"share: unknown token", shareWith(noToken, m.ID, tokens.ShareViewer), tokens.ActionTokenShareCreate,
			tokens.CodeInvalid, "access_token_id", "", ""},
		{"share: unknown member", shareWith(held.ID, noMember, tokens.ShareViewer), tokens.ActionTokenShareCreate,
			tokens.CodeInvalid, "member_id", "", ""},
		{"share: taken", shareWith(t.ID, m.ID, tokens.ShareManager), tokens.ActionTokenShareCreate, tokens.CodeConflict,
			"member_id", share.ID(), share.ID()},
		{"share update: missing",
			func() error { _, err := w.UpdateTokenShare(ctx, held.ID, m.ID, tokens.ShareViewer); return err },
			tokens.ActionTokenShareUpdate, tokens.CodeNotFound, "", tokens.ShareID(held.ID, m.ID),
			tokens.ShareID(held.ID, m.ID)},
		{"share update: role", func() error { _, err := w.UpdateTokenShare(ctx, t.ID, m.ID, "owner"); return err },
			tokens.ActionTokenShareUpdate, tokens.CodeInvalid, "role", "", share.ID()},
		{"prune: not passed", func() error { _, err := w.PruneEvents(ctx, w.clock.Now().Add(later)); return err },
			tokens.ActionEventPrune, tokens.CodeInvalid, "before", "", d.ID},
		{"unshare: missing", func() error { return w.UnshareAccessToken(ctx, held.ID, m.ID) }, tokens.ActionTokenShareDelete,
			tokens.CodeNotFound, "", tokens.ShareID(held.ID, m.ID), tokens.ShareID(held.ID, m.ID)},
	} {
		w.Run(test.name, func(t *testing.T) {
			w := w.with(t)
			before, events := w.content(), w.events("")
			refusal := w.refusal(test.do(), test.code)
			w.equal("the field", refusal.Field, test.field)
			w.equal("the reason", refusal.Reason, refusalReasons[test.name])
			w.equal("the id", cmp.Or(refusal.Holder.ID, refusal.ID), test.id)
			if refusal.ID != "" {
				w.equal("the kind", refusal.Kind, tokens.KindOf(refusal.ID))
			}
			w.equal("the kind of the holder", refusal.Holder.Kind, tokens.KindOf(refusal.Holder.ID))
			w.equal("the content", w.content(), before)

			after := w.events("")
			if len(after) != len(events)+1 {
				t.Fatalf("%d events were written, want 1", len(after)-len(events))
			}
			event := after[len(events)]
			w.equal("the event", event, tokens.Event{ID: event.ID, At: w.clock.Instant(), Actor: "local:anna@host",
				Action:   test.action,
				ObjectID: test.object, ObjectName: event.ObjectName, Outcome: tokens.OutcomeRefused, Detail: refusal.Error(),
				Details: tokens.EventDetails{Code: test.code, Field: test.field}})
			if strings.Contains(event.Detail, used.Secret.Reveal()[10:22]) {
				t.Error("the event contains part of a secret")
			}
		})
	}
}

// refusalReasons are the reasons of the refusals in testRefusals, by their names; all others have none.
var refusalReasons = map[string]tokens.Reason{
	"group: taken":                    tokens.ReasonNameTaken,
	"group update: taken":             tokens.ReasonNameTaken,
	"role: taken":                     tokens.ReasonNameTaken,
	"role update: taken":              tokens.ReasonNameTaken,
	"member: taken":                   tokens.ReasonNameTaken,
	"technical user: taken":           tokens.ReasonNameTaken,
	"technical user update: taken":    tokens.ReasonNameTaken,
	"share: taken":                    tokens.ReasonNameTaken,
	"group delete: in use":            tokens.ReasonInUse,
	"technical user delete: in use":   tokens.ReasonInUse,
	"member: role":                    tokens.ReasonUnknownRole,
	"member: unknown role in a group": tokens.ReasonUnknownRole,
	"technical user update: role":     tokens.ReasonUnknownRole,
	"token: role":                     tokens.ReasonUnknownRole,
	"token update: role":              tokens.ReasonUnknownRole,
	"token update: passed ttl":        tokens.ReasonTTLTooShort,
	"regeneration: version":           tokens.ReasonVersionMovedOn,
	"retire: version":                 tokens.ReasonVersionMovedOn,
	"token: used secret":              tokens.ReasonSecretHeld,
	"regeneration: used secret":       tokens.ReasonSecretHeld,
	"token: request id":               tokens.ReasonNotAnIdentifier,
	"regeneration: request id":        tokens.ReasonNotAnIdentifier,
}
