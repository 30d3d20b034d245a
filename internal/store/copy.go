package store

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// table is a table of the schema.
type table struct {
	name string
	// key are the columns that tell its rows apart, in whose order they are copied.
	key string
}

// tables are those of the schema, each behind those to which its rows refer.
var tables = []table{
	{"database", "id"},
	{"groups", "id"},
	{"roles", "id"},
	{"members", "id"},
	{"technical_users", "id"},
	{"access_tokens", "id"},
	{"secrets", "hash"},
	{"group_roles", "holder_id, group_id"},
	{"token_shares", "access_token_id, member_id"},
	{"requests", "id"},
	{"events", "number"},
	{"marks", "serial"},
	{"changes", "number"},
}

// TableNames returns the names of the tables of the schema, each behind those to which its rows refer.
func TableNames() []string {
	names := make([]string, len(tables))
	for i, t := range tables {
		names[i] = t.name
	}
	return names
}

// copiedAtOnce is how many rows one statement copies at most, and valuesAtOnce how many values: engines have limits.
const copiedAtOnce, valuesAtOnce = 200, 5000

// Progress is told how many rows of a table were copied or compared so far.
type Progress func(table string, rows int64)

// CopyFrom copies the rows of all tables from another database to this one, which has our schema and no rows. progress may be
// nil.
func (t Tx) CopyFrom(ctx context.Context, from View, progress Progress) error {
	for _, of := range tables {
		if err := t.copyTable(ctx, from, of, progress); err != nil {
			return fmt.Errorf("copying table %s: %w", of.name, err)
		}
	}
	if t.countOn != nil {
		return t.countOn(ctx)
	}
	return nil
}

func (t Tx) copyTable(ctx context.Context, from View, of table, progress Progress) error {
	var b statement
	var lines []string
	var isBoolean []bool
	var copied int64
	insert := func(columns []string) error {
		if len(lines) == 0 {
			return nil
		}
		err := t.exec(ctx, `INSERT INTO `+of.name+` (`+strings.Join(columns, `, `)+`) VALUES `+strings.Join(lines, `, `), b.args...)
		if copied += int64(len(lines)); err == nil && progress != nil {
			progress(of.name, copied)
		}
		b, lines = statement{}, nil
		return err
	}
	columns, err := from.eachRow(ctx, of, func(columns []string, values []any) (err error) {
		if isBoolean == nil {
			if isBoolean, err = t.booleans(ctx, of.name, columns); err != nil {
				return err
			}
		}
		places := make([]string, len(values))
		for i, value := range values {
			if number, ok := value.(int64); ok && isBoolean[i] {
				value = number != 0
			}
			places[i] = b.arg(value)
		}
		lines = append(lines, `(`+strings.Join(places, `, `)+`)`)
		if len(lines) < max(1, min(copiedAtOnce, valuesAtOnce/len(columns))) {
			return nil
		}
		return insert(columns)
	})
	if err != nil {
		return err
	}
	return insert(columns)
}

// explained is an error of reading.
func (v View) explained(err error) error {
	if err == nil || v.explain == nil {
		return err
	}
	return v.explain(err)
}

// eachRow calls fn with each row of a table, in the order of its key, and returns the names of the columns.
func (v View) eachRow(ctx context.Context, of table, fn func(columns []string, values []any) error) (columns []string, err error) {
	rows, err := v.q.QueryContext(ctx, `SELECT * FROM `+of.name+` ORDER BY `+of.key)
	if err != nil {
		return nil, v.explained(err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	if columns, err = rows.Columns(); err != nil {
		return nil, v.explained(err)
	}
	for rows.Next() {
		values, to := make([]any, len(columns)), make([]any, len(columns))
		for i := range to {
			to[i] = &values[i]
		}
		if err := rows.Scan(to...); err != nil {
			return nil, v.explained(err)
		}
		if err := fn(columns, values); err != nil {
			return nil, err
		}
	}
	return columns, v.explained(rows.Err())
}

// booleans reports which columns of a table hold true and false by the engine's own type.
func (t Tx) booleans(ctx context.Context, name string, columns []string) (_ []bool, err error) {
	rows, err := t.q.QueryContext(ctx, `SELECT `+strings.Join(columns, `, `)+` FROM `+name+` WHERE 1 = 0`)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	types, err := rows.ColumnTypes()
	if err = errors.Join(err, rows.Err()); err != nil {
		return nil, err
	}
	is := make([]bool, len(types))
	for i, column := range types {
		is[i] = strings.HasPrefix(strings.ToUpper(column.DatabaseTypeName()), "BOOL")
	}
	return is, nil
}
