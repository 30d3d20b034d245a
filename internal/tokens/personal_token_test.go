package tokens_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// personalToken returns a personal token of a member with a role.
func personalToken(ofMember, role string) tokens.AccessToken {
	t := activeToken()
	m := tokens.Member{ID: ofMember, Email: "anna@example.com", MemberSettings: tokens.MemberSettings{
		Name: "Anna", Grants: tokens.Grants{Role: role},
	}}
	t.User = m.Account()
	return t
}

// by returns the caller as one who asks by a personal token with own roles, where it is narrowed.
func by(c tokens.Caller, own *tokens.Access) tokens.Caller {
	c.Credential = &tokens.Credential{Personal: true, Own: own}
	return c
}

func TestPersonalTokenIsOfItsMember(t *testing.T) {
	personal, users := personalToken(memberID, tokens.RoleViewer), activeToken()
	if !personal.IsPersonal() || personal.MemberID() != memberID || users.IsPersonal() || users.MemberID() != "" {
		t.Errorf("got %t of %q, and %t of %q", personal.IsPersonal(), personal.MemberID(), users.IsPersonal(), users.MemberID())
	}
	if concealed := personal.Concealed(); concealed.QualifiedID() != tokenID {
		t.Errorf("a concealed one is called %q", concealed.QualifiedID())
	}
	for actor, want := range map[tokens.Actor]bool{
		tokens.Actor(personal.QualifiedID()): true, tokens.Actor(users.QualifiedID()): false, tokenID: false,
		"anna@example.com": false, "local:anna@host": false, tokens.ActorClock: false,
	} {
		if actor.IsPersonalToken() != want {
			t.Errorf("%s is a personal token: %t", actor, !want)
		}
	}
	if personal.Status = personal.StatusAt(now); personal.Status != tokens.StatusActive {
		t.Errorf("its status is %s", personal.Status)
	}
}

// Who may do what with a personal token: the member, by what they ask by, and others, by what they hold.
func TestMayUsePersonalTokens(t *testing.T) {
	roles := tokens.NewRoles(nil)
	reads, manages := access("tokens:read", "", ""), access("tokens:manage", "", "")
	nothing, inGroup := access("", "", ""), access("", "*", "*")
	callers := map[string]tokens.Caller{
		"the member":            caller("", "", ""),
		"their token":           by(caller("", "", ""), nil),
		"their viewing token":   by(caller("", "", ""), &reads),
		"their managing token":  by(caller("", "", ""), &manages),
		"their powerless token": by(caller("", "", ""), &nothing),
		"their token in groups": by(caller("", "*", "*"), &inGroup),
		"another":               of(secondMemberID, caller("tokens:read tokens:write orders:read", "*", "*")),
		"stopper":               of(secondMemberID, caller("tokens:manage", "", "")),
		"keeper":                of(secondMemberID, caller("accounts:manage", "", "")),
		"reading keeper":        of(secondMemberID, caller("accounts:manage tokens:read", "", "")),
		"administrator":         of(secondMemberID, caller("tokens:* accounts:*", "", "")),
		"owner":                 of(secondMemberID, caller("*", "", "")),
		"database":              of("", caller("*", "", "")),
		"nobody":                of("", caller("", "", "")),
		"a technical user":      of(userID, caller("tokens:read tokens:write", "", "")),
	}
	knowing := "the member, their token, their viewing token, keeper, reading keeper, administrator, owner, database"
	stopping := "the member, their token, their managing token, stopper, keeper, reading keeper, administrator, owner, database"
	deleting := "the member, their token, their managing token, reading keeper, administrator, owner, database"
	refused := "the member, their token, their managing token, keeper, reading keeper, administrator, owner, database"
	for op, allowed := range map[tokens.TokenOperation]string{
		tokens.OperationShow: knowing,
		// These take what the operation takes at organization level, and are refused by other rules.
		tokens.OperationEdit: refused, tokens.OperationRevive: refused, tokens.OperationRegenerate: refused,
		tokens.OperationRetire: refused, tokens.OperationSetVisible: refused, tokens.OperationShare: refused,
		tokens.OperationDelete:    deleting,
		tokens.OperationDisable:   stopping,
		tokens.OperationHold:      stopping,
		tokens.OperationEnable:    stopping,
		tokens.OperationRelease:   "stopper, keeper, reading keeper, administrator, owner, database",
		tokens.OperationCurtail:   "owner, database",
		tokens.OperationConfigure: "owner, database",
		"something new":           "owner, database",
	} {
		for name, c := range callers {
			for _, share := range []string{"", tokens.ShareManager} { // which no personal token has
				want := slices.Contains(strings.Split(allowed, ", "), name)
				err := c.MayUse(op, personalToken(memberID, tokens.RoleViewer), share, roles)
				wantAllowed(t, string(op)+" by "+name, err, want, tokenID)
			}
		}
	}
	// A more powerful member's is deleted by who holds as much, or by that member.
	for name, want := range map[string]bool{"the member": true, "their token": true, "reading keeper": false, "administrator": false, "owner": true} {
		err := callers[name].MayUse(tokens.OperationDelete, personalToken(memberID, tokens.RoleOwner), "", roles)
		wantAllowed(t, "delete an owner's by "+name, err, want, tokenID)
	}
}

// of returns a caller with another account.
func of(accountID string, c tokens.Caller) tokens.Caller {
	c.AccountID = accountID
	return c
}

func TestMayCreatePersonalToken(t *testing.T) {
	ends := now.Add(day)
	ending := func(c tokens.Caller, personal bool) tokens.Caller {
		c.Credential = &tokens.Credential{Personal: personal, EndsAt: ends}
		return c
	}
	manages, reads := access("tokens:manage", "", ""), access("tokens:read", "", "")
	clerk := caller("orders:read", "", "")
	for _, test := range []struct {
		name    string
		caller  tokens.Caller
		access  tokens.Access
		limit   *tokens.Access // nil for a token that is not narrowed
		ttl     time.Duration
		endsAt  time.Time
		allowed bool
		field   string
	}{
		{name: "the member", caller: clerk, access: access("orders:read", "", ""), allowed: true},
		{name: "another member", caller: of(secondMemberID, caller("tokens:* accounts:* orders:*", "*", "*")), access: access("", "", "")},
		{name: "a technical user", caller: of(userID, caller("tokens:* accounts:*", "", "")), access: access("", "", "")},
		{name: "an owner", caller: of(secondMemberID, caller("*", "", "")), access: access("*", "", ""), allowed: true},
		{name: "the owner of the database", caller: of("", caller("*", "", "")), access: access("*", "", ""), allowed: true},
		{name: "nobody", caller: of("", caller("", "", "")), access: access("", "", "")},
		{name: "a token with the same", caller: by(clerk, nil), access: access("orders:read", "", ""), allowed: true},
		{name: "a token with less", caller: by(clerk, nil), access: access("", "", ""), allowed: true},
		{name: "a token with more", caller: by(clerk, nil), access: access("orders:*", "", "")},
		{name: "a token with more in a group", caller: by(clerk, nil), access: access("orders:read", "stock:read", "")},
		{name: "a token with what it may grant others", caller: by(caller("accounts:manage", "", ""), nil), access: access("orders:read", "", "")},
		{name: "a token narrowed to managing", caller: by(caller("tokens:manage", "", ""), &manages), access: access("tokens:manage", "", ""), limit: &manages, allowed: true},
		{name: "not narrowed, by one narrowed to managing", caller: by(caller("", "", ""), &manages), access: access("", "", ""), field: "role"},
		{name: "narrowed to reading, by one narrowed to managing", caller: by(caller("", "", ""), &manages), access: access("", "", ""), limit: &reads, field: "role"},
		{name: "narrowed to nothing, by one narrowed to managing", caller: by(caller("", "", ""), &manages), access: access("", "", ""), limit: &tokens.Access{}, allowed: true},
		{name: "a token narrowed to reading", caller: by(caller("tokens:read", "", ""), &reads), access: access("tokens:read", "", "")},
		{name: "an owner's narrowed token", caller: by(of(secondMemberID, caller("tokens:read", "", "")), &reads), access: access("", "", "")},
		{name: "one that ends, forever", caller: ending(clerk, true), access: access("", "", ""), field: "expires_at"},
		{name: "one that ends, until then", caller: ending(clerk, true), endsAt: ends, access: access("", "", ""), allowed: true},
		{name: "one that ends, and longer", caller: ending(clerk, true), endsAt: ends.Add(1), access: access("", "", ""), field: "expires_at"},
		{name: "one that ends, with a ttl", caller: ending(clerk, true), ttl: 2 * day, endsAt: now.Add(2 * day), access: access("", "", ""), field: "ttl"},
		{name: "a technical user's that ends, of an owner", caller: ending(of(userID, caller("*", "", "")), false), access: access("*", "", ""), allowed: true},
	} {
		limit := access("*", "", "")
		if test.limit != nil {
			limit = *test.limit
		}
		err := test.caller.MayCreatePersonalToken(memberID, test.access, limit, tokens.Settings{TTL: test.ttl}, test.endsAt)
		wantAllowed(t, test.name, err, test.allowed, "")
		if !test.allowed && err.(*tokens.Error).Field != test.field { //nolint:errorlint // a rule returns an *Error itself
			t.Errorf("%s: the field is %q", test.name, err.(*tokens.Error).Field) //nolint:errorlint // as above
		}
		if strings.HasPrefix(test.name, "one that ends") && !test.allowed && !strings.Contains(err.Error(), tokens.FormatTimestamp(ends)) {
			t.Errorf("%s: %v does not say until when", test.name, err)
		}
	}
}

// What a share allows counts where the own roles of the token that asks hold what the operation takes.
func TestNarrowedTokensNarrowShares(t *testing.T) {
	for _, test := range []struct {
		name string
		own  tokens.Access
		// reads, edits and manages say what a share as manager of a token in group A still allows.
		reads, edits, manages bool
	}{
		{"nothing", access("", "", ""), false, false, false},
		{"reading", access("tokens:read", "", ""), true, false, false},
		{"reading in the group", access("", "tokens:read", ""), true, false, false},
		{"reading in another group", access("", "", "tokens:read"), false, false, false},
		{"writing", access("tokens:read", "tokens:write", ""), true, true, false},
		{"managing alone", access("", "tokens:manage", ""), false, false, true},
		{"everything with tokens", access("", "tokens:*", ""), true, true, true},
	} {
		guest := by(caller("", "", ""), &test.own)
		token := tokenIn(groupA, tokens.RoleNone)
		for op, want := range map[tokens.TokenOperation]bool{
			tokens.OperationShow: test.reads, tokens.OperationEdit: test.edits, tokens.OperationHold: test.manages,
			tokens.OperationDelete: test.manages, tokens.OperationShare: test.manages,
		} {
			wantAllowed(t, test.name+": "+string(op), guest.MayUse(op, token, tokens.ShareManager, tokens.NewRoles(nil)), want, tokenID)
		}
		token.Visibility = tokens.VisibilityRestricted
		if guest.Sees(token, tokens.ShareManager) != test.reads {
			t.Errorf("%s: sees a restricted token: %t", test.name, !test.reads)
		}
	}
}

// A secret tells what it is to whoever asks by it.
func TestCredential(t *testing.T) {
	roles := tokens.NewRoles(nil)
	credential := func(change func(*tokens.SecretRow)) *tokens.Credential {
		row := tokens.SecretRow{Version: 1, AccessToken: personalToken(memberID, tokens.RoleOwner)}
		change(&row)
		return row.Resolve(roles).Credential()
	}
	if c := credential(func(*tokens.SecretRow) {}); !c.Personal || !c.EndsAt.IsZero() || c.Own != nil {
		t.Errorf("one that is not narrowed: got %+v", c)
	}
	narrowed := func(r *tokens.SecretRow) {
		r.AccessToken.Own.Role, r.AccessToken.ExpiresAt = tokens.RoleViewer, now.Add(day)
	}
	if c := credential(narrowed); !c.EndsAt.Equal(now.Add(day)) || c.Own == nil || !c.Own.At("").Allows(tokens.PermissionReadTokens) ||
		c.Own.At("").Allows(tokens.PermissionWriteTokens) {
		t.Errorf("one that is narrowed: got %+v", c)
	}
	empty := func(r *tokens.SecretRow) { r.AccessToken.Own.GroupRoles = []tokens.GroupRole{} }
	if c := credential(empty); c.Own == nil || c.Own.At("").Allows(tokens.PermissionReadTokens) {
		t.Errorf("one that is narrowed to nothing in groups: got %+v", c)
	}
	ofUser := func(r *tokens.SecretRow) { r.AccessToken = activeToken(); narrowed(r) }
	if c := credential(ofUser); c.Personal || c.Own != nil {
		t.Errorf("one of a technical user: got %+v", c)
	}
}
