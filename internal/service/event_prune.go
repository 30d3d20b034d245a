package service

import (
	"context"
	"fmt"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// PruneEvents implements tokens.Backend. The log no longer shows that events were deleted, so a new event says how many
// there were, unless there were none.
func (b *Backend) PruneEvents(ctx context.Context, before time.Time) (int64, error) {
	return change(ctx, b, tokens.ActionEventPrune, object{}, func(o *operation) (int64, error) {
		before := asStored(before)
		about := databaseObject(o.View)
		o.object = about
		if err := o.caller.MustBeOwner("to delete events"); err != nil {
			return 0, err
		}
		if err := tokens.ValidatePrune("before", before, o.now); err != nil {
			return 0, err
		}
		pruned, err := o.DeleteEvents(ctx, before)
		if err != nil || pruned.Number == 0 {
			return 0, err
		}
		return pruned.Number, o.record(ctx, tokens.ActionEventPrune, about.id, about.name, func(e *tokens.Event) {
			e.Detail = fmt.Sprintf("%s before %s", tokens.Counted(pruned.Number, "event"), tokens.FormatTimestamp(before))
			e.Details.EventsDeleted, e.Details.EventsDeletedBefore = pruned.Number, before
			e.Details.Checkpoint = pruned.Checkpoint.String()
			if pruned.Broken != nil { // else to prune would hide it
				e.Details.Reason = pruned.Broken.String()
				e.Detail += "; these were not as they had been written: " + e.Details.Reason
			}
		})
	})
}
