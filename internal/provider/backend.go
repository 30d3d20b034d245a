package provider

import (
	"context"
	"fmt"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/service"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// openBackend returns the backend over the database at the path, for the member with the e-mail address actAs or, where that
// is empty, for the owner of the database. It does not connect.
func openBackend(location, organization, actAs string, now func() time.Time) tokens.Backend {
	return service.New(service.Options{
		Database:     location,
		Organization: organization,
		Actor:        service.LocalActor(),
		ActAs:        actAs,
		Now:          now,
	})
}

// connection is what resources and data sources get of the provider's configuration.
type connection struct {
	now     func() time.Time
	prefix  string         // of new secrets; empty while it is unknown
	backend tokens.Backend // nil while a setting is unknown
	unknown string         // that setting: database, organization or act_as
}

// connectionFrom returns the connection that the provider handed over; nil before the provider is configured.
func connectionFrom(providerData any, diags *diag.Diagnostics) *connection {
	if providerData == nil {
		return nil
	}
	c, ok := providerData.(*connection)
	if !ok {
		diags.AddError("Unable to configure provider", fmt.Sprintf("The provider handed over %T: this is a defect of Latchkey, please report it.", providerData))
	}
	return c
}

// open returns the backend, or CodeUnavailable while a setting of the provider is unknown.
func (c *connection) open() (tokens.Backend, error) {
	if c.backend == nil {
		return nil, tokens.Unavailable(nil, "the provider's %s is not known yet, since it depends on something that has still to be created: "+
			"apply that first (-target), or set %s to a fixed value", c.unknown, c.unknown)
	}
	return c.backend, nil
}

// openFor returns the backend for work on an object whose facts were recorded, and CodeUnavailable where it is not the
// database that the object lives in. What another database says of the object means nothing.
func (c *connection) openFor(ctx context.Context, f facts) (tokens.Backend, error) {
	backend, err := c.open()
	if err != nil || f.Database == "" {
		return backend, err
	}
	database, err := backend.Database(ctx)
	switch {
	case tokens.ErrorCode(err) == tokens.CodeUnavailable:
		return nil, tokens.Unavailable(err, "database %s, in which the object lives, can't be reached", f.Database)
	case err != nil:
		return nil, err
	}
	if database.ID != f.Database {
		return nil, tokens.Unavailable(nil, "%s is database %s, but the object lives in database %s: point the provider's database to the file in which it was made, "+
			"or restore that file", database.Location, database.ID, f.Database)
	}
	return backend, nil
}
