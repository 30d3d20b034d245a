package tokens

import "context"

// Witness goes along with the operations on one object, in their context, for a caller that remembers more of the object
// than the database may know. A database that the witness doesn't fit answers CodeUnavailable, whatever it would say of
// the object, in the same transaction.
//
// It serves one goroutine at a time. On the way to another machine, Saw and Expects are one line in each direction.
type Witness struct {
	// Expects is what the caller has seen of the database: only its identity if it has no serial. The zero Mark fits every
	// database.
	Expects Mark
	// Saw is the newest mark of the database, as of the last operation that succeeded: of its change, where it changed
	// something.
	Saw Mark
}

type witnessKey struct{}

// WithWitness returns a context for operations along with which the witness goes.
func WithWitness(ctx context.Context, w *Witness) context.Context {
	return context.WithValue(ctx, witnessKey{}, w)
}

// WitnessOf returns the witness that goes along with an operation; nil for none.
func WitnessOf(ctx context.Context) *Witness {
	w, _ := ctx.Value(witnessKey{}).(*Witness)
	return w
}

// Unreached returns the error of an operation that could not reach a database, with the one that the witness expects in
// it. Other errors it returns as they are.
func (w *Witness) Unreached(err error) error {
	reason := ErrorReason(err)
	if w == nil || w.Expects.Database == "" || ErrorCode(err) != CodeUnavailable ||
		reason == ReasonWrongDatabase || reason == ReasonOlderDatabase || reason == ReasonForkedDatabase {
		return err
	}
	return Unavailable(err, "database %s, in which the object lives, can't be reached", w.Expects.Database)
}
