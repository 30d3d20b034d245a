package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// ChangedObject is an object that a change made, altered or deleted.
type ChangedObject struct {
	Kind tokens.Kind
	ID   string
}

// What a change touches beside objects.
var (
	// everything is what a write touches that doesn't say what it touches.
	everything = ChangedObject{}
	// nothing is what a write touches on which no verification depends: events, requests, and what only says what the
	// clock has said before.
	nothing = ChangedObject{Kind: "none"}
)

// changedKinds are the kinds in rows of changes of which this program knows what they stand for.
var changedKinds = []tokens.Kind{
	everything.Kind, nothing.Kind, tokens.KindAccessToken, tokens.KindTechnicalUser, tokens.KindMember, tokens.KindGroup,
	tokens.KindRole, tokens.KindTokenShare,
}

const (
	// changesKept is how many rows of changes are kept. Whoever has not looked for longer than they tell of has to take
	// everything for changed.
	changesKept = 10_000
	// mostTouched is how many objects a change lists at most. One that touches more has touched everything.
	mostTouched = 200
	// changesAtOnce is how many rows one statement writes, so that there are few different statements.
	changesAtOnce = 20
)

// writes takes down what a change writes, by the objects that it touches. A statement that doesn't come from Tx.execOn or
// Tx.execBeside touches everything: what somebody forgets to declare is noticed too often, and never missed.
type writes struct {
	Querier
	Executor
	// reach is what the change may write, and made are the identifiers of what it made itself.
	reach Reach
	made  []string
	// any means that anything was written.
	any bool
	// objects are what was touched, each once; everything alone, if that was.
	objects []ChangedObject
	// events are what the audit log will tell of it.
	events []tokens.Event
	// last are checks for which everything has to be written.
	last []func(context.Context) error
}

// AtTheEnd has a check run when everything is written, before the change commits. If it fails, so does the change. What writes
// nothing is not checked.
func (t Tx) AtTheEnd(check func(context.Context) error) {
	t.writes.last = append(t.writes.last, check)
}

// watched returns what takes down what the transaction writes.
func (t Tx) watched() *writes { return &writes{Querier: t.q, Executor: t.e, reach: t.reach} }

// takenDownBy returns the transaction, what it writes being taken down.
func (t Tx) takenDownBy(seen *writes) Tx {
	t.q, t.e, t.writes, t.closer = seen, seen, seen, nil
	return t
}

// record takes down an event, which is written at the end.
func (w *writes) record(e tokens.Event) {
	w.touch(nothing)
	w.events = append(w.events, e)
}

// QueryContext implements Querier. A statement that returns rows may write, too.
func (w *writes) QueryContext(ctx context.Context, text string, args ...any) (*sql.Rows, error) {
	if !strings.HasPrefix(strings.TrimLeft(text, "( \t\n"), "SELECT") {
		if err := w.check(everything); err != nil {
			return nil, err
		}
		w.touch(everything)
	}
	return w.Querier.QueryContext(ctx, text, args...)
}

// ExecContext implements Executor.
func (w *writes) ExecContext(ctx context.Context, text string, args ...any) (sql.Result, error) {
	if err := w.check(everything); err != nil {
		return nil, err
	}
	w.touch(everything)
	return w.Executor.ExecContext(ctx, text, args...)
}

// touch takes down that something was written.
func (w *writes) touch(o ChangedObject) {
	w.any = true
	switch {
	case o == nothing || slices.Contains(w.objects, everything) || slices.Contains(w.objects, o):
	case o == everything || len(w.objects) == mostTouched:
		w.objects = []ChangedObject{everything}
	default:
		w.objects = append(w.objects, o)
	}
}

// touched returns what the rows of the change hold, at least one.
func (w *writes) touched() []ChangedObject {
	if len(w.objects) == 0 {
		return []ChangedObject{nothing}
	}
	return w.objects
}

// exec runs a statement that writes, and that doesn't say what: it counts as a change of everything.
func (t Tx) exec(ctx context.Context, statement string, args ...any) error {
	_, err := t.e.ExecContext(ctx, statement, args...)
	return err
}

// execOn runs a statement that writes an object with an identifier, or what belongs to it, as a secret does to its access
// token and a role in a group to its holder.
//
// What has no well-formed identifier might be anything.
func (t Tx) execOn(ctx context.Context, id, statement string, args ...any) error {
	o := everything
	if kind := tokens.KindOf(id); kind != "" {
		o = ChangedObject{kind, id}
	}
	_, err := t.execDeclared(ctx, o, statement, args...)
	return err
}

// execBeside runs a statement that writes what no verification depends on.
func (t Tx) execBeside(ctx context.Context, statement string, args ...any) (sql.Result, error) {
	return t.execDeclared(ctx, nothing, statement, args...)
}

// execDeclared runs a statement that says what it writes.
func (t Tx) execDeclared(ctx context.Context, o ChangedObject, statement string, args ...any) (sql.Result, error) {
	if t.writes == nil {
		return t.e.ExecContext(ctx, statement, args...)
	}
	if err := t.writes.check(o); err != nil {
		return nil, err
	}
	t.writes.touch(o)
	return t.writes.Executor.ExecContext(ctx, statement, args...)
}

// insertChanges writes the rows of the change with a serial, and drops those that are too old to be kept.
func (t Tx) insertChanges(ctx context.Context, serial int64, objects []ChangedObject) error {
	for some := range slices.Chunk(objects, changesAtOnce) {
		var b statement
		rows := make([]string, len(some))
		for i, o := range some {
			rows[i] = `(` + b.arg(serial) + `, ` + b.arg(string(o.Kind)) + `, ` + b.arg(o.ID) + `)`
		}
		err := t.exec(ctx, `INSERT INTO changes (serial, kind, id) VALUES `+strings.Join(rows, `, `), b.args...)
		if err != nil {
			return err
		}
	}
	return t.exec(ctx, TrimChanges)
}

// TrimChanges is the statement that drops the rows of changes that are too old. It looks at no others: numbers only rise.
var TrimChanges = fmt.Sprintf(`DELETE FROM changes WHERE number <= (SELECT max(number) FROM changes) - %d`, changesKept)

// changeRow is a row of changes.
type changeRow struct {
	serial int64
	object ChangedObject
}

const selectChanges = `SELECT serial, kind, id FROM changes `

func scanChange(row scanner) (c changeRow, err error) {
	err = row.Scan(version{&c.serial}, textTo(&c.object.Kind), textTo(&c.object.ID))
	return c, checkedRow("", "", err)
}

// ChangesSince returns what changed since a mark was the newest one, and the mark that is the newest now; of a database that was
// moved elsewhere, CodeUnavailable with ReasonMoved. listed means that
// the database has the table of changes, with the columns that this program reads. Of a database that doesn't count its
// changes, everything may have changed at any time.
func (v View) ChangesSince(ctx context.Context, seen tokens.Mark, listed bool) (Changes, tokens.Mark, error) {
	all := Changes{Any: true, All: true}
	if !HasMarks(v.schema) {
		return all, tokens.Mark{Database: v.database.ID}, nil
	}
	past, err := v.Past(ctx, seen)
	newest := past.Newest
	if err == nil {
		err = Moved(past.Location, past.MovedTo)
	}
	if err != nil {
		return Changes{}, seen, err
	}
	isSame := seen.Database == newest.Database && seen.Value == past.SameSerial
	switch {
	case isSame && seen.Serial == newest.Serial:
		return Changes{}, newest, nil
	case !isSame || !listed:
		return all, newest, nil
	}
	rows, err := v.changeRows(ctx, seen.Serial, newest.Serial)
	if err != nil {
		return Changes{}, seen, err
	}
	return changesBetween(seen.Serial, newest.Serial, rows), newest, nil
}

// newestChanges is how many of the newest rows are looked at first. Changes are looked for often, so that there are rarely more.
const newestChanges = 200

// changeRows returns the rows of the changes from one serial to another, in their order. It reads them from the newest one
// back, as far as it must, which takes no index that each change would have to keep.
func (v View) changeRows(ctx context.Context, from, to int64) (rows []changeRow, err error) {
	rows, whole, err := v.changeRowsOf(ctx, from, to, selectChanges+fmt.Sprintf(`ORDER BY number DESC LIMIT %d`, newestChanges))
	if err == nil && !whole { // some engines send all rows of a query, however few of them are read
		rows, _, err = v.changeRowsOf(ctx, from, to, selectChanges+`ORDER BY number DESC`)
	}
	slices.Reverse(rows)
	return rows, err
}

// changeRowsOf returns those rows of the changes from one serial to another that a query yields, which begins with the newest
// one, and whether it yields all of them.
func (v View) changeRowsOf(ctx context.Context, from, to int64, query string) (rows []changeRow, whole bool, err error) {
	errEnough := errors.New("enough")
	err = each(ctx, v.q, func(row scanner) error {
		c, err := scanChange(row)
		switch {
		case err != nil:
			return err
		case c.serial < from:
			return errEnough
		case c.serial <= to: // others may be later than the look at the serial
			rows = append(rows, c)
		}
		return nil
	}, query)
	if errors.Is(err, errEnough) {
		return rows, true, nil
	}
	return rows, false, err
}

// changesBetween returns what changed from one serial to another, by the rows of both and of those between, in the order of
// their serials. Rows are dropped one by one and the oldest first. So those of a change are known to be all there only where
// the one before it has a row, too.
func changesBetween(seen, newest int64, rows []changeRow) Changes {
	all, some := Changes{Any: true, All: true}, Changes{Any: true}
	if newest < seen {
		return all
	}
	last := seen - 1
	for _, row := range rows {
		if row.serial > last+1 {
			return all
		}
		last = row.serial
		switch {
		case row.serial == seen || row.object == nothing || slices.Contains(some.Objects, row.object):
		case row.object.Kind == everything.Kind || !slices.Contains(changedKinds, row.object.Kind):
			return all
		default:
			some.Objects = append(some.Objects, row.object)
		}
	}
	if last != newest {
		return all
	}
	return some
}
