package store

import (
	"context"
	"math"
	"slices"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// Events returns the events that the query selects, the oldest first.
func (v View) Events(ctx context.Context, query tokens.EventQuery) ([]tokens.Event, error) {
	const columns = `SELECT id, at, actor, action, object_id, object_name, outcome, detail FROM events `
	const latest = ` ORDER BY number DESC LIMIT `
	scan := func(row scanner) (e tokens.Event, err error) {
		err = row.Scan(&e.ID, instant{&e.At}, &e.Actor, &e.Action, &e.ObjectID, &e.ObjectName, &e.Outcome, &e.Detail)
		return e, err
	}
	limit, since := query.Limit, int64(math.MinInt64)
	if limit == 0 {
		limit = math.MaxInt
	}
	if !query.Since.IsZero() {
		since = query.Since.UnixMicro()
	}
	var events []tokens.Event
	var err error
	if query.ObjectID == "" {
		events, err = list(ctx, v.q, scan, columns+`WHERE at >= $1`+latest+`$2`, since, limit)
	} else {
		events, err = list(ctx, v.q, scan, columns+`WHERE at >= $1 AND object_id = $2`+latest+`$3`, since, query.ObjectID, limit)
	}
	slices.Reverse(events)
	return events, err
}

// InsertEvent writes an event.
func (t Tx) InsertEvent(ctx context.Context, e tokens.Event) error {
	return t.exec(ctx, `INSERT INTO events (id, at, actor, action, object_id, object_name, outcome, detail) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		e.ID, microseconds(e.At), string(e.Actor), string(e.Action), e.ObjectID, e.ObjectName, string(e.Outcome), e.Detail)
}

// DeleteEvents deletes the events before an instant and returns how many there were.
func (t Tx) DeleteEvents(ctx context.Context, before time.Time) (int64, error) {
	result, err := t.e.ExecContext(ctx, `DELETE FROM events WHERE at < $1`, before.UnixMicro())
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}
