package httpapi_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/httpapi"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

const (
	inactive = "200 OK\nCache-Control: no-store\nContent-Length: 16\nContent-Type: application/json\n" + `{"active":false}`
	path     = "/v1/introspect"
)

// client is a token that may introspect everywhere.
func client() tokens.AccessToken {
	t := token()
	t.User.Role = tokens.RoleAdministrator
	return t
}

func TestIntrospectActive(t *testing.T) {
	issued, expiry := time.Unix(1_900_000_000, 600_000_000).Add(-time.Hour), time.Unix(4_000_000_000, 600_000_000)
	group := tokens.NewID(tokens.KindGroup, issued)
	good := token()
	good.Name, good.Secret.CreatedAt, good.ExpiresAt = "a name", issued, expiry
	good.User.GroupRoles = []tokens.GroupRole{{GroupID: group, Role: tokens.RoleMember}}
	unlimited, powerless := token(), token()
	powerless.User.Role = tokens.RoleNone
	previous := token()
	previous.Previous = &tokens.PreviousSecret{Version: 2, CreatedAt: issued, EndsAt: expiry}
	for _, test := range []struct {
		name    string
		expiry  bool
		token   tokens.AccessToken
		version int64
		scope   string
		issued  time.Time
		exp     string
	}{
		{"without its expiry", false, good, 3,
			fmt.Sprintf("orders:read stock:* api:read@%s api:write@%[1]s tokens:read@%[1]s", group), issued, ""},
		{"with its expiry", true, good, 3,
			fmt.Sprintf("orders:read stock:* api:read@%s api:write@%[1]s tokens:read@%[1]s", group), issued, `,"exp":4000000000`},
		{"without one to tell", true, unlimited, 3, "orders:read stock:*", unlimited.Secret.CreatedAt, ""},
		{"without permissions", true, powerless, 3, "", powerless.Secret.CreatedAt, ""},
		{"in its grace", true, previous, 2, "orders:read stock:*", issued, `,"exp":4000000000`},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t, httpapi.Renderer{}, func(o *httpapi.Options) { o.IntrospectExpiry = test.expiry })
			value := w.addVersion(test.token, test.version)
			admin := client()
			r := w.post(path, "token="+value+"&token_type_hint=refresh_token", bearer(w.add(admin)))
			want := fmt.Sprintf(`{"active":true,"scope":%q,"client_id":%q,"sub":%q,"username":"ci@acme.latchkey.internal",`+
				`"token_type":"Bearer","iat":%d%s}`, test.scope, test.token.User.ID, test.token.User.ID, test.issued.Unix(), test.exp)
			if r.StatusCode != http.StatusOK || r.body != want || r.Header.Get("Content-Type") != "application/json" ||
				r.Header.Get("Cache-Control") != "no-store" {
				t.Errorf("got\n%s\nwant\n%s", told(r), want)
			}
			if got := w.recorder.last(); got != "introspect allowed" {
				t.Errorf("the observer heard %q", got)
			}
			used := []use{{admin.ID, 3}, {test.token.ID, test.version}}
			if !slices.Equal(w.recorder.used, used) || w.recorder.refused != nil {
				t.Errorf("recorded %v and %v", w.recorder.used, w.recorder.refused)
			}
		})
	}
}

func TestIntrospectInactive(t *testing.T) {
	w := newWorld(t, httpapi.Renderer{}, nil)
	admin := bearer(w.add(client()))
	bad := w.badValues()
	bad["no value at all"] = "%20"
	bad["a value and more"] = w.add(token()) + "%20"
	for cause, value := range bad {
		w.recorder.refused = nil
		if got := told(w.post(path, "token="+url.PathEscape(value), admin)); got != inactive {
			t.Errorf("%s:\n%s\nwant\n%s", cause, got, inactive)
		}
		if got := w.recorder.last(); got != "introspect refused" {
			t.Errorf("%s: the observer heard %q", cause, got)
		}
		if _, looked := tokens.PresentedSecret(value); looked != (len(w.recorder.refused) == 1) {
			t.Errorf("%s: recorded %v", cause, w.recorder.refused)
		}
	}
}

// Of a token at a level where a client may not introspect, it learns nothing, and leaves no trace there.
func TestIntrospectLevels(t *testing.T) {
	w := newWorld(t, httpapi.Renderer{}, nil)
	now := time.Now()
	here, elsewhere := tokens.NewID(tokens.KindGroup, now), tokens.NewID(tokens.KindGroup, now)
	admin := client()
	admin.User.GroupID = here
	header := bearer(w.add(admin))
	for level, active := range map[string]bool{here: true, elsewhere: false, "": false} {
		for _, enabled := range []bool{true, false} {
			good := token()
			good.User.GroupID, good.Enabled = level, enabled
			w.recorder.used, w.recorder.refused = nil, nil
			r := w.post(path, "token="+w.add(good), header)
			if got := strings.HasPrefix(r.body, `{"active":true`); got != (active && enabled) || (!got && told(r) != inactive) {
				t.Errorf("at level %q:\n%s", level, told(r))
			}
			traces := slices.Contains(w.recorder.used, use{good.ID, 3}) || slices.Contains(w.recorder.refused, use{good.ID, 3})
			if traces != active {
				t.Errorf("at level %q: recorded %v and %v", level, w.recorder.used, w.recorder.refused)
			}
		}
	}
}

func TestIntrospectClients(t *testing.T) {
	w := newWorld(t, httpapi.Renderer{}, nil)
	now := time.Now()
	inGroup := client()
	inGroup.User.GroupID = tokens.NewID(tokens.KindGroup, now)
	disabled := client()
	disabled.Enabled = false
	admin, weak, stopped := w.add(client()), w.add(token()), w.add(disabled)
	odd := w.addValue("own-Secret/with+every~kind.of_character==", client())
	good := "token=" + w.add(token())
	for _, test := range []struct {
		name, form string
		header     []string
		status     int
		err        string
	}{
		{"bearer", good, []string{bearer(admin)}, 200, ""},
		{"basic", good, []string{basic("x:" + admin)}, 200, ""},
		{"basic of nobody", good, []string{basic(":" + admin)}, 200, ""},
		{"basic, raw", good, []string{basic("x:" + odd)}, 200, ""},
		{"basic, encoded", good, []string{basic("x%3Ay:" + url.QueryEscape(odd))}, 200, ""},
		{"basic, encoded in lower case", good, []string{basic("x:" + strings.ToLower(url.QueryEscape(odd)))}, 401, "invalid_client"},
		{"basic, all encoded", good, []string{basic("x:" + everyByteEscaped(admin))}, 200, ""},
		{"basic, encoded twice", good, []string{basic("x:" + url.QueryEscape(url.QueryEscape(odd)))}, 401, "invalid_client"},
		{"basic, broken escape", good, []string{basic("x:" + admin + "%zz")}, 401, "invalid_client"},
		{"bearer, encoded", good, []string{bearer(url.QueryEscape(odd))}, 401, "invalid_client"},
		{"form", good + "&client_id=x&client_secret=" + admin, nil, 200, ""},
		{"form, no id", good + "&client_secret=" + url.QueryEscape(odd), nil, 200, ""},
		{"form, empty, and basic", good + "&client_id=x&client_secret=", []string{basic("x:" + admin)}, 200, ""},
		{"of a group", good, []string{bearer(w.add(inGroup))}, 200, ""},

		{"none", good, nil, 401, "invalid_client"},
		{"user name", good, []string{basic(admin + ":")}, 401, "invalid_client"},
		{"id alone", good + "&client_id=" + admin, nil, 401, "invalid_client"},
		{"unknown", good, []string{bearer(newSecret(t).Reveal())}, 401, "invalid_client"},
		{"stopped", good, []string{bearer(stopped)}, 401, "invalid_client"},
		{"stopped, form", good + "&client_secret=" + stopped, nil, 401, "invalid_client"},
		{"scheme", good, []string{"Authorization: Token " + admin}, 401, "invalid_client"},
		{"stopped, no token", "", []string{bearer(stopped)}, 401, "invalid_client"},
		{"weak", good, []string{bearer(weak)}, 403, "insufficient_scope"},
		{"weak, no token", "", []string{bearer(weak)}, 403, "insufficient_scope"},

		{"two headers", good, []string{bearer(admin), bearer(admin)}, 400, "invalid_request"},
		{"header and form", good + "&client_secret=" + admin, []string{bearer(admin)}, 400, "invalid_request"},
		{"basic and form", good + "&client_secret=" + admin, []string{basic("x:" + admin)}, 400, "invalid_request"},
		{"bad header and form", good + "&client_secret=" + admin, []string{"Authorization: x"}, 400, "invalid_request"},
		{"no token", "", []string{bearer(admin)}, 400, "invalid_request"},
		{"empty token", "token=", []string{bearer(admin)}, 400, "invalid_request"},
		{"two tokens", good + "&" + good, []string{bearer(admin)}, 400, "invalid_request"},
		{"two client secrets", good + "&client_secret=" + admin + "&client_secret=" + admin, nil, 400, "invalid_request"},
		{"no form", "token=%zz", []string{bearer(admin)}, 400, "invalid_request"},
		{"semicolons", "x=y;" + good, []string{bearer(admin)}, 400, "invalid_request"},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := w.post(path, test.form, test.header...)
			if r.StatusCode != test.status {
				t.Fatalf("got\n%s", told(r))
			}
			checkError(t, r, test.err)
			challenged := test.status == 401 || test.status == 403
			if got := r.Header.Values("WWW-Authenticate"); (len(got) > 0) != challenged {
				t.Errorf("the challenges are %q", got)
			}
		})
	}
	if r := w.post(path+"?"+good, "", bearer(admin)); r.StatusCode != http.StatusBadRequest {
		t.Errorf("with the token in the query: %s", told(r))
	}
}

// everyByteEscaped returns a text percent-encoded throughout.
func everyByteEscaped(text string) string {
	var b strings.Builder
	for i := range len(text) {
		fmt.Fprintf(&b, "%%%02x", text[i])
	}
	return b.String()
}

// checkError checks the document of an error, or that there is none.
func checkError(t *testing.T, r reply, code string) {
	t.Helper()
	var document struct {
		Error       string `json:"error"`
		Description string `json:"error_description"`
	}
	if err := json.Unmarshal([]byte(r.body), &document); err != nil {
		t.Fatalf("%q: %v", r.body, err)
	}
	if document.Error != code || (code != "") != (document.Description != "") {
		t.Errorf("got %s", told(r))
	}
	if r.Header.Get("Cache-Control") != "no-store" || r.Header.Get("Content-Type") != "application/json" {
		t.Errorf("the headers are %v", r.Header)
	}
}

func TestFormRequests(t *testing.T) {
	w := newWorld(t, httpapi.Renderer{}, nil)
	admin, good := bearer(w.add(client())), "token="+w.add(token())
	for _, path := range []string{"/v1/introspect", "/v1/revoke"} {
		for _, method := range []string{"GET", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH"} {
			r := w.ask(method+" "+path+"?"+good, admin)
			if r.StatusCode != http.StatusMethodNotAllowed || r.Header.Get("Allow") != "POST" ||
				r.Header.Get("Cache-Control") != "no-store" {
				t.Errorf("%s %s: %s", method, path, told(r))
			}
		}
		for _, media := range []string{"application/json", "", "multipart/form-data; boundary=x", "text/plain", "x"} {
			r := w.postAs(media, path, good, admin)
			if r.StatusCode != http.StatusBadRequest {
				t.Errorf("%s as %q: %s", path, media, told(r))
			}
			checkError(t, r, "invalid_request")
		}
		for _, media := range []string{
			"application/x-www-form-urlencoded; charset=utf-8", "Application/X-WWW-Form-URLEncoded", "application/x-www-form-urlencoded;",
		} {
			if r := w.postAs(media, path, good, admin); r.StatusCode != http.StatusOK {
				t.Errorf("%s as %q: %s", path, media, told(r))
			}
		}
		r := w.post(path, good+"&x="+strings.Repeat("x", 64<<10), admin)
		if r.StatusCode != http.StatusRequestEntityTooLarge {
			t.Errorf("%s with a long form: %s", path, told(r))
		}
		checkError(t, r, "invalid_request")
		if r := w.ask("POST "+path, admin, "Content-Type: application/x-www-form-urlencoded", "Content-Length: 65537",
			"Expect: 100-continue"); r.StatusCode != http.StatusRequestEntityTooLarge {
			t.Errorf("%s with a long form to come: %s", path, told(r))
		}
		chunked := requestText("POST "+path, admin, "Content-Type: application/x-www-form-urlencoded", "Transfer-Encoding: chunked")
		if r := parse(t, w.send(fmt.Sprintf("%s%x\r\n%s\r\n0\r\n\r\n", chunked, len(good), good))); r.StatusCode != http.StatusOK {
			t.Errorf("%s with chunks: %s", path, told(r))
		}
		long := fmt.Sprintf("%s%x\r\n%s\r\n0\r\n\r\n", chunked, 65_537, good+strings.Repeat("&", 65_537-len(good)))
		if r := parse(t, w.send(long)); r.StatusCode != http.StatusRequestEntityTooLarge {
			t.Errorf("%s with long chunks: %s", path, told(r))
		}
		if r := parse(t, w.send(chunked+"zz\r\n")); r.StatusCode != http.StatusBadRequest {
			t.Errorf("%s with broken chunks: %s", path, told(r))
		}
		if r := w.ask("POST "+path+"/", admin); r.StatusCode != http.StatusNotFound {
			t.Errorf("%s/: %s", path, told(r))
		}
	}
}

// A client that is slow to send its form keeps a connection for some seconds, and no longer.
func TestSlowForm(t *testing.T) {
	w := newWorld(t, httpapi.Renderer{}, func(o *httpapi.Options) {
		o.Now = func() time.Time { return time.Now().Add(-time.Minute) } // so that the time is over at once
	})
	for _, path := range []string{"/v1/introspect", "/v1/revoke"} {
		head := requestText("POST "+path, "Content-Type: application/x-www-form-urlencoded", "Content-Length: 77")
		r := parse(t, w.send(head+"token="))
		if r.StatusCode != http.StatusRequestTimeout || !r.Close {
			t.Errorf("%s: %s", path, told(r))
		}
		checkError(t, r, "invalid_request")
	}
}

func TestIntrospectUnavailable(t *testing.T) {
	w := newWorld(t, httpapi.Renderer{}, nil)
	admin := w.add(client())
	w.post(path, "token=x", bearer(admin)) // now it is known
	w.database.err = tokens.Unavailable(nil, "the disk is gone")
	for name, header := range map[string]string{"the token": bearer(admin), "the client": bearer(newSecret(t).Reveal())} {
		r := w.post(path, "token="+newSecret(t).Reveal(), header)
		if got, want := told(r), "503 Service Unavailable\nCache-Control: no-store\nContent-Length: 0\n"; got != want {
			t.Errorf("%s can't be looked up: got\n%s\nwant\n%s", name, got, want)
		}
	}
}
