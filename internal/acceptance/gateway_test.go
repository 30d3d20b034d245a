package acceptance

import (
	"bufio"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// gateways are the examples, as they are and with what users may change in them.
var gateways = map[string]gateway{
	"nginx": {folder: "nginx"},
	// A connection for each request, which was nginx's default until 1.29.7.
	"nginx HTTP/1.0": {"nginx", []string{
		"proxy_http_version 1.1;\n", "proxy_http_version 1.0;\n",
		"proxy_set_header        Connection     \"\";\n", "",
		"proxy_set_header Connection      \"\";\n", "",
	}},
	// What many configurations lack: the question announces the body of the request, and comes without it.
	"nginx announcing bodies": {"nginx", []string{"proxy_set_header        Content-Length \"\";\n", ""}},
	"caddy":                   {folder: "caddy"},
}

// traffic is what goes through a gateway in a test.
type traffic struct {
	t       testing.TB
	gateway *background
	api     *protectedAPI
}

// send sends a request as it stands here, but for line ends, and returns the answer and what the API got of it.
func (tr traffic) send(request string) (status int, headers http.Header, passed []apiRequest) {
	tr.t.Helper()
	connection, err := net.Dial("tcp", tr.gateway.address)
	if err != nil {
		tr.t.Fatal(err)
	}
	defer connection.Close()
	if err := connection.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		tr.t.Fatal(err)
	}
	if _, err := io.WriteString(connection, strings.ReplaceAll(request, "\n", "\r\n")); err != nil {
		tr.t.Fatal(err)
	}
	reader := bufio.NewReader(connection)
	method, _, _ := strings.Cut(request, " ")
	for {
		answer, err := http.ReadResponse(reader, &http.Request{Method: method})
		if err != nil {
			tr.t.Fatalf("no answer to %.100q: %s", request, err)
		}
		_, err = io.Copy(io.Discard, answer.Body)
		answer.Body.Close()
		if err != nil {
			tr.t.Errorf("the answer to %.100q broke off: %s", request, err)
		}
		if answer.StatusCode >= http.StatusOK {
			return answer.StatusCode, answer.Header, tr.api.received()
		}
	}
}

// request returns a request with these lines of headers.
func request(line string, headers ...string) string {
	return line + " HTTP/1.1\nHost: api.example.com\n" + strings.Join(slices.Concat(headers, []string{"\n"}), "\n")
}

// bearer returns the line with a value.
func bearer(value string) string { return "Authorization: Bearer " + value }

// hasIdentity compares what the API learns from a request.
func (tr traffic) hasIdentity(name string, got apiRequest, want map[string][]string) {
	tr.t.Helper()
	if !maps.EqualFunc(got.identity(), want, slices.Equal) {
		tr.t.Errorf("%s: the API got %q, not %q", name, got.identity(), want)
	}
}

// TestGatewaysFailClosed lets no request pass that nobody allowed, whatever is at Latchkey's address.
func TestGatewaysFailClosed(t *testing.T) {
	if os.Getenv("TF_ACC") == "" {
		t.Skip("Acceptance tests skipped unless env 'TF_ACC' set")
	}
	type reaction func(http.ResponseWriter)
	for name, gateway := range gateways {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var answer atomic.Pointer[reaction]
			released := make(chan struct{})
			latchkey := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				(*answer.Load())(w)
			}))
			defer latchkey.Close()
			defer close(released)
			api := startAPI(t)
			tr := traffic{t, gateway.start(t, latchkey.Listener.Addr().String(), api.address), api}
			status := func(code int) reaction {
				return func(w http.ResponseWriter) {
					w.Header().Set("X-Latchkey-Token-Id", "tok_06hk3v9m2q7x4t8w5z1y6r0p3m")
					w.WriteHeader(code)
				}
			}
			for name, react := range map[string]reaction{
				"500":       status(http.StatusInternalServerError),
				"503":       status(http.StatusServiceUnavailable),
				"404":       status(http.StatusNotFound),
				"302":       status(http.StatusFound),
				"no answer": func(http.ResponseWriter) { <-released },
				"an end":    func(http.ResponseWriter) { panic(http.ErrAbortHandler) },
			} {
				answer.Store(&react)
				for _, line := range []string{"GET /orders/1", "GET /account/"} {
					got, _, passed := tr.send(request(line, bearer("value"), "X-Latchkey-Token-Id: tok_forged"))
					if got/100 == 2 || len(passed) != 0 {
						tr.t.Errorf("%s, %s: %d, and the API got %v", name, line, got, passed)
					}
				}
			}
			// What allows without saying whose token it is isn't Latchkey.
			allow := reaction(func(w http.ResponseWriter) { w.WriteHeader(http.StatusOK) })
			answer.Store(&allow)
			_, _, passed := tr.send(request("GET /account/", bearer("value"), "X-Latchkey-Roles: owner"))
			for _, got := range passed {
				tr.hasIdentity("an answer without identity", got, nil)
			}
			latchkey.CloseClientConnections()
			latchkey.Listener.Close()
			if got, _, passed := tr.send(request("GET /account/", bearer("value"))); got < 500 || len(passed) != 0 {
				tr.t.Errorf("no server: %d, and the API got %v", got, passed)
			}
		})
	}
}

// TestGatewaysPassPreflights has the API answer CORS preflights, as the comments in the examples say.
func TestGatewaysPassPreflights(t *testing.T) {
	if os.Getenv("TF_ACC") == "" {
		t.Skip("Acceptance tests skipped unless env 'TF_ACC' set")
	}
	for name, gateway := range map[string]gateway{
		"nginx": {"nginx", []string{"return 204;", "error_page 418 = @preflight; return 418;"}},
		"caddy": {"caddy", []string{"respond @preflight 204", "reverse_proxy @preflight 127.0.0.1:9000"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			api := startAPI(t)
			if name == "caddy" { // the text that replaces another one is not searched again
				gateway.changes[1] = "reverse_proxy @preflight " + api.address
			}
			tr := traffic{t, gateway.start(t, freeAddress(t), api.address), api}
			preflight := []string{
				"Origin: https://app.example.com", "Access-Control-Request-Method: POST", "X-Latchkey-Roles: owner",
				"X_Latchkey_Roles: owner", "X.Latchkey.Roles: owner",
			}
			status, _, passed := tr.send(request("OPTIONS /orders/1", preflight...))
			if status != http.StatusOK || len(passed) != 1 || !strings.HasPrefix(passed[0].line, "OPTIONS /orders/1 ") {
				t.Fatalf("%d, and the API got %v", status, passed)
			}
			tr.hasIdentity("a preflight", passed[0], nil)
			// With a token it is no preflight. Nothing is at Latchkey's address here.
			status, _, passed = tr.send(request("OPTIONS /orders/1", append(preflight, bearer("value"))...))
			if status < 500 || len(passed) != 0 {
				t.Errorf("with a token: %d, and the API got %v", status, passed)
			}
		})
	}
}
