package httpapi_test

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/httpapi"
)

// Over HTTP/2, a request that announces a body is answered at once, too, and leaves the connection to others.
func TestHTTP2(t *testing.T) {
	w := newWorld(t, httpapi.Renderer{}, nil)
	value := w.add(token())
	server := httptest.NewUnstartedServer(w.handler)
	server.EnableHTTP2 = true
	var connections atomic.Int32
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			connections.Add(1)
		}
	}
	server.StartTLS()
	t.Cleanup(server.Close)
	client := server.Client()
	client.Timeout = 20 * time.Second
	ask := func(method, path string, body io.Reader) reply {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), method, server.URL+path, body)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer "+value)
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		answered, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = answered.Body.Close() }()
		if answered.ProtoMajor != 2 {
			t.Fatalf("answered by %s", answered.Proto)
		}
		return reply{Response: answered}
	}
	for range 3 {
		r := ask(http.MethodGet, "/v1/authenticate", nil)
		if r.StatusCode != http.StatusOK || r.Header.Get("X-Latchkey-Roles") != "clerk" {
			t.Errorf("without a body: %s, %v", r.Status, r.Header)
		}
		never, end := io.Pipe() // a body that never comes
		if r := ask(http.MethodPost, "/v1/authenticate", never); r.StatusCode != http.StatusOK {
			t.Errorf("with a body that never comes: %s", r.Status)
		}
		_ = end.Close()
		if r := ask(http.MethodPost, "/v1/revoke", strings.NewReader("token=x")); r.StatusCode != http.StatusOK {
			t.Errorf("with a form: %s", r.Status)
		}
	}
	if n := connections.Load(); n != 1 {
		t.Errorf("it took %d connections", n)
	}
}
