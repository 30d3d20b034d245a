package store

import (
	"context"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// Closing is what a transaction writes last, where others wait for it: its events, as the next links of the chain and, where
// it counts as a change, the serial with its mark and the objects that it touched.
type Closing struct {
	// Counted means that it is a change.
	Counted bool
	// At is the time of the change in microseconds, unless the one before was later.
	At int64
	// Mark is the value of the mark under the serial.
	Mark    string
	Touched []ChangedObject
	Events  []ClosingEvent
}

// ClosingEvent is an event that becomes the next link.
type ClosingEvent struct {
	// Digest covers what the event says.
	Digest string
	// Values are those of the columns EventColumns.
	Values []any
}

// EventColumns are the columns of an event beside its number and its hash.
const EventColumns = `id, at, actor, action, claimed_run, object_id, object_name, outcome, detail, details`

// Closer writes the closing of a transaction by one statement and commits it, in one go: each moment between would be one for
// which everybody else waits.
type Closer interface {
	Close(ctx context.Context, c Closing) (tokens.Mark, error)
}

// ClosedBy returns the transaction, whose closing a closer writes. Nothing may come after that.
func (t Tx) ClosedBy(c Closer) Tx {
	t.closer = c
	return t
}

// close writes the closing of a transaction.
func (t Tx) close(ctx context.Context, c Closing) (tokens.Mark, error) {
	if t.closer != nil {
		return t.closer.Close(ctx, c)
	}
	head, err := t.Head(ctx)
	if err == nil {
		head, err = t.link(ctx, head, c.Events...)
	}
	if err != nil {
		return tokens.Mark{}, err
	}
	if !c.Counted {
		_, err := t.execBeside(ctx, `UPDATE database SET event_number = $1, event_hash = $2`, head.Number, head.Hash)
		return tokens.Mark{}, err
	}
	m, ok, err := find(ctx, t.q, ScanMark, `UPDATE database SET serial = serial + 1,
		changed_at = CASE WHEN changed_at >= $1 THEN changed_at + 1 ELSE $1 END, event_number = $2, event_hash = $3
		RETURNING id, serial, changed_at`, c.At, head.Number, head.Hash)
	if err == nil && !ok {
		err = noDatabaseRow(t.database)
	}
	if err != nil {
		return m, err
	}
	m.Value = c.Mark
	if err := t.exec(ctx, `INSERT INTO marks (serial, mark) VALUES ($1, $2)`, m.Serial, m.Value); err != nil {
		return m, t.explainTaken(ctx, err, `SELECT mark FROM marks WHERE serial = $1`, m.Serial)
	}
	return m, t.insertChanges(ctx, m.Serial, c.Touched)
}

// ScanMark reads what an update of the row of database returns: its identifier, the serial and the time of the change.
func ScanMark(row scanner) (m tokens.Mark, err error) {
	err = row.Scan(textTo(&m.Database), count{&m.Serial}, someInstant{&m.At})
	return m, checkedRow(tokens.KindDatabase, m.Database, err)
}

// raise counts a change that was made at a time, left events and touched some objects, and returns the mark that it left. Each
// change has a later time than the one before, by a microsecond where the clock doesn't say so: what comes after a
// KnowEarlierMarks must not be taken for what came before. It is last in its transaction: where several go on at once, those
// that come after it wait.
func (t Tx) raise(ctx context.Context, at time.Time, events []tokens.Event, touched ...ChangedObject) (tokens.Mark, error) {
	return t.close(ctx, Closing{
		Counted: true, At: at.UnixMicro(), Mark: tokens.NewMarkValue(), Touched: touched, Events: closingEvents(events),
	})
}

// closingEvents returns events as they are written.
func closingEvents(events []tokens.Event) []ClosingEvent {
	all := make([]ClosingEvent, len(events))
	for i, e := range events {
		all[i] = ClosingEvent{tokens.TextsDigest(eventTexts(e)...), []any{
			e.ID, e.At.UnixMicro(), string(e.Actor), string(e.Action), e.ClaimedRun, e.ObjectID, e.ObjectName, string(e.Outcome),
			e.Detail, detailsColumn(e.Details),
		}}
	}
	return all
}
