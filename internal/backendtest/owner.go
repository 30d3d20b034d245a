package backendtest

import "github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"

// If there is an owner, one always remains, whoever asks.
func testLastOwner(w *world) {
	ctx := w.Context()
	owner := tokens.Grants{Role: tokens.RoleOwner}
	// Without an owner, none is needed.
	system := w.request("deploy", "")
	system.Own = owner
	token := w.create(system)
	w.succeed(w.DeleteAccessToken(ctx, token.ID))

	m := must(w.CreateMember(ctx, tokens.NewMember{Email: "anna@example.com",
		MemberSettings: tokens.MemberSettings{Grants: owner}}))(w)
	w.role("everything", tokens.PermissionAll)
	g := w.group("payments")
	// These don't count as owners: a custom role with the same permissions, a group's owner, a disabled account, and one
	// that is deleted with its token.
	must(w.CreateMember(ctx, tokens.NewMember{Email: "ben@example.com",
		MemberSettings: tokens.MemberSettings{Grants: tokens.Grants{Role: "everything",
			GroupRoles: []tokens.GroupRole{{GroupID: g.ID, Role: tokens.RoleOwner}}}}}))(w)
	must(w.CreateTechnicalUser(ctx, tokens.NewTechnicalUser{GroupID: g.ID,
		TechnicalUserSettings: tokens.TechnicalUserSettings{Name: "local", Grants: owner, Enabled: true}}))(w)
	stopped := must(w.CreateTechnicalUser(ctx,
		tokens.NewTechnicalUser{TechnicalUserSettings: tokens.TechnicalUserSettings{Name: "stopped", Grants: owner}}))(w)
	system = w.request("deploy", "")
	system.Own = owner
	w.create(system)

	last := func(err error, id string) {
		w.Helper()
		conflict := w.refusal(err, tokens.CodeConflict)
		w.equal("the last owner", conflict.ID, id)
		w.equal("the reason", conflict.Reason, tokens.ReasonLastOwner)
		w.mentions(conflict.Error(), "last owner")
	}
	demoteMember := func() error {
		_, err := w.UpdateMember(ctx, m.ID,
			tokens.MemberUpdate{Settings: tokens.MemberSettings{Grants: tokens.Grants{Role: "everything"}},
				Fields: tokens.Fields{"role"}})
		return err
	}
	last(demoteMember(), m.ID)
	last(w.DeleteMember(ctx, m.ID), m.ID)
	last(w.acting(m.Email).DeleteMember(ctx, m.ID), m.ID)
	w.equal("the owner", must(w.Member(ctx, m.ID))(w), m)
	must(w.UpdateMember(ctx, m.ID, tokens.MemberUpdate{Settings: tokens.MemberSettings{Name: "Anna"},
		Fields: tokens.Fields{"name"}}))(w)

	u := must(w.UpdateTechnicalUser(ctx, stopped.ID,
		tokens.TechnicalUserUpdate{Settings: tokens.TechnicalUserSettings{Enabled: true},
			Fields: tokens.Fields{"enabled"}}))(w)
	w.succeed(demoteMember())
	_, err := w.UpdateTechnicalUser(ctx, u.ID,
		tokens.TechnicalUserUpdate{Settings: tokens.TechnicalUserSettings{Enabled: false}, Fields: tokens.Fields{"enabled"}})
	last(err, u.ID)
	_, err = w.UpdateTechnicalUser(ctx, u.ID,
		tokens.TechnicalUserUpdate{
			Settings: tokens.TechnicalUserSettings{Grants: tokens.Grants{Role: tokens.RoleAdministrator}},
			Fields:   tokens.Fields{"role"},
		})
	last(err, u.ID)
	last(w.DeleteTechnicalUser(ctx, u.ID), u.ID)
	w.equal("the technical user", must(w.TechnicalUser(ctx, u.ID))(w), u)

	must(w.UpdateMember(ctx, m.ID,
		tokens.MemberUpdate{Settings: tokens.MemberSettings{Grants: tokens.Grants{Role: tokens.RoleOwner}},
			Fields: tokens.Fields{"role"}}))(w)
	w.succeed(w.DeleteTechnicalUser(ctx, u.ID))
}
