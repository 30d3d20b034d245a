package sqlite

import (
	"context"
	"database/sql"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/store"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

var (
	noon     = time.Date(2030, time.June, 1, 12, 0, 0, 0, time.UTC)
	identity = tokens.NewID(tokens.KindDatabase, noon)
)

// found begins a database for tests.
func found(ctx context.Context, tx store.Tx) error {
	return tx.InsertDatabase(ctx, identity, "default", noon)
}

// clock is the clock of the tests.
func clock() time.Time { return noon }

// openStore returns the store at a path, closed when the test ends.
func openStore(t *testing.T, path string) *store.Store {
	t.Helper()
	engine, err := New(path)
	if err != nil {
		t.Fatal(err)
	}
	s := store.New(engine, clock)
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// newDatabase makes a database with a number of groups, with nothing left open, and returns its path.
func newDatabase(t *testing.T, groups int) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "latchkey.db")
	s := openStore(t, path)
	err := s.WriteOrMake(t.Context(), found, func(tx store.Tx) error { return insertGroups(t, tx, groups) })
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

// insertGroups writes groups, each as large as it may be.
func insertGroups(t *testing.T, tx store.Tx, number int) error {
	for range number {
		id := tokens.NewID(tokens.KindGroup, noon)
		err := tx.InsertGroup(t.Context(), tokens.Group{ID: id, CreatedAt: noon, UpdatedAt: noon,
			GroupSettings: tokens.GroupSettings{Name: id, Description: strings.Repeat("d", 1024)}})
		if err != nil {
			return err
		}
	}
	return nil
}

// execute runs SQL on a file, as another program would.
func execute(t *testing.T, path, statements string) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec(statements); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}

// readGroups reads all groups, so that every page with one is looked at.
func readGroups(ctx context.Context, s *store.Store) (groups []tokens.Group, err error) {
	err = s.Read(ctx, func(v store.View) error {
		groups, err = v.Groups(ctx)
		return err
	})
	return groups, err
}

// wantUnavailable checks that an error is CodeUnavailable, names the path, and says all of the words.
func wantUnavailable(t *testing.T, what string, err error, path string, words ...string) {
	t.Helper()
	if tokens.ErrorCode(err) != tokens.CodeUnavailable {
		t.Errorf("%s: got %v, want CodeUnavailable", what, err)
		return
	}
	if _, ok := err.(*tokens.Error); !ok { //nolint:errorlint // the type itself is what is promised
		t.Errorf("%s: got a %T, want an *Error", what, err)
	}
	for _, word := range append(words, path) {
		if !strings.Contains(err.Error(), word) {
			t.Errorf("%s: %q does not say %q", what, err, word)
		}
	}
}

func TestNothingIsOpenedBeforeItIsNeeded(t *testing.T) {
	path := filepath.Join(t.TempDir(), "missing", "latchkey.db")
	s := openStore(t, path)
	wantUnavailable(t, "a read", s.Read(t.Context(), func(store.View) error { return nil }), path)
	if err := s.Close(); err != nil {
		t.Errorf("closing what was never open: %v", err)
	}
	wantUnavailable(t, "a read after the end", s.Read(t.Context(), func(store.View) error { return nil }), path, "closed")
}

// What could not be opened is tried again: a directory that is made, a file that is put back.
func TestAFailureToOpenIsNotKept(t *testing.T) {
	directory := filepath.Join(t.TempDir(), "later")
	s := openStore(t, filepath.Join(directory, "latchkey.db"))
	nothing := func(store.Tx) error { return nil }
	wantUnavailable(t, "a write", s.WriteOrMake(t.Context(), found, nothing), directory, "make it")
	if err := os.Mkdir(directory, 0o700); err != nil {
		t.Fatal(err)
	}
	wantUnavailable(t, "a write that makes nothing", s.Write(t.Context(), nothing), directory, "there is no database",
		"check the path")
	if err := s.WriteOrMake(t.Context(), found, nothing); err != nil {
		t.Fatal(err)
	}
	if err := s.Read(t.Context(), func(v store.View) error {
		if d := v.Database(); d.ID != identity || d.Organization != "default" || d.Location != s.Location() {
			t.Errorf("got %+v", d)
		}
		return nil
	}); err != nil {
		t.Error(err)
	}
}

// A reader who needs several statements sees one state of the database, whoever writes beside it.
func TestReadAtOnce(t *testing.T) {
	s := openStore(t, newDatabase(t, 1))
	err := s.ReadAtOnce(t.Context(), func(v store.View) error {
		for range 2 {
			if groups, err := v.Groups(t.Context()); err != nil || len(groups) != 1 {
				t.Errorf("got %d groups, %v; want the 1 of the beginning", len(groups), err)
			}
			if err := s.Write(t.Context(), func(tx store.Tx) error { return insertGroups(t, tx, 1) }); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// Readers who have taken all connections between them go on with those.
func TestReadersWithAllConnections(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	s := openStore(t, newDatabase(t, 1))
	var all, begun sync.WaitGroup
	readers := max(4, runtime.NumCPU())
	begun.Add(readers)
	for range readers {
		all.Go(func() {
			err := s.ReadAtOnce(ctx, func(v store.View) error {
				begun.Done()
				begun.Wait()
				_, err := v.Groups(ctx)
				return err
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
}

func TestAWriteThatFailsChangesNothing(t *testing.T) {
	s := openStore(t, newDatabase(t, 1))
	refusal := tokens.Invalid("name", "no")
	err := s.Write(t.Context(), func(tx store.Tx) error {
		if err := insertGroups(t, tx, 1); err != nil {
			return err
		}
		return refusal
	})
	if err != error(refusal) { //nolint:errorlint // the error itself is to come back
		t.Errorf("got %v, want the refusal", err)
	}
	if groups, err := readGroups(t.Context(), s); err != nil || len(groups) != 1 {
		t.Errorf("got %d groups, %v; want 1", len(groups), err)
	}
}

func TestAnOperationThatIsStopped(t *testing.T) {
	s := openStore(t, newDatabase(t, 1))
	ctx, cancel := context.WithCancel(t.Context())
	err := s.Write(ctx, func(tx store.Tx) error {
		cancel()
		return insertGroups(t, tx, 1)
	})
	// The test's own context goes on, so the insertion succeeds and the commit is what fails.
	wantUnavailable(t, "a write whose context has ended", err, s.Location(), "stopped", "nothing was changed")
	if groups, err := readGroups(t.Context(), s); err != nil || len(groups) != 1 {
		t.Errorf("got %d groups, %v; want 1", len(groups), err)
	}
}

func TestRelativePathsAreMadeAbsolute(t *testing.T) {
	t.Chdir(t.TempDir())
	s := openStore(t, "latchkey.db")
	working, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	if want := filepath.Join(working, "latchkey.db"); s.Location() != want {
		t.Errorf("got %s, want %s", s.Location(), want)
	}
	if _, err := New(""); tokens.ErrorCode(err) != tokens.CodeInvalid {
		t.Errorf("no path: got %v, want CodeInvalid", err)
	}
}
