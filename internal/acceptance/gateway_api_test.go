package acceptance

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
)

// protectedAPI is an API behind a gateway. It answers every request with 200, and keeps what it gets.
type protectedAPI struct {
	address string
	mu      sync.Mutex
	got     []apiRequest
}

// apiRequest is a request as it came, which what parses HTTP may have made something else of.
type apiRequest struct {
	// line is the first line of the request, such as "GET /orders/1 HTTP/1.1".
	line string
	// headers are the lines after it.
	headers []string
	body    string
}

// startAPI starts an API that runs until the end of the test.
func startAPI(t testing.TB) *protectedAPI {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	api := &protectedAPI{address: listener.Addr().String()}
	var serving sync.WaitGroup
	t.Cleanup(func() {
		listener.Close()
		serving.Wait()
	})
	serving.Go(func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return // the test has ended
			}
			stop := context.AfterFunc(t.Context(), func() { connection.Close() })
			serving.Go(func() {
				defer stop()
				defer connection.Close()
				api.serve(connection)
			})
		}
	})
	return api
}

// serve answers the requests of a connection.
func (a *protectedAPI) serve(connection net.Conn) {
	var raw bytes.Buffer
	reader := bufio.NewReader(io.TeeReader(connection, &raw))
	for {
		parsed, err := http.ReadRequest(reader)
		if err != nil {
			return
		}
		head, _, _ := strings.Cut(raw.String(), "\r\n\r\n")
		if parsed.Header.Get("Expect") != "" {
			io.WriteString(connection, "HTTP/1.1 100 Continue\r\n\r\n")
		}
		body, err := io.ReadAll(parsed.Body)
		if err != nil {
			return
		}
		lines := strings.Split(head, "\r\n")
		a.mu.Lock()
		a.got = append(a.got, apiRequest{lines[0], lines[1:], string(body)})
		a.mu.Unlock()
		raw.Reset() // a gateway doesn't send the next request before it has the answer
		answer := "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n"
		if parsed.Close {
			answer += "Connection: close\r\n" // else nginx may send it the next request
		}
		answer += "\r\n"
		if parsed.Method != http.MethodHead {
			answer += "ok"
		}
		if _, err := io.WriteString(connection, answer); err != nil || parsed.Close {
			return
		}
	}
}

// received returns what the API got since it was asked last.
func (a *protectedAPI) received() []apiRequest {
	a.mu.Lock()
	defer a.mu.Unlock()
	got := a.got
	a.got = nil
	return got
}

// identity returns the headers that a lenient API could read as one of Latchkey's, with their names as they came.
func (r apiRequest) identity() map[string][]string {
	found := map[string][]string{}
	for _, header := range r.headers {
		name, value, _ := strings.Cut(header, ":")
		if strings.Contains(strings.ToLower(name), "latchkey") {
			found[name] = append(found[name], strings.TrimSpace(value))
		}
	}
	return found
}
