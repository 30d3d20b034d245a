package sqlite

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/store"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// oldDatabase makes a database as the first version of the schema had it, with an access token, and returns its path
// and the secret of the token.
func oldDatabase(t *testing.T) (path string, secret tokens.Secret) {
	t.Helper()
	secret, err := tokens.NewSecret(tokens.DefaultPrefix)
	if err != nil {
		t.Fatal(err)
	}
	path = filepath.Join(t.TempDir(), "latchkey.db")
	migrateTo(t, path, 1)
	execute(t, path, fmt.Sprintf(`PRAGMA journal_mode = WAL; PRAGMA application_id = %d; PRAGMA user_version = 1;`,
		applicationID)+
		fmt.Sprintf(`INSERT INTO database VALUES ('%s', 'default', 1);
		INSERT INTO technical_users (id, name, description, email, role, group_roles_set, enabled, system_created,
		created_at, updated_at)
			VALUES ('tu_01jz0000000000000000000000', 'ci', '', 'ci@default.latchkey.internal', 'member', false, true, false, 1, 1);
		INSERT INTO access_tokens (id, name, description, technical_user_id, role, group_roles_set, enabled, ttl_seconds,
		secret_version, created_at, updated_at)
			VALUES ('tok_01jz0000000000000000000000', 'deploy', '', 'tu_01jz0000000000000000000000', '', false, true, 0, 1, 1, 1);
		INSERT INTO secrets VALUES ('%s', 'tok_01jz0000000000000000000000', 1, 'lk_1', 1, NULL)`, identity, secret.Hash()))
	return path, secret
}

// migrateTo gives an empty file the schema of a version.
func migrateTo(t *testing.T, path string, version int) {
	t.Helper()
	migrateFrom(t, path, 0, version)
}

// migrateFrom turns the schema of a version in a file into that of another one.
func migrateFrom(t *testing.T, path string, from, to int) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	err = inTransaction(t.Context(), db, func(tx *sql.Tx) error {
		return store.Migrate(t.Context(), store.NewTx(tokens.Database{}, tx), from, to, serial)
	})
	if err != nil {
		t.Fatal(err)
	}
}

// schemaOf returns the tables and indexes of a file, after their version.
func schemaOf(t *testing.T, path string) string {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var version int
	if err := db.QueryRowContext(t.Context(), `PRAGMA user_version`).Scan(&version); err != nil {
		t.Fatal(err)
	}
	var all []string
	err = eachRow(t.Context(), db, `SELECT coalesce(sql, '') FROM sqlite_master ORDER BY type, name`,
		func(rows *sql.Rows) error {
			var text string
			err := rows.Scan(&text)
			all = append(all, text)
			return err
		})
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprint(version, all)
}

// wantOldContent checks that all ways to read find what an older database holds, with what came later.
func wantOldContent(t *testing.T, s *store.Store, secret tokens.Secret) {
	t.Helper()
	ctx := t.Context()
	for name, read := range map[string]func(func(store.View) error) error{
		"a read":         func(fn func(store.View) error) error { return s.Read(ctx, fn) },
		"a read at once": func(fn func(store.View) error) error { return s.ReadAtOnce(ctx, fn) },
		"a verification": func(fn func(store.View) error) error { return s.ReadToVerify(ctx, fn) },
	} {
		err := read(func(v store.View) error {
			known, _, ok, err := v.SecretWithHash(ctx, secret.Hash())
			if err != nil {
				return err
			}
			if token := known.AccessToken; !ok || token.Name != "deploy" || token.Visibility != tokens.VisibilityOrganization ||
				token.CreatorID != "" {
				t.Errorf("%s: got %t, %+v", name, ok, token)
			}
			if roles, err := v.Roles(ctx); err != nil || len(roles) != 0 {
				t.Errorf("%s: got roles %v, %v; want none", name, roles, err)
			}
			seen := tokens.Mark{Database: identity, Serial: 1, Value: tokens.NewMarkValue(), At: noon}
			if past, err := v.Past(ctx, seen); err != nil || past.Knows(seen) || !past.Knows(tokens.Mark{Database: identity}) {
				t.Errorf("%s: got %+v, %v; want one that knows its identity and no change that it has not seen", name, past, err)
			}
			return nil
		})
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// insertRole is a change that needs the latest schema.
func insertRole(t *testing.T, tx store.Tx) error {
	id := tokens.NewID(tokens.KindRole, noon)
	return tx.InsertRole(t.Context(), tokens.Role{ID: id, CreatedAt: noon, UpdatedAt: noon,
		RoleSettings: tokens.RoleSettings{Name: id, Permissions: []string{"orders:read", "orders:write"}}})
}

// Plans and commands that only read work on a database of an older release, and leave it as it is.
func TestReadsDoNotMigrate(t *testing.T) {
	path, secret := oldDatabase(t)
	before := content(t, path)
	s := openStore(t, path)
	for range 2 {
		wantOldContent(t, s, secret)
	}
	i, err := Inspect(t.Context(), path)
	if err != nil || i.Unusable != nil || i.SchemaVersion != 1 || len(i.Damage) != 0 || len(i.Counts) == 0 ||
		!i.RowsChecked || len(i.Unsound) != 0 {
		t.Errorf("an inspection: %+v, %v", i, err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(content(t, path), before) {
		t.Error("the file changed")
	}
}

// Rows of an older release are checked as the ones that a migration makes of them, whether it gets that far or not.
func TestUnsoundRowsOfOlderSchema(t *testing.T) {
	const member = `INSERT INTO members (id, email, name, role, group_roles_set, created_at, updated_at)
		VALUES ('mem_01jz0000000000000000000000', %s, '', 'member', false, 1, 1)`
	for _, test := range []struct {
		name, statement string
		words           []string
	}{
		{"a text as an instant", `UPDATE access_tokens SET created_at = 'yesterday'`,
			[]string{"access token tok_01jz0000000000000000000000", "created_at", "text"}},
		{"a number as a truth value", `UPDATE technical_users SET enabled = 7`, []string{"technical user tu_", "enabled"}},
		{"a BLOB as a name of a token", `UPDATE access_tokens SET name = x'00'`, []string{"access token tok_", "name", "BLOB"}},
		{"a BLOB as a name of a technical user", `UPDATE technical_users SET name = x'00'`,
			[]string{"technical user tu_", "name", "BLOB"}},
		{"a BLOB as an address", fmt.Sprintf(member, `x'00'`), []string{"member mem_", "email", "BLOB"}},
		{"a secret of a version to come", `INSERT INTO secrets (hash, access_token_id, version, preview, created_at)
			SELECT replace(hash, substr(hash, 1, 8), '00000000'), access_token_id, 7, preview, created_at FROM secrets`,
			[]string{"access token tok_", "version 7"}},
		{"none", fmt.Sprintf(member, `'ada@example.com'`), nil},
	} {
		for version := 1; version < store.SchemaVersion; version++ {
			t.Run(fmt.Sprint(test.name, " in version ", version), func(t *testing.T) {
				path, _ := oldDatabase(t)
				migrateFrom(t, path, 1, version)
				execute(t, path, fmt.Sprintf(`PRAGMA user_version = %d; `, version)+test.statement)
				if version >= 7 { // since then each member is written with the key of the address
					execute(t, path, `UPDATE members SET email_key = upper(email) WHERE email_key IS NULL`)
				}
				before := content(t, path)
				for what, inspect := range map[string]func(context.Context, string) (Inspection, error){
					"an inspection": Inspect, "an inspection of a backup": InspectBackup,
				} {
					i, err := inspect(t.Context(), path)
					if err != nil || i.Unusable != nil || len(i.Damage) != 0 || i.SchemaVersion != version || !i.RowsChecked {
						t.Errorf("%s: %+v, %v", what, i, err)
					}
					if (len(i.Unsound) > 0) != (test.words != nil) {
						t.Errorf("%s: got %q, want %q", what, i.Unsound, test.words)
					}
					for _, word := range test.words {
						if !strings.Contains(strings.Join(i.Unsound, "; "), word) {
							t.Errorf("%s: %q does not say %q", what, i.Unsound, word)
						}
					}
				}
				if !bytes.Equal(content(t, path), before) {
					t.Error("the file changed")
				}
			})
		}
	}
}

// The first change brings an older database to the schema that a new one has, once for all who have it open.
func TestFirstWriteMigrates(t *testing.T) {
	path, secret := oldDatabase(t)
	before := schemaOf(t, path)
	s, opened := openStore(t, path), openStore(t, path)
	wantOldContent(t, opened, secret)

	refusal := tokens.Invalid("name", "no")
	err := s.Write(t.Context(), func(tx store.Tx) error {
		if err := insertRole(t, tx); err != nil {
			return err
		}
		return refusal
	})
	if err != error(refusal) { //nolint:errorlint // the error itself is to come back
		t.Fatalf("got %v, want the refusal", err)
	}
	if now := schemaOf(t, path); now != before {
		t.Errorf("a change that was refused left schema %s", now)
	}
	wantOldContent(t, s, secret)

	for range 2 {
		if err := s.Write(t.Context(), func(tx store.Tx) error { return insertGroups(t, tx, 1) }); err != nil {
			t.Fatal(err)
		}
	}
	if got, want := schemaOf(t, path), schemaOf(t, newDatabase(t, 1)); got != want {
		t.Errorf("got schema %s, want that of a new database, %s", got, want)
	}
	for name, s := range map[string]*store.Store{"the store that wrote": s, "a store that had it open": opened,
		"a new store": openStore(t, path)} {
		t.Run(name, func(t *testing.T) {
			wantOldContent(t, s, secret)
			if groups, err := readGroups(t.Context(), s); err != nil || len(groups) != 2 {
				t.Errorf("got %d groups, %v; want 2", len(groups), err)
			}
			if err := s.Write(t.Context(), func(tx store.Tx) error {
				return tx.UpdateGroup(t.Context(), tokens.Group{ID: "grp_none", UpdatedAt: noon})
			}); err != nil {
				t.Error(err)
			}
		})
	}
}

// Many who begin to write at once migrate once between them, while others read.
func TestFirstWritesAtOnce(t *testing.T) {
	const many = 12
	path, secret := oldDatabase(t)
	var all sync.WaitGroup
	for i := range many {
		s := openStore(t, path)
		all.Go(func() {
			if i%3 == 0 {
				wantOldContent(t, s, secret)
				return
			}
			if err := s.Write(t.Context(), func(tx store.Tx) error { return insertGroups(t, tx, 1) }); err != nil {
				t.Error(err)
			}
			wantOldContent(t, s, secret)
		})
	}
	one := openStore(t, path)
	for range many {
		all.Go(func() {
			if err := one.Write(t.Context(), func(tx store.Tx) error { return insertGroups(t, tx, 1) }); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if groups, err := readGroups(t.Context(), one); err != nil || len(groups) != many*2/3+many {
		t.Errorf("got %d groups, %v; want %d", len(groups), err, many*2/3+many)
	}
	if got, want := schemaOf(t, path), schemaOf(t, newDatabase(t, 1)); got != want {
		t.Errorf("got schema %s, want that of a new database, %s", got, want)
	}
}

// A program that has an older database open sees that a newer release migrated it beyond what it knows.
func TestNewerReleaseMigratesMeanwhile(t *testing.T) {
	path, secret := oldDatabase(t)
	s := openStore(t, path)
	wantOldContent(t, s, secret)
	if err := openStore(t, path).Write(t.Context(),
		func(tx store.Tx) error { return insertGroups(t, tx, 1) }); err != nil {
		t.Fatal(err)
	}
	execute(t, path, fmt.Sprintf(`PRAGMA user_version = %d`, store.SchemaVersion+1))

	_, err := readGroups(t.Context(), s)
	wantUnavailable(t, "a read", err, path, "newer version of Latchkey", "upgrade")
	err = s.Write(t.Context(), func(tx store.Tx) error { return insertGroups(t, tx, 1) })
	wantUnavailable(t, "a write", err, path, "newer version of Latchkey", "upgrade")
	if err := s.ReadToVerify(t.Context(), func(v store.View) error {
		_, _, ok, err := v.SecretWithHash(t.Context(), secret.Hash())
		if err == nil && !ok {
			t.Error("the secret is unknown")
		}
		return err
	}); err != nil {
		t.Errorf("a verification on the next schema: %v", err)
	}
}

// Names of custom roles in an older database mean the role that has the name now, for good; else none. What no role was
// set for stays so: on a token, that doesn't narrow it.
func TestNamesOfRolesAreBound(t *testing.T) {
	path, _ := oldDatabase(t)
	whole := func(text string) string { // completes identifiers
		return regexp.MustCompile(`(tu|tok|grp|mem|rol)_\d`).ReplaceAllStringFunc(text, func(id string) string {
			kind, digit, _ := strings.Cut(id, "_")
			return kind + "_01jz000000000000000000000" + strconv.Itoa(int(digit[0]-'1'))
		})
	}
	const holders = `INSERT INTO groups VALUES ('grp_1', 'payments', '', 1, 1);
		INSERT INTO roles (id, name, description, permissions, created_at, updated_at)
			VALUES ('rol_1', 'clerk', '', 'orders:read', 1, 1);
		UPDATE technical_users SET role = 'clerk', group_roles_set = true;
		INSERT INTO group_roles (holder_id, group_id, role) VALUES ('tu_1', 'grp_1', 'gone'), ('tok_1', 'grp_1', 'clerk'),
			('mem_1', 'grp_1', 'viewer');
		INSERT INTO members (id, email, name, role, group_roles_set, created_at, updated_at)
			VALUES ('mem_1', 'ben@example.com', '', 'gone', true, 1, 1)`
	migrateFrom(t, path, 1, 5)
	execute(t, path, `PRAGMA user_version = 5; `+whole(holders))
	before := content(t, path)

	s := openStore(t, path)
	look := func(when, clerk string) {
		t.Helper()
		var got []string
		err := s.ReadAtOnce(t.Context(), func(v store.View) error {
			token, roles, err := v.AccessTokenWithRoles(t.Context(), whole("tok_1"))
			if err != nil {
				return err
			}
			member, _, err := v.MemberWithRoles(t.Context(), whole("mem_1"))
			got = append(got, fmt.Sprint(token.Own, token.User.Grants, member.Grants, len(roles)))
			return err
		})
		want := fmt.Sprintf("{ [{grp_1 %s}]} {%s [{grp_1 none}]} {none [{grp_1 viewer}]} %d", clerk, clerk,
			map[bool]int{true: 0, false: 1}[clerk == tokens.RoleNone])
		if err != nil || got[0] != whole(want) {
			t.Errorf("%s: got %v, %v; want %s", when, got, err, want)
		}
	}
	write := func(fn func(store.Tx) error) {
		t.Helper()
		if err := s.Write(t.Context(), fn); err != nil {
			t.Fatal(err)
		}
	}
	clerk := tokens.Role{ID: whole("rol_1"), CreatedAt: noon, UpdatedAt: noon, RoleSettings: tokens.RoleSettings{Name: "clerk"}}
	look("read as the older schema", "clerk")
	if !bytes.Equal(content(t, path), before) {
		t.Error("a read changed the file")
	}
	write(func(tx store.Tx) error { return insertGroups(t, tx, 1) })
	look("migrated", "clerk")
	write(func(tx store.Tx) error {
		sales := clerk
		sales.Name = "sales"
		if err := tx.UpdateRole(t.Context(), clerk, sales); err != nil {
			return err
		}
		gone := clerk
		gone.ID, gone.Name, clerk.ID = whole("rol_2"), "gone", whole("rol_3")
		return errors.Join(tx.InsertRole(t.Context(), gone), tx.InsertRole(t.Context(), clerk))
	})
	look("renamed, with new roles under the old names", "sales")

	// A name without an id means nothing, whoever wrote it.
	execute(t, path, whole(`UPDATE technical_users SET role_id = NULL; UPDATE group_roles SET role_id = NULL, role = 'clerk'
		WHERE holder_id = 'tok_1'; PRAGMA foreign_keys = OFF; UPDATE technical_users SET role = 'gone', role_id = 'rol_9'`))
	look("names alone", tokens.RoleNone)
}

// Two members whom an older program took for two, since databases know the case of the letters of ASCII alone, both
// stay, each under its own spelling. Any other spelling is that of the first.
func TestAddressesInTwoCases(t *testing.T) {
	path, _ := oldDatabase(t)
	migrateFrom(t, path, 1, 6)
	const first, second = "mem_01jz0000000000000000000000", "mem_01jz0000000000000000000010"
	execute(t, path, fmt.Sprintf(`PRAGMA user_version = 6;
		INSERT INTO members (id, email, name, role, group_roles_set, created_at, updated_at) VALUES
			('%s', 'Äda@example.com', '', 'member', false, 1, 1), ('%s', 'äda@example.com', '', 'member', false, 1, 1)`,
		first, second))
	s := openStore(t, path)
	if err := s.Write(t.Context(), func(tx store.Tx) error { return insertGroups(t, tx, 1) }); err != nil {
		t.Fatal(err)
	}
	if i, err := Inspect(t.Context(), path); err != nil || i.Unusable != nil || len(i.Unsound) != 0 {
		t.Errorf("an inspection: %+v, %v", i, err)
	}
	for email, want := range map[string]string{
		"Äda@example.com": first, "äda@example.com": second, "äda@EXAMPLE.com": second, "a\u0308da@example.com": second,
		"ÄDA@EXAMPLE.COM": first, "eda@example.com": "",
	} {
		err := s.Read(t.Context(), func(v store.View) error {
			m, ok, err := v.MemberWithEmail(t.Context(), email)
			if err == nil && (m.ID != want || ok != (want != "")) {
				t.Errorf("%q is the address of %q, want %q", email, m.ID, want)
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
	}
}
