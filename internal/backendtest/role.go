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

// A custom role is held by its id and resolved at every use. A change of its permissions takes effect at once, everyone
// keeps it under a new name, and who held a deleted one holds none, for good.
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

	w.equal("what holds the role", must(w.RoleHolders(ctx, clerk.ID))(w),
		tokens.RoleHolders{Members: 1, TechnicalUsers: 2, AccessTokens: 2})
	w.succeed(w.DeleteRole(ctx, clerk.ID))
	events := w.events(clerk.ID)
	w.equal("what the event says", events[len(events)-1].Detail,
		"it was held by 1 member, 2 technical users and 2 access tokens")
	none := tokens.Grants{Role: tokens.RoleNone, GroupRoles: []tokens.GroupRole{{GroupID: g.ID, Role: tokens.RoleNone}}}
	holdsNothing := func(when string) {
		w.Helper()
		w.equal(when+": the member's roles", must(w.Member(ctx, member.ID))(w).Grants, none)
		w.equal(when+": the technical user's roles", must(w.TechnicalUser(ctx, user.ID))(w).Grants, none)
		w.equal(when+": the technical user among others", must(w.TechnicalUsers(ctx))(w)[1].Grants, none)
		w.equal(when+": the narrowed token's own roles", w.token(all[0].ID).Own, none)
		opens(when)
		w.equal(when+": what the narrowed token opens", w.verify(narrowing.Secret).Access, tokens.Access{})
		w.equal(when+": the tokens that the member sees",
			len(must(ben.AccessTokens(ctx, tokens.TokenQuery{}))(w).AccessTokens), 0)
		w.equal(when+": the roles that are shown", w.token(all[1].ID).Grants, tokens.Grants{Role: tokens.RoleNone})
	}
	holdsNothing("after the role's end")

	// They can be changed otherwise. Setting the name again is an error that lists the existing roles.
	must(w.UpdateMember(ctx, member.ID,
		tokens.MemberUpdate{Settings: tokens.MemberSettings{Name: "Ben"}, Fields: tokens.Fields{"name"}}))(w)
	must(w.UpdateTechnicalUser(ctx, user.ID, tokens.TechnicalUserUpdate{
		Settings: tokens.TechnicalUserSettings{Description: "Builds"}, Fields: tokens.Fields{"description"}}))(w)
	w.update(all[0].ID,
		tokens.AccessTokenUpdate{Settings: tokens.Settings{Description: "Narrow"}, Fields: tokens.Fields{"description"}})
	_, system.Secret = w.regenerate(all[2].ID)
	w.role("auditor")
	again := tokens.TechnicalUserUpdate{Settings: tokens.TechnicalUserSettings{Grants: tokens.Grants{Role: "sales"}},
		Fields: tokens.Fields{"role"}}
	_, err := w.UpdateTechnicalUser(ctx, user.ID, again)
	unknown := w.refusal(err, tokens.CodeInvalid)
	w.equal("the field", unknown.Field, "role")
	w.mentions(unknown.Error(), `"sales"`, strings.Join(tokens.BuiltInRoleNames(), ", ")+", auditor")

	// A new role of that name is another one. It is given like any other, and then holds under any name.
	sales := w.role("sales", "stock:read")
	holdsNothing("after a new role of that name")
	w.equal("what holds the new role", must(w.RoleHolders(ctx, sales.ID))(w), tokens.RoleHolders{})
	must(w.UpdateTechnicalUser(ctx, user.ID, again))(w)
	w.equal("what it opens once it has the new role", w.verify(following.Secret).Access.Organization,
		tokens.Permissions{"stock:read"})

	// A name that passes from one role to another takes nobody with it.
	boss := w.role("boss", "*")
	for _, rename := range []struct{ id, name string }{{sales.ID, "trade"}, {boss.ID, "sales"}} {
		must(w.UpdateRole(ctx, rename.id, tokens.RoleUpdate{Settings: tokens.RoleSettings{Name: rename.name},
			Fields: tokens.Fields{"name"}}))(w)
	}
	w.equal("the role of the technical user", must(w.TechnicalUser(ctx, user.ID))(w).Role, "trade")
	w.equal("what it opens after the names changed", w.verify(following.Secret).Access.Organization,
		tokens.Permissions{"stock:read"})
}

// A role that is deleted and made again under its name wakes no grant of before. Otherwise a person who may not get at
// its power would regenerate a token in between, when it has none, and wait.
func testNameOfARoleThatReturns(w *world) {
	ctx := w.Context()
	g := w.group("payments")
	power := []string{tokens.PermissionManageAccounts, "orders:*"}
	manager := w.role("manages-tokens", tokens.PermissionReadTokens, tokens.PermissionWriteTokens,
		tokens.PermissionManageTokens)
	must(w.CreateMember(ctx, tokens.NewMember{Email: "eve@example.com",
		MemberSettings: tokens.MemberSettings{Grants: tokens.Grants{Role: manager.Name}}}))(w)
	eve := w.acting("eve@example.com")
	for name, grants := range map[string]tokens.Grants{
		"organization": {Role: "boss"},
		"group":        {Role: tokens.RoleNone, GroupRoles: []tokens.GroupRole{{GroupID: g.ID, Role: "boss"}}},
	} {
		boss := w.role("boss", power...)
		user := must(w.CreateTechnicalUser(ctx, tokens.NewTechnicalUser{TechnicalUserSettings: tokens.TechnicalUserSettings{
			Name: name, Grants: grants, Enabled: true}}))(w)
		token := w.create(w.request(name, user.ID))
		regenerate := func() (tokens.Secret, error) {
			secret := w.fresh()
			_, err := eve.UpdateAccessToken(ctx, token.ID, tokens.AccessTokenUpdate{
				Regeneration: &tokens.Regeneration{NewSecretFor: secret, Reason: tokens.ReasonRequested}})
			return secret.Secret, err
		}
		_, err := regenerate()
		w.refusal(err, tokens.CodeForbidden)
		w.succeed(w.DeleteRole(ctx, boss.ID))
		secret, err := regenerate()
		w.succeed(err)
		boss = w.role("boss", power...)
		w.equal("what the value opens after the role of "+name+" was made again", w.verify(secret).Access, tokens.Access{})

		// To give the new role to the account is an escalation that needs what the role has.
		w.clock.Advance(later)
		restore := tokens.TechnicalUserUpdate{Settings: tokens.TechnicalUserSettings{Grants: grants},
			Fields: tokens.Fields{"role", "group_roles"}}
		_, err = eve.UpdateTechnicalUser(ctx, user.ID, restore)
		w.refusal(err, tokens.CodeForbidden)
		must(w.UpdateTechnicalUser(ctx, user.ID, restore))(w)
		w.equal("whether the account manages accounts then",
			w.verify(secret).Access.Anywhere(tokens.PermissionManageAccounts), true)
		_, err = regenerate()
		w.refusal(err, tokens.CodeForbidden)

		// To replace the value, since somebody else made it, gives it no grace.
		must(w.UpdateAccessToken(ctx, token.ID, tokens.AccessTokenUpdate{Regeneration: &tokens.Regeneration{
			NewSecretFor: w.fresh(), Reason: tokens.ReasonDrift, Grace: &tokens.Grace{Duration: day}}}))(w)
		w.equal("whether the value is good after it was replaced", w.verify(secret).Active, false)
		w.succeed(w.DeleteRole(ctx, boss.ID))
	}
}

// A share as manager narrows a token whose secrets it does not yield, and then yields one. Whoever gives the token its
// role back, and replaces that secret, gives it no grace.
func testUnearnedGrace(w *world) {
	ctx := w.Context()
	guest := must(w.CreateMember(ctx, tokens.NewMember{Email: "guest@example.com",
		MemberSettings: tokens.MemberSettings{Grants: tokens.Grants{Role: tokens.RoleNone}}}))(w)
	user := must(w.CreateTechnicalUser(ctx, tokens.NewTechnicalUser{TechnicalUserSettings: tokens.TechnicalUserSettings{
		Name: "ci", Grants: tokens.Grants{Role: tokens.RoleAdministrator}, Enabled: true}}))(w)
	w.clock.Advance(later)
	request := w.request("deploy", user.ID)
	request.Own.Role, request.Grace = tokens.RoleAdministrator, tokens.Grace{Duration: day}
	token := w.create(request)
	must(w.ShareAccessToken(ctx, tokens.NewTokenShare{AccessTokenID: token.ID, MemberID: guest.ID,
		Role: tokens.ShareManager}))(w)
	narrow := tokens.AccessTokenUpdate{Settings: tokens.Settings{Own: tokens.Grants{Role: tokens.RoleNone}},
		Fields: tokens.Fields{"role"}}
	must(w.acting(guest.Email).UpdateAccessToken(ctx, token.ID, narrow))(w)
	secret := w.fresh()
	must(w.acting(guest.Email).UpdateAccessToken(ctx, token.ID, tokens.AccessTokenUpdate{
		Regeneration: &tokens.Regeneration{NewSecretFor: secret, Reason: tokens.ReasonRequested}}))(w)

	w.clock.Advance(later)
	widen := tokens.AccessTokenUpdate{Settings: tokens.Settings{Own: tokens.Grants{Role: tokens.RoleAdministrator}},
		Fields:       tokens.Fields{"role"},
		Regeneration: &tokens.Regeneration{NewSecretFor: w.fresh(), Reason: tokens.ReasonDrift}}
	after := must(w.UpdateAccessToken(ctx, token.ID, widen))(w)
	w.equal("the previous secret", after.Previous, (*tokens.PreviousSecret)(nil))
	w.equal("whether the guest's value is good", w.verify(secret.Secret).Active, false)

	// Without a change of what the token may do, a secret that somebody else made has its grace.
	third := w.fresh()
	must(w.UpdateAccessToken(ctx, token.ID, tokens.AccessTokenUpdate{
		Regeneration: &tokens.Regeneration{NewSecretFor: third, Reason: tokens.ReasonRequested}}))(w)
	must(w.UpdateAccessToken(ctx, token.ID, tokens.AccessTokenUpdate{
		Regeneration: &tokens.Regeneration{NewSecretFor: w.fresh(), Reason: tokens.ReasonDrift}}))(w)
	w.equal("whether a value that was replaced is good", w.verify(third.Secret).Active, true)
}

// A member, a group or an account made again under an old name has nothing of the one before: no shares, no roles in the
// group, and no requests.
func testNamesThatReturn(w *world) {
	ctx := w.Context()
	create := tokens.NewGroup{Request: tokens.NewRequest(w.clock.Now()), GroupSettings: tokens.GroupSettings{Name: "audit"}}
	administrator := tokens.NewMember{Email: "eve@example.com",
		MemberSettings: tokens.MemberSettings{Grants: tokens.Grants{Role: tokens.RoleAdministrator}}}
	first := must(w.CreateMember(ctx, administrator))(w)
	must(w.acting(first.Email).CreateGroup(ctx, create))(w)
	token := w.create(w.request("deploy", ""))
	must(w.ShareAccessToken(ctx, tokens.NewTokenShare{AccessTokenID: token.ID, MemberID: first.ID,
		Role: tokens.ShareManager}))(w)
	w.succeed(w.DeleteMember(ctx, first.ID))
	second := must(w.CreateMember(ctx, administrator))(w)
	_, err := w.acting(second.Email).CreateGroup(ctx, create)
	refusal := w.refusal(err, tokens.CodeConflict)
	w.equal("the field of the request of another member with the address", refusal.Field, "request_id")
	w.equal("the object that it names", refusal.ID, "")
	w.equal("the shares", len(must(w.TokenShares(ctx, tokens.TokenShareQuery{MemberID: second.ID}))(w)), 0)

	// The token of a technical user with the address of another one, under the name of another token.
	create = tokens.NewGroup{Request: tokens.NewRequest(w.clock.Now()), GroupSettings: tokens.GroupSettings{Name: "build"}}
	holder := func() (*world, tokens.AccessToken) {
		user := must(w.CreateTechnicalUser(ctx, tokens.NewTechnicalUser{TechnicalUserSettings: tokens.TechnicalUserSettings{
			Name: "ci", Grants: tokens.Grants{Role: tokens.RoleAdministrator}, Enabled: true}}))(w)
		request := w.request("pipeline", user.ID)
		return w.holding(request.Secret), w.create(request)
	}
	before, pipeline := holder()
	must(before.CreateGroup(ctx, create))(w)
	w.succeed(w.DeleteAccessToken(ctx, pipeline.ID))
	w.succeed(w.DeleteTechnicalUser(ctx, pipeline.User.ID))
	after, now := holder()
	w.equal("the address of both", now.User.Email, pipeline.User.Email)
	_, err = after.CreateGroup(ctx, create)
	w.equal("the field of the request of another token with the name", w.refusal(err, tokens.CodeConflict).Field,
		"request_id")

	// A group of the same name.
	g := w.group("payments")
	user := must(w.CreateTechnicalUser(ctx, tokens.NewTechnicalUser{TechnicalUserSettings: tokens.TechnicalUserSettings{
		Name: "cd", Enabled: true,
		Grants: tokens.Grants{Role: tokens.RoleNone, GroupRoles: []tokens.GroupRole{{GroupID: g.ID, Role: tokens.RoleOwner}}},
	}}))(w)
	w.succeed(w.DeleteGroup(ctx, g.ID))
	w.group("payments")
	w.equal("the roles in the group made again", must(w.TechnicalUser(ctx, user.ID))(w).GroupRoles, []tokens.GroupRole{})
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
