package httpapi

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// lossy is a proxy that loses answers of operations which took effect, and passes on all others.
type lossy struct {
	*httptest.Server
	t  *testing.T
	mu sync.Mutex
	// random decides which answers are lost, and lost counts them by method and kind of path.
	random *rand.Rand
	lost   map[string]int
	// inARow is how many answers to the same request were lost.
	inARow map[string]int
}

// way is one of the ways to lose an answer.
type way int

const (
	wholly way = iota
	inHead
	// inBody is as inHead for an answer that has no body.
	inBody
	// toProxy means that another proxy answers in its place.
	toProxy
)

var ways = []way{wholly, inHead, inBody, toProxy}

// mostInARow is how often the answer to one request is lost at most: less often than a client asks.
const mostInARow = 3

// newLossy returns such a proxy in front of a server.
func newLossy(t *testing.T, target string, seed uint64) *lossy {
	t.Helper()
	l := &lossy{t: t, random: rand.New(rand.NewPCG(seed, 0)), lost: map[string]int{}, inARow: map[string]int{}}
	l.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
			return
		}
		out, err := http.NewRequestWithContext(r.Context(), r.Method, target+r.URL.RequestURI(), bytes.NewReader(asked))
		if err != nil {
			t.Error(err)
			return
		}
		out.Header = r.Header
		resp, err := http.DefaultClient.Do(out)
		if err != nil {
			t.Error(err)
			return
		}
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Error(err)
		}
		if way, loses := l.choose(r, asked, resp.StatusCode); loses {
			lose(t, w, way, resp, body)
			return
		}
		maps.Copy(w.Header(), resp.Header)
		w.WriteHeader(resp.StatusCode)
		_, _ = w.Write(body)
	}))
	t.Cleanup(l.Close)
	return l
}

// choose decides whether the answer to a request with a body is lost, and in which way.
func (l *lossy) choose(r *http.Request, body []byte, status int) (way, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	// Two workers may send other bodies to the same path without a key.
	request := r.Method + r.URL.Path + r.Header.Get(keyHeader) + string(body)
	if r.Method == http.MethodGet || status >= 300 && l.inARow[request] == 0 || l.inARow[request] == mostInARow ||
		l.random.IntN(3) == 0 {
		delete(l.inARow, request)
		return 0, false
	}
	l.inARow[request]++
	if status < 300 {
		l.lost[operationOf(r)]++
	}
	return ways[l.random.IntN(len(ways))], true
}

// operationOf names an operation by its method and its path without identifiers.
func operationOf(r *http.Request) string {
	segments := strings.Split(r.URL.Path, "/")
	for i, segment := range segments {
		if tokens.KindOf(segment) != "" {
			segments[i] = "*"
		}
	}
	return r.Method + " " + strings.Join(segments, "/")
}

// lose loses an answer in a way.
func lose(t *testing.T, w http.ResponseWriter, in way, resp *http.Response, body []byte) {
	if in == toProxy {
		http.Error(w, "<html>Bad Gateway</html>", http.StatusBadGateway)
		return
	}
	text := ""
	switch {
	case in == inHead, in == inBody && resp.StatusCode == http.StatusNoContent:
		text = fmt.Sprintf("HTTP/1.1 %d Good\r\nContent-Ty", resp.StatusCode)
	case in == inBody:
		text = fmt.Sprintf("HTTP/1.1 %d Good\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
			resp.StatusCode, len(body)+1, body)
	}
	c, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		t.Error(err)
		return
	}
	defer c.Close()
	_, _ = io.WriteString(c, text)
}

// TestWaysToLose loses answers in each way: no client takes one of them for an answer of the API. One that did would go on
// with a connection that is about to end, and the next operation would get fewer attempts than it counts on.
func TestWaysToLose(t *testing.T) {
	once := hurried
	once.count = 0
	for _, in := range ways {
		for _, status := range []int{http.StatusOK, http.StatusNoContent} {
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				lose(t, w, in, &http.Response{StatusCode: status}, nil)
			}))
			defer s.Close()
			if err := clientOf(t, s.URL, once).DeleteGroup(t.Context(), groupID); tokens.ErrorReason(err) == "" {
				t.Errorf("way %d: the answer with status %d, which was lost, is %v", in, status, err)
			}
		}
	}
}

// total is how many answers were lost.
func (l *lossy) total() (n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, some := range l.lost {
		n += some
	}
	return n
}

// TestLostAnswers loses 1,000 answers of operations of every kind after they took effect. The client asks again. It is told
// of no error, nothing is there twice, and every secret is the one that its owner has.
func TestLostAnswers(t *testing.T) {
	wanted := 1000
	if testing.Short() {
		wanted = 100
	}
	m := newManaged(t)
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	l := newLossy(t, m.server.URL, seed)
	const workers = 4
	var done sync.WaitGroup
	for worker := range workers {
		done.Go(func() {
			r := hurried
			r.count = mostInARow
			c := clientOf(t, l.URL, r)
			c.options.Token = m.owner
			for round := 0; (round == 0 || l.total() < wanted) && !t.Failed(); round++ {
				liveOn(t, m, c, fmt.Sprintf("w%d-%d", worker, round))
			}
		})
	}
	done.Wait()
	for _, operation := range slices.Sorted(maps.Keys(l.lost)) {
		t.Logf("%5d × %s", l.lost[operation], operation)
	}
	for _, e := range endpoints() {
		name := e.method + " " + inPath.ReplaceAllString(e.path, "*")
		if !testing.Short() && e.method != http.MethodGet && l.lost[name] == 0 && !slices.Contains(untried, e.name) {
			t.Errorf("no answer of %s was lost: let it happen in liveOn", e.name)
		}
	}
	checkEvents(t, m)
}

// inPath are the parameters of a path.
var inPath = regexp.MustCompile(`\{[^}]*\}`)

// untried are operations that change nothing although their method is not GET, and one whose repetition counts what the
// first left.
var untried = []string{"verifySecret", "compareSecret", "pruneEvents"}

// liveOn goes through the lives of one object of each kind, by a client, and looks at what came of it without one.
func liveOn(t *testing.T, m *managed, c *Client, name string) {
	ctx, local := t.Context(), m.service.As(tokens.AsDatabaseOwner("local:anna@host"))
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	gone := func(err error) {
		t.Helper()
		if tokens.ErrorCode(err) != tokens.CodeNotFound {
			t.Errorf("%s: what was deleted is %v", name, err)
		}
	}
	request := func() tokens.Request { return tokens.NewRequest(time.Now()) }
	secret := func() tokens.NewSecretFor {
		value, err := tokens.NewSecret(tokens.DefaultPrefix)
		must(err)
		return tokens.NewSecretFor{Request: request(), Secret: value}
	}
	verifies := func(of tokens.AccessToken, value tokens.Secret, active bool) {
		t.Helper()
		found, err := local.VerifySecret(ctx, value, tokens.VerifyOptions{})
		must(err)
		if found.Active != active || found.AccessToken == nil || found.AccessToken.ID != of.ID {
			t.Errorf("%s: a value that should be active (%t) is %+v", name, active, found)
		}
	}

	group, err := c.CreateGroup(ctx, tokens.NewGroup{Request: request(), GroupSettings: tokens.GroupSettings{Name: name}})
	must(err)
	group, err = c.UpdateGroup(ctx, group.ID, tokens.GroupUpdate{
		Settings: tokens.GroupSettings{Description: "changed"}, Fields: tokens.Fields{"description"},
	})
	must(err)
	if seen, err := local.Group(ctx, group.ID); err != nil || seen != group || seen.Description != "changed" {
		t.Errorf("%s: %+v, %v", name, seen, err)
	}
	role, err := c.CreateRole(ctx, tokens.NewRole{
		Request: request(), RoleSettings: tokens.RoleSettings{Name: name, Permissions: []string{"orders:read"}},
	})
	must(err)
	_, err = c.UpdateRole(ctx, role.ID, tokens.RoleUpdate{
		Settings: tokens.RoleSettings{Permissions: []string{"orders:write"}}, Fields: tokens.Fields{"permissions"},
	})
	must(err)
	member, err := c.CreateMember(ctx, tokens.NewMember{
		Request: request(), Email: name + "@example.com",
		MemberSettings: tokens.MemberSettings{Grants: tokens.Grants{Role: name}},
	})
	must(err)
	_, err = c.UpdateMember(ctx, member.ID, tokens.MemberUpdate{
		Settings: tokens.MemberSettings{Name: "Ben"}, Fields: tokens.Fields{"name"},
	})
	must(err)
	user, err := c.CreateTechnicalUser(ctx, tokens.NewTechnicalUser{
		Request: request(), GroupID: group.ID, TechnicalUserSettings: tokens.TechnicalUserSettings{
			Name: name, Enabled: true, Grants: tokens.Grants{Role: tokens.RoleNone},
		},
	})
	must(err)
	_, err = c.UpdateTechnicalUser(ctx, user.ID, tokens.TechnicalUserUpdate{
		Settings: tokens.TechnicalUserSettings{Grants: tokens.Grants{Role: name}}, Fields: tokens.Fields{"role"},
	})
	must(err)

	first := secret()
	created, err := c.CreateAccessToken(ctx, tokens.NewAccessToken{
		NewSecretFor: first, TechnicalUserID: user.ID,
		Settings: tokens.Settings{Name: name, Enabled: true, Policies: tokens.Policies{Grace: tokens.Grace{Duration: time.Hour}}},
	})
	must(err)
	token := created.AccessToken
	verifies(token, first.Secret, true)
	_, err = c.UpdateAccessToken(ctx, token.ID, tokens.AccessTokenUpdate{
		Settings: tokens.Settings{Description: "changed"}, Fields: tokens.Fields{"description"},
	})
	must(err)
	second := secret()
	regenerated, err := c.UpdateAccessToken(ctx, token.ID, tokens.AccessTokenUpdate{
		Regeneration: &tokens.Regeneration{NewSecretFor: second, ExpectedVersion: token.Secret.Version},
	})
	must(err)
	if regenerated.Secret.Version != token.Secret.Version+1 || regenerated.Description != "changed" {
		t.Errorf("%s: after one regeneration: %+v", name, regenerated)
	}
	verifies(token, first.Secret, true)
	verifies(token, second.Secret, true)
	_, err = c.RetirePreviousSecret(ctx, token.ID, 0)
	must(err)
	verifies(token, first.Secret, false)
	held, err := c.HoldAccessToken(ctx, token.ID, "it leaked")
	must(err)
	if held.Held == nil || held.Held.Reason != "it leaked" {
		t.Errorf("%s: held: %+v", name, held)
	}
	verifies(token, second.Secret, false)
	released, err := c.ReleaseAccessToken(ctx, token.ID)
	must(err)
	if released.Held != nil {
		t.Errorf("%s: released: %+v", name, released)
	}
	verifies(token, second.Secret, true)
	_, err = c.ShareAccessToken(ctx, tokens.NewTokenShare{
		Request: request(), AccessTokenID: token.ID, MemberID: member.ID, Role: tokens.ShareViewer,
	})
	must(err)
	share, err := c.UpdateTokenShare(ctx, token.ID, member.ID, tokens.ShareEditor)
	must(err)
	if share.Role != tokens.ShareEditor {
		t.Errorf("%s: %+v", name, share)
	}
	must(c.UnshareAccessToken(ctx, token.ID, member.ID))
	_, err = local.TokenShare(ctx, token.ID, member.ID)
	gone(err)
	// It is the one operation whose repetition says what is true in place of what was done.
	if _, err = c.RevokeSecret(ctx, second.Secret); tokens.ErrorReason(err) != tokens.ReasonNoLiveSecret {
		must(err)
	}
	verifies(token, second.Secret, false)
	third := secret()
	_, err = c.UpdateAccessToken(ctx, token.ID, tokens.AccessTokenUpdate{
		Regeneration: &tokens.Regeneration{NewSecretFor: third}, Settings: tokens.Settings{Name: "last"},
		Fields: tokens.Fields{"name"},
	})
	must(err)
	verifies(token, third.Secret, true)

	kept := secret() // its token stays
	_, err = c.CreateAccessToken(ctx, tokens.NewAccessToken{
		NewSecretFor: kept, Settings: tokens.Settings{Name: name, Enabled: true},
	})
	must(err)
	all, err := local.AccessTokens(ctx, tokens.TokenQuery{Name: name})
	must(err)
	if len(all.AccessTokens) != 1 {
		t.Errorf("%s: %d tokens have the name", name, len(all.AccessTokens))
	} else {
		verifies(all.AccessTokens[0], kept.Secret, true)
	}
	must(c.DeleteAccessToken(ctx, token.ID))
	_, err = local.AccessToken(ctx, token.ID)
	gone(err)
	must(c.DeleteTechnicalUser(ctx, user.ID))
	must(c.DeleteMember(ctx, member.ID))
	must(c.DeleteRole(ctx, role.ID))
	must(c.DeleteGroup(ctx, group.ID))
	_, err = local.Group(ctx, group.ID)
	gone(err)
}

// checkEvents compares how often something was done with how often it was asked for.
func checkEvents(t *testing.T, m *managed) {
	t.Helper()
	events, err := m.service.As(tokens.AsDatabaseOwner("local:anna@host")).Events(t.Context(), tokens.EventQuery{
		Outcome: tokens.OutcomeDone,
	})
	if err != nil {
		t.Fatal(err)
	}
	done := map[string]int{}
	for _, e := range events {
		done[e.ObjectID+" "+string(e.Action)]++
	}
	twice := []tokens.Action{tokens.ActionAccessTokenRegenerate, tokens.ActionAccessTokenUpdate} // in liveOn
	for what, times := range done {
		_, action, _ := strings.Cut(what, " ")
		if times > 1 && !slices.Contains(twice, tokens.Action(action)) || times > 2 {
			t.Errorf("%s was done %d times", what, times)
		}
	}
	if len(done) < 100 {
		t.Errorf("there are %d events", len(done))
	}
}

// Where the answer of a refusal was lost, asking again is refused as well: nothing was done.
func TestLostRefusalToRetire(t *testing.T) {
	m := newManaged(t)
	local, ctx := m.service.As(anna), t.Context()
	created, err := local.CreateAccessToken(ctx, wanted(t, "ci"))
	if err != nil {
		t.Fatal(err)
	}
	_, err = m.losingClient(m.owner, 1).RetirePreviousSecret(ctx, created.ID, created.Secret.Version+1)
	if tokens.ErrorReason(err) != tokens.ReasonVersionMovedOn {
		t.Errorf("the answer is %v", err)
	}
}
