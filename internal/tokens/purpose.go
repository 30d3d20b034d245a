package tokens

import "context"

// Purpose is an operation for which somebody looks something up first, such as the member with an address, to share a
// token with. If the look is refused, the audit log records that the operation was refused: it never takes place, and
// nobody else tells of it.
type Purpose struct {
	Action Action
	// ObjectID is the identifier of the object of the operation; empty for a creation.
	ObjectID string
}

type purposeKey struct{}

// LookingFor returns a context for looks that serve an operation. It changes what the event of a refusal says, and
// nothing else.
func LookingFor(ctx context.Context, p Purpose) context.Context {
	return context.WithValue(ctx, purposeKey{}, p)
}

// PurposeOf returns the operation that looks with a context serve, and whether there is one.
func PurposeOf(ctx context.Context) (Purpose, bool) {
	p, ok := ctx.Value(purposeKey{}).(Purpose)
	return p, ok
}
