package service

import (
	"context"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/store"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// requestsKept is how long a request is recognized when it is sent again.
const requestsKept = 7 * 24 * time.Hour

// repeated tells whether the request took effect before, and on which object. The id of a request that was used for
// something else is a conflict.
func (o *operation) repeated(ctx context.Context, request store.Request) (objectID string, repeated bool, err error) {
	if err := o.DeleteRequestsBefore(ctx, o.now.Add(-requestsKept)); err != nil {
		return "", false, err
	}
	known, ok, err := o.Request(ctx, request.ID)
	if err != nil || !ok {
		return "", false, err
	}
	if known.Actor != request.Actor {
		return "", false, tokens.Conflict("request_id", "", "request id %s was used before: send each request with an id of its own", known.ID)
	}
	if known.Operation != request.Operation || known.Digest != request.Digest {
		return "", false, tokens.Conflict("request_id", known.ObjectID, "request id %s was used for another request: send each request with an id of its own, and change nothing in one that is sent again", known.ID)
	}
	return known.ObjectID, true, nil
}

// request returns the record of a request with the digest of its content.
func (o *operation) request(r tokens.Request, operation tokens.Action, digest string) store.Request {
	return store.Request{ID: r.RequestID, Actor: o.actor, Operation: operation, Digest: digest, CreatedAt: o.now}
}
