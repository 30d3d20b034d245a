package service_test

import (
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/backendtest"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/service"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// Pruning deletes the events before a time, but not those at it, and a new event says how many it deleted.
func TestPruneEvents(t *testing.T) {
	clock := backendtest.NewClock()
	database := filepath.Join(t.TempDir(), "latchkey.db")
	b := open(t, database, clock.Now)
	for _, name := range []string{"first", "second"} {
		if _, err := b.CreateGroup(background, groupRequest(name)); err != nil {
			t.Fatal(err)
		}
		clock.Advance(time.Hour)
	}
	before := clock.Instant()
	newMember(t, b, "olga@example.com", tokens.RoleOwner)
	newMember(t, b, "adam@example.com", tokens.RoleAdministrator)
	clock.Advance(time.Hour)
	as := func(email string) *service.Backend {
		return openWith(t, service.Options{Database: database, Now: clock.Now}).As(annaAs(email))
	}
	all := eventsOf(t, b)

	for _, refusal := range []struct {
		email  string
		before time.Time
		code   tokens.Code
	}{
		{"adam@example.com", before, tokens.CodeForbidden},
		{"nobody@example.com", before, tokens.CodeForbidden},
		{"olga@example.com", clock.Now().Add(time.Second), tokens.CodeInvalid},
		{"adam@example.com", clock.Now().Add(time.Second), tokens.CodeForbidden},
	} {
		number, err := as(refusal.email).PruneEvents(background, refusal.before)
		if tokens.ErrorCode(err) != refusal.code || number != 0 {
			t.Errorf("as %s: got %d, %v; want the code %s", refusal.email, number, err, refusal.code)
		}
		events := eventsOf(t, b)
		if last := events[len(events)-1]; len(events) != len(all)+1 ||
			last.Action != tokens.ActionEventPrune || last.Outcome != tokens.OutcomeRefused {
			t.Errorf("as %s: the events end with %+v", refusal.email, last)
		}
		all = events
	}

	number, err := as("olga@example.com").PruneEvents(background, before)
	if err != nil || number != 3 { // the database and two groups
		t.Errorf("got %d, %v; want 3", number, err)
	}
	left := eventsOf(t, b)
	if !reflect.DeepEqual(left[:len(left)-1], all[3:]) {
		t.Errorf("left are %+v", left)
	}
	last := left[len(left)-1]
	if last.Action != tokens.ActionEventPrune || last.Actor != "olga@example.com" || last.Outcome != tokens.OutcomeDone ||
		last.Detail != "3 events before "+tokens.FormatTimestamp(before) {
		t.Errorf("the last event is %+v", last)
	}

	// There is nothing left to delete, and nothing to tell of.
	if number, err := b.PruneEvents(background, before); err != nil || number != 0 {
		t.Errorf("once more: got %d, %v", number, err)
	}
	if again := eventsOf(t, b); !reflect.DeepEqual(again, left) {
		t.Errorf("once more: left are %+v", again)
	}
	if number, err := b.PruneEvents(background, clock.Instant()); err != nil || number != int64(len(left)-5) {
		t.Errorf("until now: got %d, %v; want all but the refusals and the prune of this instant", number, err)
	}
}
