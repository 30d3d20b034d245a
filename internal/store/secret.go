package store

import (
	"context"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// KnownSecret is a secret of an access token that lives, found by its hash.
type KnownSecret struct {
	Hash tokens.SecretHash
	// Version is the version of this secret; the one of AccessToken.Secret is the current one.
	Version     int64
	AccessToken tokens.AccessToken
	// CustomRoles are those that the token and its technical user have, with their names and permissions alone.
	CustomRoles []tokens.Role
}

// selectSecret selects a secret k with its token, the current secret of that, and its custom roles.
var selectSecret = `SELECT k.hash, k.version, ` + customRolesOf("t", "u") + `, ` + accessTokenColumns + accessTokenTables + `JOIN secrets k ON k.access_token_id = t.id WHERE k.hash = $1`

// SecretWithHash returns the secret that has a hash, and whether there is one whose token lives.
func (v View) SecretWithHash(ctx context.Context, hash tokens.SecretHash) (KnownSecret, bool, error) {
	scan := func(row scanner) (known KnownSecret, err error) {
		var text string
		if known.AccessToken, err = scanAccessToken(row, &text, &known.Version, customRoles{&known.CustomRoles}); err != nil {
			return known, err
		}
		known.Hash, err = tokens.ParseSecretHash(text)
		return known, err
	}
	return find(ctx, v.q, scan, selectSecret, hash.String())
}

// SecretExists tells whether a secret with the hash was ever used, whatever became of its token.
func (v View) SecretExists(ctx context.Context, hash tokens.SecretHash) (bool, error) {
	_, ok, err := find(ctx, v.q, scanText, `SELECT hash FROM secrets WHERE hash = $1`, hash.String())
	return ok, err
}

// InsertSecret writes a new secret of an access token.
func (t Tx) InsertSecret(ctx context.Context, tokenID string, hash tokens.SecretHash, s tokens.SecretState) error {
	return t.exec(ctx, `INSERT INTO secrets (hash, access_token_id, version, preview, created_at) VALUES ($1, $2, $3, $4, $5)`,
		hash.String(), tokenID, s.Version, s.Preview, microseconds(s.CreatedAt))
}

// EndSecrets ends the secrets of an access token that have not ended before.
func (t Tx) EndSecrets(ctx context.Context, tokenID string, at time.Time) error {
	return t.exec(ctx, `UPDATE secrets SET ended_at = $2 WHERE access_token_id = $1 AND ended_at IS NULL`, tokenID, microseconds(at))
}
