package service

import (
	"context"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/store"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// VerifyHistory implements tokens.Backend.
func (b *Backend) VerifyHistory(ctx context.Context, known tokens.Head) (tokens.History, error) {
	return readAs(ctx, b, look{action: tokens.ActionEventVerify}, func(r reader) (tokens.History, error) {
		*r.object = databaseObject(r.View)
		if err := r.caller.MustBeOwner("to verify the audit log"); err != nil {
			return tokens.History{}, err
		}
		h, err := r.History(ctx, known)
		if err == nil && h.Events == 0 && h.Broken == nil {
			h.Broken = &tokens.BrokenLink{Number: 1, Problem: "is not there: each log begins with that of the making of its database"}
		}
		return h, err
	})
}

// Head returns the head of the history, for whoever watches over the service. CodeUnavailable.
func (s *Service) Head(ctx context.Context) (tokens.Head, error) {
	return readBy(ctx, s, (*store.Store).Read, func(v store.View) (tokens.Head, error) { return v.Head(ctx) })
}
