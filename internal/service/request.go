package service

import (
	"context"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/store"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// requestsKept is how long a request that is sent again is recognized.
const requestsKept = 7 * 24 * time.Hour

// forgetsEvery is how often a service deletes requests older than requestsKept.
const forgetsEvery = time.Hour

// repeated reports whether the request took effect before, and on which object. CodeConflict if its id was used for
// something else.
func (o *operation) repeated(
	ctx context.Context, request store.Request,
) (known store.Request, repeated bool, err error) {
	known, ok, err := o.Request(ctx, request.ID)
	if err != nil {
		return known, false, err
	}
	end := o.now.Add(-requestsKept)
	if isForgotten := ok && known.CreatedAt.Before(end); isForgotten || o.backend.forgets.isDue(o.now, forgetsEvery) {
		if err := o.DeleteRequestsBefore(ctx, end); err != nil {
			return known, false, err
		}
		ok = ok && !isForgotten
		o.chores = append(o.chores, &o.backend.forgets)
	}
	if !ok {
		return known, false, nil
	}
	if known.Caller != request.Caller {
		return known, false, tokens.Conflict("request_id", "", "the request id was used before: "+
			"send each request with an id of its own")
	}
	if known.Operation != request.Operation || known.Digest != request.Digest {
		return known, false, tokens.Conflict("request_id", known.ObjectID, "the request id was used for another request: "+
			"send each request with an id of its own, and change nothing in one that is sent again")
	}
	return known, true, nil
}

// request returns the record of a request, with the digest of its content.
func (o *operation) request(r tokens.Request, operation tokens.Action, digest string) store.Request {
	return store.Request{ID: r.RequestID, Caller: o.identity, Operation: operation, Digest: digest, CreatedAt: o.now}
}
