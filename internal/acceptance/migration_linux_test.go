package acceptance

import (
	"cmp"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/store/postgres/pgtest"
)

// at returns the workspace whose commands work on another database.
func (w *workspace) at(database string) *workspace {
	other := *w
	other.database = database
	return &other
}

// TestMovedServers moves the database of a server to where another one waits for it, and back. The one says that it can't tell any
// more, and the other one goes on, with no value that is good at neither and none that is stopped at one of them alone.
func TestMovedServers(t *testing.T) {
	w := newServedWorkspace(t)
	owner := w.owner()
	value, stopped := issue(t, owner, nil), issue(t, owner, nil)
	there := w.at(pgtest.Address(t))
	before := w.serve()
	if got := before.judge(authenticate, value.value); got.status != http.StatusOK {
		t.Fatalf("before the move: %d", got.status)
	}
	after := there.startAt(freeAddress(t))
	after.eventually("the server without a database is not ready", func() bool {
		return after.get("/readyz", "").status == http.StatusServiceUnavailable
	})

	w.latchkey("migrate", "--to", there.database).exits(0)
	before.eventually("the old server can't tell any more", func() bool {
		return before.get(authenticate, value.value).status == http.StatusServiceUnavailable
	})
	if got := before.get("/readyz", ""); got.status != http.StatusServiceUnavailable || !strings.Contains(got.body, "was moved to") {
		t.Errorf("/readyz of the old server: %d %s", got.status, got.body)
	}
	after.eventually("the new server is ready", func() bool { return after.get("/readyz", "").status == http.StatusOK })
	if got := after.judge(authenticate, value.value); got.status != http.StatusOK {
		t.Errorf("at the new server: %d", got.status)
	}
	there.latchkey("token", "hold", stopped.ID, "--reason", "it was seen").exits(0)

	there.latchkey("migrate", "--to", w.databasePath()).exits(0)
	after.eventually("the new server can't tell any more", func() bool {
		return after.get(authenticate, value.value).status == http.StatusServiceUnavailable
	})
	before.eventually("the old server goes on", func() bool { return before.get("/readyz", "").status == http.StatusOK })
	for _, test := range []struct {
		value  string
		status int
	}{{value.value, http.StatusOK}, {stopped.value, http.StatusUnauthorized}} {
		if got := before.judge(authenticate, test.value); got.status != test.status {
			t.Errorf("at the old server: got %d, want %d", got.status, test.status)
		}
	}
}

// TestKilledMigration kills migrations from a file to PostgreSQL and back at random moments. At most one of both places takes
// changes afterwards, the same command completes the migration, and what was acknowledged is never lost.
func TestKilledMigration(t *testing.T) {
	w := newServedWorkspace(t)
	random := newRandom(t)
	owner := w.owner()
	var deploy string
	for range 50 { // so that the copying takes a moment
		deploy = issue(t, owner, nil).ID
	}
	acknowledged := "" // the last description of the token
	places := []*workspace{w, w.at(pgtest.Address(t))}
	slowest := time.Duration(0)
	killed := 0
	for round := range rounds(12, 200) {
		from, to := places[round%2], places[(round+1)%2]
		cmd := from.command(binary(t), "migrate", "--from", from.databasePath(), "--to", to.databasePath())
		began := time.Now()
		w.must(cmd.Start())
		within := cmp.Or(slowest, 300*time.Millisecond)
		timer := time.AfterFunc(time.Duration(random.Int64N(int64(within+within/10))), func() { _ = cmd.Process.Kill() })
		if err := cmd.Wait(); err == nil {
			slowest = max(slowest, time.Since(began))
		} else {
			killed++
		}
		timer.Stop()

		taken := 0
		for i, place := range places {
			if random.IntN(2) == 0 {
				continue
			}
			text := fmt.Sprintf("round %d at %d", round, i)
			if place.latchkey("token", "edit", deploy, "--description", text).code == 0 {
				taken++
				acknowledged = text
			}
		}
		if taken > 1 {
			t.Fatalf("round %d: both places took a change", round)
		}
		if done := from.latchkey("migrate", "--to", to.databasePath()); done.code != 0 {
			done.says("was moved to") // by the command that was killed too late, or not at all
		}
	}
	final := places[rounds(12, 200)%2]
	final.latchkey("doctor").exits(0)
	final.latchkey("event", "verify").exits(0)
	final.latchkey("token", "show", deploy).exits(0).says(acknowledged)
	if killed == 0 {
		t.Error("no migration was killed")
	}
	t.Logf("%d of %d migrations were killed; the slowest took %s", killed, rounds(12, 200), slowest)
}
