package httpapi

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/verify"
)

// answerHead is the head of an answer.
type answerHead struct {
	StatusCode int
	Status     string
	Header     http.Header
	// Close says that the connection ends.
	Close bool
}

// sendRaw sends the text of a request and returns the head and the body of the answer.
func (m *managed) sendRaw(method, text string) (answerHead, string) {
	m.Helper()
	c := m.dial()
	if _, err := io.WriteString(c, text); err != nil {
		m.Fatal(err)
	}
	r, err := http.ReadResponse(bufio.NewReader(c), &http.Request{Method: method})
	if err != nil {
		m.Fatalf("%q: %v", text, err)
	}
	defer func() { _ = r.Body.Close() }()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		m.Fatalf("%q: %v", text, err)
	}
	return answerHead{r.StatusCode, r.Status, r.Header, r.Close}, string(body)
}

// dial connects to the server for the rest of the test.
func (m *managed) dial() net.Conn {
	m.Helper()
	c, err := net.Dial("tcp", m.server.Listener.Addr().String())
	if err != nil {
		m.Fatal(err)
	}
	m.Cleanup(func() { _ = c.Close() })
	if err := c.SetDeadline(time.Now().Add(30 * time.Second)); err != nil {
		m.Fatal(err)
	}
	return c
}

// head returns the head of a request by the owner.
func (m *managed) head(request string, header ...string) string {
	lines := []string{request + " HTTP/1.1", "Host: latchkey.example", "Authorization: Bearer " + m.owner.Reveal()}
	return strings.Join(append(lines, header...), "\r\n") + "\r\n\r\n"
}

// post returns the text of a request by the owner with a JSON body.
func (m *managed) post(request, body string) string {
	return m.head(request, "Content-Type: application/json", fmt.Sprintf("Content-Length: %d", len(body))) + body
}

// What is no operation is told from one, whatever the method, and nothing answers a browser that asks for permission.
func TestNoOperation(t *testing.T) {
	m := newManaged(t)
	for _, c := range []struct {
		request string
		status  int
		allow   string
	}{
		{"GET /", 404, ""},
		{"GET /v1", 404, ""},
		{"GET /v1/nothing", 404, ""},
		{"GET /v1/groups/", 404, ""},
		{"GET /v1//groups", 404, ""},
		{"GET /v1/./groups", 404, ""},
		{"GET /v1/groups/%2e%2e", 404, ""},
		{"GET /v1/groups/a%2F..%2Fb", 404, ""},
		{"GET /V1/groups", 404, ""},
		{"GET *", 404, ""},
		{"OPTIONS *", 404, ""},
		{"CONNECT latchkey.example:443", 404, ""},
		{"GET http://latchkey.example/v1/nothing", 404, ""},
		{"PUT /v1/groups", 405, "GET, HEAD, POST"},
		{"DELETE /v1/groups", 405, "GET, HEAD, POST"},
		{"OPTIONS /v1/groups", 405, "GET, HEAD, POST"},
		{"TRACE /v1/groups", 405, "GET, HEAD, POST"},
		{"get /v1/groups", 405, "GET, HEAD, POST"},
		{"POST /v1/groups/grp_x", 405, "DELETE, GET, HEAD, PATCH"},
		{"POST /v1/database", 405, "GET, HEAD"},
		{"HEAD /v1/groups", 200, ""},
		{"GET http://latchkey.example/v1/groups", 200, ""},
	} {
		method, _, _ := strings.Cut(c.request, " ")
		r, body := m.sendRaw(method, m.head(c.request, "Origin: https://evil.example", "Access-Control-Request-Method: POST"))
		if r.StatusCode != c.status || r.Header.Get("Allow") != c.allow {
			t.Errorf("%s is %d, allowing %q: %s", c.request, r.StatusCode, r.Header.Get("Allow"), body)
		}
		for name := range r.Header {
			if strings.HasPrefix(name, "Access-Control-") || name == "Location" {
				t.Errorf("%s answers with %s", c.request, name)
			}
		}
	}
}

// A body that package json would read as something else than its sender meant is refused, as are those that take too much.
func TestMalformedBodies(t *testing.T) {
	m := newManaged(t)
	deep := func(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }
	for name, c := range map[string]struct{ body, field string }{
		"nothing":                 {"", ""},
		"blanks":                  {" \n", ""},
		"no JSON":                 {"name=x", ""},
		"null":                    {"null", ""},
		"an array":                {`[{"name":"x"}]`, ""},
		"a text":                  {`"name"`, ""},
		"cut off":                 {`{"name":"x"`, ""},
		"cut off in a name":       {`{"na`, ""},
		"two documents":           {`{"name":"x"}{"name":"y"}`, ""},
		"rubbish behind":          {`{"name":"x"}}`, ""},
		"a member twice":          {`{"name":"x","name":"y"}`, "" /* of the document itself */},
		"twice by an escape":      {`{"name":"x","n\u0061me":"y"}`, ""},
		"a member in other case":  {`{"NAME":"x"}`, ""},
		"a second in other case":  {`{"name":"x","Name":"y"}`, ""},
		"a long s":                {"{\"name\":\"x\",\"de\u017fcription\":\"y\"}", ""},
		"an unknown member":       {`{"name":"x","admin":true}`, ""},
		"an unknown, nested":      {`{"name":"x","__proto__":{"a":{"a":1}}}`, ""},
		"a number":                {`{"name":1}`, "name"},
		"a huge number":           {`{"name":1e999999999}`, "name"},
		"a long number":           {`{"name":` + strings.Repeat("9", 100_000) + `}`, "name"},
		"an object for a text":    {`{"name":{}}`, "name"},
		"deep":                    {`{"name":` + deep(100_000) + `}`, "name"},
		"deep objects":            {strings.Repeat(`{"name":`, 10_000), "name"},
		"deep and unknown":        {`{"name":"x","a":` + deep(400_000) + `}`, ""},
		"invalid UTF-8":           {"{\"name\":\"\xff\"}", ""},
		"UTF-16":                  {"\xff\xfe{\x00}\x00", ""},
		"a byte order mark":       {"\ufeff{\"name\":\"x\"}", ""},
		"half a surrogate":        {`{"name":"\ud800"}`, "name"},
		"two wrong halves":        {`{"name":"\udc00\ud800"}`, "name"},
		"a raw control character": {"{\"name\":\"\x00\"}", ""},
		"too large":               {`{"name":"` + strings.Repeat("x", largestBody) + `"}`, ""},
	} {
		r, body := m.sendRaw("POST", m.post("POST /v1/groups", c.body))
		if r.StatusCode != http.StatusBadRequest || !strings.Contains(body, `"reason":"malformed"`) ||
			c.field != "" && !strings.Contains(body, `"field":"`+c.field+`"`) || c.field == "" && strings.Contains(body, `"field"`) {
			t.Errorf("%s: %s %s", name, r.Status, body)
		}
	}
	for name, c := range map[string]struct {
		body   string
		status int
	}{
		"a replacement character": {"{\"name\":\"a\",\"description\":\"\ufffd\"}", 201},
		"an escaped one":          {`{"name":"b","description":"\uFFFD"}`, 201},
		"a pair of surrogates":    {`{"name":"c","description":"\ud83d\ude00"}`, 201},
		"an escaped NUL":          {`{"name":"d\u0000"}`, 422},
		"blanks around":           {" {\"name\" : \"e\"}\r\n", 201},
	} {
		if r, body := m.sendRaw("POST", m.post("POST /v1/groups", c.body)); r.StatusCode != c.status {
			t.Errorf("%s: %s %s", name, r.Status, body)
		}
	}
}

// Queries and headers that can be read in several ways are refused.
func TestMalformedHeads(t *testing.T) {
	m := newManaged(t)
	for _, c := range []struct {
		request string
		header  []string
		status  int
	}{
		{"GET /v1/groups?limit=1&limit=2", nil, 400},
		{"GET /v1/groups?limit=1;cursor=x", nil, 400},
		{"GET /v1/groups?limit=%zz", nil, 400},
		{"GET /v1/groups?limit=99999999999999999999", nil, 400},
		{"GET /v1/groups?limit=0x10", nil, 400},
		{"GET /v1/groups?limit=-1", nil, 422},
		{"GET /v1/groups?limit=1001", nil, 422},
		{"GET /v1/groups?Limit=1", nil, 400},
		{"GET /v1/groups?%ff=1", nil, 400},
		{"GET /v1/groups?cursor=%ff", nil, 400},
		{"GET /v1/groups?cursor=%00", nil, 422},
		{"GET /v1/groups?unknown", nil, 400},
		{"GET /v1/groups/%ff", nil, 400},
		{"GET /v1/groups/%00", nil, 404},
		{"GET /v1/groups/" + strings.Repeat("x", 60_000), nil, 404},
		{"GET /v1/groups/" + strings.Repeat("x", 100_000), nil, 431},
		{"GET /v1/groups", []string{"Latchkey-Expects: x"}, 400},
		{"GET /v1/groups", []string{"Latchkey-Expects: ", "Latchkey-Expects: "}, 400},
		{"GET /v1/groups", []string{"Latchkey-Purpose: drop everything"}, 400},
		{"GET /v1/groups", []string{"Latchkey-Run: %zz"}, 200}, // only a claim
		{"GET /v1/groups", []string{"Authorization: Bearer x"}, 401},
		{"POST /v1/groups", []string{"Content-Type: application/json", "Content-Length: 2", "Idempotency-Key: "}, 422}, // an event tells of it
		{"POST /v1/groups", []string{"Content-Type: application/json", "Content-Length: 2", "Idempotency-Key: a", "Idempotency-Key: b"}, 400},
		{"POST /v1/groups", []string{"Content-Type: application/json", "Content-Length: 2", "Idempotency-Key: " + strings.Repeat("x", 256)}, 400},
		{"POST /v1/groups", []string{"Content-Type: text/plain", "Content-Length: 2"}, 400},
		{"POST /v1/groups", []string{"Content-Length: 2"}, 400},
	} {
		method, _, _ := strings.Cut(c.request, " ")
		text := m.head(c.request, append(c.header, "Connection: close")...)
		if method == "POST" {
			text += "{}"
		}
		if r, body := m.sendRaw(method, text); r.StatusCode != c.status {
			t.Errorf("%.80s %q: %s %s", c.request, c.header, r.Status, body)
		}
	}
}

// Whoever sends slowly, or announces a body that never comes, keeps nobody else waiting.
func TestSlowBodiesHoldNoTurn(t *testing.T) {
	m := newManaged(t)
	for range mostOperations + 8 {
		c := m.dial()
		head := m.head("POST /v1/groups", "Content-Type: application/json", "Content-Length: 100")
		if _, err := io.WriteString(c, head+`{"na`); err != nil {
			t.Fatal(err)
		}
	}
	if r, body := m.sendRaw("GET", m.head("GET /v1/groups")); r.StatusCode != http.StatusOK {
		t.Errorf("beside slow clients: %s %s", r.Status, body)
	}
	// An operation without a body leaves what is announced, and nothing that follows is taken for a request.
	c := m.dial()
	if _, err := io.WriteString(c, m.head("GET /v1/groups", "Content-Length: 100")); err != nil {
		t.Fatal(err)
	}
	all, _ := io.ReadAll(c) // the server may end the connection by a reset
	if text := string(all); !strings.HasPrefix(text, "HTTP/1.1 200 ") || strings.Count(text, "HTTP/1.1") != 1 {
		t.Errorf("an announced body is answered by %q", text)
	}
}

// Of those who may not ask, no more is read than fits an event, so that they don't fill the memory of the server.
func TestStrangersSendLittle(t *testing.T) {
	m := newManaged(t)
	announced := fmt.Sprintf("Content-Length: %d", largestBody)
	head := strings.Replace(m.head("POST /v1/groups", "Content-Type: application/json", announced), "Bearer", "Nothing", 1)
	c := m.dial()
	if _, err := io.WriteString(c, head+strings.Repeat(" ", mostOfStrangers)); err != nil {
		t.Fatal(err)
	}
	r, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	if r.StatusCode != http.StatusUnauthorized {
		t.Errorf("got %s before the rest of the body is sent", r.Status)
	}
}

// Whoever presents a value that is not active ends no other one, the second time in a minute like the first.
func TestStrangersRevokeNothing(t *testing.T) {
	m := newManaged(t)
	m.server.Config.Handler = NewManagement(ManagementOptions{
		As:    func(p tokens.Principal) tokens.Backend { return m.service.As(p) },
		Cache: knowsNobody{}, Now: time.Now,
	})
	for range 3 {
		var values [2]tokens.Secret
		for i := range values {
			var err error
			if values[i], err = tokens.NewSecret(tokens.DefaultPrefix); err != nil {
				t.Fatal(err)
			}
		}
		body := fmt.Sprintf(`{"token":%q}`, values[1].Reveal())
		r, answer := m.sendRaw("POST", "POST /v1/revoke-secret HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"+
			fmt.Sprintf("Authorization: Bearer %s\r\nContent-Length: %d\r\n\r\n", values[0].Reveal(), len(body))+body)
		if r.StatusCode != http.StatusUnauthorized {
			t.Errorf("got %s %s", r.Status, answer)
		}
	}
}

// Large bodies that come slowly don't fill the memory, and keep back large ones alone.
func TestSlowLargeBodies(t *testing.T) {
	m := newManaged(t)
	announced := fmt.Sprintf("Content-Length: %d", largestBody)
	begun := m.head("POST /v1/groups", "Content-Type: application/json", announced) + strings.Repeat(" ", largestBody-1)
	large := m.post("POST /v1/groups", strings.Repeat(" ", 2*smallBody))
	deadline := time.Now().Add(time.Minute)
	var slow []net.Conn
	for status := 0; status != http.StatusServiceUnavailable; { // until as many as may are there
		for len(slow) < mostLarge || status == http.StatusBadRequest {
			c := m.dial()
			slow = append(slow, c)
			_, _ = io.WriteString(c, begun) // one that is refused need not be read
			status = 0
		}
		r, body := m.sendRaw("POST", large)
		if status = r.StatusCode; time.Now().After(deadline) {
			t.Fatalf("a further large body: %s %s", r.Status, body)
		}
	}
	if r, body := m.sendRaw("POST", m.post("POST /v1/groups", `{"name":"small"}`)); r.StatusCode != http.StatusCreated {
		t.Errorf("a small body: %s %s", r.Status, body)
	}
	for _, c := range slow {
		_ = c.Close()
	}
	for status := 0; status != http.StatusBadRequest; {
		r, body := m.sendRaw("POST", large)
		if status = r.StatusCode; time.Now().After(deadline) {
			t.Fatalf("a large body after all others: %s %s", r.Status, body)
		}
	}
}

// Who sends large bodies while too many are read can't fill the log: it has one line a minute for each operation.
func TestRefusedLargeBodiesInTheLog(t *testing.T) {
	var log strings.Builder
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	h := NewManagement(ManagementOptions{
		As:  func(tokens.Principal) tokens.Backend { return nil }, // it is not reached
		Now: func() time.Time { return now },
		Log: slog.New(slog.NewTextHandler(&log, nil)),
	})
	for range mostLarge {
		h.large <- struct{}{}
	}
	body := strings.Repeat(" ", 2*smallBody)
	for minute := range 2 {
		for range 3 {
			for _, path := range []string{"/v1/groups", "/v1/roles"} {
				r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(body))
				r.Header.Set("Authorization", "Bearer "+strings.Repeat("x", 40))
				r.Header.Set("Content-Type", "application/json")
				w := httptest.NewRecorder()
				if h.ServeHTTP(w, r); w.Code != http.StatusServiceUnavailable {
					t.Errorf("a large body is answered by %d", w.Code)
				}
			}
		}
		for _, operation := range []string{"createGroup", "createRole"} {
			if lines := strings.Count(log.String(), "operation="+operation+" "); lines != minute+1 {
				t.Errorf("in minute %d, the log has %d lines about %s:\n%s", minute+1, lines, operation, log.String())
			}
		}
		now = now.Add(tokens.FoldedWithin)
	}
}

// Who sends a large body gets the answer all the same, also where it is decided before the body was read.
func TestAnswersBeforeTheBody(t *testing.T) {
	m := newManaged(t)
	large := strings.Repeat(" ", largestBody-1)
	for name, c := range map[string]struct {
		text   string
		status int
	}{
		"no token":     {strings.Replace(m.post("POST /v1/groups", large), "Bearer", "Nothing", 1), 401},
		"no operation": {m.post("POST /v1/nothing", large), 404},
		"no method":    {m.post("PUT /v1/groups", large), 405},
		"no body":      {m.post("GET /v1/groups", large), 200},
		"other media":  {strings.Replace(m.post("POST /v1/groups", large), "/json", "/x", 1), 400},
	} {
		method, _, _ := strings.Cut(c.text, " ")
		if r, body := m.sendRaw(method, c.text); r.StatusCode != c.status || r.Close {
			t.Errorf("%s: %s %s", name, r.Status, body)
		}
	}
	// The connection goes on with the next request.
	c := m.dial()
	for range 2 {
		if _, err := io.WriteString(c, m.post("POST /v1/nothing", large)); err != nil {
			t.Fatal(err)
		}
	}
	answers := bufio.NewReader(c)
	for range 2 {
		r, err := http.ReadResponse(answers, nil)
		if err != nil || r.StatusCode != http.StatusNotFound {
			t.Fatal(r, err)
		}
		_, _ = io.Copy(io.Discard, r.Body)
		_ = r.Body.Close()
	}
}

// overloaded is a Cache that could tell, but has no room to look anything up.
type overloaded struct{ knowsNobody }

func (overloaded) Verify(context.Context, tokens.Secret) (a verify.Answer[Identity], err error) {
	return a, tokens.Unavailable(nil, "too many others wait")
}

// What the cache has no room to look up doesn't reach the database either.
func TestOverloadedCache(t *testing.T) {
	m := newManaged(t)
	m.server.Config.Handler = NewManagement(ManagementOptions{
		As: func(tokens.Principal) tokens.Backend {
			t.Error("the backend was asked")
			return nil
		},
		Cache: overloaded{}, Now: time.Now,
	})
	r, body := m.sendRaw("GET", m.head("GET /v1/groups"))
	if r.StatusCode != http.StatusServiceUnavailable || r.Header.Get("Retry-After") == "" {
		t.Errorf("%s %s", r.Status, body)
	}
}

// countedGroups counts the groups that a backend is asked to create.
type countedGroups struct {
	tokens.Backend

	count *atomic.Int64
}

func (c countedGroups) CreateGroup(ctx context.Context, n tokens.NewGroup) (tokens.Group, error) {
	c.count.Add(1)
	return c.Backend.CreateGroup(ctx, n)
}

// One who presents nothing, or a value that no token has, doesn't reach the database, but once a minute for each operation,
// which leaves the event.
func TestStrangersDoNotReachTheDatabase(t *testing.T) {
	m := newManaged(t)
	var asked atomic.Int64
	now := time.Now()
	h := NewManagement(ManagementOptions{
		As: func(p tokens.Principal) tokens.Backend {
			return countedGroups{m.service.As(p), &asked}
		},
		Cache: knowsNobody{},
		Now:   func() time.Time { return now },
	})
	m.server.Config.Handler = h
	get := func(header string) {
		t.Helper()
		// The body is announced and never sent.
		text := "POST /v1/groups HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1000000\r\n" + header + "\r\n"
		if r, body := m.sendRaw("POST", text); r.StatusCode != http.StatusUnauthorized ||
			r.Header.Get("WWW-Authenticate") != bearerChallenge || !strings.Contains(body, `"code":"unauthenticated"`) {
			t.Errorf("%q: %s %s", header, r.Status, body)
		}
	}
	stranger := func() string {
		secret, err := tokens.NewSecret(tokens.DefaultPrefix)
		if err != nil {
			t.Fatal(err)
		}
		return "Authorization: Bearer " + secret.Reveal() + "\r\n"
	}
	body := func(header, text string) {
		t.Helper()
		r, answer := m.sendRaw("POST", "POST /v1/groups HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"+
			fmt.Sprintf("Content-Length: %d\r\n", len(text))+header+"\r\n"+text)
		if r.StatusCode != http.StatusUnauthorized {
			t.Errorf("%q: %s %s", header, r.Status, answer)
		}
	}
	// What can't be read is refused alike, and doesn't take the place of the event.
	for _, malformed := range []string{"", "{", `{"name":1}`, `{"a":"` + strings.Repeat("x", largestBody) + `"}`} {
		body("", malformed)
		body(stranger(), malformed)
		body("Latchkey-Expects: x\r\n"+stranger(), malformed)
	}
	if n := asked.Load(); n != 0 {
		t.Errorf("malformed requests of strangers reached the backend %d times", n)
	}
	for minute, first := range []string{"", stranger(), "Authorization: Bearer short\r\n"} {
		body(first, `{"name":"x"}`)
		for range 10 {
			get(stranger())
		}
		for _, nobody := range []string{
			"", "Authorization: Bearer short\r\n", "Authorization: Digest x\r\n", stranger() + stranger(),
		} {
			get(nobody)
		}
		if n := asked.Load(); n != int64(minute+1) {
			t.Errorf("in minute %d, strangers reached the backend %d times", minute+1, n)
		}
		now = now.Add(tokens.FoldedWithin)
	}
}

// One who hangs up ends the operation, leaves no line in the log, and doesn't keep its turn.
func TestClientGoesAway(t *testing.T) {
	m := newManaged(t)
	var log strings.Builder
	began, ended := make(chan struct{}), make(chan struct{})
	slow := described{method: "GET", path: "/v1/slow", name: "slow", in: reflect.TypeFor[noInput](), out: reflect.TypeFor[group]()}
	h := NewManagement(ManagementOptions{
		As:  func(p tokens.Principal) tokens.Backend { return m.service.As(p) },
		Now: time.Now, Log: slog.New(slog.NewTextHandler(&log, nil)),
	})
	h.mux.Handle("GET /v1/slow", h.handler(endpoint{slow, func(*http.Request) (work, error) {
		return func(ctx context.Context, _ tokens.Backend) (any, error) {
			close(began)
			defer close(ended)
			<-ctx.Done()
			return nil, tokens.Unavailable(ctx.Err(), "the database was not waited for any longer")
		}, nil
	}}))
	m.server.Config.Handler = h
	c := m.dial()
	if _, err := io.WriteString(c, m.head("GET /v1/slow")); err != nil {
		t.Fatal(err)
	}
	<-began
	_ = c.Close()
	<-ended
	m.server.Close()
	if len(h.turns) != 0 {
		t.Error("the operation still has its turn")
	}
	if log.Len() > 0 {
		t.Errorf("the log says %s", log.String())
	}
}
