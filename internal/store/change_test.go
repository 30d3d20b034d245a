package store

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// nothingRuns runs no statement.
type nothingRuns struct{}

func (nothingRuns) QueryContext(context.Context, string, ...any) (*sql.Rows, error) {
	return nil, sql.ErrNoRows
}

func (nothingRuns) ExecContext(context.Context, string, ...any) (sql.Result, error) {
	return nil, sql.ErrNoRows
}

const (
	token = "tok_01jz0000000000000000000000"
	user  = "tu_01jz0000000000000000000000"
)

var noon = time.Date(2030, time.June, 1, 12, 0, 0, 0, time.UTC)

// Whatever could write counts as a change, by whichever way it runs, and of everything unless it says of what.
func TestWrites(t *testing.T) {
	query := func(text string) func(Tx) {
		return func(tx Tx) {
			_, _ = tx.q.QueryContext(t.Context(), text) //nolint:sqlclosecheck,rowserrcheck // there are no rows
		}
	}
	on := func(ids ...string) func(Tx) {
		return func(tx Tx) {
			for _, id := range ids {
				_ = tx.execOn(t.Context(), id, "UPDATE groups SET name = $1")
			}
		}
	}
	together := func(some ...func(Tx)) func(Tx) {
		return func(tx Tx) {
			for _, write := range some {
				write(tx)
			}
		}
	}
	beside := func(tx Tx) { _, _ = tx.execBeside(t.Context(), "INSERT INTO events") }
	undeclared := func(tx Tx) { _ = tx.exec(t.Context(), "DELETE FROM groups") }
	theToken, theUser := ChangedObject{tokens.KindAccessToken, token}, ChangedObject{tokens.KindTechnicalUser, user}
	var many []string
	for i := range mostTouched + 1 {
		many = append(many, tokens.DerivedID(tokens.KindAccessToken, noon, fmt.Sprint(i)))
	}
	for _, test := range []struct {
		name  string
		write func(Tx)
		want  []ChangedObject
	}{
		{name: "nothing", write: func(Tx) {}},
		{name: "a look", write: query("SELECT id FROM groups")},
		{name: "a look in parentheses", write: query("(\n\tSELECT id FROM groups) UNION SELECT id FROM roles")},
		{"a statement", undeclared, []ChangedObject{everything}},
		{"an update that returns rows", query("UPDATE groups SET name = $1 RETURNING id"), []ChangedObject{everything}},
		{
			"an insertion that returns rows", query("\n INSERT INTO groups (id) VALUES ($1) RETURNING id"),
			[]ChangedObject{everything},
		},
		{
			"a deletion behind a common table", query("WITH gone AS (SELECT 1) DELETE FROM groups"),
			[]ChangedObject{everything},
		},
		{"an object", on(token), []ChangedObject{theToken}},
		{"objects, one of them twice", on(token, user, token), []ChangedObject{theToken, theUser}},
		{"what has no identifier", on("deploy"), []ChangedObject{everything}},
		{"an object and something undeclared", together(on(token), undeclared, on(user)), []ChangedObject{everything}},
		{"an event", beside, []ChangedObject{nothing}},
		{"an object and an event", together(beside, on(token), beside), []ChangedObject{theToken}},
		{"something undeclared and an event", together(undeclared, beside), []ChangedObject{everything}},
		{"too many objects", on(many...), []ChangedObject{everything}},
	} {
		w := &writes{Querier: nothingRuns{}, Executor: nothingRuns{}}
		test.write(Tx{View: View{q: w}}.takenDownBy(w))
		if w.any != (test.want != nil) {
			t.Errorf("%s: it wrote: %t", test.name, w.any)
		} else if got := w.touched(); w.any && !slices.Equal(got, test.want) {
			t.Errorf("%s: it touched %v, want %v", test.name, got, test.want)
		}
	}
}

// What changed is told only where nothing can be missing.
func TestChangesBetween(t *testing.T) {
	row := func(serial int64, kind tokens.Kind, id string) changeRow {
		return changeRow{serial, ChangedObject{kind, id}}
	}
	all := Changes{Any: true, All: true}
	of := func(ids ...string) Changes {
		c := Changes{Any: true}
		for _, id := range ids {
			c.Objects = append(c.Objects, ChangedObject{tokens.KindOf(id), id})
		}
		return c
	}
	for _, test := range []struct {
		name         string
		seen, newest int64
		rows         []changeRow
		want         Changes
	}{
		{"one change", 4, 5, []changeRow{row(4, "", ""), row(5, "tok", token)}, of(token)},
		{"one change of two objects", 4, 5, []changeRow{row(4, "none", ""), row(5, "tok", token), row(5, "tu", user)}, of(token, user)},
		{
			"the same object in two changes", 4, 6,
			[]changeRow{row(4, "tu", user), row(4, "tok", token), row(5, "tok", token), row(6, "tok", token)}, of(token),
		},
		{"changes beside", 4, 6, []changeRow{row(4, "tok", token), row(5, "none", ""), row(6, "none", "")}, of()},
		{"a change of everything", 4, 6, []changeRow{row(4, "tok", token), row(5, "", ""), row(6, "tok", token)}, all},
		{"an unknown kind", 4, 5, []changeRow{row(4, "tok", token), row(5, "pol", "pol_1")}, all},
		{"a change between is not there", 4, 6, []changeRow{row(4, "tok", token), row(6, "tok", token)}, all},
		{"the newest is not there", 4, 6, []changeRow{row(4, "tok", token), row(5, "tok", token)}, all},
		{"none is there", 4, 6, nil, all},
		{"the rows of the one seen were dropped, and maybe some of the next", 4, 5, []changeRow{row(5, "tok", token)}, all},
		{"the first to be listed", 0, 1, []changeRow{row(1, "tok", token)}, all},
		{"the serial went back", 6, 4, []changeRow{row(4, "tok", token)}, all},
		{"the serial went back, without rows", 6, 4, nil, all},
	} {
		got := changesBetween(test.seen, test.newest, test.rows)
		if got.Any != test.want.Any || got.All != test.want.All || !slices.Equal(got.Objects, test.want.Objects) {
			t.Errorf("%s: got %+v, want %+v", test.name, got, test.want)
		}
	}
}
