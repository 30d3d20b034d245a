//go:build unix

package service_test

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/service"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/store/postgres/pgtest"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// granted is a server on which an administrator, who is no superuser, has run examples/deploy/nodes/grants.sql.
type granted struct {
	t      *testing.T
	server *pgtest.Server
	// writer and verifier are the addresses of the database for the two roles.
	writer, verifier string
}

func newGranted(t *testing.T) granted {
	t.Helper()
	s := pgtest.New(t, "fsync=off")
	g := granted{t, s, s.AddressOf("latchkey", "latchkey", url.Values{}), s.AddressOf("latchkey_verify", "latchkey", url.Values{})}
	g.as("postgres", "postgres", `CREATE ROLE admin LOGIN CREATEROLE CREATEDB`)
	g.as("admin", "postgres", `CREATE DATABASE latchkey ENCODING 'UTF8' TEMPLATE template0`)
	g.as("admin", "latchkey", g.script("grants.sql"))
	return g
}

// script returns a file of the example.
func (granted) script(name string) string {
	return string(must(os.ReadFile("../../examples/deploy/nodes/" + name)))
}

// try runs statements as a role.
func (g granted) try(role, database, text string) error {
	g.t.Helper()
	conn, err := pgx.Connect(g.t.Context(), g.server.AddressOf(role, database, url.Values{}))
	if err != nil {
		return err
	}
	defer conn.Close(g.t.Context())
	_, err = conn.Exec(g.t.Context(), text, pgx.QueryExecModeSimpleProtocol)
	return err
}

// as is try that must succeed.
func (g granted) as(role, database, text string) {
	g.t.Helper()
	if err := g.try(role, database, text); err != nil {
		g.t.Fatalf("%s: %s", text, err)
	}
}

// denies fails the test unless the server denies a role each of the statements.
func (g granted) denies(role string, statements ...string) {
	g.t.Helper()
	for _, text := range statements {
		err := g.try(role, "latchkey", text)
		if failure, ok := errors.AsType[*pgconn.PgError](err); !ok || failure.Code != "42501" {
			g.t.Errorf("%s: %s gives %v, want that it is denied", role, text, err)
		}
	}
}

// TestGrants runs the scripts of the guide. The writer makes the database and changes it, and nothing outside its schema; the
// verifier verifies by the tables that the script lists, each of which it needs, and changes nothing.
func TestGrants(t *testing.T) {
	g := newGranted(t)
	now := time.Now()
	clock := func() time.Time { return now }
	owner := openWith(t, service.Options{Database: g.writer, Now: clock}).As(anna)
	request := newRequest(t, "robot", "")
	made, err := owner.CreateAccessToken(background, request)
	if err != nil {
		t.Fatal(err)
	}
	changes := 0
	change := func() {
		changes++
		must(owner.CreateGroup(background, groupRequest(fmt.Sprintf("group-%d", changes))))
	}
	g.denies("latchkey", `CREATE SCHEMA other`, `CREATE TABLE public.mine (a int)`, `CREATE TEMPORARY TABLE mine (a int)`,
		`CREATE ROLE other`, `CREATE DATABASE other`, `ALTER SYSTEM SET work_mem = '1GB'`, `SELECT * FROM pg_authid`)
	g.as("latchkey", "latchkey", g.script("verifier.sql"))

	readable := g.readable()
	if len(readable) < 8 {
		t.Fatalf("the verifier may read %q alone", readable)
	}
	for _, table := range readable {
		g.as("latchkey", "latchkey", `REVOKE SELECT ON latchkey.`+table+` FROM latchkey_verify`)
		if g.verifies(request.Secret, change) {
			t.Errorf("the verifier doesn't need the table %s", table)
		}
		g.as("latchkey", "latchkey", `GRANT SELECT ON latchkey.`+table+` TO latchkey_verify`)
	}
	if !g.verifies(request.Secret, change) {
		t.Error("the verifier can't verify")
	}
	g.changesNothing(readable)

	s := openWith(t, service.Options{Database: g.verifier, Now: clock, Follow: true})
	g.as("latchkey", "latchkey", `UPDATE latchkey.schema_version SET version = version - 1`)
	if _, err := s.Verifications().Watch(background); tokens.ErrorReason(err) != tokens.ReasonNotGranted ||
		!strings.Contains(err.Error(), "has the schema of an older Latchkey, and the role may not change it") {
		t.Errorf("on an older schema, watching gives %v", err)
	}
	g.as("latchkey", "latchkey", `UPDATE latchkey.schema_version SET version = version + 1`)
	note := func() {
		s.RecordUse(made.AccessToken.ID, 1, now)
		s.RecordUse(made.AccessToken.ID, 1, now)
		s.RecordRefusedUse(made.AccessToken.ID, 1, now)
	}
	dropped := service.Flushed{DroppedUses: 2, Dropped: 1}
	flush := func(want service.Flushed, reason tokens.Reason) {
		t.Helper()
		if done, err := s.FlushUses(t.Context()); done != want || tokens.ErrorReason(err) != reason {
			t.Errorf("the flush did %+v and ended with %v, want %+v and %q", done, err, want, reason)
		}
		if waiting := s.UsedTokens(); waiting != 0 {
			t.Errorf("uses of %d tokens wait, which nobody may write", waiting)
		}
	}
	flush(service.Flushed{}, "")
	note()
	flush(dropped, tokens.ReasonNotGranted)
	// Somebody grants it, and it takes an hour until that is tried.
	g.as("latchkey", "latchkey", `GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA latchkey TO latchkey_verify`)
	note()
	flush(dropped, tokens.ReasonNotGranted)
	now = now.Add(time.Hour)
	flush(service.Flushed{}, tokens.ReasonNotGranted)
	note()
	flush(service.Flushed{Tokens: 1, Refusals: 1}, "")
	if token, err := owner.AccessToken(background, made.AccessToken.ID); err != nil || token.UseCount != 2 {
		t.Errorf("%d uses are written, %v; want 2", token.UseCount, err)
	}
}

// readable returns the tables that the verifier may read.
func (g granted) readable() (tables []string) {
	g.t.Helper()
	conn := must(pgx.Connect(g.t.Context(), g.server.AddressOf("postgres", "latchkey", url.Values{})))
	defer conn.Close(g.t.Context())
	rows := must(conn.Query(g.t.Context(), `SELECT relname::text FROM pg_class WHERE relnamespace = 'latchkey'::regnamespace
		AND relkind = 'r' AND has_table_privilege('latchkey_verify', oid, 'SELECT') ORDER BY 1`))
	return must(pgx.CollectRows(rows, pgx.RowTo[string]))
}

// verifies reports whether a server of the verifier's role sees a change, finds a value and tells its metrics.
func (g granted) verifies(value tokens.Secret, change func()) bool {
	g.t.Helper()
	s := openWith(g.t, service.Options{Database: g.verifier, Now: time.Now, Follow: true})
	watch, err := s.Verifications().Watch(background)
	if err != nil {
		return false
	}
	defer watch.Close()
	if _, err := watch.Look(background); err != nil {
		return false
	}
	change()
	if seen, err := watch.Look(background); err != nil || seen.All || !seen.Any {
		return false
	}
	_, ok, err := s.Verifications().Secret(background, value.Hash())
	_, countFailed := s.CountTokens(background)
	_, headFailed := s.Head(background)
	return ok && err == nil && countFailed == nil && headFailed == nil
}

// changesNothing fails the test unless the verifier is denied every change, and a look at what it isn't to see.
func (g granted) changesNothing(readable []string) {
	g.t.Helper()
	conn := must(pgx.Connect(g.t.Context(), g.server.AddressOf("postgres", "latchkey", url.Values{})))
	defer conn.Close(g.t.Context())
	rows := must(conn.Query(g.t.Context(),
		`SELECT relname::text FROM pg_class WHERE relnamespace = 'latchkey'::regnamespace AND relkind = 'r'`))
	tables := must(pgx.CollectRows(rows, pgx.RowTo[string]))
	if len(tables) <= len(readable) {
		g.t.Errorf("the verifier may read all of %q", tables)
	}
	for _, table := range tables {
		name := `latchkey.` + table
		g.denies("latchkey_verify", `INSERT INTO `+name+` DEFAULT VALUES`, `DELETE FROM `+name, `TRUNCATE `+name,
			`BEGIN; LOCK TABLE `+name+` IN EXCLUSIVE MODE`, `CREATE TRIGGER t BEFORE INSERT ON `+name+
				` EXECUTE FUNCTION suppress_redundant_updates_trigger()`)
		if !slices.Contains(readable, table) {
			g.denies("latchkey_verify", `SELECT * FROM `+name)
		}
	}
	g.denies("latchkey_verify", `UPDATE latchkey.access_tokens SET enabled = false`, `UPDATE latchkey.database SET serial = 0`,
		`CREATE TABLE latchkey.mine (a int)`, `CREATE TABLE public.mine (a int)`, `CREATE TEMPORARY TABLE mine (a int)`,
		`SELECT nextval(pg_get_serial_sequence('latchkey.changes', 'number'))`, `DROP SCHEMA latchkey`, `CREATE SCHEMA other`)

	before := must(openWith(g.t, service.Options{Database: g.writer, Now: time.Now}).As(anna).Database(background))
	verifier := openWith(g.t, service.Options{Database: g.verifier, Now: time.Now}).As(anna)
	_, err := verifier.CreateAccessToken(background, newRequest(g.t, "other", ""))
	if tokens.ErrorReason(err) != tokens.ReasonNotGranted || !strings.Contains(err.Error(), "the role may not do this") {
		g.t.Errorf("a change gives %v", err)
	}
	after := must(openWith(g.t, service.Options{Database: g.writer, Now: time.Now}).As(anna).Database(background))
	if before != after {
		g.t.Errorf("the database was %+v and is %+v", before, after)
	}
}
