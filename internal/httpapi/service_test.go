package httpapi_test

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/httpapi"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/service"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/verify"
)

// serviceWorld is a server on the bundled backend and its database.
type serviceWorld struct {
	world
	*service.Backend

	path string
	// ahead is how far the clock of the server is ahead.
	ahead atomic.Int64
}

// newServiceWorld starts a server on a new database.
func newServiceWorld(t testing.TB, maxStaleness time.Duration) *serviceWorld {
	t.Helper()
	w := &serviceWorld{path: filepath.Join(t.TempDir(), "latchkey.db")}
	w.t, w.recorder = t, &recorder{}
	opened := service.Open(service.Options{Database: w.path, Organization: "acme", Follow: true, Now: time.Now})
	t.Cleanup(func() { _ = opened.Close() })
	w.Backend = opened.As(tokens.AsDatabaseOwner("local:anna@host"))
	w.create("first", nil) // and the database
	now := func() time.Time { return time.Now().Add(time.Duration(w.ahead.Load())) }
	cache := verify.New(opened.Verifications(), httpapi.Renderer{Permissions: true}.Identity, verify.Options{
		Rows: verify.DefaultRows, MaxStaleness: maxStaleness, Now: now,
	})
	run(t, cache)
	w.handler = httpapi.NewVerification(httpapi.Options{
		Cache: cache, Uses: opened, Revoker: holders{opened}, Challenge: httpapi.ChallengeBoth, Now: now, Observer: w.recorder,
	})
	w.address = serve(t, w.handler)
	return w
}

// holders end their own secrets.
type holders struct{ service *service.Service }

func (h holders) RevokeSecret(ctx context.Context, secret tokens.Secret) error {
	_, err := h.service.As(tokens.AsTokenHolder(secret)).RevokeSecret(ctx, secret)
	return err
}

// create makes an access token with settings that change may alter, and returns it with its value.
func (w *serviceWorld) create(name string, change func(*tokens.NewAccessToken)) (tokens.AccessToken, string) {
	w.t.Helper()
	request := tokens.NewAccessToken{
		NewSecretFor: tokens.NewSecretFor{Request: tokens.NewRequest(time.Now()), Secret: newSecret(w.t)},
		Settings:     tokens.Settings{Name: name, Enabled: true},
	}
	if change != nil {
		change(&request)
	}
	created, err := w.CreateAccessToken(w.t.Context(), request)
	if err != nil {
		w.t.Fatal(err)
	}
	return created.AccessToken, request.Secret.Reveal()
}

// update changes an access token.
func (w *serviceWorld) update(id string, update tokens.AccessTokenUpdate) {
	w.t.Helper()
	if _, err := w.UpdateAccessToken(w.t.Context(), id, update); err != nil {
		w.t.Fatal(err)
	}
}

// eventually waits until a condition holds, for at most a second as is promised for changes, or what the machine
// takes longer while it is busy.
func eventually(t testing.TB, what string, holds func() bool) {
	t.Helper()
	for began := time.Now(); !holds(); time.Sleep(time.Millisecond) {
		if time.Since(began) > 10*time.Second {
			t.Fatalf("%s: not yet", what)
		}
	}
}

var datePattern = regexp.MustCompile(`\r\nDate: [^\r]+\r\n`)

// raw sends a request and returns every byte of the answer, but for the date.
func (w *world) raw(text string) string {
	w.t.Helper()
	return datePattern.ReplaceAllLiteralString(w.send(text), "\r\n")
}

// formText returns the text of a request with a form.
func formText(path, form string, header ...string) string {
	header = append(header, "Content-Type: application/x-www-form-urlencoded", fmt.Sprintf("Content-Length: %d", len(form)))
	return requestText("POST "+path, header...) + form
}

// A client can't tell why a value is refused, nor whether there ever was such a token.
func TestSameBytes(t *testing.T) {
	w := newServiceWorld(t, verify.DefaultMaxStaleness)
	ctx := t.Context()
	_, admin := w.create("admin", func(n *tokens.NewAccessToken) { n.Own.Role = tokens.RoleOwner })
	values := map[string]string{"unknown": newSecret(t).Reveal()}
	stop := map[string]func(id, value string){
		"disabled": func(id, _ string) {
			w.update(id, tokens.AccessTokenUpdate{Fields: tokens.Fields{"enabled"}})
		},
		"held": func(id, _ string) {
			if _, err := w.HoldAccessToken(ctx, id, "leaked"); err != nil {
				t.Fatal(err)
			}
		},
		"revoked": func(_, value string) {
			if r := w.post("/v1/revoke", "token="+value); r.StatusCode != http.StatusOK {
				t.Fatal(told(r))
			}
		},
		"deleted": func(id, _ string) {
			if err := w.DeleteAccessToken(ctx, id); err != nil {
				t.Fatal(err)
			}
		},
		"superseded": func(id, _ string) {
			w.update(id, tokens.AccessTokenUpdate{Regeneration: &tokens.Regeneration{
				NewSecretFor: tokens.NewSecretFor{Request: tokens.NewRequest(time.Now()), Secret: newSecret(t)},
				Reason:       tokens.ReasonTrigger,
			}})
		},
		"expired": func(string, string) { w.ahead.Store(int64(2 * time.Hour)) },
	}
	_, values["pending"] = w.create("pending", func(n *tokens.NewAccessToken) { n.ActivatesAt = time.Now().Add(24 * time.Hour) })
	for cause, end := range stop {
		token, value := w.create(cause, func(n *tokens.NewAccessToken) {
			if cause == "expired" {
				n.ExpiresAt = time.Now().Add(time.Hour)
			}
		})
		values[cause] = value
		w.ahead.Store(0)
		eventually(t, "before it is "+cause, func() bool {
			return w.get("/v1/authenticate", bearer(value)).StatusCode == http.StatusOK
		})
		end(token.ID, value)
	}
	w.ahead.Store(int64(2 * time.Hour))
	requests := map[string]func(value string) string{
		"authenticate": func(value string) string { return requestText("GET /v1/authenticate", bearer(value)) },
		"with basic authentication": func(value string) string {
			return requestText("HEAD /v1/authenticate/further", basic("x:"+value))
		},
		"authorize":         func(value string) string { return requestText("GET /v1/authorize/api:read", bearer(value)) },
		"ill-formed":        func(value string) string { return requestText("GET /v1/authorize/api", bearer(value)) },
		"introspect":        func(value string) string { return formText("/v1/introspect", "token="+value, bearer(admin)) },
		"introspect by it":  func(value string) string { return formText("/v1/introspect", "token="+admin, bearer(value)) },
		"introspect itself": func(value string) string { return formText("/v1/introspect", "token="+value+"&client_secret="+value) },
		"revoke":            func(value string) string { return formText("/v1/revoke", "token="+value) },
	}
	for cause, value := range values {
		eventually(t, "a value that is "+cause, func() bool {
			return w.get("/v1/authenticate", bearer(value)).StatusCode == http.StatusUnauthorized
		})
	}
	for _, name := range []string{
		"authenticate", "with basic authentication", "authorize", "ill-formed", "introspect", "introspect by it",
		"introspect itself", "revoke", // last, since it ends them
	} {
		// Where the machine is busy, nothing can be told for a moment.
		told := func(value string) (answer string) {
			eventually(t, "the server tells", func() bool {
				answer = w.raw(requests[name](value))
				return !strings.HasPrefix(answer, "HTTP/1.1 503")
			})
			return answer
		}
		want := told(values["unknown"])
		if strings.HasPrefix(want, "HTTP/1.1 5") {
			t.Errorf("%s: %q", name, want)
		}
		for cause, value := range values {
			if got := told(value); got != want {
				t.Errorf("%s, %s: got\n%q\nwant\n%q", name, cause, got, want)
			}
		}
	}
}

// While nothing can be told, nothing is refused: 503 everywhere, never 401, nor that a token is inactive.
func TestOutageIsNoRefusal(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows moves no file that is open")
	}
	w := newServiceWorld(t, 300*time.Millisecond)
	_, value := w.create("good", func(n *tokens.NewAccessToken) { n.Own.Role = tokens.RoleOwner })
	requests := []string{
		requestText("GET /v1/authenticate", bearer(value)),
		requestText("GET /v1/authorize/orders:read", bearer(value)),
		requestText("GET /v1/authenticate", bearer(newSecret(t).Reveal())),
		formText("/v1/introspect", "token="+value, bearer(value)),
		formText("/v1/revoke", "token="+newSecret(t).Reveal()),
		requestText("GET /v1/authenticate"),
		requestText("GET /v1/authorize/orders:read", bearer("too short")),
		formText("/v1/introspect", "token="+value),
		formText("/v1/revoke", "token=x"),
	}
	good := []int{
		http.StatusOK, http.StatusOK, http.StatusUnauthorized, http.StatusOK, http.StatusOK,
		http.StatusUnauthorized, http.StatusUnauthorized, http.StatusUnauthorized, http.StatusOK,
	}
	// all reports whether all requests get these answers. Each gets this, or can't be answered.
	all := func(want func(i int) int) bool {
		reached := true
		for i, request := range requests {
			r := parse(t, w.send(request))
			unavailable := r.StatusCode == http.StatusServiceUnavailable
			if !unavailable && (r.StatusCode != good[i] || strings.Contains(r.body, "false")) {
				t.Fatalf("%q: %s", request, told(r))
			}
			reached = reached && r.StatusCode == want(i)
		}
		return reached
	}
	isGood := func(i int) int { return good[i] }
	isUnavailable := func(int) int { return http.StatusServiceUnavailable }
	eventually(t, "before the outage", func() bool { return all(isGood) })
	for range 2 {
		moved := w.path + ".moved"
		if err := os.Rename(w.path, moved); err != nil {
			t.Fatal(err)
		}
		eventually(t, "with the database moved away", func() bool { return all(isUnavailable) })
		if err := os.Rename(moved, w.path); err != nil {
			t.Fatal(err)
		}
		eventually(t, "with the database back", func() bool { return all(isGood) })
	}
}
