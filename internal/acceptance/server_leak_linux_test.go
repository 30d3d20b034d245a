package acceptance

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// TestServerTellsNoSecrets asks a server everything with values of every kind, also where none belongs, at the lowest
// level of its log. It searches what the server says for them: its log, metrics and answers, the arguments and the
// environment of its process, the files that it leaves, and the stacks of all goroutines in a crash.
func TestServerTellsNoSecrets(t *testing.T) {
	w := newServedWorkspace(t)
	owner := w.owner()
	asAdministrator := func(n *tokens.NewAccessToken) { n.Own.Role = tokens.RoleAdministrator }
	client, good, dead, revoked := issue(t, owner, asAdministrator), issue(t, owner, nil), issue(t, owner, nil), issue(t, owner, nil)
	disable(t, owner, dead.ID)
	// The last is no value of Latchkey's own form, and may be somebody's all the same.
	values := []string{client.value, good.value, dead.value, revoked.value, unknownValue(t), "N0t-Guessable.by/anybody~At+All_8152=="}
	said := &transcript{search: newLeakSearch(), texts: map[string]string{}}
	for _, value := range values {
		said.search.add(value)
	}

	s := w.serve("--permissions-header", "--introspect-exp", "--challenge", "both")
	var answers bytes.Buffer
	for _, value := range values {
		basic := base64.StdEncoding.EncodeToString([]byte("ci:" + value))
		swapped := base64.StdEncoding.EncodeToString([]byte(value + ":"))
		for _, path := range []string{
			authenticate, "/v1/authorize/api:read", "/v1/authorize/orders:write", "/v1/authorize/" + value,
			"/v1/authorize/api:read@" + value, "/v1/authenticate/" + value + "?token=" + value, "/" + value, "/v1/" + value,
			"/v1/groups/" + value, "/v1/access-tokens?search=" + value + "&" + value + "=x", "/v1/access-tokens/" + value + "/hold",
			"/healthz/" + value, "/metrics?q=" + value, "/readyz?q=" + value, "/v1/introspect?token=" + value, "/v1/revoke?token=" + value,
		} {
			for _, credential := range []string{"Bearer " + value, "Basic " + basic, "Basic " + swapped, "Digest " + value, value} {
				for _, method := range []string{"GET", "POST", value[:10]} {
					answers.Write(s.exchange(method + " " + path + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: " + credential +
						"\r\nCookie: session=" + value + "\r\nUser-Agent: " + value + "\r\nReferer: http://x/" + value + "\r\n\r\n"))
				}
			}
		}
		for _, form := range []string{
			"token=" + value, "token=" + value + "&token=" + value, "token=x&" + value + "=x", "client_secret=" + value + "&token=" + good.value,
			"token=" + value + "&token_type_hint=" + value, "%zz" + value,
		} {
			got := s.post("/v1/introspect", client.value, form)
			fmt.Fprintln(&answers, got.status, got.header, got.body)
			got = s.post("/v1/introspect", value, form)
			fmt.Fprintln(&answers, got.status, got.header, got.body)
		}
		for _, document := range []string{
			`{"name":"` + value + `"}`, `{"name":"x","` + value + `":1}`, `{"name":"x","description":"` + value + `"}`, `["` + value + `"]`, value,
			`{"name":"x","token":"` + value + `","role":"` + value + `"}`, `{"token":"` + value + `x"}`, `{"reason":"` + value + `"}`,
		} {
			for _, operation := range []string{
				"POST /v1/groups", "PATCH /v1/groups/" + value, "POST /v1/access-tokens", "POST /v1/verify", "POST /v1/revoke-secret",
				"PATCH /v1/access-tokens/" + good.ID, "POST /v1/access-tokens/" + good.ID + "/regenerate",
				"POST /v1/access-tokens/" + good.ID + "/hold",
			} {
				answers.Write(s.exchange(operation + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer " + client.value +
					"\r\nIdempotency-Key: " + value + "\r\nLatchkey-Expects: " + value + "\r\nLatchkey-Run: " + value +
					"\r\nContent-Type: application/json\r\nContent-Length: " + strconv.Itoa(len(document)) + "\r\n\r\n" + document))
			}
		}
		for _, raw := range []string{
			"GET / HTTP/1.1\r\n" + value + "\r\n\r\n", "GET /" + value + " HTTP/9.9\r\n\r\n", value + "\r\n\r\n",
			"POST /v1/introspect HTTP/1.1\r\nHost: x\r\nContent-Length: " + value + "\r\n\r\n",
			"POST /v1/introspect HTTP/1.1\r\nHost: x\r\nExpect: " + value + "\r\nTransfer-Encoding: " + value + "\r\n\r\n",
			"GET /%zz" + value + " HTTP/1.1\r\nHost: " + value + "\r\n\r\n",
		} {
			answers.Write(s.exchange(raw))
		}
	}
	s.eventually("the value is revoked", func() bool {
		got := s.post("/v1/revoke", "", "token="+revoked.value)
		fmt.Fprintln(&answers, got.status, got.header, got.body)
		return got.status == http.StatusOK
	})
	w.moveDatabase("", ".away") // errors about the database are logged, too
	s.eventually("the server has noticed", func() bool { return s.problems() != "" })
	w.moveDatabase(".away", "")
	s.eventually("the server may be asked", func() bool { return s.get("/readyz", "").status == http.StatusOK })
	said.texts["the answers"] = answers.String()
	events, err := owner.Events(t.Context(), tokens.EventQuery{})
	w.must(err)
	said.texts["the events"] = fmt.Sprintf("%+v", events)
	said.texts["the metrics"] = s.get("/metrics", "").body
	for _, name := range []string{"cmdline", "environ"} {
		content, err := os.ReadFile(fmt.Sprintf("/proc/%d/%s", s.cmd.Process.Pid, name))
		w.must(err)
		said.texts[name] = string(content)
	}
	s.signal(syscall.SIGQUIT)
	s.wait()
	said.texts["the log"] = s.log()
	said.addFiles(t, w.dir)
	if !strings.Contains(said.texts["the log"], "goroutine 1") || !strings.Contains(said.texts["the metrics"], "latchkey_cache_rows") ||
		!strings.Contains(said.texts["the answers"], "X-Latchkey-Token-Id: "+good.ID) ||
		!strings.Contains(said.texts["the answers"], `{"active":true`) || !strings.Contains(said.texts["the answers"], `"code":"invalid"`) ||
		!strings.Contains(said.texts["the events"], string(tokens.ActionAccessTokenRevoke)) || !strings.Contains(said.texts["cmdline"], "--permissions-header") {
		t.Error("the server did not say what is searched")
	}
	said.check(t, len(values))
}

// exchange sends bytes to the server and returns what it answers until it ends the connection.
func (s *server) exchange(raw string) []byte {
	s.t.Helper()
	c := s.dial()
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		s.t.Fatal(err)
	}
	go func() { _, _ = io.WriteString(c, raw) }()
	answer, err := io.ReadAll(c)
	if os.IsTimeout(err) {
		s.t.Errorf("no end of the connection after %.30q", raw)
	}
	return answer
}

// TestExamplesHoldNoSecrets looks for well-formed values in what users copy.
func TestExamplesHoldNoSecrets(t *testing.T) {
	value := regexp.MustCompile(`[a-z][a-z0-9]{0,7}_[0-9A-Za-z]{46}`)
	files := 0
	for _, folder := range []string{"examples", "templates", "docs"} {
		w := filepath.Join(repository, folder)
		err := filepath.WalkDir(w, func(path string, entry os.DirEntry, err error) error {
			if err != nil || entry.IsDir() {
				return err
			}
			files++
			content, err := os.ReadFile(path)
			if found := value.Find(content); found != nil {
				t.Errorf("%s holds what looks like a value, which begins with %s", path, found[:10])
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
	}
	if files == 0 {
		t.Error("there are no examples")
	}
}
