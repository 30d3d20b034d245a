package acctest

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/httpapi"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/service"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// server answers, in this process, for the database file of a place.
type server struct {
	place   *Place
	now     func() time.Time
	address string
	// owner is the access token of an owner, by which the provider asks.
	owner tokens.Secret
	// made is the mark of the database with nothing in it but that.
	made tokens.Mark

	mu sync.Mutex
	// asked counts the requests, by their method and path.
	asked map[string]int
	// personal are the values by which the provider asks as a member, by the member's address, and issued is to which
	// member each of them was issued.
	personal map[string]tokens.Secret
	issued   map[string]string
}

// serverActor is who runs the server.
const serverActor = tokens.Actor("local:root@server")

// members are the addresses of those as whom tests work.
var members = []string{"anna@example.com", "bea@example.com", "nobody@example.com"}

// newServer bootstraps the database of a place and returns a server of it, which ends with the test.
func newServer(p *Place, now func() time.Time) *server {
	p.t.Helper()
	s := &server{place: p, now: now, owner: p.newSecret(), personal: map[string]tokens.Secret{}, issued: map[string]string{},
		asked: map[string]int{}}
	for _, address := range members {
		s.personal[address] = p.newSecret()
	}
	_, err := service.Bootstrap{Options: service.Options{Database: p.database, Now: now}, Actor: serverActor}.
		Run(context.Background(), tokens.NewSecretFor{Request: tokens.NewRequest(now()), Secret: s.owner})
	p.must(err)
	s.made = s.newest()
	opened := service.Open(service.Options{Database: p.database, Follow: true, Now: now})
	asOwner := opened.As(tokens.AsDatabaseOwner(serverActor))
	management := httpapi.NewManagement(httpapi.ManagementOptions{
		As: func(principal tokens.Principal) tokens.Backend {
			if secret, ok := principal.TokenHolder(); ok {
				s.issue(asOwner, secret)
			}
			return besideCredential{opened.As(principal)}
		},
		Now: now,
	})
	answering := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.count(r)
		management.ServeHTTP(w, r)
	}))
	s.address = answering.URL
	p.t.Cleanup(func() {
		answering.Close()
		_ = opened.Close() // which fails where the test took the file away
	})
	return s
}

// credentialOf returns an expression for the value by which the provider asks as the member whose address another
// expression yields.
func (s *server) credentialOf(address string) string {
	var values []string
	for _, member := range members {
		values = append(values, fmt.Sprintf("%q = %q", member, s.personal[member].Reveal()))
	}
	return "{ " + strings.Join(values, ", ") + " }[" + address + "]"
}

// issue issues a value to the member as whom it lets the provider ask, unless that was done or there is no such member
// yet. That is how a test that makes a member can work as this member in the same run.
func (s *server) issue(owner tokens.Backend, value tokens.Secret) {
	s.mu.Lock()
	defer s.mu.Unlock()
	at := slices.IndexFunc(members, func(address string) bool { return s.personal[address].Reveal() == value.Reveal() })
	if at < 0 {
		return
	}
	ctx := context.Background()
	all, err := owner.Members(ctx)
	if err != nil {
		return // the request meets the same error
	}
	m := slices.IndexFunc(all, func(m tokens.Member) bool { return m.Email == members[at] })
	if m < 0 || s.issued[members[at]] == all[m].ID {
		return
	}
	s.issued[members[at]] = all[m].ID
	if _, err := owner.CreateAccessToken(ctx, tokens.NewAccessToken{
		NewSecretFor: tokens.NewSecretFor{Request: tokens.NewRequest(s.now()), Secret: value}, MemberID: all[m].ID,
		Settings: tokens.Settings{Name: "terraform", Enabled: true, Visibility: tokens.VisibilityOrganization},
	}); err != nil {
		s.place.t.Errorf("no value was issued to %s: %v", members[at], err)
	}
}

// besideCredential is a backend whose lists leave out the access token by which the provider asks, its technical user and
// what was done to make them: the tests are about what they made themselves.
type besideCredential struct{ tokens.Backend }

// AccessTokens implements tokens.Backend.
func (b besideCredential) AccessTokens(ctx context.Context, query tokens.TokenQuery) (tokens.TokenPage, error) {
	isCredential := func(t tokens.AccessToken) bool { return t.User.Name == tokens.BootstrapName }
	limit := query.Limit
	if limit > 0 {
		query.Limit++ // for the credential
	}
	page, err := b.Backend.AccessTokens(ctx, query)
	page.AccessTokens = slices.DeleteFunc(page.AccessTokens, isCredential)
	if limit > 0 && len(page.AccessTokens) > limit {
		page.AccessTokens = page.AccessTokens[:limit]
		page.NextCursor = query.CursorAfter(page.AccessTokens[limit-1])
	}
	if err != nil || !query.CountTotal {
		return page, err
	}
	// Whether the count has the credential, another request can't tell by listing it: each is a use of it, and may move it into
	// the list or out.
	query.Limit, query.Cursor = 0, ""
	all, err := b.Backend.AccessTokens(ctx, query)
	if page.Total == len(slices.DeleteFunc(all.AccessTokens, isCredential))+1 {
		page.Total--
	}
	return page, err
}

// TechnicalUsers implements tokens.Backend.
func (b besideCredential) TechnicalUsers(ctx context.Context) ([]tokens.TechnicalUser, error) {
	users, err := b.Backend.TechnicalUsers(ctx)
	return slices.DeleteFunc(users, func(u tokens.TechnicalUser) bool { return u.Name == tokens.BootstrapName }), err
}

// Events implements tokens.Backend.
func (b besideCredential) Events(ctx context.Context, query tokens.EventQuery) ([]tokens.Event, error) {
	events, err := b.Backend.Events(ctx, query)
	return withoutBootstrap(events), err
}

// EventsAfter implements tokens.Backend.
func (b besideCredential) EventsAfter(
	ctx context.Context, query tokens.EventQuery, after tokens.EventPosition,
) (tokens.EventPage, error) {
	page, err := b.Backend.EventsAfter(ctx, query, after)
	page.Events = withoutBootstrap(page.Events)
	return page, err
}

// withoutBootstrap leaves out what the server did to begin with, but for the database.
func withoutBootstrap(events []tokens.Event) []tokens.Event {
	return slices.DeleteFunc(events, func(e tokens.Event) bool {
		return e.Actor == serverActor && e.Action != tokens.ActionDatabaseCreate
	})
}

// count counts a request.
func (s *server) count(r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked[r.Method+" "+r.URL.Path]++
}

// requests returns how many requests there were, by their method and path.
func (s *server) requests() map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.asked)
}

// isUntouched reports whether nothing was changed since the database was made.
func (s *server) isUntouched() bool { return s.newest() == s.made }

// newest returns the newest mark of the database.
func (s *server) newest() tokens.Mark {
	s.place.t.Helper()
	backend, closer := s.place.openService(tokens.AsDatabaseOwner(serverActor), s.now)
	var w tokens.Witness
	_, err := backend.Database(tokens.WithWitness(context.Background(), &w))
	s.place.must(err)
	s.place.must(closer.Close())
	return w.Saw
}

// newSecret returns a new value.
func (p *Place) newSecret() tokens.Secret {
	p.t.Helper()
	secret, err := tokens.NewSecret(tokens.DefaultPrefix)
	p.must(err)
	return secret
}
