package service_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"testing"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/service"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// flushLimit is how long a flush may keep another writer waiting.
const flushLimit = 100 * time.Millisecond

// BenchmarkFlush writes the uses of 100,000 tokens while this process and another one change the database again and
// again, and reports how long their changes took at worst. A number above the limit is only said: other load on the
// machine or its disk makes changes slow, too, as those without a flush beside them show.
func BenchmarkFlush(b *testing.B) {
	o := halfSeen(100_000)
	path := o.write(b)
	s := openWith(b, service.Options{Database: path, Now: time.Now})
	for i := 1; b.Loop(); i++ {
		idle := changesDuring(b, path, s, func() { time.Sleep(5 * time.Second) })
		for _, t := range o.tokens {
			s.RecordUse(t.ID, 1, listTime.Add(time.Duration(i)*time.Hour))
		}
		var took time.Duration
		flushing := changesDuring(b, path, s, func() {
			begin := time.Now()
			if done, err := s.FlushUses(b.Context()); err != nil || done.Tokens != len(o.tokens) {
				b.Errorf("wrote %+v, %v", done, err)
			}
			took = time.Since(begin)
		})
		b.ReportMetric(took.Seconds(), "flush-s")
		for who, by := range flushing {
			b.ReportMetric(milliseconds(by.Worst), who+"-worst-ms")
			b.ReportMetric(milliseconds(idle[who].Worst), who+"-worst-idle-ms")
			verdict := "within the limit of"
			if by.Worst > flushLimit {
				verdict = "ABOVE the limit of"
			}
			b.Logf("changes by %s: %s at worst, %s without a flush; medians of %d and %d changes: %s, %s; %s %s", who,
				by.Worst, idle[who].Worst, by.Count, idle[who].Count, by.Median, idle[who].Median, verdict, flushLimit)
		}
	}
}

// BenchmarkRecordUse records uses of 100,000 tokens, each known but for its first use.
func BenchmarkRecordUse(b *testing.B) {
	s := service.Open(service.Options{Now: time.Now}) // what it records is never written
	var tokenIDs []string
	for range 100_000 {
		tokenIDs = append(tokenIDs, tokens.NewID(tokens.KindAccessToken, listTime))
	}
	use := func(i int) { s.RecordUse(tokenIDs[i%len(tokenIDs)], 1, listTime) }
	for i := range tokenIDs {
		use(i)
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		use(i)
	}
}

// changes are how many changes somebody made, and how long they took.
type changes struct {
	Count         int
	Median, Worst time.Duration
}

// changesDuring runs something while another process and another goroutine of this one change the database.
func changesDuring(b *testing.B, path string, s *service.Service, run func()) map[string]changes {
	b.Helper()
	self, err := os.Executable()
	if err != nil {
		b.Fatal(err)
	}
	cmd := exec.CommandContext(b.Context(), self, path)
	cmd.Env, cmd.Stderr = append(os.Environ(), roleVariable+"=changer"), os.Stderr
	stop, err := cmd.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	output, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	ended, own := make(chan struct{}), make(chan changes)
	go func() {
		own <- changeUntil(s.As(anna), ended)
	}()
	run()
	close(ended)
	_ = stop.Close()
	var others changes
	if err := json.NewDecoder(output).Decode(&others); err != nil {
		b.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		b.Fatal(err)
	}
	return map[string]changes{"this-process": <-own, "another-process": others}
}

// changer is another process that changes a database until its standard input ends, and says how long that took.
func changer() int {
	b := service.Open(service.Options{Database: os.Args[1], Now: time.Now}).As(anna)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_, _ = os.Stdin.Read(make([]byte, 1))
	}()
	if err := json.NewEncoder(os.Stdout).Encode(changeUntil(b, ended)); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// changeUntil makes and deletes a group, again and again with pauses of many lengths, until something has ended.
func changeUntil(b *service.Backend, ended <-chan struct{}) (all changes) {
	var took []time.Duration
	for {
		begin := time.Now()
		group, err := b.CreateGroup(background, groupRequest(fmt.Sprintf("group-%d-%d", os.Getpid(), len(took))))
		if err != nil {
			panic(err)
		}
		took = append(took, time.Since(begin))
		if err := b.DeleteGroup(background, group.ID); err != nil {
			panic(err)
		}
		select {
		case <-ended:
			slices.Sort(took)
			return changes{len(took), took[len(took)/2], took[len(took)-1]}
		case <-time.After(time.Duration(len(took)%7) * 3 * time.Millisecond):
		}
	}
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
