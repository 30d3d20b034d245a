package postgres

import (
	"regexp"
	"strings"
	"sync"

	"github.com/jackc/pgx/v5"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/store"
)

// tableNames are the tables of the schema, all of which store's statements name without it.
var tableNames = strings.Join(append(store.TableNames(), "schema_version"), "|")

var (
	// tablePlace matches where a statement names a table.
	tablePlace = regexp.MustCompile(`\b(FROM|JOIN|INTO|UPDATE|TABLE|REFERENCES|ON)(\s+)(` + tableNames + `)\b`)
	// indexPlace matches where a statement drops an index. One that makes it says on which table.
	indexPlace = regexp.MustCompile(`\b(DROP INDEX)(\s+)(\w+)`)
)

// statementsKept is how many statements a qualifier remembers at most.
const statementsKept = 1000

// qualifier puts the name of a schema before each table in a statement. The path on which PostgreSQL looks for tables belongs
// to a session, and behind a pooler each transaction may have another one.
type qualifier struct {
	schema string

	mu    sync.Mutex
	known map[string]string
}

func newQualifier(schema string) *qualifier {
	return &qualifier{schema: pgx.Identifier{schema}.Sanitize(), known: map[string]string{}}
}

// qualified returns a statement with the schema before each table.
func (q *qualifier) qualified(text string) string {
	q.mu.Lock()
	defer q.mu.Unlock()
	if known, ok := q.known[text]; ok {
		return known
	}
	place := "${1}${2}" + strings.ReplaceAll(q.schema, "$", "$$") + ".${3}"
	result := indexPlace.ReplaceAllString(tablePlace.ReplaceAllString(text, place), place)
	if len(q.known) < statementsKept {
		q.known[text] = result
	}
	return result
}
