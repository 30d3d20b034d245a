package cli

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

const (
	// countEvery is how often tokens are counted at most.
	countEvery = time.Minute
	// countShare is how many times as long as the last count the next one stays away at least.
	countShare = 100
)

// tokenMetrics are the numbers of access tokens by status. To count them takes a look at each token, so that happens
// beside the requests, only where somebody asks for metrics, and at most once a minute. Whoever asks gets the numbers of
// the last count; none before the first.
type tokenMetrics struct {
	count func(context.Context) (map[tokens.Status]int64, error)
	log   *slog.Logger
	desc  *prometheus.Desc
	// wanted wakes who counts.
	wanted chan struct{}
	last   atomic.Pointer[map[tokens.Status]int64]
}

func newTokenMetrics(count func(context.Context) (map[tokens.Status]int64, error), log *slog.Logger) *tokenMetrics {
	return &tokenMetrics{
		count: count, log: log, wanted: make(chan struct{}, 1),
		desc: prometheus.NewDesc("latchkey_access_tokens", "Access tokens by status, counted once a minute at most.",
			[]string{"status"}, nil),
	}
}

// Describe implements prometheus.Collector.
func (m *tokenMetrics) Describe(to chan<- *prometheus.Desc) { to <- m.desc }

// Collect implements prometheus.Collector.
func (m *tokenMetrics) Collect(to chan<- prometheus.Metric) {
	select {
	case m.wanted <- struct{}{}:
	default: // somebody else waits for it already
	}
	counted := m.last.Load()
	if counted == nil {
		return
	}
	for status, number := range *counted {
		to <- prometheus.MustNewConstMetric(m.desc, prometheus.GaugeValue, float64(number), string(status))
	}
}

// run counts whenever that is wanted, until the context ends. Numbers that can't be told any more are forgotten.
func (m *tokenMetrics) run(ctx context.Context, now func() time.Time) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-m.wanted:
		}
		began := now()
		if counted, err := m.count(ctx); err == nil {
			m.last.Store(&counted)
		} else {
			m.last.Store(nil)
			m.log.Debug("tokens could not be counted", "error", tokens.Cleaned(explain(err)))
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(max(countEvery, countShare*now().Sub(began))):
		}
	}
}
