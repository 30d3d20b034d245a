package service

import (
	"context"
	"errors"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// Acceptance records that a database was put back on purpose by other means than a Restore, such as a snapshot of its
// disk: whoever has seen later changes works with it all the same from then on.
type Acceptance struct {
	// Options name the database and supply the clock.
	Options Options
	// Actor is who accepts. It is not a principal: anyone who can replace the file owns the database.
	Actor tokens.Actor
	// ClaimedRun is the run of a pipeline in which the actor claims to accept; empty for none.
	ClaimedRun string
}

// Look returns what the database holds, and changes nothing. CodeUnavailable for one that can't be used.
func (a Acceptance) Look(ctx context.Context) (tokens.Snapshot, error) {
	i, err := inspect(ctx, a.Options.Database)
	if err != nil {
		return tokens.Snapshot{}, err
	}
	return snapshot(i.Content), i.unusable
}

// Run accepts the database as it is, and returns the mark that this left. Every mark from before its time counts as known.
func (a Acceptance) Run(ctx context.Context) (tokens.Mark, error) {
	opened := Open(a.Options)
	mark, err := opened.As(tokens.AsDatabaseOwner(a.Actor).InRun(a.ClaimedRun)).accept(ctx)
	return mark, errors.Join(err, opened.Close())
}

// accept is Acceptance.Run for an open database.
func (b *Backend) accept(ctx context.Context) (tokens.Mark, error) {
	w := new(tokens.Witness)
	_, err := change(tokens.WithWitness(ctx, w), b, tokens.ActionDatabaseRestore, object{},
		func(o *operation) (none struct{}, err error) {
			if err := o.KnowEarlierMarks(ctx, o.now); err != nil {
				return none, err
			}
			about := databaseObject(o.View)
			return none, o.record(ctx, tokens.ActionDatabaseRestore, about.id, about.name,
				because("this file is the one that counts from now on, however it was put back"))
		})
	return w.Saw, err
}
