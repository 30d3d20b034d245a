package diagnostics

import (
	"errors"
	"fmt"
	"strings"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// ContestedError is a conflict between objects that did not pass while the run went on, with what the run knows of them.
type ContestedError struct {
	Err error
	// Changed says that the object exists: the run was to change or delete it, as opposed to making it.
	Changed bool
	// Managed says that the object in the way belongs to the same state.
	Managed bool
	// Ring holds the objects that are to have each other's names, if they are.
	Ring []string
}

// Error returns the text of the conflict.
func (c ContestedError) Error() string { return c.Err.Error() }

// Unwrap returns the conflict.
func (c ContestedError) Unwrap() error { return c.Err }

// wayOut says what to do about the conflict; empty where the way out by its reason is all there is to say.
func (c ContestedError) wayOut() string {
	e, ok := errors.AsType[*tokens.Error](c.Err)
	switch {
	case !ok:
		return ""
	case len(c.Ring) > 0:
		return fmt.Sprintf("%s are to exchange their names, which can't be done in one step: give one of them a third name, "+
			"apply, and then give it the name that it is to have.", strings.Join(c.Ring, " and "))
	case e.Reason == tokens.ReasonInUse:
		return "If this run is to delete or move them too, apply again (or destroy again): each run gets further."
	case e.Reason == tokens.ReasonNameTaken && c.Managed:
		return fmt.Sprintf("%s belongs to the same state: if the plan renames or deletes it, apply again; otherwise choose "+
			"another one.", e.Holder.ID)
	case e.Reason == tokens.ReasonNameTaken && c.Changed:
		return fmt.Sprintf("If this run is to rename or delete %s too, apply again; otherwise choose another one.",
			e.Holder.ID)
	}
	return ""
}
