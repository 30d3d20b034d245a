package managed

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// NewDatabase is the database that the first creation of a run makes where there is none yet. The zero value is for a
// caller who may not make one.
type NewDatabase struct {
	Location     string // as people may read it: no password is in it
	OnServer     bool   // of PostgreSQL, and no file
	Organization string // that it would belong to
	// Pipeline is the variable of the environment by which the run seems to be in a pipeline; empty for none.
	Pipeline string

	once    sync.Once
	missing bool
	told    atomic.Bool
}

// MakesDatabase reports whether a plan that creates an object is the one to warn of a database that the apply will
// make. An object that refers to others makes none: they can only be in a database, so either the same plan creates
// them, or the one that held them was lost, and the apply will refuse the object.
func (c *Connection) MakesDatabase(ctx context.Context, references ...attr.Value) bool {
	if c == nil || c.Backend == nil {
		return false
	}
	n := &c.NewDatabase
	if n.Location == "" || n.told.Load() || slices.ContainsFunc(references, isGiven) {
		return false
	}
	n.once.Do(func() {
		_, err := c.Backend.Database(ctx)
		n.missing = tokens.ErrorReason(err) == tokens.ReasonNoDatabase
	})
	return n.missing
}

// WarnOfNewDatabase says, once in a run, that the apply of a plan that creates an object will make the database.
func (c *Connection) WarnOfNewDatabase(ctx context.Context, diags *diag.Diagnostics, references ...attr.Value) {
	if !c.MakesDatabase(ctx, references...) || !c.NewDatabase.told.CompareAndSwap(false, true) {
		return
	}
	n := &c.NewDatabase
	const summary, named = "A new database will be made", "If there should be a database already, don't apply. Set database in " +
		"the provider's configuration, or " + tokens.DatabaseVariable + ", to its "
	if n.OnServer {
		diags.AddWarning(summary, fmt.Sprintf("There is no database of Latchkey's at %s, so the apply makes its tables there, for "+
			"organization %q. They will hold the hash of each value and everything else about the tokens. A value is good only "+
			"where they are, and later runs need them as much as the state: back them up.\n\n"+named+"address: host, database or "+
			"schema may be another one.", n.Location, n.Organization))
		return
	}
	const otherwise = named + "path, or fetch it from where the last run left it."
	made := fmt.Sprintf("There is no database at %s, so the apply makes one there, for organization %q.", n.Location,
		n.Organization)
	if n.Pipeline != "" {
		diags.AddWarning("A new database will be made in a pipeline", made+fmt.Sprintf(" %s is set, so this seems to be a "+
			"pipeline: this runner may be thrown away after the run, and the database with it. Every value issued with it "+
			"then opens nothing, and no later run can plan.\n\nOne machine has to own the file: run this on a runner or agent "+
			"whose disk stays, or put the file into a store after each run and fetch it before the next one. The guide "+
			"\"Tokens in pipelines\" describes both.\n\n", n.Pipeline)+otherwise)
		return
	}
	diags.AddWarning(summary, made+" It will hold the hash of each value and everything else about "+
		"the tokens. A value is good only where this file is, and later runs need it as much as the state: keep it on a disk "+
		"that stays, out of version control, and back it up (latchkey backup FILE).\n\n"+otherwise)
}

// isGiven reports whether a reference names an object that exists.
func isGiven(reference attr.Value) bool { return !reference.IsNull() && !reference.IsUnknown() }
