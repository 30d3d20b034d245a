package service_test

import (
	"path/filepath"
	"testing"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/service"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// An index that hides rows has as many entries as its table. Only a comparison of both finds it.
func TestForgedIndex(t *testing.T) {
	p := newPopulated(t)
	database := filepath.Join(t.TempDir(), "latchkey.db")
	if _, err := open(t, p.path, p.now).Backup(background, database); err != nil {
		t.Fatal(err)
	}
	backup := filepath.Join(t.TempDir(), "forged.db")
	if _, err := open(t, p.path, p.now).Backup(background, backup); err != nil {
		t.Fatal(err)
	}
	// While the index claims to hold none of the rows, SQLite leaves it as it is.
	const index = `PRAGMA writable_schema = ON; UPDATE sqlite_master SET sql = `
	const named = ` WHERE name = 'secrets_version'; PRAGMA schema_version = `
	execute(t, backup, index+`sql || ' WHERE version < 0'`+named+`1000`)
	execute(t, backup, `UPDATE secrets SET access_token_id = 'tok_01jz0000000000000000000000', ended_at = 1 WHERE version = 1`)
	execute(t, backup, index+`replace(sql, ' WHERE version < 0', '')`+named+`1001`)

	const damage = "missing from index secrets_version"
	f := diagnose(service.Options{Database: backup})["integrity"]
	wantWords(t, "doctor", problem(f.Problem), damage, "restore it from a backup")
	restore := service.Restore{Options: service.Options{Database: database, Now: p.now}, Actor: anna.Actor(), File: backup}
	_, looked := restore.Look(background)
	_, run := restore.Run(background)
	for what, err := range map[string]error{"a look": looked, "a restore": run} {
		if tokens.ErrorCode(err) != tokens.CodeUnavailable {
			t.Errorf("%s: got %v, want CodeUnavailable", what, err)
		}
		wantWords(t, what, err, backup, "damaged", damage, "use another backup")
	}
}
