// Package verify finds the secret that a token value stands for: in a database, or in a cache of one that a feed of
// changes keeps true. Whether that secret is active is for package tokens to decide.
//
// It imports only packages tokens and store. It contains no rules and records no uses.
package verify

import (
	"context"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/store"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// Rows looks up secrets by their hash.
type Rows interface {
	// Secret returns what is known of the secret with a hash, all as of the same time, and whether there is such a secret of
	// a token that has not been deleted. CodeUnavailable.
	Secret(ctx context.Context, hash tokens.SecretHash) (Found, bool, error)
}

// Found is a secret as a database holds it.
type Found struct {
	tokens.SecretRow
	// Roles are at least those that the token and its technical user hold.
	Roles tokens.Roles
	// Database is the database that holds the secret.
	Database tokens.Database
}

// Database is a database whose changes can be watched.
type Database interface {
	Rows
	// Watch begins to look for changes. CodeUnavailable.
	Watch(ctx context.Context) (store.Watch, error)
}

// Value returns the secret that a value stands for, and whether there is one. CodeUnavailable.
func Value(ctx context.Context, rows Rows, secret tokens.Secret) (known tokens.ResolvedSecret, ok bool, err error) {
	found, ok, err := rows.Secret(ctx, secret.Hash())
	if err != nil || !ok || !found.IsOf(secret) {
		return known, false, err
	}
	return found.Resolve(found.Roles), true, nil
}
