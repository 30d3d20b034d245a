package service_test

import (
	"context"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/backendtest"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/service"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// populated is a closed database with an object of each kind.
type populated struct {
	path   string
	now    func() time.Time
	group  tokens.Group
	role   tokens.Role
	member tokens.Member
	user   tokens.TechnicalUser
	token  tokens.AccessToken
	share  tokens.TokenShare
	// previous is the secret before the current one, in its grace period.
	previous, current tokens.Secret
}

// newPopulated makes a database with an object of each kind.
func newPopulated(t testing.TB) populated {
	t.Helper()
	p := populated{path: filepath.Join(t.TempDir(), "latchkey.db"), now: backendtest.NewClock().Now}
	b := open(t, p.path, p.now)
	var err error
	must := func() {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	p.group, err = b.CreateGroup(background, groupRequest("payments"))
	must()
	p.role, err = b.CreateRole(background, tokens.NewRole{
		Request:      tokens.NewRequest(time.Now()),
		RoleSettings: tokens.RoleSettings{Name: "deployer", Permissions: []string{"orders:read"}},
	})
	must()
	grants := tokens.Grants{Role: "deployer", GroupRoles: []tokens.GroupRole{{GroupID: p.group.ID, Role: "viewer"}}}
	request := memberRequest("anna@example.com", "deployer")
	request.Grants = grants
	p.member, err = b.CreateMember(background, request)
	must()
	p.user, err = b.CreateTechnicalUser(background, tokens.NewTechnicalUser{
		Request:               tokens.NewRequest(time.Now()),
		TechnicalUserSettings: tokens.TechnicalUserSettings{Name: "ci", Grants: grants, Enabled: true},
	})
	must()
	first := newRequest(t, "deploy", p.user.ID)
	first.TTL, first.Grace = 90*24*time.Hour, tokens.Grace{Duration: 24 * time.Hour}
	created, err := b.CreateAccessToken(background, first)
	must()
	p.previous = first.Secret
	next := newRequest(t, "deploy", p.user.ID)
	p.current = next.Secret
	p.token, err = b.UpdateAccessToken(background, created.ID, tokens.AccessTokenUpdate{
		Regeneration: &tokens.Regeneration{NewSecretFor: next.NewSecretFor, Reason: tokens.ReasonTrigger},
	})
	must()
	p.share, err = b.ShareAccessToken(background, tokens.NewTokenShare{
		Request:       tokens.NewRequest(time.Now()),
		AccessTokenID: p.token.ID, MemberID: p.member.ID, Role: tokens.ShareViewer,
	})
	must()
	err = b.Close()
	must()
	return p
}

// operations are ways to ask about what a populated database holds.
func (p populated) operations(b *service.Backend) map[string]func(context.Context) error {
	return map[string]func(context.Context) error{
		"verify": func(ctx context.Context) error {
			_, err := b.VerifySecret(ctx, p.current, tokens.VerifyOptions{})
			return err
		},
		"list": func(ctx context.Context) error { _, err := b.AccessTokens(ctx, tokens.TokenQuery{}); return err },
		"show": func(ctx context.Context) error { _, err := b.AccessToken(ctx, p.token.ID); return err },
		"hold": func(ctx context.Context) error {
			_, err := b.HoldAccessToken(ctx, p.token.ID, "leaked")
			return err
		},
		"technical users": func(ctx context.Context) error { _, err := b.TechnicalUser(ctx, p.user.ID); return err },
		"member":          func(ctx context.Context) error { _, err := b.Member(ctx, p.member.ID); return err },
		"group":           func(ctx context.Context) error { _, err := b.Group(ctx, p.group.ID); return err },
		"role":            func(ctx context.Context) error { _, err := b.Role(ctx, p.role.ID); return err },
		"share": func(ctx context.Context) error {
			_, err := b.TokenShare(ctx, p.token.ID, p.member.ID)
			return err
		},
		"events": func(ctx context.Context) error { _, err := b.Events(ctx, tokens.EventQuery{}); return err },
	}
}

// A row with a value of a wrong type, out of bounds or unknown is no answer: whoever meets it says so, and so do doctor
// and a restore.
func TestUnsoundRows(t *testing.T) {
	const ofToken = "access token tok_"
	everyToken := []string{"verify", "list", "show", "hold"}
	for _, test := range []struct {
		name, statement string
		// fail are the operations that can't answer, and words are in their errors.
		fail  []string
		words []string
	}{
		{"a text as an instant", `UPDATE access_tokens SET created_at = 'yesterday'`, everyToken, []string{ofToken, "created_at"}},
		{"a text as an end", `UPDATE access_tokens SET expires_at = 'never'`, everyToken, []string{ofToken, "expires_at"}},
		{"a fraction as an end", `UPDATE access_tokens SET expires_at = 1.5`, everyToken, []string{"expires_at", "fraction"}},
		{"an end after the year 9999", `UPDATE access_tokens SET activates_at = 9223372036854775807`, everyToken,
			[]string{"activates_at", "9999"}},
		{"an end before the year 1", `UPDATE access_tokens SET activates_at = -9223372036854775808`, everyToken, []string{"activates_at"}},
		{"a number as a truth value", `UPDATE access_tokens SET enabled = 7`, everyToken, []string{"enabled"}},
		{"a text as a truth value", `UPDATE access_tokens SET enabled = 'true'`, everyToken, []string{"enabled", "text"}},
		{"a BLOB as a name", `UPDATE access_tokens SET name = x'6162'`, everyToken, []string{"name", "BLOB"}},
		{"bytes that are no UTF-8", `UPDATE access_tokens SET name = CAST(x'ff41' AS TEXT)`, everyToken, []string{"name", "UTF-8"}},
		{"a NUL byte", `UPDATE access_tokens SET description = 'a' || char(0) || 'b'`, everyToken, []string{"description", "NUL"}},
		{"an endless text", `UPDATE access_tokens SET description = CAST(zeroblob(70000) AS TEXT)`, everyToken, []string{"description", "70000"}},
		{"an unknown visibility", `UPDATE access_tokens SET visibility = 'everyone'`, []string{"verify", "show", "hold"}, []string{"visibility"}},
		{"an unknown policy", `UPDATE access_tokens SET on_expired = 'shrug'`, everyToken, []string{"on_expired"}},
		{"an unknown grace period", `UPDATE access_tokens SET grace_period = 'a while'`, everyToken, []string{"grace_period"}},
		{"a negative duration", `UPDATE access_tokens SET ttl_seconds = -1`, everyToken, []string{"ttl_seconds"}},
		{"a duration that overflows", `UPDATE access_tokens SET ttl_seconds = 9223372036854775807`, everyToken, []string{"ttl_seconds"}},
		{"a negative count", `UPDATE access_tokens SET use_count = -1`, everyToken, []string{"use_count"}},
		{"a hold without a time", `UPDATE access_tokens SET held_by = 'me'`, everyToken, []string{"held_at"}},
		{"a hold without a holder", `UPDATE access_tokens SET held_at = 1`, everyToken, []string{"held_at"}},
		{"a version of zero", `UPDATE access_tokens SET secret_version = 0; UPDATE secrets SET version = version - 2`, everyToken, []string{"version"}},
		{"a secret that is not there", `UPDATE access_tokens SET secret_version = 9`, everyToken, []string{ofToken}},
		{"a technical user that is not there", `PRAGMA foreign_keys = OFF; UPDATE access_tokens SET technical_user_id = 'tu_01jz0000000000000000000000'`,
			everyToken, []string{ofToken}},
		{"no account", `UPDATE access_tokens SET technical_user_id = NULL`, everyToken, []string{ofToken}},
		{"a member that is not there", `PRAGMA foreign_keys = OFF;
			UPDATE access_tokens SET technical_user_id = NULL, member_id = 'mem_01jz0000000000000000000000'`,
			[]string{"verify", "show", "hold"}, []string{ofToken}},
		{"a member beside the technical user", `UPDATE access_tokens SET member_id = (SELECT id FROM members)`,
			[]string{"verify", "show", "hold"}, []string{ofToken}},
		{"a member in the place of a technical user that is not there", `PRAGMA foreign_keys = OFF; UPDATE access_tokens
			SET technical_user_id = 'tu_01jz0000000000000000000000', member_id = (SELECT id FROM members)`,
			[]string{"verify", "show", "hold"}, []string{ofToken}},
		{"no end of a token for one run", `UPDATE access_tokens SET ephemeral = TRUE, expires_at = NULL`,
			[]string{"verify", "show", "hold"}, []string{"ephemeral"}},
		{"a BLOB as a member", `PRAGMA foreign_keys = OFF; UPDATE access_tokens SET member_id = x'00'`,
			[]string{"verify", "show", "hold"}, []string{ofToken}},
		{"an end of a secret as text", `UPDATE secrets SET ended_at = 'soon' WHERE version = 2`, everyToken, []string{"ended_at"}},
		{"the end of a grace period as text", `UPDATE secrets SET grace_ends_at = 'soon' WHERE version = 1`, everyToken, []string{"grace_ends_at"}},
		{"a malformed identifier", `PRAGMA foreign_keys = OFF; UPDATE technical_users SET id = 'tu_' || char(27) || '[2J'; ` +
			`UPDATE access_tokens SET technical_user_id = (SELECT id FROM technical_users); ` +
			`UPDATE group_roles SET holder_id = (SELECT id FROM technical_users) WHERE holder_id LIKE 'tu_%'`,
			everyToken, []string{"technical users", "identifier"}},
		{"a role in no group", `PRAGMA foreign_keys = OFF; UPDATE group_roles SET group_id = 'everywhere'`,
			append([]string{"technical users", "member"}, everyToken...), []string{"group_id of group_roles"}},
		{"a BLOB as permissions", `UPDATE roles SET permissions = x'2a'`, append([]string{"role"}, everyToken...), []string{"permissions", "BLOB"}},
		{"a technical user enabled by a text", `UPDATE technical_users SET enabled = 'yes'`,
			append([]string{"technical users"}, everyToken...), []string{"enabled"}},
		{"a member of a time that is none", `UPDATE members SET updated_at = x'00'`, []string{"member"}, []string{"member mem_", "updated_at"}},
		{"a group with a number as name", `UPDATE groups SET description = x'00'`, []string{"group"}, []string{"group grp_", "description"}},
		{"an unknown role of a share", `UPDATE token_shares SET role = 'god'`, []string{"share"}, []string{"token share tok_", "role"}},
		{"an event of a time that is none", `UPDATE events SET at = 'then'`, []string{"events"}, []string{"event evt_", "at"}},
		{"an unknown outcome", `UPDATE events SET outcome = 'perhaps'`, []string{"events"}, []string{"event evt_", "outcome"}},
		{"a hash that is none", `UPDATE secrets SET hash = 'abc' WHERE version = 1`, nil, []string{"hash", "hexadecimal"}},
		{"a secret of a version to come", `UPDATE secrets SET version = 7 WHERE version = 1`, nil, []string{ofToken, "version 7", "current"}},
		{"a secret that outlives its token", `INSERT INTO secrets (hash, access_token_id, version, preview, created_at)
			SELECT replace(hash, substr(hash, 1, 8), '00000000'), 'tok_01jz0000000000000000000000', 1, preview, created_at
			FROM secrets WHERE version = 1`, nil, []string{"access token tok_01jz0000000000000000000000", "has not ended"}},
		{"a token in another group", `UPDATE access_tokens SET group_id = (SELECT id FROM groups)`, nil, []string{ofToken, "level"}},
		{"a token under another name", `UPDATE access_tokens SET name_key = 'other'`, nil, []string{ofToken, "name_key", "column name"}},
		{"a token under a name that is a BLOB", `UPDATE access_tokens SET name_key = x'00'`, nil, []string{ofToken, "name_key", "BLOB"}},
		{"a token under another description", `UPDATE access_tokens SET description_key = 'other'`, nil,
			[]string{ofToken, "description_key", "column description"}},
		{"a secret that ends later in lists", `UPDATE access_tokens SET secret_ends_at = secret_ends_at + 1`, nil,
			[]string{ofToken, "secret_ends_at", "ttl_seconds"}},
		{"a secret that never ends in lists", `UPDATE access_tokens SET secret_ends_at = NULL`, nil, []string{ofToken, "secret_ends_at"}},
		{"a technical user under another name", `UPDATE technical_users SET name_key = 'other'`, nil,
			[]string{"technical user tu_", "name_key", "column name"}},
		{"a technical user under another address", `UPDATE technical_users SET email_key = 'other'`, nil,
			[]string{"technical user tu_", "email_key", "column email"}},
		{"a member under another address", `UPDATE members SET email_key = 'ben@example.com'`, nil,
			[]string{"member mem_", "email_key", "column email"}},
		{"a member under no address", `UPDATE members SET email_key = NULL`, nil, []string{"member mem_", "email_key"}},
		{"a request of a time that is none", `UPDATE requests SET created_at = 'then'`, nil, []string{"requests", "created_at"}},
		{"a change of an unknown kind", `UPDATE changes SET kind = 'shoe' WHERE number = 3`, nil, []string{"kind of changes", "not know"}},
		{"a change of an object of another kind", `UPDATE changes SET kind = 'tu' WHERE kind = 'grp'`, nil, []string{"id of changes", "fit"}},
		{"a change of something without an identifier", `UPDATE changes SET id = 'deploy' WHERE kind = 'tok'`, nil, []string{"id of changes"}},
		{"a change that was not counted", `UPDATE changes SET serial = 1000 WHERE number = 3`, nil, []string{"serial of changes"}},
		{"a BLOB as an object that changed", `UPDATE changes SET id = x'00' WHERE number = 3`, nil, []string{"column id", "BLOB"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := newPopulated(t)
			sound := filepath.Join(t.TempDir(), "sound.db")
			if _, err := open(t, p.path, p.now).Backup(background, sound); err != nil {
				t.Fatal(err)
			}
			execute(t, p.path, test.statement)
			b := open(t, p.path, p.now)
			operations := p.operations(b)
			for _, name := range test.fail {
				err := operations[name](background)
				if tokens.ErrorCode(err) != tokens.CodeUnavailable {
					t.Errorf("%s: got %v, want CodeUnavailable", name, err)
				}
				wantWords(t, name, err, append(test.words, p.path, "restore it from a backup")...)
			}
			wantWords(t, "doctor", problem(diagnose(service.Options{Database: p.path})["rows"].Problem), test.words...)
			restore := service.Restore{
				Options: service.Options{Database: sound, Now: p.now}, Actor: anna.Actor(), File: p.path,
			}
			_, err := restore.Run(background)
			if tokens.ErrorCode(err) != tokens.CodeUnavailable {
				t.Errorf("a restore: got %v, want CodeUnavailable", err)
			}
		})
	}
}

// problem is what a finding says.
type problem string

func (p problem) Error() string { return string(p) }

// wantWords checks that an error says all of the words.
func wantWords(t *testing.T, what string, err error, words ...string) {
	t.Helper()
	if err == nil {
		t.Errorf("%s: no error, want one that says %q", what, words)
		return
	}
	for _, word := range words {
		if !strings.Contains(err.Error(), word) {
			t.Errorf("%s: %q does not say %q", what, err, word)
		}
	}
	if strings.ContainsRune(err.Error(), '\x1b') {
		t.Errorf("%s: %q repeats what a file holds", what, err)
	}
}

// A database with an object of each kind is sound.
func TestSoundRows(t *testing.T) {
	p := newPopulated(t)
	for name, operation := range p.operations(open(t, p.path, p.now)) {
		if err := operation(background); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if f := diagnose(service.Options{Database: p.path})["rows"]; f.Value != "sound" || f.Problem != "" {
		t.Errorf("got %+v", f)
	}
}
