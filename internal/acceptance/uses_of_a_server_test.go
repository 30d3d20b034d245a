package acceptance

import (
	"net/http"
	"syscall"
	"testing"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// seenWithin is how long after it happened other processes see a use that a server has recorded, at most.
const seenWithin = 45 * time.Second

// TestUsesOfAServer has a server write a use while it runs, and at its end the use of a value within its grace period and
// that of a value that was stopped.
func TestUsesOfAServer(t *testing.T) {
	w := newServedWorkspace(t)
	owner := w.owner()
	token := issue(t, owner, func(n *tokens.NewAccessToken) { n.Grace = tokens.Grace{Duration: time.Hour} })
	s := w.serve()
	accepts := func(value string, want int) {
		t.Helper()
		s.eventually("the server knows of the value", func() bool { return s.get(authenticate, value).status == want })
	}

	accepts(token.value, http.StatusOK)
	used := time.Now()
	for {
		after, err := owner.AccessToken(t.Context(), token.ID)
		if err != nil {
			t.Fatal(err)
		}
		if !after.LastUsedAt.IsZero() {
			break
		}
		if time.Since(used) > seenWithin {
			t.Fatalf("the use is not to be seen after %s:\n%s", seenWithin, s.log())
		}
		time.Sleep(100 * time.Millisecond)
	}

	regeneration := tokens.Regeneration{NewSecretFor: newSecretFor(t)}
	if _, err := owner.UpdateAccessToken(t.Context(), token.ID,
		tokens.AccessTokenUpdate{Regeneration: &regeneration}); err != nil {
		t.Fatal(err)
	}
	accepts(token.value, http.StatusOK) // within its grace period
	accepts(regeneration.Secret.Reveal(), http.StatusOK)
	w.latchkey("token", "hold", token.ID, "--reason", "leaked").exits(0)
	accepts(token.value, http.StatusUnauthorized)
	s.signal(syscall.SIGTERM)
	if code := s.wait(); code != 0 {
		t.Errorf("the server ended with %d:\n%s", code, s.log())
	}
	after, err := owner.AccessToken(t.Context(), token.ID)
	if err != nil {
		t.Fatal(err)
	}
	if p := after.Previous; p == nil || p.LastUsedAt.Before(after.RegeneratedAt) {
		t.Errorf("after a regeneration at %s, the previous secret is %+v", after.RegeneratedAt, p)
	}
	w.latchkey("event", "list", "--object", token.ID, "--action", "access_token.verify", "--outcome", "refused").
		exits(0).says("the token is held")
}
