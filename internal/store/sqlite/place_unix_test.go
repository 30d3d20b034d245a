//go:build unix

package sqlite

import (
	"bytes"
	"database/sql"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/store"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// onlyRoot skips a test where this user can't give files to others.
func onlyRoot(t *testing.T) {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("only root can give files to another user; the table of TestPlaceProblems has the same cases")
	}
}

// forgeJournal writes a rollback journal beside a database, which makes SQLite replace all its pages by those of another.
func forgeJournal(t *testing.T, path, another string) {
	t.Helper()
	const nonce, sector, page = 7, 512, 4096
	pages := content(t, another)
	header := make([]byte, sector)
	copy(header, "\xd9\xd5\x05\xf9\x20\xa1\x63\xd7")
	for i, number := range []int{len(pages) / page, nonce, len(pages) / page, sector, page} {
		binary.BigEndian.PutUint32(header[8+4*i:], uint32(number))
	}
	journal := bytes.NewBuffer(header)
	number := uint32(0)
	for one := range slices.Chunk(pages, page) {
		number++
		sum := uint32(nonce)
		for i := page - 200; i > 0; i -= 200 {
			sum += uint32(one[i])
		}
		_ = binary.Write(journal, binary.BigEndian, number)
		journal.Write(one)
		_ = binary.Write(journal, binary.BigEndian, sum)
	}
	if err := os.WriteFile(path+"-journal", journal.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}

// Another user forges a rollback journal beside a database of root, in a directory where everybody may write.
func TestForgedJournal(t *testing.T) {
	onlyRoot(t)
	path, forged := newDatabase(t, 1), newDatabase(t, 5)
	forge := func(path string) {
		forgeJournal(t, path, forged)
		if err := errors.Join(os.Chmod(filepath.Dir(path), 0o777|os.ModeSticky), os.Chown(path+"-journal", nobody, nobody)); err != nil {
			t.Fatal(err)
		}
	}
	naive := newDatabase(t, 1)
	forge(naive)
	db, err := sql.Open("sqlite", naive)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var groups int
	if err := db.QueryRowContext(t.Context(), `SELECT count(*) FROM groups`).Scan(&groups); err != nil || groups != 5 {
		t.Fatalf("SQLite alone: got %d groups, %v; the journal is not one that it takes", groups, err)
	}

	forge(path)
	before := files(t, path)
	refused := func(words ...string) {
		t.Helper()
		wantUnusable(t, openStore(t, path), words...)
		wantUnavailable(t, "a backup", Backup(t.Context(), path, filepath.Join(t.TempDir(), "backup.db"), nil), path, words...)
		restore := Restore{Backup: newDatabase(t, 1), Path: path, Aside: ".aside"}
		wantUnavailable(t, "a look at what a restore would do", restore.Check(t.Context(), identity), path, words...)
		_, err := restore.Run(t.Context())
		wantUnavailable(t, "a restore", err, path, words...)
		_, err = Restore{Backup: path, Path: newDatabase(t, 1), Aside: ".aside"}.Run(t.Context())
		wantUnavailable(t, "a restore of it", err, path, words...)
		i, err := Inspect(t.Context(), path)
		if err != nil {
			t.Fatal(err)
		}
		wantUnavailable(t, "an inspection", i.Unusable, path, words...)
		if len(i.Counts) == 0 || i.Counts[0].Number != 1 || i.Database.ID != identity || i.JournalMode != "wal" {
			t.Errorf("an inspection goes on with the file alone: got %+v", i)
		}
		if after := files(t, path); after != before {
			t.Errorf("the directory changed from %s to %s", before, after)
		}
	}
	refused("everybody may write to the directory", filepath.Dir(path), "LATCHKEY_TRUST_DIRECTORY", "nothing was read or changed")
	t.Setenv(tokens.TrustDirectoryVariable, filepath.Dir(path))
	refused("rollback journal", path+"-journal", "move it away")
	t.Setenv(tokens.TrustDirectoryVariable, "")
	if err := os.Chmod(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	before = files(t, path)
	refused("rollback journal", path+"-journal", "move it away")

	// Other tools may have set another mode, in which such a journal is right if its owner is.
	if err := os.Rename(path+"-journal", path+"-away"); err != nil {
		t.Fatal(err)
	}
	execute(t, path, `PRAGMA journal_mode = DELETE`)
	if err := os.Rename(path+"-away", path+"-journal"); err != nil {
		t.Fatal(err)
	}
	if err := openStore(t, path).Read(t.Context(), func(store.View) error { return nil }); err == nil || !strings.Contains(err.Error(), "uid 65534") {
		t.Errorf("another user's journal beside a database without a log: got %v", err)
	}
	if err := os.Chown(path+"-journal", 0, 0); err != nil {
		t.Fatal(err)
	}
	if groups, err := readGroups(t.Context(), openStore(t, path)); err != nil || len(groups) != 5 {
		t.Errorf("an own journal beside a database without a log: got %d groups, %v", len(groups), err)
	}
}

// Where everybody may write, nothing is read, made or moved, unless exactly that directory is trusted.
func TestOpenDirectory(t *testing.T) {
	for _, mode := range []os.FileMode{0o777, 0o777 | os.ModeSticky, 0o702} {
		directory := filepath.Join(t.TempDir(), "data")
		private := newDatabase(t, 1)
		if err := errors.Join(os.Mkdir(directory, 0o700), os.Chmod(directory, mode)); err != nil {
			t.Fatal(err)
		}
		path, inside := filepath.Join(directory, "latchkey.db"), filepath.Join(directory, "inside")
		makeAt := func(path string) error {
			return openStore(t, path).WriteOrMake(t.Context(), found, func(tx store.Tx) error { return nil })
		}
		for _, trusted := range []string{"", filepath.Dir(directory), directory + "/inside", ".", "data"} {
			t.Setenv(tokens.TrustDirectoryVariable, trusted)
			err := makeAt(path)
			wantUnavailable(t, "a new database", err, path, directory, "everybody", tokens.TrustDirectoryVariable)
			if trusted != "" && !strings.Contains(err.Error(), trusted) {
				t.Errorf("%q does not say that the variable names %q", err, trusted)
			}
			wantUnavailable(t, "a backup", Backup(t.Context(), private, path, nil), path, directory)
			if entries, err := os.ReadDir(directory); err != nil || len(entries) != 0 {
				t.Errorf("the directory is not empty: %v, %v", entries, err)
			}
		}
		for _, trusted := range []string{directory, directory + "/", filepath.Dir(directory) + "/./data"} {
			t.Setenv(tokens.TrustDirectoryVariable, trusted)
			if err := makeAt(path); err != nil {
				t.Errorf("%s is trusted: %v", trusted, err)
			}
		}
		// It is exactly that directory.
		if err := errors.Join(os.Mkdir(inside, 0o700), os.Chmod(inside, mode)); err != nil {
			t.Fatal(err)
		}
		wantUnavailable(t, "a directory within", makeAt(filepath.Join(inside, "latchkey.db")), inside, "everybody")
	}
}

// The directories above don't count, but those of links do: who can change one decides which database it is.
func TestDirectoriesThatCount(t *testing.T) {
	root := t.TempDir()
	open, private, link := filepath.Join(root, "open"), filepath.Join(root, "open", "private"), filepath.Join(root, "open", "link.db")
	if err := errors.Join(os.Mkdir(open, 0o700), os.Mkdir(private, 0o700), os.Chmod(open, 0o777),
		os.Symlink(filepath.Join("private", "latchkey.db"), link), os.Symlink(private, filepath.Join(root, "directory"))); err != nil {
		t.Fatal(err)
	}
	nothing := func(tx store.Tx) error { return nil }
	if err := openStore(t, filepath.Join(private, "latchkey.db")).WriteOrMake(t.Context(), found, nothing); err != nil {
		t.Errorf("a private directory in an open one: %v", err)
	}
	if err := openStore(t, filepath.Join(root, "directory", "latchkey.db")).Write(t.Context(), nothing); err != nil {
		t.Errorf("a link to a private directory: %v", err)
	}
	wantUnavailable(t, "a link in an open directory", openStore(t, link).Write(t.Context(), nothing), link, open, "everybody")

	if err := errors.Join(os.Chmod(open, 0o700), os.Chmod(private, 0o777)); err != nil {
		t.Fatal(err)
	}
	wantUnavailable(t, "a link to an open directory", openStore(t, link).Write(t.Context(), nothing), link, private, "everybody")
}

// Root works on anyone's database, and others on their own and on root's. Files beside it belong to the same people.
func TestOwners(t *testing.T) {
	onlyRoot(t)
	const third = nobody - 1
	for _, test := range []struct {
		name      string
		owner     int
		neighbour int
		words     []string
	}{
		{"root's", 0, 0, nil},
		{"another user's", nobody, 0, nil},
		{"another user's with that user's log", nobody, nobody, nil},
		{"root's with a log of another user", 0, nobody, []string{"-wal belongs to another user (uid 65534)", "move it away"}},
		{"another user's with a log of a third one", nobody, third, []string{"-wal belongs to another user (uid 65533)"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			path := newDatabase(t, 1)
			s := openStore(t, path)
			if err := s.Write(t.Context(), func(tx store.Tx) error { return insertGroups(t, tx, 1) }); err != nil {
				t.Fatal(err)
			}
			if err := errors.Join(os.Chown(path, test.owner, 0), os.Chown(path+"-wal", test.neighbour, 0),
				os.Chown(path+"-shm", test.neighbour, 0)); err != nil {
				t.Fatal(err)
			}
			if test.words != nil {
				wantUnusable(t, openStore(t, path), test.words...)
				return
			}
			if groups, err := readGroups(t.Context(), openStore(t, path)); err != nil || len(groups) != 2 {
				t.Errorf("got %d groups, %v", len(groups), err)
			}
		})
	}
}

// A user works on the databases of that user and of root, not on those of a third one.
func TestOwnersForAnOrdinaryUser(t *testing.T) {
	if os.Getuid() == 0 {
		directory, err := os.MkdirTemp("", "owners-") //nolint:usetesting // another user has to get into it
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = os.RemoveAll(directory) })
		if err := os.Chmod(directory, 0o755); err != nil {
			t.Fatal(err)
		}
		for name, owner := range map[string]int{"own.db": nobody, "root.db": 0, "third.db": nobody - 1} {
			path := filepath.Join(directory, name)
			if err := errors.Join(os.Rename(newDatabase(t, 1), path), os.Chmod(path, 0o644), os.Chown(path, owner, owner)); err != nil {
				t.Fatal(err)
			}
		}
		t.Setenv("OWNERS", directory)
	}
	if asOrdinaryUser(t) {
		return
	}
	for name, words := range map[string][]string{"own.db": nil, "root.db": nil, "third.db": {"belongs to another user (uid 65533)"}} {
		path := filepath.Join(os.Getenv("OWNERS"), name)
		groups, err := readGroups(t.Context(), openStore(t, path))
		if words != nil {
			wantUnavailable(t, name, err, path, words...)
		} else if err != nil || len(groups) != 1 {
			t.Errorf("%s: got %d groups, %v", name, len(groups), err)
		}
	}
}
