package acceptance

import (
	"context"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// subject is a value that clients keep asking about, at a path that answers 200 while it is accepted.
type subject struct {
	path, value string
	// sent is when the last request that was accepted was sent, and accepted when its answer came, since the load began.
	sent, accepted atomic.Int64
	// refused is the number of requests that were refused.
	refused atomic.Int64
}

// load is clients that ask about subjects for as long as they are let, each over a connection that it keeps.
type load struct {
	url    string
	began  time.Time
	client *http.Client
	// answers counts the answers with each status code, and lost the requests that got none.
	answers [600]atomic.Int64
	lost    atomic.Int64

	mu       sync.RWMutex
	subjects []*subject

	end  context.CancelFunc
	done sync.WaitGroup
}

// startLoad starts clients of a server, which end with the test at the latest.
func startLoad(t testing.TB, url string, clients int) *load {
	return startPacedLoad(t, url, clients, 0)
}

// startPacedLoad is startLoad with so many requests a second; 0 is as many as there are answers.
func startPacedLoad(t testing.TB, url string, clients, rate int) *load {
	ctx, cancel := context.WithCancel(t.Context())
	l := &load{url: url, began: time.Now(), end: cancel, client: &http.Client{
		Transport: &http.Transport{MaxIdleConnsPerHost: clients}, Timeout: patience,
	}}
	for range clients {
		l.done.Go(func() {
			due := make(<-chan time.Time)
			if rate > 0 {
				ticker := time.NewTicker(time.Duration(clients) * time.Second / time.Duration(rate))
				defer ticker.Stop()
				due = ticker.C
			}
			for ctx.Err() == nil {
				if rate > 0 {
					select {
					case <-due:
					case <-ctx.Done():
						return
					}
				}
				if s := l.pick(); s != nil {
					l.ask(ctx, s)
				} else {
					time.Sleep(time.Millisecond)
				}
			}
		})
	}
	t.Cleanup(l.stop)
	return l
}

// stop ends the clients, once they have their answers.
func (l *load) stop() {
	l.end()
	l.done.Wait()
	l.client.CloseIdleConnections()
}

// now returns the time since the load began.
func (l *load) now() time.Duration { return time.Since(l.began) }

// add has the clients ask about a subject, half of the time until the next one comes, and from then on now and again.
func (l *load) add(path, value string) *subject {
	s := &subject{path: path, value: value}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.subjects = append(l.subjects, s)
	return s
}

// all returns all subjects.
func (l *load) all() []*subject {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.subjects
}

// pick returns the subject to ask about next; nil if there is none.
func (l *load) pick() *subject {
	all := l.all()
	switch {
	case len(all) == 0:
		return nil
	case rand.IntN(2) == 0:
		return all[len(all)-1]
	}
	return all[rand.IntN(len(all))]
}

// ask asks about a subject once. A request that has begun gets its answer even if the load is to end.
func (l *load) ask(ctx context.Context, s *subject) {
	sent := l.now()
	r, err := ask(context.WithoutCancel(ctx), l.client, http.MethodGet, l.url+s.path, s.value, "")
	if err != nil {
		l.lost.Add(1)
		time.Sleep(time.Millisecond) // nothing may be there to answer
		return
	}
	l.answers[r.status].Add(1)
	switch r.status {
	case http.StatusOK:
		storeLatest(&s.accepted, l.now())
		storeLatest(&s.sent, sent)
	case http.StatusUnauthorized, http.StatusForbidden:
		s.refused.Add(1)
	}
}

// storeLatest stores a time unless a later one is there.
func storeLatest(to *atomic.Int64, at time.Duration) {
	for {
		before := to.Load()
		if int64(at) <= before || to.CompareAndSwap(before, int64(at)) {
			return
		}
	}
}

// onlyAnswers fails the test if a request got no answer, or one with another status code, or if none got the first.
func (l *load) onlyAnswers(t testing.TB, right ...int) {
	t.Helper()
	if lost := l.lost.Load(); lost > 0 {
		t.Errorf("%d requests got no answer", lost)
	}
	if l.answers[right[0]].Load() == 0 {
		t.Errorf("no answer with status %d", right[0])
	}
	l.noOtherAnswers(t, right...)
}

// noOtherAnswers fails the test if a request got an answer with another status code.
func (l *load) noOtherAnswers(t testing.TB, right ...int) {
	t.Helper()
	for status := range l.answers {
		if count := l.answers[status].Load(); count > 0 && !slices.Contains(right, status) {
			t.Errorf("%d answers with status %d", count, status)
		}
	}
}
