package httpapi

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// hurried are retries without long waits.
var hurried = retries{
	least: time.Millisecond, most: 2 * time.Millisecond, count: 3, answer: 10 * time.Second, altogether: time.Hour,
}

// clientOf returns a client of a server at an address, which asks again as r says.
func clientOf(t *testing.T, address string, r retries) *Client {
	t.Helper()
	endpoint, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	token, err := tokens.NewSecret(tokens.DefaultPrefix)
	if err != nil {
		t.Fatal(err)
	}
	c := NewClient(ClientOptions{Endpoint: endpoint, Token: token, Now: time.Now, Product: "test", retries: &r})
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// transportOf returns what connects a client to its server.
func transportOf(c *Client) *http.Transport {
	return c.http.HTTPClient.Transport.(wholeAnswers).next.(*http.Transport) //nolint:forcetypeassert // by newRetrying
}

// rawServer answers each connection with bytes, once it has read a request from it.
type rawServer struct {
	url string
	// asked is how many requests there were.
	asked atomic.Int64
}

// newRawServer returns a server that answers the nth request, counted from 1, by answer, and then ends the connection.
func newRawServer(t *testing.T, answer func(n int64, c net.Conn)) *rawServer {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &rawServer{url: "http://" + listener.Addr().String()}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				r, err := http.ReadRequest(bufio.NewReader(c))
				if err != nil {
					return
				}
				_, _ = io.Copy(io.Discard, r.Body)
				answer(s.asked.Add(1), c)
			}()
		}
	}()
	return s
}

// raw returns an answer with a status, a media type and a body.
func raw(status int, media, body string) string {
	return fmt.Sprintf("HTTP/1.1 %d Status\r\nContent-Type: %s\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s",
		status, media, len(body), body)
}

// aGroup is a group as an answer has it.
const aGroup = `{"id":"grp_06h04hctxxfsd1zbwtf7815z84","name":"payments",` +
	`"created_at":"2026-01-01T00:00:00Z","updated_at":"2026-01-01T00:00:00Z"}`

// groupID is its identifier.
const groupID = "grp_06h04hctxxfsd1zbwtf7815z84"

// rawNotFound is the answer of a server of the API that has no such group.
var rawNotFound = raw(404, "application/problem+json", `{"title":"Not Found","status":404,"code":"not_found",`+
	`"detail":"there is no group","kind":"grp","id":"`+groupID+`"}`)

// TestHostileAnswers answers operations with what no server of the API says. Whatever it is, nothing is known about the
// object: it is not gone, the list is not empty, and nothing was done. The token is in no error.
func TestHostileAnswers(t *testing.T) {
	const once, again = 1, 4
	endlessly := func(c net.Conn, begin, part string) {
		_, err := io.WriteString(c, begin)
		for err == nil {
			_, err = io.WriteString(c, part)
		}
	}
	problem := func(status int, body string) string { return raw(status, "application/problem+json", body) }
	document := func(body string) string { return raw(200, "application/json", body) }
	for _, test := range []struct {
		name string
		// answer is what the server sends, unless act says what it does.
		answer string
		act    func(net.Conn)
		asked  int64
	}{
		{"nothing", "", nil, again},
		{"no HTTP", "SSH-2.0-OpenSSH_9.2\r\n", nil, again},
		{"half a head", "HTTP/1.1 200 OK\r\nContent-Type: appli", nil, again},
		{"half a body", "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n" + aGroup, nil, again},
		{"half of a chunk", "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nff\r\n{", nil, again},
		{"a reset", "", func(c net.Conn) { _ = c.(*net.TCPConn).SetLinger(0) }, again}, //nolint:forcetypeassert // it is
		{"an endless head", "", func(c net.Conn) { endlessly(c, "HTTP/1.1 200 OK\r\n", "X: "+strings.Repeat("x", 4000)+"\r\n") }, again},
		{"endless hints", "", func(c net.Conn) { endlessly(c, "", "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n") }, again},
		{"an announced huge body", "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 99999999999\r\n\r\n{", nil, once},

		{"a page of a proxy", raw(200, "text/html", "<html>Sign in</html>"), nil, once},
		{"a proxy's 404", raw(404, "text/html", "<html>Not Found</html>"), nil, once},
		{"a proxy's 403", raw(403, "text/html", "<html>Forbidden</html>"), nil, once},
		{"a proxy's 500", raw(500, "text/html", "<html>Error</html>"), nil, again},
		{"a proxy's 502", raw(502, "text/html", "<html>Bad Gateway</html>"), nil, again},
		{"a proxy's 504", raw(504, "text/plain", "upstream request timeout"), nil, again},
		{"a proxy's 429", raw(429, "text/plain", "slow down"), nil, again},
		{"a proxy's 408", raw(408, "text/html", "<html>Request Timeout</html>"), nil, again},
		{"TLS alone", raw(400, "text/plain; charset=utf-8", "Client sent an HTTP request to an HTTPS server.\n"), nil, once},
		{"a JSON 404 of another API", raw(404, "application/json", `{"code":"not_found","detail":"no route"}`), nil, once},
		{"a problem of another API", problem(404, `{"title":"Not Found","status":404,"detail":"no route","code":"not_found"}`), nil, once},
		{"a problem without a code", problem(404, `{"title":"Not Found","status":404,"detail":"no route"}`), nil, once},
		{"a problem with an unknown code", problem(404, `{"status":404,"detail":"no route","code":"gone"}`), nil, once},
		{"a problem of no such operation", problem(404, `{"status":404,"detail":"nothing here","code":"no_such_operation"}`), nil, once},
		{"a problem with a good status", problem(200, `{"status":200,"detail":"no","code":"not_found","kind":"grp"}`), nil, once},
		{"a problem with two statuses", problem(502, `{"status":404,"detail":"no","code":"not_found","kind":"grp"}`), nil, again},
		{"a problem with another code's status", problem(403, `{"status":403,"detail":"no","code":"not_found","kind":"grp"}`), nil, once},
		{"a problem that is no JSON", problem(404, `not_found`), nil, once},

		{"an empty document", document(`{}`), nil, once},
		{"an empty body", document(``), nil, once},
		{"null", document(`null`), nil, once},
		{"a list", document(`[]`), nil, once},
		{"a text", document(`"good"`), nil, once},
		{"half a document", document(`{"id":"grp_`), nil, once},
		{"two documents", document(aGroup + aGroup), nil, once},
		{"a page without items", document(`{"next_cursor":null}`), nil, once},
		{"a page with null items", document(`{"items":null,"next_cursor":null}`), nil, once},
		{"a page that is always followed by itself", document(`{"items":[` + aGroup + `],"next_cursor":"x"}`), nil, 2},
		{"an empty page that is followed by others", document(`{"items":[],"next_cursor":"x"}`), nil, once},
		{"an object without its identifier", document(strings.Replace(aGroup, groupID, "", 1)), nil, once},
		{"an object without a time", document(strings.Replace(aGroup, "created_at", "made_at", 1)), nil, once},
		{"an object with another type", document(strings.Replace(aGroup, `"payments"`, `7`, 1)), nil, once},
		{"another object", document(strings.Replace(aGroup, "5z84", "5z88", 1)), nil, once},
		{"an object with half an identifier", document(strings.Replace(aGroup, "5z84", "", 1)), nil, once},
		{"the status of a creation", strings.Replace(document(`{}`), "200", "201", 1), nil, once},
		{"the status of a deletion", "HTTP/1.1 206 Partial Content\r\nConnection: close\r\n\r\n", nil, once},
	} {
		t.Run(test.name, func(t *testing.T) {
			for _, operation := range []struct {
				name string
				do   func(*Client) error
			}{
				{"show", func(c *Client) error { _, err := c.Group(t.Context(), groupID); return err }},
				{"list", func(c *Client) error { _, err := c.Groups(t.Context()); return err }},
				{"create", func(c *Client) error {
					_, err := c.CreateGroup(t.Context(), tokens.NewGroup{Request: tokens.NewRequest(time.Now())})
					return err
				}},
				{"update", func(c *Client) error {
					_, err := c.UpdateGroup(t.Context(), groupID, tokens.GroupUpdate{Fields: tokens.Fields{"name"}})
					return err
				}},
				{"delete", func(c *Client) error { return c.DeleteGroup(t.Context(), groupID) }},
			} {
				s := newRawServer(t, func(_ int64, c net.Conn) {
					if test.act != nil {
						test.act(c)
						return
					}
					_, _ = io.WriteString(c, test.answer)
				})
				c := clientOf(t, s.url, hurried)
				err := operation.do(c)
				if tokens.ErrorCode(err) != tokens.CodeUnavailable || err == nil {
					t.Errorf("%s: %v", operation.name, err)
				}
				wanted := test.asked
				if wanted == 2 && operation.name != "list" {
					wanted = once // only a list has pages
				}
				if asked := s.asked.Load(); asked != wanted {
					t.Errorf("%s: asked %d times, want %d: %v", operation.name, asked, wanted, err)
				}
				if err != nil && (strings.Contains(err.Error(), c.options.Token.Reveal()) || strings.Contains(err.Error(), "/v1/")) {
					t.Errorf("%s: the error repeats the request: %v", operation.name, err)
				}
			}
		})
	}
}

// TestCircularLists answers with pages that lead back to an earlier one.
func TestCircularLists(t *testing.T) {
	accessTokens := accessTokenPageOf(filled[tokens.TokenPage](t), true)
	for _, list := range []struct {
		name string
		page any
		ask  func(*Client) error
	}{
		{"groups", page[group]{Items: []group{groupOf(filled[tokens.Group](t))}},
			func(c *Client) error { _, err := c.Groups(t.Context()); return err }},
		{"events", eventPageOf(filled[tokens.EventPage](t)), func(c *Client) error {
			_, err := c.EventsAfter(t.Context(), tokens.EventQuery{}, tokens.EventPosition{})
			return err
		}},
		{"access tokens", accessTokens, func(c *Client) error {
			_, err := c.AccessTokens(t.Context(), tokens.TokenQuery{})
			return err
		}},
		{"the first 50 access tokens", accessTokens, func(c *Client) error {
			_, err := c.AccessTokens(t.Context(), tokens.TokenQuery{Limit: 50})
			return err
		}},
		{"access tokens from a cursor on", accessTokens, func(c *Client) error {
			_, err := c.AccessTokens(t.Context(), tokens.TokenQuery{Cursor: "c"})
			return err
		}},
	} {
		t.Run(list.name, func(t *testing.T) {
			var document map[string]any
			if err := json.Unmarshal(encoded(list.page), &document); err != nil {
				t.Fatal(err)
			}
			document["items"] = document["items"].([]any)[:1]
			s := newRawServer(t, func(n int64, c net.Conn) {
				if n == 10 {
					document["next_cursor"] = nil // before the test takes for ever
				} else {
					document["next_cursor"] = []string{"a", "b", "c"}[n%3]
				}
				_, _ = io.WriteString(c, raw(200, "application/json", string(encoded(document))))
			})
			err := list.ask(clientOf(t, s.url, hurried))
			if asked := s.asked.Load(); tokens.ErrorCode(err) != tokens.CodeUnavailable || asked > 4 {
				t.Errorf("asked %d times, and then: %v", asked, err)
			}
		})
	}
}

// TestEcho answers with what was asked, as an echo server does, or a proxy that is meant for debugging.
func TestEcho(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	go func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			r, err := http.ReadRequest(bufio.NewReader(c))
			if err == nil {
				_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\n"+r.Header.Get("Authorization")+"\r\n\r\n")
			}
			_ = c.Close()
		}
	}()
	c := clientOf(t, "http://"+listener.Addr().String(), hurried)
	_, err = c.Groups(t.Context())
	if tokens.ErrorCode(err) != tokens.CodeUnavailable || strings.Contains(err.Error(), c.options.Token.Reveal()) {
		t.Errorf("the error repeats the token, or is none: %v", err)
	}
}

// TestProblemThatRepeats answers with a problem that holds what was sent.
func TestProblemThatRepeats(t *testing.T) {
	value, ok := tokens.PresentedSecret("brought-by-somebody-0123456789abcdef")
	if !ok {
		t.Fatal("the value is none")
	}
	for _, of := range []func(r *http.Request) string{
		func(r *http.Request) string { return r.Header.Get("Authorization") },
		func(r *http.Request) string {
			var body struct{ Token string }
			if json.NewDecoder(r.Body).Decode(&body) != nil || body.Token != value.Reveal() {
				t.Errorf("got the value %q", body.Token)
			}
			return body.Token
		},
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "application/problem+json")
			w.WriteHeader(http.StatusUnprocessableEntity)
			_ = json.NewEncoder(w).Encode(problem{Status: http.StatusUnprocessableEntity, Code: "invalid", Detail: "it is not " + of(r)})
		}))
		c := clientOf(t, server.URL, hurried)
		_, err := c.VerifySecret(t.Context(), value, tokens.VerifyOptions{})
		if tokens.ErrorCode(err) != tokens.CodeUnavailable || strings.Contains(err.Error(), value.Reveal()) ||
			strings.Contains(err.Error(), c.options.Token.Reveal()) {
			t.Errorf("the error repeats a value, or is none: %v", err)
		}
		server.Close()
	}
}

// TestProblems answers with the problems of the API. Only those that may pass are asked about again.
func TestProblems(t *testing.T) {
	for _, test := range []struct {
		problem string
		status  int
		want    tokens.Error
		asked   int64
	}{
		{`"code":"unauthenticated"`, 401, tokens.Error{Code: tokens.CodeForbidden, Reason: tokens.ReasonUnauthenticated}, 1},
		{`"code":"forbidden","lacking":["accounts:manage"]`, 403, tokens.Error{Code: tokens.CodeForbidden}, 1},
		{`"code":"not_found","kind":"grp","id":"` + groupID + `"`, 404, tokens.Error{Code: tokens.CodeNotFound, Kind: tokens.KindGroup}, 1},
		{`"code":"not_found","reason":"no_live_secret"`, 404, tokens.Error{Code: tokens.CodeNotFound, Reason: tokens.ReasonNoLiveSecret}, 1},
		{`"code":"conflict","reason":"name_taken","kind":"grp","field":"name","holder":{"kind":"grp","id":"` + groupID + `"}`, 409,
			tokens.Error{Code: tokens.CodeConflict, Reason: tokens.ReasonNameTaken, Kind: tokens.KindGroup}, 1},
		{`"code":"secret_already_shown"`, 409, tokens.Error{Code: tokens.CodeConflict, Reason: tokens.ReasonSecretAlreadyShown}, 1},
		{`"code":"unavailable","reason":"wrong_database"`, 412,
			tokens.Error{Code: tokens.CodeUnavailable, Reason: tokens.ReasonWrongDatabase}, 1},
		{`"code":"unavailable","reason":"older_database"`, 412,
			tokens.Error{Code: tokens.CodeUnavailable, Reason: tokens.ReasonOlderDatabase}, 1},
		{`"code":"invalid","reason":"malformed"`, 400, tokens.Error{Code: tokens.CodeInvalid, Reason: tokens.ReasonMalformed}, 1},
		{`"code":"invalid","field":"name"`, 422, tokens.Error{Code: tokens.CodeInvalid}, 1},
		{`"code":"unavailable"`, 503, tokens.Error{Code: tokens.CodeUnavailable}, 4},
	} {
		s := newRawServer(t, func(_ int64, c net.Conn) {
			_, _ = io.WriteString(c, raw(test.status, "application/problem+json; charset=utf-8",
				fmt.Sprintf(`{"title":"T","status":%d,"detail":"so it is",%s}`, test.status, test.problem)))
		})
		_, err := clientOf(t, s.url, hurried).Group(t.Context(), groupID)
		got, ok := errors.AsType[*tokens.Error](err)
		if !ok || got.Code != test.want.Code || got.Reason != test.want.Reason || got.Kind != test.want.Kind ||
			got.Message != "so it is" {
			t.Errorf("%d %s: %#v", test.status, test.problem, got)
		}
		if asked := s.asked.Load(); asked != test.asked {
			t.Errorf("%d %s: asked %d times, want %d", test.status, test.problem, asked, test.asked)
		}
	}
}

// TestDroppedHeaders puts a proxy in front of a server that passes on no header which it doesn't know. The server can't
// judge then whether it works on the database that the client expects.
func TestDroppedHeaders(t *testing.T) {
	m := newManaged(t)
	direct := m.client(m.owner)
	made, err := direct.CreateGroup(t.Context(), tokens.NewGroup{
		Request: tokens.NewRequest(time.Now()), GroupSettings: tokens.GroupSettings{Name: "payments"},
	})
	if err != nil {
		t.Fatal(err)
	}
	target, err := url.Parse(m.server.URL)
	if err != nil {
		t.Fatal(err)
	}
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for name := range r.Header {
			if strings.HasPrefix(name, "Latchkey-") {
				r.Header.Del(name)
			}
		}
		forwardTo(target).ServeHTTP(w, r)
	}))
	defer proxy.Close()
	behind := clientOf(t, proxy.URL, hurried)
	behind.options.Token = m.owner
	database, err := direct.Database(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{made.ID, groupID} {
		w := &tokens.Witness{Expects: tokens.Mark{Database: database.ID}}
		_, err := direct.Group(tokens.WithWitness(t.Context(), w), id)
		if (err == nil) != (id == made.ID) || (w.Saw == tokens.Mark{}) != (err != nil) {
			t.Errorf("without a proxy: %v, saw %v", err, w.Saw)
		}
		w = &tokens.Witness{Expects: tokens.Mark{Database: database.ID}}
		_, err = behind.Group(tokens.WithWitness(t.Context(), w), id)
		if tokens.ErrorCode(err) != tokens.CodeUnavailable || tokens.ErrorReason(err) != tokens.ReasonForeignAnswer ||
			!strings.Contains(err.Error(), "Latchkey-") {
			t.Errorf("behind the proxy: %v", err)
		}
		if _, err = behind.Group(t.Context(), id); (err == nil) != (id == made.ID) {
			t.Errorf("behind the proxy, without a witness: %v", err)
		}
	}
}
