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
	hash   string
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

// hasHashes reports whether the events that the view reads are links of a chain.
func (v View) hasHashes() bool { return v.schema >= historySince && !v.unfilled }

// Head returns the number and the hash of the event that was written last; zero where events have no hashes yet.
func (v View) Head(ctx context.Context) (tokens.Head, error) {
	if !v.hasHashes() {
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
func (t Tx) link(ctx context.Context, head tokens.Head, events ...ClosingEvent) (tokens.Head, error) {
	for _, e := range events {
		head = head.Next(e.Digest)
		_, err := t.execBeside(ctx, `INSERT INTO events (number, hash, `+EventColumns+`)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`, append([]any{head.Number, head.Hash}, e.Values...)...)
		if err != nil {
			return head, t.explainTaken(ctx, err, `SELECT id FROM events WHERE number = $1`, head.Number)
		}
	}
	return head, nil
}

// explainTaken returns why an event or a mark can't have a number: because the query says that another one has it.
func (t Tx) explainTaken(ctx context.Context, failure error, query string, number int64) error {
	_, taken, err := find(ctx, t.q, scanText, query, number)
	if err != nil || !taken {
		return failure
	}
	return NumberTaken(t.database)
}

// NumberTaken is the error of a database whose row counts fewer events or changes than there are.
func NumberTaken(d tokens.Database) error {
	return &rowError{rowOf(tokens.KindDatabase, d.ID), "columns event_number and serial: it counts fewer events or changes than there are"}
}

const (
	selectChain = `SELECT d.event_number, d.event_hash, d.checkpoint_number, d.checkpoint_hash, d.earlier_events`
	// selectLinks selects all events in their order, each with what the row of database says of the chain: one statement sees
	// both as of one moment.
	selectLinks = selectChain + columnsOfLinks + ` ORDER BY e.number`
	// selectLinksUpTo selects those up to a number, as if the database ended with the hash of that.
	selectLinksUpTo = `SELECT CAST($1 AS BIGINT), CAST($2 AS TEXT), d.checkpoint_number, d.checkpoint_hash, d.earlier_events` + columnsOfLinks +
		` WHERE e.number <= $1 ORDER BY e.number`
	columnsOfLinks = `, e.hash, e.number, ` + eventTextColumns + ` FROM events e CROSS JOIN database d`
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
	if !v.hasHashes() {
		return v.historyOfEarlier(ctx, known)
	}
	check, err := v.follow(ctx, known, selectLinks)
	if err == nil && check == nil { // not even the event of its making is there
		err = each(ctx, v.q, func(row scanner) (err error) {
			var c chain
			err = c.check(v.database, row.Scan(c.dest()...))
			if err == nil {
				check, err = tokens.NewHistoryCheck(c.head, c.checkpoint, c.earlier, known)
			}
			return err
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

// follow follows the links that a query selects; nil where there are none.
func (v View) follow(ctx context.Context, known tokens.Head, query string, args ...any) (check *tokens.HistoryCheck, err error) {
	var c chain
	var e storedEvent
	dest := slices.Concat(c.dest(), []any{storedText{&e.hash}}, e.dest())
	err = each(ctx, v.q, func(row scanner) error {
		err := row.Scan(dest...)
		if check == nil {
			if err = c.check(v.database, err); err == nil {
				check, err = tokens.NewHistoryCheck(c.head, c.checkpoint, c.earlier, known)
			}
		}
		if err == nil {
			check.Follow(e.link())
		}
		return err
	}, query, args...)
	return check, err
}

// link returns the event as a link of the chain.
func (e *storedEvent) link() tokens.Link {
	l := tokens.Link{Number: e.number, EventID: e.texts[0], Digest: e.digest(), Hash: e.hash}
	if !tokens.IsID(tokens.KindEvent, l.EventID) {
		l.EventID = "" // it might be anything
	}
	if e.texts[3] == string(tokens.ActionEventPrune) && e.texts[7] == string(tokens.OutcomeDone) {
		var d tokens.EventDetails
		if (details{&d}).Scan(e.texts[9]) == nil {
			l.Pruned = d.Checkpoint
		}
	}
	return l
}

// historyOfEarlier is History for events that have no hashes yet.
func (v View) historyOfEarlier(ctx context.Context, known tokens.Head) (tokens.History, error) {
	earlier, err := v.earlierEvents(ctx, nil)
	if err != nil {
		return tokens.History{}, err
	}
	check, err := tokens.NewHistoryCheck(earlier.Head(), earlier.Head(), earlier.Number, known)
	if err != nil {
		return tokens.History{}, err
	}
	_, err = v.earlierEvents(ctx, check)
	return check.End(), err
}

// earlierEvents sums up all events, and has a check follow them unless it is nil.
func (v View) earlierEvents(ctx context.Context, check *tokens.HistoryCheck) (all tokens.EarlierEvents, err error) {
	var e storedEvent
	dest := e.dest()
	err = each(ctx, v.q, func(row scanner) error {
		err := row.Scan(dest...)
		all.Add(e.number, e.digest())
		if err == nil && check != nil {
			check.Follow(e.link())
		}
		return err
	}, `SELECT e.number, `+eventTextColumns+` FROM events e ORDER BY e.number`)
	return all, err
}

// Pruned is what was deleted of the audit log.
type Pruned struct {
	// Number is how many events there were.
	Number int64
	// Checkpoint is the head at the last of them.
	Checkpoint tokens.Head
	// Broken is the first of them with which something was wrong; nil if nothing was. Nobody can find it any more.
	Broken *tokens.BrokenLink
}

// DeleteEvents deletes the events before the first one that is not from before an instant, and leaves a checkpoint. Those
// from before the chain are deleted all at once or not at all, since one hash covers them.
func (t Tx) DeleteEvents(ctx context.Context, before time.Time) (p Pruned, err error) {
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
		return p, err
	case !ok:
		return p, noDatabaseRow(t.database)
	case last.Number < c.checkpoint.Number:
		return p, nil
	case last.Number == c.checkpoint.Number:
		last = c.checkpoint
	}
	if checkHead("event", last) != nil {
		return p, &rowError{fmt.Sprintf("event %d of the audit log", last.Number), "it is not there, or its hash is none"}
	}
	check, err := t.follow(ctx, tokens.Head{}, selectLinksUpTo, last.Number, last.Hash)
	if err != nil || check == nil {
		return p, err
	}
	p.Checkpoint, p.Broken = last, check.EndOfPart().Broken
	result, err := t.execBeside(ctx, `DELETE FROM events WHERE number <= $1`, last.Number)
	if err == nil {
		p.Number, err = result.RowsAffected()
	}
	if err == nil {
		_, err = t.execBeside(ctx, `UPDATE database SET checkpoint_number = $1, checkpoint_hash = $2, earlier_events = 0`,
			last.Number, last.Hash)
	}
	return p, err
}

// fillHistory has the chain begin behind the events that were written before there was one.
func (t Tx) fillHistory(ctx context.Context) error {
	earlier, err := t.earlierEvents(ctx, nil)
	if err != nil || earlier.Number == 0 {
		return err
	}
	head := earlier.Head()
	return t.exec(ctx, `UPDATE database SET event_number = $1, event_hash = $2, checkpoint_number = $1, checkpoint_hash = $2,
		earlier_events = $3`, head.Number, head.Hash, earlier.Number)
}
