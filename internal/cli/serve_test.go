package cli_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/cli"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/service"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// patience is how long a test waits for what happens at once.
const patience = 20 * time.Second

// server is a server that runs within the test.
type server struct {
	*testing.T
	// base and ops are where it answers, and where it does for those who run it.
	base, ops string
	log       *logBuffer
	end       context.CancelFunc
	code      chan int
}

// logBuffer is a log that can be read while it is written.
type logBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *logBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *logBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// lines returns what was logged with a message.
func (b *logBuffer) lines(message string) (found []map[string]any) {
	for line := range strings.Lines(b.String()) {
		var entry map[string]any
		if json.Unmarshal([]byte(line), &entry) == nil && entry["msg"] == message {
			found = append(found, entry)
		}
	}
	return found
}

// startServer starts a server of a database at a free port, with further flags.
func startServer(t *testing.T, database string, flags ...string) *server {
	t.Helper()
	return startServerByClock(t, time.Now, database, flags...)
}

// startServerByClock is startServer with a clock.
func startServerByClock(t *testing.T, now func() time.Time, database string, flags ...string) *server {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	s := &server{T: t, log: &logBuffer{}, end: cancel, code: make(chan int, 1)}
	args := append([]string{
		"serve", "--database", database, "--listen", "127.0.0.1:0", "--log-format", "json",
	}, flags...)
	if !slices.Contains(flags, "--drain") {
		args = append(args, "--drain", "0s")
	}
	go func() {
		s.code <- cli.Run(ctx, cli.Env{
			Args: args, Stdin: strings.NewReader(""), Stdout: io.Discard, Stderr: s.log,
			LookupEnv: func(string) (string, bool) { return "", false },
			Now:       now, Version: "1.2.3", Actor: "local:ben@laptop",
		})
	}()
	t.Cleanup(func() { s.stop() })
	s.eventually("the server answers", func() bool {
		select {
		case code := <-s.code:
			t.Fatalf("the server ended with %d: %s", code, s.log)
		default:
		}
		for _, line := range s.log.lines("the server answers") {
			s.base, _ = line["address"].(string)
			s.ops, _ = line["ops_address"].(string)
		}
		return s.base != ""
	})
	return s
}

// startReadyServer starts a server and waits until it may be asked.
func startReadyServer(t *testing.T, database string, flags ...string) *server {
	t.Helper()
	s := startServer(t, database, flags...)
	at := s.base
	if s.ops != "" {
		at = s.ops
	}
	s.eventually("the server is ready", func() bool { return s.get(at+"/readyz", "").status == http.StatusOK })
	return s
}

// stop ends the server, and returns its exit code the first time.
func (s *server) stop() int {
	s.Helper()
	s.end()
	select {
	case code, open := <-s.code:
		if open {
			close(s.code)
		}
		return code
	case <-time.After(patience):
		s.Errorf("the server did not end: %s", s.log)
		return -1
	}
}

// eventually waits until a condition holds.
func (s *server) eventually(what string, holds func() bool) {
	s.Helper()
	for end := time.Now().Add(patience); !holds(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			s.Fatalf("not so after %s: %s\n%s", patience, what, s.log)
		}
	}
}

// reply is what a server answers.
type reply struct {
	status         int
	protocol, body string
}

// client keeps no connection, so that a server that ends has none to wait for. It trusts any certificate.
var client = &http.Client{Timeout: patience, Transport: &http.Transport{
	DisableKeepAlives: true, TLSClientConfig: &tls.Config{InsecureSkipVerify: true},
}}

// get asks for a URL with a value, unless that is empty. It returns the zero status if nobody answers.
func (s *server) get(url, value string) reply {
	s.Helper()
	return s.ask(client, url, value)
}

// tells is get, again and again until the server can tell: on a busy machine it can't at first.
func (s *server) tells(url, value string) (got reply) {
	s.Helper()
	s.eventually("the server tells of a value", func() bool {
		got = s.get(url, value)
		return got.status != http.StatusServiceUnavailable
	})
	return got
}

// ask is get by another client.
func (s *server) ask(by *http.Client, url, value string) reply {
	s.Helper()
	request := must(http.NewRequestWithContext(s.Context(), http.MethodGet, url, nil))
	if value != "" {
		request.Header.Set("Authorization", "Bearer "+value)
	}
	response, err := by.Do(request)
	if err != nil {
		return reply{body: err.Error()}
	}
	defer response.Body.Close()
	return reply{response.StatusCode, response.Proto, string(must(io.ReadAll(response.Body)))}
}

// good makes a token in a database and returns its value.
func good(t *testing.T, database string) string {
	t.Helper()
	backend := service.Open(service.Options{Database: database, Now: time.Now}).As(tokens.AsDatabaseOwner("local:anna@host"))
	secret := must(tokens.NewSecret("lk"))
	must(backend.CreateAccessToken(t.Context(), tokens.NewAccessToken{
		NewSecretFor: tokens.NewSecretFor{Request: tokens.NewRequest(time.Now()), Secret: secret},
		Settings:     tokens.Settings{Name: "robot", Enabled: true},
	}))
	must(0, backend.Close())
	return secret.Reveal()
}

// newDatabase returns the path of a new database, and the value of a token in it.
func newDatabase(t *testing.T) (path, value string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "latchkey.db")
	return path, good(t, path)
}

func TestServe(t *testing.T) {
	database, value := newDatabase(t)
	before := runtime.NumGoroutine()
	s := startReadyServer(t, database)
	started := s.log.lines("the server answers")[0]
	if started["organization"] != "default" || started["version"] != "1.2.3" || started["database"] != database {
		t.Errorf("the server logged %v", started)
	}
	for _, test := range []struct {
		path, value string
		want        int
	}{
		{"/v1/authenticate", value, 200},
		{"/v1/authenticate", "", 401},
		{"/v1/authorize/api:read", value, 200},
		{"/v1/authorize/orders:read", value, 403},
		{"/healthz", "", 200},
		{"/readyz", "", 200},
		{"/metrics", "", 200},
		{"/", "", 404},
		{"/healthz/", "", 404},
		{"/%68ealthz", "", 404},
		{"//healthz", "", 404},
	} {
		if got := s.tells(s.base+test.path, test.value); got.status != test.want {
			t.Errorf("%s: got %d, want %d: %s", test.path, got.status, test.want, got.body)
		}
	}
	if code := s.stop(); code != 0 {
		t.Errorf("the server ended with %d: %s", code, s.log)
	}
	opened := service.Open(service.Options{Database: database, Now: time.Now})
	page := must(opened.As(tokens.AsDatabaseOwner("local:anna@host")).AccessTokens(t.Context(), tokens.TokenQuery{}))
	must(0, opened.Close())
	if token := page.AccessTokens[0]; token.UseCount != 3 || token.LastUsedAt.IsZero() {
		t.Errorf("after the end, the token was used %d times, last at %s", token.UseCount, token.LastUsedAt)
	}
	s.eventually("no goroutine is left", func() bool { return runtime.NumGoroutine() <= before })
}

func TestServeOpsListen(t *testing.T) {
	database, value := newDatabase(t)
	s := startReadyServer(t, database, "--ops-listen", "127.0.0.1:0")
	for _, path := range []string{"/healthz", "/readyz", "/metrics"} {
		if got := s.get(s.base+path, ""); got.status != http.StatusNotFound {
			t.Errorf("%s at --listen: got %d", path, got.status)
		}
		if got := s.get(s.ops+path, ""); got.status != http.StatusOK {
			t.Errorf("%s at --ops-listen: got %d", path, got.status)
		}
	}
	if got := s.get(s.ops+"/v1/authenticate", value); got.status != http.StatusNotFound {
		t.Errorf("verification at --ops-listen: got %d", got.status)
	}
	if got := s.tells(s.base+"/v1/authenticate", value); got.status != http.StatusOK {
		t.Errorf("verification at --listen: got %d", got.status)
	}
}

// Without a database the server lives and can't tell. Once there is one it answers from that, without a restart.
func TestServeBeforeTheDatabase(t *testing.T) {
	database := filepath.Join(t.TempDir(), "latchkey.db")
	s := startServer(t, database)
	unknown := must(tokens.NewSecret("lk")).Reveal()
	if got := s.get(s.base+"/v1/authenticate", unknown); got.status != http.StatusServiceUnavailable {
		t.Errorf("without a database: got %+v", got)
	}
	if got := s.get(s.base+"/readyz", ""); got.status != http.StatusServiceUnavailable || got.body == "" {
		t.Errorf("/readyz without a database: got %+v", got)
	}
	if got := s.get(s.base+"/healthz", ""); got.status != http.StatusOK {
		t.Errorf("/healthz without a database: got %+v", got)
	}
	const cantRead = "the database can't be read: requests get 503 until it can"
	s.eventually("the server says so", func() bool { return len(s.log.lines(cantRead)) == 1 })
	value := good(t, database)
	s.eventually("a token works", func() bool { return s.get(s.base+"/v1/authenticate", value).status == http.StatusOK })
	s.stop()
	failures := s.log.lines(cantRead)
	if len(failures) != 1 {
		t.Fatalf("the log says %v", failures)
	}
	for _, part := range []string{"there is no database at " + database, "latchkey token create", "latchkey bootstrap"} {
		if failure := fmt.Sprint(failures[0]["error"]); !strings.Contains(failure, part) {
			t.Errorf("the log says %q, which lacks %q", failure, part)
		}
	}
	if back := s.log.lines("the database can be read"); len(back) != 1 || back[0]["organization"] != "default" {
		t.Errorf("the log says %v", back)
	}
}

// While it drains, the server answers but says that it ends.
func TestServeDrain(t *testing.T) {
	database, value := newDatabase(t)
	s := startReadyServer(t, database, "--drain", "3s")
	s.tells(s.base+"/v1/authenticate", value)
	s.end()
	s.eventually("/readyz says that it ends", func() bool {
		got := s.get(s.base+"/readyz", "")
		return got.status == http.StatusServiceUnavailable && got.body == "the server is about to end\n"
	})
	if got := s.get(s.base+"/v1/authenticate", value); got.status != http.StatusOK {
		t.Errorf("while it drains: got %+v", got)
	}
	if code := s.stop(); code != 0 {
		t.Errorf("the server ended with %d", code)
	}
	if got := s.get(s.base+"/healthz", ""); got.status != 0 {
		t.Errorf("after the end: got %+v", got)
	}
}

// A port that is taken is an error at once, and no address is left open.
func TestServeTakenPort(t *testing.T) {
	database, _ := newDatabase(t)
	s := startReadyServer(t, database)
	taken := strings.TrimPrefix(s.base, "http://")
	for _, flags := range [][]string{{"--listen", taken}, {"--listen", "127.0.0.1:0", "--ops-listen", taken}} {
		got := terminal{database: database}.run(t, append([]string{"serve"}, flags...)...)
		want := "latchkey: unable to listen at " + taken + ": "
		if got.Code != 1 || !strings.HasPrefix(got.Stderr, want) || !strings.HasSuffix(got.Stderr, flags[len(flags)-2]+"\n") {
			t.Errorf("%v: got %+v", flags, got)
		}
	}
}

// Whoever can't wait sends a second signal.
func TestServeSecondSignal(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("a process can't be interrupted there from outside")
	}
	database, _ := newDatabase(t)
	cmd := exec.CommandContext(t.Context(), "latchkey", "serve", "--database", database, "--listen", "127.0.0.1:0",
		"--drain", "1h")
	stderr := must(cmd.StderrPipe())
	must(0, cmd.Start())
	lines := bufio.NewScanner(stderr)
	for lines.Scan() {
		switch text := lines.Text(); {
		case strings.Contains(text, `msg="the server answers"`):
			must(0, cmd.Process.Signal(syscall.SIGTERM))
		case strings.Contains(text, `msg="the server ends"`):
			time.Sleep(1100 * time.Millisecond) // what comes sooner may be the same signal
			must(0, cmd.Process.Signal(syscall.SIGTERM))
		case strings.HasPrefix(text, "latchkey: the server was told to end at once"):
		default:
			t.Errorf("the server says %q", text)
		}
	}
	if err := cmd.Wait(); cmd.ProcessState.ExitCode() != 1 {
		t.Errorf("the server ended with %v", err)
	}
}

// Gateways may send long heads. What is far too long is refused, and costs no more than one connection.
func TestServeLongHeads(t *testing.T) {
	database, value := newDatabase(t)
	s := startReadyServer(t, database)
	s.tells(s.base+"/v1/authenticate", value)
	for _, test := range []struct{ size, want int }{{60 << 10, 200}, {1 << 20, 431}} {
		request := must(http.NewRequestWithContext(t.Context(), http.MethodGet, s.base+"/v1/authenticate", nil))
		request.Header.Set("Authorization", "Bearer "+value)
		request.Header.Set("Cookie", strings.Repeat("x", test.size))
		response, err := client.Do(request)
		if err != nil { // the server may close the connection while the head is still being sent
			if test.want == 200 {
				t.Error(err)
			}
			continue
		}
		response.Body.Close()
		if response.StatusCode != test.want {
			t.Errorf("a head of %d bytes: got %d, want %d", test.size, response.StatusCode, test.want)
		}
	}
}

// No value gets into the log or the metrics, wherever somebody puts one, at the lowest level.
func TestServeTellsNoSecrets(t *testing.T) {
	database, value := newDatabase(t)
	s := startReadyServer(t, database, "--log-level", "debug")
	dead := must(tokens.NewSecret("lk")).Reveal()
	const own = "correct-horse-battery-staple.Own/Secret+42=="
	address := strings.TrimPrefix(s.base, "http://")
	for _, secret := range []string{value, dead, own} {
		for _, path := range []string{
			"/v1/authenticate", "/v1/authorize/" + secret, "/v1/authorize/api:read/" + secret, "/v1/introspect", "/v1/revoke",
			"/" + secret, "/readyz/" + secret, "/metrics?token=" + secret, "/v1/authenticate?access_token=" + secret,
		} {
			for _, body := range []string{"", "token=" + secret} {
				method := http.MethodGet
				if body != "" {
					method = http.MethodPost
				}
				raw := fmt.Sprintf("%s %s HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\nAuthorization: Basic %s\r\n"+
					"Cookie: %s\r\nX-%s: x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n"+
					"Connection: close\r\n\r\n%s", method, path, secret, secret, secret, secret, strings.TrimRight(secret, "/+="),
					len(body), body)
				send(t, address, raw)
			}
		}
		// What net/http itself refuses, and what is no HTTP at all.
		send(t, address, "GET /"+secret+" HTTP/9.9\r\n\r\n")
		send(t, address, secret+"\r\n\r\n")
		send(t, address, "GET / HTTP/1.1\r\n"+secret+"\r\n\r\n")
		send(t, address, "POST /v1/introspect HTTP/1.1\r\nHost: x\r\nContent-Length: "+secret+"\r\n\r\n")
		send(t, address, "POST /v1/introspect HTTP/1.1\r\nHost: x\r\nExpect: "+secret+"\r\n\r\n")
	}
	metrics := s.get(s.base+"/metrics", "").body
	s.stop()
	for _, secret := range []string{value, dead, own} {
		for part := range 2 {
			half := secret[part*len(secret)/2:][:len(secret)/2]
			if strings.Contains(s.log.String(), half) || strings.Contains(metrics, half) {
				t.Errorf("the log or the metrics tell of %s:\n%s", half, s.log)
			}
		}
	}
}

// send sends bytes to a server and waits until it closes the connection.
func send(t *testing.T, address, raw string) {
	t.Helper()
	conn := must(net.DialTimeout("tcp", address, patience))
	defer conn.Close()
	must(0, conn.SetDeadline(time.Now().Add(patience)))
	_, _ = io.WriteString(conn, raw)
	_ = conn.(*net.TCPConn).CloseWrite()
	if _, err := io.Copy(io.Discard, conn); errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("the server left a connection open after %.40q", raw)
	}
}
