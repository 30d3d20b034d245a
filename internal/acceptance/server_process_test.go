package acceptance

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/service"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// full makes the tests of the server go through all of their rounds; see `make faults`.
var full = flag.Bool("full", false, "all rounds of the tests of the server, which take minutes: -args -full")

// rounds returns how many rounds a test of the server has: few, or all of them.
func rounds(few, all int) int {
	if *full {
		return all
	}
	return few
}

// newServedWorkspace returns a workspace for a server, without a Terraform. It skips the test where only quick ones are
// asked for.
func newServedWorkspace(t testing.TB) *workspace {
	t.Helper()
	if testing.Short() {
		t.Skip("starts processes, which takes seconds")
	}
	return &workspace{t: t, dir: t.TempDir(), database: "latchkey.db", adjust: func(*exec.Cmd) {}}
}

// server is a process that answers gateways.
type server struct {
	*background
	// url is where it answers, and flags are those that it was started with.
	url   string
	flags []string
	w     *workspace
}

// serve starts a server of the database with further flags, and waits until it may be asked.
func (w *workspace) serve(flags ...string) *server {
	w.t.Helper()
	return w.serveAt(freeAddress(w.t), flags...)
}

// serveAt is serve at an address.
func (w *workspace) serveAt(address string, flags ...string) *server {
	w.t.Helper()
	s := w.startAt(address, flags...)
	s.eventually("the server may be asked", func() bool { return s.get("/readyz", "").status == http.StatusOK })
	return s
}

// startAt is serveAt without waiting.
func (w *workspace) startAt(address string, flags ...string) *server {
	w.t.Helper()
	args := slices.Concat([]string{"--database", w.databasePath(), "serve", "--listen", address,
		"--log-format", "json", "--log-level", "debug"}, flags)
	if !slices.Contains(flags, "--drain") {
		args = append(args, "--drain", "0s")
	}
	return &server{startBackground(w.t, w.command(binary(w.t), args...), address), "http://" + address, flags, w}
}

// again starts the server anew where it was, after it has ended.
func (s *server) again() *server {
	s.t.Helper()
	return s.w.serveAt(s.address, s.flags...)
}

// signal sends a signal to the process.
func (s *server) signal(signal os.Signal) {
	s.t.Helper()
	if err := s.cmd.Process.Signal(signal); err != nil {
		s.t.Fatal(err)
	}
}

// wait waits for the end of the process, and returns its exit code.
func (s *server) wait() int {
	s.t.Helper()
	select {
	case <-s.ended:
		return s.cmd.ProcessState.ExitCode()
	case <-time.After(patience):
		s.t.Fatalf("the server does not end:\n%s", s.log())
		return 0
	}
}

// eventually waits until a condition holds.
func (s *server) eventually(what string, holds func() bool) {
	s.t.Helper()
	for end := time.Now().Add(patience); !holds(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(end) {
			s.t.Fatalf("not so after %s: %s\n%s", patience, what, s.log())
		}
	}
}

// reply is what a server answers; the zero reply means that it doesn't.
type reply struct {
	status int
	header http.Header
	body   string
}

// alone is a client that keeps no connection, so that a server that ends has none to wait for.
var alone = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: patience}

// get asks for a path with a value, unless that is empty.
func (s *server) get(path, value string) reply {
	r, _ := ask(s.t.Context(), alone, http.MethodGet, s.url+path, value, "")
	return r
}

// judge is get, again until the server can tell: on a busy machine, a look-up may take longer than it is given.
func (s *server) judge(path, value string) (got reply) {
	s.t.Helper()
	s.eventually("the server can tell of a value", func() bool {
		got = s.get(path, value)
		return got.status != http.StatusServiceUnavailable
	})
	return got
}

// judgeAll asks about each token, and about a value that is none's, until the server can tell of them.
func (s *server) judgeAll(tokens map[string]tokenState) {
	s.t.Helper()
	for _, token := range tokens {
		s.judge(authenticate, token.Token)
	}
	s.judge(authenticate, "lk_"+strings.Repeat("x", 46))
}

// post sends a form, as a client with a value, unless that is empty.
func (s *server) post(path, value, form string) reply {
	r, _ := ask(s.t.Context(), alone, http.MethodPost, s.url+path, value, form)
	return r
}

// ask sends a request with a bearer token, unless that is empty, and with a form, unless that is empty.
func ask(ctx context.Context, client *http.Client, method, url, value, form string) (r reply, err error) {
	request, err := http.NewRequestWithContext(ctx, method, url, strings.NewReader(form))
	if err != nil {
		return r, err
	}
	if value != "" {
		request.Header.Set("Authorization", "Bearer "+value)
	}
	if form != "" {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	response, err := client.Do(request)
	if err != nil {
		return r, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	return reply{response.StatusCode, response.Header, string(body)}, err
}

// metric returns the value of a metric without labels.
func (s *server) metric(name string) float64 {
	s.t.Helper()
	line := regexp.MustCompile(`(?m)^` + name + ` (\S+)$`).FindStringSubmatch(s.get("/metrics", "").body)
	if line == nil {
		s.t.Fatalf("there is no metric %s", name)
	}
	value, err := strconv.ParseFloat(line[1], 64)
	if err != nil {
		s.t.Fatal(err)
	}
	return value
}

// owner returns the backend of the database for its owner, as in another process than the server.
func (w *workspace) owner() *service.Backend {
	w.t.Helper()
	opened := service.Open(service.Options{Database: w.databasePath(), Organization: "acme", Now: time.Now})
	w.t.Cleanup(func() {
		if err := opened.Close(); err != nil {
			w.t.Error(err)
		}
	})
	return opened.As(tokens.AsDatabaseOwner("local:anna@host"))
}

// issued is an access token whose value is known.
type issued struct {
	tokens.AccessToken
	value string
}

// issue makes an access token. Its technical user is made with it, unless adjust names one.
func issue(t testing.TB, owner tokens.Backend, adjust func(*tokens.NewAccessToken)) issued {
	t.Helper()
	n := tokens.NewAccessToken{
		NewSecretFor: newSecretFor(t),
		Settings:     tokens.Settings{Name: "robot", Enabled: true},
	}
	if adjust != nil {
		adjust(&n)
	}
	created, err := owner.CreateAccessToken(t.Context(), n)
	if err != nil {
		t.Fatal(err)
	}
	return issued{created.AccessToken, n.Secret.Reveal()}
}

// newSecretFor returns a request to give a token a new secret.
func newSecretFor(t testing.TB) tokens.NewSecretFor {
	t.Helper()
	secret, err := tokens.NewSecret(tokens.DefaultPrefix)
	if err != nil {
		t.Fatal(err)
	}
	return tokens.NewSecretFor{Request: tokens.NewRequest(time.Now()), Secret: secret}
}

// disable disables an access token.
func disable(t testing.TB, owner tokens.Backend, id string) {
	t.Helper()
	update := tokens.AccessTokenUpdate{Fields: tokens.Fields{"enabled"}}
	if _, err := owner.UpdateAccessToken(t.Context(), id, update); err != nil {
		t.Fatal(err)
	}
}

// unknownValue returns a well-formed value that no token has.
func unknownValue(t testing.TB) string {
	t.Helper()
	return newSecretFor(t).Secret.Reveal()
}

// problems returns what the server logged at level warn or above.
func (s *server) problems() string {
	s.t.Helper()
	var found bytes.Buffer
	for line := range strings.Lines(s.log()) {
		if !strings.Contains(line, `"level":"INFO"`) && !strings.Contains(line, `"level":"DEBUG"`) {
			fmt.Fprint(&found, line)
		}
	}
	return found.String()
}
