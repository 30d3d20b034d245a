//go:build unix

package pgtest

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
)

// storeTokens are statements that store access tokens, as if each had been made by a change of its own: with its mark and its
// event, whose hashes are true. There are 20 to a technical user, and every second technical user is in one of 20 groups.
var storeTokens = []string{
	`CREATE FUNCTION pg_temp.link(hash text, digest text) RETURNS text LANGUAGE sql IMMUTABLE
		AS $$ SELECT CASE hash WHEN '' THEN digest ELSE encode(sha256(convert_to(hash || digest, 'UTF8')), 'hex') END $$`,
	`CREATE AGGREGATE pg_temp.chained(text) (sfunc = pg_temp.link, stype = text, initcond = '')`,
	`CREATE FUNCTION pg_temp.said(VARIADIC texts text[]) RETURNS text LANGUAGE sql IMMUTABLE
		AS $$ SELECT encode(sha256(convert_to(string_agg(length(t) || ':' || t, ''), 'UTF8')), 'hex') FROM unnest(texts) t $$`,
	`CREATE TEMP TABLE made ON COMMIT DROP AS
		SELECT n, 'tok_0' || lpad(n::text, 24, '0') || '0' AS id, 'evt_0' || lpad(n::text, 24, '0') || '0' AS event_id,
			'tu_0' || lpad((n / 20)::text, 24, '0') || '0' AS user_id, 'service-' || n / 20 AS user_name,
			CASE WHEN n / 20 % 2 = 0 THEN '' ELSE 'grp_0' || lpad((n / 20 % 40)::text, 24, '0') || '0' END AS group_id,
			'deploys of region ' || n AS name, 1750000000000000 + n * 1000000::bigint AS at, 1750000000000000 + n * 1000000::bigint AS updated,
			CASE WHEN n % 3 = 0 THEN 4000000000000000 - n * 1000000::bigint END AS ends_at
		FROM generate_series(1, $1::bigint) n`,
	`INSERT INTO groups (id, name, description, created_at, updated_at)
		SELECT DISTINCT ON (group_id) group_id, 'group-' || n, '', at, updated FROM made WHERE group_id <> ''`,
	`INSERT INTO technical_users (id, name, description, email, group_id, role, group_roles_set, enabled, system_created, created_at,
			updated_at, name_key, email_key)
		SELECT DISTINCT ON (user_id) user_id, user_name, '', user_name || '@acme.latchkey.internal', nullif(group_id, ''),
			'member', FALSE, TRUE, FALSE, at, updated, user_name, user_name || '@acme.latchkey.internal' FROM made`,
	`INSERT INTO access_tokens (id, name, description, technical_user_id, role, group_roles_set, enabled, expires_at, ttl_seconds,
			secret_version, created_at, updated_at, last_used_at, use_count, group_id, secret_ends_at, name_key)
		SELECT id, name, '', user_id, '', FALSE, TRUE, ends_at, 0, 1, at, updated, CASE WHEN n % 2 = 1 THEN at + 1 END, n % 2, group_id,
			ends_at, name FROM made ORDER BY n`,
	`INSERT INTO secrets (hash, access_token_id, version, preview, created_at, last_used_at)
		SELECT encode(sha256(convert_to('stored-' || lpad(n::text, 42, '0'), 'UTF8')), 'hex'), id, 1, 'stor', at,
			CASE WHEN n % 2 = 1 THEN at + 1 END FROM made ORDER BY n`,
	`INSERT INTO marks (serial, mark)
		SELECT serial + n, rtrim(translate(encode(substring(sha256(n::text::bytea) FOR 8), 'base64'), '+/', '-_'), '=')
		FROM made CROSS JOIN database ORDER BY n`,
	`INSERT INTO changes (serial, kind, id)
		SELECT serial + n, 'tok', made.id FROM made CROSS JOIN database WHERE n > $1::bigint - 9000 ORDER BY n`,
	`INSERT INTO events (number, hash, id, at, actor, action, claimed_run, object_id, object_name, outcome, detail, details)
		WITH before AS (SELECT event_number, event_hash FROM database), said AS (
			SELECT 0 AS n, '' AS event_id, 0::bigint AS at, '' AS id, '' AS name, event_hash AS digest FROM before
			UNION ALL SELECT n, event_id, at, id, name, pg_temp.said(event_id, at::text, 'local:anna@host', 'access_token.create',
				'', id, name, 'done', '', '') FROM made)
		SELECT event_number + n, hash, event_id, at, 'local:anna@host', 'access_token.create', '', id, name, 'done', '', ''
		FROM (SELECT *, pg_temp.chained(digest) OVER (ORDER BY n) AS hash FROM said) linked CROSS JOIN before WHERE n > 0`,
	`UPDATE database SET serial = serial + $1::bigint, event_number = event_number + $1::bigint,
		event_hash = (SELECT hash FROM events ORDER BY number DESC LIMIT 1)`,
}

// StoreTokens stores access tokens in the database at an address, of which somebody has made the tables: so many that a program
// that made each of them by a change would take too long. The server has looked at the tables afterwards, as it does by itself
// after a while.
func StoreTokens(t testing.TB, address string, count int) {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	query := u.Query()
	schema := query.Get("schema")
	query.Del("schema")
	u.RawQuery = query.Encode()
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, u.String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	tx, err := conn.Begin(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range append([]string{`SET LOCAL search_path = ` + schema, `SET LOCAL work_mem = '256MB'`}, storeTokens...) {
		var args []any
		if strings.Contains(text, "$1::") {
			args = []any{count}
		}
		if _, err := tx.Exec(ctx, text, args...); err != nil {
			t.Fatalf("%v: %s", err, text)
		}
	}
	if err := tx.Commit(ctx); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Exec(ctx, `VACUUM (ANALYZE)`); err != nil {
		t.Fatal(err)
	}
}

// StoredValue is the value of one of the tokens that StoreTokens stores, which have numbers from 1 on. It is as long as one that
// Latchkey makes.
func StoredValue(number int) string { return fmt.Sprintf("stored-%042d", number) }
