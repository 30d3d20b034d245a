//go:build !race

package httpapi

import (
	"testing"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/backendtest"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// TestPermissions runs the table of who may do what for those who ask a server, the holders of access tokens: every
// letter, for each caller, operation, level, visibility and role of the object, once. Left out are the repetitions for tokens in
// each status and with each share: they would take five times as long, and the bundled backend runs them. The owner who makes what
// the cells need, and looks at what became of it, works on the same database directly.
func TestPermissions(t *testing.T) {
	if testing.Short() {
		t.Skip("it runs every cell of the table of who may do what; make permissions runs it alone")
	}
	backendtest.RunPermissions(t, func(t *testing.T) backendtest.Place {
		place := newPlace(t)
		return func(now func() time.Time) backendtest.Service {
			return ownersBesideServer{place(now).(*servedBackend)} //nolint:forcetypeassert // that is what newPlace opens
		}
	}, backendtest.TokenHolders.InOneStatus(), backendtest.PersonalTokenHolders.InOneStatus().WithoutShares())
}

// ownersBesideServer is a service behind a server, whose database owners open directly.
type ownersBesideServer struct{ *servedBackend }

// As returns a client for the holder of a token, and the service for everybody else.
func (o ownersBesideServer) As(principal tokens.Principal) tokens.Backend {
	if _, ok := principal.TokenHolder(); ok {
		return o.servedBackend.As(principal)
	}
	return o.service.As(principal)
}
