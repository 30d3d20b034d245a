package httpapi_test

import (
	"math"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/verify"
)

// BenchmarkSameness measures whether time tells a value that is unknown from one that is stopped. Both were asked before.
// It reports Welch's t of 100,000 interleaved calls of the handler, and fails where that is 4.5 or more.
func BenchmarkSameness(b *testing.B) {
	w := newServiceWorld(b, verify.DefaultMaxStaleness)
	token, stopped := w.create("stopped", nil)
	w.update(token.ID, tokens.AccessTokenUpdate{Fields: tokens.Fields{"enabled"}})
	requests := [2]*http.Request{}
	for i, value := range []string{newSecret(b).Reveal(), stopped} {
		requests[i] = httptest.NewRequest(http.MethodGet, "/v1/authenticate", nil)
		requests[i].Header.Set("Authorization", "Bearer "+value)
	}
	ask := func(which int) time.Duration {
		answer := sink{header: http.Header{}}
		began := time.Now()
		w.handler.ServeHTTP(&answer, requests[which])
		took := time.Since(began)
		if answer.status != http.StatusUnauthorized {
			b.Fatal(answer.status)
		}
		return took
	}
	for range 1_000 {
		ask(0)
		ask(1)
	}
	for b.Loop() {
		var of [2]sample
		for range 50_000 {
			first := rand.IntN(2)
			of[first].add(float64(ask(first)))
			of[1-first].add(float64(ask(1 - first)))
		}
		t := (of[0].mean - of[1].mean) / math.Sqrt(of[0].variance()/of[0].n+of[1].variance()/of[1].n)
		b.ReportMetric(of[0].mean, "ns/unknown")
		b.ReportMetric(of[1].mean, "ns/stopped")
		b.ReportMetric(t, "t")
		if math.Abs(t) >= 4.5 {
			b.Errorf("Welch's t is %.1f", t)
		}
	}
}

// sample is a number of measurements (Welford's method).
type sample struct{ n, mean, squares float64 }

// add adds a measurement.
func (s *sample) add(x float64) {
	s.n++
	d := x - s.mean
	s.mean += d / s.n
	s.squares += d * (x - s.mean)
}

// variance returns the variance of the measurements.
func (s *sample) variance() float64 { return s.squares / (s.n - 1) }
