package store

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// selectSecret selects a secret k with its token.
const selectSecret = `SELECT k.hash, k.version, ` + accessTokenColumns + ` FROM secrets k CROSS JOIN ` + accessTokenTables +
	`WHERE k.hash = $1 AND t.id = k.access_token_id`

// SecretWithHash returns the secret with a hash and the custom roles of its token and the token's account, all as of the
// same time, and whether there is such a secret of a token that has not been deleted. Of the roles it reads only names
// and permissions.
func (v View) SecretWithHash(
	ctx context.Context, hash tokens.SecretHash,
) (known tokens.SecretRow, roles []tokens.Role, ok bool, err error) {
	var hashed string
	var rows tokenRows
	row := newTokenRow(textTo(&hashed), version{&known.Version})
	err = each(ctx, v.q, func(from scanner) error {
		if err := row.scan(from); err != nil {
			return err
		}
		rows.add(row)
		return nil
	}, selectSecret, hash.String())
	all, roles := rows.finish()
	if err == nil && len(all) == 0 {
		err = v.checkEnded(ctx, hash)
	}
	if err != nil || len(all) == 0 {
		return tokens.SecretRow{}, nil, false, err
	}
	known.AccessToken = all[0]
	if known.Hash, err = tokens.ParseSecretHash(hashed); err != nil {
		err = checkedRow(tokens.KindAccessToken, known.AccessToken.ID, &columnError{"hash", err.Error()})
	}
	return known, roles, err == nil, err
}

// checkEnded refuses a secret that lives while its token is not there: the end of a token ends its secrets. One statement
// tells both. A secret that was made after another statement had not found it is no reason to refuse.
func (v View) checkEnded(ctx context.Context, hash tokens.SecretHash) error {
	id, lives, err := find(ctx, v.q, scanText, `SELECT k.access_token_id FROM secrets k
		WHERE k.hash = $1 AND k.ended_at IS NULL AND NOT EXISTS (SELECT 1 FROM access_tokens t WHERE t.id = k.access_token_id)`,
		hash.String())
	if err != nil || !lives {
		return err
	}
	return endlessSecret(id)
}

// endlessSecret is the error of a secret that lives without its token.
func endlessSecret(tokenID string) error {
	return &rowError{rowOf(tokens.KindAccessToken, tokenID), "it is not there, but its secret has not ended"}
}

// selectHashes selects every secret that was ever used, those of deleted tokens too.
const selectHashes = `SELECT hash, access_token_id, version, preview, created_at, ended_at, grace_ends_at, last_used_at
	FROM secrets`

// scanSecret checks a row of selectHashes.
func scanSecret(row scanner) (id string, err error) {
	var s tokens.PreviousSecret
	var hashed string
	var ended time.Time
	err = row.Scan(textTo(&hashed), textTo(&id), version{&s.Version}, textTo(&s.Preview), someInstant{&s.CreatedAt},
		instant{&ended}, instant{&s.EndsAt}, instant{&s.LastUsedAt})
	if _, malformed := tokens.ParseSecretHash(hashed); err == nil && malformed != nil {
		err = &columnError{"hash of secrets", malformed.Error()}
	}
	return id, checkedRow(tokens.KindAccessToken, id, err, checkID("access_token_id", tokens.KindAccessToken, id))
}

// SecretExists reports whether a secret with the hash was ever used, whatever became of its token.
func (v View) SecretExists(ctx context.Context, hash tokens.SecretHash) (bool, error) {
	_, ok, err := find(ctx, v.q, scanText, `SELECT hash FROM secrets WHERE hash = $1`, hash.String())
	return ok, err
}

// InsertSecret writes a new secret of an access token.
func (t Tx) InsertSecret(ctx context.Context, tokenID string, hash tokens.SecretHash, s tokens.SecretState) error {
	return t.execOn(ctx, tokenID, `INSERT INTO secrets (hash, access_token_id, version, preview, created_at)
		VALUES ($1, $2, $3, $4, $5)`,
		hash.String(), tokenID, s.Version, s.Preview, microseconds(s.CreatedAt))
}

// EndSecrets ends the secrets of an access token of versions below one that have not ended before.
func (t Tx) EndSecrets(ctx context.Context, tokenID string, below int64, at time.Time) error {
	return t.execOn(ctx, tokenID, `UPDATE secrets SET ended_at = $3
		WHERE access_token_id = $1 AND version < $2 AND ended_at IS NULL`, tokenID, below, microseconds(at))
}

// SetGrace writes when a secret that was superseded ends; zero gives it no grace.
func (t Tx) SetGrace(ctx context.Context, tokenID string, version int64, endsAt time.Time) error {
	return t.execOn(ctx, tokenID, `UPDATE secrets SET grace_ends_at = $3 WHERE access_token_id = $1 AND version = $2`,
		tokenID, version, microseconds(endsAt))
}

// EndedGrace is a secret whose grace is over, which no transaction has marked yet.
type EndedGrace struct {
	AccessTokenID, AccessTokenName string
	Secret                         tokens.PreviousSecret
}

func scanEndedGrace(row scanner) (e EndedGrace, err error) {
	s := &e.Secret
	err = row.Scan(textTo(&e.AccessTokenID), textTo(&e.AccessTokenName), version{&s.Version}, textTo(&s.Preview),
		someInstant{&s.CreatedAt}, someInstant{&s.EndsAt}, instant{&s.LastUsedAt})
	return e, checkedRow(tokens.KindAccessToken, e.AccessTokenID, err,
		checkID("access_token_id", tokens.KindAccessToken, e.AccessTokenID))
}

const (
	// ofEndedGraces is the condition that the grace of a secret is over, and nothing has marked that yet.
	ofEndedGraces = `ended_at IS NULL AND grace_ends_at IS NOT NULL AND grace_ends_at <= $1`
	// endedGraceColumns are the columns that scanEndedGrace reads.
	endedGraceColumns = `access_token_id, (SELECT t.name FROM access_tokens t WHERE t.id = access_token_id), version, preview,
		created_at, grace_ends_at, last_used_at`
)

// EndedGraces returns the secrets whose grace is over at a time, in the order of their ends.
func (v View) EndedGraces(ctx context.Context, now time.Time) ([]EndedGrace, error) {
	return list(ctx, v.q, scanEndedGrace, `SELECT `+endedGraceColumns+` FROM secrets WHERE `+ofEndedGraces+`
		ORDER BY grace_ends_at, access_token_id`, microseconds(now))
}

// MarkEndedGraces marks the secrets whose grace is over at a time as ended, which they have been since, and returns them in
// the order of their ends: those that ended first, at most limit of them. Of several transactions at once, one marks a secret.
func (t Tx) MarkEndedGraces(ctx context.Context, now time.Time, limit int) ([]EndedGrace, error) {
	q := t.q
	if t.writes != nil {
		q = t.writes.Querier
	}
	ended, err := list(ctx, q, scanEndedGrace, `UPDATE secrets SET ended_at = grace_ends_at WHERE `+ofEndedGraces+`
		AND hash IN (SELECT hash FROM secrets WHERE `+ofEndedGraces+` ORDER BY grace_ends_at, hash LIMIT $2)
		RETURNING `+endedGraceColumns, microseconds(now), limit)
	if t.writes != nil && len(ended) > 0 {
		t.writes.touch(nothing)
	}
	slices.SortFunc(ended, func(a, b EndedGrace) int {
		return cmp.Or(a.Secret.EndsAt.Compare(b.Secret.EndsAt), strings.Compare(a.AccessTokenID, b.AccessTokenID))
	})
	return ended, err
}
