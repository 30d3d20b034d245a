package service

import (
	"cmp"
	"context"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/store"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// Marks implements tokens.Backend.
func (b *Backend) Marks(ctx context.Context, first int64, limit int) (tokens.MarkRange, error) {
	about := look{action: tokens.ActionDatabaseShow}
	return readAsBy(ctx, b, (*store.Store).ReadAtOnce, about, func(r reader) (tokens.MarkRange, error) {
		if err := tokens.ValidateMarkRange(first, limit); err != nil {
			return tokens.MarkRange{}, err
		}
		return r.View.Marks(ctx, max(first, 1), cmp.Or(limit, tokens.MostMarks))
	})
}
