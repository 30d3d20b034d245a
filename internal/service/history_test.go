package service_test

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/backendtest"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/service"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// withoutHashes gives a file the schema from before events had hashes.
const withoutHashes = `ALTER TABLE events DROP COLUMN hash;
	ALTER TABLE database DROP COLUMN event_number; ALTER TABLE database DROP COLUMN event_hash;
	ALTER TABLE database DROP COLUMN checkpoint_number; ALTER TABLE database DROP COLUMN checkpoint_hash;
	ALTER TABLE database DROP COLUMN earlier_events; ALTER TABLE database DROP COLUMN moved_to;
	DROP INDEX access_tokens_ephemeral; ALTER TABLE access_tokens DROP COLUMN ephemeral; `

// eventColumns are the columns that the hash of an event covers.
var eventColumns = []string{
	"id", "at", "actor", "action", "claimed_run", "object_id", "object_name", "outcome", "detail", "details",
}

// Whatever somebody does to the events in the file is found, and the first event that it concerns is named. Who computes
// every hash anew is found by a head that was kept elsewhere.
func TestHistoryCannotBeRewrittenUnseen(t *testing.T) {
	historyCannotBeRewritten(t, func() rewritable {
		path := filepath.Join(t.TempDir(), "latchkey.db")
		return rewritable{path, func() (*sql.DB, error) { return sql.Open("sqlite", path) }, `PRAGMA user_version = 11`}
	})
}

// rewritable is a place for a database that somebody can write by SQL.
type rewritable struct {
	database string
	connect  func() (*sql.DB, error)
	// old has the database say that its schema is that from before events had hashes.
	old string
}

func historyCannotBeRewritten(t *testing.T, newPlace func() rewritable) {
	t.Helper()
	rapid.Check(t, func(r *rapid.T) {
		h := newHistory(t, newPlace(), r)
		h.check(tokens.Head{}, nothingWrong)
		for _, head := range h.kept {
			h.check(head, nothingWrong)
		}
		all := h.numbers()
		chained := slices.DeleteFunc(slices.Clone(all), func(n int64) bool { return n <= h.whole.Checkpoint.Number })
		if len(chained) == 0 {
			r.Skip("nothing was written since the upgrade")
		}
		pick := func(of []int64) int64 { return rapid.SampledFrom(of).Draw(r, "event") }
		first := func(n int64) int64 { return max(n, h.whole.Checkpoint.Number) } // earlier ones are found together
		known := h.kept[len(h.kept)-1]
		switch rapid.SampledFrom([]string{
			"change", "forge a hash", "delete", "swap", "insert", "cut the end", "cut the end and its count", "cut the beginning",
			"recompute", "take the hashes away",
		}).Draw(r, "attack") {
		case "change":
			n, column := pick(all), rapid.SampledFrom(eventColumns).Draw(r, "column")
			change := column + ` || 'x'`
			if column == "at" {
				change = `at + 1`
			}
			h.execute(fmt.Sprintf(`UPDATE events SET %s = %s WHERE number = %d`, column, change, n))
			h.check(tokens.Head{}, first(n))
		case "forge a hash":
			n := pick(chained)
			h.execute(fmt.Sprintf(`UPDATE events SET hash = replace(hash, substr(hash, 1, 1), 'f') || ' ' WHERE number = %d`, n))
			h.check(tokens.Head{}, n)
		case "delete":
			gone := rapid.SliceOfNDistinct(rapid.SampledFrom(all), 1, len(all), rapid.ID).Draw(r, "events")
			for _, n := range gone {
				h.execute(fmt.Sprintf(`DELETE FROM events WHERE number = %d`, n))
			}
			h.check(tokens.Head{}, first(slices.Min(gone)))
		case "swap":
			if len(all) < 2 {
				r.Skip("one event has nothing to be swapped with")
			}
			two := rapid.SliceOfNDistinct(rapid.SampledFrom(all), 2, 2, rapid.ID).Draw(r, "events")
			h.execute(fmt.Sprintf(`CREATE TEMP TABLE two AS SELECT * FROM events WHERE number IN (%[2]d, %[3]d);
				UPDATE events SET (hash, %[1]s) = (SELECT hash, %[1]s FROM two WHERE two.number = %[2]d + %[3]d - events.number)
					WHERE number IN (%[2]d, %[3]d)`, strings.Join(eventColumns, ", "), two[0], two[1]))
			h.check(tokens.Head{}, first(slices.Min(two)))
		case "insert":
			n := pick(all)
			at := rapid.SampledFrom([]int64{0, -7, h.whole.Head.Number + 1, h.whole.Head.Number + 5}).Draw(r, "number")
			columns := strings.Join(eventColumns, ", ")
			h.execute(fmt.Sprintf(`INSERT INTO events (number, hash, %[1]s) SELECT %[2]d, hash, %[1]s FROM events WHERE number = %[3]d`,
				columns, at, n))
			if at <= 0 && h.whole.Earlier > 0 {
				at = h.whole.Checkpoint.Number
			}
			h.check(tokens.Head{}, at)
		case "cut the end":
			n := pick(chained)
			h.execute(fmt.Sprintf(`DELETE FROM events WHERE number >= %d`, n))
			h.check(tokens.Head{}, n)
		case "cut the end and its count":
			n := pick(chained)
			h.execute(fmt.Sprintf(`DELETE FROM events WHERE number >= %d; UPDATE database SET event_number = %d,
				event_hash = coalesce((SELECT nullif(hash, '') FROM events WHERE number = %[2]d), checkpoint_hash)`, n, n-1))
			h.check(known, n)
		case "cut the beginning":
			n := pick(chained)
			h.execute(fmt.Sprintf(`UPDATE database SET checkpoint_number = %d, earlier_events = 0,
				checkpoint_hash = (SELECT hash FROM events WHERE number = %[1]d); DELETE FROM events WHERE number <= %[1]d`, n))
			h.check(tokens.Head{}, n)
		case "take the hashes away":
			n := pick(all)
			h.execute(withoutHashes + h.old + fmt.Sprintf(`; UPDATE events SET actor = 'local:nobody@nowhere' WHERE number = %d`, n))
			h.open()
			for range 2 { // before the next change, and after it
				h.check(tokens.Head{}, nothingWrong)
				for _, head := range h.kept {
					isPruned := h.whole.Checkpoint.Number > 0 && h.whole.Earlier == 0
					if head.Number < n && !isPruned {
						h.check(head, nothingWrong)
					} else {
						h.check(head, head.Number)
					}
				}
				if _, err := h.backend.CreateGroup(background, groupRequest("after")); err != nil && tokens.ErrorCode(err) != tokens.CodeConflict {
					h.Fatal(err)
				}
			}
		case "recompute":
			n := pick(chained)
			h.execute(fmt.Sprintf(`UPDATE events SET detail = 'all is well' WHERE number = %d`, n))
			h.recompute()
			h.check(tokens.Head{}, nothingWrong)
			for _, head := range h.kept {
				if head.Number < n {
					h.check(head, nothingWrong)
				} else {
					h.check(head, head.Number)
				}
			}
		}
	})
}

// history is a database with events of all kinds.
type history struct {
	*rapid.T
	rewritable
	backend *service.Backend
	now     func() time.Time
	whole   tokens.History
	// kept are heads that were told as it grew, and are not pruned; the newest one is last.
	kept []tokens.Head
}

// newHistory makes a database at random: with changes and refusals, upgraded or not, pruned or not.
func newHistory(t testing.TB, at rewritable, r *rapid.T) *history {
	clock := backendtest.NewClock()
	h := &history{T: r, rewritable: at, now: clock.Now}
	h.open()
	must := func(err error) {
		if err != nil {
			r.Fatal(err)
		}
	}
	_, err := h.backend.CreateGroup(background, groupRequest("first"))
	must(err)
	for i := range rapid.IntRange(1, 12).Draw(r, "steps") {
		clock.Advance(time.Minute)
		switch rapid.SampledFrom([]string{"change", "change", "refusal", "keep", "prune", "upgrade"}).Draw(r, "step") {
		case "change": // leaves two events
			_, err := h.backend.CreateAccessToken(background, newRequest(t, fmt.Sprintf("token-%d", i), ""))
			must(err)
		case "refusal":
			if err := h.backend.DeleteGroup(background, tokens.NewID(tokens.KindGroup, clock.Now())); err == nil {
				r.Fatal("a group that is not there was deleted")
			}
		case "keep":
			h.keep()
		case "prune":
			clock.Advance(time.Minute)
			_, err := h.backend.PruneEvents(background, clock.Instant().Add(-time.Duration(rapid.IntRange(0, 9).Draw(r, "age"))*time.Minute))
			must(err)
		case "upgrade":
			h.execute(withoutHashes + h.old)
			h.kept = nil // nobody was told any
			_, err := h.backend.CreateGroup(background, groupRequest(fmt.Sprintf("group-%d", i)))
			must(err)
		}
	}
	h.keep()
	h.kept = slices.DeleteFunc(h.kept, func(head tokens.Head) bool { return head.Number < h.whole.Checkpoint.Number })
	return h
}

// open opens the database anew.
func (h *history) open() {
	s := service.Open(service.Options{Database: h.database, Now: h.now})
	h.Cleanup(func() { _ = s.Close() })
	h.backend = s.As(anna)
}

// keep takes down the head.
func (h *history) keep() {
	var err error
	if h.whole, err = h.backend.VerifyHistory(background, tokens.Head{}); err != nil {
		h.Fatal(err)
	}
	h.kept = append(h.kept, h.whole.Head)
}

// nothingWrong is the number of the first wrong event where there is none.
const nothingWrong = -1

// check verifies the history against a head, zero for none. The first event that is wrong has the number.
func (h *history) check(known tokens.Head, number int64) {
	h.Helper()
	got, err := h.backend.VerifyHistory(background, known)
	switch {
	case err != nil:
		h.Fatal(err)
	case number == nothingWrong && got.Broken != nil:
		h.Fatalf("compared with %v: %s", known, got.Broken)
	case number != nothingWrong && (got.Broken == nil || got.Broken.Number != number):
		h.Fatalf("compared with %v: got %v, want event %d", known, got.Broken, number)
	}
}

// execute runs SQL on the database, as another program would.
func (h *history) execute(statements string) {
	h.Helper()
	db, err := h.connect()
	if err != nil {
		h.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(background, statements); err != nil {
		h.Fatal(err)
	}
}

// numbers returns those of all events.
func (h *history) numbers() (all []int64) {
	for _, row := range h.rows() {
		all = append(all, row.number)
	}
	return all
}

// eventRow is a row of events, with the texts of eventColumns.
type eventRow struct {
	number int64
	texts  []string
}

func (h *history) rows() (all []eventRow) {
	db, err := h.connect()
	if err != nil {
		h.Fatal(err)
	}
	defer db.Close()
	rows, err := db.QueryContext(background, `SELECT number, `+strings.Join(eventColumns, ", ")+` FROM events ORDER BY number`)
	if err != nil {
		h.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		row := eventRow{texts: make([]string, len(eventColumns))}
		dest := []any{&row.number}
		for i := range row.texts {
			dest = append(dest, &row.texts[i])
		}
		if err := rows.Scan(dest...); err != nil {
			h.Fatal(err)
		}
		all = append(all, row)
	}
	if err := rows.Err(); err != nil {
		h.Fatal(err)
	}
	return all
}

// recompute makes all hashes of the chain fit again, as whoever can write the file can.
func (h *history) recompute() {
	head := h.whole.Checkpoint
	for _, row := range h.rows() {
		if row.number <= head.Number {
			continue
		}
		head = head.Next(tokens.TextsDigest(row.texts...))
		h.execute(fmt.Sprintf(`UPDATE events SET hash = '%s' WHERE number = %d`, head.Hash, head.Number))
	}
	h.execute(fmt.Sprintf(`UPDATE database SET event_number = %d, event_hash = '%s'`, head.Number, head.Hash))
}

// A row of the database that counts wrongly is a clear error, and so is one that is there twice: nothing is changed.
func TestMiscountedHistory(t *testing.T) {
	t.Run("SQLite", func(t *testing.T) {
		miscountHistory(t, filepath.Join(t.TempDir(), "latchkey.db"), execute)
	})
}

func miscountHistory(t *testing.T, database string, execute func(t *testing.T, database, statements string)) {
	t.Helper()
	clock := backendtest.NewClock()
	if _, err := open(t, database, clock.Now).CreateGroup(background, groupRequest("payments")); err != nil {
		t.Fatal(err)
	}
	clock.Advance(time.Hour)
	for _, test := range []struct {
		change, undo, want string
		prune              bool
	}{
		{
			`UPDATE database SET event_number = 1`, `UPDATE database SET event_number = 2`,
			"it counts fewer events or changes than there are", false,
		},
		{
			`UPDATE database SET serial = 0, changed_at = NULL`, `UPDATE database SET serial = 1, changed_at = created_at`,
			"it counts fewer events or changes than there are", false,
		},
		{
			`INSERT INTO database (id, organization, created_at) VALUES ('db_06g00000000000000000000000', 'acme', 1)`,
			`DELETE FROM database WHERE created_at = 1`, "identit", false,
		},
		{`UPDATE events SET hash = '' WHERE number = 2`, ``, "event 2 of the audit log", true},
	} {
		execute(t, database, test.change)
		b := open(t, database, clock.Now)
		var err error
		if test.prune {
			_, err = b.PruneEvents(background, clock.Now())
		} else {
			_, err = b.CreateGroup(background, groupRequest("billing"))
		}
		if tokens.ErrorCode(err) != tokens.CodeUnavailable || !strings.Contains(err.Error(), test.want) ||
			!strings.Contains(err.Error(), "restore it") || strings.Contains(err.Error(), "UNIQUE") {
			t.Errorf("%s: got %v", test.change, err)
		}
		if test.undo != "" {
			execute(t, database, test.undo)
		}
		if page, err := open(t, database, clock.Now).Groups(background); len(page) != 1 {
			t.Errorf("%s: there are %d groups, %v", test.change, len(page), err)
		}
	}
}
