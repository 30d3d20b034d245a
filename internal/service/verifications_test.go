package service_test

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/backendtest"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/service"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/store"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// wantVerified checks whether a value is active by what verification reads.
func wantVerified(t *testing.T, what string, s *service.Service, value tokens.Secret, now time.Time, want bool) {
	t.Helper()
	found, ok, err := s.Verifications().Secret(background, value.Hash())
	active := ok && found.IsOf(value) && found.Resolve(found.Roles).Verdict(now).Active
	if err != nil || active != want || ok && found.Database.ID == "" {
		t.Errorf("%s: got %t, %v; want %t", what, active, err, want)
	}
}

// A service that follows its path verifies by the database that a restore put there, and by none while there is none.
func TestVerificationsFollowTheFile(t *testing.T) {
	clock := backendtest.NewClock()
	database := filepath.Join(t.TempDir(), "latchkey.db")
	owner := open(t, database, clock.Now)
	early, late := newRequest(t, "early", ""), newRequest(t, "late", "")
	kept, err := owner.CreateAccessToken(background, early)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "backup.db")
	if _, err := owner.Backup(background, file); err != nil {
		t.Fatal(err)
	}
	if _, err := owner.CreateAccessToken(background, late); err != nil {
		t.Fatal(err)
	}
	if err := owner.Close(); err != nil {
		t.Fatal(err)
	}
	options := service.Options{Database: database, Now: clock.Now, Follow: true}
	s := openWith(t, options)
	w, err := s.Verifications().Watch(background)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	look := func(what string, want store.Changes) {
		t.Helper()
		got, err := w.Look(background)
		if err != nil || fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s: got %+v, %v; want %+v", what, got, err, want)
		}
	}
	everything := store.Changes{Any: true, All: true}
	look("the first look", everything)
	wantVerified(t, "a token from before the backup", s, early.Secret, clock.Now(), true)
	wantVerified(t, "a token from after it", s, late.Secret, clock.Now(), true)
	look("nothing", store.Changes{})

	clock.Advance(time.Minute)
	if _, err := (service.Restore{Options: options, Actor: anna.Actor(), File: file}).Run(background); err != nil {
		t.Fatal(err)
	}
	look("a restore", everything)
	wantVerified(t, "a token from before the backup", s, early.Secret, clock.Now(), true)
	wantVerified(t, "a token from after it", s, late.Secret, clock.Now(), false)
	if _, err := open(t, database, clock.Now).HoldAccessToken(background, kept.ID, "leaked"); err != nil {
		t.Fatal(err)
	}
	look("a token held", store.Changes{Any: true, Objects: []store.ChangedObject{{Kind: tokens.KindAccessToken, ID: kept.ID}}})
	wantVerified(t, "a token held after the restore", s, early.Secret, clock.Now(), false)

	if err := os.Rename(database, database+".away"); err != nil {
		t.Fatal(err)
	}
	if _, _, err := s.Verifications().Secret(background, early.Secret.Hash()); tokens.ErrorCode(err) != tokens.CodeUnavailable {
		t.Errorf("without a file: got %v, want CodeUnavailable", err)
	}
	if _, err := w.Look(background); tokens.ErrorCode(err) != tokens.CodeUnavailable {
		t.Errorf("a look without a file: got %v, want CodeUnavailable", err)
	}
	if err := os.Rename(database+".away", database); err != nil {
		t.Fatal(err)
	}
	look("the file is back", everything)
	wantVerified(t, "the file is back", s, early.Secret, clock.Now(), false)
}

// Verification goes on with the schema of the next version, and not for another organization.
func TestVerificationsOfOtherDatabases(t *testing.T) {
	p := newPopulated(t)
	verifies := func(options service.Options) (tokens.Database, error) {
		options.Database, options.Now = p.path, p.now
		s := openWith(t, options)
		_, ok, err := s.Verifications().Secret(background, p.current.Hash())
		database, sameErr := s.Verifications().Database(context.Background())
		if tokens.ErrorCode(err) != tokens.ErrorCode(sameErr) || ok != (err == nil) {
			t.Errorf("%+v: got %t, %v; its identity gives %v", options, ok, err, sameErr)
		}
		return database, err
	}
	if _, err := verifies(service.Options{Organization: "acme"}); tokens.ErrorReason(err) != tokens.ReasonOtherOrganization {
		t.Errorf("another organization: got %v", err)
	}
	if _, err := openWith(t, service.Options{Database: p.path, Now: p.now, Organization: "Acme!"}).Verifications().
		Watch(background); tokens.ErrorCode(err) != tokens.CodeInvalid {
		t.Errorf("a watch by options that are invalid: got %v", err)
	}
	execute(t, p.path, fmt.Sprintf(`CREATE TABLE novelties (id TEXT); PRAGMA user_version = %d`, store.SchemaVersion+1))
	database, err := verifies(service.Options{Organization: tokens.DefaultOrganization})
	if err != nil || database.Organization != tokens.DefaultOrganization || database.Location != p.path {
		t.Errorf("the next schema: got %+v, %v", database, err)
	}
}

// Uses of secrets are written while the database already has the schema of the next version, on which verification goes on.
// Nothing else is: an event may need more there, so that no event tells of refused uses.
func TestUsesOnTheNextSchema(t *testing.T) {
	p := newPopulated(t)
	s := service.Open(service.Options{Database: p.path, Now: p.now, Follow: true})
	wantVerified(t, "before the migration", s, p.current, p.now(), true)
	execute(t, p.path, fmt.Sprintf(`ALTER TABLE access_tokens ADD COLUMN novelty TEXT NOT NULL DEFAULT '';
		PRAGMA user_version = %d`, store.SchemaVersion+1))
	wantVerified(t, "after it", s, p.current, p.now(), true)
	uses, events := numberIn(t, p.path, `SELECT use_count FROM access_tokens`), numberIn(t, p.path, `SELECT count(*) FROM events`)
	s.RecordUse(p.token.ID, p.token.Secret.Version, p.now())
	s.RecordRefusedUse(p.token.ID, p.token.Secret.Version, p.now())
	if _, err := s.FlushUses(t.Context()); err != nil {
		t.Errorf("a flush: %v", err)
	}
	s.RecordUse(p.token.ID, p.token.Secret.Version, p.now())
	if _, err := s.As(anna).HoldAccessToken(background, p.token.ID, "leaked"); tokens.ErrorCode(err) != tokens.CodeUnavailable {
		t.Errorf("a change: got %v, want CodeUnavailable", err)
	}
	if err := s.Close(); err != nil {
		t.Errorf("the end: %v", err)
	}
	if got := numberIn(t, p.path, `SELECT use_count FROM access_tokens`); got != uses+2 {
		t.Errorf("%d uses were written, want 2", got-uses)
	}
	if got := numberIn(t, p.path, `SELECT count(*) FROM secrets WHERE last_used_at IS NOT NULL`); got != 1 {
		t.Errorf("%d secrets have a last use, want 1", got)
	}
	if got := numberIn(t, p.path, `SELECT count(*) FROM events`); got != events {
		t.Errorf("%d events were written, want none", got-events)
	}

	execute(t, p.path, fmt.Sprintf(`PRAGMA user_version = %d; CREATE TABLE novelties (id TEXT)`, store.SchemaVersion+2))
	s = service.Open(service.Options{Database: p.path, Now: p.now})
	s.RecordUse(p.token.ID, p.token.Secret.Version, p.now())
	if err := s.Close(); tokens.ErrorCode(err) != tokens.CodeUnavailable {
		t.Errorf("uses on a schema two versions newer: got %v, want CodeUnavailable", err)
	}
}

// numberIn returns the number that a query finds in a database.
func numberIn(t *testing.T, database, query string) (number int64) {
	t.Helper()
	db, err := sql.Open("sqlite", database)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.QueryRowContext(background, query).Scan(&number); err != nil {
		t.Fatal(err)
	}
	return number
}
