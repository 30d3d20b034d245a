package sqlite

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/store"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// Whatever else is at the path of a database, every operation says so, none takes it for a missing object, and what is
// there stays as it is.
func TestWhatIsNoDatabase(t *testing.T) {
	for _, test := range []struct {
		name  string
		make  func(t *testing.T, path string) error
		words []string
	}{
		{"empty file", func(_ *testing.T, path string) error { return os.WriteFile(path, nil, 0o600) },
			[]string{"empty", "restore", "remove"}},
		{"text", func(_ *testing.T, path string) error {
			return os.WriteFile(path, []byte(strings.Repeat("not a database\n", 100)), 0o600)
		}, []string{"not an SQLite database", "name another path"}},
		{"directory", func(_ *testing.T, path string) error { return os.Mkdir(path, 0o700) }, []string{"is a directory"}},
		{"device", func(_ *testing.T, path string) error { return os.Symlink(os.DevNull, path) },
			[]string{"not a regular file"}},
		{"dangling link", func(_ *testing.T, path string) error { return os.Symlink(path+".gone", path) },
			[]string{"symbolic link", ".gone"}},
		{"database of another program", func(t *testing.T, path string) error {
			execute(t, path, `CREATE TABLE kept (name TEXT); INSERT INTO kept VALUES ('mine'); PRAGMA user_version = 1`)
			return nil
		}, []string{"not one of Latchkey"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "latchkey.db")
			if err := test.make(t, path); err != nil {
				t.Fatal(err)
			}
			before := files(t, path)
			s := openStore(t, path)
			wantUnusable(t, s, test.words...)
			if i, err := Inspect(t.Context(), path); err != nil {
				t.Error(err)
			} else {
				wantUnavailable(t, "an inspection", i.Unusable, path, test.words...)
			}
			if after := files(t, path); before != after {
				t.Errorf("the directory changed from %s to %s", before, after)
			}
		})
	}
}

// wantUnusable checks that every way to use a store fails and says the words.
func wantUnusable(t *testing.T, s *store.Store, words ...string) {
	t.Helper()
	ctx := t.Context()
	write := func(tx store.Tx) error { return insertGroups(t, tx, 1) }
	_, err := readGroups(ctx, s)
	wantUnavailable(t, "a read", err, s.Location(), words...)
	wantUnavailable(t, "a verification", s.ReadToVerify(ctx, func(v store.View) error {
		_, _, _, err := v.SecretWithHash(ctx, tokens.SecretHash{})
		return err
	}), s.Location(), words...)
	wantUnavailable(t, "a write", s.Write(ctx, write), s.Location(), words...)
	wantUnavailable(t, "a write that makes a database", s.WriteOrMake(ctx, found, write), s.Location(), words...)
}

// files describes what is in the directory of a path: names, modes and contents.
func files(t *testing.T, path string) string {
	t.Helper()
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for _, entry := range entries {
		content, _ := os.ReadFile(filepath.Join(filepath.Dir(path), entry.Name()))
		fmt.Fprintf(&all, "%s %s %x\n", entry.Name(), entry.Type(), content)
	}
	return all.String()
}

// content returns the bytes of a file.
func content(t *testing.T, path string) []byte {
	t.Helper()
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return whole
}

func TestDamage(t *testing.T) {
	damaged := func(t *testing.T, damage func(whole []byte) []byte) string {
		path := newDatabase(t, 500)
		if err := os.WriteFile(path, damage(content(t, path)), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for name, damage := range map[string]func([]byte) []byte{
		"overwritten": func(whole []byte) []byte {
			copy(whole[64<<10:], bytes.Repeat([]byte{0xaa}, len(whole)-64<<10))
			return whole
		},
		"cut off":               func(whole []byte) []byte { return whole[:len(whole)/2] },
		"cut off in the header": func(whole []byte) []byte { return whole[:50] },
	} {
		t.Run(name, func(t *testing.T) {
			path := damaged(t, damage)
			_, err := readGroups(t.Context(), openStore(t, path))
			wantUnavailable(t, "a read", err, path, "damaged", "backup")
			if reason := tokens.ErrorReason(err); reason != tokens.ReasonDatabaseFailing {
				t.Errorf("the reason is %q", reason)
			}

			before := content(t, path)
			i, err := Inspect(t.Context(), path)
			if err != nil {
				t.Fatal(err)
			}
			if i.Unusable == nil && len(i.Damage) == 0 {
				t.Errorf("an inspection finds no damage: %+v", i)
			}
			if !bytes.Equal(content(t, path), before) {
				t.Error("an inspection changed the file")
			}
		})
	}
}

// A release goes on verifying secrets while the next one has already added to the schema. Beyond that it must be
// upgraded.
func TestNewerSchema(t *testing.T) {
	ctx := t.Context()
	path := newDatabase(t, 1)
	secret, err := tokens.NewSecret(tokens.DefaultPrefix)
	if err != nil {
		t.Fatal(err)
	}
	token := insertToken(t, path, secret)
	lookUp := func() error {
		s := openStore(t, path)
		return s.ReadToVerify(ctx, func(v store.View) error {
			known, _, ok, err := v.SecretWithHash(ctx, secret.Hash())
			if err == nil && (!ok || known.AccessToken.ID != token) {
				t.Errorf("got %t, %s; want token %s", ok, known.AccessToken.ID, token)
			}
			return err
		})
	}

	execute(t, path,
		fmt.Sprintf(`PRAGMA user_version = %d; ALTER TABLE access_tokens ADD COLUMN shoe_size BIGINT; CREATE TABLE novelties (id TEXT)`, store.SchemaVersion+1))
	newer := openStore(t, path)
	_, err = readGroups(ctx, newer)
	wantUnavailable(t, "a read", err, path, "newer version of Latchkey", "upgrade")
	err = newer.Write(ctx, func(tx store.Tx) error { return insertGroups(t, tx, 1) })
	wantUnavailable(t, "a write", err, path, "newer version of Latchkey", "upgrade")
	if err := lookUp(); err != nil {
		t.Errorf("a verification on the next schema: %v", err)
	}

	execute(t, path, fmt.Sprintf(`PRAGMA user_version = %d`, store.SchemaVersion+2))
	wantUnusable(t, openStore(t, path), "newer version of Latchkey", "upgrade")
	wantUnavailable(t, "a verification on a later schema", lookUp(), path, "newer version of Latchkey")
	i, err := Inspect(ctx, path)
	if err != nil {
		t.Fatal(err)
	}
	wantUnavailable(t, "an inspection", i.Unusable, path, "newer version of Latchkey")
	if i.SchemaVersion != store.SchemaVersion+2 {
		t.Errorf("the inspection found schema %d", i.SchemaVersion)
	}
}

// insertToken makes an access token with a secret and returns its identifier.
func insertToken(t *testing.T, path string, secret tokens.Secret) string {
	t.Helper()
	ctx := t.Context()
	user := tokens.TechnicalUser{ID: tokens.NewID(tokens.KindTechnicalUser, noon), Email: "ci@default.latchkey.internal",
		CreatedAt: noon, UpdatedAt: noon, TechnicalUserSettings: tokens.TechnicalUserSettings{Name: "ci", Enabled: true}}
	token := tokens.AccessToken{
		ID:        tokens.NewID(tokens.KindAccessToken, noon),
		User:      user,
		Secret:    tokens.SecretState{Version: 1, Preview: secret.Preview(), CreatedAt: noon},
		CreatedAt: noon,
		UpdatedAt: noon,
		Settings:  tokens.Settings{Name: "deploy", Enabled: true, Visibility: tokens.VisibilityOrganization},
	}
	s := openStore(t, path)
	err := s.Write(ctx, func(tx store.Tx) error {
		if err := tx.InsertTechnicalUser(ctx, user); err != nil {
			return err
		}
		if err := tx.InsertAccessToken(ctx, token); err != nil {
			return err
		}
		return tx.InsertSecret(ctx, token.ID, secret.Hash(), token.Secret)
	})
	if err != nil {
		t.Fatal(err)
	}
	return token.ID
}

func TestLockedDatabase(t *testing.T) {
	path := newDatabase(t, 1)
	impatient := store.New(databaseFile{path: path, busyTimeout: 10 * time.Millisecond}, clock)
	t.Cleanup(func() { _ = impatient.Close() })
	write := func(tx store.Tx) error { return insertGroups(t, tx, 1) }
	err := openStore(t, path).Write(t.Context(), func(tx store.Tx) error {
		wantUnavailable(t, "a write beside another", impatient.Write(t.Context(), write), path, "another process has locked",
			"try again")
		if groups, err := readGroups(t.Context(), impatient); err != nil || len(groups) != 1 {
			t.Errorf("a read beside a write: %d groups, %v", len(groups), err)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	if err := impatient.Write(t.Context(), write); err != nil {
		t.Errorf("a write afterwards: %v", err)
	}
}

// opened is the engine of a file that is open already.
type opened struct {
	databaseFile
	open store.Connection
}

// Connect implements store.Engine.
func (o opened) Connect(context.Context, store.Found) (store.Connection, error) { return o.open, nil }

// A database that runs out of space keeps what it has, tells of it, and goes on when there is space again.
func TestNoSpaceInTheDatabase(t *testing.T) {
	path := newDatabase(t, 10)
	open, err := databaseFile{path: path, busyTimeout: busyTimeout}.Connect(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	s := store.New(opened{databaseFile{path: path, busyTimeout: busyTimeout}, open}, clock)
	t.Cleanup(func() { _ = s.Close() })
	pages := func(limit string) {
		t.Helper()
		err := inTransaction(t.Context(), open.(*connection).db, func(tx *sql.Tx) error {
			_, err := tx.Exec(`PRAGMA max_page_count = ` + limit)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	write := func(tx store.Tx) error { return insertGroups(t, tx, 100) }
	pages("1") // which means: no more than there are
	wantUnavailable(t, "a write", s.Write(t.Context(), write), path, "full", "nothing was changed", "free some space")
	if groups, err := readGroups(t.Context(), s); err != nil || len(groups) != 10 {
		t.Errorf("got %d groups, %v; want 10", len(groups), err)
	}
	pages("1000000")
	if err := s.Write(t.Context(), write); err != nil {
		t.Error(err)
	}
}

// A file that is swapped while it is open takes no more writes: they would be lost, or mixed into another database.
func TestDatabaseThatIsReplacedWhileInUse(t *testing.T) {
	path := newDatabase(t, 1)
	s := openStore(t, path)
	if _, err := readGroups(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path, path+".old"); err != nil {
		t.Fatal(err)
	}
	wantUnusable(t, s, "moved, removed or replaced")
	if err := os.Rename(newDatabase(t, 5), path); err != nil {
		t.Fatal(err)
	}
	wantUnusable(t, s, "moved, removed or replaced")
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if groups, err := readGroups(t.Context(), openStore(t, path)); err != nil || len(groups) != 5 {
		t.Errorf("the new file: %d groups, %v; want 5", len(groups), err)
	}
}

func TestInspection(t *testing.T) {
	path := newDatabase(t, 3)
	before := content(t, path)
	i, err := Inspect(t.Context(), path)
	if err != nil || i.Unusable != nil {
		t.Fatal(err, i.Unusable)
	}
	if i.Database.ID != identity || i.SchemaVersion != store.SchemaVersion || i.LatestSchema != store.SchemaVersion ||
		i.JournalMode != "wal" || len(i.Damage) != 0 {
		t.Errorf("got %+v", i)
	}
	if i.Counts[0] != (tokens.ObjectCount{Noun: "group", Number: 3}) {
		t.Errorf("got %+v, want 3 groups", i.Counts)
	}
	if !bytes.Equal(content(t, path), before) {
		t.Error("an inspection changed the file")
	}

	execute(t, path, `PRAGMA foreign_keys = OFF; INSERT INTO group_roles (holder_id, group_id, role)
		VALUES ('mem_1', 'grp_gone', 'viewer')`)
	if i, err = Inspect(t.Context(), path); err != nil || len(i.Damage) != 1 || !strings.Contains(i.Damage[0], "groups") {
		t.Errorf("a reference to nothing: got %v, %v", i.Damage, err)
	}
}

// A path means the file of that name, whatever characters are in it.
func TestOddPaths(t *testing.T) {
	for _, name := range []string{"a b.db", "a?mode=memory.db", "a#b.db", "100%.db", "a%20b.db", "größe.db", ":memory:",
		"file:x.db", "'q\".db"} {
		directory := t.TempDir()
		s := openStore(t, filepath.Join(directory, name))
		if err := s.WriteOrMake(t.Context(), found, func(tx store.Tx) error { return insertGroups(t, tx, 1) }); err != nil {
			t.Errorf("%q: %v", name, err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		entries, err := os.ReadDir(directory)
		if err != nil || len(entries) != 1 || entries[0].Name() != name {
			t.Errorf("%q: the directory holds %v, %v", name, entries, err)
		}
	}
}

// The table that is made last is there, so the whole schema is; and no draft is left beside the file.
func TestMaking(t *testing.T) {
	path := newDatabase(t, 1)
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) != 1 || entries[0].Name() != "latchkey.db" {
		t.Errorf("the directory holds %v, want the database alone", entries)
	}
	if s := openStore(t, path); s.Read(t.Context(), func(v store.View) error {
		_, err := v.Events(t.Context(), store.EventSelection{Audience: store.Audience{All: true}})
		return err
	}) != nil {
		t.Error("a new database has no events")
	}
}

// A database whose first content can't be written is not made, and leaves nothing behind.
func TestMakingThatFails(t *testing.T) {
	path := filepath.Join(t.TempDir(), "latchkey.db")
	refusal := tokens.Invalid("organization", "no")
	err := openStore(t, path).WriteOrMake(t.Context(), func(context.Context, store.Tx) error { return refusal },
		func(store.Tx) error { return nil })
	if tokens.ErrorCode(err) != tokens.CodeInvalid {
		t.Errorf("got %v, want the refusal", err)
	}
	if all := files(t, path); all != "" {
		t.Errorf("left behind: %s", all)
	}
}
