package service_test

import (
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/service"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/store"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/store/sqlite"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// olderBackup makes a backup of an access token as a release with an older version of the schema left it.
func olderBackup(t *testing.T, version int) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "older.db")
	writeOldDatabase(t, path)
	migrateFile(t, path, 1, version)
	execute(t, path, fmt.Sprintf(`PRAGMA user_version = %d`, version))
	return path
}

// migrateFile turns the schema of a version in a file into that of another one.
func migrateFile(t *testing.T, path string, from, to int) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	tx, err := db.BeginTx(background, nil)
	if err != nil {
		t.Fatal(err)
	}
	const serial = "INTEGER PRIMARY KEY AUTOINCREMENT"
	err = store.Migrate(background, store.NewTx(tokens.Database{}, tx), from, to, serial)
	if err := errors.Join(err, tx.Commit()); err != nil {
		t.Fatal(err)
	}
}

// A server migrates a database of an older release when it begins to watch it: else each of its look-ups would.
func TestWatchMigrates(t *testing.T) {
	path := olderBackup(t, 1)
	s := openWith(t, service.Options{Database: path, Now: time.Now, Follow: true})
	w, err := s.Verifications().Watch(background)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	i, err := sqlite.Inspect(background, path)
	if err != nil || i.SchemaVersion != store.SchemaVersion {
		t.Errorf("the schema has version %d (%v), want %d", i.SchemaVersion, err, store.SchemaVersion)
	}
	if _, err := w.Look(background); err != nil {
		t.Error(err)
	}
}

// The rows of a backup by an older release are checked before it is restored, as are those of one by this release.
func TestRestoreOfAnOlderBackup(t *testing.T) {
	for version := 1; version < store.SchemaVersion; version++ {
		t.Run(fmt.Sprint("version ", version), func(t *testing.T) {
			backup := olderBackup(t, version)
			restore := service.Restore{
				Options: service.Options{Database: filepath.Join(t.TempDir(), "latchkey.db"), Now: time.Now},
				Actor:   anna.Actor(), File: backup,
			}
			if _, err := restore.Look(background); err != nil {
				t.Error(err)
			}
			if f := diagnose(service.Options{Database: backup})["rows"]; f.Value != "sound" || f.Problem != "" {
				t.Errorf("got %+v", f)
			}

			execute(t, backup, `UPDATE access_tokens SET created_at = 'yesterday'`)
			words := []string{"access token tok_01jz0000000000000000000000", "created_at", "a text"}
			wantWords(t, "doctor", problem(diagnose(service.Options{Database: backup})["rows"].Problem), words...)
			_, err := restore.Run(background)
			if tokens.ErrorCode(err) != tokens.CodeUnavailable {
				t.Errorf("a restore: got %v, want CodeUnavailable", err)
			}
			wantWords(t, "a restore", err, append(words, backup, "use another backup")...)
		})
	}
}
