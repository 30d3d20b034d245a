package sqlite

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/store"
)

// openings is the engine of a file that counts how often it was opened and closed.
type openings struct {
	store.Engine
	opened, closed *atomic.Int64
}

// Connect implements store.Engine.
func (o openings) Connect(ctx context.Context, found store.Found) (store.Connection, error) {
	c, err := o.Engine.Connect(ctx, found)
	if err == nil {
		o.opened.Add(1)
	}
	return countedConnection{c, o.closed}, err
}

type countedConnection struct {
	store.Connection
	closed *atomic.Int64
}

// Close implements store.Connection.
func (c countedConnection) Close() error {
	c.closed.Add(1)
	return c.Connection.Close()
}

// following returns a store that follows the path, closed when the test ends.
func following(t *testing.T, path string) (*store.Store, openings) {
	t.Helper()
	engine, err := New(path)
	if err != nil {
		t.Fatal(err)
	}
	counted := openings{engine, new(atomic.Int64), new(atomic.Int64)}
	s := store.NewFollowing(counted, clock)
	t.Cleanup(func() { _ = s.Close() })
	return s, counted
}

// move moves a database with what SQLite keeps beside it.
func move(t *testing.T, from, to string) {
	t.Helper()
	for _, suffix := range fileSuffixes {
		if err := os.Rename(from+suffix, to+suffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
	}
}

// wantGroupsIn checks how many groups a store finds.
func wantGroupsIn(t *testing.T, what string, s *store.Store, want int) {
	t.Helper()
	if groups, err := readGroups(t.Context(), s); err != nil || len(groups) != want {
		t.Errorf("%s: got %d groups, %v; want %d", what, len(groups), err, want)
	}
}

// A store that follows the path goes on with the database that it names, and makes none where one is missing.
func TestFollowing(t *testing.T) {
	path := newDatabase(t, 1)
	backup := filepath.Join(t.TempDir(), "backup.db")
	note := func(ctx context.Context, tx store.Tx) error { return tx.PutBack(ctx, noon) }
	if err := Backup(t.Context(), path, backup, note); err != nil {
		t.Fatal(err)
	}
	s, counts := following(t, path)
	stays := openStore(t, path)
	grow := func(tx store.Tx) error { return insertGroups(t, tx, 1) }
	if err := s.Write(t.Context(), grow); err != nil {
		t.Fatal(err)
	}
	wantGroupsIn(t, "the first database", s, 2)
	wantGroupsIn(t, "the first database", stays, 2)

	if _, err := (Restore{Backup: backup, Path: path, Aside: ".aside", Note: note}).Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	_, err := readGroups(t.Context(), stays)
	wantUnavailable(t, "a read by one that does not follow", err, path, "moved, removed or replaced")
	wantGroupsIn(t, "the restored database", s, 1)
	if err := s.Write(t.Context(), grow); err != nil {
		t.Errorf("a write to the restored database: %v", err)
	}

	move(t, path, path+".away")
	for range 2 {
		_, err = readGroups(t.Context(), s)
		wantUnavailable(t, "a read without a file", err, path, "moved, removed or replaced")
		wantUnavailable(t, "a write that makes a database", s.WriteOrMake(t.Context(), found, grow), path,
			"moved, removed or replaced")
	}
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a new database took the place: %v", err)
	}
	move(t, path+".away", path)
	wantGroupsIn(t, "the file is back", s, 2)

	move(t, path, path+".away")
	old, secret := oldDatabase(t)
	execute(t, old, `UPDATE database SET organization = 'acme'`)
	move(t, old, path)
	if err := s.ReadToVerify(t.Context(), func(v store.View) error {
		if d := v.Database(); d.Organization != "acme" || d.Location != path {
			t.Errorf("another database is %+v", d)
		}
		return nil
	}); err != nil {
		t.Error(err)
	}
	wantOldContent(t, s, secret)
	if err := s.Write(t.Context(), grow); err != nil {
		t.Errorf("a write that migrates another database: %v", err)
	}
	wantGroupsIn(t, "another database", s, 1)
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	wantUnavailable(t, "a read after the end", s.Read(t.Context(), func(store.View) error { return nil }), path, "closed")
	if opened, closed := counts.opened.Load(), counts.closed.Load(); opened != 3 || closed != 3 {
		t.Errorf("%d databases were opened and %d closed, want 3", opened, closed)
	}
}

// Whoever reads while the path comes to name another file finishes with the one that they began with.
func TestFollowingLeavesReadersAlone(t *testing.T) {
	path := newDatabase(t, 1)
	s, counts := following(t, path)
	err := s.Read(t.Context(), func(v store.View) error {
		for range 2 {
			move(t, path, path+".away")
			move(t, newDatabase(t, 3), path)
			wantGroupsIn(t, "a read that begins later", s, 3)
			if groups, err := v.Groups(t.Context()); err != nil || len(groups) != 1 {
				t.Errorf("got %d groups, %v; want the 1 of the beginning", len(groups), err)
			}
		}
		if closed := counts.closed.Load(); closed != 1 {
			t.Errorf("%d databases were closed, want the one that nobody reads", closed)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	if closed := counts.closed.Load(); closed != 2 {
		t.Errorf("%d databases were closed, want both that nobody reads", closed)
	}
}

// Where somebody copies another database over the file, connections to it fail for good: what they know of its log is no
// longer so. A store that follows the path opens the file anew.
func TestFollowingAFileThatWasOverwritten(t *testing.T) {
	path := newDatabase(t, 1)
	backup := filepath.Join(t.TempDir(), "backup.db")
	note := func(ctx context.Context, tx store.Tx) error { return tx.PutBack(ctx, noon) }
	if err := Backup(t.Context(), path, backup, note); err != nil {
		t.Fatal(err)
	}
	s, counts := following(t, path)
	for range 20 {
		if err := s.Write(t.Context(), func(tx store.Tx) error { return insertGroups(t, tx, 200) }); err != nil {
			t.Fatal(err)
		}
	}
	wantGroupsIn(t, "the first database", s, 4001)
	w, err := s.Watch(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	wantChanges(t, w, "the first look", everythingChanged)
	overwrite(t, backup, path)
	for try := 1; ; try++ {
		groups, err := readGroups(t.Context(), s)
		changes, lookErr := w.Look(t.Context())
		if err == nil && len(groups) == 1 && lookErr == nil && changes.All {
			break
		}
		t.Logf("%d groups, %v; %+v, %v", len(groups), err, changes, lookErr)
		if try == 5 {
			t.Fatalf("after %d tries: got %d groups, %v; want the 1 of the backup", try, len(groups), err)
		}
	}
	if err := s.Write(t.Context(), func(tx store.Tx) error { return insertGroups(t, tx, 1) }); err != nil {
		t.Errorf("a write: %v", err)
	}
	wantGroupsIn(t, "the backup", s, 2)
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if opened, closed := counts.opened.Load(), counts.closed.Load(); opened != closed {
		t.Errorf("%d databases were opened and %d closed", opened, closed)
	}
}

// overwrite copies a file over the one of a database, as cp does, with an empty log.
func overwrite(t *testing.T, from, to string) {
	t.Helper()
	content, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string][]byte{to: content, to + "-wal": nil} {
		if err := os.WriteFile(name, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// Many who find another file at once open it once.
func TestFollowingByMany(t *testing.T) {
	path := newDatabase(t, 1)
	s, counts := following(t, path)
	wantGroupsIn(t, "the first database", s, 1)
	for i := range int64(5) {
		move(t, path, path+".away")
		move(t, newDatabase(t, 2), path)
		var all sync.WaitGroup
		for range 20 {
			all.Go(func() { wantGroupsIn(t, "the next database", s, 2) })
			all.Go(func() {
				if err := s.WriteUses(t.Context(), []store.SecretUse{{TokenID: "tok_01jz0000000000000000000000", Version: 1, Count: 1, Last: noon}}); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if opened, closed := counts.opened.Load(), counts.closed.Load(); opened != i+2 || closed != i+1 {
			t.Errorf("%d databases were opened and %d closed, want %d and %d", opened, closed, i+2, i+1)
		}
	}
}

// Who waits for another one to open the database waits no longer than they have time.
func TestWaitingForAnOpening(t *testing.T) {
	path := newDatabase(t, 1)
	engine, err := New(path)
	if err != nil {
		t.Fatal(err)
	}
	begun, end := make(chan struct{}), make(chan struct{})
	s := store.New(slowEngine{engine, begun, end}, clock)
	t.Cleanup(func() { _ = s.Close() })
	done := make(chan error)
	go func() {
		_, err := readGroups(context.WithoutCancel(t.Context()), s)
		done <- err
	}()
	<-begun
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = readGroups(ctx, s)
	wantUnavailable(t, "a read whose time is over", err, path, "stopped")
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	close(end)
	wantUnavailable(t, "a read that opens for nothing", <-done, path, "closed")
}

// slowEngine opens a database when it is told to.
type slowEngine struct {
	store.Engine
	begun, end chan struct{}
}

// Connect implements store.Engine.
func (e slowEngine) Connect(ctx context.Context, found store.Found) (store.Connection, error) {
	close(e.begun)
	<-e.end
	return e.Engine.Connect(ctx, found)
}

// A watch alone heals from a file that was copied over the one that it watches: while it can't tell, nobody looks anything
// up by which the store would find out.
func TestWatchAloneHealsFromAFileThatWasOverwritten(t *testing.T) {
	path := newDatabase(t, 1)
	backup := filepath.Join(t.TempDir(), "backup.db")
	note := func(ctx context.Context, tx store.Tx) error { return tx.PutBack(ctx, noon) }
	if err := Backup(t.Context(), path, backup, note); err != nil {
		t.Fatal(err)
	}
	s, _ := following(t, path)
	for range 20 {
		if err := s.Write(t.Context(), func(tx store.Tx) error { return insertGroups(t, tx, 200) }); err != nil {
			t.Fatal(err)
		}
	}
	w, err := s.Watch(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	wantChanges(t, w, "the first look", everythingChanged)
	overwrite(t, backup, path)
	for try := 1; ; try++ {
		changes, err := w.Look(t.Context())
		if err == nil && changes.All {
			break
		}
		if try == 5 {
			t.Fatalf("after %d looks: got %+v, %v", try, changes, err)
		}
	}
	wantGroupsIn(t, "the backup", s, 1)
}
