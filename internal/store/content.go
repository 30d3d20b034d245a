package store

import (
	"context"
	"math"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// Content is what a database holds, for whoever examines or copies it. What could not be found is zero.
type Content struct {
	Database tokens.Database
	// SchemaVersion is that of the database.
	SchemaVersion int
	// RowsChecked means that every row was read. Unsound lists those that this program can't have written.
	RowsChecked bool
	Unsound     []string
	// Counts holds how many objects there are of each kind.
	Counts []tokens.ObjectCount
	// EphemeralEnds are when the ephemeral tokens end; nil where the schema knows none yet.
	EphemeralEnds []time.Time
	// Mark is that of the last change; without a serial where none was counted.
	Mark tokens.Mark
	// Head is that of its history; zero where events have no hashes yet. Broken is the first event that does not fit; nil if
	// all do.
	Head   tokens.Head
	Broken *tokens.BrokenLink
	// LastEvent is the newest one.
	LastEvent tokens.Event
	// MovedTo is where it was moved to; empty for one that is in use.
	MovedTo string
}

// rolesSince is the version of the schema from which on there are custom roles.
const rolesSince = 2

// ephemeralSince is the version of the schema from which on there are ephemeral tokens.
const ephemeralSince = 14

// ephemeralEnds returns when the ephemeral tokens end; an empty list where there are none.
func (v View) ephemeralEnds(ctx context.Context) ([]time.Time, error) {
	ends, err := list(ctx, v.q, func(row scanner) (end time.Time, err error) {
		err = row.Scan(instant{&end})
		return end, err
	}, `SELECT secret_ends_at FROM access_tokens WHERE ephemeral`)
	if ends == nil {
		ends = []time.Time{}
	}
	return ends, err
}

// Inspect fills in what the database holds, beside its identity and its version. unsoundMigrated does what Unsound does for
// an older version of the schema, and reports whether it could.
func (v View) Inspect(ctx context.Context, c *Content, unsoundMigrated func() ([]string, bool, error)) (err error) {
	*c = Content{Database: c.Database, SchemaVersion: c.SchemaVersion} // a look before may have got half-way
	if c.MovedTo, err = v.MovedTo(ctx); err != nil {
		return err
	}
	for _, counted := range []struct{ table, noun string }{
		{"groups", "group"}, {"roles", "custom role"}, {"members", "member"},
		{"technical_users", "technical user"}, {"access_tokens", "access token"},
		{"token_shares", "token share"}, {"events", "event"},
	} {
		if counted.table == "roles" && v.schema < rolesSince {
			continue
		}
		number, _, err := find(ctx, v.q, scanCount, `SELECT count(*) FROM `+counted.table)
		if err != nil {
			return err
		}
		c.Counts = append(c.Counts, tokens.ObjectCount{Noun: counted.noun, Number: number})
	}
	if v.schema >= ephemeralSince {
		if c.EphemeralEnds, err = v.ephemeralEnds(ctx); err != nil {
			return err
		}
	}
	c.RowsChecked = true
	if v.schema == SchemaVersion {
		c.Unsound, err = v.Unsound(ctx)
	} else {
		c.Unsound, c.RowsChecked, err = unsoundMigrated()
	}
	if err != nil || !c.RowsChecked || len(c.Unsound) > 0 {
		c.RowsChecked = c.RowsChecked && err == nil
		return err
	}
	c.Mark = tokens.Mark{Database: v.database.ID}
	if HasMarks(v.schema) {
		past, err := v.Past(ctx, tokens.Mark{})
		if err != nil {
			return err
		}
		c.Mark = past.Newest
	}
	if v.hasHashes() {
		history, err := v.History(ctx, tokens.Head{})
		if err != nil {
			return err
		}
		c.Head, c.Broken = history.Head, history.Broken
	}
	events, err := v.Events(ctx, EventSelection{EventQuery: tokens.EventQuery{Limit: 1}, Audience: Audience{All: true}})
	if len(events) > 0 {
		c.LastEvent = events[0].Event
	}
	return err
}

func scanCount(row scanner) (n int64, err error) {
	err = row.Scan(count{&n})
	return n, err
}

// Beyond counts what a database holds and another one, such as an older copy of it, does not: changes, and events. A mark, and
// the hash of an event, are random and cover what was before; so what both have is what comes up to the last they share.
func (v View) Beyond(ctx context.Context, other View) (changes, events int64, err error) {
	shared, err := sharedUpTo(ctx, v, other, `marks`, `serial`, `mark`)
	if err == nil {
		changes, _, err = find(ctx, v.q, scanCount, `SELECT count(*) FROM marks WHERE serial > $1`, shared)
	}
	if err == nil {
		shared, err = sharedUpTo(ctx, v, other, `events`, `number`, `hash`)
	}
	if err == nil {
		events, _, err = find(ctx, v.q, scanCount, `SELECT count(*) FROM events WHERE number > $1`, shared)
	}
	return changes, events, err
}

// sharedUpTo returns the highest number at which two databases have the same value. Those that one of them has pruned count as
// shared.
func sharedUpTo(ctx context.Context, a, b View, table, number, value string) (shared int64, err error) {
	above := int64(math.MaxInt64)
	for _, v := range []View{a, b} {
		first, _, err := find(ctx, v.q, scanCount, `SELECT coalesce(min(`+number+`), 1) FROM `+table)
		if err != nil {
			return 0, err
		}
		last, _, err := find(ctx, v.q, scanCount, `SELECT coalesce(max(`+number+`), 0) FROM `+table)
		if err != nil {
			return 0, err
		}
		shared, above = max(shared, first-1), min(above, last+1)
	}
	for above-shared > 1 {
		middle := shared + (above-shared)/2
		var values [2]string
		for i, v := range []View{a, b} {
			if values[i], _, err = find(ctx, v.q, scanText, `SELECT `+value+` FROM `+table+` WHERE `+number+` = $1`, middle); err != nil {
				return 0, err
			}
		}
		if values[0] == values[1] {
			shared = middle
		} else {
			above = middle
		}
	}
	return shared, nil
}
