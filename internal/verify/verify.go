// Package verify finds the secret that a token value stands for. Whether that secret is active is for package tokens to
// decide.
//
// It imports only package tokens. It contains no rules, reads no clock and records no uses.
package verify

import (
	"context"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// Rows looks up secrets by their hash.
type Rows interface {
	// Secret returns the secret with a hash and the roles that its token and technical user hold, all as of the same time,
	// and whether there is such a secret of a token that has not been deleted. CodeUnavailable.
	Secret(ctx context.Context, hash tokens.SecretHash) (tokens.SecretRow, tokens.Roles, bool, error)
}

// Value returns the secret that a value stands for, and whether there is one. CodeUnavailable.
func Value(ctx context.Context, rows Rows, secret tokens.Secret) (known tokens.ResolvedSecret, ok bool, err error) {
	row, roles, ok, err := rows.Secret(ctx, secret.Hash())
	if err != nil || !ok || !row.IsOf(secret) {
		return known, false, err
	}
	return row.Resolve(roles), true, nil
}
