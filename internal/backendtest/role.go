package backendtest

import (
	"strings"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// role creates a custom role.
func (w *world) role(name string, permissions ...string) tokens.Role {
	w.Helper()
	return must(w.CreateRole(w.Context(),
		tokens.NewRole{RoleSettings: tokens.RoleSettings{Name: name, Permissions: permissions}}))(w)
}

func testRoles(w *world) {
	ctx := w.Context()
	made := w.clock.Instant()
	r := must(w.CreateRole(ctx,
		tokens.NewRole{RoleSettings: tokens.RoleSettings{Name: "clerk", Description: "Takes orders",
			Permissions: []string{"orders:write", "orders:read", "orders:*"}}}))(w)
	if !tokens.IsID(tokens.KindRole, r.ID) {
		w.Errorf("%q is not a role identifier", r.ID)
	}
	w.equal("the new role", r, tokens.Role{ID: r.ID, CreatedAt: made, UpdatedAt: made,
		RoleSettings: tokens.RoleSettings{Name: "clerk", Description: "Takes orders",
			Permissions: []string{"orders:*", "orders:read", "orders:write"}}})
	w.equal("the role", must(w.Role(ctx, r.ID))(w), r)
	other := w.role("auditor")
	w.equal("the role without permissions", other.Permissions, []string(nil))
	w.equal("the roles, the built-in ones by power", must(w.Roles(ctx))(w), append(tokens.BuiltInRoles(), other, r))

	_, err := w.CreateRole(ctx, tokens.NewRole{RoleSettings: tokens.RoleSettings{Name: "clerk"}})
	conflict := w.refusal(err, tokens.CodeConflict)
	w.equal("the holder", conflict.Holder, tokens.Holder{Kind: tokens.KindRole, ID: r.ID})
	w.mentions(conflict.Error(), r.ID)

	w.clock.Advance(later)
	want := r
	want.Name, want.Description, want.Permissions, want.UpdatedAt = "sales", "", []string{"orders:read"}, w.clock.Instant()
	w.equal("the changed role",
		must(w.UpdateRole(ctx, r.ID,
			tokens.RoleUpdate{Settings: tokens.RoleSettings{Name: "sales", Description: "",
				Permissions: []string{"orders:read"}}, Fields: tokens.Fields{"name", "description", "permissions"}}))(w), want)
	w.equal("the role afterwards", must(w.Role(ctx, r.ID))(w), want)
	_, err = w.UpdateRole(ctx, other.ID, tokens.RoleUpdate{Settings: tokens.RoleSettings{Name: "sales"},
		Fields: tokens.Fields{"name"}})
	w.equal("the holder", w.refusal(err, tokens.CodeConflict).Holder, tokens.Holder{Kind: tokens.KindRole, ID: r.ID})
	w.role("clerk") // the former name is free

	w.succeed(w.DeleteRole(ctx, r.ID))
	_, err = w.Role(ctx, r.ID)
	w.equal("the id of what is gone", w.refusal(err, tokens.CodeNotFound).ID, r.ID)
	w.refusal(w.DeleteRole(ctx, r.ID), tokens.CodeNotFound)
	_, err = w.UpdateRole(ctx, r.ID, tokens.RoleUpdate{})
	w.refusal(err, tokens.CodeNotFound)
	w.equal("its events", actions(w.events(r.ID)), []string{"role.create", "role.update", "role.delete",
		"role.delete refused", "role.update refused"})
}

// A custom role is resolved at every use. A change of its permissions takes effect at once, a new name is carried over
// to everyone who has the role, and a deleted role grants nothing to those who keep its name.
func testRolesInUse(w *world) {
	ctx := w.Context()
	g := w.group("payments")
	clerk := w.role("clerk", "orders:read", tokens.PermissionReadTokens)
	grants := tokens.Grants{Role: "clerk", GroupRoles: []tokens.GroupRole{{GroupID: g.ID, Role: "clerk"}}}
	member := must(w.CreateMember(ctx, tokens.NewMember{Email: "ben@example.com",
		MemberSettings: tokens.MemberSettings{Grants: grants}}))(w)
	user := must(w.CreateTechnicalUser(ctx,
		tokens.NewTechnicalUser{TechnicalUserSettings: tokens.TechnicalUserSettings{Name: "ci", Grants: grants,
			Enabled: true}}))(w)
	narrowing := w.request("narrowed", w.user("cd", "").ID)
	narrowing.Own = grants
	following := w.request("all of its technical user's", user.ID)
	system := w.request("with one made by the system", "")
	system.Own = grants
	all := []tokens.AccessToken{w.create(narrowing), w.create(following), w.create(system)}
	opens := func(what string, organization ...string) {
		w.Helper()
		for _, request := range []tokens.NewAccessToken{following, system} {
			w.equal(what+": "+request.Name, w.verify(request.Secret).Access.Organization, tokens.NewPermissions(organization...))
		}
	}
	opens("at first", "orders:read", "tokens:read")
	w.equal("within a manager's", w.verify(narrowing.Secret).Access,
		tokens.Access{Organization: tokens.Permissions{"tokens:read"}})
	ben := w.acting(member.Email)
	must(ben.AccessTokens(ctx, tokens.TokenQuery{}))(w)

	w.clock.Advance(later)
	must(w.UpdateRole(ctx, clerk.ID,
		tokens.RoleUpdate{Settings: tokens.RoleSettings{Name: "sales",
			Permissions: []string{"orders:*", tokens.PermissionReadTokens}}, Fields: tokens.Fields{"name", "permissions"}}))(w)
	renamed := tokens.Grants{Role: "sales", GroupRoles: []tokens.GroupRole{{GroupID: g.ID, Role: "sales"}}}
	w.equal("the member's roles", must(w.Member(ctx, member.ID))(w).Grants, renamed)
	w.equal("the technical user's roles", must(w.TechnicalUser(ctx, user.ID))(w).Grants, renamed)
	w.equal("the narrowed token's own roles", w.token(all[0].ID).Own, renamed)
	w.equal("the roles of the technical user that the system made", must(w.TechnicalUser(ctx, all[2].User.ID))(w).Grants,
		renamed)
	opens("after the role's change", "orders:*", "tokens:read")
	w.equal("the tokens that the member sees", len(must(ben.AccessTokens(ctx, tokens.TokenQuery{}))(w).AccessTokens),
		len(all))

	w.succeed(w.DeleteRole(ctx, clerk.ID))
	w.equal("the member's roles are kept", must(w.Member(ctx, member.ID))(w).Grants, renamed)
	w.equal("the token's own roles are kept", w.token(all[0].ID).Own, renamed)
	opens("after the role's end")
	w.equal("what the narrowed token opens then", w.verify(narrowing.Secret).Access, tokens.Access{})
	w.equal("the tokens that the member sees then", len(must(ben.AccessTokens(ctx, tokens.TokenQuery{}))(w).AccessTokens),
		0)
	w.equal("the roles that are shown", w.token(all[1].ID).Grants, tokens.Grants{Role: tokens.RoleNone})

	// An account that keeps the name can be changed otherwise. Setting the name again is an error that lists the existing
	// roles.
	must(w.UpdateMember(ctx, member.ID,
		tokens.MemberUpdate{Settings: tokens.MemberSettings{Name: "Ben",
			Grants: tokens.Grants{Role: "sales", GroupRoles: renamed.GroupRoles}},
			Fields: tokens.Fields{"name", "role", "group_roles"}}))(w)
	must(w.UpdateTechnicalUser(ctx, user.ID,
		tokens.TechnicalUserUpdate{Settings: tokens.TechnicalUserSettings{Description: "Builds",
			Grants: tokens.Grants{Role: "sales"}}, Fields: tokens.Fields{"description", "role"}}))(w)
	w.update(all[0].ID,
		tokens.AccessTokenUpdate{Settings: tokens.Settings{Description: "Narrow", Own: tokens.Grants{Role: "sales"}},
			Fields: tokens.Fields{"description", "role"}})
	_, system.Secret = w.regenerate(all[2].ID)
	w.role("auditor")
	_, err := w.UpdateTechnicalUser(ctx, all[0].User.ID,
		tokens.TechnicalUserUpdate{Settings: tokens.TechnicalUserSettings{Grants: tokens.Grants{Role: "sales"}},
			Fields: tokens.Fields{"role"}})
	unknown := w.refusal(err, tokens.CodeInvalid)
	w.equal("the field", unknown.Field, "role")
	w.mentions(unknown.Error(), `"sales"`, strings.Join(tokens.BuiltInRoleNames(), ", ")+", auditor")

	// They have any new role of that name.
	w.role("sales", "stock:read")
	opens("after a new role of that name", "stock:read")
}

// Someone who may not list the roles doesn't learn their names by a mistake.
func testUnknownRole(w *world) {
	ctx := w.Context()
	g := w.group("payments")
	must(w.CreateRole(ctx,
		tokens.NewRole{RoleSettings: tokens.RoleSettings{Name: "deployer", Permissions: []string{"orders:read"}}}))(w)
	must(w.CreateMember(ctx, tokens.NewMember{Email: "ben@example.com",
		MemberSettings: tokens.MemberSettings{Grants: tokens.Grants{Role: tokens.RoleNone,
			GroupRoles: []tokens.GroupRole{{GroupID: g.ID, Role: tokens.RoleManager}}}}}))(w)
	for name, by := range map[string]*world{"owner": w, "manager of a group": w.acting("ben@example.com")} {
		request := by.request("deploy", "")
		request.GroupID, request.Own.Role = g.ID, "deploier"
		_, err := by.CreateAccessToken(ctx, request)
		text := w.refusal(err, tokens.CodeInvalid).Error()
		w.mentions(text, "none, viewer, member, manager, administrator, owner")
		if told := strings.Contains(text, "deployer"); told != (name == "owner") {
			w.Errorf("the %s is told about custom roles: %t", name, told)
		}
	}
}
