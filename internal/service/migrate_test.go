//go:build unix

package service_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/backendtest"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/service"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/store"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/store/postgres"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/store/postgres/pgtest"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/store/sqlite"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// freePlace are places for a database where none is yet.
var freePlace = map[string]func(testing.TB) string{
	"file":       func(t testing.TB) string { t.Helper(); return filepath.Join(t.TempDir(), "moved.db") },
	"PostgreSQL": func(t testing.TB) string { t.Helper(); return pgtest.Address(t) },
}

// migration is the migration of a database, with a clock.
func migration(from, to string, now func() time.Time) service.Migration {
	return service.Migration{
		From: service.Options{Database: from, Now: now}, To: service.Options{Database: to, Now: now}, Actor: anna.Actor(),
	}
}

// eachMove runs a test for each pair of kinds of places, with a populated database in the one and a new place of the other.
func eachMove(t *testing.T, test func(t *testing.T, p populated, from, to string)) {
	t.Helper()
	for _, kinds := range [][2]string{{"file", "PostgreSQL"}, {"PostgreSQL", "file"}, {"file", "file"}, {"PostgreSQL", "PostgreSQL"}} {
		t.Run(kinds[0]+" to "+kinds[1], func(t *testing.T) {
			t.Parallel()
			p := newPopulated(t)
			from := p.path
			if kinds[0] != "file" {
				from = freePlace[kinds[0]](t)
				if _, err := migration(p.path, from, p.now).Run(background); err != nil {
					t.Fatal(err)
				}
			}
			test(t, p, from, freePlace[kinds[1]](t))
		})
	}
}

// wantMoved checks that an error says that a database was moved, where to, and nothing that must stay a secret.
func wantMoved(t *testing.T, what string, err error, to string) {
	t.Helper()
	location, locateErr := service.Locate("to", to)
	if locateErr != nil {
		t.Fatal(locateErr)
	}
	if tokens.ErrorReason(err) != tokens.ReasonMoved || !strings.Contains(err.Error(), location) ||
		strings.Contains(err.Error(), "postgres://") {
		t.Errorf("%s: %v, want that it was moved to %s", what, err, location)
	}
}

// Everything moves, and back: the other place has the same content, marks and history, and the database that was moved
// refuses every change and every verification, also to those who have it open.
func TestMigration(t *testing.T) {
	t.Parallel()
	eachMove(t, func(t *testing.T, p populated, from, to string) {
		before := open(t, from, p.now)
		want := content(t, before, 0)
		events := eventsIn(want)
		watch, err := openWith(t, service.Options{Database: from, Now: p.now}).Verifications().Watch(background)
		if err != nil {
			t.Fatal(err)
		}
		defer watch.Close()
		if _, err := watch.Look(background); err != nil {
			t.Fatal(err)
		}

		old, err := before.Marks(background, 1, 1000)
		if err != nil {
			t.Fatal(err)
		}
		steps := map[string]int64{}
		move := migration(from, to, p.now)
		move.Progress = func(s tokens.MigrationStep) { steps[s.Table] += s.Rows }
		done, err := move.Run(background)
		if err != nil {
			t.Fatal(err)
		}
		if len(done.Tables) != len(store.TableNames()) || steps["access_tokens"] != 1 || len(done.MovedTo) != 0 {
			t.Errorf("it tells of %+v, and on its way of %v", done, steps)
		}
		after := open(t, to, p.now)
		same := func(what string, b *service.Backend) {
			t.Helper()
			if diff := cmp.Diff(want, content(t, b, events), cmpopts.IgnoreFields(tokens.AccessToken{}, "ObservedAt")); diff != "" {
				t.Errorf("%s differs (-want +got):\n%s", what, diff)
			}
			if h, err := b.VerifyHistory(background, done.From.Head); err != nil || h.Broken != nil {
				t.Errorf("%s: the history: %+v, %v", what, h, err)
			}
		}
		same("what was moved", after)
		if v, err := after.VerifySecret(background, p.current, tokens.VerifyOptions{}); err != nil || !v.Active {
			t.Errorf("a secret at the new place: %+v, %v", v, err)
		}
		if now, err := after.Marks(background, 1, 1000); err != nil || len(now.Values) != len(old.Values)+1 ||
			!cmp.Equal(old.Values, now.Values[:len(old.Values)]) {
			t.Errorf("the marks: %v (%v), want %v and one more", now.Values, err, old.Values)
		}

		for name, do := range p.operations(before) {
			switch err := do(background); name {
			case "list", "show":
				if err != nil {
					t.Errorf("%s at the old place: %v", name, err)
				}
			case "verify", "hold":
				wantMoved(t, name, err, to)
			}
		}
		_, err = before.CreateGroup(background, groupRequest("late"))
		wantMoved(t, "a creation", err, to)
		_, err = before.AccessToken(tokens.WithWitness(background, new(tokens.Witness)), p.token.ID)
		wantMoved(t, "a plan", err, to)
		_, err = before.Marks(background, 1, 1000)
		wantMoved(t, "the marks", err, to)
		_, err = before.VerifySecret(background, p.current, tokens.VerifyOptions{})
		wantMoved(t, "a verification", err, to)
		_, err = openWith(t, service.Options{Database: from, Now: p.now}).As(tokens.AsTokenHolder(p.current)).Groups(background)
		wantMoved(t, "a list for who holds a token", err, to)
		_, err = watch.Look(background)
		wantMoved(t, "a watch", err, to)
		_, err = service.Acceptance{Options: move.From, Actor: anna.Actor()}.Run(background)
		wantMoved(t, "accepting it", err, to)
		_, err = move.Run(background)
		wantMoved(t, "moving it again", err, to)
		if problems := problemsOf(move.From); len(problems) != 1 || !strings.HasPrefix(problems[0], "seal: ") {
			t.Errorf("doctor at the old place: %q", problems)
		}
		if problems := problemsOf(move.To); len(problems) != 0 {
			t.Errorf("doctor at the new place: %q", problems)
		}

		if _, err := after.CreateGroup(background, groupRequest("meanwhile")); err != nil {
			t.Fatal(err)
		}
		events = eventsIn(content(t, after, 0))
		want = content(t, after, events)
		done, err = migration(to, from, p.now).Run(background)
		if err != nil {
			t.Fatal(err)
		}
		if wantAside := !tokens.IsDatabaseAddress(from); wantAside != (len(done.MovedTo) > 0) {
			t.Errorf("what was there is at %q", done.MovedTo)
		}
		same("what was moved back", open(t, from, p.now))
		_, err = after.CreateGroup(background, groupRequest("late"))
		wantMoved(t, "a creation at the place from which it was moved back", err, from)
		again, err := openWith(t, service.Options{Database: from, Now: p.now}).Verifications().Watch(background)
		if err != nil {
			t.Fatal(err)
		}
		defer again.Close()
		if changes, err := again.Look(background); err != nil || !changes.All {
			t.Errorf("a watch of what was moved back: %+v, %v", changes, err)
		}
	})
}

// problemsOf are what the examination of a database complains about, each with its name.
func problemsOf(options service.Options) (problems []string) {
	options.Now = backendtest.NewClock().Now
	for _, f := range service.Diagnose(background, options) {
		if f.Problem != "" {
			problems = append(problems, f.Name+": "+f.Problem)
		}
	}
	return problems
}

// seal seals a database for a place, or opens it.
func seal(t *testing.T, database, place string) {
	t.Helper()
	var engine store.Engine
	var err error
	if tokens.IsDatabaseAddress(database) {
		engine, err = postgres.NewListening(database, database)
	} else {
		engine, err = sqlite.New(database)
	}
	if err != nil {
		t.Fatal(err)
	}
	s := store.New(engine, time.Now)
	err = s.Hold(background, func(h store.Held) error {
		now := time.Now()
		return h.Seal(background, place, tokens.Event{
			ID: tokens.NewID(tokens.KindEvent, now), At: now, Actor: anna.Actor(), Action: tokens.ActionDatabaseSeal, Outcome: tokens.OutcomeDone,
		})
	})
	if err = errors.Join(err, s.Close()); err != nil {
		t.Fatal(err)
	}
}

// A migration that was stopped is completed by the next one, and what was written at neither place but one is never lost.
func TestInterruptedMigration(t *testing.T) {
	t.Parallel()
	eachMove(t, func(t *testing.T, p populated, from, to string) {
		move := migration(from, to, p.now)
		if _, err := move.Run(background); err != nil {
			t.Fatal(err)
		}
		wantOpen := func(what string) {
			t.Helper()
			b := open(t, to, p.now)
			if v, err := b.VerifySecret(background, p.current, tokens.VerifyOptions{}); err != nil || !v.Active {
				t.Errorf("%s: a secret at the new place: %+v, %v", what, v, err)
			}
			_, err := open(t, from, p.now).CreateGroup(background, groupRequest("late"))
			wantMoved(t, what+": a creation", err, to)
		}

		// Before the database was sealed. What was done there meanwhile moves, too.
		seal(t, from, "")
		seal(t, to, "elsewhere")
		made, err := open(t, from, p.now).CreateGroup(background, groupRequest("meanwhile"))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := move.Run(background); err != nil {
			t.Fatalf("not sealed: %v", err)
		}
		wantOpen("not sealed")
		if _, err := open(t, to, p.now).Group(background, made.ID); err != nil {
			t.Errorf("the group from between: %v", err)
		}

		// Somebody opens the copy of a stopped migration while the next one is about to replace it.
		seal(t, from, "")
		seal(t, to, "elsewhere")
		inTheWay := move
		inTheWay.Progress = func(s tokens.MigrationStep) {
			if s.Table == "database" && s.Verb == "copied" && !tokens.IsDatabaseAddress(to) {
				seal(t, to, "")
			}
		}
		if _, err := inTheWay.Run(background); !tokens.IsDatabaseAddress(to) && tokens.ErrorCode(err) != tokens.CodeConflict {
			t.Errorf("over a copy that somebody opened: %v", err)
		}
		seal(t, from, "")
		seal(t, to, "elsewhere")
		if _, err := move.Run(background); err != nil {
			t.Fatalf("the next time: %v", err)
		}

		// Before the seal of the other place was opened.
		seal(t, to, "elsewhere")
		if done, err := move.Run(background); err != nil || len(done.Tables) != 0 {
			t.Fatalf("not opened: %+v, %v", done, err)
		}
		wantOpen("not opened")

		// Another name of the other place is not the other place.
		seal(t, to, "elsewhere")
		if !tokens.IsDatabaseAddress(to) {
			another := filepath.Join(t.TempDir(), "another.db")
			if err := os.Link(to, another); err != nil {
				t.Fatal(err)
			}
			_, err := migration(from, another, p.now).Run(background)
			wantMoved(t, "by another name", err, to)
		}
		// Whoever unsealed the database meanwhile keeps the other place closed.
		seal(t, from, "")
		seal(t, from, "another place")
		if _, err := move.Run(background); tokens.ErrorReason(err) != tokens.ReasonMoved {
			t.Errorf("sealed for another place: %v", err)
		}

		// What was done at the other place must not be lost.
		seal(t, to, "")
		if _, err := open(t, to, p.now).CreateGroup(background, groupRequest("there")); err != nil {
			t.Fatal(err)
		}
		seal(t, from, "")
		seal(t, to, "elsewhere")
		if _, err := move.Run(background); tokens.ErrorReason(err) != tokens.ReasonForkedDatabase {
			t.Errorf("over a change: %v", err)
		}
	})
}

// What can't be moved is refused with the reason, and nothing changes.
func TestRefusedMigration(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"file", "PostgreSQL"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			p := newPopulated(t)
			another := freePlace[kind](t)
			if _, err := open(t, another, p.now).CreateGroup(background, groupRequest("another")); err != nil {
				t.Fatal(err)
			}
			inUse := freePlace[kind](t)
			if _, err := (service.Restore{Options: service.Options{Database: inUse, Now: p.now}, Actor: anna.Actor(), File: p.path}).Run(background); err != nil {
				t.Fatal(err)
			}
			text := filepath.Join(t.TempDir(), "text")
			if err := os.WriteFile(text, []byte(strings.Repeat("text ", 1000)), 0o600); err != nil {
				t.Fatal(err)
			}
			for _, test := range []struct {
				name, from, to string
				code           tokens.Code
				words          string
			}{
				{"to itself", another, another, tokens.CodeInvalid, "is where the database is"},
				{"over another one", p.path, another, tokens.CodeConflict, "holds another database"},
				{"over a copy", p.path, inUse, tokens.CodeConflict, "a copy of database"},
				{"from nowhere", freePlace[kind](t), p.path, tokens.CodeUnavailable, "there is no database"},
				{"from a text", text, freePlace[kind](t), tokens.CodeUnavailable, "not an SQLite database"},
				{"over a text", another, text, tokens.CodeUnavailable, "not an SQLite database"},
				{"to no directory", another, filepath.Join(text, "latchkey.db"), tokens.CodeUnavailable, ""},
			} {
				t.Run(test.name, func(t *testing.T) {
					move := migration(test.from, test.to, p.now)
					_, err := move.Run(background)
					if tokens.ErrorCode(err) != test.code || !strings.Contains(err.Error(), test.words) {
						t.Errorf("%v, want %s with %q", err, test.code, test.words)
					}
				})
			}
			for _, database := range []string{p.path, another, inUse} {
				if problems := problemsOf(service.Options{Database: database, Now: p.now}); len(problems) != 0 {
					t.Errorf("%s: %q", database, problems)
				}
			}
			if _, err := open(t, p.path, p.now).CreateGroup(background, groupRequest("goes-on")); err != nil {
				t.Error(err)
			}
		})
	}
}

// Those who change the database while it moves are either acknowledged, and then what they did moves, or told where it went.
func TestMigrationUnderWrites(t *testing.T) {
	t.Parallel()
	eachMove(t, func(t *testing.T, p populated, from, to string) {
		const writers = 4
		ctx, stop := context.WithCancel(background)
		defer stop()
		var group sync.WaitGroup
		var mu sync.Mutex
		var made []string
		var started sync.WaitGroup
		started.Add(writers)
		for writer := range writers {
			b := open(t, from, p.now)
			group.Go(func() {
				begun := sync.OnceFunc(started.Done)
				defer begun()
				for n := 0; ctx.Err() == nil; n++ {
					one, err := b.CreateGroup(background, groupRequest(fmt.Sprintf("group-%d-of-%d", n, writer)))
					if err != nil {
						wantMoved(t, "a creation", err, to)
						return
					}
					mu.Lock()
					made = append(made, one.ID)
					mu.Unlock()
					begun()
					// SQLite's lock is not fair: one that takes it again at once keeps it from the others, and from the migration.
					time.Sleep(20 * time.Millisecond)
				}
			})
		}
		started.Wait()
		_, err := migration(from, to, p.now).Run(background)
		if err != nil {
			stop() // since nobody tells the writers where the database went
		}
		group.Wait()
		if err != nil {
			t.Fatal(err)
		}
		arrived := map[string]bool{}
		groups, err := open(t, to, p.now).Groups(background)
		if err != nil {
			t.Fatal(err)
		}
		for _, g := range groups {
			arrived[g.ID] = true
		}
		for _, id := range made {
			if !arrived[id] {
				t.Errorf("group %s of %d was acknowledged, and did not arrive", id, len(made))
			}
		}
	})
}

// A database that was moved counts again, and it is known what it lacks.
func TestUnsealing(t *testing.T) {
	t.Parallel()
	eachMove(t, func(t *testing.T, p populated, from, to string) {
		if _, err := migration(from, to, p.now).Run(background); err != nil {
			t.Fatal(err)
		}
		options := service.Options{Database: from, Now: p.now}
		there := service.Options{Database: to, Now: p.now}
		for _, unsealing := range []struct {
			name  string
			there service.Options
			want  int64
		}{{"unchanged", there, 0}, {"changed", there, 1}} {
			if unsealing.want > 0 {
				if _, err := open(t, to, p.now).CreateGroup(background, groupRequest("there")); err != nil {
					t.Fatal(err)
				}
			}
			found, err := service.Unsealing{Options: options, There: unsealing.there, Actor: anna.Actor()}.Look(background)
			if err != nil || found.CannotTell != nil || found.ChangedThere != unsealing.want {
				t.Errorf("%s: %+v, %v", unsealing.name, found, err)
			}
		}
		unsealing := service.Unsealing{Options: options, Actor: anna.Actor()}
		found, err := unsealing.Look(background)
		if known := !tokens.IsDatabaseAddress(to); err != nil || known != (found.CannotTell == nil) {
			t.Errorf("without a name: %+v, %v", found, err)
		}
		unsealing.There = service.Options{Database: freePlace["file"](t), Now: p.now}
		if found, err := unsealing.Look(background); err != nil || !tokens.IsNoDatabase(found.CannotTell) {
			t.Errorf("by the name of a place without a database: %+v, %v", found, err)
		}
		unsealing.There = there
		if err := unsealing.Run(background); err != nil {
			t.Fatal(err)
		}
		_, err = open(t, to, p.now).CreateGroup(background, groupRequest("late"))
		wantMoved(t, "a creation at the other place", err, from)
		if problems := problemsOf(options); len(problems) != 0 {
			t.Errorf("doctor: %q", problems)
		}
		b := open(t, from, p.now)
		if _, err := b.CreateGroup(background, groupRequest("again")); err != nil {
			t.Error(err)
		}
		if v, err := b.VerifySecret(background, p.current, tokens.VerifyOptions{}); err != nil || !v.Active {
			t.Errorf("a secret: %+v, %v", v, err)
		}
		if h, err := b.VerifyHistory(background, tokens.Head{}); err != nil || h.Broken != nil {
			t.Errorf("the history: %+v, %v", h, err)
		}
		if _, err := unsealing.Look(background); tokens.ErrorCode(err) != tokens.CodeConflict {
			t.Errorf("once more: %v", err)
		}
		// The other place has a change that would be lost.
		if _, err := migration(from, to, p.now).Run(background); tokens.ErrorReason(err) != tokens.ReasonForkedDatabase {
			t.Errorf("moving again: %v", err)
		}
	})
}

// Who tried a migration, and undid it, can do it again.
func TestMigrationAfterUnsealing(t *testing.T) {
	t.Parallel()
	eachMove(t, func(t *testing.T, p populated, from, to string) {
		for range 2 {
			if _, err := migration(from, to, p.now).Run(background); err != nil {
				t.Fatal(err)
			}
			unsealing := service.Unsealing{
				Options: service.Options{Database: from, Now: p.now}, There: service.Options{Database: to, Now: p.now}, Actor: anna.Actor(),
			}
			if err := unsealing.Run(background); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// A backup of a database that was moved can be made, and what is restored from it can be changed.
func TestBackupOfMovedDatabase(t *testing.T) {
	t.Parallel()
	p := newPopulated(t)
	if _, err := migration(p.path, freePlace["file"](t), p.now).Run(background); err != nil {
		t.Fatal(err)
	}
	backup := filepath.Join(t.TempDir(), "backup.db")
	if _, err := open(t, p.path, p.now).Backup(background, backup); err != nil {
		t.Fatal(err)
	}
	over := service.Restore{Options: service.Options{Database: p.path, Now: p.now}, Actor: anna.Actor(), File: backup}
	if _, err := over.Run(background); tokens.ErrorReason(err) != tokens.ReasonMoved {
		t.Errorf("over the one that was moved: %v", err)
	}
	restored := freePlace["file"](t)
	if _, err := (service.Restore{Options: service.Options{Database: restored, Now: p.now}, Actor: anna.Actor(), File: backup}).Run(background); err != nil {
		t.Fatal(err)
	}
	if _, err := open(t, restored, p.now).CreateGroup(background, groupRequest("on-it-goes")); err != nil {
		t.Error(err)
	}
}

// Uses that wait in memory when the database moves are dropped, and closing it is no failure.
func TestUsesOfMovedDatabase(t *testing.T) {
	t.Parallel()
	p := newPopulated(t)
	s := openWith(t, service.Options{Database: p.path, Now: p.now})
	if v, err := s.As(anna).VerifySecret(background, p.current, tokens.VerifyOptions{RecordUse: true}); err != nil || !v.Active {
		t.Fatalf("%+v, %v", v, err)
	}
	to := freePlace["file"](t)
	if _, err := migration(p.path, to, p.now).Run(background); err != nil {
		t.Fatal(err)
	}
	done, err := s.FlushUses(context.Background())
	wantMoved(t, "a flush", err, to)
	if done.DroppedUses != 1 {
		t.Errorf("it dropped %d uses, want 1", done.DroppedUses)
	}
}
