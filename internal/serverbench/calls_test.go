//go:build linux

package serverbench

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"runtime/debug"
	"time"
)

// callsTask are calls with values of two kinds, one after the other and in random order, over one connection.
type callsTask struct {
	Address string
	// Kinds are the values of each kind.
	Kinds [2][]string
	// Calls is how many calls there are.
	Calls int
}

// callsResult says how long the calls of each kind took.
type callsResult struct {
	Kinds [2]sample
	// Equal means that all answers were the same but for their dates.
	Equal bool
}

// sample are the count, the mean and the variance of measurements in nanoseconds.
type sample struct{ Count, Mean, Variance float64 }

// add adds a measurement, by Welford's method.
func (s *sample) add(taken time.Duration) {
	x := float64(taken)
	s.Count++
	delta := x - s.Mean
	s.Mean += delta / s.Count
	s.Variance += ((x-s.Mean)*delta - s.Variance) / s.Count
}

// welch returns t of Welch's test of whether two samples have the same mean.
func welch(a, b sample) float64 {
	return (a.Mean - b.Mean) / math.Sqrt(a.Variance/(a.Count-1)+b.Variance/(b.Count-1))
}

// timeCalls times the calls. Each value is asked before.
func timeCalls(task *json.Decoder, result *json.Encoder) error {
	runtime.LockOSThread()
	debug.SetGCPercent(-1)
	var t callsTask
	if err := task.Decode(&t); err != nil {
		return err
	}
	c, err := connect(t.Address)
	if err != nil {
		return err
	}
	r := callsResult{Equal: true}
	var answer []byte
	call := func(value string) (time.Duration, error) {
		copy(c.room, value)
		begin := time.Now()
		if err := c.roundTrip(); err != nil {
			return 0, err
		}
		taken := time.Since(begin)
		undated := withoutDate(c.answer)
		if answer == nil {
			answer = bytes.Clone(undated)
		}
		r.Equal = r.Equal && bytes.Equal(answer, undated)
		return taken, nil
	}
	for _, values := range t.Kinds {
		for _, value := range values {
			if _, err := call(value); err != nil {
				return err
			}
		}
	}
	for i := -t.Calls / 10; i < t.Calls; i++ {
		kind := rand.IntN(len(t.Kinds))
		taken, err := call(t.Kinds[kind][rand.IntN(len(t.Kinds[kind]))])
		if err != nil {
			return err
		}
		if i >= 0 { // until then the processes warm up
			r.Kinds[kind].add(taken)
		}
	}
	return result.Encode(r)
}

// roundTrip sends the request of a connection, and reads the answer.
func (c *connection) roundTrip() error {
	c.answer = c.answer[:0]
	if err := c.send(); err != nil {
		return err
	}
	for {
		if whole, err := c.read(); err != nil || whole {
			return err
		}
	}
}

// withoutDate returns an answer without the value of its Date header.
func withoutDate(answer []byte) []byte {
	before, after, ok := bytes.Cut(answer, []byte("\r\nDate: "))
	if !ok {
		return []byte(fmt.Sprintf("no date: %q", answer))
	}
	_, after, _ = bytes.Cut(after, []byte("\r\n"))
	return append(bytes.Clone(before), after...)
}
