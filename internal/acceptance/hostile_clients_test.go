package acceptance

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// dial opens a connection to the server, which ends with the test.
func (s *server) dial() net.Conn {
	s.t.Helper()
	c, err := new(net.Dialer).DialContext(s.t.Context(), "tcp", s.address)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = c.Close() })
	return c
}

// TestSlowClients leaves requests unfinished, in many ways at once. They end, take nothing from other clients, and leave
// nothing behind.
func TestSlowClients(t *testing.T) {
	t.Parallel()
	w := newServedWorkspace(t)
	token := issue(t, w.owner(), nil)
	s := w.serve()
	s.judge(authenticate, token.value)
	before := s.metric("go_goroutines")
	others := startLoad(t, s.url, 2)
	others.add(authenticate, token.value)
	const head = " HTTP/1.1\r\nHost: x\r\n"
	form := "POST /v1/introspect" + head + "Content-Type: application/x-www-form-urlencoded\r\n"
	slow := []struct{ name, begun, more string }{
		{"nothing", "", ""},
		{"a part of the first line", "GET /v1/auth", ""},
		{"a head, character by character", "GET /v1/authenticate" + head + "X-A: ", "a"},
		{"a head, line by line", "GET /v1/authenticate" + head, "X-A: a\r\n"},
		{"a body, character by character", form + "Content-Length: 1000\r\n\r\n", "a"},
		{"a body that never comes", form + "Content-Length: 1000\r\n\r\n", ""},
		{"chunks, one by one", form + "Transfer-Encoding: chunked\r\n\r\n", "1\r\na\r\n"},
	}
	var clients sync.WaitGroup
	for _, client := range slow {
		for range 20 {
			c := s.dial()
			clients.Go(func() {
				began := time.Now()
				if _, err := io.WriteString(c, client.begun); err != nil {
					t.Errorf("%s: %s", client.name, err)
				}
				ended := make(chan struct{})
				go func() {
					defer close(ended)
					_, _ = io.Copy(io.Discard, c) // until the server has ended the connection, in whatever way
				}()
				tick := time.NewTicker(500 * time.Millisecond)
				defer tick.Stop()
				for {
					select {
					case <-ended:
						return
					case <-tick.C:
						_, _ = io.WriteString(c, client.more)
					}
					if time.Since(began) > 40*time.Second {
						t.Errorf("%s: the connection is open after %s", client.name, time.Since(began))
						return
					}
				}
			})
		}
	}
	clients.Wait()
	others.stop()
	others.onlyAnswers(t, http.StatusOK)
	s.eventually("no goroutine is left", func() bool { return s.metric("go_goroutines") <= before })
	if problems := s.problems(); problems != "" {
		t.Errorf("the server logged %s", problems)
	}
}

// TestMalformedRequests sends what is too long, and what is no request. None of it gets 500, nor ends the server.
func TestMalformedRequests(t *testing.T) {
	w := newServedWorkspace(t)
	owner := w.owner()
	token := issue(t, owner, func(n *tokens.NewAccessToken) { n.Own.Role = tokens.RoleAdministrator })
	s := w.serve()
	s.judge(authenticate, token.value)
	before := s.metric("go_goroutines")
	good := "Host: x\r\nAuthorization: Bearer " + token.value + "\r\n"
	form := good + "Content-Type: application/x-www-form-urlencoded\r\n"
	long := func(size int) string { return strings.Repeat("x", size) }
	const kib = 1 << 10
	for _, test := range []struct {
		name, request string
		// want are the answers that are right; none if the connection may also end without one.
		want []int
	}{
		{"a head of 64 KiB", "GET /v1/authenticate HTTP/1.1\r\n" + good + "Cookie: " + long(64*kib-200) + "\r\n\r\n", []int{200}},
		{"many headers", "GET /v1/authenticate HTTP/1.1\r\n" + good + strings.Repeat("X-A: "+long(100)+"\r\n", 500) + "\r\n", []int{200}},
		{"a head of 1 MiB", "GET /v1/authenticate HTTP/1.1\r\n" + good + "Cookie: " + long(kib*kib) + "\r\n\r\n", []int{431, 0}},
		{"a path of 1 MiB", "GET /v1/authenticate/" + long(kib*kib) + " HTTP/1.1\r\n" + good + "\r\n", []int{431, 0}},
		{"a path of 32 KiB", "GET /v1/authenticate/" + long(32*kib) + " HTTP/1.1\r\n" + good + "\r\n", []int{200}},
		{"a value of 32 KiB", "GET /v1/authenticate HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + long(32*kib) + "\r\n\r\n", []int{401}},
		{"a form of 1 MiB", fmt.Sprintf("POST /v1/introspect HTTP/1.1\r\n%sContent-Length: %d\r\n\r\ntoken=%s", form, kib*kib+6, long(kib*kib)), []int{413, 0}},
		{"an endless form", "POST /v1/introspect HTTP/1.1\r\n" + form + "Transfer-Encoding: chunked\r\n\r\n" +
			strings.Repeat("400\r\n"+long(kib)+"\r\n", 200), []int{413, 0}},
		{"a form of 1,000 parameters", "POST /v1/introspect HTTP/1.1\r\n" + form + "Content-Length: 4000\r\n\r\n" + strings.Repeat("a=b&", 1000), []int{400}},
		{"a long body for a gateway", fmt.Sprintf("POST /v1/authenticate HTTP/1.1\r\n%sContent-Length: %d\r\n\r\n%s", good, kib*kib, long(kib*kib)), []int{200, 0}},
		{"a bad chunk", "POST /v1/introspect HTTP/1.1\r\n" + form + "Transfer-Encoding: chunked\r\n\r\nzz\r\n", []int{400}},
		{"two lengths", "POST /v1/introspect HTTP/1.1\r\n" + form + "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd", []int{400}},
		{"a length and chunks", "POST /v1/introspect HTTP/1.1\r\n" + form + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", []int{400}},
		{"a negative length", "POST /v1/introspect HTTP/1.1\r\n" + form + "Content-Length: -1\r\n\r\n", []int{400}},
		{"another encoding", "POST /v1/introspect HTTP/1.1\r\n" + form + "Transfer-Encoding: gzip\r\n\r\n", []int{400, 501}},
		{"no host", "GET /v1/authenticate HTTP/1.1\r\n\r\n", []int{400}},
		{"two hosts", "GET /v1/authenticate HTTP/1.1\r\nHost: x\r\n" + good + "\r\n", []int{400}},
		{"no such version", "GET /v1/authenticate HTTP/3.7\r\n" + good + "\r\n", []int{400, 505}},
		{"a bad escape", "GET /v1/authorize/%zz HTTP/1.1\r\n" + good + "\r\n", []int{400}},
		{"a header without a colon", "GET /v1/authenticate HTTP/1.1\r\n" + good + "nonsense\r\n\r\n", []int{400}},
		{"a folded header", "GET /v1/authenticate HTTP/1.1\r\n" + good + "X-A: a\r\n b\r\n\r\n", []int{200, 400}},
		{"a NUL in a header", "GET /v1/authenticate HTTP/1.1\r\n" + good + "X-A: \x00\r\n\r\n", []int{400}},
		{"bare line ends", "GET /v1/authenticate HTTP/1.1\n" + strings.ReplaceAll(good, "\r", "") + "\n", []int{200, 400}},
		{"an empty line first", "\r\nGET /v1/authenticate HTTP/1.1\r\n" + good + "\r\n", []int{400}},
		{"the beginning of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", []int{400, 404, 505}},
		{"the beginning of TLS", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + long(500), []int{400, 0}},
		{"another protocol", "EHLO x\r\n", []int{400}},
		{"a method of 32 KiB", long(32*kib) + " /v1/authenticate HTTP/1.1\r\n" + good + "\r\n", []int{200, 400}},
	} {
		c := s.dial()
		if err := c.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
			t.Fatal(err)
		}
		go func() {
			_, _ = io.WriteString(c, test.request) // the server may end the connection before all is sent
			_ = c.(*net.TCPConn).CloseWrite()
		}()
		status := 0
		answer, err := http.ReadResponse(bufio.NewReader(c), nil)
		if err == nil {
			status = answer.StatusCode
			_, err = io.Copy(io.Discard, answer.Body)
			_ = answer.Body.Close()
		}
		if errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("%s: the connection is still open", test.name)
		}
		right := false
		for _, want := range test.want {
			right = right || status == want
		}
		if !right {
			t.Errorf("%s: got %d, %v; want %d", test.name, status, err, test.want)
		}
		_ = c.Close()
	}
	s.eventually("no goroutine is left", func() bool { return s.metric("go_goroutines") <= before })
	if strings.Contains(s.log(), "mistake in Latchkey") || strings.Contains(s.log(), "panic") {
		t.Errorf("the server logged:\n%s", s.log())
	}
}

// TestAnnouncedBodies announces bodies over connections to be kept, and sends none, as gateways do: the answer comes at
// once, and then the end of the connection; at the fifth attempt at the latest, since the machine may be busy.
func TestAnnouncedBodies(t *testing.T) {
	const promptly = 100 * time.Millisecond
	w := newServedWorkspace(t)
	token := issue(t, w.owner(), nil)
	s := w.serve()
	s.judge(authenticate, token.value)
	for _, announcement := range []string{
		"Content-Length: 77", "Transfer-Encoding: chunked", "Content-Length: 77\r\nExpect: 100-continue",
		"Transfer-Encoding: chunked\r\nExpect: 100-continue",
	} {
		var answered, ended time.Duration
		for range 5 {
			if answered, ended = s.announceBody(token.value, announcement); max(answered, ended) <= promptly {
				break
			}
		}
		if max(answered, ended) > promptly {
			t.Errorf("%s: answered after %s, the end %s later", announcement, answered, ended)
		}
	}
}

// announceBody announces a body that never comes, and returns how long the answer takes, and then the end of the connection.
func (s *server) announceBody(value, announcement string) (answered, ended time.Duration) {
	s.t.Helper()
	c := s.dial()
	defer c.Close()
	reader := bufio.NewReader(c)
	for _, more := range []string{"", announcement + "\r\n"} { // an ordinary request keeps the connection
		began := time.Now()
		if _, err := fmt.Fprintf(c, "GET /v1/authenticate HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\n%s\r\n", value, more); err != nil {
			s.t.Fatal(err)
		}
		answer, err := http.ReadResponse(reader, nil)
		if err != nil {
			s.t.Fatalf("%s: %s", announcement, err)
		}
		_ = answer.Body.Close()
		answered = time.Since(began)
		if answer.StatusCode != http.StatusOK {
			s.t.Errorf("%s: %s", announcement, answer.Status)
		}
	}
	began := time.Now()
	if rest, err := io.ReadAll(reader); err != nil || len(rest) > 0 {
		s.t.Errorf("%s: then %q and %v", announcement, rest, err)
	}
	return answered, time.Since(began)
}
