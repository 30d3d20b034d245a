package acceptance

import (
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// TestFlood asks about more and more values that nobody has while clients use good ones. Those wait for nothing: what a
// server has in memory it tells without the database. Nor does it remember every value that it was ever asked about.
func TestFlood(t *testing.T) {
	w := newServedWorkspace(t)
	owner := w.owner()
	var good []issued
	for range 20 {
		good = append(good, issue(t, owner, nil))
	}
	s := w.serve()
	for _, token := range good {
		if got := s.judge(authenticate, token.value); got.status != http.StatusOK {
			t.Fatalf("a good value: got %d", got.status)
		}
	}
	flood := &load{url: s.url, began: time.Now(), client: &http.Client{
		Transport: &http.Transport{MaxIdleConnsPerHost: 300}, Timeout: patience,
	}}
	var clients sync.WaitGroup
	end := time.Now().Add(time.Duration(rounds(3, 60)) * time.Second)
	for range 300 {
		clients.Go(func() {
			for time.Now().Before(end) {
				secret, err := tokens.NewSecret(tokens.DefaultPrefix)
				if err != nil {
					t.Error(err)
					return
				}
				flood.ask(t.Context(), &subject{path: authenticate, value: secret.Reveal()})
			}
		})
	}
	warm := startLoad(t, s.url, 2)
	for _, token := range good {
		warm.add(authenticate, token.value)
	}
	clients.Wait()
	warm.stop()
	warm.onlyAnswers(t, http.StatusOK)
	accepted := warm.answers[http.StatusOK].Load()
	refused, unable := flood.answers[http.StatusUnauthorized].Load(), flood.answers[http.StatusServiceUnavailable].Load()
	if refused == 0 || flood.answers[http.StatusOK].Load() > 0 {
		t.Errorf("%d unknown values were refused, and %d accepted", refused, flood.answers[http.StatusOK].Load())
	}
	if unknown := s.metric("latchkey_cache_unknown_values"); unknown > 65_536 {
		t.Errorf("%f unknown values are kept", unknown)
	}
	t.Logf("good values: %d answers, all 200; unknown values: %d times 401, %d times 503", accepted, refused, unable)
	if problems := s.problems(); problems != "" {
		t.Errorf("the server logged %s", problems)
	}
}
