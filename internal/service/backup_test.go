package service_test

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/backendtest"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/service"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

func init() { roles["backups"] = backups }

// backups is a process that makes backups one after the other until it is killed, and prints a line for each.
func backups() int {
	database, directory := os.Args[1], os.Args[2]
	b := service.Open(service.Options{Database: database, Now: time.Now}).As(tokens.AsDatabaseOwner("local:cron@host"))
	for n := 0; ; n++ {
		name := "backup-" + string(rune('a'+n%26)) + time.Now().Format("150405.000000000")
		if _, err := b.Backup(background, filepath.Join(directory, name)); err != nil {
			_, _ = os.Stderr.WriteString(err.Error() + "\n")
			return 1
		}
		_, _ = os.Stdout.WriteString("made\n")
	}
}

// A process that is killed while it makes backups leaves only complete ones: every file with a backup's name is sound.
func TestKilledBackups(t *testing.T) {
	if testing.Short() {
		t.Skip("it runs many processes and kills them")
	}
	database := newDatabase(t)
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for round := range 20 {
		directory := t.TempDir()
		cmd := exec.CommandContext(t.Context(), self, database, directory)
		cmd.Env = append(os.Environ(), roleVariable+"=backups")
		output, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		if _, err := output.Read(make([]byte, 5)); err != nil { // it has made one, and is somewhere in the next ones
			t.Fatal(err)
		}
		time.Sleep(time.Duration(round) * time.Millisecond)
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = cmd.Wait()
		made, err := filepath.Glob(filepath.Join(directory, "backup-*"))
		if err != nil || len(made) == 0 {
			t.Fatalf("%d backups were made, %v", len(made), err)
		}
		for _, backup := range made {
			for name, f := range diagnose(service.Options{Database: backup}) {
				if f.Problem != "" {
					t.Errorf("%s: %s: %s", filepath.Base(backup), name, f.Problem)
				}
			}
		}
	}
}

func TestBackup(t *testing.T) {
	clock := backendtest.NewClock()
	database := filepath.Join(t.TempDir(), "latchkey.db")
	b := open(t, database, clock.Now)
	request := newRequest(t, "deploy", "")
	if _, err := b.CreateAccessToken(background, request); err != nil {
		t.Fatal(err)
	}
	newMember(t, b, "olga@example.com", tokens.RoleOwner)
	newMember(t, b, "adam@example.com", tokens.RoleAdministrator)
	clock.Advance(time.Hour)
	before := eventsOf(t, b)

	as := func(email string) *service.Backend {
		return openWith(t, service.Options{Database: database, Now: clock.Now}).As(annaAs(email))
	}
	for email, actor := range map[string]tokens.Actor{"": "local:anna@host", "olga@example.com": "olga@example.com"} {
		file := filepath.Join(t.TempDir(), "latchkey.backup")
		made, err := as(email).Backup(background, file)
		if err != nil {
			t.Fatal(err)
		}
		if at, ok := made.MadeAt(); !ok || !at.Equal(clock.Instant()) ||
			made.LastEvent.Actor != actor || made.Database.Location != file {
			t.Errorf("as %q: got %+v", email, made)
		}
		copied := open(t, file, clock.Now)
		if v, err := copied.VerifySecret(background, request.Secret, tokens.VerifyOptions{}); err != nil || !v.Active {
			t.Errorf("as %q: the token in the backup: active is %t, %v", email, v.Active, err)
		}
		if events := eventsOf(t, copied); len(events) != len(before)+1 {
			t.Errorf("as %q: the backup has %d events, want one more than %d", email, len(events), len(before))
		}
	}
	if events := eventsOf(t, b); len(events) != len(before) {
		t.Errorf("the database has %d events, want %d as before", len(events), len(before))
	}

	// Refused, with one event and no file.
	for email, actor := range map[string]tokens.Actor{
		"adam@example.com":   "adam@example.com",
		"nobody@example.com": "local:anna@host",
	} {
		file := filepath.Join(t.TempDir(), "latchkey.backup")
		before := eventsOf(t, b)
		if _, err := as(email).Backup(background, file); tokens.ErrorCode(err) != tokens.CodeForbidden {
			t.Errorf("as %s: got %v, want CodeForbidden", email, err)
		}
		if _, err := os.Stat(file); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("as %s: a file was made: %v", email, err)
		}
		after := eventsOf(t, b)
		if last := after[len(after)-1]; len(after) != len(before)+1 || last.Action != tokens.ActionDatabaseBackup ||
			last.Outcome != tokens.OutcomeRefused || last.Actor != actor {
			t.Errorf("as %s: the events end with %+v", email, last)
		}
	}

	// Another organization than the one that was asked for.
	other := openWith(t, service.Options{Database: database, Organization: "globex", Now: clock.Now}).As(anna)
	_, err := other.Backup(background, filepath.Join(t.TempDir(), "latchkey.backup"))
	if tokens.ErrorCode(err) != tokens.CodeInvalid {
		t.Errorf("another organization: got %v, want CodeInvalid", err)
	}
}

// eventsOf returns all events of a backend.
func eventsOf(t *testing.T, b tokens.Backend) []tokens.Event {
	t.Helper()
	events, err := b.Events(background, tokens.EventQuery{})
	if err != nil {
		t.Fatal(err)
	}
	return events
}

// A backup that is made while several processes write contains everything that was acknowledged before it began.
func TestBackupsBesideWriters(t *testing.T) {
	if testing.Short() {
		t.Skip("it runs many processes")
	}
	directory := t.TempDir()
	database := filepath.Join(directory, "latchkey.db")
	all := make([]process, 3)
	for i := range all {
		all[i] = startWriter(t, "writer-"+string(rune('a'+i)), database)
		all[i].begin(t)
	}
	var acknowledged []string
	b := open(t, database, time.Now)
	for n := range tokensPerWriter {
		for _, p := range all {
			if p.answer.Scan() {
				acknowledged = append(acknowledged, p.answer.Text())
			}
		}
		file := filepath.Join(t.TempDir(), "latchkey.backup")
		if _, err := b.Backup(background, file); err != nil {
			t.Fatal(err)
		}
		page, err := open(t, file, time.Now).AccessTokens(background, tokens.TokenQuery{})
		if err != nil {
			t.Fatal(err)
		}
		for _, id := range acknowledged {
			if !slices.ContainsFunc(page.AccessTokens, func(token tokens.AccessToken) bool { return token.ID == id }) {
				t.Errorf("backup %d lacks %s, which had been acknowledged", n, id)
			}
		}
	}
	for _, p := range all {
		for p.answer.Scan() {
		}
		if err := p.Wait(); err != nil {
			t.Errorf("%v: %s", err, p.errors)
		}
	}
}
