//go:build unix

package service_test

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/service"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/store/postgres/pgtest"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// load has several clients change access tokens at once, and remembers what they were told.
type load struct {
	b    *service.Backend
	user tokens.TechnicalUser
	mu   sync.Mutex
	// live are the secrets that must be good, and dead those that must not, by the identifiers of their tokens.
	live, dead map[string]tokens.Secret
	// failed are operations that ended in an error: nobody knows what became of them.
	failed atomic.Int64
	done   atomic.Int64
}

func newLoad(t *testing.T, b *service.Backend) *load {
	t.Helper()
	l := &load{b: b, live: map[string]tokens.Secret{}, dead: map[string]tokens.Secret{}}
	user, err := b.CreateTechnicalUser(background, tokens.NewTechnicalUser{
		Request: tokens.NewRequest(time.Now()),
		TechnicalUserSettings: tokens.TechnicalUserSettings{
			Name: "robots", Grants: tokens.Grants{Role: tokens.RoleMember}, Enabled: true,
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	l.user = user
	return l
}

// run has clients make and stop tokens until the context ends.
func (l *load) run(ctx context.Context, t *testing.T, clients int) {
	t.Helper()
	var wg sync.WaitGroup
	for client := range clients {
		wg.Go(func() {
			for i := 0; ctx.Err() == nil; i++ {
				l.step(t, fmt.Sprintf("token %d of %d from %d", i, client, l.done.Load()))
			}
		})
	}
	wg.Wait()
}

// step makes a token, gives it another secret, and stops it or lets it live.
func (l *load) step(t *testing.T, name string) {
	request := newRequest(t, name, l.user.ID)
	made, err := l.b.CreateAccessToken(background, request)
	if !l.count(t, err) {
		return
	}
	id, secret := made.AccessToken.ID, request.Secret
	next := tokens.Regeneration{
		NewSecretFor: newRequest(t, "", "").NewSecretFor, Reason: tokens.ReasonTrigger, ExpectedVersion: 1,
	}
	if _, err := l.b.UpdateAccessToken(background, id, tokens.AccessTokenUpdate{Regeneration: &next}); !l.count(t, err) {
		return
	}
	l.mu.Lock()
	l.dead[id+" before"] = secret
	l.mu.Unlock()
	if rand.N(2) == 0 {
		if _, err := l.b.HoldAccessToken(background, id, "test"); !l.count(t, err) {
			return
		}
		l.mu.Lock()
		l.dead[id] = next.Secret
		l.mu.Unlock()
		return
	}
	l.mu.Lock()
	l.live[id] = next.Secret
	l.mu.Unlock()
}

// count counts an operation, and reports whether it took place.
func (l *load) count(t *testing.T, err error) bool {
	if err == nil {
		l.done.Add(1)
		return true
	}
	if tokens.ErrorCode(err) != tokens.CodeUnavailable {
		t.Errorf("got %v", err)
	}
	l.failed.Add(1)
	t.Logf("failed: %v", err)
	return false
}

// check compares the database with what the clients were told.
func (l *load) check(t *testing.T) {
	t.Helper()
	names := map[string]int{}
	page, err := l.b.AccessTokens(background, tokens.TokenQuery{})
	if err != nil {
		t.Fatal(err)
	}
	for _, token := range page.AccessTokens {
		names[token.Name]++
	}
	for name, n := range names {
		if n > 1 {
			t.Errorf("%q is there %d times", name, n)
		}
	}
	for want, secrets := range map[bool]map[string]tokens.Secret{true: l.live, false: l.dead} {
		for id, secret := range secrets {
			if v, err := l.b.VerifySecret(background, secret, tokens.VerifyOptions{}); err != nil || v.Active != want {
				t.Errorf("%s: active is %t, want %t, %v", id, v.Active, want, err)
			}
		}
	}
	if v, err := l.b.VerifyHistory(background, tokens.Head{}); err != nil || v.Broken != nil {
		t.Errorf("the history: %+v, %v", v, err)
	}
	t.Logf("%d operations, %d failed, %d live and %d dead secrets", l.done.Load(), l.failed.Load(), len(l.live), len(l.dead))
}

// full makes the tests of faults go through all of their rounds; see `make faults`.
var full = flag.Bool("full", false, "all rounds of the tests of faults, which take minutes: -args -full")

// faultRounds is how often a fault happens.
func faultRounds(few, many int) int {
	if *full {
		return many
	}
	return few
}

// Where the answer to a commit is lost, the server is asked what became of it: nothing fails, is lost, or is there twice.
func TestPostgreSQLLosesCommits(t *testing.T) {
	server := pgtest.New(t, "fsync=off")
	proxy := pgtest.NewProxy(t, server)
	b := openWith(t, service.Options{Database: proxy.Address("latchkey"), Now: time.Now}).As(anna)
	l := newLoad(t, b)
	for i := range faultRounds(100, 400) {
		proxy.LoseCommits(1, i%2 == 0)
		l.step(t, fmt.Sprintf("token %d", i))
	}
	if l.failed.Load() > 0 || proxy.Lost() == 0 {
		t.Errorf("%d operations failed, %d commits were lost", l.failed.Load(), proxy.Lost())
	}
	l.check(t)
}

// Connections that the server ends are made again, and what went on there as well.
func TestPostgreSQLEndsConnections(t *testing.T) {
	server := pgtest.New(t, "fsync=off")
	b := openWith(t, service.Options{Database: server.Address("latchkey"), Now: time.Now}).As(anna)
	l := newLoad(t, b)
	ctx, cancel := context.WithCancel(background)
	var wg sync.WaitGroup
	wg.Go(func() { l.run(ctx, t, 8) })
	admin, err := pgx.Connect(background, server.AdminAddress())
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close(background)
	for ended := 0; ended < faultRounds(50, 200); {
		var n int
		done := l.done.Load()
		if err := admin.QueryRow(background, `SELECT count(pg_terminate_backend(pid)) FROM (SELECT pid FROM pg_stat_activity
			WHERE pid <> pg_backend_pid() AND backend_type = 'client backend' ORDER BY random() LIMIT 1) AS one`).Scan(&n); err != nil {
			t.Fatal(err)
		}
		ended += n
		// Each gets its turn between two faults, however slow the machine is: an operation doesn't begin again without end.
		for time.Sleep(10 * time.Millisecond); l.done.Load() == done && l.failed.Load() == 0; {
			time.Sleep(time.Millisecond)
		}
	}
	cancel()
	wg.Wait()
	if l.failed.Load() > 0 {
		t.Errorf("%d operations failed", l.failed.Load())
	}
	l.check(t)
}

// A server that crashes, also in the middle of commits, and one that is stopped and started again, lose nothing that they
// acknowledged.
func TestPostgreSQLStops(t *testing.T) {
	server := pgtest.New(t)
	b := openWith(t, service.Options{Database: server.Address("latchkey"), Now: time.Now}).As(anna)
	l := newLoad(t, b)
	for round := range faultRounds(6, 70) {
		how := syscall.SIGQUIT
		if round%7 < 2 {
			how = syscall.SIGINT
		}
		ctx, cancel := context.WithCancel(background)
		var wg sync.WaitGroup
		wg.Go(func() { l.run(ctx, t, 8) })
		time.Sleep(100*time.Millisecond + rand.N(100*time.Millisecond))
		server.Stop(how)
		time.Sleep(rand.N(300 * time.Millisecond))
		if err := server.Start(); err != nil {
			t.Fatal(err)
		}
		before := l.done.Load()
		for deadline := time.Now().Add(20 * time.Second); l.done.Load() == before; time.Sleep(time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatal("it does not recover")
			}
		}
		cancel()
		wg.Wait()
	}
	l.check(t)
}

// Two owners who demote each other at the same time leave one.
func TestPostgreSQLKeepsAnOwner(t *testing.T) {
	address := pgtest.Address(t)
	owner := openWith(t, service.Options{Database: address, Now: time.Now}).As(anna)
	emails := []string{"ben@example.com", "eva@example.com"}
	var members []tokens.Member
	for _, email := range emails {
		members = append(members, newMember(t, owner, email, tokens.RoleOwner))
	}
	var backends []*service.Backend
	for _, email := range emails {
		backends = append(backends, openWith(t, service.Options{Database: address, Now: time.Now}).As(annaAs(email)))
	}
	role := func(name string) tokens.MemberUpdate {
		return tokens.MemberUpdate{
			Settings: tokens.MemberSettings{Grants: tokens.Grants{Role: name}}, Fields: tokens.Fields{"role"},
		}
	}
	for range faultRounds(200, 1000) {
		var wg sync.WaitGroup
		var demoted atomic.Int64
		for i, b := range backends {
			wg.Go(func() {
				if _, err := b.UpdateMember(background, members[1-i].ID, role(tokens.RoleViewer)); err == nil {
					demoted.Add(1)
				}
			})
		}
		wg.Wait()
		if demoted.Load() != 1 {
			t.Fatalf("%d were demoted", demoted.Load())
		}
		for _, m := range members {
			if _, err := owner.UpdateMember(background, m.ID, role(tokens.RoleOwner)); err != nil {
				t.Fatal(err)
			}
		}
	}
}
