//go:build unix

package service_test

import (
	"testing"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/backendtest"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/service"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/store/postgres/pgtest"
)

// newPlaceOnPostgreSQL returns a place in a schema of its own.
func newPlaceOnPostgreSQL(t *testing.T) backendtest.Place {
	address := pgtest.Address(t)
	return func(now func() time.Time) backendtest.Service {
		return opened{openWith(t, service.Options{Database: address, Now: now})}
	}
}
