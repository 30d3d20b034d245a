package tokens_test

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// curtailmentRoles are the built-in roles and two others, one of which allows a part of what the other does.
var curtailmentRoles = tokens.NewRoles([]tokens.Role{
	{RoleSettings: tokens.RoleSettings{Name: "clerk", Permissions: []string{"orders:read"}}},
	{RoleSettings: tokens.RoleSettings{Name: "stock-clerk", Permissions: []string{"orders:read", "stock:read"}}},
	{RoleSettings: tokens.RoleSettings{Name: "same-clerk", Permissions: []string{"orders:read"}}},
})

// inGrace returns a token that was regenerated a minute ago and whose previous secret stays valid for two days.
func inGrace() tokens.AccessToken {
	t := tokenIn("", "stock-clerk")
	t.Secret = tokens.SecretState{Version: 2, CreatedAt: now.Add(-time.Minute)}
	t.RegeneratedAt, t.Grace = now.Add(-time.Minute), tokens.Grace{Duration: 2 * day}
	t.Previous = &tokens.PreviousSecret{Version: 1, CreatedAt: now.Add(-day), EndsAt: now.Add(2*day - time.Minute)}
	return t
}

// Whatever ends or narrows what works within the hour counts, by whichever setting; to extend does not.
func TestCurtailed(t *testing.T) {
	set := func(fields string, change func(*tokens.Settings)) tokens.AccessTokenUpdate {
		u := tokens.AccessTokenUpdate{Fields: tokens.Fields{fields}}
		change(&u.Settings)
		return u
	}
	ends := func(in time.Duration) tokens.AccessTokenUpdate {
		return set("expires_at", func(s *tokens.Settings) { s.ExpiresAt = now.Add(in) })
	}
	begins := func(in time.Duration) tokens.AccessTokenUpdate {
		return set("activates_at", func(s *tokens.Settings) { s.ActivatesAt = now.Add(in) })
	}
	ttl := func(d time.Duration) tokens.AccessTokenUpdate {
		return set("ttl", func(s *tokens.Settings) { s.TTL = d })
	}
	grace := func(d time.Duration) tokens.AccessTokenUpdate {
		return set("grace_period", func(s *tokens.Settings) { s.Grace.Duration = d })
	}
	role := func(name string) tokens.AccessTokenUpdate {
		return set("role", func(s *tokens.Settings) { s.Own.Role = name })
	}
	groupRoles := func(roles []tokens.GroupRole) tokens.AccessTokenUpdate {
		return set("group_roles", func(s *tokens.Settings) { s.Own.GroupRoles = roles })
	}
	for _, test := range []struct {
		name   string
		before func(*tokens.AccessToken)
		update tokens.AccessTokenUpdate
		want   string
	}{
		{"a first end, soon", nil, ends(59 * time.Minute), "expires_at"},
		{"a first end, in an hour", nil, ends(time.Hour), ""},
		{"a first end, later", nil, ends(day), ""},
		{"an earlier end, soon", func(t *tokens.AccessToken) { t.ExpiresAt = now.Add(50 * time.Minute) },
			ends(49 * time.Minute), "expires_at"},
		{"a later end, soon", func(t *tokens.AccessToken) { t.ExpiresAt = now.Add(5 * time.Minute) },
			ends(6 * time.Minute), ""},
		{"a later end of what has expired", func(t *tokens.AccessToken) { t.ExpiresAt = now }, ends(time.Minute), ""},
		{"no end any more", func(t *tokens.AccessToken) { t.ExpiresAt = now.Add(time.Minute) },
			tokens.AccessTokenUpdate{Fields: tokens.Fields{"expires_at"}}, ""},
		{"a ttl that is over soon", nil, ttl(time.Minute + time.Second), "ttl"},
		{"a ttl that is over in an hour", nil, ttl(time.Hour + time.Minute), ""},
		{"a longer ttl", func(t *tokens.AccessToken) { t.TTL = 2 * time.Minute }, ttl(3 * time.Minute), ""},
		{"an end in place of a ttl, sooner", func(t *tokens.AccessToken) { t.TTL = time.Hour },
			tokens.AccessTokenUpdate{Settings: tokens.Settings{ExpiresAt: now.Add(time.Minute)},
				Fields: tokens.Fields{"expires_at", "ttl"}}, "expires_at, ttl"},

		{"no grace any more", nil, grace(0), "grace_period"},
		{"a grace that ends soon", nil, grace(time.Hour), "grace_period"},
		{"a shorter grace that ends later", nil, grace(day), ""},
		{"a longer grace", nil, grace(3 * day), ""},
		{"no grace of what has ended", func(t *tokens.AccessToken) { t.Previous = nil }, grace(0), ""},
		{"an end of the token before the grace", func(t *tokens.AccessToken) { t.Previous.EndsAt = now.Add(50 * time.Minute) },
			ends(40 * time.Minute), "expires_at"},

		{"a later beginning", nil, begins(time.Second), "activates_at"},
		{"a beginning that has passed", nil, begins(-time.Second), ""},
		{"an earlier beginning", func(t *tokens.AccessToken) { t.ActivatesAt = now.Add(time.Minute) }, begins(time.Second), ""},
		{"what was about to begin, later", func(t *tokens.AccessToken) { t.ActivatesAt = now.Add(59 * time.Minute) },
			begins(2 * day), "activates_at"},
		{"what was to begin tomorrow, later", func(t *tokens.AccessToken) { t.ActivatesAt = now.Add(day) },
			begins(2 * day), ""},

		{"a narrower role", nil, role("clerk"), "role"},
		{"no role", nil, role(tokens.RoleNone), "role"},
		{"another role that allows something else", nil, role(tokens.RoleViewer), "role"},
		{"the default role, which allows something else", nil, role(""), "role"},
		{"a wider role", func(t *tokens.AccessToken) { t.Own.Role, t.User.Role = "clerk", "clerk" }, role("stock-clerk"), ""},
		{"another role that allows the same", func(t *tokens.AccessToken) { t.Own.Role, t.User.Role = "clerk", "clerk" },
			role("same-clerk"), ""},
		{"a narrower role of what begins tomorrow", func(t *tokens.AccessToken) { t.ActivatesAt = now.Add(day) },
			role("clerk"), ""},
		{"a narrower role of what has expired", func(t *tokens.AccessToken) { t.ExpiresAt = now.Add(-day) },
			role("clerk"), ""},
		{"a first role, which narrows the technical user's", func(t *tokens.AccessToken) {
			t.User.SystemCreated, t.Own.Role = false, ""
		}, role("clerk"), "role"},
		{"a role that the technical user lacks, in place of none", func(t *tokens.AccessToken) {
			t.User.SystemCreated, t.Own.Role = false, ""
		}, role(tokens.RoleOwner), ""},
		{"no role in a group any more", func(t *tokens.AccessToken) {
			t.Own.GroupRoles = []tokens.GroupRole{{GroupID: groupA, Role: tokens.RoleOwner}}
			t.User.GroupRoles = t.Own.GroupRoles
		}, groupRoles(nil), "group_roles"},
		{"no role in a group, which narrows the technical user's", func(t *tokens.AccessToken) {
			t.User.SystemCreated, t.Own = false, tokens.Grants{}
			t.User.GroupRoles = []tokens.GroupRole{{GroupID: groupA, Role: tokens.RoleOwner}}
		}, groupRoles([]tokens.GroupRole{}), "group_roles"},
		{"a role in a group that adds nothing, gone", func(t *tokens.AccessToken) {
			t.Own.GroupRoles = []tokens.GroupRole{{GroupID: groupA, Role: "clerk"}}
			t.User.GroupRoles = t.Own.GroupRoles
		}, groupRoles(nil), ""},

		{"a name, with which the roles of the technical user fall into line", func(t *tokens.AccessToken) {
			t.Own.Role = "clerk"
		}, set("name", func(s *tokens.Settings) { s.Name = "release" }), "name"},
		{"a name", nil, set("name", func(s *tokens.Settings) { s.Name = "release" }), ""},
		{"a protection", nil, set("protect_if_used_within", func(s *tokens.Settings) { s.ProtectIfUsedWithin = day }), ""},
		{"a narrower role of what is held", func(t *tokens.AccessToken) { t.Held = &tokens.Stop{} }, role("clerk"), "role"},
		{"an end of what is disabled, soon", func(t *tokens.AccessToken) { t.Enabled = false }, ends(time.Minute),
			"expires_at"},
		{"an end of what was revoked, soon", func(t *tokens.AccessToken) { t.Secret.EndedAt, t.Previous = now, nil },
			ends(time.Minute), ""},
		{"everything", nil, tokens.AccessTokenUpdate{Settings: tokens.Settings{
			Name: "release", Own: tokens.Grants{Role: "clerk"}, TTL: 10 * time.Minute},
			Fields: tokens.Fields{"ttl", "name", "role", "grace_period"}}, "role, ttl, grace_period"},
	} {
		before := inGrace()
		if test.before != nil {
			test.before(&before)
		}
		after, err := before.Updated(test.update, actor, now)
		if err != nil {
			t.Fatalf("%s: %v", test.name, err)
		}
		if got := tokens.Curtailed(before, after, now, curtailmentRoles).String(); got != test.want {
			t.Errorf("%s: the curtailing settings are %q, want %q", test.name, got, test.want)
		}
	}
}

// The refusal names the setting and what is missing. A share as manager suffices, one as editor does not.
func TestCurtailingNeedsWhatStoppingNeeds(t *testing.T) {
	before := inGrace()
	before.User.GroupID, before.Own.Role, before.User.Role = groupA, "clerk", "clerk"
	update := tokens.AccessTokenUpdate{Fields: tokens.Fields{"grace_period"}}
	after, err := before.Updated(update, actor, now)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name    string
		caller  tokens.Caller
		share   string
		allowed bool
	}{
		{"one who writes", caller("", "tokens:read tokens:write orders:read accounts:manage", ""), "", false},
		{"one who writes and manages", caller("", "tokens:write tokens:manage", ""), "", true},
		{"an editor by a share", caller("", "", ""), tokens.ShareEditor, false},
		{"a manager by a share", caller("", "", ""), tokens.ShareManager, true},
		{"an editor by a share who manages", caller("", "tokens:manage", ""), tokens.ShareEditor, true},
	} {
		err := test.caller.MayUpdate(before, after, update, test.share, curtailmentRoles, now)
		wantAllowed(t, test.name, err, test.allowed, tokenID)
		if refusal, ok := err.(*tokens.Error); ok && refusal.Field != "grace_period" { //nolint:errorlint // itself
			t.Errorf("%s: the refusal is about the field %q", test.name, refusal.Field)
		}
	}
}

// Whatever the edit: if a live secret authenticates or may do less afterwards, or ends earlier and within the hour, then
// who may do everything but stop the token was refused.
func TestCurtailingIsNeverMissed(t *testing.T) {
	everythingElse := caller("tokens:read tokens:write tokens:introspect accounts:* api:* orders:* stock:*", "", "")
	everything := caller("*", "", "")
	rapid.Check(t, func(t *rapid.T) {
		before := drawToken(t)
		update := drawEdit(t)
		after, err := before.Updated(update, actor, now)
		if err != nil {
			t.Skip("not valid")
		}
		worse := false
		for _, version := range []int64{1, 2} {
			was, is := verdictOn(before, version), verdictOn(after, version)
			worse = worse || was.Active && (!is.Active || !contains(is.Access, was.Access))
			oldEnd, newEnd := endOf(before, version), endOf(after, version)
			worse = worse || oldEnd.After(now) && newEnd.Before(oldEnd) && newEnd.Before(now.Add(time.Hour))
		}
		if err := everything.MayUpdate(before, after, update, "", curtailmentRoles, now); err != nil {
			t.Fatalf("an owner was refused: %v", err)
		}
		allowed := everythingElse.MayUpdate(before, after, update, "", curtailmentRoles, now) == nil
		if worse && allowed {
			t.Fatalf("an edit of %v took something from\n%+v\nand made it\n%+v", update.Fields, before, after)
		}
	})
}

// drawToken draws a token in a group with two secrets, of which the first may be live or not.
func drawToken(t *rapid.T) tokens.AccessToken {
	token := inGrace()
	token.User.GroupID = groupA
	token.Own.Role = rapid.SampledFrom(drawnRoles).Draw(t, "role")
	token.User.Role = token.Own.Role
	if rapid.Bool().Draw(t, "of a technical user with other roles") {
		token.User.SystemCreated, token.User.Role = false, rapid.SampledFrom(drawnRoles[1:]).Draw(t, "role of the user")
	} else if token.Own.Role == "" {
		token.User.Role = tokens.RoleMember
	}
	switch rapid.IntRange(0, 2).Draw(t, "end") {
	case 0:
		token.ExpiresAt = now.Add(drawMinutes(t))
	case 1:
		token.TTL = max(drawMinutes(t), 0) + 2*time.Minute
	}
	if rapid.Bool().Draw(t, "activates") {
		token.ActivatesAt = now.Add(drawMinutes(t) - time.Hour)
	}
	token.Previous.EndsAt = now.Add(drawMinutes(t))
	if rapid.Bool().Draw(t, "retired") {
		token.Previous = nil
	}
	return token
}

var drawnRoles = []string{"", tokens.RoleNone, "clerk", "same-clerk", "stock-clerk", tokens.RoleMember}

// drawEdit draws new values for some settings that editors may change.
func drawEdit(t *rapid.T) (u tokens.AccessTokenUpdate) {
	u.Fields = rapid.SliceOfNDistinct(rapid.SampledFrom([]string{
		"name", "role", "activates_at", "expires_at", "ttl", "grace_period", "protect_if_used_within",
	}), 1, 4, rapid.ID[string]).Draw(t, "settings")
	u.Name, u.Own.Role = "release", rapid.SampledFrom(drawnRoles).Draw(t, "new role")
	if rapid.Bool().Draw(t, "later") {
		u.ActivatesAt = now.Add(drawMinutes(t))
	}
	if rapid.Bool().Draw(t, "new end") {
		u.ExpiresAt = now.Add(max(drawMinutes(t), time.Minute))
	} else if rapid.Bool().Draw(t, "new ttl") {
		u.TTL = max(drawMinutes(t), time.Minute) + time.Minute
	}
	u.Grace.Duration = max(drawMinutes(t), 0)
	return u
}

func drawMinutes(t *rapid.T) time.Duration {
	return time.Duration(rapid.SampledFrom([]int{-10, -1, 0, 1, 10, 59, 60, 61, 90, 5000}).Draw(t, "minutes")) * time.Minute
}

// verdictOn returns the verdict at now on a secret of a token.
func verdictOn(t tokens.AccessToken, version int64) tokens.Verification {
	return tokens.SecretRow{Version: version, AccessToken: t}.Resolve(curtailmentRoles).Verdict(now)
}

// endOf returns when a secret of a token ends: a long time ago if it has ended for good.
func endOf(t tokens.AccessToken, version int64) time.Time {
	var ends []time.Time
	switch {
	case !t.Secret.EndedAt.IsZero():
		return time.Time{}
	case version == t.Secret.Version:
	case t.Previous != nil && version == t.Previous.Version:
		ends = append(ends, t.Previous.EndsAt)
	default:
		return time.Time{}
	}
	if end := t.SecretExpiresAt(); !end.IsZero() {
		ends = append(ends, end)
	}
	return slices.MinFunc(append(ends, now.AddDate(1000, 0, 0)), time.Time.Compare)
}

// contains reports whether an access allows everything that the other one does.
func contains(a, other tokens.Access) bool {
	for _, groupID := range []string{"", groupA, groupB} {
		if !a.At(groupID).Contains(other.At(groupID)) {
			return false
		}
	}
	return true
}
