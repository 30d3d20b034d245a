package postgres

import (
	"context"
	"errors"
	"os"
	"slices"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/store"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// Restore puts the rows of a backup in the place of those of a database, in one transaction, so that the tables stay and with
// them the rights of other roles. What was there is kept as a backup of its own.
type Restore struct {
	// Address is that of the database.
	Address string
	// Backup reads the backup.
	Backup interface {
		Read(ctx context.Context, fn func(store.View) error) error
	}
	// Progress is told of what is copied; it may be nil.
	Progress store.Progress
	// Aside is the path of the file in which Keep keeps what was there. A nil Keep keeps nothing.
	Aside string
	Keep  func(ctx context.Context, file string, fill store.Found) error
	// Another means that even a database that is not the one of which the backup is one may be replaced.
	Another bool
	// Sealed means that only a database that was moved elsewhere may be replaced.
	Sealed bool
	// Note writes into the restored database.
	Note store.Found
}

// Check refuses what Run refuses because of what is there, for a backup of the database with an identity.
func (r Restore) Check(ctx context.Context, identity string) error {
	c, err := r.open(ctx)
	if err != nil || c == nil {
		return err
	}
	return errors.Join(r.mayReplace(c, identity), c.Close())
}

// open opens the database; nil where there is none.
func (r Restore) open(ctx context.Context) (*connection, error) {
	s, err := newServer(r.Address)
	if err != nil {
		return nil, err
	}
	c := newConnection(s)
	err = c.open(ctx)
	switch {
	case tokens.IsNoDatabase(err):
		return nil, c.Close()
	case err != nil:
		return nil, errors.Join(store.Explain(s, err), c.Close())
	}
	return c, nil
}

// mayReplace refuses a database that is not the one with the identity.
func (r Restore) mayReplace(c *connection, identity string) error {
	if r.Another || c.database.ID == identity {
		return nil
	}
	return tokens.Conflict("", c.database.ID, "%s holds database %s, but the backup is of database %s, and what refers to one does "+
		"not fit the other: check the address and the path", c.Location(), c.database.ID, identity).Because(tokens.ReasonOtherDatabase)
}

// Beyond counts what the database holds and the backup does not.
func (r Restore) Beyond(ctx context.Context) (changes, events int64, err error) {
	c, err := r.open(ctx)
	if err != nil || c == nil {
		return 0, 0, err
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	err = r.Backup.Read(ctx, func(backup store.View) error {
		return c.ReadAtOnce(ctx, func(v store.View) error {
			changes, events, err = v.Beyond(ctx, backup)
			return err
		})
	})
	return changes, events, store.Explain(c.server, err)
}

// Run restores the backup, and returns the path of what was there. CodeConflict for a database of another identity;
// CodeUnavailable.
func (r Restore) Run(ctx context.Context) (moved []string, err error) {
	err = r.Backup.Read(ctx, func(backup store.View) error {
		c, err := r.open(ctx)
		if err != nil {
			return err
		}
		if c == nil {
			return r.make(ctx, backup)
		}
		defer func() { err = errors.Join(err, c.Close()) }()
		if err := r.mayReplace(c, backup.Database().ID); err != nil {
			return err
		}
		moved, err = r.replace(ctx, c, backup)
		return store.Explain(c.server, err)
	})
	return moved, err
}

// make makes a database of the backup where there is none.
func (r Restore) make(ctx context.Context, backup store.View) error {
	s, err := newServer(r.Address)
	if err != nil {
		return err
	}
	isMade := false
	made, err := s.Connect(ctx, func(ctx context.Context, tx store.Tx) error {
		isMade = true
		return r.fill(ctx, tx, backup)
	})
	if err != nil {
		return store.Explain(s, err)
	}
	if c, ok := made.(*connection); !isMade || !ok || c.database.ID != backup.Database().ID {
		err = tokens.Unavailable(nil, "somebody made a database at %s during the restore; nothing was changed: look at it, and try again",
			s.Location())
	}
	return errors.Join(err, made.Close())
}

// fill writes the rows of the backup, and what there is to note.
func (r Restore) fill(ctx context.Context, tx store.Tx, backup store.View) error {
	if err := tx.CopyFrom(ctx, backup, r.Progress); err != nil {
		return err
	}
	return r.Note(ctx, tx.Of(backup.Database()))
}

// replace replaces what the database holds.
func (r Restore) replace(ctx context.Context, c *connection, backup store.View) ([]string, error) {
	if version := c.SchemaVersion(); version > store.SchemaVersion {
		return nil, store.NewerSchema(c.Location(), version)
	}
	isKept := false
	err := c.again(ctx, store.EverythingPatiently, func(reach store.Reach) error {
		return c.transaction(ctx, c.changing(reach), `COMMIT`, func(t *transaction) error {
			if r.Sealed && t.movedTo == "" {
				return store.InUse(c.Location(), c.database.ID)
			}
			if err := c.migrate(ctx, t.statements); err != nil {
				return err
			}
			if isKept { // by an attempt that failed
				if err := os.Remove(r.Aside); err != nil {
					return err
				}
				isKept = false
			}
			tx := c.counting(store.NewTx(c.database, t.statements), t.statements)
			if r.Keep != nil {
				err := r.Keep(ctx, r.Aside, func(ctx context.Context, kept store.Tx) error {
					return kept.CopyFrom(ctx, tx.View, nil)
				})
				if err != nil {
					return err
				}
				isKept = true
			}
			for _, name := range slices.Backward(store.TableNames()) {
				if err := t.run(ctx, t.tables.qualified(`DELETE FROM `+name)); err != nil {
					return err
				}
			}
			if err := r.fill(ctx, tx, backup); err != nil {
				return err
			}
			return t.proveByMark(ctx)
		})
	})
	if err != nil && isKept && tokens.ErrorReason(err) != tokens.ReasonOutcomeUnknown {
		return nil, errors.Join(err, os.Remove(r.Aside))
	}
	if !isKept {
		return nil, err
	}
	return []string{r.Aside}, err
}

// counting returns a transaction in which the server counts on from the rows that are copied.
func (s server) counting(tx store.Tx, on statements) store.Tx {
	return tx.CountingOn(func(ctx context.Context) error {
		return on.run(ctx, `SELECT setval(pg_get_serial_sequence('`+s.tables.schema+`.changes', 'number'), `+
			on.tables.qualified(`(SELECT coalesce(max(number), 0) + 1 FROM changes)`)+`, false)`)
	})
}
