package acceptance

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/store/postgres/pgtest"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// nodesPromised is what is promised for 99 of 100 revocations on any of several servers of one database.
const nodesPromised = 100 * time.Millisecond

// nodes are servers of one database in PostgreSQL, each under load.
type nodes struct {
	*revocations
	servers []*server
	loads   []*load
	// commits asks the database when a change was committed.
	commits *pgx.Conn
}

// startNodes starts three servers of the database of a workspace with flags, at each of which clients ask 300 times a second.
func startNodes(t *testing.T, w *workspace, admin string, flags ...string) *nodes {
	t.Helper()
	n := &nodes{revocations: &revocations{t: t, workspace: w, owner: w.owner()}}
	good := issue(t, n.owner, nil)
	for range 3 {
		s := w.serve(flags...)
		l := startPacedLoad(t, s.url, 4, 300)
		l.add(authenticate, good.value)
		n.servers, n.loads = append(n.servers, s), append(n.loads, l)
	}
	n.server = n.servers[0]
	var err error
	n.commits, err = pgx.Connect(t.Context(), admin)
	w.must(err)
	t.Cleanup(func() { _ = n.commits.Close(t.Context()) })
	return n
}

// revoke has all clients use a value, revokes it, and waits until each server refuses it. The time is that from the commit,
// as the database knows it, to the last acceptance on any server.
func (n *nodes) revoke(kind revocation) *measured {
	n.t.Helper()
	path, value, revoke := kind.prepare(n.revocations)
	var subjects []*subject
	for i, l := range n.loads {
		s := l.add(path, value)
		subjects = append(subjects, s)
		n.servers[i].eventually(kind.name+": the value is accepted", func() bool { return s.accepted.Load() > 0 })
	}
	revoke()
	var committed time.Time
	n.must(n.commits.QueryRow(n.t.Context(),
		`SELECT pg_xact_commit_timestamp(xmin) FROM acme.marks ORDER BY serial DESC LIMIT 1`).Scan(&committed))
	var slowest *measured
	for i, s := range subjects {
		refused := s.refused.Load()
		n.servers[i].eventually(kind.name+": the value is refused", func() bool { return s.refused.Load() > refused })
		m := &measured{kind: kind.name, subject: s, end: committed.Sub(n.loads[i].began)}
		if slowest == nil || m.latency() > slowest.latency() {
			slowest = m
		}
	}
	return slowest
}

// byNode revokes a value at one server after the other.
func (n *nodes) byNode() revocation {
	n.count++
	at := n.servers[n.count%len(n.servers)]
	return revocation{"by a server", func(w *revocations) (string, string, func() time.Time) {
		value := issue(w.t, w.owner, nil).value
		return authenticate, value, func() (now time.Time) {
			at.eventually("the server revokes", func() bool { // on a busy machine, it may not be able to tell at once
				got := at.post("/v1/revoke", "", "token="+value)
				if got.status != http.StatusOK && got.status != http.StatusServiceUnavailable {
					w.t.Errorf("/v1/revoke: got %d: %s", got.status, got.body)
				}
				return got.status == http.StatusOK
			})
			return now
		}
	}}
}

// byApply revokes a value by an apply.
func (n *nodes) byApply() revocation {
	n.count++
	token := func(enabled bool) string {
		return deployToken(fmt.Sprintf("enabled = %t\nregenerate_triggers = { generation = \"%d\" }", enabled, n.count))
	}
	return revocation{"by terraform apply", func(w *revocations) (string, string, func() time.Time) {
		w.configure(token(true))
		w.terraform("apply").exits(0)
		return authenticate, w.deploy().Token, func() (now time.Time) {
			w.configure(token(false))
			w.terraform("apply").exits(0)
			return now
		}
	}}
}

// end stops the clients, after the time in which what is revived would be seen, and checks what they got.
func (n *nodes) end(t *testing.T, all []*measured) {
	t.Helper()
	time.Sleep(promised)
	requests := int64(0)
	for _, l := range n.loads {
		l.stop()
		l.judges(t)
		requests += l.answers[http.StatusOK].Load() + l.answers[http.StatusUnauthorized].Load()
	}
	t.Logf("%.0f verifications a second at each of %d servers", float64(requests)/n.loads[0].now().Seconds()/float64(len(n.loads)),
		len(n.loads))
	of := map[string][]*measured{}
	for _, m := range all {
		of[m.kind] = append(of[m.kind], m)
	}
	for name, some := range of {
		t.Log(distribution(name, some))
	}
	t.Log(distribution("all", all))
	checkLatencies(t, all)
}

// newNodeWorkspace returns a workspace whose database is in PostgreSQL, on a server of its own.
func newNodeWorkspace(t *testing.T, with func(testing.TB) *workspace) (*workspace, *pgtest.Server) {
	t.Helper()
	w := with(t)
	s := pgtest.New(t, "track_commit_timestamp=on", "fsync=off") // a commit counts from before its way to the disk
	w.database = s.Address("acme")
	return w, s
}

// TestRevocationOnNodes revokes values by servers, by commands and by applies, while three servers of the database are asked
// about them. Notifications of changes keep the time short. Without them, as behind a pooler that lets none through, it is as
// short as promised.
func TestRevocationOnNodes(t *testing.T) {
	byCommands := byCommand("by a command", "token", "disable")
	t.Run("notified", func(t *testing.T) {
		w, s := newNodeWorkspace(t, newWorkspace)
		n := startNodes(t, w, s.AdminAddress())
		for _, server := range n.servers {
			server.eventually("notifications come", func() bool { return server.get("/readyz", "").body == "ready\n" })
		}
		var all []*measured
		for range rounds(8, 90) {
			all = append(all, n.revoke(n.byNode()), n.revoke(byCommands))
		}
		for range rounds(1, 20) {
			all = append(all, n.revoke(n.byApply()))
		}
		n.end(t, all)
		late := 0
		for _, m := range all {
			if m.latency() > nodesPromised {
				late++
			}
		}
		if *full && late > len(all)/100 {
			t.Errorf("%d of %d revocations took longer than %s", late, len(all), nodesPromised)
		}
		for _, server := range n.servers {
			t.Logf("missed notifications: %v", server.metric("latchkey_notifications_missed_total"))
		}
	})
	for name, through := range map[string]func(w *workspace, pooler string) (flags []string){
		"notifications cut off": func(_ *workspace, pooler string) []string { return []string{"--listen-database", pooler} },
		"through a transaction pooler": func(w *workspace, pooler string) []string {
			w.database = pooler
			return nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			w, s := newNodeWorkspace(t, newServedWorkspace)
			flags := through(w, pgtest.NewPooler(t, s, "transaction").Address("acme"))
			n := startNodes(t, w, s.AdminAddress(), flags...)
			for _, server := range n.servers {
				server.eventually("it tells that notifications don't come", func() bool {
					return strings.Contains(server.get("/readyz", "").body, "did not come") &&
						server.metric("latchkey_notifications_failing") == 1
				})
			}
			var all []*measured
			for range rounds(4, 50) {
				all = append(all, n.revoke(n.byNode()), n.revoke(byCommands))
			}
			n.end(t, all)
			for _, server := range n.servers {
				if server.metric("latchkey_notifications_missed_total") == 0 {
					t.Error("no change counts as missed")
				}
			}
		})
	}
}

// TestOutageOfPostgreSQL is TestOutageIsNoRefusal for a server of PostgreSQL.
func TestOutageOfPostgreSQL(t *testing.T) {
	outages := map[string]func(w *workspace, s *pgtest.Server) (end func()){
		"stopped": func(w *workspace, s *pgtest.Server) func() {
			s.Stop(syscall.SIGINT)
			return func() { w.must(s.Start()) }
		},
		"crashed": func(w *workspace, s *pgtest.Server) func() {
			s.Stop(syscall.SIGQUIT)
			return func() { w.must(s.Start()) }
		},
	}
	for name, begin := range outages {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, s := newNodeWorkspace(t, newServedWorkspace)
			checkOutage(t, w, func(w *workspace) func() { return begin(w, s) })
		})
	}
	t.Run("not answering", func(t *testing.T) {
		t.Parallel()
		w, s := newNodeWorkspace(t, newServedWorkspace)
		pooler := pgtest.NewPooler(t, s, "session")
		w.database = pooler.Address("acme")
		checkOutage(t, w, func(w *workspace) func() {
			w.must(pooler.Signal(syscall.SIGSTOP))
			return func() { w.must(pooler.Signal(syscall.SIGCONT)) }
		})
	})
}

// TestStopsOfPostgreSQL stops and crashes the server of PostgreSQL, and starts it again, while three servers of the database
// are asked and somebody makes and stops tokens. No answer is wrong, what was acknowledged is kept, and nothing has to be
// started anew.
func TestStopsOfPostgreSQL(t *testing.T) {
	w, s := newNodeWorkspace(t, newServedWorkspace)
	n := startNodes(t, w, s.AdminAddress())
	var live, stopped []string // values, as acknowledged
	var good, bad []*subject
	for round := range rounds(4, 70) {
		ctx, cancel := context.WithCancel(t.Context())
		var writer sync.WaitGroup
		writer.Go(func() {
			for ctx.Err() == nil {
				if value, err := makeOrStop(ctx, t, n.owner, rand.N(2) == 0); err == nil && value.Enabled {
					live = append(live, value.value)
				} else if err == nil {
					stopped = append(stopped, value.value)
				} else if tokens.ErrorCode(err) != tokens.CodeUnavailable && ctx.Err() == nil {
					t.Error(err)
				}
			}
		})
		time.Sleep(100*time.Millisecond + rand.N(100*time.Millisecond))
		how := syscall.SIGQUIT // as in a crash
		if round%7 < 2 {
			how = syscall.SIGINT
		}
		s.Stop(how)
		time.Sleep(rand.N(300 * time.Millisecond))
		w.must(s.Start())
		since := issue(t, n.owner, nil)
		ended := issue(t, n.owner, nil)
		disable(t, n.owner, ended.ID)
		cancel()
		writer.Wait()
		for i, server := range n.servers {
			server.eventually("what was made since is accepted", func() bool {
				return server.get(authenticate, since.value).status == http.StatusOK
			})
			server.eventually("what was stopped since is refused", func() bool {
				return server.get(authenticate, ended.value).status == http.StatusUnauthorized
			})
			good = append(good, n.loads[i].add(authenticate, since.value))
			bad = append(bad, n.loads[i].add(authenticate, ended.value))
		}
	}
	for i, l := range n.loads {
		l.stop()
		l.judges(t)
		t.Logf("%d right answers at server %d", l.answers[http.StatusOK].Load()+l.answers[http.StatusUnauthorized].Load(), i+1)
	}
	for i := range good {
		if good[i].refused.Load() > 0 || bad[i].accepted.Load() > 0 {
			t.Errorf("a good value was refused %d times; a stopped one accepted: %t", good[i].refused.Load(), bad[i].accepted.Load() > 0)
		}
	}
	for _, server := range n.servers {
		for want, values := range map[int][]string{http.StatusOK: live, http.StatusUnauthorized: stopped} {
			for _, value := range values {
				if got := server.judge(authenticate, value); got.status != want {
					t.Errorf("a change that was acknowledged is lost: got %d, want %d", got.status, want)
				}
			}
		}
	}
	t.Logf("%d values that are good, and %d that are not", len(live), len(stopped))
}

// makeOrStop makes an access token, and disables it or not.
func makeOrStop(ctx context.Context, t *testing.T, owner tokens.Backend, stop bool) (issued, error) {
	n := tokens.NewAccessToken{NewSecretFor: newSecretFor(t), Settings: tokens.Settings{Name: "robot", Enabled: true}}
	created, err := owner.CreateAccessToken(ctx, n)
	if err != nil || !stop {
		return issued{created.AccessToken, n.Secret.Reveal()}, err
	}
	token, err := owner.UpdateAccessToken(ctx, created.AccessToken.ID, tokens.AccessTokenUpdate{Fields: tokens.Fields{"enabled"}})
	return issued{token, n.Secret.Reveal()}, err
}

// TestConnectionsCut ends all connections to the database, again and again. No server refuses what is good, and each one sees
// what is stopped.
func TestConnectionsCut(t *testing.T) {
	w, s := newNodeWorkspace(t, newServedWorkspace)
	n := startNodes(t, w, s.AdminAddress())
	for range rounds(5, 200) {
		_, err := n.commits.Exec(t.Context(), `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
			WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'`)
		w.must(err)
		token := issue(t, n.owner, nil)
		for _, server := range n.servers {
			server.eventually("the value is accepted", func() bool { return server.get(authenticate, token.value).status == http.StatusOK })
		}
		disable(t, n.owner, token.ID)
		for _, server := range n.servers {
			server.eventually("the value is refused", func() bool {
				return server.get(authenticate, token.value).status == http.StatusUnauthorized
			})
		}
	}
	for _, l := range n.loads {
		l.stop()
		l.onlyAnswers(t, http.StatusOK, http.StatusServiceUnavailable)
	}
}

// TestFailover stops the server of PostgreSQL and promotes its replica, which the address names, too. Everybody goes on with
// that, and nothing has to be started anew.
func TestFailover(t *testing.T) {
	w, first := newNodeWorkspace(t, newServedWorkspace)
	second := first.Replica(t)
	w.database = pgtest.AddressOfAny("acme", first, second)
	n := startNodes(t, w, first.AdminAddress(), "--max-staleness", "1s")
	before := issue(t, n.owner, nil)
	for _, s := range n.servers {
		s.eventually("the value is accepted", func() bool { return s.get(authenticate, before.value).status == http.StatusOK })
	}
	second.Eventually(t, fmt.Sprintf(`SELECT EXISTS (SELECT FROM acme.access_tokens WHERE id = '%s')`, before.ID))
	first.Stop(syscall.SIGINT)
	for _, s := range n.servers {
		s.eventually("the server can't tell", func() bool { return s.get("/readyz", "").status == http.StatusServiceUnavailable })
	}
	second.Promote(t)
	for _, s := range n.servers {
		s.eventually("the server may be asked", func() bool { return s.get("/readyz", "").status == http.StatusOK })
	}
	since := issue(t, n.owner, nil)
	w.latchkey("token", "disable", before.ID).exits(0)
	for _, s := range n.servers {
		s.eventually("what was made since is accepted", func() bool { return s.get(authenticate, since.value).status == http.StatusOK })
		s.eventually("what was stopped since is refused", func() bool {
			return s.get(authenticate, before.value).status == http.StatusUnauthorized
		})
		s.eventually("notifications come", func() bool { return s.metric("latchkey_notifications_failing") == 0 })
	}
	for _, l := range n.loads {
		l.stop()
		l.onlyAnswers(t, http.StatusOK, http.StatusServiceUnavailable)
	}
}
