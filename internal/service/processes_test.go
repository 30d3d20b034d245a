package service_test

import (
	"bufio"
	"bytes"
	"database/sql"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/service"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// The writers of TestProcesses, and how many tokens each of them makes.
const (
	writers         = 6
	tokensPerWriter = 5
)

// writer is one of several processes that use a database at once: it waits for the start, makes tokens, and prints the
// identifier of each as soon as it has been acknowledged.
func writer() int {
	name, database := os.Args[1], os.Args[2]
	fmt.Println("ready")
	if _, err := bufio.NewReader(os.Stdin).ReadString('\n'); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	if err := write(name, database); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

func write(name, database string) error {
	owner := tokens.AsDatabaseOwner(tokens.Actor("local:" + name))
	b := service.Open(service.Options{Database: database, Now: time.Now}).As(owner)
	group, err := b.CreateGroup(background, groupRequest(name))
	if err != nil {
		return err
	}
	for i := range tokensPerWriter {
		secret, err := tokens.NewSecret(tokens.DefaultPrefix)
		if err != nil {
			return err
		}
		created, err := b.CreateAccessToken(background, tokens.NewAccessToken{
			NewSecretFor: tokens.NewSecretFor{Request: tokens.NewRequest(time.Now()), Secret: secret},
			GroupID:      group.ID,
			Settings:     tokens.Settings{Name: fmt.Sprintf("%s %d", name, i), Enabled: true},
		})
		if err != nil {
			return err
		}
		if v, err := b.VerifySecret(background, secret, tokens.VerifyOptions{RecordUse: true}); err != nil || !v.Active {
			return fmt.Errorf("a value that was just issued: active is %t, %w", v.Active, err)
		}
		fmt.Println(created.ID)
	}
	return b.Close()
}

// Several processes that start at once without a database create exactly one. They lose nothing that was acknowledged,
// get no error about a lock, and leave no other file behind.
func TestProcesses(t *testing.T) {
	if testing.Short() {
		t.Skip("it runs many processes")
	}
	for round := range 10 {
		t.Run(fmt.Sprint(round), func(t *testing.T) {
			directory := t.TempDir()
			database := filepath.Join(directory, "latchkey.db")
			acknowledged := runWriters(t, database)
			if len(acknowledged) != writers*tokensPerWriter {
				t.Errorf("%d tokens were acknowledged, want %d", len(acknowledged), writers*tokensPerWriter)
			}

			b := open(t, database, time.Now)
			for _, id := range acknowledged {
				token, err := b.AccessToken(background, id)
				if err != nil {
					t.Fatal(err)
				}
				if token.LastUsedAt.IsZero() {
					t.Errorf("the use of %s is lost", id)
				}
			}
			events, err := b.Events(background, tokens.EventQuery{})
			if err != nil {
				t.Fatal(err)
			}
			made := 0
			for _, e := range events {
				if e.Outcome == tokens.OutcomeRefused {
					t.Errorf("refused: %+v", e)
				}
				if e.Action == tokens.ActionDatabaseCreate {
					made++
				}
			}
			if made != 1 {
				t.Errorf("%d databases were made", made)
			}
			if err := b.Close(); err != nil {
				t.Fatal(err)
			}
			entries, err := os.ReadDir(directory)
			if err != nil {
				t.Fatal(err)
			}
			if len(entries) != 1 {
				t.Errorf("left behind: %v", entries)
			}
		})
	}
}

// Several processes that start at once on a database of an older release migrate it between them, and lose nothing.
func TestProcessesOnOlderSchema(t *testing.T) {
	if testing.Short() {
		t.Skip("it runs many processes")
	}
	for round := range 5 {
		t.Run(fmt.Sprint(round), func(t *testing.T) {
			database := filepath.Join(t.TempDir(), "latchkey.db")
			secret := writeOldDatabase(t, database)

			acknowledged := runWriters(t, database)
			after := open(t, database, time.Now)
			page, err := after.AccessTokens(background, tokens.TokenQuery{})
			if err != nil || len(acknowledged) != writers*tokensPerWriter || len(page.AccessTokens) != len(acknowledged)+1 {
				t.Errorf("%d tokens were acknowledged and %d are there, %v; want %d and one more",
					len(acknowledged), len(page.AccessTokens), err, writers*tokensPerWriter)
			}
			if v, err := after.VerifySecret(background, secret, tokens.VerifyOptions{}); err != nil || !v.Active {
				t.Errorf("the token of before: active %t, %v", v.Active, err)
			}
			for name, f := range diagnose(service.Options{Database: database}) {
				if f.Problem != "" {
					t.Errorf("%s: %s", name, f.Problem)
				}
			}
		})
	}
}

// writeOldDatabase writes a database with the first version of the schema and one access token, and returns the value of
// that.
func writeOldDatabase(t *testing.T, path string) tokens.Secret {
	t.Helper()
	secret, err := tokens.NewSecret(tokens.DefaultPrefix)
	if err != nil {
		t.Fatal(err)
	}
	schema, err := os.ReadFile(filepath.FromSlash("../store/schema/001_tokens.sql"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	execute(t, path, `PRAGMA journal_mode = WAL; PRAGMA application_id = `+applicationID(t)+`; PRAGMA user_version = 1;`+
		strings.ReplaceAll(string(schema), "SERIAL", "INTEGER PRIMARY KEY AUTOINCREMENT")+`;
		INSERT INTO database VALUES ('`+tokens.NewID(tokens.KindDatabase, time.Now())+`', 'default', 1);
		INSERT INTO technical_users (id, name, description, email, role, group_roles_set, enabled, system_created,
			created_at, updated_at)
			VALUES ('tu_01jz0000000000000000000000', 'ci', '', 'ci@default.latchkey.internal', 'member', false, true, false, 1, 1);
		INSERT INTO access_tokens (id, name, description, technical_user_id, role, group_roles_set, enabled, ttl_seconds,
			secret_version, created_at, updated_at)
			VALUES ('tok_01jz0000000000000000000000', 'before', '', 'tu_01jz0000000000000000000000', '', false, true, 0, 1, 1, 1);
		INSERT INTO secrets VALUES ('`+secret.Hash().String()+`', 'tok_01jz0000000000000000000000', 1, 'lk_1', 1, NULL)`)
	return secret
}

// applicationID returns what tells a database from other SQLite files.
func applicationID(t *testing.T) (id string) {
	t.Helper()
	db, err := sql.Open("sqlite", newDatabase(t))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.QueryRowContext(t.Context(), `PRAGMA application_id`).Scan(&id); err != nil {
		t.Fatal(err)
	}
	return id
}

// A process that is killed, while it creates the database or later, loses nothing that was acknowledged to it and
// leaves a sound database behind.
func TestKilledProcesses(t *testing.T) {
	if testing.Short() {
		t.Skip("it runs many processes and kills them")
	}
	for round := range 30 {
		t.Run(fmt.Sprint(round), func(t *testing.T) {
			database := filepath.Join(t.TempDir(), "latchkey.db")
			p := startWriter(t, "killed", database)
			p.begin(t)
			var acknowledged []string
			for range round % (tokensPerWriter + 1) {
				if p.answer.Scan() {
					acknowledged = append(acknowledged, p.answer.Text())
				}
			}
			if err := p.Process.Kill(); err != nil {
				t.Fatal(err)
			}
			for p.answer.Scan() { // what it still said
				acknowledged = append(acknowledged, p.answer.Text())
			}
			_ = p.Wait() // killed, or done just before

			for name, f := range diagnose(service.Options{Database: database}) {
				if f.Problem != "" && !strings.Contains(f.Problem, "there is no database") {
					t.Errorf("%s: %s", name, f.Problem)
				}
			}
			b := open(t, database, time.Now)
			if _, err := b.CreateGroup(background, groupRequest("next")); err != nil {
				t.Fatal(err)
			}
			for _, id := range acknowledged {
				if _, err := b.AccessToken(background, id); err != nil {
					t.Error(err)
				}
			}
			all, err := b.AccessTokens(background, tokens.TokenQuery{})
			if err != nil {
				t.Fatal(err)
			}
			if unacknowledged := len(all.AccessTokens) - len(acknowledged); unacknowledged > 1 {
				t.Errorf("%d tokens were made and not acknowledged, want one at most", unacknowledged)
			}
		})
	}
}

// process is a writer that runs.
type process struct {
	*exec.Cmd
	start  io.WriteCloser
	answer *bufio.Scanner
	errors *bytes.Buffer
}

// startWriter starts a writer, which waits for the beginning.
func startWriter(t *testing.T, name, database string) process {
	t.Helper()
	p := process{Cmd: inRole(t, "writer", name, database), errors: &bytes.Buffer{}}
	p.Stderr = p.errors
	var err error
	if p.start, err = p.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	output, err := p.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	p.answer = bufio.NewScanner(output)
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	if !p.answer.Scan() {
		t.Fatalf("%s does not start", name)
	}
	return p
}

// begin lets a writer begin.
func (p process) begin(t *testing.T) {
	t.Helper()
	if _, err := io.WriteString(p.start, "go\n"); err != nil {
		t.Fatal(err)
	}
}

// runWriters runs all writers at once on a database and returns what was acknowledged to them.
func runWriters(t *testing.T, database string) (acknowledged []string) {
	t.Helper()
	all := make([]process, writers)
	for i := range all {
		all[i] = startWriter(t, fmt.Sprintf("writer-%d", i), database)
	}
	for _, p := range all {
		p.begin(t)
	}
	for i, p := range all {
		for p.answer.Scan() {
			acknowledged = append(acknowledged, p.answer.Text())
		}
		if err := p.Wait(); err != nil {
			t.Errorf("writer %d: %v: %s", i, err, p.errors)
		}
	}
	return acknowledged
}
