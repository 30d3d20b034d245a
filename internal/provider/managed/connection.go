package managed

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// Connection is what resources, data sources and actions get of the provider's configuration.
type Connection struct {
	Now     func() time.Time
	Prefix  string         // of new secrets; empty while it is unknown
	Backend tokens.Backend // nil while a setting is unknown
	Unknown string         // that setting, such as database
	// AtServer says that the backend is a server, which is asked by an access token.
	AtServer bool
	// Token is the value by which a server is asked.
	Token tokens.Secret

	NewDatabase NewDatabase

	// Notes are what resources keep in mind while the run lasts, each by its own key.
	Notes sync.Map

	run        run
	credential credential
}

// connectionFrom returns the connection that the provider handed over; nil before the provider is configured.
func connectionFrom(providerData any, diags *diag.Diagnostics) *Connection {
	if providerData == nil {
		return nil
	}
	c, ok := providerData.(*Connection)
	if !ok {
		diags.AddError("Unable to configure provider",
			fmt.Sprintf("The provider handed over %T: this is a defect of Latchkey, please report it.", providerData))
	}
	return c
}

// Request returns a request of its own, which stays the same however often it is tried.
func (c *Connection) Request() tokens.Request { return tokens.NewRequest(c.Now()) }

// Open returns the backend, or CodeUnavailable while a setting of the provider is unknown.
func (c *Connection) Open() (tokens.Backend, error) {
	if c.Backend == nil {
		return nil, tokens.Unavailable(nil,
			"the provider's %s is not known yet, since it depends on something that has still to be created: "+
				"apply that first (-target), or set %s to a fixed value", c.Unknown, c.Unknown)
	}
	return c.Backend, nil
}

// OpenFor returns the backend for work on an object whose facts were recorded, and the context of that work: it answers
// CodeUnavailable where it is not the database that the object lives in, or an older copy of it. What such a database says
// of the object means nothing.
func (c *Connection) OpenFor(ctx context.Context, f *Facts) (context.Context, tokens.Backend, error) {
	backend, err := c.Open()
	if err != nil {
		return ctx, nil, err
	}
	w, err := f.witness()
	if err != nil {
		return ctx, nil, tokens.Unavailable(err, "what was recorded beside the state is damaged: restore the state from a backup")
	}
	return tokens.WithWitness(ctx, w), backend, nil
}

// NewSecret makes a secret with a prefix, which is empty while the provider's token_prefix is unknown.
func NewSecret(prefix string) (tokens.Secret, error) {
	if prefix == "" {
		return tokens.Secret{}, tokens.Unavailable(nil,
			"the provider's token_prefix, with which the secret is to begin, is not known yet: set it to a fixed value")
	}
	return tokens.NewSecret(prefix)
}
