package httpapi_test

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/httpapi"
)

// promptly is how long a request that announces a body may take to be answered, and then its connection to end.
const promptly = 100 * time.Millisecond

// announcements are header lines by which a request announces a body.
var announcements = map[string][]string{
	"a length":            {"Content-Length: 77"},
	"chunks":              {"Transfer-Encoding: chunked"},
	"an expectation":      {"Content-Length: 77", "Expect: 100-continue"},
	"expected chunks":     {"Transfer-Encoding: chunked", "Expect: 100-continue"},
	"a length to upgrade": {"Content-Length: 77", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA"},
	"an enormous length":  {"Content-Length: 9000000000000000000"},
}

// Gateways announce the client's body and send none.
func TestAnnouncedBodyThatNeverComes(t *testing.T) {
	w := newWorld(t, httpapi.Renderer{}, nil)
	good, bad := bearer(w.add(token())), bearer(newSecret(t).Reveal())
	for _, value := range []string{good, bad} {
		w.get("/v1/authenticate", value) // until it can tell
	}
	for name, announcement := range announcements {
		for request, want := range map[string]int{
			"GET /v1/authenticate":              200,
			"HEAD /v1/authenticate":             200,
			"POST /v1/authorize/orders:read":    200,
			"POST /v1/authorize/orders:write":   403,
			"DELETE /v1/authorize/not-well/and": 403,
			"PUT /elsewhere":                    404,
			"GET /v1/introspect":                405,
			"GET /v1/revoke":                    405,
		} {
			checkPromptEnd(t, w, name, request, append([]string{good}, announcement...), want)
		}
		checkPromptEnd(t, w, name, "GET /v1/authenticate", append([]string{bad}, announcement...), 401)
	}
}

// checkPromptEnd sees that a request gets an answer promptly, and that then its connection ends promptly; at the fifth
// attempt at the latest, since the machine may be busy.
func checkPromptEnd(t *testing.T, w *world, name, request string, header []string, want int) {
	t.Helper()
	var answered, ended time.Duration
	for range 5 {
		if answered, ended = promptEnd(t, w, name, request, header, want); max(answered, ended) <= promptly {
			return
		}
	}
	t.Errorf("%s announces %s: answered after %s, and ended after %s more", request, name, answered, ended)
}

// promptEnd sends a request over a connection to be kept alive, and returns how long the answer takes, and then the end.
func promptEnd(
	t *testing.T, w *world, name, request string, header []string, want int,
) (answered, ended time.Duration) {
	t.Helper()
	c := dial(t, w.address)
	defer func() { _ = c.Close() }()
	r := bufio.NewReader(c)
	ask := func(request, header string) (reply, time.Duration) {
		t.Helper()
		began := time.Now()
		if _, err := io.WriteString(c, request+" HTTP/1.1\r\nHost: x\r\n"+header+"\r\n"); err != nil {
			t.Fatal(err)
		}
		method, _, _ := strings.Cut(request, " ")
		answer, err := http.ReadResponse(r, &http.Request{Method: method})
		if err != nil {
			t.Fatalf("%s announces %s: %v", request, name, err)
		}
		_ = answer.Body.Close()
		return reply{Response: answer}, time.Since(began)
	}
	if before, _ := ask("GET /elsewhere", ""); before.Close {
		t.Fatal("the connection ends after an ordinary request")
	}
	got, answered := ask(request, strings.Join(header, "\r\n")+"\r\n")
	if got.StatusCode != want || !got.Close {
		t.Errorf("%s announces %s: %s, close is %t", request, name, got.Status, got.Close)
	}
	began := time.Now()
	rest, err := io.ReadAll(r)
	if len(rest) > 0 || err != nil {
		t.Errorf("%s announces %s: then %q, %v", request, name, rest, err)
	}
	return answered, time.Since(began)
}

// What follows a request that announced a body is that body, whatever it looks like, and never another request.
func TestAnnouncedBodyThatComes(t *testing.T) {
	w := newWorld(t, httpapi.Renderer{}, nil)
	good := bearer(w.add(token()))
	smuggled := requestText("GET /v1/authorize/stock:smuggled", good)
	for name, test := range map[string]struct{ announcement, body string }{
		"a request as the body":        {fmt.Sprintf("Content-Length: %d", len(smuggled)), smuggled},
		"a request after the body":     {"Content-Length: 3", "abc" + smuggled},
		"a request within a long body": {"Content-Length: 1000000", smuggled + strings.Repeat("x", 10_000) + smuggled},
		"a request after chunks":       {"Transfer-Encoding: chunked", "3\r\nabc\r\n0\r\n\r\n" + smuggled},
		"a request in place of chunks": {"Transfer-Encoding: chunked", smuggled},
		"requests in a row":            {"Content-Length: 77", strings.Repeat(smuggled, 500)},
		"an expected body":             {"Expect: 100-continue\r\nContent-Length: 77", smuggled},
	} {
		for _, pause := range []time.Duration{0, 5 * time.Millisecond} {
			w.recorder.mu.Lock()
			w.recorder.answered, w.recorder.used = nil, nil
			w.recorder.mu.Unlock()
			c := dial(t, w.address)
			head := "POST /v1/authenticate HTTP/1.1\r\nHost: x\r\n" + good + "\r\n" + test.announcement + "\r\n\r\n"
			if pause == 0 {
				head += test.body
			}
			if _, err := io.WriteString(c, head); err != nil {
				t.Fatal(err)
			}
			if pause > 0 {
				time.Sleep(pause) // the body in packets of its own, while the server answers or after
				if _, err := io.WriteString(c, test.body); err != nil && !isEnd(err) {
					t.Fatal(err)
				}
			}
			all, err := io.ReadAll(c)
			if err != nil && !isEnd(err) {
				t.Fatal(err)
			}
			if got := string(all); !strings.HasPrefix(got, "HTTP/1.1 200 OK\r\n") || strings.Count(got, "HTTP/1.1") != 1 {
				t.Errorf("%s, after %s: got %q", name, pause, got)
			}
			_ = c.Close()
			w.recorder.mu.Lock()
			if len(w.recorder.answered) != 1 || len(w.recorder.used) != 1 {
				t.Errorf("%s, after %s: judged %q", name, pause, w.recorder.answered)
			}
			w.recorder.mu.Unlock()
		}
	}
}

// A request without a body, and one whose body was read, leave the connection to further ones.
func TestConnectionsAreKept(t *testing.T) {
	w := newWorld(t, httpapi.Renderer{}, nil)
	good := w.add(token())
	c := dial(t, w.address)
	r := bufio.NewReader(c)
	form := "token=" + newSecret(t).Reveal()
	w.get("/v1/authenticate", bearer(good))
	w.post("/v1/revoke", form)
	for range 3 {
		for _, text := range []string{
			"GET /v1/authenticate HTTP/1.1\r\nHost: x\r\n" + bearer(good) + "\r\n\r\n",
			"POST /v1/authenticate HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n" + bearer(good) + "\r\n\r\n",
			fmt.Sprintf("POST /v1/revoke HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n"+
				"Content-Type: application/x-www-form-urlencoded\r\n\r\n%s", len(form), form),
		} {
			if _, err := io.WriteString(c, text); err != nil {
				t.Fatal(err)
			}
			answered, err := http.ReadResponse(r, nil)
			if err != nil {
				t.Fatalf("after %q: %v", text, err)
			}
			_ = answered.Body.Close()
			if answered.StatusCode != http.StatusOK || answered.Close {
				t.Errorf("got %s, close is %t", answered.Status, answered.Close)
			}
		}
	}
}
