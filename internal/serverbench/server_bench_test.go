//go:build linux

package serverbench

import (
	"regexp"
	"slices"
	"strconv"
	"testing"
	"time"
)

// many is how many tokens most benchmarks have.
const many = 100_000

// warm presents each value once, so that the cache holds all.
func (s server) warm(db filled) {
	s.b.Helper()
	s.load(db, loadTask{Each: true, Last: 10 * time.Minute})
}

// BenchmarkThroughput compares the requests per second that the server and a bare one answer, and the processor time that
// a request takes.
func BenchmarkThroughput(b *testing.B) {
	db := databaseOf(b, many)
	ours := startServer(b, db)
	bare := startBare(b, ours, db)
	for b.Loop() {
		ours.warm(db)
		full := loadTask{Warm: 500 * time.Millisecond, Last: 2 * time.Second}
		var perSecond, perRequest, answered, spent []float64
		for range 9 {
			o, r := ours.load(db, full), bare.load(db, full)
			perSecond = append(perSecond, o.perSecond()/r.perSecond())
			perRequest = append(perRequest, o.perRequest().Seconds()/r.perRequest().Seconds())
			answered, spent = append(answered, o.perSecond()), append(spent, microseconds(o.perRequest()))
			b.Logf("server: %.0f requests per second, %s of processor time for each; bare: %.0f, %s",
				o.perSecond(), o.perRequest(), r.perSecond(), r.perRequest())
		}
		atLeast(b, "requests per second, over those of a bare server", median(perSecond), 0.75, "")
		atMost(b, "processor time per request, over that of a bare server", median(perRequest), 1.6, "")
		aside(b, "requests per second", median(answered), "")
		aside(b, "processor time per request", median(spent), " µs")
	}
}

// BenchmarkLatency compares the latencies of the server and of a bare one at a fixed rate of requests, first while nothing
// changes, and then while another process changes what the cache holds.
func BenchmarkLatency(b *testing.B) {
	db := databaseOf(b, many)
	ours := startServer(b, db)
	bare := startBare(b, ours, db)
	for b.Loop() {
		ours.warm(db)
		p99, ratio := leastP99(ours, bare, db)
		atMost(b, "p99 at 5,000 requests per second, over that of a bare server", ratio, 1.5, "")
		aside(b, "p99 at 5,000 requests per second", microseconds(p99), " µs")
		changes := whileChanging(startRole(b, "changes", changesTask{Database: db.database, PerSecond: 100}), func() {
			p99, ratio = leastP99(ours, bare, db)
		})
		b.Logf("changes: %s", changes)
		atMost(b, "the same ratio while another process makes 100 changes per second", ratio, 2, "")
		aside(b, "p99 while another process makes 100 changes per second", microseconds(p99), " µs")
	}
}

// leastP99 returns the least p99 of a few rounds at a fixed rate, and its ratio over that of a bare server.
func leastP99(ours, bare server, db filled) (p99 time.Duration, ratio float64) {
	fixed := loadTask{PerSecond: 5000, Warm: 500 * time.Millisecond, Last: 3 * time.Second}
	var ourP99, bareP99 []time.Duration
	for range 5 {
		o, r := ours.load(db, fixed), bare.load(db, fixed)
		ourP99, bareP99 = append(ourP99, o.P99), append(bareP99, r.P99)
		ours.b.Logf("server: median %s, p99 %s, longest %s; bare: %s, %s, %s", o.Median, o.P99, o.Longest,
			r.Median, r.P99, r.Longest)
	}
	p99 = slices.Min(ourP99)
	return p99, p99.Seconds() / slices.Min(bareP99).Seconds()
}

// BenchmarkSameness compares how long the server takes to refuse unknown values with how long it takes to refuse values
// that were stopped.
func BenchmarkSameness(b *testing.B) {
	db := databaseOf(b, many)
	for b.Loop() {
		stopped, unknown := refusedValues(b, db)
		ours := startServer(b, db)
		r := result[callsResult](startRole(b, "calls", callsTask{ours.address, [2][]string{unknown, stopped}, 100_000}))
		b.Logf("unknown values take %s, stopped ones %s", duration(r.Kinds[0].Mean), duration(r.Kinds[1].Mean))
		if !r.Equal {
			b.Error("the answers differ")
		}
		t := welch(r.Kinds[0], r.Kinds[1])
		atMost(b, "|t| of Welch's test between unknown and stopped values", max(t, -t), 4.5, "")
	}
}

// BenchmarkMemory measures the live heap and the resident memory with many rows in the cache, under a load. It takes
// longest, so it is the last.
func BenchmarkMemory(b *testing.B) {
	for b.Loop() {
		hundredThousand := memoryWith(b, many)
		atMost(b, "live heap with 100,000 cached rows", hundredThousand.live, 64, " MiB")
		aside(b, "resident memory with 100,000 cached rows, at most", hundredThousand.resident, " MiB")
		if inPostgreSQL() {
			continue // a row takes as much wherever it came from
		}
		million := memoryWith(b, 1_000_000)
		atMost(b, "live heap per 100,000 cached rows of 1,000,000", million.live/10, 64, " MiB")
		atMost(b, "resident memory with 1,000,000 cached rows, at most", million.resident, 1023, " MiB")
	}
}

// memory is what a server takes, in MiB.
type memory struct{ live, resident float64 }

// memoryWith returns what a server takes that has a number of tokens in its cache.
func memoryWith(b *testing.B, count int) memory {
	b.Helper()
	db := databaseOf(b, count)
	s := startServer(b, db, "GODEBUG=gctrace=1")
	defer s.stop()
	s.warm(db)
	if rows := int(s.metric("latchkey_cache_rows")); rows != count {
		b.Fatalf("the cache holds %d rows, not %d", rows, count)
	}
	r := s.load(db, loadTask{Last: 10 * time.Second})
	b.Logf("with %d tokens: %.0f requests per second", count, r.perSecond())
	traces := gcTrace.FindAllStringSubmatch(s.errors.String(), -1)
	if len(traces) == 0 {
		b.Fatalf("the server has not collected garbage:\n%s", s.errors)
	}
	live, err := strconv.ParseFloat(traces[len(traces)-1][1], 64)
	if err != nil {
		b.Fatal(err)
	}
	return memory{live, resident(b, s.cmd.Process.Pid, "VmHWM")}
}

// gcTrace finds the live heap at the end of a collection in what GODEBUG=gctrace=1 prints.
var gcTrace = regexp.MustCompile(`(?m)^gc \d+ @.*\d+->\d+->(\d+) MB`)

func microseconds(d time.Duration) float64 { return d.Seconds() * 1e6 }

func duration(nanoseconds float64) time.Duration { return time.Duration(nanoseconds) }
