package httpapi_test

import (
	"encoding/base64"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/httpapi"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

func basic(pair string) string {
	return "Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte(pair))
}

func TestAuthenticate(t *testing.T) {
	w := newWorld(t, httpapi.Renderer{Permissions: true}, nil)
	good := token()
	value := w.add(good)
	for _, test := range []struct {
		name, request string
		header        []string
		status        int
	}{
		{"a bearer token", "GET /v1/authenticate", []string{bearer(value)}, 200},
		{"in lower case", "GET /v1/authenticate", []string{"authorization: bearer " + value}, 200},
		{"in any case", "GET /v1/authenticate", []string{"AUTHORIZATION: bEARER " + value}, 200},
		{"after several blanks", "GET /v1/authenticate", []string{"Authorization:   Bearer   " + value + "  "}, 200},
		{"after a tab", "GET /v1/authenticate", []string{"Authorization: Bearer\t" + value}, 401},
		{"a password", "GET /v1/authenticate", []string{basic("x:" + value)}, 200},
		{"a password of nobody", "GET /v1/authenticate", []string{basic(":" + value)}, 200},
		{"a password in any case", "GET /v1/authenticate", []string{strings.Replace(basic("x:"+value), "Basic", "bASIC", 1)}, 200},
		{"a user name", "GET /v1/authenticate", []string{basic(value + ":")}, 401},
		{"a user name alone", "GET /v1/authenticate", []string{basic(value)}, 401},
		{"a password with a colon", "GET /v1/authenticate", []string{basic("x:y:" + value)}, 401},
		{"a password in no base64", "GET /v1/authenticate", []string{"Authorization: Basic x:" + value}, 401},
		{"a password in base64 for URLs", "GET /v1/authenticate", []string{"Authorization: Basic Pz8_Og"}, 401},
		{"an empty password", "GET /v1/authenticate", []string{"Authorization: Basic "}, 401},
		{"a scheme that looks alike", "GET /v1/authenticate", []string{"Authorization: Ba\u017fic " + basic("x:" + value)[21:]}, 401},
		{"another scheme", "GET /v1/authenticate", []string{"Authorization: Token " + value}, 401},
		{"no scheme", "GET /v1/authenticate", []string{"Authorization: " + value}, 401},
		{"no value", "GET /v1/authenticate", []string{"Authorization: Bearer "}, 401},
		{"an empty header", "GET /v1/authenticate", []string{"Authorization: "}, 401},
		{"nothing", "GET /v1/authenticate", nil, 401},
		{"two headers", "GET /v1/authenticate", []string{bearer(value), bearer(value)}, 401},
		{"two headers, one empty", "GET /v1/authenticate", []string{bearer(value), "Authorization: "}, 401},
		{"two headers of two schemes", "GET /v1/authenticate", []string{bearer(value), basic("x:" + value)}, 401},
		{"two values in one header", "GET /v1/authenticate", []string{bearer(value + ", Bearer " + value)}, 401},
		{"two values without a scheme", "GET /v1/authenticate", []string{bearer(value + "," + value)}, 401},
		{"a comma", "GET /v1/authenticate", []string{bearer(value + ",")}, 401},
		{"a word more", "GET /v1/authenticate", []string{bearer(value + " x")}, 401},
		{"quotes", "GET /v1/authenticate", []string{bearer(`"` + value + `"`)}, 401},
		{"in the query", "GET /v1/authenticate?access_token=" + value, nil, 401},
		{"in another header", "GET /v1/authenticate", []string{"Proxy-Authorization: Bearer " + value}, 401},

		{"HEAD", "HEAD /v1/authenticate", []string{bearer(value)}, 200},
		{"POST", "POST /v1/authenticate", []string{bearer(value), "Content-Length: 0"}, 200},
		{"OPTIONS", "OPTIONS /v1/authenticate", []string{bearer(value)}, 200},
		{"OPTIONS without a token", "OPTIONS /v1/authenticate", nil, 401},
		{"a method of its own", "PURGE /v1/authenticate", []string{bearer(value)}, 200},
		{"a query", "GET /v1/authenticate?x=%zz;y", []string{bearer(value)}, 200},
		{"a further path", "GET /v1/authenticate/orders/7", []string{bearer(value)}, 200},
		{"a further path upwards", "GET /v1/authenticate/../../x/%2e%2e//y", []string{bearer(value)}, 200},
		{"a further path without a token", "GET /v1/authenticate/../../healthz", nil, 401},
		{"an absolute target", "GET http://elsewhere.example/v1/authenticate", []string{bearer(value)}, 200},
		{"an absolute target without a token", "GET http://elsewhere.example/v1/authenticate", nil, 401},

		{"an absolute target without a path", "GET http://elsewhere.example", []string{bearer(value)}, 404},
		{"a longer word", "GET /v1/authenticated", []string{bearer(value)}, 404},
		{"an encoded path", "GET /v1/%61uthenticate", []string{bearer(value)}, 404},
		{"an encoded path before a bare quote", `GET /v1/%61uthenticate/"`, []string{bearer(value)}, 404},
		{"a further path with a bare quote", `GET /v1/authenticate/%2e"`, []string{bearer(value)}, 200},
		{"an encoded slash", "GET /v1%2fauthenticate", []string{bearer(value)}, 404},
		{"another case", "GET /V1/authenticate", []string{bearer(value)}, 404},
		{"two slashes", "GET //v1/authenticate", []string{bearer(value)}, 404},
		{"a path to be cleaned", "GET /v1/x/../authenticate", []string{bearer(value)}, 404},
		{"the root", "GET /", []string{bearer(value)}, 404},
		{"OPTIONS *", "OPTIONS *", []string{bearer(value)}, 404},
		{"CONNECT", "CONNECT elsewhere.example:443", []string{bearer(value)}, 404},
		{"CONNECT with a path", "CONNECT /v1/authenticate", []string{bearer(value)}, 404},
		{"an unknown expectation", "GET /v1/authenticate", []string{bearer(value), "Expect: more"}, 417},
		{"a broken escape", "GET /v1/authenticate/%zz", []string{bearer(value)}, 400},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := w.ask(test.request, test.header...)
			if r.StatusCode != test.status {
				t.Fatalf("got %s", told(r))
			}
			if test.status == http.StatusBadRequest || test.status == http.StatusExpectationFailed {
				return // net/http's own
			}
			if got := r.Header.Values("Cache-Control"); !slices.Equal(got, []string{"no-store"}) {
				t.Errorf("Cache-Control is %q", got)
			}
			if got := r.Header.Get("X-Latchkey-Token-Id"); (got == good.ID) != (test.status == 200) {
				t.Errorf("the token is %q", got)
			}
			if r.Header.Get("Content-Length") != "0" || r.body != "" {
				t.Errorf("there is a body %q", r.body)
			}
		})
	}
}

func TestAllowedHeaders(t *testing.T) {
	w := newWorld(t, httpapi.Renderer{Permissions: true}, nil)
	good := token()
	want := "200 OK\nCache-Control: no-store\nContent-Length: 0\n" +
		"X-Latchkey-Organization: acme\n" +
		"X-Latchkey-Permissions: orders:read stock:*\n" +
		"X-Latchkey-Roles: clerk\n" +
		"X-Latchkey-Technical-User: ci%40acme.latchkey.internal\n" +
		"X-Latchkey-Token-Id: " + good.ID + "\n" +
		"X-Latchkey-Token-Name: deploys\n"
	if got := told(w.get("/v1/authenticate", bearer(w.add(good)))); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// Whatever the cause of a refusal, a client learns the same.
func TestRefusals(t *testing.T) {
	for challenge, want := range map[httpapi.Challenge]string{
		httpapi.ChallengeBoth: `Www-Authenticate: Bearer realm="latchkey", error="invalid_token"
Www-Authenticate: Basic realm="latchkey", charset="UTF-8"
`,
		httpapi.ChallengeBearer: `Www-Authenticate: Bearer realm="latchkey", error="invalid_token"
`,
		httpapi.ChallengeBasic: `Www-Authenticate: Basic realm="latchkey", charset="UTF-8"
`,
	} {
		t.Run(string(challenge), func(t *testing.T) {
			w := newWorld(t, httpapi.Renderer{}, func(o *httpapi.Options) { o.Challenge = challenge })
			want := "401 Unauthorized\nCache-Control: no-store\nContent-Length: 0\n" + want
			for cause, value := range w.badValues() {
				for _, path := range []string{"/v1/authenticate", "/v1/authorize/orders:read", "/v1/authorize/ill-formed"} {
					if got := told(w.get(path, bearer(value))); got != want {
						t.Errorf("%s at %s:\n%s\nwant\n%s", cause, path, got, want)
					}
				}
			}
			if got := told(w.get("/v1/authenticate")); got != want {
				t.Errorf("without a value:\n%s\nwant\n%s", got, want)
			}
		})
	}
}

// badValues returns values that are not active, by the cause.
func (w *world) badValues() map[string]string {
	hourAgo, inAnHour := time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	with := func(change func(*tokens.AccessToken)) string {
		t := token()
		change(&t)
		return w.add(t)
	}
	replaced := token()
	replaced.Previous = &tokens.PreviousSecret{Version: 2, EndsAt: time.Now().Add(-time.Minute)}
	return map[string]string{
		"unknown":    newSecret(w.t).Reveal(),
		"expired":    with(func(t *tokens.AccessToken) { t.ExpiresAt = hourAgo }),
		"disabled":   with(func(t *tokens.AccessToken) { t.Enabled = false }),
		"no user":    with(func(t *tokens.AccessToken) { t.User.Enabled = false }),
		"held":       with(func(t *tokens.AccessToken) { t.Held = &tokens.Stop{} }),
		"revoked":    with(func(t *tokens.AccessToken) { t.Secret.EndedAt = hourAgo }),
		"pending":    with(func(t *tokens.AccessToken) { t.ActivatesAt = inAnHour }),
		"superseded": w.addVersion(token(), 2),
		"grace over": w.addVersion(replaced, 2),
		"too short":  "lk_",
		"misspelled": strings.Repeat("lk ", 20),
	}
}

func TestAuthorize(t *testing.T) {
	w := newWorld(t, httpapi.Renderer{}, nil)
	group, otherGroup := tokens.NewID(tokens.KindGroup, time.Now()), tokens.NewID(tokens.KindGroup, time.Now())
	clerk := token()
	inGroup := token()
	inGroup.User.GroupID = group
	owner := token()
	owner.User.Role = tokens.RoleOwner
	powerless := token()
	powerless.User.Role = tokens.RoleNone
	values := map[string]string{
		"clerk": w.add(clerk), "clerk of a group": w.add(inGroup), "owner": w.add(owner), "nobody": w.add(powerless),
	}
	for _, test := range []struct {
		who, path string
		status    int
	}{
		{"clerk", "orders:read", 200},
		{"clerk", "orders:read/", 200},
		{"clerk", "orders:read/orders:write/../x?orders:write", 200},
		{"clerk", "orders:read?orders:write", 200},
		{"clerk", "orders:read@" + group, 200},
		{"clerk", "stock:count", 200},
		{"clerk", "stock:*", 200},
		{"clerk", "orders:write", 403},
		{"clerk", "orders:*", 403},
		{"clerk", "*", 403},
		{"clerk", "orders:write/orders:read", 403},
		{"clerk", "orders", 403},
		{"clerk", "", 403},
		{"clerk", "/orders:read", 403},
		{"clerk", "orders%3Aread", 403},
		{"clerk", "orders:rea%64", 403},
		{"clerk", "orders:read%2F", 403},
		{"clerk", "Orders:read", 403},
		{"clerk", "orders:read,orders:write", 403},
		{"clerk", "orders:read@", 403},
		{"clerk", "orders:read@grp_1", 403},
		{"clerk", "orders:read@" + clerk.ID, 403},
		{"clerk", "orders:read@" + group + "@" + group, 403},
		{"clerk", "@" + group, 403},
		{"clerk of a group", "orders:read@" + group, 200},
		{"clerk of a group", "stock:count@" + group, 200},
		{"clerk of a group", "orders:read", 403},
		{"clerk of a group", "orders:read@" + otherGroup, 403},
		{"clerk of a group", "orders:write@" + group, 403},
		{"owner", "anything:at-all", 200},
		{"owner", "anything:at-all@" + otherGroup, 200},
		{"owner", "*", 200},
		{"owner", "tokens:introspect", 200},
		{"owner", "tokens:unheard-of", 403},
		{"owner", "ill-formed", 403},
		{"owner", "", 403},
		{"nobody", "orders:read", 403},
		{"", "orders:read", 401},
		{"", "ill-formed", 401},
	} {
		t.Run(test.who+" "+test.path, func(t *testing.T) {
			value, ok := values[test.who]
			if !ok {
				value = newSecret(t).Reveal()
			}
			r := w.get("/v1/authorize/"+test.path, bearer(value))
			if r.StatusCode != test.status {
				t.Fatalf("got %s", told(r))
			}
			if test.status == 403 {
				want := "403 Forbidden\nCache-Control: no-store\nContent-Length: 0\n" +
					"Www-Authenticate: Bearer realm=\"latchkey\", error=\"insufficient_scope\"\n"
				if got := told(r); got != want {
					t.Errorf("got\n%s\nwant\n%s", got, want)
				}
			}
		})
	}
	if r := w.get("/v1/authorize", bearer(values["owner"])); r.StatusCode != http.StatusNotFound {
		t.Errorf("without a permission: %s", told(r))
	}
}

func TestIllFormedPermissionIsLogged(t *testing.T) {
	w := newWorld(t, httpapi.Renderer{}, nil)
	good := token()
	value := w.add(good)
	for range 3 {
		w.get("/v1/authorize/orders="+value+"@x", bearer(value))
	}
	log := w.log.String()
	if strings.Count(log, "\n") != 1 || !strings.Contains(log, good.ID) {
		t.Errorf("the log is %q", log)
	}
	if strings.Contains(log, value[:12]) {
		t.Error("the log has the value")
	}
}

func TestUnavailable(t *testing.T) {
	w := newWorld(t, httpapi.Renderer{}, nil)
	w.database.err = tokens.Unavailable(nil, "the disk is gone")
	want := "503 Service Unavailable\nCache-Control: no-store\nContent-Length: 0\n"
	for _, path := range []string{"/v1/authenticate", "/v1/authorize/orders:read", "/v1/authorize/ill-formed"} {
		if got := told(w.get(path, bearer(newSecret(t).Reveal()))); got != want {
			t.Errorf("%s: got\n%s\nwant\n%s", path, got, want)
		}
		if got := w.recorder.last(); !strings.HasSuffix(got, " unavailable") {
			t.Errorf("%s: the observer heard %q", path, got)
		}
	}
}

func TestUses(t *testing.T) {
	w := newWorld(t, httpapi.Renderer{}, nil)
	good, disabled := token(), token()
	disabled.Enabled = false
	goodValue, badValue := bearer(w.add(good)), bearer(w.add(disabled))
	for _, test := range []struct {
		name, path, header, observed string
		used, refused                []use
	}{
		{"good", "/v1/authenticate", goodValue, "authenticate allowed", []use{{good.ID, 3}}, nil},
		{"may", "/v1/authorize/orders:read", goodValue, "authorize allowed", []use{{good.ID, 3}}, nil},
		{"may not", "/v1/authorize/orders:write", goodValue, "authorize forbidden", []use{{good.ID, 3}}, nil},
		{"disabled", "/v1/authenticate", badValue, "authenticate refused", nil, []use{{disabled.ID, 3}}},
		{"disabled, may", "/v1/authorize/orders:read", badValue, "authorize refused", nil, []use{{disabled.ID, 3}}},
		{"unknown", "/v1/authenticate", bearer(newSecret(t).Reveal()), "authenticate refused", nil, []use{{}}},
		{"none", "/v1/authenticate", "X: y", "authenticate refused", nil, nil},
		{"elsewhere", "/elsewhere", goodValue, "other invalid", nil, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			w.recorder.used, w.recorder.refused = nil, nil
			w.get(test.path, test.header)
			if got := w.recorder.last(); got != test.observed {
				t.Errorf("the observer heard %q, not %q", got, test.observed)
			}
			if !slices.Equal(w.recorder.used, test.used) || !slices.Equal(w.recorder.refused, test.refused) {
				t.Errorf("recorded %v and %v", w.recorder.used, w.recorder.refused)
			}
		})
	}
}
