package backendtest

import "github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"

func testGroups(w *world) {
	ctx := w.Context()
	made := w.clock.Instant()
	g := must(w.CreateGroup(ctx,
		tokens.NewGroup{GroupSettings: tokens.GroupSettings{Name: "payments", Description: "Money in and out"}}))(w)
	if !tokens.IsID(tokens.KindGroup, g.ID) {
		w.Errorf("%q is not a group identifier", g.ID)
	}
	w.equal("the new group", g, tokens.Group{ID: g.ID, CreatedAt: made, UpdatedAt: made,
		GroupSettings: tokens.GroupSettings{Name: "payments", Description: "Money in and out"}})
	w.equal("the group", must(w.Group(ctx, g.ID))(w), g)
	other := w.group("audit")
	w.equal("the groups by name", must(w.Groups(ctx))(w), []tokens.Group{other, g})

	w.clock.Advance(later)
	want := g
	want.Name, want.Description, want.UpdatedAt = "billing", "", w.clock.Instant()
	w.equal("the changed group",
		must(w.UpdateGroup(ctx, g.ID, tokens.GroupUpdate{Settings: tokens.GroupSettings{Name: "billing", Description: ""},
			Fields: tokens.Fields{"name", "description"}}))(w), want)
	w.equal("the group afterwards", must(w.Group(ctx, g.ID))(w), want)
	w.group("payments") // the former name is free

	user := w.user("ci", g.ID)
	err := w.refusal(w.DeleteGroup(ctx, g.ID), tokens.CodeConflict)
	w.mentions(err.Error(), g.ID, user.Email, user.ID)
	w.succeed(w.DeleteTechnicalUser(ctx, user.ID))
	w.succeed(w.DeleteGroup(ctx, g.ID))
	_, gone := w.Group(ctx, g.ID)
	w.equal("the id of what is gone", w.refusal(gone, tokens.CodeNotFound).ID, g.ID)
	w.refusal(w.DeleteGroup(ctx, g.ID), tokens.CodeNotFound)
}

func testGroupDeletionDropsRoles(w *world) {
	ctx := w.Context()
	kept, dropped := w.group("kept"), w.group("dropped")
	both := []tokens.GroupRole{{GroupID: dropped.ID, Role: tokens.RoleManager},
		{GroupID: kept.ID, Role: tokens.RoleViewer}}
	only := []tokens.GroupRole{{GroupID: dropped.ID, Role: tokens.RoleViewer}}
	member := must(w.CreateMember(ctx, tokens.NewMember{Email: "anna@example.com",
		MemberSettings: tokens.MemberSettings{Grants: tokens.Grants{Role: tokens.RoleNone, GroupRoles: both}}}))(w)
	user := must(w.CreateTechnicalUser(ctx, tokens.NewTechnicalUser{
		TechnicalUserSettings: tokens.TechnicalUserSettings{Name: "ci",
			Grants: tokens.Grants{Role: tokens.RoleManager, GroupRoles: both}, Enabled: true},
	}))(w)
	narrowed := w.request("narrowed", user.ID)
	narrowed.Own.GroupRoles = only
	token := w.create(narrowed)

	w.succeed(w.DeleteGroup(ctx, dropped.ID))

	left := []tokens.GroupRole{{GroupID: kept.ID, Role: tokens.RoleViewer}}
	w.equal("the member's roles", must(w.Member(ctx, member.ID))(w).GroupRoles, left)
	w.equal("the technical user's roles", must(w.TechnicalUser(ctx, user.ID))(w).GroupRoles, left)
	// The token had one role and now has none: without the set, it would have everything that its user holds.
	w.equal("the token's own roles", w.token(token.ID).Own.GroupRoles, []tokens.GroupRole{})
	w.equal("what the token opens", w.verify(narrowed.Secret).Grants, tokens.Grants{Role: tokens.RoleNone})
}
