package cli

import (
	"math"
	"net/http"
	"runtime"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/httpapi"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/verify"
)

// requestMetrics counts requests. Every counter is made before the first request: looking one up by its labels costs as
// much as a verification does.
type requestMetrics struct {
	answered   [httpapi.Endpoints][httpapi.Outcomes]prometheus.Counter
	took       [httpapi.Endpoints]prometheus.Observer
	headersCut prometheus.Counter
}

var _ httpapi.Observer = (*requestMetrics)(nil)

// Answered implements httpapi.Observer.
func (m *requestMetrics) Answered(endpoint httpapi.Endpoint, outcome httpapi.Outcome, took time.Duration) {
	m.answered[endpoint][outcome].Inc()
	m.took[endpoint].Observe(took.Seconds())
}

// HeaderCut implements httpapi.Observer.
func (m *requestMetrics) HeaderCut() { m.headersCut.Inc() }

// durationBuckets are the bounds in seconds of the histogram of durations. Most requests take less than a millisecond.
var durationBuckets = []float64{.0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 10}

// newRequestMetrics registers the metrics of requests.
func newRequestMetrics(registry *prometheus.Registry) *requestMetrics {
	answered := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "latchkey_requests_total", Help: "Requests that were answered, by endpoint and outcome.",
	}, []string{"endpoint", "outcome"})
	took := prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "latchkey_request_duration_seconds", Help: "How long requests took, by endpoint.", Buckets: durationBuckets,
	}, []string{"endpoint"})
	m := &requestMetrics{headersCut: prometheus.NewCounter(prometheus.CounterOpts{
		Name: "latchkey_headers_cut_total",
		Help: "Answers whose headers lacked permissions or roles in groups, for want of room.",
	})}
	registry.MustRegister(answered, took, m.headersCut)
	for endpoint := range httpapi.Endpoints {
		m.took[endpoint] = took.WithLabelValues(endpoint.String())
		for outcome := range httpapi.Outcomes {
			m.answered[endpoint][outcome] = answered.WithLabelValues(endpoint.String(), outcome.String())
		}
	}
	return m
}

// otherOperation stands for requests that ask for no operation of the management API.
const otherOperation = "other"

// managementMetrics counts requests for operations of the management API. As for verification, every counter is made before
// the first request, and so is there with 0.
type managementMetrics struct {
	// answered are by the name of the operation and by the code of the problem, which is empty for none.
	answered map[string]map[string]prometheus.Counter
	// took are by the name of the operation. Several share one.
	took map[string]prometheus.Observer
}

var _ httpapi.ManagementObserver = (*managementMetrics)(nil)

// OperationAnswered implements httpapi.ManagementObserver.
func (m *managementMetrics) OperationAnswered(operation, code string, took time.Duration) {
	if operation == "" {
		operation, code = otherOperation, ""
	}
	m.answered[operation][code].Inc()
	if observer, ok := m.took[operation]; ok {
		observer.Observe(took.Seconds())
	}
}

// newManagementMetrics registers the metrics of the management API.
func newManagementMetrics(registry *prometheus.Registry) *managementMetrics {
	answered := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "latchkey_management_requests_total",
		Help: "Requests to the management API that were answered, by operation and code: ok, or that of the problem.",
	}, []string{"operation", "code"})
	took := prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name:    "latchkey_management_request_duration_seconds",
		Help:    "How long operations of the management API took, by method.",
		Buckets: durationBuckets,
	}, []string{"method"})
	registry.MustRegister(answered, took)
	m := &managementMetrics{map[string]map[string]prometheus.Counter{}, map[string]prometheus.Observer{}}
	for operation, method := range httpapi.Operations() {
		m.took[operation] = took.WithLabelValues(method)
		m.answered[operation] = map[string]prometheus.Counter{"": answered.WithLabelValues(operation, "ok")}
		for _, code := range httpapi.ProblemCodes() {
			m.answered[operation][code] = answered.WithLabelValues(operation, code)
		}
	}
	m.answered[otherOperation] = map[string]prometheus.Counter{
		"": answered.WithLabelValues(otherOperation, "no_such_operation"),
	}
	return m
}

// newRegistry returns a registry with what tells of the process and of the program.
func newRegistry(version string) *prometheus.Registry {
	registry := prometheus.NewRegistry()
	build := prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: "latchkey_build_info", Help: "1, with the version of the program and that of Go.",
	}, []string{"version", "go_version"})
	build.WithLabelValues(version, runtime.Version()).Set(1)
	registry.MustRegister(build, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return registry
}

// metricsHandler answers /metrics.
func metricsHandler(registry *prometheus.Registry) http.HandlerFunc {
	return promhttp.HandlerFor(registry, promhttp.HandlerOpts{}).ServeHTTP
}

// reading is a metric that is read when somebody asks for it, from something of type T.
type reading[T any] struct {
	*prometheus.Desc
	kind prometheus.ValueType
	of   func(T) float64
}

// counter and gauge are readings.
func counter[T any](name, help string, of func(T) float64) reading[T] {
	return reading[T]{prometheus.NewDesc(name, help, nil, nil), prometheus.CounterValue, of}
}

func gauge[T any](name, help string, of func(T) float64) reading[T] {
	return reading[T]{prometheus.NewDesc(name, help, nil, nil), prometheus.GaugeValue, of}
}

// readings are metrics that are read together.
type readings[T any] struct {
	all  []reading[T]
	read func() T
}

// Describe implements prometheus.Collector.
func (r readings[T]) Describe(to chan<- *prometheus.Desc) {
	for _, one := range r.all {
		to <- one.Desc
	}
}

// Collect implements prometheus.Collector.
func (r readings[T]) Collect(to chan<- prometheus.Metric) {
	from := r.read()
	for _, one := range r.all {
		to <- prometheus.MustNewConstMetric(one.Desc, one.kind, one.of(from))
	}
}

// cacheMetrics are the metrics of the cache behind verification.
func cacheMetrics(read func() verify.Stats) prometheus.Collector {
	return readings[verify.Stats]{read: read, all: []reading[verify.Stats]{
		gauge("latchkey_cache_rows", "Secrets that are kept in memory.",
			func(s verify.Stats) float64 { return float64(s.Rows) }),
		gauge("latchkey_cache_unknown_values", "Values that stand for no secret and are kept in memory as such.",
			func(s verify.Stats) float64 { return float64(s.Unknown) }),
		counter("latchkey_cache_misses_total", "Verifications that found nothing in memory.",
			func(s verify.Stats) float64 { return float64(s.Misses) }),
		counter("latchkey_cache_rows_dropped_total", "Secrets that made room for others.",
			func(s verify.Stats) float64 { return float64(s.Dropped) }),
		counter("latchkey_cache_emptied_total", "Times that a change emptied the cache.",
			func(s verify.Stats) float64 { return float64(s.Emptied) }),
		counter("latchkey_look_ups_total", "Secrets that were looked up in the database.",
			func(s verify.Stats) float64 { return float64(s.LookUps) }),
		counter("latchkey_look_up_failures_total", "Look-ups that the database could not answer.",
			func(s verify.Stats) float64 { return float64(s.LookUpFailures) }),
		gauge("latchkey_look_ups_waiting", "Requests that wait for a look-up.",
			func(s verify.Stats) float64 { return float64(s.Waiting) }),
		gauge("latchkey_changes_age_seconds", "How old what is known of the changes in the database is; +Inf if nothing is known.",
			func(s verify.Stats) float64 {
				if s.Age < 0 {
					return math.Inf(1)
				}
				return s.Age.Seconds()
			}),
		gauge("latchkey_clock_offset_seconds", "How far the clock of this machine is ahead of that of the database.",
			func(s verify.Stats) float64 { return s.ClockOff.Seconds() }),
		gauge("latchkey_notifications_failing", "1 while notifications of changes don't come, and 0 while they do or none are needed.",
			func(s verify.Stats) float64 {
				if s.Notifications.Problem != "" {
					return 1
				}
				return 0
			}),
		counter("latchkey_notifications_missed_total", "Changes that were found by looking, since no notification of them came.",
			func(s verify.Stats) float64 { return float64(s.Notifications.Missed) }),
		counter("latchkey_notification_test_failures_total", "Notifications that were sent as a test and did not come.",
			func(s verify.Stats) float64 { return float64(s.Notifications.FailedTests) }),
	}}
}

// certificateMetrics are the metrics of the server's certificate.
func certificateMetrics(c *certificate) prometheus.Collector {
	return readings[*certificate]{read: func() *certificate { return c }, all: []reading[*certificate]{
		gauge("latchkey_tls_certificate_expiry_timestamp_seconds", "When the certificate in use expires, in seconds since 1970.",
			func(c *certificate) float64 { return float64(c.expiresAt().Unix()) }),
		counter("latchkey_tls_reload_failures_total", "Times that the files of the certificate could not be used.",
			func(c *certificate) float64 { return float64(c.failures.Load()) }),
	}}
}
