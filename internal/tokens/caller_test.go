package tokens_test

import (
	"cmp"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

const secondMemberID = "mem_01jz00000000000000000000b0"

// caller returns a member who holds these permissions at organization level, in group A and in group B.
func caller(organization, inA, inB string) tokens.Caller {
	return tokens.Caller{AccountID: memberID, Name: "anna@example.com", Access: access(organization, inA, inB)}
}

// tokenIn returns a token with a role, of a technical user that the system created in a group or in the organization.
func tokenIn(groupID, role string) tokens.AccessToken {
	t := activeToken()
	t.User.GroupID, t.User.SystemCreated, t.User.Role, t.Own.Role = groupID, true, role, role
	return t
}

// wantAllowed checks that a rule allows an operation, or forbids it with the object's identifier and the caller's name.
func wantAllowed(t *testing.T, what string, err error, allowed bool, id string) {
	t.Helper()
	switch {
	case allowed && err != nil:
		t.Errorf("%s: refused: %v", what, err)
	case !allowed && tokens.ErrorCode(err) != tokens.CodeForbidden:
		t.Errorf("%s: the error is %v, want one of code forbidden", what, err)
	case !allowed && (err.(*tokens.Error).ID != id || //nolint:errorlint // a rule returns an *Error itself
		!strings.Contains(err.Error(), "anna@example.com")):
		t.Errorf("%s: the error does not name object %q and the caller: %#v", what, id, err)
	}
}

func TestSees(t *testing.T) {
	token := tokenIn(groupA, tokens.RoleNone)
	for _, test := range []struct {
		name       string
		caller     tokens.Caller
		share      string
		restricted bool
	}{
		{name: "an owner", caller: caller("*", "", ""), restricted: true},
		{name: "an owner of its group", caller: caller("", "*", ""), restricted: true},
		{name: "an owner of another group", caller: caller("", "", "*")},
		{name: "one with every area", caller: caller("tokens:* accounts:* api:*", "", "")},
		{name: "one with a share", caller: caller("", "", ""), share: tokens.ShareViewer, restricted: true},
		{name: "a stranger", caller: caller("", "", "")},
		{name: "the owner of the database", caller: tokens.DatabaseOwner(actor), restricted: true},
	} {
		for _, visibility := range []tokens.Visibility{tokens.VisibilityOrganization, tokens.VisibilityRestricted} {
			token.Visibility = visibility
			want := test.restricted || visibility == tokens.VisibilityOrganization
			if test.caller.Sees(token, test.share) != want {
				t.Errorf("%s sees a token of visibility %s: %t", test.name, visibility, !want)
			}
		}
	}
	token.CreatorID = memberID
	if !caller("", "", "").Sees(token, "") {
		t.Error("the account that created a token does not see it")
	}
	token.CreatorID = ""
	if (tokens.Caller{Name: "ben@example.com"}).Sees(token, "") {
		t.Error("a caller without an account sees what the owner of the database created")
	}
}

// What an update needs depends on what it changes, whatever else it repeats.
func TestMayUpdateNeedsWhatTheChangesNeed(t *testing.T) {
	roles := tokens.NewRoles([]tokens.Role{{RoleSettings: tokens.RoleSettings{Name: "clerk",
		Permissions: []string{"orders:read"}}}})
	callers := []struct {
		name string
		tokens.Caller
	}{
		{"read", caller("", "tokens:read", "")},
		{"write", caller("", "tokens:write", "")},
		{"manage", caller("", "tokens:manage", "")},
		{"write+manage", caller("", "tokens:write tokens:manage", "")},
	}
	at := now.Add(-time.Minute)
	disabled := func(t *tokens.AccessToken) { t.Enabled, t.Disabled = false, &tokens.Stop{By: actor, At: at} }
	expired := func(t *tokens.AccessToken) { t.ExpiresAt = at }
	for _, test := range []struct {
		name   string
		before func(*tokens.AccessToken)
		update tokens.AccessTokenUpdate
		want   string
	}{
		{"nothing", nil, tokens.AccessTokenUpdate{}, "read"},
		{"what is there already", nil, tokens.AccessTokenUpdate{Settings: tokens.Settings{Name: "deploy", Enabled: true},
			Fields: tokens.Fields{"name", "enabled"}}, "read"},
		{"nothing of what is disabled", disabled, tokens.AccessTokenUpdate{Settings: tokens.Settings{Name: "deploy"},
			Fields: tokens.Fields{"name"}}, "read"},
		{"name", nil, tokens.AccessTokenUpdate{Settings: tokens.Settings{Name: "release"}, Fields: tokens.Fields{"name"}},
			"write write+manage"},
		{"description", nil, tokens.AccessTokenUpdate{Settings: tokens.Settings{Description: "new"},
			Fields: tokens.Fields{"description"}}, "write write+manage"},
		{"role", nil, tokens.AccessTokenUpdate{Settings: tokens.Settings{Own: tokens.Grants{Role: "gone"}},
			Fields: tokens.Fields{"role"}}, "write write+manage"},
		{"expires_at", nil, tokens.AccessTokenUpdate{Settings: tokens.Settings{ExpiresAt: now.Add(day)},
			Fields: tokens.Fields{"expires_at"}}, "write write+manage"},
		{"ttl", nil, tokens.AccessTokenUpdate{Settings: tokens.Settings{TTL: day}, Fields: tokens.Fields{"ttl"}},
			"write write+manage"},
		{"activates_at", nil, tokens.AccessTokenUpdate{Settings: tokens.Settings{ActivatesAt: now.Add(day)},
			Fields: tokens.Fields{"activates_at"}}, "write+manage"},
		{"a later end of what has expired", expired,
			tokens.AccessTokenUpdate{Settings: tokens.Settings{ExpiresAt: now.Add(day)}, Fields: tokens.Fields{"expires_at"}},
			"write+manage"},
		{"no end of what has expired", expired, tokens.AccessTokenUpdate{Settings: tokens.Settings{ExpiresAt: time.Time{}},
			Fields: tokens.Fields{"expires_at"}}, "write+manage"},
		{"the name of what has expired", expired,
			tokens.AccessTokenUpdate{Settings: tokens.Settings{Name: "release", ExpiresAt: at},
				Fields: tokens.Fields{"name", "expires_at"}}, "write write+manage"},
		{"disable", nil, tokens.AccessTokenUpdate{Settings: tokens.Settings{Enabled: false},
			Fields: tokens.Fields{"enabled"}}, "manage write+manage"},
		{"disable again", disabled, tokens.AccessTokenUpdate{Settings: tokens.Settings{Enabled: false},
			Fields: tokens.Fields{"enabled"}}, "manage write+manage"},
		{"enable", disabled, tokens.AccessTokenUpdate{Settings: tokens.Settings{Enabled: true},
			Fields: tokens.Fields{"enabled"}}, "manage write+manage"},
		{"disable and rename", nil, tokens.AccessTokenUpdate{Settings: tokens.Settings{Enabled: false, Name: "release"},
			Fields: tokens.Fields{"enabled", "name"}}, "write+manage"},
		{"visibility", nil, tokens.AccessTokenUpdate{Settings: tokens.Settings{Visibility: tokens.VisibilityRestricted},
			Fields: tokens.Fields{"visibility"}}, "manage write+manage"},
		{"regenerate", nil, tokens.AccessTokenUpdate{Regeneration: &tokens.Regeneration{NewSecretFor: newSecret(t)}},
			"manage write+manage"},
		{"regenerate and rename", nil, tokens.AccessTokenUpdate{Settings: tokens.Settings{Name: "release"},
			Fields: tokens.Fields{"name"}, Regeneration: &tokens.Regeneration{NewSecretFor: newSecret(t)}}, "write+manage"},
	} {
		before := tokenIn(groupA, tokens.RoleNone)
		if test.before != nil {
			test.before(&before)
		}
		after, err := before.Updated(test.update, actor, now)
		if err != nil {
			t.Fatalf("%s: %v", test.name, err)
		}
		for _, who := range callers {
			allowed := strings.Contains(" "+test.want+" ", " "+who.name+" ")
			wantAllowed(t, test.name+" with "+who.name, who.MayUpdate(before, after, test.update, "", roles, now), allowed,
				tokenID)
		}
	}
}

// Someone who may disable a token may ask for it again, even without knowing of the token.
func TestDisablingAgain(t *testing.T) {
	before := tokenIn(groupA, tokens.RoleOwner)
	before.Visibility, before.Enabled, before.Disabled = tokens.VisibilityRestricted, false,
		&tokens.Stop{By: actor, At: now}
	stopper := caller("", "tokens:manage", "")
	for name, test := range map[string]struct {
		update  tokens.AccessTokenUpdate
		allowed bool
	}{
		"disable": {tokens.AccessTokenUpdate{Settings: tokens.Settings{Enabled: false},
			Fields: tokens.Fields{"enabled"}}, true},
		"nothing": {tokens.AccessTokenUpdate{}, false},
		"disable and guess the name": {tokens.AccessTokenUpdate{Settings: tokens.Settings{Enabled: false, Name: "deploy"},
			Fields: tokens.Fields{"enabled", "name"}}, false},
	} {
		wantAllowed(t, name, stopper.MayUpdate(before, before, test.update, "", tokens.NewRoles(nil), now), test.allowed,
			tokenID)
	}
}

// An update that widens a token needs what is new. One that also yields a secret needs everything that the token may
// do.
func TestMayUpdateGivesNothingThatIsNotHeld(t *testing.T) {
	roles := tokens.NewRoles([]tokens.Role{{RoleSettings: tokens.RoleSettings{Name: "clerk",
		Permissions: []string{"orders:read"}}},
		{RoleSettings: tokens.RoleSettings{Name: "stock-clerk", Permissions: []string{"orders:read", "stock:read"}}}})
	regeneration := &tokens.Regeneration{NewSecretFor: newSecret(t)}
	for _, test := range []struct {
		name    string
		holds   string
		role    string
		update  tokens.AccessTokenUpdate
		allowed bool
	}{
		{name: "raise to what is held", holds: "tokens:write stock:read", role: "clerk",
			update: tokens.AccessTokenUpdate{Settings: tokens.Settings{Own: tokens.Grants{Role: "stock-clerk"}},
				Fields: tokens.Fields{"role"}}, allowed: true},
		{name: "raise to what is not held", holds: "tokens:write orders:read", role: "clerk",
			update: tokens.AccessTokenUpdate{Settings: tokens.Settings{Own: tokens.Grants{Role: "stock-clerk"}},
				Fields: tokens.Fields{"role"}}},
		{name: "raise as one who manages accounts", holds: "tokens:write accounts:manage", role: "clerk",
			update: tokens.AccessTokenUpdate{Settings: tokens.Settings{Own: tokens.Grants{Role: "stock-clerk"}},
				Fields: tokens.Fields{"role"}}, allowed: true},
		{name: "lower to what is not held", holds: "tokens:write tokens:manage", role: "stock-clerk",
			update: tokens.AccessTokenUpdate{Settings: tokens.Settings{Own: tokens.Grants{Role: "clerk"}},
				Fields: tokens.Fields{"role"}}, allowed: true},
		{name: "clear, which raises to a member", holds: "tokens:write accounts:manage", role: "clerk",
			update: tokens.AccessTokenUpdate{Settings: tokens.Settings{Own: tokens.Grants{Role: ""}},
				Fields: tokens.Fields{"role"}}},
		{name: "clear, as one who reads tokens", holds: "tokens:write tokens:manage tokens:read accounts:manage",
			role: "clerk",
			update: tokens.AccessTokenUpdate{Settings: tokens.Settings{Own: tokens.Grants{Role: ""}},
				Fields: tokens.Fields{"role"}}, allowed: true},
		{name: "regenerate what is held", holds: "tokens:manage orders:read", role: "clerk",
			update: tokens.AccessTokenUpdate{Regeneration: regeneration}, allowed: true},
		{name: "regenerate what is not held", holds: "tokens:manage", role: "clerk",
			update: tokens.AccessTokenUpdate{Regeneration: regeneration}},
		{name: "regenerate as one who manages accounts", holds: "tokens:manage accounts:manage", role: "clerk",
			update: tokens.AccessTokenUpdate{Regeneration: regeneration}, allowed: true},
		{name: "regenerate what reads tokens", holds: "tokens:manage accounts:manage", role: "viewer",
			update: tokens.AccessTokenUpdate{Regeneration: regeneration}},
		{name: "lower and regenerate", holds: "tokens:write tokens:manage orders:read", role: "stock-clerk",
			update: tokens.AccessTokenUpdate{Settings: tokens.Settings{Own: tokens.Grants{Role: "clerk"}},
				Fields:       tokens.Fields{"role"},
				Regeneration: regeneration}, allowed: true},
		{name: "lower an owner's and regenerate", holds: "tokens:write tokens:manage orders:read", role: "owner",
			update: tokens.AccessTokenUpdate{Settings: tokens.Settings{Own: tokens.Grants{Role: "clerk"}},
				Fields:       tokens.Fields{"role"},
				Regeneration: regeneration}},
	} {
		before := tokenIn(groupA, test.role)
		after, err := before.Updated(test.update, actor, now)
		if err != nil {
			t.Fatalf("%s: %v", test.name, err)
		}
		wantAllowed(t, test.name, caller("", test.holds, "*").MayUpdate(before, after, test.update, "", roles, now),
			test.allowed, tokenID)
	}
}

func TestMayCreateToken(t *testing.T) {
	for _, test := range []struct {
		name       string
		caller     tokens.Caller
		groupID    string
		visibility tokens.Visibility
		own        bool // the secret
		access     tokens.Access
		allowed    bool
	}{
		{name: "in a group", caller: caller("", "tokens:write", ""), groupID: groupA, access: access("", "", ""),
			allowed: true},
		{name: "in another group", caller: caller("", "", "tokens:write"), groupID: groupA, access: access("", "", "")},
		{name: "in a group, from above", caller: caller("tokens:write", "", ""), groupID: groupA, access: access("", "", ""),
			allowed: true},
		{name: "of the organization", caller: caller("tokens:write", "", ""), access: access("", "", "")},
		{name: "of the organization, by one who manages", caller: caller("tokens:manage", "", ""), access: access("", "", ""),
			allowed: true},
		{name: "in a group, by one who manages but does not write", caller: caller("", "tokens:manage", ""), groupID: groupA,
			access: access("", "", "")},
		{name: "restricted", caller: caller("", "tokens:write", ""), groupID: groupA, visibility: tokens.VisibilityRestricted,
			access: access("", "", "")},
		{name: "restricted, by one who manages but does not write", caller: caller("", "tokens:manage", ""), groupID: groupA,
			visibility: tokens.VisibilityRestricted, access: access("", "", "")},
		{name: "restricted, by one who manages", caller: caller("", "tokens:write tokens:manage", ""), groupID: groupA,
			visibility: tokens.VisibilityRestricted, access: access("", "", ""), allowed: true},
		{name: "with an own secret", caller: caller("", "tokens:write", ""), groupID: groupA, own: true,
			access: access("", "", "")},
		{name: "with an own secret, by one who manages but does not write", caller: caller("", "tokens:manage", ""),
			groupID: groupA, own: true, access: access("", "", "")},
		{name: "with an own secret, by one who manages", caller: caller("", "tokens:write tokens:manage", ""), groupID: groupA,
			own: true, access: access("", "", ""), allowed: true},
		{name: "with what is held", caller: caller("", "tokens:write orders:read", ""), groupID: groupA,
			access: access("", "orders:read", ""), allowed: true},
		{name: "with more than is held", caller: caller("", "tokens:write orders:read", ""), groupID: groupA,
			access: access("", "orders:*", "")},
		{name: "with what is held elsewhere", caller: caller("", "tokens:write", "orders:read"), groupID: groupA,
			access: access("", "orders:read", "")},
		{name: "with what is granted by one who manages accounts", caller: caller("", "tokens:write accounts:manage", ""),
			groupID: groupA, access: access("", "orders:*", ""), allowed: true},
		{name: "with what is reserved", caller: caller("", "tokens:write accounts:manage", ""), groupID: groupA,
			access: access("", "tokens:read", "")},
		{name: "with a wildcard", caller: caller("", "tokens:write tokens:read tokens:manage tokens:introspect", ""),
			groupID: groupA, access: access("", "tokens:*", "")},
		{name: "for two groups, held in one", caller: caller("tokens:manage", "orders:read", ""),
			access: access("", "orders:read", "orders:read")},
	} {
		settings := tokens.Settings{Visibility: cmp.Or(test.visibility, tokens.VisibilityOrganization), Name: "deploy",
			TTL: day}
		secret := parseSecret(t, zeroValue)
		if test.own {
			secret, _ = tokens.PresentedSecret("correct.4Xw9Qm2Lr7Tz5Vb8Ns3Kd6.own")
		}
		wantAllowed(t, test.name, test.caller.MayCreateToken(test.groupID, settings, secret, test.access), test.allowed, "")
	}
}

func TestMayGrantAndMayAlter(t *testing.T) {
	for _, test := range []struct {
		name         string
		caller       tokens.Caller
		access       tokens.Access
		grant, alter bool
	}{
		{name: "nothing", caller: caller("", "", ""), access: access("", "", ""), grant: true, alter: true},
		{name: "what is held", caller: caller("orders:read", "", ""), access: access("orders:read", "", ""), grant: true,
			alter: true},
		{name: "what is not", caller: caller("", "", ""), access: access("orders:read", "", ""), alter: true},
		{name: "what is not, in a group", caller: caller("", "", "orders:read"), access: access("", "orders:read", ""),
			alter: true},
		{name: "as one who manages accounts there", caller: caller("", "accounts:manage", ""),
			access: access("", "orders:read", ""), grant: true, alter: true},
		{name: "as one who manages accounts in a group", caller: caller("", "accounts:manage", ""),
			access: access("orders:read", "", ""), alter: true},
		{name: "what is reserved", caller: caller("accounts:manage", "", ""), access: access("tokens:read", "", "")},
		{name: "what is reserved, held above", caller: caller("tokens:read", "", ""), access: access("", "tokens:read", ""),
			grant: true, alter: true},
		{name: "what is reserved, held below", caller: caller("", "tokens:read", ""), access: access("tokens:read", "", "")},
		{name: "everything", caller: caller("tokens:* accounts:*", "", ""), access: access("*", "", "")},
		{name: "everything in a group", caller: caller("", "*", ""), access: access("", "*", ""), grant: true, alter: true},
	} {
		wantAllowed(t, "grant "+test.name, test.caller.MayGrant(secondMemberID, test.access), test.grant, secondMemberID)
		wantAllowed(t, "alter "+test.name, test.caller.MayAlter(tokens.KindMember, secondMemberID, test.access), test.alter,
			secondMemberID)
	}
}

func TestRulesOfAccounts(t *testing.T) {
	for _, test := range []struct {
		name                                        string
		caller                                      tokens.Caller
		organization, inA, members, verify, isOwner bool
	}{
		{name: "nobody", caller: caller("", "", "")},
		{name: "manages accounts", caller: caller("accounts:manage", "", ""), organization: true, inA: true, members: true},
		{name: "manages accounts of the group", caller: caller("", "accounts:manage", ""), inA: true, members: true},
		{name: "manages accounts of another group", caller: caller("", "", "accounts:manage"), members: true},
		{name: "manages tokens", caller: caller("tokens:read tokens:write tokens:manage", "", "")},
		{name: "introspects", caller: caller("", "", "tokens:introspect"), verify: true},
		{name: "owns the group", caller: caller("", "*", ""), inA: true, members: true, verify: true},
		{name: "owns the organization", caller: caller("*", "", ""), organization: true, inA: true, members: true,
			verify: true, isOwner: true},
		{name: "has all areas", caller: caller("tokens:* accounts:*", "", ""), organization: true, inA: true, members: true,
			verify: true},
	} {
		wantAllowed(t, test.name+": accounts of the organization", test.caller.MayManageAccounts("", userID, "to try"),
			test.organization, userID)
		wantAllowed(t, test.name+": accounts of a group", test.caller.MayManageAccounts(groupA, userID, "to try"), test.inA,
			userID)
		wantAllowed(t, test.name+": list the members", test.caller.MayListMembers(), test.members, "")
		wantAllowed(t, test.name+": list the technical users", test.caller.MayListTechnicalUsers(), test.members, "")
		wantAllowed(t, test.name+": verify", test.caller.MayIntrospect(), test.verify, "")
		wantAllowed(t, test.name+": be an owner", test.caller.MustBeOwner("to try"), test.isOwner, "")
		if test.caller.IsOwner() != test.isOwner {
			t.Errorf("%s: IsOwner is %t", test.name, !test.isOwner)
		}
	}
}

// A share is a grant of its own: it asks for nothing that the token may do, unless a secret results or roles widen.
func TestSharesAreGrantsOfTheirOwn(t *testing.T) {
	guest := caller("", "", "")
	before := tokenIn(groupA, tokens.RoleOwner)
	for op, least := range map[tokens.TokenOperation]string{
		tokens.OperationShow: tokens.ShareViewer, tokens.OperationEdit: tokens.ShareEditor,
		tokens.OperationRevive: tokens.ShareManager, tokens.OperationRetire: tokens.ShareManager,
		tokens.OperationSetVisible: tokens.ShareManager, tokens.OperationEnable: tokens.ShareManager,
		tokens.OperationRelease: tokens.ShareManager, tokens.OperationDelete: tokens.ShareManager,
		tokens.OperationShare: tokens.ShareManager, tokens.OperationDisable: tokens.ShareManager,
		tokens.OperationHold: tokens.ShareManager, tokens.OperationCurtail: tokens.ShareManager,
		tokens.OperationRegenerate: "", tokens.OperationConfigure: "",
	} {
		allowed := false
		for _, share := range append([]string{""}, tokens.ShareRoles()...) {
			allowed = allowed || share != "" && share == least
			wantAllowed(t, string(op)+" by the share "+share, guest.MayUse(op, before, share, tokens.NewRoles(nil)), allowed,
				tokenID)
		}
	}
	roles := tokens.NewRoles([]tokens.Role{{RoleSettings: tokens.RoleSettings{Name: "reader",
		Permissions: []string{"tokens:read"}}},
		{RoleSettings: tokens.RoleSettings{Name: "clerk", Permissions: []string{"tokens:read", "orders:read"}}}})
	before = tokenIn(groupA, "reader")
	wider := tokens.AccessTokenUpdate{Settings: tokens.Settings{Own: tokens.Grants{Role: "clerk"}},
		Fields: tokens.Fields{"role"}}
	after, err := before.Updated(wider, actor, now)
	if err != nil {
		t.Fatal(err)
	}
	for holds, allowed := range map[string]bool{"": false, "orders:read": false, "tokens:read": false,
		"tokens:read orders:read": true} {
		err := caller("", holds, "").MayUpdate(before, after, wider, tokens.ShareManager, roles, now)
		wantAllowed(t, "widen by a share, holding "+holds, err, allowed, tokenID)
	}
}
