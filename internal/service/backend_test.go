package service_test

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/backendtest"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/service"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

func TestBackend(t *testing.T) { backendtest.Run(t, newPlace) }

// The same as TestBackend, where every transaction runs twice.
func TestBackendWithTransactionsThatRunTwice(t *testing.T) {
	if testing.Short() {
		t.Skip("it runs the whole suite once more")
	}
	backendtest.Checking(t, "25") // the rules are the same, and each transaction runs twice in every round
	backendtest.Run(t, func(t *testing.T) backendtest.Place {
		database := filepath.Join(t.TempDir(), "latchkey.db")
		return func(now func() time.Time) backendtest.Service {
			return opened{openWith(t, service.Options{Database: database, Now: now}.Twice())}
		}
	})
}

// newPlace returns a place in a directory of its own.
func newPlace(t *testing.T) backendtest.Place {
	database := filepath.Join(t.TempDir(), "latchkey.db")
	return func(now func() time.Time) backendtest.Service {
		return opened{openWith(t, service.Options{Database: database, Now: now})}
	}
}

// opened is a service as the suite sees it.
type opened struct{ *service.Service }

func (o opened) As(principal tokens.Principal) tokens.Backend { return o.Service.As(principal) }
