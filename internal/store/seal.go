package store

import (
	"context"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// sealSince is the version of the schema from which on a database that was moved is sealed.
const sealSince = 13

// MovedTo returns where the database was moved to, as people may read it; empty for a database that is in use.
func (v View) MovedTo(ctx context.Context) (to string, err error) {
	if v.schema < sealSince {
		return "", nil
	}
	to, _, err = find(ctx, v.q, scanText, `SELECT moved_to FROM database`)
	return to, err
}

// CheckNotMoved fails where the database was moved elsewhere: what is to be known of it now, only the other one tells.
// CodeUnavailable with ReasonMoved.
func (v View) CheckNotMoved(ctx context.Context) error {
	to, err := v.MovedTo(ctx)
	if err != nil {
		return err
	}
	return Moved(v.database.Location, to)
}

// Moved is the error of a database that was moved to a place; nil where the place is empty, since it is in use.
func Moved(location, to string) error {
	if to == "" {
		return nil
	}
	return tokens.Unavailable(nil, "database %s was moved to %s, and nothing counts here any more: name that one in its place",
		location, to).Because(tokens.ReasonMoved)
}

// InUse is the error of a database that may be replaced only where it was moved elsewhere, and wasn't.
func InUse(location, id string) error {
	return tokens.Conflict("", id, "%s holds a copy of database %s that is in use: find out who uses it, and name another place, or move "+
		"it out of the way", location, id)
}

// SealedFor returns the transaction on a database that was moved to a place; empty for one that is in use.
func (t Tx) SealedFor(place string) Tx {
	t.movedTo = place
	return t
}

// checkNotMoved is CheckNotMoved by what the transaction knows already.
func (t Tx) checkNotMoved() error {
	return Moved(t.database.Location, t.movedTo)
}

// Seal seals the database for a place to which it was moved, or with an empty place opens it again. It counts as no change: the
// database and its copy remain the same.
func (t Tx) Seal(ctx context.Context, place string) error {
	_, err := t.execBeside(ctx, `UPDATE database SET moved_to = $1`, place)
	return err
}

// Held is a database, sealed or not, that nobody else changes meanwhile.
type Held struct{ Uncounted }

// Seal seals the database, as Tx.Seal does, and writes the event of that, which proves that it took place.
func (h Held) Seal(ctx context.Context, place string, e tokens.Event) error {
	if err := h.tx.Seal(ctx, place); err != nil {
		return err
	}
	return h.InsertEvent(ctx, e)
}

// Hold runs fn while nobody else changes the database, which may take long. What fn does counts as no change. Like that of
// Write, fn may run twice.
func (s *Store) Hold(ctx context.Context, fn func(Held) error) error {
	return s.writeAnyhow(ctx, writing(EverythingPatiently), nil, s.writingOwn(func(tx Tx) error {
		return uncounted(ctx, tx, func(u Uncounted) error {
			u.explain = s.explain
			return fn(Held{u})
		})
	}))
}
