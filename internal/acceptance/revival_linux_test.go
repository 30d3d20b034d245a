package acceptance

import (
	"math/rand/v2"
	"net/http"
	"sync"
	"syscall"
	"testing"
	"time"
)

// TestNoRevival disables values while their first look-ups are under way, and stops and continues the server at random
// meanwhile. What a look-up read before the change may not stay in the server's memory after it.
func TestNoRevival(t *testing.T) {
	w := newServedWorkspace(t)
	owner := w.owner()
	random := newRandom(t)
	issue(t, owner, nil)
	s := w.serve()
	l := startLoad(t, s.url, 6)
	pauses := startPauses(s, l, rand.New(rand.NewPCG(random.Uint64(), 0)))
	var all []*measured
	for range rounds(30, 1000) {
		token := issue(t, owner, nil)
		m := &measured{kind: "disable", subject: l.add(authenticate, token.value)}
		var first sync.WaitGroup
		wait := time.Duration(random.Int64N(int64(4 * time.Millisecond)))
		first.Go(func() {
			time.Sleep(wait)
			l.ask(t.Context(), m.subject)
		})
		time.Sleep(time.Duration(random.Int64N(int64(2 * time.Millisecond))))
		disable(t, owner, token.ID)
		m.end = l.now()
		first.Wait()
		all = append(all, m)
	}
	time.Sleep(2 * promised) // what was revived, the clients see until here
	pauses.stop()
	s.eventually("the server runs", func() bool { return s.get("/readyz", "").status == http.StatusOK })
	l.stop()
	judged, latest := 0, time.Duration(0)
	for _, m := range all {
		// The server had so much time, without the pauses.
		after := pauses.running(time.Duration(m.sent.Load())) - pauses.running(m.end)
		if m.sent.Load() > 0 {
			judged++
			latest = max(latest, after)
		}
		if m.sent.Load() > 0 && after > promised {
			t.Errorf("a request was accepted that was sent %s after the token was disabled", after)
		}
		if s.judge(authenticate, m.value).status != http.StatusUnauthorized {
			t.Error("a value that was disabled is accepted in the end")
		}
	}
	if judged == 0 {
		t.Error("no value was accepted before it was disabled: the race did not take place")
	}
	t.Logf("%d rounds, %d pauses; %d values were accepted before they were disabled, and no request sent later than %s after",
		len(all), len(pauses.of), judged, latest)
}

// TestPausedServer stops a server for longer than its knowledge of changes lasts, and disables a value meanwhile. What it
// is asked then gets no answer from what it knew before.
func TestPausedServer(t *testing.T) {
	w := newServedWorkspace(t)
	owner := w.owner()
	issue(t, owner, nil) // which makes the database
	s := w.serve("--max-staleness", "1s")
	for range rounds(1, 20) {
		token := issue(t, owner, nil)
		s.eventually("the value is accepted", func() bool { return s.get(authenticate, token.value).status == http.StatusOK })
		s.signal(syscall.SIGSTOP)
		disable(t, owner, token.ID)
		asked := make([]reply, 50)
		var clients sync.WaitGroup
		for i := range asked {
			clients.Go(func() { asked[i] = s.get(authenticate, token.value) })
		}
		time.Sleep(1100 * time.Millisecond)
		s.signal(syscall.SIGCONT)
		clients.Wait()
		for _, got := range asked {
			if got.status != http.StatusUnauthorized && got.status != http.StatusServiceUnavailable {
				t.Errorf("got %d", got.status)
			}
		}
	}
}

// pauses are times in which a server is stopped.
type pauses struct {
	mu sync.Mutex
	// of are beginnings and ends, since the load began.
	of   [][2]time.Duration
	end  chan struct{}
	done sync.WaitGroup
}

// startPauses stops and continues a server at random.
func startPauses(s *server, l *load, random *rand.Rand) *pauses {
	p := &pauses{end: make(chan struct{})}
	p.done.Go(func() {
		for {
			select {
			case <-p.end:
				return
			case <-time.After(time.Duration(random.Int64N(int64(15 * time.Millisecond)))):
			}
			length := time.Duration(random.Int64N(int64(15 * time.Millisecond)))
			if random.IntN(50) == 0 {
				length *= 30
			}
			if s.cmd.Process.Signal(syscall.SIGSTOP) != nil {
				return // it has ended, which the test notices
			}
			began := l.now()
			time.Sleep(length)
			if s.cmd.Process.Signal(syscall.SIGCONT) != nil {
				return
			}
			p.mu.Lock()
			p.of = append(p.of, [2]time.Duration{began, l.now()})
			p.mu.Unlock()
		}
	})
	s.t.Cleanup(p.stop)
	return p
}

// stop ends the pauses: the server runs from then on.
func (p *pauses) stop() {
	select {
	case <-p.end:
	default:
		close(p.end)
	}
	p.done.Wait()
}

// running returns for how long the server had run at a time, both since the load began.
func (p *pauses) running(at time.Duration) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	running := at
	for _, pause := range p.of {
		if pause[0] < at {
			running -= min(pause[1], at) - pause[0]
		}
	}
	return running
}
