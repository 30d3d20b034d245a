//go:build unix

package postgres

import (
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/store"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/store/postgres/pgtest"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

var update = flag.Bool("update", false, "write objects.txt anew")

// The list of objects is that of the schema which the migrations make, on each version of the server.
func TestObjects(t *testing.T) {
	s := newTestServer(t)
	c := newConnection(s)
	defer c.Close()
	if err := c.again(t.Context(), store.Everything, func(store.Reach) error {
		return c.onConnection(t.Context(), func(tx *transaction) error {
			if _, err := tx.begin(t.Context(), c.changing(store.Everything).text); err != nil {
				return err
			}
			err := c.makeTables(t.Context(), tx.statements)
			lines, listed := c.objects(t.Context(), tx.statements)
			if listed != nil {
				return listed
			}
			if got := strings.Join(lines, "\n") + "\n"; *update {
				return os.WriteFile("objects.txt", []byte(got), 0o600)
			}
			return err
		})
	}); err != nil {
		t.Errorf("%v\nrun go test ./internal/store/postgres -run TestObjects -update after a change of the schema", err)
	}
}

// newTestServer is the engine of an empty schema.
func newTestServer(t *testing.T) server {
	t.Helper()
	s, err := newServer(pgtest.Address(t))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// made returns the engine of a schema with a database.
func made(t *testing.T) (server, *connection) {
	t.Helper()
	s := newTestServer(t)
	opened, err := s.Connect(t.Context(), begun)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = opened.Close() })
	return s, opened.(*connection) //nolint:forcetypeassert // by Connect
}

// What SQL adds to a schema, takes from it or changes in it is found, and named; what ANALYZE adds is not.
func TestForeignObjects(t *testing.T) {
	for _, test := range []struct {
		name, statements, want string
	}{
		{"a trigger", `CREATE FUNCTION pg_temp.undo() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
			CREATE TRIGGER undo BEFORE UPDATE ON HERE.access_tokens FOR EACH ROW EXECUTE FUNCTION pg_temp.undo()`,
			"it has trigger undo on access_tokens"},
		{"constraints without effect", `ALTER TABLE HERE.access_tokens DISABLE TRIGGER ALL`, "it has trigger RI_"},
		{"a rule", `CREATE RULE ignore AS ON DELETE TO HERE.events DO INSTEAD NOTHING`, "it has rule ignore on events"},
		{"policies for rows", `ALTER TABLE HERE.secrets ENABLE ROW LEVEL SECURITY`, "it has table secrets, with policies for rows"},
		{"a view", `CREATE VIEW HERE.all_tokens AS SELECT * FROM HERE.access_tokens`, "it has relation of kind v all_tokens"},
		{"a view in the place of a table",
			`ALTER TABLE HERE.roles RENAME TO real_roles; CREATE VIEW HERE.roles AS SELECT * FROM HERE.real_roles`, "real_roles"},
		{"a table", `CREATE TABLE HERE.mine (id TEXT)`, "it has column mine.id text"},
		{"a child table", `CREATE TABLE HERE.mine () INHERITS (HERE.events)`, "it has child table events"},
		{"a function", `CREATE FUNCTION HERE.mine() RETURNS int LANGUAGE sql AS 'SELECT 1'`, "it has function mine"},
		{"an index", `CREATE INDEX mine ON HERE.events (actor)`, "CREATE INDEX mine ON events"},
		{"no index", `DROP INDEX HERE.events_object`, "it lacks CREATE INDEX events_object"},
		{"a column", `ALTER TABLE HERE.access_tokens ADD COLUMN shoe_size BIGINT`, "it has column access_tokens.shoe_size bigint"},
		{"another default", `ALTER TABLE HERE.access_tokens ALTER COLUMN visibility SET DEFAULT 'restricted'`,
			"it has column access_tokens.visibility"},
		{"no foreign key", `ALTER TABLE HERE.token_shares DROP CONSTRAINT token_shares_member_id_fkey`,
			"it lacks constraint token_shares_member_id_fkey"},
		{"a table that a crash empties", `ALTER TABLE HERE.requests SET UNLOGGED`, "it has table requests, not kept in a crash"},
		{"another owner", `CREATE ROLE "OTHER"; ALTER TABLE HERE.changes OWNER TO "OTHER"`, "it has another owner of changes"},
		{"rights of others", `CREATE ROLE "OTHER"; GRANT CREATE ON SCHEMA HERE TO "OTHER"`, "it has the right of others to create things"},
		{"statistics", `ANALYZE`, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			s, c := made(t)
			role := "other_" + s.schema
			text := strings.NewReplacer("HERE", s.tables.schema, "OTHER", role).Replace(test.statements)
			if _, err := c.db.ExecContext(t.Context(), text); err != nil {
				t.Fatal(err)
			}
			again, err := s.Connect(t.Context(), begun)
			if test.want == "" {
				if err != nil {
					t.Fatal(err)
				}
				_ = again.Close()
				return
			}
			if tokens.ErrorCode(err) != tokens.CodeUnavailable || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want it to say %q", err, test.want)
			}
		})
	}
}

// A schema that holds something else, or belongs to somebody else, gets no tables.
func TestForeignSchema(t *testing.T) {
	for name, statements := range map[string]string{
		"something else":    `CREATE SCHEMA HERE; CREATE TABLE HERE.customers (id TEXT)`,
		"rights of others":  `CREATE SCHEMA HERE; GRANT CREATE ON SCHEMA HERE TO PUBLIC`,
		"another owner":     `CREATE ROLE "OTHER"; CREATE SCHEMA HERE AUTHORIZATION "OTHER"`,
		"a table like ours": `CREATE SCHEMA HERE; CREATE TABLE HERE.events (id TEXT)`,
	} {
		t.Run(name, func(t *testing.T) {
			s := newTestServer(t)
			db := s.pool()
			defer db.Close()
			text := strings.NewReplacer("HERE", s.tables.schema, "OTHER", "other_"+s.schema).Replace(statements)
			if _, err := db.ExecContext(t.Context(), text); err != nil {
				t.Fatal(err)
			}
			if _, err := s.Connect(t.Context(), begun); tokens.ErrorCode(err) != tokens.CodeUnavailable {
				t.Errorf("got %v", err)
			}
			var made bool
			if err := db.QueryRowContext(t.Context(), `SELECT to_regclass($1) IS NOT NULL`, s.schema+".secrets").Scan(&made); err != nil || made {
				t.Errorf("made: %t, %v", made, err)
			}
		})
	}
}
