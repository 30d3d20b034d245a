package acceptance

import (
	"strings"
	"testing"
	"time"
)

// patience is how long a test waits for something that takes time.
const patience = 2 * time.Minute

// waitUntil asks repeatedly until a condition holds.
func waitUntil(t testing.TB, what string, happened func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !happened(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("timed out after %s, waiting until %s", patience, what)
		}
	}
}

// waitUntilDue plans repeatedly until the plan regenerates an access token.
func (w *workspace) waitUntilDue(args ...string) (r result) {
	w.t.Helper()
	waitUntil(w.t, "a plan regenerates", func() bool {
		r = w.terraform("plan", append([]string{"-detailed-exitcode"}, args...)...)
		if r.code == 1 {
			r.exits(2)
		}
		return r.regenerates()
	})
	return r.exits(2)
}

// regenerates reports whether a plan gives an access token a new secret.
func (r result) regenerates() bool { return strings.Contains(r.prose(), "~ secret_version = ") }
