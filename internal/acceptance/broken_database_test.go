package acceptance

import (
	"bytes"
	"database/sql"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	_ "modernc.org/sqlite" // the driver "sqlite"
)

// everyKind is a configuration with a resource of each kind. A variable changes the description.
const everyKind = `
	variable "description" { default = "as made" }
	resource "latchkey_group" "payments" {
		name        = "payments"
		description = var.description
	}
	resource "latchkey_member" "ada" {
		email = "ada@acme.example"
		name  = var.description
	}
	resource "latchkey_technical_user" "ci" {
		name        = "ci"
		description = var.description
	}
	resource "latchkey_access_token" "deploy" {
		name              = "deploy"
		description       = var.description
		technical_user_id = latchkey_technical_user.ci.id
		ttl               = "90d"
	}
	resource "latchkey_access_token" "webhook" {
		name        = "webhook"
		description = var.description
		group_id    = latchkey_group.payments.id
	}
	resource "latchkey_token_share" "ada" {
		access_token_id = latchkey_access_token.deploy.id
		member_id       = latchkey_member.ada.id
		role            = "viewer"
	}
`

// change makes everyKind differ from what was applied.
const change = "-var=description=changed"

// TestBrokenDatabase breaks the database behind a state in every way that a disk, a copy or a person can. Terraform
// must say what is wrong and what to do, and keep everything it knows. Once the database is back, nothing has changed.
func TestBrokenDatabase(t *testing.T) {
	w := newWorkspace(t)
	w.database = "data/latchkey.db"
	if err := os.Mkdir(w.path("data"), 0o700); err != nil {
		t.Fatal(err)
	}
	w.configure(everyKind)
	w.terraform("apply").exits(0).says("6 added")
	good, err := os.ReadFile(w.databasePath())
	if err != nil {
		t.Fatal(err)
	}

	other := newWorkspace(t)
	other.configure(`resource "latchkey_group" "other" { name = "other" }`)
	other.terraform("apply").exits(0)

	for _, test := range []struct {
		name string
		// broken returns what replaces the database.
		broken func(t *testing.T) []byte
		// instead creates something other than a file.
		instead func(path string) error
		says    []string
	}{
		{
			name:    "missing",
			instead: func(string) error { return nil },
			says:    []string{"there is no database at " + w.databasePath(), "check the path", "restore the file from a backup"},
		},
		{
			name:    "directory",
			instead: func(path string) error { return os.Mkdir(path, 0o700) },
			says:    []string{w.databasePath() + " is a directory", "name a file"},
		},
		{
			name:    "dead link",
			instead: func(path string) error { return os.Symlink("elsewhere.db", path) },
			says:    []string{w.databasePath() + " is a symbolic link to elsewhere.db, which does not exist", "restore"},
		},
		{
			name: "swapped",
			broken: func(t *testing.T) []byte {
				content, err := os.ReadFile(other.databasePath())
				if err != nil {
					t.Fatal(err)
				}
				return content
			},
			says: []string{w.databasePath() + " is database db_", "but the object lives in database db_",
				"Name the file in which it was made"},
		},
		{
			name:   "empty",
			broken: func(*testing.T) []byte { return nil },
			says:   []string{w.databasePath() + " is empty (0 bytes)", "restore it from a backup"},
		},
		{
			name:   "not SQLite",
			broken: func(*testing.T) []byte { return bytes.Repeat([]byte("notes\n"), 2000) },
			says:   []string{w.databasePath() + " is not an SQLite database", "restore the database from a backup"},
		},
		{
			name: "damaged header",
			broken: func(*testing.T) []byte {
				return append(bytes.Repeat([]byte{0xa5}, 100), good[100:]...)
			},
			says: []string{w.databasePath() + " is not an SQLite database", "restore the database from a backup"},
		},
		{
			name: "damaged after the header",
			broken: func(*testing.T) []byte {
				return append(slices.Clone(good[:4096]), bytes.Repeat([]byte{0xa5}, len(good)-4096)...)
			},
			says: []string{w.databasePath() + " is damaged", "restore it from a backup", "latchkey doctor"},
		},
		{
			name:   "cut short",
			broken: func(*testing.T) []byte { return good[:4096] },
			says:   []string{w.databasePath() + " is damaged", "restore it from a backup", "latchkey doctor"},
		},
		{
			name:   "other program",
			broken: func(t *testing.T) []byte { return rewritten(t, good, "PRAGMA application_id = 7") },
			says:   []string{w.databasePath() + " is an SQLite database, but not one of Latchkey", "name another path"},
		},
		{
			name: "next version",
			broken: func(t *testing.T) []byte {
				return rewritten(t, good, fmt.Sprintf("PRAGMA user_version = %d", schemaVersion(good)+1))
			},
			says: []string{w.databasePath() + " was written by a newer version of Latchkey", "upgrade this program"},
		},
		{
			name:   "much later version",
			broken: func(t *testing.T) []byte { return rewritten(t, good, "PRAGMA user_version = 1000") },
			says:   []string{w.databasePath() + " was written by a newer version of Latchkey", "upgrade this program"},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			w.t = t
			w.replaceDatabase(func(path string) error {
				if test.instead != nil {
					return test.instead(path)
				}
				return os.WriteFile(path, test.broken(t), 0o600)
			})
			w.keepsState(test.says...)
			w.replaceDatabase(func(path string) error { return os.WriteFile(path, good, 0o600) })
			w.terraform("plan", "-detailed-exitcode").exits(0)
		})
	}
	w.t = t
	w.terraform("destroy").exits(0).says("6 destroyed")
}

// TestDamagedPage wipes the pages of the database, one at a time. Whatever was on a page, no resource may look deleted.
func TestDamagedPage(t *testing.T) {
	w := newWorkspace(t)
	w.configure(everyKind)
	w.terraform("apply").exits(0)
	good, err := os.ReadFile(w.databasePath())
	if err != nil {
		t.Fatal(err)
	}
	good = rewritten(t, good, "VACUUM") // no page is free then, so each is of some use
	const pageSize = 4096
	noticed := 0
	for page := 1; page < len(good)/pageSize; page++ {
		damaged := slices.Clone(good)
		clear(damaged[page*pageSize : (page+1)*pageSize])
		w.replaceDatabase(func(path string) error { return os.WriteFile(path, damaged, 0o600) })
		if plan := w.terraform("plan", "-detailed-exitcode"); plan.code != 0 { // the page was of no use to the plan
			plan.exits(1).says("is damaged", "latchkey doctor")
			noticed++
		}
		w.latchkey("doctor").exits(1)
	}
	if noticed == 0 {
		t.Errorf("no plan noticed any of %d damaged pages", len(good)/pageSize-1)
	}
	w.replaceDatabase(func(path string) error { return os.WriteFile(path, good, 0o600) })
	w.terraform("plan", "-detailed-exitcode").exits(0)
}

// replaceDatabase replaces the database with something else.
func (w *workspace) replaceDatabase(put func(path string) error) {
	w.t.Helper()
	path := w.databasePath()
	for _, file := range []string{path, path + "-wal", path + "-shm"} {
		if err := os.RemoveAll(file); err != nil {
			w.t.Fatal(err)
		}
	}
	if err := put(path); err != nil {
		w.t.Fatal(err)
	}
}

// keepsState checks that a plan, and every way to change or destroy, fails and prints these texts, and that the state
// stays as it is.
func (w *workspace) keepsState(says ...string) {
	w.t.Helper()
	before := w.state()
	for _, run := range [][]string{
		{"plan", "-detailed-exitcode"},
		{"apply", change},
		{"destroy"},
		// Without a refresh, the first step that uses the database is the one that changes it.
		{"apply", change, "-refresh=false"},
		{"destroy", "-refresh=false"},
		{"apply", "-refresh-only"},
	} {
		says := append(slices.Clone(says), "It stays in the Terraform state.")
		w.terraform(run[0], run[1:]...).exits(1).says(says...).saysNot("will be created", "panic")
		if after := w.state(); !maps.EqualFunc(before, after, func(a, b json.RawMessage) bool { return bytes.Equal(a, b) }) {
			w.t.Errorf("terraform %s changed the state: it had %s, now %s, or other attributes", run, before.addresses(),
				after.addresses())
		}
	}
}

// schemaVersion returns the version of the schema of a database: PRAGMA user_version, from the header of the file.
func schemaVersion(database []byte) (version int) {
	for _, b := range database[60:64] {
		version = version<<8 | int(b)
	}
	return version
}

// rewritten returns a database after an SQL statement.
func rewritten(t *testing.T, database []byte, statement string) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "rewritten.db")
	if err := os.WriteFile(path, database, 0o600); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", "file:"+path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec(statement); err != nil {
		t.Fatal(fmt.Errorf("%s: %w", statement, err))
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return content
}
