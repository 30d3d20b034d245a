//go:build unix && !race

package service_test

import (
	"testing"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/backendtest"
)

// The rules are the same as for a file. What could differ is what a query finds, so every letter is tried once.
func TestPermissionsOnPostgreSQL(t *testing.T) {
	if testing.Short() {
		t.Skip("it runs every letter of the table of who may do what; make permissions runs it alone")
	}
	backendtest.RunPermissions(t, newPlaceOnPostgreSQL,
		backendtest.Members.InOneStatus().WithoutShares())
}
