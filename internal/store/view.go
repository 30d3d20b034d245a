package store

import (
	"context"
	"database/sql"
	"errors"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// View reads objects.
type View struct {
	database tokens.Database
	q        Querier
	// schema is the version of the schema in which the view reads.
	schema int
	// lateral means that a query in FROM may name what stands before it.
	lateral bool
	// unfilled means that what would take a look at each event was left out of the migration to it.
	unfilled bool
	// explain turns an error of reading into one of the domain, where the one who writes what was read can't; else nil.
	explain func(error) error
}

// NewView returns the view of a database with an identity and our own schema, which runs its statements by q.
func NewView(database tokens.Database, q Querier) View {
	_, lateral := q.(Lateral)
	return View{database: database, q: q, schema: SchemaVersion, lateral: lateral}
}

// OnSchema returns the view of a database that has an older schema, in which only events can be read.
func (v View) OnSchema(version int) View {
	v.schema = version
	return v
}

// Tx reads and writes objects in one transaction.
type Tx struct {
	View
	e Executor
	// writes takes down what is written, where the transaction has a closing; else nil.
	writes *writes
	// reach is what it may write.
	reach Reach
	// countOn has the engine count on from the rows that were copied, where it doesn't do so by itself.
	countOn func(context.Context) error
	// closer writes that closing; nil where the transaction does so itself.
	closer Closer
	// movedTo is where the database was moved to; empty for one that is in use.
	movedTo string
}

// NewTx returns a transaction on a database with an identity, which runs its statements by q.
func NewTx(database tokens.Database, q interface {
	Querier
	Executor
}) Tx {
	return Tx{View: NewView(database, q), e: q}
}

// CountingOn returns the transaction, in which CopyFrom calls countOn behind the rows.
func (t Tx) CountingOn(countOn func(context.Context) error) Tx {
	t.countOn = countOn
	return t
}

// Of returns the transaction on a database with another identity, as that has which rows were copied from.
func (t Tx) Of(database tokens.Database) Tx {
	t.database = database
	return t
}

// OnSchema returns the transaction on a database that has an older schema, in which only events can be written.
func (t Tx) OnSchema(version int) Tx {
	t.View = t.View.OnSchema(version)
	return t
}

// NotForGood returns the transaction for a migration that is dropped at its end, as each read of an older database makes one:
// it leaves out what would take a look at each event.
func (t Tx) NotForGood() Tx {
	t.unfilled = true
	return t
}

// Querier runs statements that return rows, in a transaction or each by itself.
type Querier interface {
	QueryContext(ctx context.Context, text string, args ...any) (*sql.Rows, error)
}

// Lateral is a Querier of an engine that knows LATERAL. It would run a query that depends on the row beside it for each pair of
// rows, where one without runs it for each row.
type Lateral interface {
	Querier
	Lateral()
}

// Executor runs statements that return no rows, in a transaction.
type Executor interface {
	ExecContext(ctx context.Context, text string, args ...any) (sql.Result, error)
}

// scanner is what *sql.Row and *sql.Rows have in common.
type scanner interface{ Scan(dest ...any) error }

// Database returns the identity of the database.
func (v View) Database() tokens.Database { return v.database }

// each calls fn with each row that a query yields.
func each(ctx context.Context, q Querier, fn func(scanner) error, query string, args ...any) (err error) {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		if err := fn(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// list returns the objects that a query yields, one a row.
func list[T any](
	ctx context.Context, q Querier, scan func(scanner) (T, error), query string, args ...any,
) (all []T, err error) {
	err = each(ctx, q, func(row scanner) error {
		one, err := scan(row)
		all = append(all, one)
		return err
	}, query, args...)
	if err != nil {
		return nil, err
	}
	return all, nil
}

// find returns the one object that a query yields, and whether there is one.
func find[T any](
	ctx context.Context, q Querier, scan func(scanner) (T, error), query string, args ...any,
) (one T, ok bool, err error) {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return one, false, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	if !rows.Next() {
		return one, false, rows.Err()
	}
	one, err = scan(rows)
	return one, err == nil, err
}

// get returns the object of the kind and id that a query yields, or CodeNotFound.
func get[T any](
	ctx context.Context, q Querier, kind tokens.Kind, id string,
	scan func(scanner) (T, error), query string, args ...any,
) (T, error) {
	one, ok, err := find(ctx, q, scan, query, args...)
	if err == nil && !ok {
		err = notFound(ctx, q, kind, id)
	}
	return one, err
}

// first returns the first of the objects that a query yielded, and whether there is one.
func first[T any](all []T, err error) (T, bool, error) {
	if err != nil || len(all) == 0 {
		var none T
		return none, false, err
	}
	return all[0], true, nil
}

// existing returns the first of the objects that a query for the one of a kind and id yielded, or CodeNotFound.
func existing[T any](ctx context.Context, q Querier, all []T, err error, kind tokens.Kind, id string) (T, error) {
	found, ok, err := first(all, err)
	if err == nil && !ok {
		err = notFound(ctx, q, kind, id)
	}
	return found, err
}

// scanText reads a single column of text.
func scanText(row scanner) (string, error) {
	var s string
	err := row.Scan(textTo(&s))
	return s, checkedRow("", "", err)
}
