package cli

import (
	"context"
	runtimedebug "runtime/debug"
	"runtime/metrics"
	"time"
)

// How much garbage may pile up before the collector looks for it, in percent of the heap that lives. Each time, it looks at
// every row of the cache: with few rows, garbage is let grow to several times their size, so that this happens seldom; with
// a million, which are about half a gigabyte, it gets no more room than it needs.
const (
	leastGarbage = 50
	mostGarbage  = 400
	// garbageRoom is how many bytes of garbage may pile up in between.
	garbageRoom = 256 << 20
	// paceEvery is how often the pace is set. A heap grows by a small part of garbageRoom meanwhile.
	paceEvery = time.Second
)

// collectorPace sets how often garbage is collected in a process that keeps a large cache.
type collectorPace struct {
	// percent is the latest one that was set, as debug.SetGCPercent takes it.
	percent int
}

// setPace sets a pace for the collector, unless the user has set one; then it returns nil. reset sets back what was
// before.
func setPace(lookupEnv func(string) (string, bool)) (pace *collectorPace, reset func()) {
	if _, set := lookupEnv("GOGC"); set {
		return nil, func() {}
	}
	before := runtimedebug.SetGCPercent(mostGarbage)
	return &collectorPace{mostGarbage}, func() { runtimedebug.SetGCPercent(before) }
}

// keep adapts the pace to the heap until the context ends.
func (p *collectorPace) keep(ctx context.Context) {
	due := time.NewTicker(paceEvery)
	defer due.Stop()
	live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	for {
		select {
		case <-ctx.Done():
			return
		case <-due.C:
		}
		metrics.Read(live)
		if percent := garbagePercent(live[0].Value.Uint64()); percent != p.percent {
			runtimedebug.SetGCPercent(percent)
			p.percent = percent
		}
	}
}

// garbagePercent returns how much garbage may pile up beside so many bytes that live. It is rounded, since to set it stops
// the process for a moment.
func garbagePercent(live uint64) int {
	const step = 10
	percent := garbageRoom * 100 / max(live, 1) / step * step
	return int(max(leastGarbage, min(percent, mostGarbage)))
}
