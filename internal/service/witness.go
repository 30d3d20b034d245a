package service

import (
	"context"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/store"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// witness is the tokens.Witness that goes along with an operation, if any does.
type witness struct {
	*tokens.Witness
	// newest is the mark of the database at the beginning of the operation.
	newest tokens.Mark
}

// checkFirst checks the database before the caller is looked up, and checkLast afterwards; one of them does so. Who runs
// this program can read the file, so that the database comes first: the caller's account may not be in an older copy.
// Anyone else learns nothing of the database before it is known who asks.
func (w *witness) checkFirst(ctx context.Context, v store.View, p tokens.Principal) error {
	if p.Actor() == "" {
		return nil
	}
	return w.check(ctx, v)
}

// checkLast is described with checkFirst.
func (w *witness) checkLast(ctx context.Context, v store.View, p tokens.Principal) error {
	if p.Actor() != "" {
		return nil
	}
	return w.check(ctx, v)
}

// check returns CodeUnavailable unless the database is the one that the witness expects.
func (w *witness) check(ctx context.Context, v store.View) error {
	if w.Witness == nil {
		return nil
	}
	past, err := v.Past(ctx, w.Expects)
	if err != nil {
		return err
	}
	if err := store.Moved(past.Location, past.MovedTo); err != nil { // what Terraform would read here is of the past
		return err
	}
	w.newest = past.Newest
	if w.Expects == (tokens.Mark{}) {
		return nil
	}
	return past.Check(w.Expects)
}

// saw tells the witness of the mark that an operation left; the zero Mark if it changed nothing.
func (w *witness) saw(mark tokens.Mark) {
	switch {
	case w.Witness == nil:
	case mark.Serial > 0:
		w.Saw = mark
	default:
		w.Saw = w.newest
	}
}
