package provider

import (
	"io"
	"os"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/service"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// openBackend returns the backend over the database at the path, and what closes it. It works for the member with the
// e-mail address actAs or, if that is empty, for the owner of the database. It does not connect.
func openBackend(location, organization, actAs string, now func() time.Time) (tokens.Backend, io.Closer) {
	opened := service.Open(service.Options{Database: location, Organization: organization, Now: now})
	principal := tokens.ActingAs(service.LocalActor(), actAs).InRun(tokens.ClaimedRun(os.LookupEnv))
	return opened.As(principal), opened
}
