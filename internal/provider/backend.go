package provider

import (
	"io"
	"net/url"
	"os"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/httpapi"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/prefetch"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/service"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// locate returns where the database is that a field names, by a path or an address, as people may read it: an absolute path
// for a file. The error repeats nothing of an address.
func locate(field, name string) (string, error) { return service.Locate(field, name) }

// openBackend returns the backend over the database with a path or an address, and what closes it. It works for the member with the
// e-mail address actAs or, if that is empty, for the owner of the database. It does not connect.
func openBackend(database, organization, actAs string, now func() time.Time) (tokens.Backend, io.Closer) {
	opened := service.Open(service.Options{Database: database, Organization: organization, Now: now})
	principal := tokens.ActingAs(service.LocalActor(), actAs).InRun(tokens.ClaimedRun(os.LookupEnv))
	return opened.As(principal), opened
}

// openServer returns the backend behind a server, and what closes it. It works for the holder of the access token;
// organization is the name that the server's must have, or empty. It does not connect.
func openServer(
	endpoint *url.URL, token tokens.Secret, organization, version string, now func() time.Time,
) (tokens.Backend, io.Closer) {
	var ahead *prefetch.Backend
	client := httpapi.NewClient(httpapi.ClientOptions{
		Endpoint: endpoint, Token: token, Organization: organization, ClaimedRun: tokens.ClaimedRun(os.LookupEnv),
		Product: "terraform-provider-latchkey/" + version, Now: now, Changing: func() { ahead.Forget() },
	})
	ahead = prefetch.Over(client, now)
	return ahead, client
}

// parseEndpoint reads the address of a server. Plain HTTP is for this machine alone.
func parseEndpoint(field, address string) (*url.URL, error) {
	return httpapi.ParseEndpoint(field, address, false)
}
