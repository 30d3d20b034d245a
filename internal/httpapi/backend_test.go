package httpapi

import (
	"context"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/backendtest"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/service"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/verify"
)

// TestBackend runs the conformance suite through a server and its clients. Who holds an access token asks by that. Those who
// open a database directly, its owners and who acts as a member, have none: for them, the server takes passes, values that
// stand for such a principal here and nowhere else. So the suite is the same as for the bundled backend, and what differs is
// the way.
func TestBackend(t *testing.T) {
	// What the tests that try operations at random look for are mistakes in the rules, which the bundled backend has alone.
	// A part of their rounds shows that they hold here.
	backendtest.Checking(t, "25")
	backendtest.Run(t, newPlace,
		// A server tells nobody but its operator why it can't ask its database.
		"MissingDatabase")
}

// newPlace returns a place in a directory of its own, each service of which is behind a server.
func newPlace(t *testing.T) backendtest.Place {
	database := filepath.Join(t.TempDir(), "latchkey.db")
	return func(now func() time.Time) backendtest.Service {
		s := &servedBackend{
			T: t, now: now, passes: map[tokens.SecretHash]tokens.Principal{},
			service: service.Open(service.Options{Database: database, Now: now}),
		}
		s.cache = verify.New(s.service.Verifications(), Renderer{}.Identity, verify.Options{
			Rows: verify.DefaultRows, MaxStaleness: verify.DefaultMaxStaleness, Now: now,
		})
		ctx, stop := context.WithCancel(context.Background())
		var watch sync.WaitGroup
		watch.Go(func() { s.cache.Run(ctx, func(error) {}) })
		s.stop = func() {
			stop()
			watch.Wait()
		}
		s.server = httptest.NewServer(NewManagement(ManagementOptions{As: s.as, Cache: s, Now: now}))
		t.Cleanup(func() {
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
		return s
	}
}

// servedBackend is a service behind a server.
type servedBackend struct {
	*testing.T
	service *service.Service
	cache   *verify.Cache[Identity]
	stop    func() // the cache's watch
	server  *httptest.Server
	now     func() time.Time

	mu sync.Mutex
	// passes are the principals that are no holders of a token, by the hash of the value that stands for each.
	passes map[tokens.SecretHash]tokens.Principal
}

// As returns a client that asks for a principal.
func (s *servedBackend) As(principal tokens.Principal) tokens.Backend {
	s.Helper()
	endpoint, err := url.Parse(s.server.URL)
	if err != nil {
		s.Fatal(err)
	}
	soon := usualRetries
	soon.least, soon.most = 20*time.Millisecond, 500*time.Millisecond
	return NewClient(ClientOptions{
		Endpoint: endpoint, Token: s.credential(principal), ClaimedRun: principal.Run(), Product: "test", Now: s.now,
		retries: &soon,
	})
}

// credential returns the value by which a principal asks: a pass, unless it is the holder of a value, or nobody, who has
// none.
func (s *servedBackend) credential(principal tokens.Principal) tokens.Secret {
	s.Helper()
	secret, isHolder := principal.TokenHolder()
	if isHolder && secret != (tokens.Secret{}) || principal.InRun("") == (tokens.Principal{}) {
		return secret
	}
	pass, err := tokens.NewSecret("pass")
	if err != nil {
		s.Fatal(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.passes[pass.Hash()] = principal
	return pass
}

// as returns the backend for whoever presents a value to the server.
func (s *servedBackend) as(holder tokens.Principal) tokens.Backend {
	secret, _ := holder.TokenHolder()
	if principal, ok := s.pass(secret); ok {
		return s.service.As(principal.InRun(holder.Run()))
	}
	return s.service.As(holder)
}

func (s *servedBackend) pass(secret tokens.Secret) (tokens.Principal, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	principal, ok := s.passes[secret.Hash()]
	return principal, ok
}

// Verify implements Cache. A pass is active, whoever it stands for.
func (s *servedBackend) Verify(ctx context.Context, secret tokens.Secret) (verify.Answer[Identity], error) {
	if _, ok := s.pass(secret); ok {
		return verify.Answer[Identity]{Active: true, At: s.now()}, nil
	}
	return s.cache.Verify(ctx, secret)
}

// CanTell implements Cache.
func (s *servedBackend) CanTell() error { return s.cache.CanTell() }

// Close ends the server, and then the service, as a server does at its end.
func (s *servedBackend) Close() error {
	s.server.Close()
	s.stop()
	return s.service.Close()
}
