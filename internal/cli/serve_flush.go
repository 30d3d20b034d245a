package cli

import (
	"log/slog"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/service"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// flushes tell of the flushes of uses.
type flushes struct {
	log               *slog.Logger
	took              prometheus.Histogram
	failures, dropped prometheus.Counter
	droppedUses       prometheus.Counter
	failing           bool
}

// newFlushes registers the metrics of flushes; waiting returns of how many tokens uses wait.
func newFlushes(registry *prometheus.Registry, waiting func() int, log *slog.Logger) *flushes {
	f := &flushes{
		log: log,
		took: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "latchkey_flush_duration_seconds", Help: "How long it took to write when tokens were last used.",
			Buckets: []float64{.001, .01, .1, .5, 1, 2.5, 5, 10, 30},
		}),
		failures: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "latchkey_flush_failures_total", Help: "Times that the last uses of tokens could not be written.",
		}),
		dropped: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "latchkey_refused_uses_dropped_total",
			Help: "Refused uses of known tokens of which no event tells: too many waited, or the role may only read the database.",
		}),
		droppedUses: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "latchkey_uses_dropped_total",
			Help: "Uses of tokens that were not recorded, since the role may only read the database, or since that was moved.",
		}),
	}
	registry.MustRegister(f.took, f.failures, f.dropped, f.droppedUses, prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "latchkey_uses_waiting", Help: "Tokens whose last use waits in memory to be written.",
	}, func() float64 { return float64(waiting()) }))
	return f
}

// tell counts a flush, and logs that uses can't be written, or can be again.
func (f *flushes) tell(done service.Flushed, err error) {
	f.took.Observe(done.Took.Seconds())
	f.dropped.Add(float64(done.Dropped))
	f.droppedUses.Add(float64(done.DroppedUses))
	isDenied := tokens.ErrorReason(err) == tokens.ReasonNotGranted
	isMoved := tokens.ErrorReason(err) == tokens.ReasonMoved
	switch {
	case isMoved && !f.failing:
		f.log.Error("the last uses of tokens are dropped", "error", tokens.Cleaned(explain(err)))
	case isDenied && !f.failing:
		f.log.Warn("the role may only read the database: this server verifies, and records neither uses of tokens nor refusals",
			"error", tokens.Cleaned(explain(err)))
	case err != nil && !f.failing:
		f.log.Error("the last uses of tokens can't be written: they stay in memory, and are tried again",
			"error", tokens.Cleaned(explain(err)))
	case err == nil && f.failing:
		f.log.Info("the last uses of tokens are written again", "tokens", done.Tokens)
	}
	if f.failing = err != nil; f.failing && !isDenied && !isMoved {
		f.failures.Inc()
	}
}
