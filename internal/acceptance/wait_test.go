package acceptance

import (
	"strings"
	"testing"
	"time"
)

// patience is how long a test waits at most for what time is to bring.
const patience = 2 * time.Minute

// waitUntil asks again and again, until something has come about.
func waitUntil(t testing.TB, what string, happened func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !happened(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited %s in vain until %s", patience, what)
		}
	}
}

// waitUntilDue plans again and again, until the plan regenerates an access token.
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

// regenerates tells whether a plan gives an access token a new secret.
func (r result) regenerates() bool { return strings.Contains(r.prose(), "~ secret_version = ") }
