//go:build unix

package postgres

import (
	"context"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/store"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// noon is the time at which tests write.
var noon = time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)

// begun is what a database of a test begins with.
func begun(ctx context.Context, tx store.Tx) error {
	return tx.InsertDatabase(ctx, tokens.NewID(tokens.KindDatabase, noon), "acme", noon)
}
