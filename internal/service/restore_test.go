package service_test

import (
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/backendtest"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/service"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// backUp makes a backup and returns its path.
func backUp(t *testing.T, b *service.Backend) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "latchkey.backup")
	if _, err := b.Backup(background, file); err != nil {
		t.Fatal(err)
	}
	return file
}

// Whoever follows the log is told what happens after a restore, though the numbers of events begin anew with the backup's.
func TestFollowedRestore(t *testing.T) {
	for _, since := range []int{1, 6} { // changes since the restore: fewer than were undone, and more
		clock := backendtest.NewClock()
		database := filepath.Join(t.TempDir(), "latchkey.db")
		change := func() {
			t.Helper()
			clock.Advance(time.Second)
			name := "g" + tokens.NewID(tokens.KindGroup, clock.Now())[4:]
			if _, err := open(t, database, clock.Now).CreateGroup(background, groupRequest(name)); err != nil {
				t.Fatal(err)
			}
		}
		change()
		file := backUp(t, open(t, database, clock.Now))
		for range 4 {
			change()
		}
		before, err := open(t, database, clock.Now).EventsAfter(background, tokens.EventQuery{}, tokens.EventPosition{})
		if err != nil {
			t.Fatal(err)
		}
		clock.Advance(time.Second)
		restore := service.Restore{
			Options: service.Options{Database: database, Now: clock.Now}, Actor: anna.Actor(), File: file,
		}
		if _, err := restore.Run(background); err != nil {
			t.Fatal(err)
		}
		want := []tokens.Action{tokens.ActionDatabaseRestore}
		for range since {
			change()
			want = append(want, tokens.ActionGroupCreate)
		}
		told, err := open(t, database, clock.Now).EventsAfter(background, tokens.EventQuery{}, before.End)
		if err != nil {
			t.Fatal(err)
		}
		var got []tokens.Action
		for _, e := range told.Events {
			got = append(got, e.Action)
		}
		if !slices.Equal(got, want) {
			t.Errorf("after %d changes since the restore: got %v, want %v", since, got, want)
		}
		again, err := open(t, database, clock.Now).EventsAfter(background, tokens.EventQuery{}, told.End)
		if err != nil || len(again.Events) > 0 {
			t.Errorf("asked again: got %v, %v", again, err)
		}
	}
}

// A restore undoes everything since the backup: what was regenerated, held, disabled or deleted is as it was, what was
// created is gone, and the log says what was restored.
func TestRestore(t *testing.T) {
	clock := backendtest.NewClock()
	database := filepath.Join(t.TempDir(), "latchkey.db")
	b := open(t, database, clock.Now)
	made := map[string]tokens.NewAccessToken{}
	ids := map[string]string{}
	for _, name := range []string{"regenerated", "held", "disabled", "deleted"} {
		made[name] = newRequest(t, name, "")
		created, err := b.CreateAccessToken(background, made[name])
		if err != nil {
			t.Fatal(err)
		}
		ids[name] = created.ID
	}
	clock.Advance(time.Hour)
	backupTime := clock.Instant()
	file := backUp(t, b)
	clock.Advance(time.Hour)

	fresh := newRequest(t, "", "").NewSecretFor
	later := newRequest(t, "later", "")
	for _, err := range []error{
		second(b.UpdateAccessToken(background, ids["regenerated"], tokens.AccessTokenUpdate{
			Regeneration: &tokens.Regeneration{NewSecretFor: fresh, Reason: tokens.ReasonTrigger},
		})),
		second(b.HoldAccessToken(background, ids["held"], "leaked")),
		second(b.UpdateAccessToken(background, ids["disabled"], tokens.AccessTokenUpdate{
			Settings: tokens.Settings{Enabled: false},
			Fields:   tokens.Fields{"enabled"},
		})),
		b.DeleteAccessToken(background, ids["deleted"]),
		second(b.CreateAccessToken(background, later)),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	events := eventsOf(t, b)
	clock.Advance(time.Hour)

	restore := service.Restore{
		Options: service.Options{Database: database, Now: clock.Now},
		Actor:   "local:ben@host",
		File:    file,
	}
	planned, err := restore.Look(background)
	if err != nil {
		t.Fatal(err)
	}
	if planned.EventsLost != 7 || planned.Replaced == nil ||
		!reflect.DeepEqual(planned.Replaced.LastEvent, events[len(events)-1]) || len(planned.MovedTo) != 0 {
		t.Errorf("a look: %+v", planned)
	}
	if got := eventsOf(t, b); !reflect.DeepEqual(got, events) {
		t.Error("a look changed something")
	}
	done, err := restore.Run(background)
	if err != nil {
		t.Fatal(err)
	}
	if at, ok := done.Backup.MadeAt(); !ok || !at.Equal(backupTime) || done.EventsLost != 7 || len(done.MovedTo) == 0 {
		t.Errorf("the restore: %+v", done)
	}
	if _, err := b.AccessToken(background, ids["held"]); tokens.ErrorCode(err) != tokens.CodeUnavailable {
		t.Errorf("a backend that was open: got %v, want CodeUnavailable", err)
	}

	check := func(place string, b *service.Backend, secret tokens.Secret, want bool) {
		t.Helper()
		if v, err := b.VerifySecret(background, secret, tokens.VerifyOptions{}); err != nil || v.Active != want {
			t.Errorf("%s: active is %t, want %t, %v", place, v.Active, want, err)
		}
	}
	now := open(t, database, clock.Now)
	for name, request := range made {
		check(name, now, request.Secret, true)
	}
	check("a secret of later", now, fresh.Secret, false)
	check("a token of later", now, later.Secret, false)
	all := eventsOf(t, now)
	last := all[len(all)-1]
	if last.Action != tokens.ActionDatabaseRestore || last.Actor != "local:ben@host" || !last.At.Equal(clock.Instant()) ||
		last.Detail != "the backup of "+tokens.FormatTimestamp(backupTime)+" by local:anna@host" {
		t.Errorf("the last event is %+v", last)
	}

	aside := open(t, done.MovedTo[0], clock.Now)
	check("a secret of later, in what was replaced", aside, fresh.Secret, true)
	check("a held token, in what was replaced", aside, made["held"].Secret, false)
	if got := eventsOf(t, aside); !reflect.DeepEqual(got, events) {
		t.Error("what was replaced has other events")
	}
}

// second returns the error that a call returns second.
func second[T any](_ T, err error) error { return err }

// A restore while several processes write loses nothing that was acknowledged: it is in the file that was moved aside.
// The processes that were writing get an error, and none of them writes to a database that nobody sees any more.
func TestRestoreBesideWriters(t *testing.T) {
	if testing.Short() {
		t.Skip("it runs many processes")
	}
	for round := range 5 {
		database := newDatabase(t)
		file := backUp(t, open(t, database, time.Now))
		all := make([]process, writers)
		for i := range all {
			all[i] = startWriter(t, "writer-"+string(rune('a'+i)), database)
			all[i].begin(t)
		}
		var acknowledged []string
		for range round {
			if all[0].answer.Scan() {
				acknowledged = append(acknowledged, all[0].answer.Text())
			}
		}
		done, err := service.Restore{Options: service.Options{Database: database, Now: time.Now}, File: file}.Run(background)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range all {
			for p.answer.Scan() {
				acknowledged = append(acknowledged, p.answer.Text())
			}
			if err := p.Wait(); err != nil && !strings.Contains(p.errors.String(), "moved, removed or replaced") {
				t.Errorf("a writer: %v: %s", err, p.errors)
			}
		}
		present, replaced := open(t, database, time.Now), open(t, done.MovedTo[0], time.Now)
		for _, id := range acknowledged {
			_, inPresent := present.AccessToken(background, id)
			_, inReplaced := replaced.AccessToken(background, id)
			if inPresent != nil && inReplaced != nil {
				t.Errorf("%s was acknowledged, and is neither in the database (%v) nor in what was replaced (%v)",
					id, inPresent, inReplaced)
			}
		}
		for _, path := range []string{database, done.MovedTo[0]} {
			for name, f := range diagnose(service.Options{Database: path}) {
				if f.Problem != "" {
					t.Errorf("%s: %s: %s", filepath.Base(path), name, f.Problem)
				}
			}
		}
	}
}

// A backup that can't be used is refused before anything is asked or changed.
func TestRestoreOfADamagedBackup(t *testing.T) {
	database := newDatabase(t)
	file := backUp(t, open(t, database, time.Now))
	whole, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	restore := service.Restore{Options: service.Options{Database: database, Now: time.Now}, File: file}
	// Every page in its turn is overwritten.
	const page = 4096
	for at := page; at < len(whole); at += page {
		damaged := slices.Clone(whole)
		for i := range page {
			damaged[at+i] = 0xaa
		}
		if err := os.WriteFile(file, damaged, 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := restore.Look(background)
		if tokens.ErrorCode(err) != tokens.CodeUnavailable || !strings.Contains(err.Error(), "damaged") {
			t.Errorf("page %d: got %v", at/page, err)
		}
	}
}
