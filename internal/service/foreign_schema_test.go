package service_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/service"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// A backup in which something undoes what is written is not restored, and no operation works on such a database.
func TestTriggers(t *testing.T) {
	for name, trigger := range map[string]string{
		"delete each new event": `CREATE TRIGGER quiet AFTER INSERT ON events BEGIN DELETE FROM events WHERE number = NEW.number; END`,
		"undo a hold": `CREATE TRIGGER quiet AFTER UPDATE OF held_by ON access_tokens BEGIN
			UPDATE access_tokens SET held_by = NULL, held_at = NULL, held_reason = NULL WHERE id = NEW.id; END`,
		"undo the end of a secret": `CREATE TRIGGER quiet AFTER UPDATE OF ended_at ON secrets BEGIN
			UPDATE secrets SET ended_at = NULL WHERE hash = NEW.hash; END`,
	} {
		t.Run(name, func(t *testing.T) {
			p := newPopulated(t)
			sound := filepath.Join(t.TempDir(), "sound.db")
			if _, err := open(t, p.path, p.now).Backup(background, sound); err != nil {
				t.Fatal(err)
			}
			execute(t, p.path, trigger)
			words := []string{p.path, `trigger "quiet" is none of them`, "restore it from a backup"}

			restore := service.Restore{Options: service.Options{Database: sound, Now: p.now}, Actor: anna.Actor(), File: p.path}
			before, err := os.ReadFile(sound)
			if err != nil {
				t.Fatal(err)
			}
			_, err = restore.Look(background)
			wantUnavailableWith(t, "a look at what a restore would do", err, words)
			_, err = restore.Run(background)
			wantUnavailableWith(t, "a restore", err, words)
			if after, err := os.ReadFile(sound); err != nil || string(after) != string(before) {
				t.Errorf("the database changed, %v", err)
			}
			for name, operation := range p.operations(open(t, p.path, p.now)) {
				wantUnavailableWith(t, name, operation(background), words)
			}

			findings := diagnose(service.Options{Database: p.path})
			wantWords(t, "doctor", problem(findings["schema"].Problem), `trigger "quiet"`, "restore it from a backup")
			if findings["identity"].Value == "" || findings["integrity"].Value != "sound" {
				t.Errorf("doctor does not go on: %+v", findings)
			}

			// A sound backup takes its place.
			restore = service.Restore{Options: service.Options{Database: p.path, Now: p.now}, Actor: anna.Actor(), File: sound}
			if _, err := restore.Run(background); err != nil {
				t.Errorf("a restore over it: %v", err)
			}
			if _, err := open(t, p.path, p.now).HoldAccessToken(background, p.token.ID, "leaked"); err != nil {
				t.Error(err)
			}
		})
	}
}

// wantUnavailableWith checks that an error is CodeUnavailable and says all of the words.
func wantUnavailableWith(t *testing.T, what string, err error, words []string) {
	t.Helper()
	if tokens.ErrorCode(err) != tokens.CodeUnavailable {
		t.Errorf("%s: got %v, want CodeUnavailable", what, err)
		return
	}
	wantWords(t, what, err, words...)
}
