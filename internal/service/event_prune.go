package service

import (
	"context"
	"fmt"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// PruneEvents implements tokens.Backend. What was deleted can't be told from the log afterwards, so an event says how much
// it was; where there was nothing to delete there is none.
func (b *Backend) PruneEvents(ctx context.Context, before time.Time) (int64, error) {
	return change(ctx, b, tokens.ActionEventPrune, object{}, func(o *operation) (int64, error) {
		before := kept(before)
		about := databaseObject(o.View)
		o.object = about
		if err := o.caller.MustBeOwner("to delete events"); err != nil {
			return 0, err
		}
		if err := tokens.ValidatePrune("before", before, o.now); err != nil {
			return 0, err
		}
		number, err := o.DeleteEvents(ctx, before)
		if err != nil || number == 0 {
			return 0, err
		}
		return number, o.record(ctx, tokens.ActionEventPrune, about.id, about.name, fmt.Sprintf("%d events before %s", number, tokens.FormatTimestamp(before)))
	})
}
