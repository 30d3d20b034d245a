package service

import (
	"context"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// Whoever is told that a token was stopped relies on it. So what stops one is read again at the end of the transaction,
// after everything else was written to it: something in the database, or about to fail, may have undone it.

// readBackAll reads back what the operation stopped.
func (o *operation) readBackAll(ctx context.Context) error {
	for _, read := range o.readBack {
		if err := read(ctx); err != nil {
			return err
		}
	}
	return nil
}

// readTokenBack has an access token read back that the operation stops, or whose secret it ends.
func (o *operation) readTokenBack(want tokens.AccessToken) {
	o.readBack = append(o.readBack, func(ctx context.Context) error {
		got, _, err := o.AccessTokenWithRoles(ctx, want.ID)
		switch {
		case tokens.ErrorCode(err) == tokens.CodeUnavailable:
			return err
		case err != nil || !want.StoppedLike(got, o.now):
			return o.notKept("access token " + want.ID)
		}
		return nil
	})
}

// readDeletionBack has an access token looked for that the operation deletes.
func (o *operation) readDeletionBack(id string) {
	o.readBack = append(o.readBack, func(ctx context.Context) error {
		_, _, err := o.AccessTokenWithRoles(ctx, id)
		switch {
		case err == nil:
			return o.notKept("access token " + id)
		case tokens.ErrorCode(err) == tokens.CodeNotFound:
			return nil
		}
		return err
	})
}

// readTechnicalUserBack has a technical user read back that the operation disables.
func (o *operation) readTechnicalUserBack(want tokens.TechnicalUser) {
	o.readBack = append(o.readBack, func(ctx context.Context) error {
		got, err := o.TechnicalUser(ctx, want.ID)
		switch {
		case tokens.ErrorCode(err) == tokens.CodeUnavailable:
			return err
		case err != nil || got.Enabled:
			return o.notKept("technical user " + want.ID)
		}
		return nil
	})
}

// notKept is the error of an object that the database does not hold as it was written.
func (o *operation) notKept(object string) error {
	return tokens.Unavailable(nil, "database %s does not hold what was just written to it about %s; nothing was changed, "+
		"and nothing is stopped: stop the token where it is accepted, keep a copy of the database with its -wal and -shm "+
		"files, and restore it from a backup", o.Database().Location, object).Because(tokens.ReasonDatabaseFailing)
}
