package tokens_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

const actor tokens.Actor = "local:anna@host"

func TestQualifiedID(t *testing.T) {
	if got, want := activeToken().QualifiedID(), "ci@default.latchkey.internal_"+tokenID; got != want {
		t.Errorf("the qualified identifier is %s, want %s", got, want)
	}
}

func TestAccessTokenGrants(t *testing.T) {
	inA := func(role string) []tokens.GroupRole { return []tokens.GroupRole{{GroupID: groupA, Role: role}} }
	for _, test := range []struct {
		name string
		user tokens.TechnicalUser
		own  tokens.Grants
		want tokens.Grants
	}{
		{"all of its technical user",
			tokens.TechnicalUser{TechnicalUserSettings: tokens.TechnicalUserSettings{Grants: tokens.Grants{Role: "member",
				GroupRoles: inA("owner")}}}, tokens.Grants{}, tokens.Grants{Role: "member", GroupRoles: inA("owner")}},
		{"narrowed",
			tokens.TechnicalUser{TechnicalUserSettings: tokens.TechnicalUserSettings{Grants: tokens.Grants{Role: "owner"}}},
			tokens.Grants{Role: "viewer"}, tokens.Grants{Role: "viewer"}},
		{"never more than its technical user",
			tokens.TechnicalUser{TechnicalUserSettings: tokens.TechnicalUserSettings{Grants: tokens.Grants{Role: "viewer"}}},
			tokens.Grants{Role: "owner"}, tokens.Grants{Role: "viewer"}},
		{"narrowed to a group",
			tokens.TechnicalUser{TechnicalUserSettings: tokens.TechnicalUserSettings{Grants: tokens.Grants{Role: "owner"}}},
			tokens.Grants{GroupRoles: inA("member")}, tokens.Grants{Role: "none", GroupRoles: inA("member")}},
		{"narrowed to nothing",
			tokens.TechnicalUser{TechnicalUserSettings: tokens.TechnicalUserSettings{Grants: tokens.Grants{Role: "owner"}}},
			tokens.Grants{GroupRoles: []tokens.GroupRole{}}, tokens.Grants{Role: "none"}},
		{"in the group of its technical user alone", tokens.TechnicalUser{GroupID: groupA,
			TechnicalUserSettings: tokens.TechnicalUserSettings{Grants: tokens.Grants{Role: "manager"}}}, tokens.Grants{},
			tokens.Grants{Role: "none", GroupRoles: inA("manager")}},
		{
			"its own, where the system created its technical user",
			tokens.TechnicalUser{SystemCreated: true,
				TechnicalUserSettings: tokens.TechnicalUserSettings{Grants: tokens.Grants{Role: "member",
					GroupRoles: inA("owner")}}},
			tokens.Grants{GroupRoles: inA("owner")},
			tokens.Grants{Role: "member", GroupRoles: inA("owner")},
		},
		{"narrowed in that group", tokens.TechnicalUser{GroupID: groupA,
			TechnicalUserSettings: tokens.TechnicalUserSettings{Grants: tokens.Grants{Role: "manager"}}},
			tokens.Grants{Role: "viewer"}, tokens.Grants{Role: "none", GroupRoles: inA("viewer")}},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := tokens.AccessToken{User: test.user, Settings: tokens.Settings{Own: test.own}}.Observed(time.Time{},
				tokens.NewRoles(nil)).Grants
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("the grants (-want +got):\n%s", diff)
			}
		})
	}
}

func newToken(t *testing.T) tokens.NewAccessToken {
	t.Helper()
	return tokens.NewAccessToken{NewSecretFor: newSecret(t), Settings: tokens.Settings{Name: "deploy", Enabled: true}}
}

func newSecret(t *testing.T) tokens.NewSecretFor {
	t.Helper()
	return tokens.NewSecretFor{Request: tokens.Request{RequestID: tokens.NewID(tokens.KindRequest, now)},
		Secret: parseSecret(t, randomValue)}
}

func TestNewAccessTokenValidate(t *testing.T) {
	for name, change := range map[string]func(*tokens.NewAccessToken){
		"name alone":             func(*tokens.NewAccessToken) {},
		"under a technical user": func(n *tokens.NewAccessToken) { n.TechnicalUserID = userID },
		"in a group":             func(n *tokens.NewAccessToken) { n.GroupID = groupA },
		"with roles": func(n *tokens.NewAccessToken) {
			n.Own = tokens.Grants{Role: "viewer", GroupRoles: []tokens.GroupRole{{groupA, "member"}}}
		},
		"disabled":            func(n *tokens.NewAccessToken) { n.Enabled = false },
		"expires in a moment": func(n *tokens.NewAccessToken) { n.ExpiresAt = now.Add(time.Microsecond) },
		"ttl":                 func(n *tokens.NewAccessToken) { n.TTL = 90 * day },
		"activation before the end": func(n *tokens.NewAccessToken) {
			n.ActivatesAt, n.TTL = now.Add(time.Hour),
				2*time.Hour
		},
		"activation without an end": func(n *tokens.NewAccessToken) { n.ActivatesAt = now.Add(1000 * day) },
		"activation that has been":  func(n *tokens.NewAccessToken) { n.ActivatesAt = now.Add(-day) },
		"label and description freer": func(n *tokens.NewAccessToken) {
			n.Name, n.Description = "Déploiement №1",
				"first\nsecond"
		},
	} {
		token := newToken(t)
		change(&token)
		if err := token.Validate(now); err != nil {
			t.Errorf("%s: refused: %v", name, err)
		}
	}
	for name, test := range map[string]struct {
		field  string
		change func(*tokens.NewAccessToken)
	}{
		"no request":               {"request_id", func(n *tokens.NewAccessToken) { n.RequestID = "" }},
		"no secret":                {"token", func(n *tokens.NewAccessToken) { n.Secret = tokens.Secret{} }},
		"no name":                  {"name", func(n *tokens.NewAccessToken) { n.Name = "" }},
		"unprintable description":  {"description", func(n *tokens.NewAccessToken) { n.Description = "\x07" }},
		"unknown visibility":       {"visibility", func(n *tokens.NewAccessToken) { n.Visibility = "secret" }},
		"name of a technical user": {"technical_user_id", func(n *tokens.NewAccessToken) { n.TechnicalUserID = "ci" }},
		"name of a group":          {"group_id", func(n *tokens.NewAccessToken) { n.GroupID = "payments" }},
		"technical user and group": {"group_id", func(n *tokens.NewAccessToken) {
			n.TechnicalUserID, n.GroupID = userID,
				groupA
		}},
		"unknown role": {"role", func(n *tokens.NewAccessToken) { n.Own.Role = "Boss" }},
		"unknown role in a group": {"group_roles",
			func(n *tokens.NewAccessToken) { n.Own.GroupRoles = []tokens.GroupRole{{groupA, "Boss"}} }},
		"roles in groups from a group": {"group_roles", func(n *tokens.NewAccessToken) {
			n.GroupID, n.Own.GroupRoles = groupA, []tokens.GroupRole{{groupB, "viewer"}}
		}},
		"expires now":         {"expires_at", func(n *tokens.NewAccessToken) { n.ExpiresAt = now }},
		"ttl and expires_at":  {"ttl", func(n *tokens.NewAccessToken) { n.TTL, n.ExpiresAt = day, now.Add(day) }},
		"ttl in milliseconds": {"ttl", func(n *tokens.NewAccessToken) { n.TTL = 1500 * time.Millisecond }},
		"activation at the end": {"activates_at",
			func(n *tokens.NewAccessToken) { n.ActivatesAt, n.ExpiresAt = now.Add(day), now.Add(day) }},
		"activation after the ttl ends": {"activates_at",
			func(n *tokens.NewAccessToken) { n.ActivatesAt, n.TTL = now.Add(2*day), day }},
	} {
		t.Run(name, func(t *testing.T) {
			token := newToken(t)
			test.change(&token)
			wantInvalid(t, test.field, token.Validate(now))
		})
	}
}

func TestAccessTokenUpdateApply(t *testing.T) {
	later := now.Add(day)
	for _, test := range []struct {
		name   string
		before func(*tokens.AccessToken)
		update tokens.AccessTokenUpdate
		want   func(*tokens.AccessToken)
	}{
		{
			"nothing",
			func(*tokens.AccessToken) {},
			tokens.AccessTokenUpdate{},
			func(*tokens.AccessToken) {},
		},
		{
			"rename and describe",
			func(t *tokens.AccessToken) { t.Description = "old" },
			tokens.AccessTokenUpdate{Settings: tokens.Settings{Name: "release", Description: ""},
				Fields: tokens.Fields{"name", "description"}},
			func(t *tokens.AccessToken) { t.Name, t.Description = "release", "" },
		},
		{
			"narrow",
			func(*tokens.AccessToken) {},
			tokens.AccessTokenUpdate{Settings: tokens.Settings{Own: tokens.Grants{Role: "viewer",
				GroupRoles: []tokens.GroupRole{{groupA, "member"}}}}, Fields: tokens.Fields{"role", "group_roles"}},
			func(t *tokens.AccessToken) {
				t.Own = tokens.Grants{Role: "viewer", GroupRoles: []tokens.GroupRole{{groupA, "member"}}}
			},
		},
		{
			"no longer narrow",
			func(t *tokens.AccessToken) { t.Own = tokens.Grants{Role: "viewer"} },
			tokens.AccessTokenUpdate{Settings: tokens.Settings{Own: tokens.Grants{Role: ""}}, Fields: tokens.Fields{"role"}},
			func(t *tokens.AccessToken) { t.Own = tokens.Grants{} },
		},
		{
			"the roles of a technical user that the system created follow",
			func(t *tokens.AccessToken) { t.User.SystemCreated = true },
			tokens.AccessTokenUpdate{Settings: tokens.Settings{Own: tokens.Grants{Role: "viewer"}},
				Fields: tokens.Fields{"role"}},
			func(t *tokens.AccessToken) { t.User.SystemCreated, t.Own.Role, t.User.Role = true, "viewer", "viewer" },
		},
		{
			"and fall back to the default",
			func(t *tokens.AccessToken) { t.User.SystemCreated, t.Own.Role, t.User.Role = true, "owner", "owner" },
			tokens.AccessTokenUpdate{Settings: tokens.Settings{Own: tokens.Grants{Role: ""}}, Fields: tokens.Fields{"role"}},
			func(t *tokens.AccessToken) { t.User.SystemCreated, t.User.Role = true, tokens.DefaultRole },
		},
		{
			"disable",
			func(*tokens.AccessToken) {},
			tokens.AccessTokenUpdate{Settings: tokens.Settings{Enabled: false}, Fields: tokens.Fields{"enabled"}},
			func(t *tokens.AccessToken) { t.Enabled, t.Disabled = false, &tokens.Stop{By: actor, At: now} },
		},
		{
			"disabling again keeps who was first",
			func(t *tokens.AccessToken) {
				t.Enabled, t.Disabled = false, &tokens.Stop{By: "local:ben@host", At: now.Add(-day)}
			},
			tokens.AccessTokenUpdate{Settings: tokens.Settings{Enabled: false}, Fields: tokens.Fields{"enabled"}},
			func(t *tokens.AccessToken) {
				t.Enabled, t.Disabled = false, &tokens.Stop{By: "local:ben@host", At: now.Add(-day)}
			},
		},
		{
			"enable",
			func(t *tokens.AccessToken) { t.Enabled, t.Disabled = false, &tokens.Stop{By: actor, At: now} },
			tokens.AccessTokenUpdate{Settings: tokens.Settings{Enabled: true}, Fields: tokens.Fields{"enabled"}},
			func(*tokens.AccessToken) {},
		},
		{
			"enabling lifts no hold",
			func(t *tokens.AccessToken) { t.Held = &tokens.Stop{By: actor, At: now, Reason: "leaked"} },
			tokens.AccessTokenUpdate{Settings: tokens.Settings{Enabled: true}, Fields: tokens.Fields{"enabled"}},
			func(t *tokens.AccessToken) { t.Held = &tokens.Stop{By: actor, At: now, Reason: "leaked"} },
		},
		{
			"restrict",
			func(*tokens.AccessToken) {},
			tokens.AccessTokenUpdate{Settings: tokens.Settings{Visibility: tokens.VisibilityRestricted},
				Fields: tokens.Fields{"visibility"}},
			func(t *tokens.AccessToken) { t.Visibility = tokens.VisibilityRestricted },
		},
		{
			"set an expiry",
			func(*tokens.AccessToken) {},
			tokens.AccessTokenUpdate{Settings: tokens.Settings{ExpiresAt: later}, Fields: tokens.Fields{"expires_at"}},
			func(t *tokens.AccessToken) { t.ExpiresAt = later },
		},
		{
			"clear an expiry that has passed",
			func(t *tokens.AccessToken) { t.ExpiresAt = now.Add(-day) },
			tokens.AccessTokenUpdate{Settings: tokens.Settings{ExpiresAt: time.Time{}}, Fields: tokens.Fields{"expires_at"}},
			func(*tokens.AccessToken) {},
		},
		{
			"rename beside an expiry that has passed",
			func(t *tokens.AccessToken) { t.ExpiresAt = now.Add(-day) },
			tokens.AccessTokenUpdate{Settings: tokens.Settings{Name: "release", ExpiresAt: now.Add(-day)},
				Fields: tokens.Fields{"name", "expires_at"}},
			func(t *tokens.AccessToken) { t.Name, t.ExpiresAt = "release", now.Add(-day) },
		},
		{
			"from expires_at to ttl, counted from the secret",
			func(t *tokens.AccessToken) { t.ExpiresAt = later },
			tokens.AccessTokenUpdate{Settings: tokens.Settings{ExpiresAt: time.Time{}, TTL: time.Hour + time.Second},
				Fields: tokens.Fields{"expires_at", "ttl"}},
			func(t *tokens.AccessToken) { t.TTL = time.Hour + time.Second },
		},
		{
			"another name for a token that outlived its ttl",
			func(t *tokens.AccessToken) { t.TTL = time.Minute },
			tokens.AccessTokenUpdate{Settings: tokens.Settings{Name: "release", TTL: time.Minute},
				Fields: tokens.Fields{"name", "ttl"}},
			func(t *tokens.AccessToken) { t.Name, t.TTL = "release", time.Minute },
		},
		{
			"activate later",
			func(*tokens.AccessToken) {},
			tokens.AccessTokenUpdate{Settings: tokens.Settings{ActivatesAt: later}, Fields: tokens.Fields{"activates_at"}},
			func(t *tokens.AccessToken) { t.ActivatesAt = later },
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			before, want := activeToken(), activeToken()
			test.before(&before)
			test.want(&want)
			got, err := before.Updated(test.update, actor, now)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("the token (-want +got):\n%s", diff)
			}
		})
	}
}

func TestRegenerationReplacesTheSecret(t *testing.T) {
	before := activeToken()
	before.Secret.Version = 4
	before.Secret.EndedAt = now.Add(-time.Minute) // a revoked token comes back to life
	before.TTL = time.Hour                        // and its ttl is counted from the new secret
	update := tokens.AccessTokenUpdate{
		Settings:     tokens.Settings{Name: "release"},
		Fields:       tokens.Fields{"name"},
		Regeneration: &tokens.Regeneration{NewSecretFor: newSecret(t), Reason: tokens.ReasonTrigger, ExpectedVersion: 4},
	}
	got, err := before.Updated(update, actor, now)
	if err != nil {
		t.Fatal(err)
	}
	want := before
	want.Name = "release"
	want.Secret = tokens.SecretState{Version: 5, Preview: randomValue[:10], CreatedAt: now}
	want.RegeneratedAt = now
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the token (-want +got):\n%s", diff)
	}
	if status := got.StatusAt(now); status != tokens.StatusActive {
		t.Errorf("the status is %s", status)
	}
	if expiry := got.SecretExpiresAt(); !expiry.Equal(now.Add(time.Hour)) {
		t.Errorf("the secret expires at %s", expiry)
	}
}

func TestRegenerationOfAnotherVersionIsAConflict(t *testing.T) {
	before := activeToken()
	before.Secret.Version = 3
	for _, expected := range []int64{0, 3} {
		update := tokens.AccessTokenUpdate{Regeneration: &tokens.Regeneration{NewSecretFor: newSecret(t),
			ExpectedVersion: expected}}
		if _, err := before.Updated(update, actor, now); err != nil {
			t.Errorf("expecting version %d: %v", expected, err)
		}
	}
	for _, expected := range []int64{2, 4} {
		update := tokens.AccessTokenUpdate{Regeneration: &tokens.Regeneration{NewSecretFor: newSecret(t),
			ExpectedVersion: expected}}
		got, err := before.Updated(update, actor, now)
		if tokens.ErrorCode(err) != tokens.CodeConflict ||
			!strings.Contains(err.Error(), `"deploy" (`+tokenID+`) has secret version 3`) {
			t.Errorf("expecting version %d: the error is %v", expected, err)
		}
		if diff := cmp.Diff(before, got); diff != "" {
			t.Errorf("the token changed:\n%s", diff)
		}
	}
}

func TestAccessTokenUpdateApplyRefuses(t *testing.T) {
	regeneration := &tokens.Regeneration{NewSecretFor: newSecret(t)}
	for _, test := range []struct {
		name   string
		field  string
		before func(*tokens.AccessToken)
		update tokens.AccessTokenUpdate
	}{
		{"empty name", "name", nil, tokens.AccessTokenUpdate{Settings: tokens.Settings{Name: ""},
			Fields: tokens.Fields{"name"}}},
		{"unprintable description", "description", nil,
			tokens.AccessTokenUpdate{Settings: tokens.Settings{Description: "\x1b"}, Fields: tokens.Fields{"description"}}},
		{"unknown visibility", "visibility", nil,
			tokens.AccessTokenUpdate{Settings: tokens.Settings{Visibility: tokens.Visibility("secret")},
				Fields: tokens.Fields{"visibility"}}},
		{"unknown role", "role", nil, tokens.AccessTokenUpdate{Settings: tokens.Settings{Own: tokens.Grants{Role: "Boss"}},
			Fields: tokens.Fields{"role"}}},
		{"unknown role in a group", "group_roles", nil,
			tokens.AccessTokenUpdate{Settings: tokens.Settings{Own: tokens.Grants{GroupRoles: []tokens.GroupRole{{groupA,
				"Boss"}}}}, Fields: tokens.Fields{"group_roles"}}},
		{"roles in groups at a group's level", "group_roles", func(t *tokens.AccessToken) { t.User.GroupID = groupA },
			tokens.AccessTokenUpdate{Settings: tokens.Settings{Own: tokens.Grants{GroupRoles: []tokens.GroupRole{}}},
				Fields: tokens.Fields{"group_roles"}}},
		{"an expiry that has passed", "expires_at", nil,
			tokens.AccessTokenUpdate{Settings: tokens.Settings{ExpiresAt: now}, Fields: tokens.Fields{"expires_at"}}},
		{"another expiry that has passed", "expires_at", func(t *tokens.AccessToken) { t.ExpiresAt = now.Add(-day) },
			tokens.AccessTokenUpdate{Settings: tokens.Settings{ExpiresAt: now.Add(-time.Hour)},
				Fields: tokens.Fields{"expires_at"}}},
		{"ttl beside expires_at", "ttl", func(t *tokens.AccessToken) { t.ExpiresAt = now.Add(day) },
			tokens.AccessTokenUpdate{Settings: tokens.Settings{TTL: day}, Fields: tokens.Fields{"ttl"}}},
		{"a ttl that the secret has outlived", "ttl", nil,
			tokens.AccessTokenUpdate{Settings: tokens.Settings{TTL: time.Hour}, Fields: tokens.Fields{"ttl"}}},
		{"negative ttl", "ttl", nil, tokens.AccessTokenUpdate{Settings: tokens.Settings{TTL: -day},
			Fields: tokens.Fields{"ttl"}}},
		{"activation after the end", "activates_at", func(t *tokens.AccessToken) { t.ExpiresAt = now.Add(day) },
			tokens.AccessTokenUpdate{Settings: tokens.Settings{ActivatesAt: now.Add(day)},
				Fields: tokens.Fields{"activates_at"}}},
		{"end before the activation", "activates_at", func(t *tokens.AccessToken) { t.ActivatesAt = now.Add(day) },
			tokens.AccessTokenUpdate{Settings: tokens.Settings{ExpiresAt: now.Add(time.Hour)},
				Fields: tokens.Fields{"expires_at"}}},
		{"regeneration of what has a fixed end that has passed", "expires_at",
			func(t *tokens.AccessToken) { t.ExpiresAt = now.Add(-day) }, tokens.AccessTokenUpdate{Regeneration: regeneration}},
		{"regeneration without a request", "request_id", nil,
			tokens.AccessTokenUpdate{
				Regeneration: &tokens.Regeneration{NewSecretFor: tokens.NewSecretFor{Secret: regeneration.Secret}},
			}},
		{"regeneration without a secret", "token", nil,
			tokens.AccessTokenUpdate{
				Regeneration: &tokens.Regeneration{
					NewSecretFor: tokens.NewSecretFor{Request: tokens.Request{RequestID: regeneration.RequestID}},
				},
			}},
	} {
		t.Run(test.name, func(t *testing.T) {
			before := activeToken()
			if test.before != nil {
				test.before(&before)
			}
			// A valid change next to the invalid one must not take effect either.
			test.update.Enabled, test.update.Fields = false, append(test.update.Fields, "enabled")
			got, err := before.Updated(test.update, actor, now)
			wantInvalid(t, test.field, err)
			if diff := cmp.Diff(before, got); diff != "" {
				t.Errorf("the token changed:\n%s", diff)
			}
		})
	}
}
