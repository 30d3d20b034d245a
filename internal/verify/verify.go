// Package verify answers whether a value is a good secret of an access token. It finds the row of the secret and leaves the
// verdict to package tokens.
//
// It imports package tokens alone. It decides no rule, reads no clock and records no use.
package verify

import (
	"context"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// Rows is where secrets are looked up.
type Rows interface {
	// Secret returns the secret that has a hash and, as of the same moment, the roles that its token and technical user
	// hold, and whether there is one whose token lives. CodeUnavailable.
	Secret(ctx context.Context, hash tokens.SecretHash) (tokens.SecretRow, tokens.Roles, bool, error)
}

// Value returns the secret that a value is, and whether it is one. CodeUnavailable where that can't be told.
func Value(ctx context.Context, rows Rows, secret tokens.Secret) (known tokens.ResolvedSecret, ok bool, err error) {
	row, roles, ok, err := rows.Secret(ctx, secret.Hash())
	if err != nil || !ok || !row.IsOf(secret) {
		return known, false, err
	}
	return row.Resolve(roles), true, nil
}
