package httpapi

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// TestWhatMayBeLost lets the first attempt at a deletion fail, and answers the second one that there is no such object.
// Only where the first may have reached the server, it was the client that deleted it.
func TestWhatMayBeLost(t *testing.T) {
	impatient := hurried
	impatient.answer = 2 * time.Second
	hang := func(c net.Conn) { _, _ = io.Copy(io.Discard, c) } // until the client goes away
	for _, test := range []struct {
		name  string
		first func(net.Conn)
		lost  bool
	}{
		{"a connection that ends", func(net.Conn) {}, true},
		{"a reset", func(c net.Conn) { _ = c.(*net.TCPConn).SetLinger(0) }, true}, //nolint:forcetypeassert // it is
		{"no answer", hang, true},
		{"a slow head", func(c net.Conn) {
			_, _ = io.WriteString(c, "HTTP/1.1 204 No")
			hang(c)
		}, true},
		{"a slow body", func(c net.Conn) {
			_, _ = io.WriteString(c, "HTTP/1.1 403 Forbidden\r\nContent-Length: 9\r\n\r\n{")
			hang(c)
		}, true},
		{"a 502", func(c net.Conn) { _, _ = io.WriteString(c, raw(502, "text/html", "<html>")) }, true},
		{"a 503", func(c net.Conn) { _, _ = io.WriteString(c, raw(503, "text/html", "<html>")) }, true},
		{"a 408", func(c net.Conn) { _, _ = io.WriteString(c, raw(408, "text/html", "<html>")) }, true},
		{"a 429", func(c net.Conn) { _, _ = io.WriteString(c, raw(429, "text/html", "<html>")) }, false},
	} {
		t.Run("after "+test.name, func(t *testing.T) {
			t.Parallel()
			s := newRawServer(t, func(n int64, c net.Conn) {
				if n == 1 {
					test.first(c)
					return
				}
				_, _ = io.WriteString(c, rawNotFound)
			})
			err := clientOf(t, s.url, impatient).DeleteGroup(t.Context(), groupID)
			if (err == nil) != test.lost || !test.lost && tokens.ErrorCode(err) != tokens.CodeNotFound {
				t.Errorf("a deletion of what is not there is %v", err)
			}
			if asked := s.asked.Load(); asked != 2 {
				t.Errorf("asked %d times", asked)
			}
		})
	}
	t.Run("no connection", func(t *testing.T) {
		s := newRawServer(t, func(_ int64, c net.Conn) { _, _ = io.WriteString(c, rawNotFound) })
		c := clientOf(t, s.url, hurried)
		dial, failed := transportOf(c).DialContext, false
		transportOf(c).DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
			if !failed {
				failed = true
				address = "127.0.0.1:1" // where nothing listens
			}
			return dial(ctx, network, address)
		}
		if err := c.DeleteGroup(t.Context(), groupID); tokens.ErrorCode(err) != tokens.CodeNotFound || !failed {
			t.Errorf("nothing was sent, and yet a deletion of what is not there is %v", err)
		}
	})
	t.Run("no handshake", func(t *testing.T) {
		s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/problem+json")
			w.WriteHeader(http.StatusNotFound)
			_, body, _ := strings.Cut(rawNotFound, "\r\n\r\n")
			_, _ = io.WriteString(w, body)
		}))
		var failed atomic.Bool
		s.TLS = &tls.Config{GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) {
			if failed.CompareAndSwap(false, true) {
				return nil, errors.New("not now")
			}
			return nil, nil //nolint:nilnil // which means the server's own
		}}
		s.Config.ErrorLog = log.New(io.Discard, "", 0)
		s.StartTLS()
		defer s.Close()
		c := clientOf(t, s.URL, hurried)
		transportOf(c).TLSClientConfig.RootCAs = rootsOf(s)
		if err := c.DeleteGroup(t.Context(), groupID); tokens.ErrorCode(err) != tokens.CodeNotFound || !failed.Load() {
			t.Errorf("nothing was sent, and yet a deletion of what is not there is %v", err)
		}
	})
}

// TestRetryAfter asks how long a client waits before it asks again.
func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	date := func(t time.Time) string { return t.Format(http.TimeFormat) }
	const least, most = 200 * time.Millisecond, 4 * time.Second
	for _, test := range []struct {
		retryAfter, date string
		attempt          int
		from, to         time.Duration
	}{
		{"", "", 0, least / 2, least},
		{"", "", 1, least, 2 * least},
		{"", "", 4, 8 * least, 16 * least},
		{"", "", 5, most / 2, most},
		{"", "", 5000, most / 2, most},
		{"1", "", 0, time.Second, time.Second},
		{"1", "", 6, most / 2, most},
		{"7", "", 0, 7 * time.Second, 7 * time.Second},
		{"0", "", 0, least / 2, least},
		{"-5", "", 0, least / 2, least},
		{"soon", "", 0, least / 2, least},
		{"3600", "", 0, longestWait, longestWait},
		{"4294967295", "", 0, longestWait, longestWait},
		{"99999999999999999999", "", 0, least / 2, least},
		{date(now.Add(5 * time.Second)), "", 0, 5 * time.Second, 5 * time.Second},
		{date(now.Add(time.Hour)), date(now.Add(time.Hour - 9*time.Second)), 0, 9 * time.Second, 9 * time.Second},
		{date(now.Add(-time.Hour)), "", 0, least / 2, least},
		{date(now.Add(1000 * time.Hour)), "", 0, longestWait, longestWait},
	} {
		h := http.Header{"Retry-After": {test.retryAfter}, "Date": {test.date}}
		for range 100 {
			if got := wait(least, most, test.attempt, &http.Response{Header: h}, now); got < test.from || got > test.to {
				t.Errorf("attempt %d, Retry-After %q, Date %q: waits for %s", test.attempt, test.retryAfter, test.date, got)
			}
		}
	}
	if got := wait(least, most, 0, nil, now); got < least/2 || got > least {
		t.Errorf("without an answer it waits for %s", got)
	}
}

// TestGivingUp lets a server hang for so long that the client has spent all of its time after two attempts.
func TestGivingUp(t *testing.T) {
	var passed atomic.Int64
	s := newRawServer(t, func(int64, net.Conn) { passed.Add(int64(time.Minute + time.Second)) })
	r := hurried
	r.altogether = 2 * time.Minute
	c := clientOf(t, s.url, r)
	began := time.Now()
	c = NewClient(ClientOptions{
		Endpoint: c.options.Endpoint, Token: c.options.Token, retries: &r,
		Now: func() time.Time { return began.Add(time.Duration(passed.Load())) },
	})
	_, err := c.Groups(t.Context())
	if tokens.ErrorReason(err) != tokens.ReasonUnreachable || s.asked.Load() != 2 {
		t.Errorf("asked %d times: %v", s.asked.Load(), err)
	}
}

// TestCancelled goes away while a client waits: for an answer, or until it may ask again.
func TestCancelled(t *testing.T) {
	for name, answer := range map[string]func(c net.Conn){
		"before another attempt": func(c net.Conn) {
			_, _ = io.WriteString(c, strings.Replace(raw(503, "text/html", ""), "\r\n", "\r\nRetry-After: 50\r\n", 1))
		},
		"for an answer": func(c net.Conn) { _, _ = io.Copy(io.Discard, c) },
	} {
		ctx, cancel := context.WithCancel(t.Context())
		s := newRawServer(t, func(_ int64, c net.Conn) {
			time.AfterFunc(20*time.Millisecond, cancel)
			answer(c)
		})
		err := clientOf(t, s.url, hurried).DeleteGroup(ctx, groupID)
		if tokens.ErrorCode(err) != tokens.CodeUnavailable || !errors.Is(err, context.Canceled) ||
			!strings.Contains(err.Error(), "may have carried the operation out") {
			t.Errorf("%s: %v", name, err)
		}
		if s.asked.Load() != 1 {
			t.Errorf("%s: asked %d times", name, s.asked.Load())
		}
	}
}
