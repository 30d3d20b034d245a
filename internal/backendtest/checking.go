package backendtest

import (
	"flag"
	"testing"
)

// Checking has rapid check a property a number of times, unless somebody asked for another one.
func Checking(t *testing.T, times string) {
	t.Helper()
	checks := flag.Lookup("rapid.checks")
	if checks.Value.String() != checks.DefValue {
		return
	}
	if err := flag.Set("rapid.checks", times); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = flag.Set("rapid.checks", checks.DefValue) })
}
