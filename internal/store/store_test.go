package store

import (
	"context"
	"database/sql"
	"testing"
)

// nothing runs no statement.
type nothing struct{}

func (nothing) QueryContext(context.Context, string, ...any) (*sql.Rows, error) {
	return nil, sql.ErrNoRows
}

func (nothing) ExecContext(context.Context, string, ...any) (sql.Result, error) {
	return nil, sql.ErrNoRows
}

// Whatever could write counts as a change, by whichever way it runs.
func TestWrites(t *testing.T) {
	for _, test := range []struct {
		name, query, statement string
		want                   bool
	}{
		{name: "nothing"},
		{name: "a look", query: "SELECT id FROM groups"},
		{name: "a look in parentheses", query: "(\n\tSELECT id FROM groups) UNION SELECT id FROM roles"},
		{name: "a statement", statement: "DELETE FROM groups", want: true},
		{name: "an update that returns rows", query: "UPDATE groups SET name = $1 RETURNING id", want: true},
		{name: "an insertion that returns rows", query: "\n INSERT INTO groups (id) VALUES ($1) RETURNING id", want: true},
		{name: "a deletion behind a common table", query: "WITH gone AS (SELECT 1) DELETE FROM groups", want: true},
	} {
		w := &writes{Querier: nothing{}, Executor: nothing{}}
		if test.query != "" {
			_, _ = w.QueryContext(t.Context(), test.query) //nolint:sqlclosecheck,rowserrcheck // there are no rows
		}
		if test.statement != "" {
			_, _ = w.ExecContext(t.Context(), test.statement)
		}
		if w.any != test.want {
			t.Errorf("%s: it wrote: %t, want %t", test.name, w.any, test.want)
		}
	}
}
