package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"strconv"
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

// TableContent is what a table holds.
type TableContent struct {
	Name string
	Rows int64
	// Digest covers the names of the columns, and each value of each row. It is the same for every engine.
	Digest string
}

// copiedAtOnce is how many rows one statement copies at most, and valuesAtOnce how many values: engines have limits.
const copiedAtOnce, valuesAtOnce = 200, 5000

// Contents reads all tables. progress is called with each table, and from time to time with how many of its rows were read.
func (v View) Contents(ctx context.Context, progress func(table string, rows int64)) ([]TableContent, error) {
	contents := make([]TableContent, len(tables))
	for i, t := range tables {
		r, err := v.rowsOf(ctx, t)
		if err != nil {
			return nil, err
		}
		contents[i], err = r.read(progress, func([][]any) error { return nil })
		if err = errors.Join(err, r.rows.Close()); err != nil {
			return nil, err
		}
	}
	return contents, nil
}

// CopyFrom copies the rows of all tables from another database to this one, which has our schema and no rows, and returns what
// it copied. progress is called as Contents does.
func (t Tx) CopyFrom(ctx context.Context, from View, progress func(table string, rows int64)) ([]TableContent, error) {
	contents := make([]TableContent, len(tables))
	for i, of := range tables {
		var err error
		if contents[i], err = t.copyTable(ctx, from, of, progress); err != nil {
			return nil, fmt.Errorf("copying table %s: %w", of.name, err)
		}
	}
	if t.countOn != nil {
		return contents, t.countOn(ctx)
	}
	return contents, nil
}

func (t Tx) copyTable(
	ctx context.Context, from View, of table, progress func(table string, rows int64),
) (content TableContent, err error) {
	r, err := from.rowsOf(ctx, of)
	if err != nil {
		return content, err
	}
	defer func() { err = errors.Join(err, r.rows.Close()) }()
	isBoolean, err := t.booleans(ctx, of.name, r.columns)
	if err != nil {
		return content, err
	}
	return r.read(progress, func(some [][]any) error {
		var b statement
		rows := make([]string, len(some))
		for n, row := range some {
			places := make([]string, len(row))
			for i, value := range row {
				if number, ok := value.(int64); ok && isBoolean[i] {
					value = number != 0
				}
				places[i] = b.arg(value)
			}
			rows[n] = `(` + strings.Join(places, `, `) + `)`
		}
		_, err := t.execBeside(ctx, `INSERT INTO `+of.name+` (`+strings.Join(r.columns, `, `)+`) VALUES `+strings.Join(rows, `, `),
			b.args...)
		return err
	})
}

// booleans reports which columns of a table hold true and false by the engine's own type.
func (t Tx) booleans(ctx context.Context, name string, columns []string) (_ []bool, err error) {
	rows, err := t.q.QueryContext(ctx, `SELECT `+strings.Join(columns, `, `)+` FROM `+name+` WHERE 1 = 0`)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	types, err := rows.ColumnTypes()
	if err != nil {
		return nil, err
	}
	is := make([]bool, len(types))
	for i, column := range types {
		is[i] = strings.HasPrefix(strings.ToUpper(column.DatabaseTypeName()), "BOOL")
	}
	return is, nil
}

// tableRows are the rows of a table in the order of its key.
type tableRows struct {
	table
	columns []string
	rows    *sql.Rows
}

// rowsOf begins to read a table.
func (v View) rowsOf(ctx context.Context, t table) (r tableRows, err error) {
	rows, err := v.q.QueryContext(ctx, `SELECT * FROM `+t.name+` ORDER BY `+t.key)
	if err != nil {
		return r, err
	}
	columns, err := rows.Columns()
	if err != nil {
		return r, errors.Join(err, rows.Close())
	}
	return tableRows{t, columns, rows}, nil
}

// read calls use with the rows, some at once, and returns what they hold.
func (r tableRows) read(progress func(table string, rows int64), use func([][]any) error) (content TableContent, err error) {
	content.Name = r.name
	most := max(1, min(copiedAtOnce, valuesAtOnce/len(r.columns)))
	digest := sha256.New()
	writeTexts(digest, r.columns...)
	var some [][]any
	flush := func() error {
		if len(some) == 0 {
			return nil
		}
		err := use(some)
		some = some[:0]
		progress(r.name, content.Rows)
		return err
	}
	for r.rows.Next() {
		row, places := make([]any, len(r.columns)), make([]any, len(r.columns))
		for i := range row {
			places[i] = &row[i]
		}
		if err := r.rows.Scan(places...); err != nil {
			return content, err
		}
		for i, value := range row {
			text, err := storedValue(&row[i], value)
			if err != nil {
				return content, fmt.Errorf("column %s: %w", r.columns[i], err)
			}
			writeTexts(digest, text)
		}
		content.Rows++
		if some = append(some, row); len(some) == most {
			if err := flush(); err != nil {
				return content, err
			}
		}
	}
	if err := r.rows.Err(); err != nil {
		return content, err
	}
	if err := flush(); err != nil {
		return content, err
	}
	progress(r.name, content.Rows)
	content.Digest = hex.EncodeToString(digest.Sum(nil))
	return content, nil
}

// errForeignValue says that a row holds what this program can't have written.
var errForeignValue = errors.New("it holds a value of a type that Latchkey doesn't write")

// storedValue makes a value one that every engine takes, and returns how a digest covers it.
func storedValue(to *any, value any) (string, error) {
	switch v := value.(type) {
	case nil:
		return "-", nil
	case bool:
		*to = int64(0)
		if v {
			*to = int64(1)
		}
		return storedValue(to, *to)
	case int64:
		return "i" + strconv.FormatInt(v, 10), nil
	case string:
		return "t" + v, nil
	}
	return "", errForeignValue
}

// writeTexts writes texts, each with its length before it.
func writeTexts(h hash.Hash, texts ...string) {
	for _, text := range texts {
		fmt.Fprintf(h, "%d:%s", len(text), text)
	}
}
