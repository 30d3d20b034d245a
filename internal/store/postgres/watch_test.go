//go:build unix

package postgres

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/store"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/store/postgres/pgtest"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// patience is how long a test waits for what happens at once.
const patience = 20 * time.Second

// watchedDatabase is a database that somebody changes and a watch looks at.
type watchedDatabase struct {
	*testing.T
	*store.Store
	watch *watch
	count int
}

// watchDatabase makes a database at an address, and watches it at another address of the same schema, listening at a third.
func watchDatabase(t *testing.T, address, watchAt, listenAt string) *watchedDatabase {
	t.Helper()
	w := &watchedDatabase{T: t, Store: openAt(t, address)}
	if err := w.WriteOrMake(t.Context(), begun, func(store.Tx) error { return nil }); err != nil {
		t.Fatal(err)
	}
	engine, err := NewListening(watchAt, listenAt)
	if err != nil {
		t.Fatal(err)
	}
	opened, err := engine.Watch(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = opened.Close() })
	w.watch = opened.(*watch)
	w.wantAll("the first look")
	return w
}

// openAt returns the store at an address.
func openAt(t *testing.T, address string) *store.Store {
	t.Helper()
	engine, err := New(address)
	if err != nil {
		t.Fatal(err)
	}
	s := store.New(engine, func() time.Time { return noon })
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// change makes a technical user, and returns what a look finds of that.
func (w *watchedDatabase) change(s *store.Store, meanwhile func()) store.ChangedObject {
	w.Helper()
	w.count++
	name := fmt.Sprintf("robot-%d", w.count)
	u := tokens.TechnicalUser{
		ID: tokens.NewID(tokens.KindTechnicalUser, noon), Email: name + "@acme.latchkey.internal", CreatedAt: noon, UpdatedAt: noon,
		TechnicalUserSettings: tokens.TechnicalUserSettings{Name: name, Enabled: true},
	}
	_, err := s.Change(w.Context(), store.ReachOfTokens, nil, func(tx store.Tx) error {
		if err := tx.InsertTechnicalUser(w.Context(), u); err != nil {
			return err
		}
		meanwhile()
		return nil
	})
	if err != nil {
		w.Fatal(err)
	}
	return store.ChangedObject{Kind: tokens.KindTechnicalUser, ID: u.ID}
}

func (w *watchedDatabase) changed() store.ChangedObject {
	w.Helper()
	return w.change(w.Store, func() {})
}

// look looks.
func (w *watchedDatabase) look(what string) store.Changes {
	w.Helper()
	changes, err := w.watch.Look(w.Context())
	if err != nil {
		w.Errorf("%s: %v", what, err)
	}
	if off := time.Since(changes.At).Abs(); off > patience {
		w.Errorf("%s: the clock of the database is said to be %s off", what, off)
	}
	return changes
}

// want checks what a look finds, and that the one after it finds nothing more.
func (w *watchedDatabase) want(what string, objects ...store.ChangedObject) {
	w.Helper()
	if got := w.look(what); got.All || got.Any != (len(objects) > 0) || !slices.Equal(got.Objects, objects) {
		w.Errorf("%s: got %+v, want %v", what, got, objects)
	}
	if got := w.look(what); got.Any {
		w.Errorf("%s: the second look got %+v", what, got)
	}
}

// wantAll checks that a look finds that everything may have changed, and the one after it nothing.
func (w *watchedDatabase) wantAll(what string) (first store.Changes) {
	w.Helper()
	if first = w.look(what); !first.All {
		w.Errorf("%s: got %+v, want everything", what, first)
	}
	if got := w.look(what); got.Any {
		w.Errorf("%s: the second look got %+v", what, got)
	}
	return first
}

// eventually waits until a condition holds.
func (w *watchedDatabase) eventually(what string, holds func() bool) {
	w.Helper()
	for end := time.Now().Add(patience); !holds(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			w.Fatalf("not so: %s; the notifications are %+v", what, w.watch.Notifications())
		}
	}
}

// works reports whether notifications come.
func (w *watchedDatabase) works() bool { return w.watch.Notifications().Problem == "" }

// hears fails unless a notification comes.
func (w *watchedDatabase) hears(what string) {
	w.Helper()
	select {
	case <-w.watch.listener.heard:
	case <-time.After(patience):
		w.Errorf("%s: no notification came", what)
	}
}

// newWatched is watchDatabase without anything between.
func newWatched(t *testing.T) *watchedDatabase {
	t.Helper()
	address := pgtest.Address(t)
	return watchDatabase(t, address, address, address)
}

// A look tells what others changed since the last one, and nothing of what is no change.
func TestWatch(t *testing.T) {
	w := newWatched(t)
	w.want("nothing")
	w.want("a technical user", w.changed())
	w.want("two technical users", w.changed(), w.changed())
	if err := w.WriteUses(t.Context(), []store.SecretUse{{TokenID: "tok_x", Version: 1, Count: 1, Last: noon}}); err != nil {
		t.Fatal(err)
	}
	w.want("a use")
	if err := w.Write(t.Context(), func(tx store.Tx) error { return tx.KnowEarlierMarks(t.Context(), noon) }); err != nil {
		t.Fatal(err)
	}
	w.wantAll("a change that does not say of what")
}

// A transaction that began before another one and commits after it is seen.
func TestWatchSeesLongTransaction(t *testing.T) {
	w := newWatched(t)
	other := openAt(t, w.watch.address+"&schema="+w.watch.schema)
	var later store.ChangedObject
	earlier := w.change(w.Store, func() {
		later = w.change(other, func() {})
		w.want("the later one", later)
	})
	w.want("the earlier one", earlier)
}

// A change is notified, and none is missed. What is no change is not.
func TestNotifications(t *testing.T) {
	w := newWatched(t)
	w.eventually("notifications come", w.works)
	if err := w.WriteUses(t.Context(), []store.SecretUse{{TokenID: "tok_x", Version: 1, Count: 1, Last: noon}}); err != nil {
		t.Fatal(err)
	}
	time.Sleep(10 * notifyPause)
	if len(w.watch.listener.heard) > 0 {
		t.Error("a use was notified")
	}
	for range 20 {
		changed := w.changed()
		w.hears("a change")
		w.want("a change", changed)
	}
	var all []store.ChangedObject
	for range 20 {
		all = append(all, w.changed())
	}
	w.want("several at once", all...)
	if err := w.Store.Close(); err != nil { // which tells of the last ones
		t.Fatal(err)
	}
	w.eventually("the last change is told of", func() bool {
		w.watch.listener.mu.Lock()
		defer w.watch.listener.mu.Unlock()
		return w.watch.listener.newest == w.watch.seen.Serial
	})
	time.Sleep(notificationPatience + 100*time.Millisecond)
	if n := w.watch.Notifications(); n != (store.Notifications{}) {
		t.Errorf("the notifications are %+v", n)
	}
}

// A change that is not notified is found by a look, and counts as missed. Then the watch looks often.
func TestMissedNotification(t *testing.T) {
	w := newWatched(t)
	w.eventually("notifications come", w.works)
	// As by a program that ended between the commit and the notification.
	statement := `UPDATE database SET serial = serial + 1; INSERT INTO marks SELECT serial, '` + tokens.NewMarkValue() + `' FROM database;
		INSERT INTO changes (serial, kind, id) SELECT serial, '` + string(tokens.KindRole) + `', 'rol_x' FROM database`
	for _, text := range strings.Split(w.watch.tables.qualified(statement), ";") {
		if _, err := w.watch.tests.ExecContext(t.Context(), text); err != nil {
			t.Fatal(err)
		}
	}
	w.want("a change", store.ChangedObject{Kind: tokens.KindRole, ID: "rol_x"})
	w.eventually("it counts as missed", func() bool { return w.watch.Notifications().Missed == 1 })
	if w.works() {
		t.Error("the watch relies on notifications")
	}
}

// Behind a pooler that hands out a connection for each transaction, notifications don't come, which the watch finds out
// although it may hear those that it sends itself; and they come past it.
func TestNotificationsBehindPooler(t *testing.T) {
	s := pgtest.New(t, "fsync=off")
	for mode, want := range map[string]bool{"session": true, "transaction": false} {
		t.Run(mode, func(t *testing.T) {
			pooler := pgtest.NewPooler(t, s, mode)
			address := pooler.Address("behind_" + mode)
			w := watchDatabase(t, address, address, address)
			w.eventually("it is known whether notifications come", func() bool {
				return w.works() || w.watch.Notifications().FailedTests > 1
			})
			if w.works() != want {
				t.Errorf("the notifications are %+v", w.watch.Notifications())
			}
			for range 30 {
				w.want("a change", w.changed())
			}
			if !want {
				w.eventually("changes count as missed", func() bool { return w.watch.Notifications().Missed == 30 })
			}
			past := watchDatabase(t, address, address, s.Address("behind_"+mode))
			past.eventually("notifications come past the pooler", past.works)
			past.count = w.count
			changed := past.changed()
			past.hears("a change")
			past.want("a change", changed)
		})
	}
}

// A watch goes on after its connections were ended.
func TestWatchAfterTermination(t *testing.T) {
	w := newWatched(t)
	listener := func() (pid int) {
		t.Helper()
		if err := w.watch.tests.QueryRowContext(t.Context(), `SELECT coalesce(max(pid), 0) FROM pg_stat_activity
			WHERE pid <> pg_backend_pid() AND backend_type = 'client backend' AND query LIKE 'LISTEN %'||$1||'%'`,
			w.watch.channel()).Scan(&pid); err != nil {
			t.Fatal(err)
		}
		return pid
	}
	for range 3 {
		w.eventually("notifications come", w.works)
		w.changed()
		before := listener()
		if _, err := w.watch.tests.ExecContext(t.Context(), `SELECT pg_terminate_backend($1::int)`, before); err != nil {
			t.Fatal(err)
		}
		w.eventually("it listens again", func() bool { now := listener(); return now != 0 && now != before })
		terminate(w)
		w.eventually("a look succeeds", func() bool {
			changes, err := w.watch.Look(t.Context())
			return err == nil && changes.All
		})
		w.want("nothing more")
	}
	w.eventually("notifications come", w.works)
}

// terminate ends the connection of the watch.
func terminate(w *watchedDatabase) {
	w.Helper()
	var pid int
	if err := w.watch.on.conn.QueryRowContext(w.Context(), `SELECT pg_backend_pid()`).Scan(&pid); err != nil {
		w.Fatal(err)
	}
	if _, err := w.watch.tests.ExecContext(w.Context(), `SELECT pg_terminate_backend($1::int)`, pid); err != nil {
		w.Fatal(err)
	}
}

// After a failover that lost changes, the serials of those come again. Everything is dropped then, also where the new primary
// has come as far as the old one.
func TestWatchThroughLossyFailover(t *testing.T) {
	for _, way := range []string{"several hosts", "a pooler"} {
		t.Run(way, func(t *testing.T) {
			first := pgtest.New(t, "fsync=off")
			second := first.Replica(t)
			address := pgtest.AddressOfAny("acme", first, second)
			failOver := func() error { return nil }
			if way == "a pooler" {
				pooler := pgtest.NewPooler(t, first, "transaction")
				address = pooler.Address("acme")
				failOver = func() error { return pooler.Lead(second) }
			}
			w := watchDatabase(t, first.Address("acme"), address, address)
			w.want("a change", w.changed())
			second.Eventually(t, fmt.Sprintf(`SELECT (SELECT serial FROM acme.database) = %d`, w.watch.seen.Serial))
			second.Disconnect(t)
			w.want("a change that gets lost", w.changed())
			lost := w.watch.seen
			first.Stop(syscall.SIGQUIT)
			second.Promote(t)
			if err := failOver(); err != nil {
				t.Fatal(err)
			}
			now := openAt(t, second.Address("acme"))
			w.change(now, func() {})
			var moved bool
			w.eventually("a look succeeds", func() bool {
				changes, err := w.watch.Look(context.WithoutCancel(t.Context()))
				moved = moved || changes.Moved
				return err == nil && changes.All
			})
			if !moved {
				t.Error("nobody was told of another server")
			}
			if seen := w.watch.seen; seen.Serial != lost.Serial || seen.Value == lost.Value {
				t.Errorf("after %+v the watch saw %+v", lost, seen)
			}
			w.want("a change after it", w.change(now, func() {}))
			if way == "several hosts" {
				w.eventually("notifications come", w.works)
			}
		})
	}
}
