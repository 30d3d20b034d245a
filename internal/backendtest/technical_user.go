package backendtest

import (
	"fmt"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

func testTechnicalUsers(w *world) {
	ctx := w.Context()
	made := w.clock.Instant()
	g := w.group("payments")

	inGroup := must(w.CreateTechnicalUser(ctx, tokens.NewTechnicalUser{
		GroupID: g.ID,
		TechnicalUserSettings: tokens.TechnicalUserSettings{Name: "ci", Description: "Builds",
			Grants: tokens.Grants{Role: tokens.RoleManager}, Enabled: true},
	}))(w)
	w.equal("the technical user of a group", inGroup, tokens.TechnicalUser{
		ID:        inGroup.ID,
		Email:     "ci@payments.default.latchkey.internal",
		GroupID:   g.ID,
		CreatedAt: made,
		UpdatedAt: made,
		TechnicalUserSettings: tokens.TechnicalUserSettings{Name: "ci", Description: "Builds",
			Grants: tokens.Grants{Role: tokens.RoleManager}, Enabled: true},
	})
	roles := []tokens.GroupRole{{GroupID: g.ID, Role: tokens.RoleViewer}}
	global := must(w.CreateTechnicalUser(ctx, tokens.NewTechnicalUser{
		TechnicalUserSettings: tokens.TechnicalUserSettings{Name: "ci",
			Grants: tokens.Grants{Role: tokens.RoleNone, GroupRoles: roles}},
	}))(w)
	w.equal("the technical user of the organization, disabled from the start", global, tokens.TechnicalUser{
		ID:        global.ID,
		Email:     "ci@default.latchkey.internal",
		Disabled:  &tokens.Stop{By: "local:anna@host", At: made},
		CreatedAt: made,
		UpdatedAt: made,
		TechnicalUserSettings: tokens.TechnicalUserSettings{Name: "ci",
			Grants: tokens.Grants{Role: tokens.RoleNone, GroupRoles: roles}},
	})
	w.equal("the technical users by address", must(w.TechnicalUsers(ctx))(w), []tokens.TechnicalUser{global, inGroup})

	for _, holder := range []tokens.TechnicalUser{inGroup, global} {
		_, err := w.CreateTechnicalUser(ctx, tokens.NewTechnicalUser{GroupID: holder.GroupID,
			TechnicalUserSettings: tokens.TechnicalUserSettings{Name: "ci", Grants: tokens.Grants{Role: tokens.RoleNone}}})
		conflict := w.refusal(err, tokens.CodeConflict)
		w.equal("the holder", conflict.Holder, tokens.Holder{Kind: tokens.KindTechnicalUser, ID: holder.ID})
		w.mentions(conflict.Error(), holder.ID)
	}

	w.clock.Advance(later)
	want := global
	want.Name, want.Description, want.Role, want.GroupRoles = "builds", "All builds", tokens.RoleMember,
		[]tokens.GroupRole{}
	want.Enabled, want.Disabled, want.UpdatedAt = true, nil, w.clock.Instant()
	w.equal("the changed technical user", must(w.UpdateTechnicalUser(ctx, global.ID, tokens.TechnicalUserUpdate{
		Settings: tokens.TechnicalUserSettings{Name: "builds", Description: "All builds", Enabled: true,
			Grants: tokens.Grants{Role: tokens.RoleMember, GroupRoles: []tokens.GroupRole{}}},
		Fields: tokens.Fields{"name", "description", "role", "group_roles", "enabled"},
	}))(w), want)
	w.equal("the technical user afterwards", must(w.TechnicalUser(ctx, global.ID))(w), want)

	w.clock.Advance(later)
	ben := w.as("local:ben@host")
	stopped := must(ben.UpdateTechnicalUser(ctx, global.ID,
		tokens.TechnicalUserUpdate{Settings: tokens.TechnicalUserSettings{Enabled: false},
			Fields: tokens.Fields{"enabled"}}))(w)
	w.equal("who disabled it", stopped.Disabled, &tokens.Stop{By: "local:ben@host", At: w.clock.Instant()})
	w.equal("its events", actions(w.events(global.ID)),
		[]string{"technical_user.create", "technical_user.update", "technical_user.enable", "technical_user.disable"})

	var named []string
	for i := range 7 {
		t := w.create(w.request(fmt.Sprintf("token %d", i), inGroup.ID))
		if i < 5 {
			named = append(named, t.ID)
		}
	}
	err := w.refusal(w.DeleteTechnicalUser(ctx, inGroup.ID), tokens.CodeConflict)
	w.equal("what is in the way", err.ID, inGroup.ID)
	w.mentions(err.Error(), append(named, "token 0", "and 2 more")...)

	w.succeed(w.DeleteTechnicalUser(ctx, global.ID))
	_, gone := w.TechnicalUser(ctx, global.ID)
	w.refusal(gone, tokens.CodeNotFound)
	w.refusal(w.DeleteTechnicalUser(ctx, global.ID), tokens.CodeNotFound)
}

// A technical user's address is fixed when it is created. It stays taken when a rename frees the name.
func testTechnicalUserAddressIsKept(w *world) {
	ctx := w.Context()
	g := w.group("payments")
	renamed, moved := w.user("ci", ""), w.user("cd", g.ID)
	after := must(w.UpdateTechnicalUser(ctx, renamed.ID,
		tokens.TechnicalUserUpdate{Settings: tokens.TechnicalUserSettings{Name: "builds"}, Fields: tokens.Fields{"name"}}))(w)
	w.equal("the address after a rename", after.Email, "ci@default.latchkey.internal")
	must(w.UpdateGroup(ctx, g.ID, tokens.GroupUpdate{Settings: tokens.GroupSettings{Name: "billing"},
		Fields: tokens.Fields{"name"}}))(w)
	w.equal("the address after the group's rename", must(w.TechnicalUser(ctx, moved.ID))(w).Email,
		"cd@payments.default.latchkey.internal")

	_, err := w.CreateTechnicalUser(ctx,
		tokens.NewTechnicalUser{TechnicalUserSettings: tokens.TechnicalUserSettings{Name: "ci",
			Grants: tokens.Grants{Role: tokens.RoleNone}}})
	conflict := w.refusal(err, tokens.CodeConflict)
	w.equal("the holder", conflict.Holder, tokens.Holder{Kind: tokens.KindTechnicalUser, ID: renamed.ID})
	w.mentions(conflict.Error(), "ci@default.latchkey.internal", `"builds"`, renamed.ID, "events", "free again")
	w.succeed(w.DeleteTechnicalUser(ctx, renamed.ID))
	w.equal("the address of another one, once that is gone", w.user("ci", "").Email, "ci@default.latchkey.internal")

	successor := w.group("payments")
	_, err = w.CreateTechnicalUser(ctx, tokens.NewTechnicalUser{GroupID: successor.ID,
		TechnicalUserSettings: tokens.TechnicalUserSettings{Name: "cd", Grants: tokens.Grants{Role: tokens.RoleNone}}})
	w.equal("the holder in the former group", w.refusal(err, tokens.CodeConflict).Holder.ID, moved.ID)
	w.equal("the address in the renamed group", w.user("cf", g.ID).Email, "cf@billing.default.latchkey.internal")
}
