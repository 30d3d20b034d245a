//go:build !race

package service_test

import (
	"testing"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/backendtest"
)

// One caller after another tries what it may do: there are no races to find, and with the race detector this would take
// half an hour.
func TestPermissions(t *testing.T) {
	if testing.Short() {
		t.Skip("it runs every cell of the table of who may do what; make permissions runs it alone")
	}
	// A personal token narrows what its member may do, whatever the status of what that is tried on.
	backendtest.RunPermissions(t, newPlace,
		backendtest.Members, backendtest.TokenHolders, backendtest.PersonalTokenHolders.InOneStatus())
}
