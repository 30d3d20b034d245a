package store

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"
)

// SecretUse are uses of one secret of an access token.
type SecretUse struct {
	TokenID string
	// Version is that of the secret.
	Version int64
	Count   int64
	// Last is when the last of them was.
	Last time.Time
}

// usesInStatement is how many uses one statement records. With one use in each, a third of the time would go into
// beginning statements and ending them; with very many, into SQLite's search for the names of arguments. A statement with
// fewer uses is filled up, so that there is one text to keep prepared.
const usesInStatement = 20

// The statements of RecordUses find each row by an index.
var (
	recordTokenUses = `WITH used (id, version, uses, last) AS (` + usesInColumns() + `)
		UPDATE access_tokens SET use_count = use_count + of_token.uses,
		last_used_at = CASE WHEN last_used_at > of_token.last THEN last_used_at ELSE of_token.last END
		FROM (SELECT id, sum(uses) AS uses, max(last) AS last FROM used GROUP BY id) AS of_token
		WHERE access_tokens.id = of_token.id`
	recordSecretUses = `WITH used (id, version, uses, last) AS (` + usesInColumns() + `)
		UPDATE secrets SET last_used_at = used.last FROM used
		WHERE secrets.access_token_id = used.id AND secrets.version = used.version
		AND (secrets.last_used_at IS NULL OR secrets.last_used_at < used.last)`
)

// usesInColumns are the uses of one statement as a table, of which each row is an argument of four columns.
func usesInColumns() string {
	rows := make([]string, usesInStatement)
	for i := range rows {
		arg := func(n int) string { return "$" + strconv.Itoa(4*i+n) }
		rows[i] = `(CAST(` + arg(1) + ` AS TEXT), CAST(` + arg(2) + ` AS BIGINT), CAST(` + arg(3) + ` AS BIGINT), CAST(` +
			arg(4) + ` AS BIGINT))`
	}
	return `VALUES ` + strings.Join(rows, `, `)
}

// RecordUses counts uses of access tokens, each secret at most once, and moves the last uses of tokens and secrets
// forward. A token that is gone stays gone.
func (t Tx) RecordUses(ctx context.Context, uses []SecretUse) error {
	for some := range slices.Chunk(uses, usesInStatement) {
		args := make([]any, 4*usesInStatement) // what is left NULL finds no row
		for i, use := range some {
			copy(args[4*i:], []any{use.TokenID, use.Version, use.Count, microseconds(use.Last)})
		}
		for _, statement := range []string{recordTokenUses, recordSecretUses} {
			if _, err := t.execBeside(ctx, statement, args...); err != nil {
				return err
			}
		}
	}
	return nil
}
