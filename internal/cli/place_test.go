package cli_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/httpapi"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/service"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// newManagement returns a server of the management API for a database.
func newManagement(t *testing.T, database string) *httptest.Server {
	t.Helper()
	opened := service.Open(service.Options{Database: database, Now: func() time.Time { return present }})
	server := httptest.NewServer(httpapi.NewManagement(httpapi.ManagementOptions{
		As:  func(p tokens.Principal) tokens.Backend { return opened.As(p) },
		Now: func() time.Time { return present },
	}))
	t.Cleanup(func() {
		server.Close()
		if err := opened.Close(); err != nil {
			t.Error(err)
		}
	})
	return server
}

// A command says what is wrong with a server or with the access token for it, and what helps. What the server of somebody
// else answers is no answer about an object.
func TestServersThatDontAnswer(t *testing.T) {
	f := newFixture(t)
	token := f.values["deploy"]
	foreign := func(status int) string {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			w.WriteHeader(status)
			_, _ = w.Write([]byte("<p>Not here: " + r.Header.Get("Authorization")))
		}))
		t.Cleanup(server.Close)
		return server.URL
	}
	encrypted := httptest.NewTLSServer(http.NotFoundHandler())
	t.Cleanup(encrypted.Close)
	for name, test := range map[string]struct {
		endpoint string
		token    string
		waits    bool // while the client asks again
		code     int
		says     []string
	}{
		"nobody there": {
			endpoint: "http://127.0.0.1:1", waits: true, code: 3,
			says: []string{"http://127.0.0.1:1", "connection refused",
				"--endpoint or LATCHKEY_ENDPOINT names it, and latchkey serve must run there"},
		},
		"down behind a gateway": {endpoint: foreign(http.StatusBadGateway), waits: true, code: 3,
			says: []string{"status 502", "what stands in front of the server can't reach it"}},
		"another server": {endpoint: foreign(http.StatusNotFound), code: 3,
			says: []string{"status 404, which is no answer of Latchkey", "may be managed at another address"}},
		"a redirect": {endpoint: foreign(http.StatusMovedPermanently), code: 3, says: []string{"name the final address"}},
		"TLS at a plain address": {
			endpoint: "http://" + strings.TrimPrefix(encrypted.URL, "https://"), code: 3,
			says: []string{"status 400", "the server may speak TLS"},
		},
		"an unknown authority": {
			endpoint: encrypted.URL, code: 3, says: []string{"does not prove who it is", "SSL_CERT_FILE names a file with it"},
		},
		"a stopped token": {
			endpoint: newManagement(t, f.copyOf(t)).URL, token: f.values["leaked"], code: 1,
			says: []string{"is not good", "LATCHKEY_TOKEN or --token-file holds it: give one that is active"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			if test.waits && testing.Short() {
				t.Skip("it waits for 10 seconds")
			}
			t.Parallel()
			if test.token == "" {
				test.token = token
			}
			at := terminal{environ: map[string]string{"LATCHKEY_ENDPOINT": test.endpoint, "LATCHKEY_TOKEN": test.token}}
			got := at.run(t, "token", "show", f.ids["deploy"])
			if got.Code != test.code || got.Stdout != "" {
				t.Errorf("the answer is %+v, want exit code %d", got, test.code)
			}
			for _, text := range append(test.says, "latchkey: unable to show access token "+f.ids["deploy"]+": ") {
				if !strings.Contains(got.Stderr, text) {
					t.Errorf("%q does not say %q", got.Stderr, text)
				}
			}
			if strings.Contains(got.Stderr, test.token) {
				t.Errorf("%q repeats the access token", got.Stderr)
			}
		})
	}
}

// What nobody answers of a value is not that it isn't good.
func TestVerifyingByAStoppedToken(t *testing.T) {
	f := newFixture(t)
	at := terminal{input: f.values["deploy"], environ: map[string]string{
		"LATCHKEY_ENDPOINT": newManagement(t, f.copyOf(t)).URL, "LATCHKEY_TOKEN": f.values["leaked"],
	}}
	for _, args := range [][]string{{"token", "verify"}, {"scan", "-"}} {
		got := at.run(t, args...)
		if got.Code != 3 || !strings.Contains(got.Stderr, "is not good") {
			t.Errorf("latchkey %v ends with %+v, want exit code 3", args, got)
		}
	}
}

// The access token for a server comes from the environment, from a file or from standard input, hidden on a terminal.
func TestAccessTokensForAServer(t *testing.T) {
	f := newFixture(t)
	endpoint := newManagement(t, f.copyOf(t)).URL
	value := f.values["personal_ben"] + "\n"
	file := filepath.Join(t.TempDir(), "token.txt")
	must(0, os.WriteFile(file, []byte(value), 0o600))
	for name, test := range map[string]struct {
		at   terminal
		args []string
		asks string
	}{
		"environment": {at: terminal{environ: map[string]string{"LATCHKEY_TOKEN": value}}},
		"file": {
			at:   terminal{environ: map[string]string{"LATCHKEY_TOKEN": f.values["leaked"]}}, // which the flag beats
			args: []string{"--token-file", file},
		},
		"standard input": {at: terminal{input: value}, args: []string{"--token-file", "-"}},
		"terminal": {
			at: terminal{stdin: true, input: value}, args: []string{"--token-file", "-"}, asks: "Access token (not shown): \n",
		},
	} {
		t.Run(name, func(t *testing.T) {
			args := append([]string{"--endpoint", endpoint, "member", "list", "--columns", "email"}, test.args...)
			want := answer{0, "anna@example.com\nben@example.com\ncarla@example.com\n", test.asks}
			if diff := cmp.Diff(want, test.at.run(t, args...)); diff != "" {
				t.Errorf("the answer (-want +got):\n%s", diff)
			}
		})
	}
}
