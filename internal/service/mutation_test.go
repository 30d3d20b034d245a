package service_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/backendtest"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/service"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// mutation changes the files of a database at random.
type mutation struct {
	name string
	// isExact means that every answer stays what it was, if there is one: what was changed is no well-typed content.
	isExact bool
	apply   func(t *testing.T, random *rand.Rand, path string) (what string)
}

// columns of every table with values that no program of ours writes there.
var (
	textColumns = map[string][]string{
		"access_tokens":   {"id", "name", "description", "technical_user_id", "role", "disabled_by", "held_by", "visibility", "creator_id", "on_expired", "on_secret_drift", "grace_period"},
		"technical_users": {"id", "name", "description", "email", "group_id", "role", "disabled_by"},
		"members":         {"id", "email", "name", "role"},
		"groups":          {"id", "name", "description"},
		"roles":           {"id", "name", "description", "permissions"},
		"token_shares":    {"access_token_id", "member_id", "role"},
		"events":          {"id", "actor", "action", "object_id", "object_name", "outcome", "detail"},
		"secrets":         {"preview"},
	}
	numberColumns = map[string][]string{
		"access_tokens":   {"group_roles_set", "enabled", "disabled_at", "held_at", "activates_at", "expires_at", "ttl_seconds", "secret_version", "created_at", "updated_at", "last_used_at", "use_count"},
		"technical_users": {"group_roles_set", "enabled", "disabled_at", "system_created", "created_at", "updated_at"},
		"members":         {"group_roles_set", "created_at", "updated_at"},
		"groups":          {"created_at", "updated_at"},
		"roles":           {"created_at", "updated_at"},
		"token_shares":    {"created_at", "updated_at"},
		"events":          {"at"},
		"secrets":         {"created_at", "ended_at"}, // by another version, a secret is just not the one before the current
	}
	noTexts   = []string{`x'00ff'`, `zeroblob(100)`, `CAST(x'ff' AS TEXT)`, `'a' || char(0) || 'b'`, `CAST(zeroblob(70000) AS TEXT)`}
	noNumbers = []string{`'soon'`, `x'01'`, `1.5`, `9e99`, `-9223372036854775808`, `9223372036854775807`}
)

// pick returns one of several values.
func pick[T any](random *rand.Rand, all []T) T { return all[random.IntN(len(all))] }

var mutations = []mutation{
	{"bytes", false, func(t *testing.T, random *rand.Rand, path string) (what string) {
		content := readFile(t, path)
		for range 1 + random.IntN(8) {
			at, to := random.IntN(len(content)), byte(random.IntN(256))
			content[at] = to
			what += fmt.Sprintf("byte %d is %#x, ", at, to)
		}
		writeFile(t, path, content)
		return what
	}},
	{"length", false, func(t *testing.T, random *rand.Rand, path string) string {
		size := random.IntN(2 * len(readFile(t, path)))
		if err := os.Truncate(path, int64(size)); err != nil {
			t.Fatal(err)
		}
		return fmt.Sprintf("%d bytes", size)
	}},
	{"page", false, func(t *testing.T, random *rand.Rand, path string) string {
		const size = 4096
		content := readFile(t, path)
		from, to := random.IntN(len(content)/size), 1+random.IntN(len(content)/size-1)
		copy(content[to*size:(to+1)*size], content[from*size:(from+1)*size])
		writeFile(t, path, content)
		return fmt.Sprintf("page %d is page %d", to, from)
	}},
	{"type", true, func(t *testing.T, random *rand.Rand, path string) string {
		columns, values := textColumns, noTexts
		if random.IntN(2) == 0 {
			columns, values = numberColumns, noNumbers
		}
		table := pick(random, []string{"access_tokens", "access_tokens", "technical_users", "members", "groups", "roles", "token_shares", "events", "secrets"})
		column, value := pick(random, columns[table]), pick(random, values)
		statement := fmt.Sprintf(`PRAGMA foreign_keys = OFF; UPDATE OR IGNORE %s SET %s = %s`, table, column, value)
		execute(t, path, statement)
		return statement
	}},
	{"schema", true, func(t *testing.T, random *rand.Rand, path string) string {
		statement := pick(random, []string{
			`CREATE TRIGGER a AFTER UPDATE ON access_tokens BEGIN UPDATE access_tokens SET held_by = NULL, held_at = NULL; END`,
			`CREATE TRIGGER a AFTER INSERT ON events BEGIN UPDATE access_tokens SET held_by = NULL, held_at = NULL; END`,
			`CREATE TRIGGER a BEFORE UPDATE ON access_tokens BEGIN SELECT RAISE(IGNORE); END`,
			`CREATE VIEW a AS SELECT 1`, `CREATE TABLE a (b)`, `CREATE INDEX a ON events (actor)`, `DROP INDEX events_object`,
			`ALTER TABLE access_tokens RENAME COLUMN held_by TO kept_by`, `ALTER TABLE access_tokens ADD COLUMN a TEXT`,
			`ALTER TABLE secrets RENAME TO a; CREATE VIEW secrets AS SELECT * FROM a`, `DROP TABLE token_shares`, `ANALYZE`,
			`PRAGMA user_version = 1`, `PRAGMA user_version = 0`, `PRAGMA user_version = 9999`, `PRAGMA application_id = 1`,
			`DELETE FROM database`, `UPDATE database SET id = x'00'`,
		})
		execute(t, path, statement)
		return statement
	}},
	{"neighbour", true, func(t *testing.T, random *rand.Rand, path string) string {
		suffix := pick(random, []string{"-journal", "-wal", "-shm"})
		content := make([]byte, random.IntN(20_000))
		for i := range content {
			content[i] = byte(random.IntN(256))
		}
		if random.IntN(2) == 0 { // it looks like the right kind of file
			copy(content, map[string]string{"-journal": "\xd9\xd5\x05\xf9\x20\xa1\x63\xd7\xff\xff\xff\xff",
				"-wal": "\x37\x7f\x06\x82\x00\x2d\xe2\x18\x00\x00\x10\x00", "-shm": "\x18\xe2\x2d\x00\x00\x00\x00\x00"}[suffix])
		}
		writeFile(t, path+suffix, content)
		return fmt.Sprintf("%d bytes in %s", len(content), suffix)
	}},
}

func readFile(t *testing.T, path string) []byte {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func writeFile(t *testing.T, path string, content []byte) {
	t.Helper()
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
}

// questions are ways to read what a populated database holds, which return all of the answer.
func (p populated) questions(b *service.Backend) map[string]func(context.Context) (any, error) {
	return map[string]func(context.Context) (any, error){
		"verify the current value": func(ctx context.Context) (any, error) {
			return b.VerifySecret(ctx, p.current, tokens.VerifyOptions{})
		},
		"verify the previous value": func(ctx context.Context) (any, error) {
			return b.VerifySecret(ctx, p.previous, tokens.VerifyOptions{})
		},
		"list":            func(ctx context.Context) (any, error) { return b.AccessTokens(ctx, tokens.TokenQuery{}) },
		"show":            func(ctx context.Context) (any, error) { return b.AccessToken(ctx, p.token.ID) },
		"technical user":  func(ctx context.Context) (any, error) { return b.TechnicalUser(ctx, p.user.ID) },
		"technical users": func(ctx context.Context) (any, error) { return b.TechnicalUsers(ctx) },
		"members":         func(ctx context.Context) (any, error) { return b.Members(ctx) },
		"groups":          func(ctx context.Context) (any, error) { return b.Groups(ctx) },
		"roles":           func(ctx context.Context) (any, error) { return b.Roles(ctx) },
		"shares":          func(ctx context.Context) (any, error) { return b.TokenShares(ctx, tokens.TokenShareQuery{}) },
		"events":          func(ctx context.Context) (any, error) { return b.Events(ctx, tokens.EventQuery{}) },
	}
}

// ask returns the answer to each question, or that there is none.
func (p populated) ask(t *testing.T, path string) (answers map[string]string, errs map[string]error) {
	t.Helper()
	s := service.Open(service.Options{Database: path, Now: p.now})
	defer func() { _ = s.Close() }()
	answers, errs = map[string]string{}, map[string]error{}
	for name, question := range p.questions(s.As(anna)) {
		answer, err := question(background)
		if errs[name] = err; err != nil {
			continue
		}
		text, err := json.Marshal(answer)
		if err != nil {
			t.Fatal(err)
		}
		answers[name] = string(text)
	}
	return answers, errs
}

// Whatever becomes of the files of a database, each operation answers as before or says that it can't tell, and a stop
// that is reported is one. What stands in a well-typed text is not for a program to judge.
func TestMutations(t *testing.T) {
	if testing.Short() {
		t.Skip("it tries many broken files")
	}
	const rounds = 120
	p := newPopulated(t)
	original := readFile(t, p.path)
	want, errs := p.ask(t, p.path)
	for name, err := range errs {
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
	}
	intact := filepath.Join(t.TempDir(), "intact.db")
	if _, err := open(t, p.path, p.now).Backup(background, intact); err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(9, 1)) // the same mutations in every run
	for round := range rounds {
		m := mutations[round%len(mutations)]
		directory := t.TempDir()
		path := filepath.Join(directory, "latchkey.db")
		writeFile(t, path, original)
		what := fmt.Sprintf("round %d, %s: %s", round, m.name, m.apply(t, random, path))

		service.Diagnose(background, service.Options{Database: path, Now: backendtest.NewClock().Now})
		got, errs := p.ask(t, path)
		for name, err := range errs {
			switch {
			case err == nil && m.isExact && got[name] != want[name]:
				t.Errorf("%s: %s: got %s, want %s", what, name, got[name], want[name])
			case err != nil && tokens.ErrorCode(err) != tokens.CodeUnavailable && (m.isExact || tokens.ErrorCode(err) != tokens.CodeNotFound):
				t.Errorf("%s: %s: got %v, want CodeUnavailable", what, name, err)
			}
		}
		p.stopReally(t, what, path)

		restored := filepath.Join(directory, "restored.db")
		writeFile(t, restored, readFile(t, intact))
		_, err := service.Restore{Options: service.Options{Database: restored, Now: p.now}, Actor: anna.Actor(), File: path,
			ReplaceAnother: true}.Run(background)
		if err == nil {
			p.stopReally(t, what+", restored", restored)
		} else if tokens.ErrorCode(err) != tokens.CodeUnavailable {
			t.Errorf("%s: a restore: got %v, want CodeUnavailable", what, err)
		}
	}
}

// stopReally holds the token and checks that what was said of that is so for whoever opens the database next.
func (p populated) stopReally(t *testing.T, what, path string) {
	t.Helper()
	s := service.Open(service.Options{Database: path, Now: p.now})
	_, held := s.As(anna).HoldAccessToken(background, p.token.ID, "leaked")
	if err := errors.Join(s.Close(), held); err != nil {
		return
	}
	s = service.Open(service.Options{Database: path, Now: p.now})
	defer func() { _ = s.Close() }()
	for _, secret := range []tokens.Secret{p.current, p.previous} {
		if v, err := s.As(anna).VerifySecret(background, secret, tokens.VerifyOptions{}); err == nil && v.Active {
			t.Errorf("%s: the token is said to be held, and its value is good", what)
		}
	}
}
