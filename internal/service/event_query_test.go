package service_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/backendtest"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// What the database answers to any query is what the rule selects of all events: for an owner, and of what a member may
// know for that.
func TestEventsFollowTheRule(t *testing.T) {
	eventsFollowTheRule(t, filepath.Join(t.TempDir(), "latchkey.db"), execute)
}

func eventsFollowTheRule(t *testing.T, database string, execute func(t *testing.T, database, statements string)) {
	t.Helper()
	clock := backendtest.NewClock()
	b := open(t, database, clock.Now)
	member := newMember(t, b, "ben@example.com", tokens.RoleAdministrator)
	request := newRequest(t, "deploy", "")
	token, err := b.CreateAccessToken(background, request)
	if err != nil {
		t.Fatal(err)
	}
	userID := token.User.ID
	objects := []string{
		token.ID, userID, tokens.ShareID(token.ID, member.ID), member.ID, tokens.NewID(tokens.KindAccessToken, clock.Now()), "",
	}
	actors := []string{"local:ben@host", "LOCAL:Ben@host", "ben@example.com", "100%", "a_b", `a\b`, "Äda@example.com", ""}
	runs := []string{"", "run 1", "RUN 1", "https://ci.example.com/acme/infra/runs/1", "*", "run_1"}
	patterns := append(slices.Concat(actors, runs), "*", "local:*", "*@*", "*1", "%", "_", "*b*n*", "*b*e*n*@*h*", "k\x00", "äda*",
		"**", "*a*b")
	actions := []string{"", "", "", "", "access_token.*", "*.create", "*", "token_share.update", "ACCESS_TOKEN.HOLD", "*_*.*e*"}
	began := clock.Instant()
	var rows []string
	for i := range 500 {
		action := tokens.Actions()[i*7%len(tokens.Actions())]
		rows = append(rows, fmt.Sprintf(`(%d, '%s', %d, '%s', '%s', '%s', '%s', 'some', '%s', 'what %d')`,
			1000+i, tokens.NewID(tokens.KindEvent, began), began.Add(time.Duration(i*31%60)*time.Second).UnixMicro(),
			actors[i%len(actors)], action, runs[i*5%len(runs)], objects[i*11%len(objects)], tokens.Outcomes()[i%3%2], i))
	}
	execute(t, database, `INSERT INTO events (number, id, at, actor, action, claimed_run, object_id, object_name, outcome, detail)
		VALUES `+strings.Join(rows, ", "))
	clock.Advance(time.Hour)
	ben := actAs(t, database, "ben@example.com", clock.Now)
	all, some := eventsOf(t, b), eventsOf(t, ben)
	if len(some) < 50 || len(some) >= len(all) {
		t.Fatalf("the member knows %d of %d events", len(some), len(all))
	}
	rapid.Check(t, func(t *rapid.T) {
		isSet := func(filter string) bool { return rapid.IntRange(0, 2).Draw(t, "by "+filter) == 0 }
		pattern := func(what string) string {
			if isSet(what) {
				return rapid.SampledFrom(patterns).Draw(t, what)
			}
			return ""
		}
		instant := func(what string) time.Time {
			if isSet(what) {
				seconds := rapid.IntRange(0, 60).Draw(t, what) // of the events, or a little later
				return began.Add(
					time.Duration(seconds)*time.Second + rapid.SampledFrom([]time.Duration{0, 1}).Draw(t, "more"),
				)
			}
			return time.Time{}
		}
		query := tokens.EventQuery{
			ObjectID: rapid.SampledFrom(append(objects, "", "", "", "", "", "", "", "tok_")).Draw(t, "object"),
			Actor:    pattern("actor"), Run: pattern("run"), Action: rapid.SampledFrom(actions).Draw(t, "action"),
			Outcome: rapid.SampledFrom([]tokens.Outcome{"", tokens.OutcomeDone, tokens.OutcomeRefused}).Draw(t, "outcome"),
			Since:   instant("since"), Until: instant("until"),
			Limit: rapid.SampledFrom([]int{0, 1, 3, 1000}).Draw(t, "limit"),
		}
		if query.Validate() != nil {
			return
		}
		backend, known := tokens.Backend(b), all
		if rapid.Bool().Draw(t, "as the member") {
			backend, known = ben, some
		}
		var of string
		if query.ObjectID == token.ID {
			of = userID
		}
		want := slices.DeleteFunc(slices.Clone(known), func(e tokens.Event) bool { return !query.Selects(e, of) })
		if query.Limit > 0 && len(want) > query.Limit {
			want = want[len(want)-query.Limit:]
		}
		got, err := backend.Events(background, query)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(append([]tokens.Event{}, want...), append([]tokens.Event{}, got...)); diff != "" {
			t.Fatalf("%+v (-want +got):\n%s", query, diff)
		}
	})
}

// The details of an event are trusted no more than any other column.
func TestUnsoundEventDetails(t *testing.T) {
	for _, details := range []string{
		`null`, `[]`, `{`, `{} {}`, `{"secret": "x"}`, `{"secret_version": -1}`, `{"secret_version": "1"}`,
		`{"changes": [{"from": "a"}]}`, `{"reason": "` + strings.Repeat("a", 2000) + `"}`,
		`{"changes": [` + strings.Repeat(`{"setting": "a"},`, 40) + `{"setting": "a"}]}`,
		`{"last_used_at": "yesterday"}`,
	} {
		t.Run(details[:min(len(details), 30)], func(t *testing.T) {
			database := filepath.Join(t.TempDir(), "latchkey.db")
			b := open(t, database, backendtest.NewClock().Now)
			if _, err := b.CreateGroup(background, groupRequest("payments")); err != nil {
				t.Fatal(err)
			}
			execute(t, database, `UPDATE events SET details = '`+details+`' WHERE number = 1`)
			if _, err := b.Events(background, tokens.EventQuery{}); tokens.ErrorCode(err) != tokens.CodeUnavailable {
				t.Errorf("got %v, want that it is unavailable", err)
			}
		})
	}
}
