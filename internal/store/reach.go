package store

import (
	"errors"
	"slices"
	"strings"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// Reach is how far a change reaches. Where several changes go on at once, it decides which of them wait for each other: those
// that reach everything go on alone, and those of one access token one after the other. The zero Reach is Everything.
type Reach struct {
	tokens bool
	token  string
	// patient means that the change may take its time between two statements.
	patient bool
}

var (
	// Everything is the reach of a change of members, roles, groups or technical users, on which others may rely meanwhile.
	Everything = Reach{}
	// EverythingPatiently is for whatever takes longer than other changes, all of which wait for it, such as a restore.
	EverythingPatiently = Reach{patient: true}
	// ReachOfTokens is the reach of a change that alters nothing that was there before it.
	ReachOfTokens = Reach{tokens: true}
)

// ReachOf is the reach of a change of the access token with an identifier, and of its shares.
func ReachOf(tokenID string) Reach {
	if !tokens.IsID(tokens.KindAccessToken, tokenID) {
		return Everything
	}
	return Reach{tokens: true, token: tokenID}
}

// Token is the identifier of the access token that the change alters; empty for none.
func (r Reach) Token() string { return r.token }

// IsEverything reports whether the change reaches everything.
func (r Reach) IsEverything() bool { return !r.tokens }

// IsPatient reports whether the change may take its time.
func (r Reach) IsPatient() bool { return r.patient }

// ErrReachesFurther says that a change writes what its reach doesn't hold. The engine drops it and runs it again with the
// reach Everything.
var ErrReachesFurther = errors.New("the change reaches further than it was said to")

// Within returns the transaction, which writes nothing beyond a reach.
func (t Tx) Within(r Reach) Tx {
	t.reach = r
	return t
}

// check fails where a change would write an object that is not within its reach. What the change itself has made is.
func (w *writes) check(o ChangedObject) error {
	id, _, _ := strings.Cut(o.ID, "/") // a share belongs to its access token
	if w.reach.IsEverything() || o == nothing || id != "" && (id == w.reach.token || slices.Contains(w.made, id)) {
		return nil
	}
	return ErrReachesFurther
}

// making notes that the change makes the object with an identifier.
func (t Tx) making(id string) {
	if t.writes != nil {
		t.writes.made = append(t.writes.made, id)
	}
}
