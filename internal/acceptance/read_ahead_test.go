package acceptance

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// A plan of 1,000 tokens which the run's access token made takes 4 requests for their state, and one more for every ten
// seconds that it takes. It shows what became of each.
func TestPlanReadsAhead(t *testing.T) {
	w := newWorkspace(t)
	log := logRequests(t, w.throughServer().url)
	w.env = append(w.env, tokens.EndpointVariable+"="+log.url) // the last one counts
	const count = 1000
	w.configure(fmt.Sprintf(`
		resource "latchkey_technical_user" "ci" { name = "ci" }
		resource "latchkey_access_token" "many" {
			count             = %d
			name              = "token-${count.index}"
			technical_user_id = latchkey_technical_user.ci.id
		}
	`, count))
	w.terraform("apply").exits(0)
	expect := func(code int, singly int) result {
		t.Helper()
		log.take()
		began := time.Now()
		planned := w.terraform("plan", "-detailed-exitcode").exits(code)
		// One token by itself, who asks, the tokens, the marks; and the tokens again once what was read is ten seconds old.
		most := 4 + singly + int(time.Since(began)/(10*time.Second))
		var state []string // the requests for the state of tokens
		for _, request := range log.take() {
			for _, path := range []string{"/v1/access-tokens", "/v1/marks", "/v1/caller"} {
				if strings.HasPrefix(request, "GET "+path) {
					state = append(state, request)
				}
			}
		}
		if len(state) == 0 || len(state) > most {
			slices.Sort(state)
			t.Errorf("the plan sent %d requests for the state of the tokens, want at most %d: %q ...", len(state), most,
				state[:min(len(state), 20)])
		}
		return planned
	}
	expect(0, 0)
	owner := w.owner()
	list, err := owner.AccessTokens(t.Context(), tokens.TokenQuery{NamePrefix: "token-", Limit: 2})
	if err != nil || len(list.AccessTokens) != 2 {
		t.Fatalf("the tokens are %v, %v", list.AccessTokens, err)
	}
	gone, renamed := list.AccessTokens[0], list.AccessTokens[1]
	if err := owner.DeleteAccessToken(t.Context(), gone.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := owner.UpdateAccessToken(t.Context(), renamed.ID, tokens.AccessTokenUpdate{
		Settings: tokens.Settings{Name: "renamed"}, Fields: tokens.Fields{"name"},
	}); err != nil {
		t.Fatal(err)
	}
	// The one that is gone is asked for by itself, by the short way and by the framework's.
	expect(2, 2).says("1 to add, 1 to change, 0 to destroy", `"renamed" -> "`+renamed.Name+`"`)
}

// requestLog is a proxy in front of a server, with the requests that it passed on.
type requestLog struct {
	url string

	mu  sync.Mutex
	all []string
}

// logRequests returns a proxy in front of a server.
func logRequests(t *testing.T, server string) *requestLog {
	t.Helper()
	to, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	var l requestLog
	proxy := httputil.NewSingleHostReverseProxy(to)
	answering := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		l.mu.Lock()
		l.all = append(l.all, r.Method+" "+r.URL.RequestURI())
		l.mu.Unlock()
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(answering.Close)
	l.url = answering.URL
	return &l
}

// take returns the requests since the last time.
func (l *requestLog) take() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	all := l.all
	l.all = nil
	return all
}
