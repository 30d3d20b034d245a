package pgtest

import (
	"context"
	"crypto/rand"
	"net/url"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
)

// Drop removes the schema that an address names, with all that is in it.
func Drop(t testing.TB, address string) {
	t.Helper()
	run(t, address, `DROP SCHEMA IF EXISTS `+schemaOf(t, address)+` CASCADE`)
}

// Save copies the rows of a schema to a new one, whose address it returns. No program can work there: Fill brings the rows back.
func Save(t testing.TB, address string) (saved string) {
	t.Helper()
	from, to := schemaOf(t, address), "saved_"+strings.ToLower(rand.Text())
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal("the address of a schema can't be read")
	}
	query := u.Query()
	query.Set("schema", to)
	u.RawQuery = query.Encode()
	run(t, address, `CREATE SCHEMA `+to+`; DO $$
		DECLARE name text;
		BEGIN
			FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = '`+from+`' LOOP
				EXECUTE format('CREATE TABLE `+to+`.%1$I AS TABLE `+from+`.%1$I', name);
			END LOOP;
		END $$`)
	return u.String()
}

// Fill replaces the rows in the tables of a schema with those of a schema on the same server that has the same tables.
func Fill(t testing.TB, address, from string) {
	t.Helper()
	to, source := schemaOf(t, address), schemaOf(t, from)
	// Foreign keys don't count meanwhile. What counts up goes on after the highest number.
	run(t, address, `SET session_replication_role = replica; DO $$
		DECLARE name text; counting record;
		BEGIN
			FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = '`+to+`' LOOP
				EXECUTE format('DELETE FROM `+to+`.%I', name);
				EXECUTE format('INSERT INTO `+to+`.%1$I OVERRIDING SYSTEM VALUE TABLE `+source+`.%1$I', name);
			END LOOP;
			FOR counting IN SELECT table_name, column_name FROM information_schema.columns
				WHERE table_schema = '`+to+`' AND is_identity = 'YES' LOOP
				EXECUTE format('SELECT setval(pg_get_serial_sequence(%1$L, %2$L), coalesce(max(%2$I), 0) + 1, false) FROM `+to+`.%3$I',
					'`+to+`.' || counting.table_name, counting.column_name, counting.table_name);
			END LOOP;
		END $$`)
}

// IsEmpty reports whether there is no schema, or nothing in it.
func IsEmpty(t testing.TB, address string) bool {
	t.Helper()
	empty := false
	connected(t, address, func(conn *pgx.Conn) error {
		return conn.QueryRow(context.Background(), `SELECT NOT EXISTS (SELECT FROM pg_tables WHERE schemaname = $1)`,
			schemaOf(t, address)).Scan(&empty)
	})
	return empty
}

// schemaOf returns the name of the schema in an address.
func schemaOf(t testing.TB, address string) string {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil || u.Query().Get("schema") == "" {
		t.Fatal("the address names no schema")
	}
	return u.Query().Get("schema")
}

// run runs statements at an address.
func run(t testing.TB, address, text string) {
	t.Helper()
	connected(t, address, func(conn *pgx.Conn) error {
		_, err := conn.Exec(context.Background(), text, pgx.QueryExecModeSimpleProtocol)
		return err
	})
}

// connected calls use with a connection to the server at the address of a schema.
func connected(t testing.TB, address string, use func(*pgx.Conn) error) {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal("the address can't be read")
	}
	query := u.Query()
	query.Del("schema")
	u.RawQuery = query.Encode()
	conn, err := pgx.Connect(context.Background(), u.String())
	if err != nil {
		t.Fatal(err)
	}
	err = use(conn)
	_ = conn.Close(context.Background())
	if err != nil {
		t.Fatal(err)
	}
}
