package acceptance

import (
	"net/http"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// TestKilledServer kills a server under load again and again, at any time or while it writes when tokens were last used,
// and lets another process change the database meanwhile. The database stays sound, and each new server answers rightly.
func TestKilledServer(t *testing.T) {
	w := newServedWorkspace(t)
	owner := w.owner()
	random := newRandom(t)
	var good, dead []issued
	for range 50 {
		good = append(good, issue(t, owner, nil))
	}
	s := w.serve()
	l := startLoad(t, s.url, 4)
	for _, token := range good {
		l.add(authenticate, token.value)
	}
	for round := range rounds(6, 100) {
		if round > 0 {
			s = s.again()
		}
		for _, token := range good {
			if got := s.judge(authenticate, token.value); got.status != http.StatusOK {
				t.Errorf("round %d: a good value got %d", round, got.status)
			}
		}
		for _, token := range dead {
			if got := s.judge(authenticate, token.value); got.status != http.StatusUnauthorized {
				t.Errorf("round %d: a value that was disabled got %d", round, got.status)
			}
		}
		changed := make(chan struct{})
		go func() {
			defer close(changed)
			disable(t, owner, good[0].ID)
			if _, err := owner.UpdateAccessToken(t.Context(), good[1].ID, tokens.AccessTokenUpdate{
				Regeneration: &tokens.Regeneration{NewSecretFor: newSecretFor(t)},
			}); err != nil {
				t.Error(err)
			}
		}()
		if round%2 == 0 { // at its end it writes when tokens were last used
			s.signal(syscall.SIGTERM)
		}
		time.Sleep(time.Duration(random.Int64N(int64(30 * time.Millisecond))))
		if err := s.cmd.Process.Kill(); err != nil && round%2 == 1 {
			t.Errorf("round %d: %s", round, err)
		}
		s.wait()
		<-changed
		dead = append(dead, good[:2]...)
		good = append(slices.Clone(good[2:]), issue(t, owner, nil), issue(t, owner, nil))
		if round%10 == 0 {
			w.latchkey("doctor").exits(0)
		}
	}
	s = s.again()
	l.stop()
	for _, token := range dead {
		if got := s.judge(authenticate, token.value); got.status != http.StatusUnauthorized {
			t.Errorf("a value that was disabled got %d in the end", got.status)
		}
	}
	l.noOtherAnswers(t, http.StatusOK, http.StatusUnauthorized, http.StatusServiceUnavailable)
	t.Logf("%d times 200, %d times 401, %d times 503, %d requests lost", l.answers[200].Load(), l.answers[401].Load(),
		l.answers[503].Load(), l.lost.Load())
	s.signal(syscall.SIGTERM)
	if code := s.wait(); code != 0 {
		t.Errorf("the last server ended with %d:\n%s", code, s.log())
	}
	w.latchkey("doctor").exits(0)
}
