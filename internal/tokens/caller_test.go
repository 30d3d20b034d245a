package tokens_test

import (
	"strings"
	"testing"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

const secondMemberID = "mem_01jz00000000000000000000b0"

// caller is a member who holds words at organization level, in group A and in group B.
func caller(organization, inA, inB string) tokens.Caller {
	return tokens.Caller{AccountID: memberID, Name: "anna@example.com", Access: access(organization, inA, inB)}
}

// tokenIn is a token of a technical user that the system made at the level of a group, or of the organization, with a
// role.
func tokenIn(groupID, role string) tokens.AccessToken {
	t := activeToken()
	t.User.GroupID, t.User.SystemCreated, t.User.Role, t.Own.Role = groupID, true, role, role
	return t
}

// wantAllowed checks that a rule allows, or forbids with the object's identifier and the name of the caller.
func wantAllowed(t *testing.T, what string, err error, allowed bool, id string) {
	t.Helper()
	switch {
	case allowed && err != nil:
		t.Errorf("%s: refused: %v", what, err)
	case !allowed && tokens.ErrorCode(err) != tokens.CodeForbidden:
		t.Errorf("%s: the error is %v, want one of code forbidden", what, err)
	case !allowed && (err.(*tokens.Error).ID != id ||
		!strings.Contains(err.Error(), "anna@example.com")): //nolint:errorlint // a rule returns an *Error itself
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
		{"an owner", caller("*", "", ""), "", true},
		{"an owner of its group", caller("", "*", ""), "", true},
		{"an owner of another group", caller("", "", "*"), "", false},
		{"one with every area", caller("tokens:* accounts:* api:*", "", ""), "", false},
		{"one with a share", caller("", "", ""), tokens.ShareViewer, true},
		{"a stranger", caller("", "", ""), "", false},
		{"the owner of the database", tokens.DatabaseOwner(actor), "", true},
	} {
		for _, visibility := range []tokens.Visibility{tokens.VisibilityOrganization, tokens.VisibilityRestricted} {
			token.Visibility = visibility
			if want := test.restricted || visibility == tokens.VisibilityOrganization; test.caller.Sees(token,
				test.share) != want {
				t.Errorf("%s sees a token of visibility %s: %t", test.name, visibility, !want)
			}
		}
	}
	token.CreatorID = memberID
	if !caller("", "", "").Sees(token, "") {
		t.Error("the account that made a token does not see it")
	}
	token.CreatorID = ""
	if (tokens.Caller{Name: "ben@example.com"}).Sees(token, "") {
		t.Error("a caller without an account sees what the owner of the database made")
	}
}

// What an update needs follows from what it changes, whatever else it repeats.
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
			Fields: tokens.Fields{"activates_at"}}, "write write+manage"},
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

// Whoever may disable a token may ask for it again, though they may not know of the token.
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

// An update that gives a token more needs what is new; one that also gives a secret needs all that the token may do.
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
		{"raise to what is held", "tokens:write stock:read", "clerk",
			tokens.AccessTokenUpdate{Settings: tokens.Settings{Own: tokens.Grants{Role: "stock-clerk"}},
				Fields: tokens.Fields{"role"}}, true},
		{"raise to what is not held", "tokens:write orders:read", "clerk",
			tokens.AccessTokenUpdate{Settings: tokens.Settings{Own: tokens.Grants{Role: "stock-clerk"}},
				Fields: tokens.Fields{"role"}}, false},
		{"raise as one who manages accounts", "tokens:write accounts:manage", "clerk",
			tokens.AccessTokenUpdate{Settings: tokens.Settings{Own: tokens.Grants{Role: "stock-clerk"}},
				Fields: tokens.Fields{"role"}}, true},
		{"lower to what is not held", "tokens:write", "stock-clerk",
			tokens.AccessTokenUpdate{Settings: tokens.Settings{Own: tokens.Grants{Role: "clerk"}},
				Fields: tokens.Fields{"role"}}, true},
		{"clear, which raises to a member", "tokens:write accounts:manage", "clerk",
			tokens.AccessTokenUpdate{Settings: tokens.Settings{Own: tokens.Grants{Role: ""}}, Fields: tokens.Fields{"role"}},
			false},
		{"clear, as one who reads tokens", "tokens:write tokens:read accounts:manage", "clerk",
			tokens.AccessTokenUpdate{Settings: tokens.Settings{Own: tokens.Grants{Role: ""}}, Fields: tokens.Fields{"role"}},
			true},
		{"regenerate what is held", "tokens:manage orders:read", "clerk",
			tokens.AccessTokenUpdate{Regeneration: regeneration}, true},
		{"regenerate what is not held", "tokens:manage", "clerk", tokens.AccessTokenUpdate{Regeneration: regeneration},
			false},
		{"regenerate as one who manages accounts", "tokens:manage accounts:manage", "clerk",
			tokens.AccessTokenUpdate{Regeneration: regeneration}, true},
		{"regenerate what reads tokens", "tokens:manage accounts:manage", "viewer",
			tokens.AccessTokenUpdate{Regeneration: regeneration}, false},
		{"lower and regenerate", "tokens:write tokens:manage orders:read", "stock-clerk",
			tokens.AccessTokenUpdate{Settings: tokens.Settings{Own: tokens.Grants{Role: "clerk"}}, Fields: tokens.Fields{"role"},
				Regeneration: regeneration}, true},
		{"lower an owner's and regenerate", "tokens:write tokens:manage orders:read", "owner",
			tokens.AccessTokenUpdate{Settings: tokens.Settings{Own: tokens.Grants{Role: "clerk"}}, Fields: tokens.Fields{"role"},
				Regeneration: regeneration}, false},
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
		access     tokens.Access
		allowed    bool
	}{
		{"in a group", caller("", "tokens:write", ""), groupA, "", access("", "", ""), true},
		{"in another group", caller("", "", "tokens:write"), groupA, "", access("", "", ""), false},
		{"in a group, from above", caller("tokens:write", "", ""), groupA, "", access("", "", ""), true},
		{"of the organization", caller("tokens:write", "", ""), "", "", access("", "", ""), false},
		{"of the organization, by one who manages", caller("tokens:manage", "", ""), "", "", access("", "", ""), true},
		{"in a group, by one who manages but does not write", caller("", "tokens:manage", ""), groupA, "", access("", "", ""),
			false},
		{"restricted", caller("", "tokens:write", ""), groupA, tokens.VisibilityRestricted, access("", "", ""), false},
		{"restricted, by one who manages but does not write", caller("", "tokens:manage", ""), groupA,
			tokens.VisibilityRestricted, access("", "", ""), false},
		{"restricted, by one who manages", caller("", "tokens:write tokens:manage", ""), groupA, tokens.VisibilityRestricted,
			access("", "", ""), true},
		{"with what is held", caller("", "tokens:write orders:read", ""), groupA, "", access("", "orders:read", ""), true},
		{"with more than is held", caller("", "tokens:write orders:read", ""), groupA, "", access("", "orders:*", ""), false},
		{"with what is held elsewhere", caller("", "tokens:write", "orders:read"), groupA, "", access("", "orders:read", ""),
			false},
		{"with what is granted by one who manages accounts", caller("", "tokens:write accounts:manage", ""), groupA, "",
			access("", "orders:*", ""), true},
		{"with what is reserved", caller("", "tokens:write accounts:manage", ""), groupA, "", access("", "tokens:read", ""),
			false},
		{"with a wildcard", caller("", "tokens:write tokens:read tokens:manage tokens:introspect", ""), groupA, "",
			access("", "tokens:*", ""), false},
		{"for two groups, held in one", caller("tokens:manage", "orders:read", ""), "", "",
			access("", "orders:read", "orders:read"), false},
	} {
		wantAllowed(t, test.name, test.caller.MayCreateToken(test.groupID, test.visibility, test.access), test.allowed, "")
	}
}

func TestMayGrantAndMayAlter(t *testing.T) {
	for _, test := range []struct {
		name         string
		caller       tokens.Caller
		access       tokens.Access
		grant, alter bool
	}{
		{"nothing", caller("", "", ""), access("", "", ""), true, true},
		{"what is held", caller("orders:read", "", ""), access("orders:read", "", ""), true, true},
		{"what is not", caller("", "", ""), access("orders:read", "", ""), false, true},
		{"what is not, in a group", caller("", "", "orders:read"), access("", "orders:read", ""), false, true},
		{"as one who manages accounts there", caller("", "accounts:manage", ""), access("", "orders:read", ""), true, true},
		{"as one who manages accounts in a group", caller("", "accounts:manage", ""), access("orders:read", "", ""), false,
			true},
		{"what is reserved", caller("accounts:manage", "", ""), access("tokens:read", "", ""), false, false},
		{"what is reserved, held above", caller("tokens:read", "", ""), access("", "tokens:read", ""), true, true},
		{"what is reserved, held below", caller("", "tokens:read", ""), access("tokens:read", "", ""), false, false},
		{"everything", caller("tokens:* accounts:*", "", ""), access("*", "", ""), false, false},
		{"everything in a group", caller("", "*", ""), access("", "*", ""), true, true},
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
		{"nobody", caller("", "", ""), false, false, false, false, false},
		{"manages accounts", caller("accounts:manage", "", ""), true, true, true, false, false},
		{"manages accounts of the group", caller("", "accounts:manage", ""), false, true, true, false, false},
		{"manages accounts of another group", caller("", "", "accounts:manage"), false, false, true, false, false},
		{"manages tokens", caller("tokens:read tokens:write tokens:manage", "", ""), false, false, false, false, false},
		{"introspects", caller("", "", "tokens:introspect"), false, false, false, true, false},
		{"owns the group", caller("", "*", ""), false, true, true, true, false},
		{"owns the organization", caller("*", "", ""), true, true, true, true, true},
		{"has all areas", caller("tokens:* accounts:*", "", ""), true, true, true, true, false},
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
			t.Errorf("%s: is an owner: %t", test.name, !test.isOwner)
		}
	}
}
