package acceptance

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// TestRollingRestart restarts three nodes, one after the other, while clients ask through each of the load balancers of the
// guide, and others ask nodes whose /readyz says that they may be asked. Nobody gets a wrong answer, and no request is lost.
func TestRollingRestart(t *testing.T) {
	d := newDeployment(t)
	d.latchkey("bootstrap", "--organization", "acme", "--output", d.path("owner.token")).exits(0)
	var servers []*server
	var addresses []string
	for range 3 {
		s := d.serve("--drain", "3s")
		servers, addresses = append(servers, s), append(addresses, s.address)
	}
	r := newRestarts(d)
	for program := range balancers {
		if url := d.startBalancer(program, addresses); url != "" {
			r.ask(program, func() string { return url })
		}
	}
	ready := r.followReadiness(servers)
	r.ask("whoever follows /readyz", ready)

	for range rounds(1, 10) {
		for i, s := range servers {
			stopped := r.add(issue(t, r.owner, nil))
			s.signal(syscall.SIGTERM)
			s.eventually("the node says that it is about to end", func() bool {
				return s.get("/readyz", "").status == http.StatusServiceUnavailable
			})
			if code := s.wait(); code != 0 {
				t.Errorf("the node ended with %d:\n%s", code, s.log())
			}
			stopped.end(r)
			servers[i] = s.again()
			time.Sleep(3 * time.Second) // two good answers to a load balancer that asks every second
		}
	}
	r.end()
}

// restarts are clients that ask about values while nodes restart.
type restarts struct {
	*deployment
	owner tokens.Backend
	// introspector is a value by which an API asks.
	introspector string
	began        time.Time
	stop         context.CancelFunc
	running      context.Context //nolint:containedctx // of the clients
	done         sync.WaitGroup

	mu     sync.Mutex
	values []*judged
	groups []*group
}

// judged is a value that clients ask about.
type judged struct {
	issued
	// ends is set before it is stopped, and at is when it was, since the clients began; 0 before that.
	ends atomic.Bool
	at   atomic.Int64
}

// end stops the value.
func (j *judged) end(r *restarts) {
	j.ends.Store(true)
	disable(r.t, r.owner, j.ID)
	j.at.Store(int64(time.Since(r.began)))
}

// group are the clients that ask in one way, and what they got.
type group struct {
	name                       string
	right, untold, wrong, lost atomic.Int64
	firstWrong, firstLost      atomic.Pointer[string]
}

func newRestarts(d *deployment) *restarts {
	d.t.Helper()
	r := &restarts{deployment: d, owner: d.owner(), began: time.Now()}
	r.running, r.stop = context.WithCancel(d.t.Context())
	d.t.Cleanup(r.stop)
	r.introspector = issue(d.t, r.owner, func(n *tokens.NewAccessToken) { n.Own.Role = tokens.RoleAdministrator }).value
	r.add(issue(d.t, r.owner, nil))
	r.add(issue(d.t, r.owner, nil)).end(r)
	return r
}

// add has the clients ask about a value, too.
func (r *restarts) add(one issued) *judged {
	j := &judged{issued: one}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.values = append(r.values, j)
	return j
}

// pick returns one of the values.
func (r *restarts) pick() *judged {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.values[rand.IntN(len(r.values))]
}

// ask starts clients that ask at the address that where returns each time.
func (r *restarts) ask(name string, where func() string) {
	r.t.Helper()
	g, client := &group{name: name}, r.client()
	r.groups = append(r.groups, g)
	for range 4 {
		r.done.Go(func() {
			for r.running.Err() == nil {
				r.askOnce(g, client, where)
				time.Sleep(4 * time.Millisecond)
			}
		})
	}
}

// askOnce asks about a value in one of the two ways.
func (r *restarts) askOnce(g *group, client *http.Client, where func() string) {
	j := r.pick()
	sent, url := time.Since(r.began), where()
	method, path, credential, form := http.MethodGet, authenticate, j.value, ""
	if rand.IntN(2) == 0 {
		method, path, credential, form = http.MethodPost, "/v1/introspect", r.introspector, "token="+j.value
	}
	got, err := ask(context.WithoutCancel(r.running), client, method, url+path, credential, form)
	accepted := got.status == http.StatusOK && (form == "" || strings.HasPrefix(got.body, `{"active":true`))
	refused := got.status == http.StatusUnauthorized || form != "" && strings.TrimSpace(got.body) == `{"active":false}`
	stopped, ends := time.Duration(j.at.Load()), j.ends.Load()
	switch {
	case err != nil:
		g.lost.Add(1)
		g.firstLost.CompareAndSwap(nil, new(fmt.Sprintf("%s %s: %s", method, url, err)))
	case got.status == http.StatusServiceUnavailable: // which is no answer, and no wrong one
		g.untold.Add(1)
	case accepted && (stopped == 0 || sent < stopped+promised), refused && ends:
		g.right.Add(1)
	default:
		g.wrong.Add(1)
		g.firstWrong.CompareAndSwap(nil, new(fmt.Sprintf("%s %s sent after %s, stopped after %s: %d %s", method, url+path, sent,
			stopped, got.status, got.body)))
	}
}

// followReadiness asks nodes for /readyz all the time, and returns what yields one that may be asked.
func (r *restarts) followReadiness(servers []*server) func() string {
	r.t.Helper()
	ready := make([]atomic.Bool, len(servers))
	urls := make([]string, len(servers))
	for i, s := range servers {
		urls[i] = s.url
		r.done.Go(func() {
			for r.running.Err() == nil {
				got, err := ask(r.running, alone, http.MethodGet, urls[i]+"/readyz", "", "")
				ready[i].Store(err == nil && got.status == http.StatusOK)
				time.Sleep(100 * time.Millisecond)
			}
		})
	}
	return func() string {
		for {
			if i := rand.IntN(len(urls)); ready[i].Load() || r.running.Err() != nil {
				return urls[i]
			}
			time.Sleep(time.Millisecond)
		}
	}
}

// end stops the clients, and checks what they got.
func (r *restarts) end() {
	r.t.Helper()
	r.stop()
	r.done.Wait()
	for _, g := range r.groups {
		r.t.Logf("%s: %d right answers, %d times nobody could tell", g.name, g.right.Load(), g.untold.Load())
		if wrong := g.wrong.Load(); wrong > 0 {
			r.t.Errorf("%s: %d wrong answers: %s", g.name, wrong, *g.firstWrong.Load())
		}
		if lost := g.lost.Load(); lost > 0 {
			r.t.Errorf("%s: %d requests got no answer: %s", g.name, lost, *g.firstLost.Load())
		}
		if g.right.Load() == 0 || g.untold.Load() > g.right.Load()/100 {
			r.t.Errorf("%s: nobody could tell %d times, and %d answers are right", g.name, g.untold.Load(), g.right.Load())
		}
	}
}
