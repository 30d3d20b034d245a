package cli

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

const (
	// headEvery is how often the head is read at most: each one is a new series to whoever stores metrics.
	headEvery = time.Hour
	// headPatience is how long whoever asks for metrics waits for the database.
	headPatience = time.Second
)

// historyMetric tells the head of the history, so that it is kept where who works with the database can't write.
type historyMetric struct {
	read func(context.Context) (tokens.Head, error)
	now  func() time.Time
	log  *slog.Logger
	desc *prometheus.Desc

	mu   sync.Mutex
	head tokens.Head
	at   time.Time
}

func newHistoryMetric(
	read func(context.Context) (tokens.Head, error), now func() time.Time, log *slog.Logger,
) *historyMetric {
	return &historyMetric{read: read, now: now, log: log, desc: prometheus.NewDesc("latchkey_history_head",
		"The number of the newest event, with the head of the history at that; read once an hour at most.",
		[]string{"head"}, nil)}
}

// Describe implements prometheus.Collector.
func (m *historyMetric) Describe(to chan<- *prometheus.Desc) { to <- m.desc }

// Collect implements prometheus.Collector. Where the head can't be read there is none.
func (m *historyMetric) Collect(to chan<- prometheus.Metric) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if age := m.now().Sub(m.at); m.at.IsZero() || age >= headEvery || age < 0 {
		ctx, cancel := context.WithTimeout(context.Background(), headPatience)
		defer cancel()
		head, err := m.read(ctx)
		if err != nil {
			m.log.Debug("the head of the history could not be read", "error", tokens.Cleaned(explain(err)))
			m.at = time.Time{}
			return
		}
		m.head, m.at = head, m.now()
	}
	if m.head != (tokens.Head{}) {
		to <- prometheus.MustNewConstMetric(m.desc, prometheus.GaugeValue, float64(m.head.Number), m.head.String())
	}
}
