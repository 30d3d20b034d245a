package backendtest

import (
	"fmt"
	"maps"
	"slices"

	"pgregory.net/rapid"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// organization is a backend on which members act at random, with the expected permissions.
type organization struct {
	*world
	rules rules
	// acting holds the worlds of the members, by e-mail address, and of the owner of the database.
	acting  map[string]*world
	ids     map[string]string // of the members and of the custom roles
	secrets []obtained
	number  int
}

var (
	emails      = []string{"anna@example.com", "ben@example.com", "cleo@example.com", "dan@example.com"}
	customRoles = []string{"first", "second", "third"}
)

// newOrganization creates members who hold nothing, and an owner so that none of them is ever the last.
func newOrganization(w *world) *organization {
	ctx := w.Context()
	o := &organization{world: w, acting: map[string]*world{"": w}, ids: map[string]string{}}
	o.rules.levels = []string{"", w.group("payments").ID, w.group("audit").ID}
	must(w.CreateTechnicalUser(ctx,
		tokens.NewTechnicalUser{TechnicalUserSettings: tokens.TechnicalUserSettings{Name: "owner",
			Grants: tokens.Grants{Role: tokens.RoleOwner}, Enabled: true}}))(w)
	for _, email := range emails {
		o.ids[email] = must(w.CreateMember(ctx, tokens.NewMember{Email: email,
			MemberSettings: tokens.MemberSettings{Grants: tokens.Grants{Role: tokens.RoleNone}}}))(w).ID
		o.acting[email] = w.acting(email)
	}
	return o
}

// begin gives everyone random holdings, and creates a few random objects.
func (o *organization) begin(t *rapid.T) {
	o.secrets = nil
	o.rules.roles, o.rules.members = map[string][]string{}, map[string]holdings{}
	o.rules.users, o.rules.tokens = map[string]*ruledUser{}, map[string]*ruledToken{}
	for _, role := range tokens.BuiltInRoles() {
		o.rules.roles[role.Name] = role.Permissions
	}
	for _, name := range customRoles {
		o.createRole(t, "", name)
	}
	for _, email := range emails {
		o.rules.members[email] = holdings{"": tokens.RoleNone}
		o.setMemberRoles(t, "", email)
	}
	for range 3 {
		o.createUser(t, "")
		o.createToken(t, "")
		o.share(t, "")
	}
}

// end deletes everything that was created.
func (o *organization) end() {
	ctx := o.Context()
	for id := range o.rules.tokens {
		o.succeed(o.DeleteAccessToken(ctx, id))
	}
	for id := range o.rules.users {
		o.succeed(o.DeleteTechnicalUser(ctx, id))
	}
	for _, email := range emails {
		must(o.UpdateMember(ctx, o.ids[email],
			tokens.MemberUpdate{Settings: tokens.MemberSettings{Grants: tokens.Grants{Role: tokens.RoleNone, GroupRoles: nil}},
				Fields: tokens.Fields{"role", "group_roles"}}))(o.world)
	}
	for _, r := range must(o.Roles(ctx))(o.world) {
		if !r.BuiltIn {
			o.succeed(o.DeleteRole(ctx, r.ID))
		}
	}
}

// tried compares an answer with the expectation, and reports whether the operation took effect.
func (o *organization) tried(t *rapid.T, what, actor string, allowed bool, err error) bool {
	t.Helper()
	if code := tokens.ErrorCode(err); code == tokens.CodeUnavailable || (code == tokens.CodeForbidden) == allowed {
		t.Fatalf("%s by %q, who holds %v: got %v, want it allowed: %t", what, actor, o.rules.members[actor], err, allowed)
	}
	return err == nil
}

func (o *organization) next(prefix string) string {
	o.number++
	return fmt.Sprintf("%s-%d", prefix, o.number)
}

// drawRole draws the name of a role, which may no longer exist.
func drawRole(t *rapid.T, label string) string {
	return rapid.SampledFrom(slices.Concat(tokens.BuiltInRoleNames(), customRoles)).Draw(t, label)
}

// drawHoldings draws roles at a level and, at organization level, in groups.
func (o *organization) drawHoldings(t *rapid.T, level string) (holdings, tokens.Grants) {
	g := tokens.Grants{Role: drawRole(t, "role")}
	h := holdings{level: g.Role}
	if level == "" {
		for _, group := range o.rules.levels[1:] {
			if rapid.IntRange(0, 2).Draw(t, "has a role in a group") == 0 {
				h[group] = drawRole(t, "role in the group")
				g.GroupRoles = append(g.GroupRoles, tokens.GroupRole{GroupID: group, Role: h[group]})
			}
		}
	}
	return h, g
}

func (o *organization) drawLevel(t *rapid.T) string {
	return rapid.SampledFrom(o.rules.levels).Draw(t, "level")
}

// pick draws one of the existing objects; it skips the action if there are none.
func pick[V any](t *rapid.T, label string, from map[string]V) (string, V) {
	if len(from) == 0 {
		t.Skip("nothing there")
	}
	id := rapid.SampledFrom(slices.Sorted(maps.Keys(from))).Draw(t, label)
	return id, from[id]
}

func drawPermissions(t *rapid.T) []string {
	return rapid.SliceOfNDistinct(rapid.SampledFrom(everyPermission), 0, 3, rapid.ID[string]).Draw(t, "permissions")
}

func (o *organization) createRole(t *rapid.T, actor, name string) {
	permissions := drawPermissions(t)
	r, err := o.acting[actor].CreateRole(o.Context(),
		tokens.NewRole{RoleSettings: tokens.RoleSettings{Name: name, Permissions: permissions}})
	if o.tried(t, "create role "+name, actor, o.rules.mayAlter(actor, "", powerless, ofRole(permissions)), err) {
		o.rules.roles[name], o.ids[name] = permissions, r.ID
	}
}

// drawCustomRole draws one of the custom roles that exist.
func (o *organization) drawCustomRole(t *rapid.T) (name string, permissions []string) {
	custom := maps.Clone(o.rules.roles)
	for _, role := range tokens.BuiltInRoleNames() {
		delete(custom, role)
	}
	return pick(t, "custom role", custom)
}

func (o *organization) changeRole(t *rapid.T, actor string) {
	name, before := o.drawCustomRole(t)
	after := drawPermissions(t)
	_, err := o.acting[actor].UpdateRole(o.Context(), o.ids[name],
		tokens.RoleUpdate{Settings: tokens.RoleSettings{Permissions: after}, Fields: tokens.Fields{"permissions"}})
	if o.tried(t, "change role "+name, actor, o.rules.mayAlter(actor, "", ofRole(before), ofRole(after)), err) {
		o.rules.roles[name] = after
	}
}

func (o *organization) renameRole(t *rapid.T, actor string) {
	name, permissions := o.drawCustomRole(t)
	to, same := rapid.SampledFrom(customRoles).Draw(t, "new name"), ofRole(permissions)
	_, err := o.acting[actor].UpdateRole(o.Context(), o.ids[name], // which is a conflict where another role has the name
		tokens.RoleUpdate{Settings: tokens.RoleSettings{Name: to}, Fields: tokens.Fields{"name"}})
	if o.tried(t, "rename role "+name, actor, o.rules.mayAlter(actor, "", same, same), err) && to != name {
		o.rules.roles[to], o.ids[to] = permissions, o.ids[name]
		delete(o.rules.roles, name)
		o.rules.replaceRole(name, to)
	}
}

func (o *organization) deleteRole(t *rapid.T, actor string) {
	name, permissions := o.drawCustomRole(t)
	err := o.acting[actor].DeleteRole(o.Context(), o.ids[name])
	if o.tried(t, "delete role "+name, actor, o.rules.mayAlter(actor, "", ofRole(permissions), powerless), err) {
		delete(o.rules.roles, name)
		o.rules.replaceRole(name, tokens.RoleNone)
	}
}

// remakeMember deletes a member and makes another one with the address.
func (o *organization) remakeMember(t *rapid.T, actor string) {
	email := rapid.SampledFrom(emails).Draw(t, "member")
	err := o.acting[actor].DeleteMember(o.Context(), o.ids[email])
	if !o.tried(t, "delete "+email, actor,
		o.rules.mayAlter(actor, "", o.rules.powerOf(o.rules.members[email]), powerless), err) {
		return
	}
	o.rules.forgetMember(email)
	h, g := o.drawHoldings(t, "")
	create := func(by string, g tokens.Grants) error {
		m, err := o.acting[by].CreateMember(o.Context(),
			tokens.NewMember{Email: email, MemberSettings: tokens.MemberSettings{Grants: g}})
		if err == nil {
			o.ids[email] = m.ID
		}
		return err
	}
	if o.tried(t, fmt.Sprintf("make %s with %v", email, h), actor,
		o.rules.mayAlter(actor, "", powerless, o.rules.powerOf(h)), create(actor, g)) {
		o.rules.members[email] = h
		return
	}
	o.succeed(create("", tokens.Grants{Role: tokens.RoleNone}))
}

// remakeGroup deletes a group and makes another one with the name.
func (o *organization) remakeGroup(t *rapid.T, actor string) {
	i := rapid.IntRange(1, len(o.rules.levels)-1).Draw(t, "group")
	id := o.rules.levels[i]
	name := must(o.Group(o.Context(), id))(o.world).Name
	err := o.acting[actor].DeleteGroup(o.Context(), id) // which is a conflict while technical users are in it
	if o.tried(t, "delete a group", actor, o.rules.mayManageAccounts(actor, ""), err) {
		o.rules.forgetGroup(id)
		o.rules.levels[i] = o.group(name).ID
	}
}

func (o *organization) setMemberRoles(t *rapid.T, actor, email string) {
	h, g := o.drawHoldings(t, "")
	_, err := o.acting[actor].UpdateMember(o.Context(), o.ids[email],
		tokens.MemberUpdate{Settings: tokens.MemberSettings{Grants: tokens.Grants{Role: g.Role, GroupRoles: g.GroupRoles}},
			Fields: tokens.Fields{"role", "group_roles"}})
	allowed := o.rules.mayAlter(actor, "", o.rules.powerOf(o.rules.members[email]), o.rules.powerOf(h))
	if o.tried(t, fmt.Sprintf("give %s %v", email, h), actor, allowed, err) {
		o.rules.members[email] = h
	}
}

func (o *organization) createUser(t *rapid.T, actor string) {
	level := o.drawLevel(t)
	h, g := o.drawHoldings(t, level)
	u, err := o.acting[actor].CreateTechnicalUser(o.Context(),
		tokens.NewTechnicalUser{GroupID: level, TechnicalUserSettings: tokens.TechnicalUserSettings{Name: o.next("user"),
			Grants: g, Enabled: true}})
	if o.tried(t, fmt.Sprintf("create a technical user with %v", h), actor,
		o.rules.mayAlter(actor, level, powerless, o.rules.powerOf(h)), err) {
		o.rules.users[u.ID] = &ruledUser{level: level, roles: h, enabled: true}
	}
}

func (o *organization) setUserRoles(t *rapid.T, actor string) {
	id, u := pick(t, "technical user", o.rules.users)
	h, g := o.drawHoldings(t, u.level)
	update := tokens.TechnicalUserUpdate{Settings: tokens.TechnicalUserSettings{Description: o.next("description"),
		Grants: tokens.Grants{Role: g.Role}}, Fields: tokens.Fields{"role", "description"}}
	if u.level == "" {
		update.Settings.Grants.GroupRoles = g.GroupRoles
		update.Fields = append(update.Fields, "group_roles")
	}
	_, err := o.acting[actor].UpdateTechnicalUser(o.Context(), id, update)
	if o.tried(t, fmt.Sprintf("give a technical user of level %q with %v %v", u.level, u.roles, h), actor,
		o.rules.mayAlter(actor, u.level, o.rules.powerOf(u.roles), o.rules.powerOf(h)), err) {
		u.roles = h
	}
}

func (o *organization) switchUser(t *rapid.T, actor string) {
	id, u := pick(t, "technical user", o.rules.users)
	enabled := rapid.Bool().Draw(t, "enabled")
	_, err := o.acting[actor].UpdateTechnicalUser(o.Context(), id,
		tokens.TechnicalUserUpdate{Settings: tokens.TechnicalUserSettings{Enabled: enabled},
			Fields: tokens.Fields{"enabled"}})
	allowed := o.rules.mayManageAccounts(actor, u.level) && (!enabled || o.rules.touches(actor, o.rules.powerOf(u.roles)))
	if o.tried(t, fmt.Sprintf("switch a technical user of level %q, enabled: %t", u.level, enabled), actor, allowed, err) {
		u.enabled = enabled
	}
}

func (o *organization) deleteUser(t *rapid.T, actor string) {
	id, u := pick(t, "technical user", o.rules.users)
	err := o.acting[actor].DeleteTechnicalUser(o.Context(), id) // which is a conflict where it has tokens
	if o.tried(t, "delete a technical user", actor, o.rules.mayAlter(actor, u.level, o.rules.powerOf(u.roles), powerless),
		err) {
		delete(o.rules.users, id)
	}
}

func (o *organization) createToken(t *rapid.T, actor string) {
	n := o.request(o.next("token"), "")
	token := &ruledToken{system: true, enabled: true, creator: actor, restricted: rapid.Bool().Draw(t, "restricted"),
		shares: map[string]string{}}
	if token.restricted {
		n.Visibility = tokens.VisibilityRestricted
	}
	if len(o.rules.users) > 0 && rapid.Bool().Draw(t, "under a technical user that exists") {
		n.TechnicalUserID, token.user = pick(t, "technical user", o.rules.users)
		token.system = false
		if rapid.Bool().Draw(t, "narrowed") {
			token.own, n.Own = o.drawHoldings(t, token.user.level)
		}
	} else {
		n.GroupID = o.drawLevel(t)
		token.own, n.Own = o.drawHoldings(t, n.GroupID)
		token.user = &ruledUser{level: n.GroupID, roles: token.own, enabled: true}
	}
	created, err := o.acting[actor].CreateAccessToken(o.Context(), n)
	if o.tried(t, fmt.Sprintf("create a token at level %q with %v within %v", token.user.level, token.own,
		token.user.roles), actor, o.rules.mayCreate(actor, token), err) {
		o.rules.tokens[created.ID] = token
		o.obtain(actor, n.Secret)
	}
}

func (o *organization) setTokenRoles(t *rapid.T, actor string) {
	id, token := pick(t, "token", o.rules.tokens)
	h, g := o.drawHoldings(t, token.user.level)
	after := *token
	after.own = h
	if token.system {
		after.user = &ruledUser{level: token.user.level, roles: h, enabled: token.user.enabled}
	}
	update := tokens.AccessTokenUpdate{Settings: tokens.Settings{Name: o.next("token"), Own: tokens.Grants{Role: g.Role}},
		Fields: tokens.Fields{"role", "name"}}
	if token.user.level == "" {
		update.Own.GroupRoles = g.GroupRoles
		update.Fields = append(update.Fields, "group_roles")
	}
	_, err := o.acting[actor].UpdateAccessToken(o.Context(), id, update)
	allowed := o.rules.maySetRoles(actor, token, o.rules.ofToken(token), o.rules.ofToken(&after))
	if o.tried(t, fmt.Sprintf("give a token of level %q with %v within %v %v", token.user.level, token.own,
		token.user.roles, h), actor, allowed, err) {
		*token = after
	}
}

func (o *organization) regenerateToken(t *rapid.T, actor string) {
	id, token := pick(t, "token", o.rules.tokens)
	fresh := o.fresh()
	_, err := o.acting[actor].UpdateAccessToken(o.Context(), id,
		tokens.AccessTokenUpdate{Regeneration: &tokens.Regeneration{NewSecretFor: fresh, Reason: tokens.ReasonRequested}})
	if o.tried(t, fmt.Sprintf("regenerate a token of level %q with %v within %v", token.user.level, token.own,
		token.user.roles), actor, o.rules.mayRegenerate(actor, token), err) {
		o.obtain(actor, fresh.Secret)
	}
}

func (o *organization) switchToken(t *rapid.T, actor string) {
	id, token := pick(t, "token", o.rules.tokens)
	enabled := rapid.Bool().Draw(t, "enabled")
	_, err := o.acting[actor].UpdateAccessToken(o.Context(), id,
		tokens.AccessTokenUpdate{Settings: tokens.Settings{Enabled: enabled}, Fields: tokens.Fields{"enabled"}})
	allowed := o.rules.mayStop(actor, token)
	if enabled {
		allowed = o.rules.mayManage(actor, token)
		if token.enabled {
			allowed = o.rules.mayShow(actor, token)
		}
	}
	if o.tried(t, fmt.Sprintf("switch a token, enabled: %t", enabled), actor, allowed, err) {
		token.enabled = enabled
	}
}

func (o *organization) holdToken(t *rapid.T, actor string) {
	id, token := pick(t, "token", o.rules.tokens)
	if token.held {
		_, err := o.acting[actor].ReleaseAccessToken(o.Context(), id)
		token.held = !o.tried(t, "release a token", actor, o.rules.mayManage(actor, token), err)
		return
	}
	_, err := o.acting[actor].HoldAccessToken(o.Context(), id, "leaked")
	token.held = o.tried(t, "hold a token", actor, o.rules.mayStop(actor, token), err)
}

func (o *organization) setVisibility(t *rapid.T, actor string) {
	id, token := pick(t, "token", o.rules.tokens)
	visibility := tokens.VisibilityRestricted
	if token.restricted {
		visibility = tokens.VisibilityOrganization
	}
	_, err := o.acting[actor].UpdateAccessToken(o.Context(), id,
		tokens.AccessTokenUpdate{Settings: tokens.Settings{Visibility: visibility}, Fields: tokens.Fields{"visibility"}})
	if o.tried(t, "set the visibility of a token", actor, o.rules.mayDelete(actor, token), err) {
		token.restricted = !token.restricted
	}
}

func (o *organization) deleteToken(t *rapid.T, actor string) {
	id, token := pick(t, "token", o.rules.tokens)
	if o.tried(t, "delete a token", actor, o.rules.mayDelete(actor, token),
		o.acting[actor].DeleteAccessToken(o.Context(), id)) {
		delete(o.rules.tokens, id)
	}
}

// share gives a member a role on a token, or takes the role away.
func (o *organization) share(t *rapid.T, actor string) {
	id, token := pick(t, "token", o.rules.tokens)
	email := rapid.SampledFrom(emails).Draw(t, "member")
	if token.shares[email] != "" && rapid.Bool().Draw(t, "unshare") {
		if o.tried(t, "unshare", actor, o.rules.mayShare(actor, token, ""),
			o.acting[actor].UnshareAccessToken(o.Context(), id, o.ids[email])) {
			delete(token.shares, email)
		}
		return
	}
	role := rapid.SampledFrom(tokens.ShareRoles()).Draw(t, "role of the share")
	var err error
	if token.shares[email] != "" {
		_, err = o.acting[actor].UpdateTokenShare(o.Context(), id, o.ids[email], role)
	} else {
		_, err = o.acting[actor].ShareAccessToken(o.Context(),
			tokens.NewTokenShare{AccessTokenID: id, MemberID: o.ids[email], Role: role})
	}
	if o.tried(t, "share as "+role, actor, o.rules.mayShare(actor, token, role), err) {
		token.shares[email] = role
	}
}

// look compares which tokens an actor sees with the expectation.
func (o *organization) look(t *rapid.T, actor string) {
	shown := map[string]bool{}
	for _, token := range must(o.acting[actor].AccessTokens(o.Context(), tokens.TokenQuery{}))(o.world).AccessTokens {
		shown[token.ID] = true
	}
	for id, token := range o.rules.tokens {
		if shown[id] != o.rules.mayShow(actor, token) {
			t.Fatalf("%q, who holds %v, sees token %s in the list: %t", actor, o.rules.members[actor], id, shown[id])
		}
	}
	id, token := pick(t, "token", o.rules.tokens)
	_, err := o.acting[actor].AccessToken(o.Context(), id)
	o.tried(t, "show a token", actor, o.rules.mayShow(actor, token), err)
}

// actionsOf holds what an actor may try.
func (o *organization) actionsOf() map[string]func(*rapid.T, string) {
	return map[string]func(*rapid.T, string){
		"make a role": func(t *rapid.T, actor string) { // which is a conflict where there is one
			o.createRole(t, actor, rapid.SampledFrom(customRoles).Draw(t, "custom role"))
		},
		"change a role": o.changeRole, "rename a role": o.renameRole, "delete a role": o.deleteRole,
		"make a member again": o.remakeMember, "make a group again": o.remakeGroup,
		"set the roles of a member": func(t *rapid.T, actor string) {
			o.setMemberRoles(t, actor, rapid.SampledFrom(emails).Draw(t, "member"))
		},
		"create a technical user": o.createUser, "set the roles of a technical user": o.setUserRoles,
		"switch a technical user": o.switchUser, "delete a technical user": o.deleteUser,
		"create a token": o.createToken, "set the roles of a token": o.setTokenRoles, "regenerate": o.regenerateToken,
		"switch a token": o.switchToken,
		"hold":           o.holdToken, "set the visibility": o.setVisibility, "delete a token": o.deleteToken,
		"share": o.share,
		"look":  o.look,
	}
}

// actions holds what any of the actors may try.
func (o *organization) actions(actors []string) map[string]func(*rapid.T) {
	actions := map[string]func(*rapid.T){}
	for name, action := range o.actionsOf() {
		actions[name] = func(t *rapid.T) { action(t, rapid.SampledFrom(actors).Draw(t, "actor")) }
	}
	return actions
}

// testPermissionModel lets everyone do things in random order, and compares with a model what is forbidden.
func testPermissionModel(w *world) {
	o := newOrganization(w)
	rapid.Check(w.T, func(t *rapid.T) {
		defer o.end()
		o.begin(t)
		t.Repeat(o.actions(append([]string{""}, emails...)))
	})
}

// testNoEscalation lets some members collude and do whatever they may. Afterwards, neither they nor any secret they
// obtained hold a reserved permission that none of them held before.
func testNoEscalation(w *world) {
	o := newOrganization(w)
	rapid.Check(w.T, func(t *rapid.T) {
		defer o.end()
		o.begin(t)
		colluders := rapid.SliceOfNDistinct(rapid.SampledFrom(emails), 1, 3, rapid.ID[string]).Draw(t, "colluders")
		atFirst := map[held]bool{}
		for _, email := range colluders {
			o.noteHeld(o.rules.powerOf(o.rules.members[email]), atFirst)
		}
		t.Repeat(o.actions(colluders))

		atLast := map[held]bool{}
		custom := must(w.Roles(w.Context()))(w)
		for _, email := range colluders {
			member := must(w.Member(w.Context(), o.ids[email]))(w)
			access := member.Access(tokens.NewRoles(custom))
			o.noteHeld(func(level, permission string) bool { return access.At(level).Allows(permission) }, atLast)
		}
		for _, secret := range o.secrets {
			access := o.verify(secret.Secret).Access
			o.noteHeld(func(level, permission string) bool { return access.At(level).Allows(permission) }, atLast)
		}
		for gained := range atLast {
			if reserved(gained.permission) && !atFirst[gained] && !atFirst[held{"", gained.permission}] { // a group may be new
				t.Fatalf("%v gained %s at level %q", colluders, gained.permission, gained.level)
			}
		}
	})
}
