package cli_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// Whoever asks may announce a body and send none. The answer doesn't wait for it, and ends the connection.
func TestOperationsWithAnnouncedBody(t *testing.T) {
	const promptly = 100 * time.Millisecond
	database, _ := newDatabase(t)
	together := startReadyServer(t, database)
	apart := startReadyServer(t, database, "--ops-listen", "127.0.0.1:0")
	for _, address := range []string{together.base, apart.ops} {
		for request, want := range map[string]int{
			"GET /healthz": 200, "HEAD /readyz": 200, "GET /metrics": 200, "POST /healthz": 405, "GET /elsewhere": 404,
		} {
			if address == together.base && request == "GET /elsewhere" {
				continue // it is the management that answers there, and takes a late body
			}
			for _, announcement := range []string{"Content-Length: 77", "Transfer-Encoding: chunked"} {
				var took time.Duration
				for range 5 { // the machine may be busy
					took = announceBody(t, strings.TrimPrefix(address, "http://"), request, announcement, want)
					if took <= promptly {
						break
					}
				}
				if took > promptly {
					t.Errorf("%s with %s: the connection ended after %s", request, announcement, took)
				}
			}
		}
	}
}

// announceBody sends a request without the body that it announces, and returns how long it takes until it is answered and
// its connection has ended.
func announceBody(t *testing.T, address, request, announcement string, want int) time.Duration {
	t.Helper()
	conn := must(net.DialTimeout("tcp", address, patience))
	defer conn.Close()
	must(0, conn.SetDeadline(time.Now().Add(patience)))
	began := time.Now()
	must(fmt.Fprintf(conn, "%s HTTP/1.1\r\nHost: x\r\n%s\r\n\r\n", request, announcement))
	method, _, _ := strings.Cut(request, " ")
	reader := bufio.NewReader(conn)
	got, err := http.ReadResponse(reader, &http.Request{Method: method})
	if err != nil {
		t.Fatalf("%s with %s: %v", request, announcement, err)
	}
	defer got.Body.Close()
	must(io.Copy(io.Discard, got.Body))
	if got.StatusCode != want || !got.Close {
		t.Errorf("%s with %s: got %s, close is %t", request, announcement, got.Status, got.Close)
	}
	if rest, err := io.ReadAll(reader); len(rest) > 0 || err != nil {
		t.Errorf("%s with %s: then %q, %v", request, announcement, rest, err)
	}
	return time.Since(began)
}
