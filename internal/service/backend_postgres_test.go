//go:build unix && !race

package service_test

import (
	"testing"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/backendtest"
)

// The suite runs under the race detector on a file, and what several do at once in PostgreSQL in tests of its own. With it this
// would take three minutes.
func TestBackendOnPostgreSQL(t *testing.T) { backendtest.Run(t, newPlaceOnPostgreSQL) }
