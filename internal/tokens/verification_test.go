package tokens_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// The verdict on a value follows from its row, the roles and the time alone.
func TestVerdict(t *testing.T) {
	inGrace := &tokens.PreviousSecret{Version: 2, CreatedAt: now.Add(-day), EndsAt: now.Add(time.Hour)}
	for _, test := range []struct {
		name   string
		change func(*tokens.AccessToken)
		// version is that of the value; the current one is 3.
		version int64
		after   time.Duration
		want    string
	}{
		{name: "current", version: 3, want: "active"},
		{name: "previous, in its grace", version: 2, want: "active previous"},
		{name: "previous, at the end of its grace", version: 2, after: time.Hour, want: "superseded"},
		{name: "older than the previous", version: 1, want: "superseded"},
		{name: "before the current without a grace", version: 2, want: "superseded",
			change: func(t *tokens.AccessToken) { t.Previous = nil }},
		{name: "current, expired", version: 3, want: "",
			change: func(t *tokens.AccessToken) { t.ExpiresAt = now }},
		{name: "current, before its expiry", version: 3, want: "active",
			change: func(t *tokens.AccessToken) { t.ExpiresAt = now.Add(time.Microsecond) }},
		{name: "current, expires meanwhile", version: 3, after: time.Hour, want: "",
			change: func(t *tokens.AccessToken) { t.ExpiresAt = now.Add(time.Hour) }},
		{name: "current, becomes active meanwhile", version: 3, after: time.Hour, want: "active",
			change: func(t *tokens.AccessToken) { t.ActivatesAt = now.Add(time.Hour) }},
		{name: "current, pending", version: 3, want: "",
			change: func(t *tokens.AccessToken) { t.ActivatesAt = now.Add(time.Microsecond) }},
		{name: "previous, of a held token", version: 2, want: "previous",
			change: func(t *tokens.AccessToken) { t.Held = &tokens.Stop{At: now} }},
		{name: "current, of a disabled technical user", version: 3, want: "",
			change: func(t *tokens.AccessToken) { t.User.Enabled = false }},
		{name: "previous, of a revoked token", version: 2, want: "previous",
			change: func(t *tokens.AccessToken) { t.Secret.EndedAt = now }},
	} {
		t.Run(test.name, func(t *testing.T) {
			token := activeToken()
			token.Secret.Version, token.Previous = 3, inGrace
			if test.change != nil {
				test.change(&token)
			}
			at := now.Add(test.after)
			v := tokens.SecretRow{Version: test.version, AccessToken: token}.Resolve(tokens.NewRoles(nil)).Verdict(at)
			var got string
			for _, said := range []struct {
				word string
				true bool
			}{{"active", v.Active}, {"previous", v.Previous}, {"superseded", v.Superseded}} {
				if said.true {
					got += " " + said.word
				}
			}
			if got = strings.TrimSpace(got); got != test.want {
				t.Errorf("the value is %q, want %q", got, test.want)
			}
			if v.AccessToken.Status != token.StatusAt(at) || !v.AccessToken.ObservedAt.Equal(at) {
				t.Errorf("the token is %s at %s", v.AccessToken.Status, v.AccessToken.ObservedAt)
			}
			if opens := v.Access.At("").Allows(tokens.PermissionWriteTokens); opens != v.Active {
				t.Errorf("what is active %t grants its role: %t", v.Active, opens)
			}
		})
	}
}

// What a value grants is what the roles say that exist, within the token's own.
func TestVerdictByRoles(t *testing.T) {
	token := activeToken()
	token.User.Role, token.Own.Role = "sales", "clerk"
	row := tokens.SecretRow{Version: 1, AccessToken: token}
	role := func(name string, permissions ...string) tokens.Role {
		return tokens.Role{RoleSettings: tokens.RoleSettings{Name: name, Permissions: permissions}}
	}
	for _, test := range []struct {
		name  string
		roles []tokens.Role
		want  tokens.Permissions
	}{
		{name: "both exist", roles: []tokens.Role{role("sales", "orders:*"), role("clerk", "orders:read", "users:read")},
			want: tokens.Permissions{"orders:read"}},
		{name: "the token's own is gone", roles: []tokens.Role{role("sales", "orders:*")}},
		{name: "the technical user's is gone", roles: []tokens.Role{role("clerk", "orders:read")}},
	} {
		v := row.Resolve(tokens.NewRoles(test.roles)).Verdict(now)
		if !v.Active || !slices.Equal(v.Access.Organization, test.want) {
			t.Errorf("%s: active is %t, and it grants %q, want %q", test.name, v.Active, v.Access.Organization, test.want)
		}
	}
}

func TestSecretRowIsOf(t *testing.T) {
	secret, other := parseSecret(t, acmeValue), parseSecret(t, zeroValue)
	row := tokens.SecretRow{Hash: secret.Hash()}
	if !row.IsOf(secret) || row.IsOf(other) {
		t.Errorf("the row is of its value: %t, of another: %t", row.IsOf(secret), row.IsOf(other))
	}
}
