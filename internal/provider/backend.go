package provider

import (
	"time"

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
