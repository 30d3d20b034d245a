package embedded

import (
	"context"
	"strings"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/store"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// Events implements tokens.Backend.
func (b *Backend) Events(ctx context.Context, query tokens.EventQuery) ([]tokens.Event, error) {
	return read(ctx, b, func(v store.View) ([]tokens.Event, error) { return v.Events(ctx, query) })
}

// PruneEvents implements tokens.Backend.
func (b *Backend) PruneEvents(context.Context, time.Time) (int64, error) {
	return 0, tokens.Unavailable(nil, "TODO")
}

// changes collects the names of the attributes that an update changes, in Terraform's spelling.
type changes []string

// note adds the name of an attribute that changed.
func (c *changes) note(attribute string, changed bool) {
	if changed {
		*c = append(*c, attribute)
	}
}

// detail says in an event what changed.
func (c changes) detail() string { return "changed " + strings.Join(c, ", ") }
