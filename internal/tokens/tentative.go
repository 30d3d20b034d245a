package tokens

import "context"

// tentative is the key of what Tentatively adds to a context.
type tentative struct{}

// Tentatively returns a context for an operation that its caller repeats where a conflict may pass. Such a conflict is
// no outcome yet and leaves no event: the caller ends with an attempt whose context does not say this.
func Tentatively(ctx context.Context) context.Context {
	return context.WithValue(ctx, tentative{}, true)
}

// IsTentative reports whether an operation's caller repeats it where a conflict may pass.
func IsTentative(ctx context.Context) bool { return ctx.Value(tentative{}) != nil }

// LeavesEvent reports whether an operation that ended with this error leaves the event of a refusal: what is only
// tried, and met a conflict that may pass, leaves none. Nor does a value that is not live and was to be revoked: it
// opens nothing any more, which is all that was asked for (RFC 7009, section 2.2).
func LeavesEvent(ctx context.Context, err error) bool {
	return ErrorReason(err) != ReasonNoLiveSecret && (!IsTentative(ctx) || !MayPass(err))
}

// MayPass reports whether an error is a conflict that ends when another object is renamed, deleted or made: a name is
// taken, something is still inside, no other owner is there yet, or no role has the name yet.
func MayPass(err error) bool {
	switch ErrorReason(err) {
	case ReasonNameTaken, ReasonInUse, ReasonInUseByRun, ReasonLastOwner:
		return ErrorCode(err) == CodeConflict
	case ReasonUnknownRole:
		return true
	default:
		return false
	}
}
