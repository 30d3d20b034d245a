package backendtest

import (
	"testing"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// memberWith creates a member with a role.
func (w *world) memberWith(email, role string) tokens.Member {
	w.Helper()
	return must(w.CreateMember(w.Context(), tokens.NewMember{Email: email,
		MemberSettings: tokens.MemberSettings{Name: "Somebody", Grants: tokens.Grants{Role: role}}}))(w)
}

// gives lets a member have a role.
func (w *world) gives(memberID, role string) {
	w.Helper()
	must(w.UpdateMember(w.Context(), memberID, tokens.MemberUpdate{
		Settings: tokens.MemberSettings{Grants: tokens.Grants{Role: role}}, Fields: tokens.Fields{"role"},
	}))(w)
}

// A personal token carries the roles that its member has at the time, and only those who ask for it find it.
func testPersonalTokens(w *world) {
	ctx := w.Context()
	ada, ben := w.memberWith("ada@example.com", tokens.RoleManager), w.memberWith("ben@example.com", tokens.RoleManager)
	w.clock.Advance(later)
	expiry := w.clock.Instant().Add(day)
	request := w.personal("laptop", ada.ID)
	request.Description, request.ExpiresAt = "the blue one", expiry
	created := must(w.CreateAccessToken(ctx, request))(w)
	laptop := created.AccessToken
	w.equal("its account", laptop.User, ada.Account())
	w.equal("its member", laptop.MemberID(), ada.ID)
	w.equal("its qualified identifier", laptop.QualifiedID(), "ada@example.com_"+laptop.ID)
	w.equal("its roles", laptop.Grants, tokens.Grants{Role: tokens.RoleManager})
	w.equal("its end", laptop.SecretExpiresAt(), expiry)
	w.equal("the token", w.token(laptop.ID), laptop)
	w.equal("the answer to the same request", must(w.CreateAccessToken(ctx, request))(w), created)
	w.equal("the event", w.events(laptop.ID)[0].Detail, "a personal token of ada@example.com")

	narrow := w.personal("narrow", ada.ID)
	narrow.Own.Role, narrow.TTL = tokens.RoleViewer, time.Hour
	narrowed := w.create(narrow)
	w.equal("the roles of one that is narrowed", narrowed.Grants, tokens.Grants{Role: tokens.RoleViewer})
	bens := w.create(w.personal("laptop", ben.ID))
	users := w.create(w.request("laptop", ""))
	another := must(w.CreateAccessToken(ctx, w.personal("laptop", ada.ID)))(w)
	w.equal("the namesakes of a personal token", len(another.Namesakes), 0)
	w.equal("the namesakes of a token of a technical user",
		len(must(w.CreateAccessToken(ctx, w.request("laptop", "")))(w).Namesakes), 1)
	w.succeed(w.DeleteAccessToken(ctx, another.ID))

	list := func(query tokens.TokenQuery) []string {
		w.Helper()
		page := must(w.AccessTokens(ctx, query))(w)
		if query.CountTotal {
			w.equal("the total", page.Total, len(page.AccessTokens))
		}
		return sorted(ids(page.AccessTokens))
	}
	w.equal("the personal tokens of Ada", list(tokens.TokenQuery{MemberID: ada.ID, CountTotal: true}), sorted([]string{laptop.ID, narrowed.ID}))
	w.equal("the personal tokens of Ben", list(tokens.TokenQuery{MemberID: ben.ID}), []string{bens.ID})
	for _, sort := range tokens.TokenColumns() {
		for _, limit := range []int{0, 1, 10} {
			var all []string
			for query := (tokens.TokenQuery{MemberID: ada.ID, Sort: sort, Limit: limit}); ; {
				page := must(w.AccessTokens(ctx, query))(w)
				all = append(all, ids(page.AccessTokens)...)
				if query.Cursor = page.NextCursor; query.Cursor == "" {
					break
				}
			}
			w.equal("Ada's by "+string(sort), sorted(all), sorted([]string{laptop.ID, narrowed.ID}))
		}
	}
	for name, query := range map[string]tokens.TokenQuery{
		"by the name":            {MemberID: ada.ID, Name: "laptop"},
		"by a word of the text":  {MemberID: ada.ID, Search: "BLUE"},
		"by its end":             {MemberID: ada.ID, ExpiresWithin: 2 * day, Status: tokens.StatusActive, Name: "laptop"},
		"by its identifier":      {ID: laptop.ID},
		"by both":                {ID: laptop.ID, MemberID: ada.ID},
		"by the status, limited": {ID: laptop.ID, Status: tokens.StatusActive, Limit: 1},
	} {
		w.equal(name, list(query), []string{laptop.ID})
	}
	w.equal("by the address of the member", len(list(tokens.TokenQuery{MemberID: ada.ID, Search: "ada@EXAMPLE"})), 2)
	for name, query := range map[string]tokens.TokenQuery{
		"of a technical user with the address": {TechnicalUserEmail: ada.Email},
		"with the member's address":            {Search: ada.Email},
		"beginning like its identifier":        {IDPrefix: laptop.ID},
		"of another member":                    {ID: laptop.ID, MemberID: ben.ID},
		"in a group":                           {MemberID: ada.ID, GroupID: w.group("payments").ID},
	} {
		w.equal("tokens "+name, len(list(query)), 0)
	}
	for _, id := range list(tokens.TokenQuery{Name: "laptop"}) {
		w.equal("a token of that name belongs to a technical user", w.token(id).IsPersonal(), false)
	}
	_, err := w.AccessTokens(ctx, tokens.TokenQuery{MemberID: users.User.ID})
	w.equal("the field", w.refusal(err, tokens.CodeInvalid).Field, "member_id")

	// What the member may do, the token may, from now on.
	w.equal("what it may do", w.verify(request.Secret).Access.Organization.Allows(tokens.PermissionWriteTokens), true)
	w.gives(ada.ID, tokens.RoleViewer)
	w.equal("what it may do by now", w.verify(request.Secret).Access.Organization.Allows(tokens.PermissionWriteTokens), false)
	w.equal("what it shows", w.token(laptop.ID).Grants, tokens.Grants{Role: tokens.RoleViewer})
	payments := must(w.Groups(ctx))(w)[0]
	must(w.UpdateMember(ctx, ada.ID, tokens.MemberUpdate{Fields: tokens.Fields{"group_roles"},
		Settings: tokens.MemberSettings{Grants: tokens.Grants{GroupRoles: []tokens.GroupRole{{GroupID: payments.ID, Role: tokens.RoleOwner}}}}}))(w)
	w.equal("what it may do in a group", w.verify(request.Secret).Access.At(payments.ID).Allows(tokens.PermissionAll), true)
	w.equal("what the narrowed one may do there", w.verify(narrow.Secret).Access.At(payments.ID).Allows(tokens.PermissionWriteTokens), false)

	w.succeed(w.DeleteAccessToken(ctx, laptop.ID))
	w.equal("its value", w.verify(request.Secret), tokens.Verification{})
	_, err = w.CreateAccessToken(ctx, tokens.NewAccessToken{NewSecretFor: tokens.NewSecretFor{
		Request: tokens.NewRequest(w.clock.Now()), Secret: request.Secret,
	}, MemberID: ada.ID, Settings: request.Settings})
	w.refusal(err, tokens.CodeConflict)
	must(w.Member(ctx, ada.ID))(w)
}

// What no personal token can have is refused when one is created and when one is changed.
func testPersonalTokensAreReplaced(w *world) {
	ctx := w.Context()
	ada, user := w.memberWith("ada@example.com", tokens.RoleOwner), w.user("ci", "")
	for field, change := range map[string]func(*tokens.NewAccessToken){
		"visibility":               func(n *tokens.NewAccessToken) { n.Visibility = tokens.VisibilityRestricted },
		"enabled":                  func(n *tokens.NewAccessToken) { n.Enabled = false },
		"regenerate_before_expiry": func(n *tokens.NewAccessToken) { n.TTL, n.RegenerateBeforeExpiry = day, time.Hour },
		"on_expired":               func(n *tokens.NewAccessToken) { n.OnExpired = tokens.ExpiryPolicies()[0] },
		"on_secret_drift":          func(n *tokens.NewAccessToken) { n.OnSecretDrift = tokens.DriftPolicies()[0] },
		"grace_period":             func(n *tokens.NewAccessToken) { n.Grace = tokens.Grace{Duration: time.Hour} },
		"protect_if_used_within":   func(n *tokens.NewAccessToken) { n.ProtectIfUsedWithin = time.Hour },
		"expires_at":               func(n *tokens.NewAccessToken) { n.ExpiresAt = w.clock.Now().Add(-time.Hour) },
		"role":                     func(n *tokens.NewAccessToken) { n.Own.Role = "gone" },
		"member_id":                func(n *tokens.NewAccessToken) { n.TechnicalUserID = user.ID },
	} {
		request := w.personal("laptop", ada.ID)
		change(&request)
		_, err := w.CreateAccessToken(ctx, request)
		w.equal("the field", w.refusal(err, tokens.CodeInvalid).Field, field)
	}
	for _, id := range []string{user.ID, tokens.NewID(tokens.KindMember, w.clock.Now())} {
		_, err := w.CreateAccessToken(ctx, w.personal("laptop", id))
		w.equal("the field for "+id, w.refusal(err, tokens.CodeInvalid).Field, "member_id")
	}
	inGroup := w.personal("laptop", ada.ID)
	inGroup.GroupID = w.group("payments").ID
	_, err := w.CreateAccessToken(ctx, inGroup)
	w.equal("the field", w.refusal(err, tokens.CodeInvalid).Field, "member_id")
	w.equal("what was made", len(w.personalTokens(ada.ID)), 0)

	token := w.create(w.personal("laptop", ada.ID))
	for field, update := range map[string]tokens.AccessTokenUpdate{
		"name":         {Settings: tokens.Settings{Name: "new"}, Fields: tokens.Fields{"name"}},
		"description":  {Settings: tokens.Settings{Description: "new", Enabled: false}, Fields: tokens.Fields{"enabled", "description"}},
		"role":         {Settings: tokens.Settings{Own: tokens.Grants{Role: tokens.RoleNone}}, Fields: tokens.Fields{"role"}},
		"group_roles":  {Settings: tokens.Settings{Own: tokens.Grants{GroupRoles: []tokens.GroupRole{}}}, Fields: tokens.Fields{"group_roles"}},
		"visibility":   {Settings: tokens.Settings{Visibility: tokens.VisibilityRestricted}, Fields: tokens.Fields{"visibility"}},
		"expires_at":   {Settings: tokens.Settings{ExpiresAt: w.clock.Now().Add(day)}, Fields: tokens.Fields{"expires_at"}},
		"grace_period": {Settings: tokens.Settings{Policies: tokens.Policies{Grace: tokens.Grace{Duration: day}}}, Fields: tokens.Fields{"grace_period"}},
		"":             {Regeneration: &tokens.Regeneration{NewSecretFor: w.fresh(), Reason: tokens.ReasonRequested}},
	} {
		_, err := w.UpdateAccessToken(ctx, token.ID, update)
		refusal := w.refusal(err, tokens.CodeInvalid)
		w.equal("the field", refusal.Field, field)
		w.equal("the reason", refusal.Reason, tokens.ReasonPersonalToken)
		w.mentions(refusal.Message, token.ID, "ada@example.com", "replaced, not edited", "create another one and delete this one")
	}
	for _, role := range tokens.ShareRoles() {
		_, err := w.ShareAccessToken(ctx, tokens.NewTokenShare{AccessTokenID: token.ID,
			MemberID: w.memberWith(role+"@example.com", tokens.RoleNone).ID, Role: role})
		refusal := w.refusal(err, tokens.CodeInvalid)
		w.equal("the field", refusal.Field, "access_token_id")
		w.equal("the reason", refusal.Reason, tokens.ReasonPersonalToken)
	}
	_, err = w.RetirePreviousSecret(ctx, token.ID, 0)
	w.refusal(err, tokens.CodeConflict)
	w.equal("the token", w.token(token.ID), token)

	// It is stopped like any other.
	w.equal("a disabled one", w.disable(token.ID).Status, tokens.StatusDisabled)
	same := tokens.AccessTokenUpdate{Settings: tokens.Settings{Name: "laptop", Enabled: true}, Fields: tokens.Fields{"name", "enabled"}}
	w.equal("an enabled one, with a name that it has", w.update(token.ID, same).Status, tokens.StatusActive)
	w.equal("a held one", must(w.HoldAccessToken(ctx, token.ID, "leaked"))(w).Status, tokens.StatusHeld)
	must(w.ReleaseAccessToken(ctx, token.ID))(w)
	w.equal("its events", actions(w.events(token.ID))[len(w.events(token.ID))-4:],
		[]string{"access_token.disable", "access_token.enable", "access_token.hold", "access_token.release"})
}

// Whoever asks by a personal token may do what the member may, and appears in the events as both.
func testPersonalTokenHolders(w *world) {
	ctx := w.Context()
	ada, ben := w.memberWith("ada@example.com", tokens.RoleViewer), w.memberWith("ben@example.com", tokens.RoleViewer)
	request := w.personal("laptop", ada.ID)
	laptop := w.create(request)
	holder := w.holding(request.Secret)
	deploy := w.create(w.request("deploy", ""))
	w.equal("what it sees", ids(must(holder.AccessTokens(ctx, tokens.TokenQuery{}))(w).AccessTokens), []string{deploy.ID})
	_, err := holder.HoldAccessToken(ctx, deploy.ID, "leaked")
	w.refusal(err, tokens.CodeForbidden)
	must(w.ShareAccessToken(ctx, tokens.NewTokenShare{AccessTokenID: deploy.ID, MemberID: ada.ID, Role: tokens.ShareManager}))(w)
	held := must(holder.HoldAccessToken(ctx, deploy.ID, "leaked"))(w)
	w.equal("who holds it", held.Held.By, tokens.Actor(laptop.QualifiedID()))
	seen := must(w.acting(ben.Email).Events(ctx, tokens.EventQuery{ObjectID: deploy.ID, Action: string(tokens.ActionAccessTokenHold)}))(w)
	for _, e := range seen {
		w.equal("who is in the event for somebody who may not know of the personal token", e.Actor, tokens.Actor(laptop.QualifiedID()))
	}
	w.equal("the attempts and the hold", len(seen), 2)
	w.equal("the own name", must(holder.Names(ctx, []string{ada.ID}))(w), map[string]string{ada.ID: ada.Email})

	// Without the member there is neither the token nor what it opened.
	w.succeed(w.DeleteMember(ctx, ada.ID))
	_, err = holder.AccessTokens(ctx, tokens.TokenQuery{})
	w.refusal(err, tokens.CodeForbidden)
	w.equal("what its value is", w.verify(request.Secret), tokens.Verification{})
	w.equal("its events", actions(w.events(laptop.ID)), []string{"access_token.create", "access_token.delete"})
	w.equal("why it ended", w.events(laptop.ID)[1].Detail, "member ada@example.com was deleted")
	_, err = w.CreateAccessToken(ctx, request)
	w.refusal(err, tokens.CodeConflict)
	_, err = w.AccessToken(ctx, laptop.ID)
	w.refusal(err, tokens.CodeNotFound)
	again := w.memberWith("ada@example.com", tokens.RoleViewer)
	w.equal("what another member with the address has", len(w.personalTokens(again.ID)), 0)
}

// The own roles of a personal token narrow what its member has beside roles, too.
func testNarrowedPersonalTokens(w *world) {
	ctx := w.Context()
	must(w.CreateRole(ctx, tokens.NewRole{RoleSettings: tokens.RoleSettings{Name: "stopper",
		Permissions: []string{tokens.PermissionManageTokens}}}))(w)
	group, other := w.group("payments"), w.group("audit")
	ada := w.memberWith("ada@example.com", tokens.RoleNone)
	shared := w.request("deploy", "")
	shared.GroupID = group.ID
	token := w.create(shared)
	must(w.ShareAccessToken(ctx, tokens.NewTokenShare{AccessTokenID: token.ID, MemberID: ada.ID, Role: tokens.ShareManager}))(w)
	edit := func(by *world) error {
		_, err := by.UpdateAccessToken(ctx, token.ID, tokens.AccessTokenUpdate{
			Settings: tokens.Settings{Description: by.secret().Preview()}, Fields: tokens.Fields{"description"},
		})
		return err
	}
	in := func(groupID, role string) tokens.Grants {
		return tokens.Grants{Role: tokens.RoleNone, GroupRoles: []tokens.GroupRole{{GroupID: groupID, Role: role}}}
	}
	for _, test := range []struct {
		name string
		own  tokens.Grants
		// show, edit and manage are what the share allows; list and dispose what it may do to its member's personal tokens.
		show, edit, manage, list, dispose bool
	}{
		{"not at all", tokens.Grants{}, true, true, true, true, true},
		{"to nothing", tokens.Grants{Role: tokens.RoleNone}, false, false, false, false, false},
		{"to nothing in groups", tokens.Grants{GroupRoles: []tokens.GroupRole{}}, false, false, false, false, false},
		{"to a viewer", tokens.Grants{Role: tokens.RoleViewer}, true, false, false, true, false},
		{"to a manager", tokens.Grants{Role: tokens.RoleManager}, true, true, false, true, false},
		{"to an administrator", tokens.Grants{Role: tokens.RoleAdministrator}, true, true, true, true, true},
		{"to one who stops", tokens.Grants{Role: "stopper"}, false, false, true, false, true},
		{"to a manager of the group", in(group.ID, tokens.RoleManager), true, true, false, false, false},
		{"to an owner of another group", in(other.ID, tokens.RoleOwner), false, false, false, false, false},
	} {
		w.Run(test.name, func(t *testing.T) {
			w := w.with(t)
			request := w.personal("laptop", ada.ID)
			request.Own = test.own
			own := w.create(request)
			by := w.holding(request.Secret)
			try := func(what string, err error, allowed bool) {
				w.Helper()
				if code := tokens.ErrorCode(err); code != map[bool]tokens.Code{true: "", false: tokens.CodeForbidden}[allowed] {
					w.Errorf("%s: got %v, want it allowed: %t", what, err, allowed)
				}
			}
			_, err := by.AccessToken(ctx, token.ID)
			try("show", err, test.show)
			listed := must(by.AccessTokens(ctx, tokens.TokenQuery{}))(w).AccessTokens
			w.equal("how many it lists", len(listed), map[bool]int{true: 1}[test.show])
			try("edit", edit(by), test.edit)
			_, err = by.HoldAccessToken(ctx, token.ID, "leaked")
			try("hold", err, test.manage)
			if err == nil {
				must(w.ReleaseAccessToken(ctx, token.ID))(w)
			}
			_, err = by.ShareAccessToken(ctx, tokens.NewTokenShare{AccessTokenID: token.ID, MemberID: ada.ID, Role: tokens.ShareViewer})
			if test.manage {
				w.refusal(err, tokens.CodeConflict) // it is shared already
			} else {
				w.refusal(err, tokens.CodeForbidden)
			}

			_, err = by.AccessToken(ctx, own.ID)
			try("show itself", err, test.list)
			w.equal("how many personal tokens it lists", len(by.personalTokens(ada.ID)) > 0, test.list)
			another := by.personal("another", ada.ID)
			another.Own = test.own
			_, err = by.CreateAccessToken(ctx, another)
			try("create another one", err, test.dispose)
			w.equal("what another one holds", len(w.personalTokens(ada.ID)), map[bool]int{true: 2, false: 1}[test.dispose])
			for _, t := range w.personalTokens(ada.ID) {
				if t.ID != own.ID {
					w.succeed(w.DeleteAccessToken(ctx, t.ID))
				}
			}
			_, err = by.UpdateAccessToken(ctx, own.ID, tokens.AccessTokenUpdate{Fields: tokens.Fields{"enabled"}})
			try("disable itself", err, test.dispose)
			w.succeed(w.DeleteAccessToken(ctx, own.ID))
		})
	}
}

// A personal token makes none that may do more, or that outlives it.
func testPersonalTokensDoNotWiden(w *world) {
	ctx := w.Context()
	ada, ben := w.memberWith("ada@example.com", tokens.RoleOwner), w.memberWith("ben@example.com", tokens.RoleOwner)
	ends := w.clock.Instant().Add(day)
	for _, test := range []struct {
		name string
		// by is the token that asks, and change is what the new one has.
		by      func(*tokens.NewAccessToken)
		change  func(*tokens.NewAccessToken)
		allowed bool
		field   string
	}{
		{"the same by one without an end", func(*tokens.NewAccessToken) {}, func(*tokens.NewAccessToken) {}, true, ""},
		{"another member's by an owner", func(*tokens.NewAccessToken) {}, func(n *tokens.NewAccessToken) { n.MemberID = ben.ID }, true, ""},
		{"another member's by an administrator", func(n *tokens.NewAccessToken) { n.Own.Role = tokens.RoleAdministrator },
			func(n *tokens.NewAccessToken) { n.MemberID, n.Own.Role = ben.ID, tokens.RoleNone }, false, ""},
		{"more by an administrator", func(n *tokens.NewAccessToken) { n.Own.Role = tokens.RoleAdministrator },
			func(*tokens.NewAccessToken) {}, false, ""},
		{"the same by an administrator", func(n *tokens.NewAccessToken) { n.Own.Role = tokens.RoleAdministrator },
			func(n *tokens.NewAccessToken) { n.Own.Role = tokens.RoleAdministrator }, true, ""},
		{"what it doesn't hold itself", func(n *tokens.NewAccessToken) { n.Own.Role = tokens.RoleAdministrator },
			func(n *tokens.NewAccessToken) { n.Own.Role = "clerk" }, false, ""},
		{"without an end by one that ends", func(n *tokens.NewAccessToken) { n.ExpiresAt = ends }, func(*tokens.NewAccessToken) {},
			false, "expires_at"},
		{"with the same end", func(n *tokens.NewAccessToken) { n.ExpiresAt = ends },
			func(n *tokens.NewAccessToken) { n.ExpiresAt = ends }, true, ""},
		{"with a later end", func(n *tokens.NewAccessToken) { n.ExpiresAt = ends },
			func(n *tokens.NewAccessToken) { n.ExpiresAt = ends.Add(time.Microsecond) }, false, "expires_at"},
		{"with a longer ttl", func(n *tokens.NewAccessToken) { n.TTL = time.Hour },
			func(n *tokens.NewAccessToken) { n.TTL = 2 * time.Hour }, false, "ttl"},
		{"with an earlier end", func(n *tokens.NewAccessToken) { n.TTL = time.Hour },
			func(n *tokens.NewAccessToken) { n.TTL = time.Minute }, true, ""},
		{"another member's, without an end", func(n *tokens.NewAccessToken) { n.TTL = time.Hour },
			func(n *tokens.NewAccessToken) { n.MemberID = ben.ID }, false, "expires_at"},
	} {
		w.Run(test.name, func(t *testing.T) {
			w := w.with(t)
			asking := w.personal("laptop", ada.ID)
			test.by(&asking)
			laptop := w.create(asking)
			by := w.holding(asking.Secret)
			request := by.personal("another", ada.ID)
			test.change(&request)
			created, err := by.CreateAccessToken(ctx, request)
			if test.allowed {
				w.equal("who made it", must(created, err)(w).CreatorID, ada.ID)
				w.equal("who made it, by its event", w.events(created.ID)[0].Actor, tokens.Actor(laptop.QualifiedID()))
				w.equal("the token of the same request", must(by.CreateAccessToken(ctx, request))(w).ID, created.ID)
				return
			}
			refusal := w.refusal(err, tokens.CodeForbidden)
			w.equal("the field", refusal.Field, test.field)
			if test.field != "" {
				w.mentions(refusal.Message, tokens.FormatTimestamp(laptop.SecretExpiresAt()), "expires_at", "ttl")
			}
			latest := w.events("")
			w.equal("the event of the refusal", latest[len(latest)-1].Actor, tokens.Actor(laptop.QualifiedID()))
		})
		if test.name == "the same by an administrator" {
			must(w.CreateRole(ctx, tokens.NewRole{RoleSettings: tokens.RoleSettings{Name: "clerk", Permissions: []string{"orders:read"}}}))(w)
		}
	}

	// One that is narrowed makes none that is narrowed less, even if that does no more at present: it would with the roles that
	// the member gets later, and by shares.
	cleo := w.memberWith("cleo@example.com", tokens.RoleNone)
	narrowed := w.personal("narrowed", cleo.ID)
	narrowed.Own.Role = tokens.RoleAdministrator
	w.create(narrowed)
	by := w.holding(narrowed.Secret)
	for _, role := range []string{"", tokens.RoleOwner} {
		wider := by.personal("wider", cleo.ID)
		wider.Own.Role = role
		_, err := by.CreateAccessToken(ctx, wider)
		w.equal("the field of a role "+role, w.refusal(err, tokens.CodeForbidden).Field, "role")
	}

	// The member alone makes any.
	forever := w.acting(ada.Email).personal("forever", ada.ID)
	must(w.acting(ada.Email).CreateAccessToken(ctx, forever))(w)

	// A technical user with every permission is an owner, too, and no more than that.
	boss := w.request("boss", "")
	boss.Own.Role = tokens.RoleOwner
	w.create(boss)
	must(w.holding(boss.Secret).CreateAccessToken(ctx, w.personal("made for Ben", ben.ID)))(w)
	admin := w.request("admin", "")
	admin.Own.Role = tokens.RoleAdministrator
	w.create(admin)
	_, err := w.holding(admin.Secret).CreateAccessToken(ctx, w.personal("made for Ben", ben.ID))
	w.refusal(err, tokens.CodeForbidden)
}
