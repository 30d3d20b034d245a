package httpapi_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/httpapi"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/store"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/verify"
)

// database is a database in memory. Its rows don't change once they are read.
type database struct {
	mu   sync.Mutex
	rows map[tokens.SecretHash]verify.Found
	err  error
}

func (d *database) Secret(_ context.Context, hash tokens.SecretHash) (verify.Found, bool, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	found, ok := d.rows[hash]
	return found, ok, d.err
}

func (d *database) Watch(context.Context) (store.Watch, error) { return unchanging{}, nil }

// unchanging is a watch that never sees a change.
type unchanging struct{}

func (unchanging) Look(context.Context) (store.Changes, error) { return store.Changes{}, nil }
func (unchanging) Notifications() (n store.Notifications)      { return n }
func (unchanging) Close() error                                { return nil }

func (unchanging) Wait(ctx context.Context) {
	select {
	case <-ctx.Done():
	case <-time.After(25 * time.Millisecond):
	}
}

// use is a recorded use of a secret.
type use struct {
	tokenID string
	version int64
}

// recorder records uses, revocations, answers and cuts.
type recorder struct {
	mu            sync.Mutex
	used, refused []use
	revoked       []string
	revokeError   error
	answered      []string
	cuts          int
}

func (r *recorder) RecordUse(tokenID string, version int64, _ time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.used = append(r.used, use{tokenID, version})
}

func (r *recorder) RecordRefusedUse(tokenID string, version int64, _ time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.refused = append(r.refused, use{tokenID, version})
}

func (r *recorder) RevokeSecret(ctx context.Context, secret tokens.Secret) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.revoked = append(r.revoked, secret.Reveal())
	if ctx.Done() != nil {
		return errors.New("the end of the request would end the revocation")
	}
	return r.revokeError
}

func (r *recorder) Answered(endpoint httpapi.Endpoint, outcome httpapi.Outcome, took time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	answered := endpoint.String() + " " + outcome.String()
	if took < 0 {
		answered += " before it was asked"
	}
	r.answered = append(r.answered, answered)
}

func (r *recorder) HeaderCut() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.cuts++
}

// last returns the last answer.
func (r *recorder) last() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.answered) == 0 {
		return ""
	}
	return r.answered[len(r.answered)-1]
}

// world is a server on a database in memory.
type world struct {
	t        testing.TB
	database *database
	roles    tokens.Roles
	recorder *recorder
	cache    *verify.Cache[httpapi.Identity]
	log      *bytes.Buffer
	handler  *httpapi.Verification
	address  string
}

// newWorld starts a server with options that change may alter.
func newWorld(t testing.TB, renderer httpapi.Renderer, change func(*httpapi.Options)) *world {
	t.Helper()
	w := &world{
		t: t, database: &database{rows: map[tokens.SecretHash]verify.Found{}}, recorder: &recorder{}, log: &bytes.Buffer{},
		roles: tokens.NewRoles([]tokens.Role{{RoleSettings: tokens.RoleSettings{
			Name: "clerk", Permissions: []string{"orders:read", "stock:*"},
		}}}),
	}
	w.cache = verify.New(w.database, renderer.Identity, verify.Options{
		Rows: verify.DefaultRows, MaxStaleness: time.Minute, Now: time.Now,
	})
	run(t, w.cache)
	options := httpapi.Options{
		Cache: w.cache, Uses: w.recorder, Revoker: w.recorder, Challenge: httpapi.ChallengeBoth, Now: time.Now,
		Log: slog.New(slog.NewTextHandler(w.log, nil)), Observer: w.recorder,
	}
	if change != nil {
		change(&options)
	}
	w.handler = httpapi.NewVerification(options)
	w.address = serve(t, w.handler)
	return w
}

// run keeps a cache true until the test ends, and returns once it is ready.
func run(t testing.TB, cache *verify.Cache[httpapi.Identity]) {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		cache.Run(ctx, func(error) {})
	}()
	t.Cleanup(func() {
		stop()
		<-done
	})
	for cache.Ready() != nil {
		time.Sleep(time.Millisecond)
	}
}

// serve serves a handler until the test ends, and returns the address.
func serve(t testing.TB, handler http.Handler) string {
	t.Helper()
	server := httptest.NewUnstartedServer(handler)
	server.Config.DisableGeneralOptionsHandler = true
	server.Config.ReadTimeout = 30 * time.Second
	server.Start()
	t.Cleanup(server.Close)
	return server.Listener.Addr().String()
}

// token is a token to add, with what most have.
func token() tokens.AccessToken {
	now := time.Now().Add(-time.Hour).Truncate(time.Second)
	t := tokens.AccessToken{
		ID:       tokens.NewID(tokens.KindAccessToken, now),
		Settings: tokens.Settings{Name: "deploys", Enabled: true},
		User: tokens.TechnicalUser{
			ID:                    tokens.NewID(tokens.KindTechnicalUser, now),
			TechnicalUserSettings: tokens.TechnicalUserSettings{Name: "ci", Enabled: true},
			Email:                 "ci@acme.latchkey.internal",
		},
		Secret:    tokens.SecretState{Version: 3, CreatedAt: now},
		CreatedAt: now,
	}
	t.User.Role = "clerk"
	return t
}

// add adds a token's current secret and returns its value.
func (w *world) add(t tokens.AccessToken) string {
	w.t.Helper()
	return w.addVersion(t, t.Secret.Version)
}

// addVersion adds a secret of a token and returns its value.
func (w *world) addVersion(t tokens.AccessToken, version int64) string {
	w.t.Helper()
	return w.addSecret(newSecret(w.t), t, version)
}

// addValue adds a token's current secret with a value.
func (w *world) addValue(value string, t tokens.AccessToken) string {
	w.t.Helper()
	secret, ok := tokens.PresentedSecret(value)
	if !ok {
		w.t.Fatalf("%q can't be a secret", value)
	}
	return w.addSecret(secret, t, t.Secret.Version)
}

// addSecret adds a secret of a token, also to the cache, and returns its value.
func (w *world) addSecret(secret tokens.Secret, t tokens.AccessToken, version int64) string {
	w.database.mu.Lock()
	w.database.rows[secret.Hash()] = verify.Found{
		SecretRow: tokens.SecretRow{Hash: secret.Hash(), Version: version, AccessToken: t},
		Roles:     w.roles, Database: tokens.Database{Organization: "acme"},
	}
	w.database.mu.Unlock()
	for {
		if _, err := w.cache.Verify(w.t.Context(), secret); err == nil {
			return secret.Reveal()
		} else if err := w.t.Context().Err(); err != nil {
			w.t.Fatal(err)
		}
	}
}

func newSecret(t testing.TB) tokens.Secret {
	t.Helper()
	secret, err := tokens.NewSecret(tokens.DefaultPrefix)
	if err != nil {
		t.Fatal(err)
	}
	return secret
}

// send writes a text to the server, and returns all that it answers until it ends the connection.
func (w *world) send(text string) string {
	w.t.Helper()
	return send(w.t, w.address, text)
}

func send(t testing.TB, address, text string) string {
	t.Helper()
	c := dial(t, address)
	if _, err := io.WriteString(c, text); err != nil {
		t.Fatal(err)
	}
	all, err := io.ReadAll(c)
	if err != nil && (len(all) == 0 || !isEnd(err)) {
		t.Fatalf("after %q: %v", all, err)
	}
	return string(all)
}

// isEnd reports whether an error of a connection says that the other side has ended it, as a server does that leaves a
// body unread.
func isEnd(err error) bool {
	cause, ok := errors.AsType[*net.OpError](err)
	return ok && !cause.Timeout()
}

// dial connects to an address for the rest of the test, and for at most 20 seconds.
func dial(t testing.TB, address string) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	if err := c.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	return c
}

// reply is an answer that was read to its end.
type reply struct {
	*http.Response
	body string
}

// get asks for a path with further header lines.
func (w *world) get(path string, header ...string) reply {
	w.t.Helper()
	return w.ask("GET "+path, header...)
}

// ask sends a request without a body, given by its method and target.
func (w *world) ask(request string, header ...string) reply {
	w.t.Helper()
	return w.reply(requestText(request, header...))
}

// reply sends a request and returns the answer. Where nothing could be told although the database answers, the machine is
// busy, and it asks again.
func (w *world) reply(text string) reply {
	w.t.Helper()
	for range 100 {
		r := parse(w.t, w.send(text))
		if r.StatusCode != http.StatusServiceUnavailable || w.database == nil || w.database.err != nil ||
			w.recorder.revokeError != nil {
			return r
		}
	}
	w.t.Fatal("nothing can be told")
	return reply{}
}

// post sends a form with further header lines.
func (w *world) post(path, form string, header ...string) reply {
	w.t.Helper()
	return w.postAs("application/x-www-form-urlencoded", path, form, header...)
}

// postAs sends a body of a type with further header lines.
func (w *world) postAs(media, path, body string, header ...string) reply {
	w.t.Helper()
	header = append(header, "Content-Type: "+media, fmt.Sprintf("Content-Length: %d", len(body)))
	return w.reply(requestText("POST "+path, header...) + body)
}

// requestText returns the text of a request after which the connection ends.
func requestText(request string, header ...string) string {
	lines := append([]string{request + " HTTP/1.1", "Host: latchkey.example", "Connection: close"}, header...)
	return strings.Join(lines, "\r\n") + "\r\n\r\n"
}

// parse parses an answer.
func parse(t testing.TB, text string) reply {
	t.Helper()
	r, err := http.ReadResponse(bufio.NewReader(strings.NewReader(text)), &http.Request{Method: http.MethodGet})
	if err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	defer func() { _ = r.Body.Close() }()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	return reply{r, string(body)}
}

// bearer returns the header line that presents a value.
func bearer(value string) string { return "Authorization: Bearer " + value }

// told returns what an answer tells: its status and its headers, but for the date, and its body.
func told(r reply) string {
	h := r.Header.Clone()
	h.Del("Date")
	var b strings.Builder
	fmt.Fprintln(&b, r.Status)
	_ = h.Write(&b)
	return strings.ReplaceAll(b.String(), "\r", "") + r.body
}
