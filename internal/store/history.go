package store

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// historySince is the version of the schema from which on events are links of a chain.
const historySince = 12

// eventTexts are what an event says, as its row holds it, in the order of eventTextColumns.
func eventTexts(e tokens.Event) []string {
	return []string{
		e.ID, strconv.FormatInt(e.At.UnixMicro(), 10), string(e.Actor), string(e.Action), e.ClaimedRun, e.ObjectID, e.ObjectName,
		string(e.Outcome), e.Detail, detailsColumn(e.Details),
	}
}

// eventTextColumns are the columns that the digest of an event covers, in their order, of which the first is its identifier.
const eventTextColumns = `e.id, e.at, e.actor, e.action, e.claimed_run, e.object_id, e.object_name, e.outcome, e.detail, e.details`

// storedText reads any column as a text. What is neither a text nor a whole number becomes one that no such column holds.
type storedText struct{ to *string }

// Scan implements sql.Scanner.
func (s storedText) Scan(column any) error {
	switch v := column.(type) {
	case string:
		*s.to = v
	case int64:
		*s.to = strconv.FormatInt(v, 10)
	default:
		*s.to = fmt.Sprintf("\x00%T %v", v, v)
	}
	return nil
}

// storedEvent is where the row of an event is scanned to.
type storedEvent struct {
	number int64
	texts  [10]string
}

// dest returns where to scan the number and the columns of eventTextColumns to.
func (e *storedEvent) dest() []any {
	dest := []any{&e.number}
	for i := range e.texts {
		dest = append(dest, storedText{&e.texts[i]})
	}
	return dest
}

func (e *storedEvent) digest() string { return tokens.TextsDigest(e.texts[:]...) }

// Head returns the number and the hash of the event that was written last; zero on a schema without hashes.
func (v View) Head(ctx context.Context) (tokens.Head, error) {
	if v.schema < historySince {
		return tokens.Head{}, nil
	}
	scan := func(row scanner) (h tokens.Head, err error) {
		err = row.Scan(count{&h.Number}, textTo(&h.Hash))
		return h, checkedRow(tokens.KindDatabase, v.database.ID, err, checkHead("event", h))
	}
	h, ok, err := find(ctx, v.q, scan, `SELECT event_number, event_hash FROM database`)
	if err == nil && !ok {
		err = noDatabaseRow(v.database)
	}
	return h, err
}

// checkHead checks the two columns of a head.
func checkHead(columns string, h tokens.Head) error {
	if read, err := tokens.ParseHead("", h.String()); err != nil || read != h {
		return &columnError{columns + "_hash", "it does not fit column " + columns + "_number"}
	}
	return nil
}

// noDatabaseRow is the error of a database without its one row.
func noDatabaseRow(d tokens.Database) error {
	return &rowError{rowOf(tokens.KindDatabase, d.ID), "its row is not there"}
}

// link writes events as the next links of the chain behind a head, and returns the head with them.
func (t Tx) link(ctx context.Context, head tokens.Head, events ...tokens.Event) (tokens.Head, error) {
	for _, e := range events {
		head = head.Next(tokens.TextsDigest(eventTexts(e)...))
		_, err := t.execBeside(ctx, `INSERT INTO events
			(number, hash, id, at, actor, action, claimed_run, object_id, object_name, outcome, detail, details)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`, head.Number, head.Hash,
			e.ID, e.At.UnixMicro(), string(e.Actor), string(e.Action), e.ClaimedRun, e.ObjectID, e.ObjectName, string(e.Outcome),
			e.Detail, detailsColumn(e.Details))
		if err != nil {
			return head, err
		}
	}
	return head, nil
}

const (
	selectChain = `SELECT d.event_number, d.event_hash, d.checkpoint_number, d.checkpoint_hash, d.earlier_events`
	// selectLinks selects all events in their order, each with what the row of database says of the chain: one statement sees
	// both as of one moment.
	selectLinks = selectChain + `, e.hash, e.number, ` + eventTextColumns + ` FROM events e CROSS JOIN database d ORDER BY e.number`
)

// chain is what the row of database says of the chain of events.
type chain struct {
	head, checkpoint tokens.Head
	earlier          int64
}

// dest returns where to scan the columns of selectChain to.
func (c *chain) dest() []any {
	return []any{
		count{&c.head.Number}, textTo(&c.head.Hash), count{&c.checkpoint.Number}, textTo(&c.checkpoint.Hash), count{&c.earlier},
	}
}

// check returns the error of the row of the database, if there is one.
func (c chain) check(d tokens.Database, err error) error {
	return checkedRow(tokens.KindDatabase, d.ID, err, checkHead("event", c.head), checkHead("checkpoint", c.checkpoint))
}

// History follows the chain of all events, and compares it with a head that somebody kept; zero for none. CodeInvalid
// where that head is of what was pruned.
func (v View) History(ctx context.Context, known tokens.Head) (tokens.History, error) {
	var check *tokens.HistoryCheck
	begin := func(c chain, err error) error {
		if err = c.check(v.database, err); err == nil {
			check, err = tokens.NewHistoryCheck(c.head, c.checkpoint, c.earlier, known)
		}
		return err
	}
	err := each(ctx, v.q, func(row scanner) error {
		var c chain
		var e storedEvent
		var hash string
		err := row.Scan(slices.Concat(c.dest(), []any{storedText{&hash}}, e.dest())...)
		if check == nil {
			err = begin(c, err)
		}
		if err == nil {
			check.Follow(e.link(hash))
		}
		return err
	}, selectLinks)
	if err == nil && check == nil { // not even the event of its making is there
		err = each(ctx, v.q, func(row scanner) error {
			var c chain
			return begin(c, row.Scan(c.dest()...))
		}, selectChain+` FROM database d`)
		if err == nil && check == nil {
			err = noDatabaseRow(v.database)
		}
	}
	if err != nil {
		return tokens.History{}, err
	}
	return check.End(), nil
}

// link returns the event as a link of the chain.
func (e *storedEvent) link(hash string) tokens.Link {
	l := tokens.Link{Number: e.number, Digest: e.digest(), Hash: hash}
	l.Event.ID, l.Event.Action, l.Event.Outcome = e.texts[0], tokens.Action(e.texts[3]), tokens.Outcome(e.texts[7])
	if !tokens.IsID(tokens.KindEvent, l.Event.ID) {
		l.Event.ID = "" // it might be anything
	}
	// Details that can't be read are none that a prune leaves.
	_ = details{&l.Event.Details}.Scan(e.texts[9])
	return l
}

// checkHistory refuses a chain of events that is not whole.
func (v View) checkHistory(ctx context.Context) error {
	h, err := v.History(ctx, tokens.Head{})
	if err == nil && h.Broken != nil {
		err = &rowError{"the history", h.Broken.String()}
	}
	return err
}

// DeleteEvents deletes the events before the first one that is not from before an instant, leaves a checkpoint, and returns
// that with the number of events that there were. Those from before the chain are deleted all at once or not at all, since
// one hash covers them.
func (t Tx) DeleteEvents(ctx context.Context, before time.Time) (number int64, checkpoint tokens.Head, err error) {
	var c chain
	scan := func(row scanner) (last tokens.Head, err error) {
		var hash sql.NullString
		err = row.Scan(slices.Concat(c.dest(), []any{count{&last.Number}, nullText{&hash}})...)
		last.Hash = hash.String
		return last, c.check(t.database, err)
	}
	last, ok, err := find(ctx, t.q, scan, selectChain+`, n.last, e.hash FROM database d
		CROSS JOIN (SELECT coalesce(min(number) - 1, (SELECT event_number FROM database)) AS last FROM events WHERE at >= $1) n
		LEFT JOIN events e ON e.number = n.last`, before.UnixMicro())
	switch {
	case err != nil:
		return 0, checkpoint, err
	case !ok:
		return 0, checkpoint, noDatabaseRow(t.database)
	case last.Number < c.checkpoint.Number:
		return 0, c.checkpoint, nil
	case last.Number == c.checkpoint.Number:
		last = c.checkpoint
	}
	if err := checkedRow("", "", checkHead("event", last)); err != nil {
		return 0, checkpoint, err
	}
	result, err := t.execBeside(ctx, `DELETE FROM events WHERE number <= $1`, last.Number)
	if err == nil {
		number, err = result.RowsAffected()
	}
	if err == nil && number > 0 {
		_, err = t.execBeside(ctx, `UPDATE database SET checkpoint_number = $1, checkpoint_hash = $2, earlier_events = 0`,
			last.Number, last.Hash)
	}
	return number, last, err
}

// fillHistory has the chain begin behind the events that were written before there was one.
func (t Tx) fillHistory(ctx context.Context) error {
	var earlier tokens.EarlierEvents
	var last int64
	err := each(ctx, t.q, func(row scanner) error {
		var e storedEvent
		err := row.Scan(e.dest()...)
		last = e.number
		earlier.Add(last, e.digest())
		return err
	}, `SELECT e.number, `+eventTextColumns+` FROM events e ORDER BY e.number`)
	if err != nil || earlier.Number == 0 {
		return err
	}
	head := earlier.Head(last)
	return t.exec(ctx, `UPDATE database SET event_number = $1, event_hash = $2, checkpoint_number = $1, checkpoint_hash = $2,
		earlier_events = $3`, head.Number, head.Hash, earlier.Number)
}
