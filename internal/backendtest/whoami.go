package backendtest

import "github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"

// testWhoami asks who asks, as everybody who may ask.
func testWhoami(w *world) {
	ctx := w.Context()
	everything := tokens.Access{Organization: tokens.Permissions{tokens.PermissionAll}}
	payments := w.group("payments")
	must(w.CreateRole(ctx, tokens.NewRole{RoleSettings: tokens.RoleSettings{
		Name: "clerk", Permissions: []string{"orders:read", "orders:write"},
	}}))(w)
	who := func(by *world) tokens.Self { return must(by.Whoami(ctx))(w) }

	w.equal("the owner of the database", who(w), tokens.Self{Grants: tokens.Grants{Role: tokens.RoleOwner}, Access: everything})

	grants := tokens.Grants{Role: "clerk", GroupRoles: []tokens.GroupRole{{GroupID: payments.ID, Role: tokens.RoleViewer}}}
	access := tokens.Access{
		Organization: tokens.Permissions{"orders:read", "orders:write"},
		Groups:       map[string]tokens.Permissions{payments.ID: {"api:read", "tokens:read"}},
	}
	ben := must(w.CreateMember(ctx, tokens.NewMember{
		Email: "ben@example.com", MemberSettings: tokens.MemberSettings{Name: "Ben", Grants: grants},
	}))(w)
	w.equal("a member", who(w.acting("BEN@example.com")),
		tokens.Self{AccountID: ben.ID, Email: "ben@example.com", Grants: grants, Access: access})

	ci := must(w.CreateTechnicalUser(ctx, tokens.NewTechnicalUser{TechnicalUserSettings: tokens.TechnicalUserSettings{
		Name: "ci", Grants: grants, Enabled: true,
	}}))(w)
	request := w.request("deploy", ci.ID)
	deploy := w.create(request)
	holder := w.holding(request.Secret)
	w.equal("the holder of a token", who(holder),
		tokens.Self{AccessTokenID: deploy.ID, AccountID: ci.ID, Email: ci.Email, Grants: grants, Access: access})

	narrow := w.request("narrow", ci.ID)
	narrow.Own.Role, narrow.Own.GroupRoles = tokens.RoleNone, []tokens.GroupRole{{GroupID: payments.ID, Role: tokens.RoleOwner}}
	narrowed := w.create(narrow)
	w.equal("the holder of a narrowed token", who(w.holding(narrow.Secret)), tokens.Self{
		AccessTokenID: narrowed.ID, AccountID: ci.ID, Email: ci.Email, Grants: grants, Own: &narrow.Own,
		Access: tokens.Access{Groups: map[string]tokens.Permissions{
			payments.ID: {"api:read", "orders:read", "orders:write", "tokens:read"},
		}},
	})
	w.equal("the roles of a narrowed token", who(w.holding(narrow.Secret)).RoleNames(),
		[]string{"clerk", tokens.RoleViewer, tokens.RoleNone, tokens.RoleOwner})

	local := w.user("local", payments.ID)
	inGroup := w.request("in a group", local.ID)
	inTheGroup := w.create(inGroup)
	w.equal("the holder of a group's token", who(w.holding(inGroup.Secret)), tokens.Self{
		AccessTokenID: inTheGroup.ID, AccountID: local.ID, Email: local.Email,
		Grants: tokens.Grants{GroupRoles: []tokens.GroupRole{{GroupID: payments.ID, Role: local.Role}}},
		Access: tokens.Access{Groups: map[string]tokens.Permissions{
			payments.ID: tokens.NewRoles(nil)[local.Role],
		}},
	})

	laptop := w.personal("laptop", ben.ID)
	laptop.Own.Role = tokens.RoleViewer
	bens := w.create(laptop)
	w.equal("the holder of a personal token", who(w.holding(laptop.Secret)), tokens.Self{
		AccessTokenID: bens.ID, AccountID: ben.ID, Email: ben.Email, Grants: grants, Own: &laptop.Own,
		Access: tokens.Access{Groups: map[string]tokens.Permissions{payments.ID: {"api:read", "tokens:read"}}},
	})

	// A change of roles shows in the next answer.
	must(w.UpdateTechnicalUser(ctx, ci.ID, tokens.TechnicalUserUpdate{
		Settings: tokens.TechnicalUserSettings{Grants: tokens.Grants{Role: tokens.RoleOwner}},
		Fields:   tokens.Fields{"role", "group_roles"},
	}))(w)
	w.equal("the holder of a token whose roles changed", who(holder), tokens.Self{
		AccessTokenID: deploy.ID, AccountID: ci.ID, Email: ci.Email, Grants: tokens.Grants{Role: tokens.RoleOwner},
		Access: everything,
	})
	w.succeed(w.DeleteAccessToken(ctx, deploy.ID))
	_, err := holder.Whoami(ctx)
	w.equal("the reason", w.refusal(err, tokens.CodeForbidden).Reason, tokens.ReasonUnauthenticated)
}
