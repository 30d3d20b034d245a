package acceptance

import (
	"encoding/base64"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// manyGroups are so many that their roles don't fit into the headers that nginx takes.
const manyGroups = 200

// longName is as long as a name can be, and longest where each byte is encoded.
var longName = strings.Repeat("𝔘", 128)

// gatewayTokens is a configuration with tokens for an API.
var gatewayTokens = `
	resource "latchkey_role" "reader" {
		name        = "orders-reader"
		permissions = ["orders:read"]
	}
	resource "latchkey_role" "writer" {
		name        = "orders-writer"
		permissions = ["orders:*"]
	}
	resource "latchkey_technical_user" "reader" {
		name = "reader"
		role = latchkey_role.reader.name
	}
	resource "latchkey_technical_user" "writer" {
		name = "writer"
		role = latchkey_role.writer.name
	}
	resource "latchkey_access_token" "reader" {
		name              = "Bestellungen für März: 100 %"
		technical_user_id = latchkey_technical_user.reader.id
	}
	resource "latchkey_access_token" "writer" {
		name              = "-"
		technical_user_id = latchkey_technical_user.writer.id
	}
	resource "latchkey_access_token" "disabled" {
		name              = "disabled"
		technical_user_id = latchkey_technical_user.writer.id
		enabled           = false
	}
	resource "latchkey_group" "many" {
		count = ` + fmt.Sprint(manyGroups) + `
		name  = "group-${count.index}"
	}
	resource "latchkey_technical_user" "many" {
		name        = "many"
		role        = "none"
		group_roles = [for group in latchkey_group.many : { group_id = group.id, role = "member" }]
	}
	resource "latchkey_access_token" "many" {
		name              = "` + longName + `"
		technical_user_id = latchkey_technical_user.many.id
	}
`

// TestGateways sends requests through the gateways of examples/gateways, which ask a server about them. The API behind
// learns whose token it was, and never what a client made up.
func TestGateways(t *testing.T) {
	w := newWorkspace(t)
	w.configure(gatewayTokens)
	w.terraform("apply", "-parallelism=50").exits(0)
	tokens := w.state().tokens(t)
	named := func(name string) tokenState { return tokens[tokenPrefix+name] }
	server := w.serve()
	server.judgeAll(tokens)
	for name, gateway := range gateways {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			api := startAPI(t)
			tr := traffic{t, gateway.start(t, server.address, api.address), api}
			tr.refuses(named("reader").Token, named("disabled").Token)
			tr.passes(named)
			tr.hidesForgeries(named("reader"))
			tr.hidesOtherTargets(named("reader").Token)
			tr.keepsPathsApart(named("reader").Token)
			tr.answersPreflights(named("reader").Token)
			tr.carriesLongIdentities(named("many"))
			tr.writesNoSecret(tokens)
		})
	}
}

// identityOf returns the headers from which the API learns about a token.
func identityOf(token tokenState, technicalUser, roles string) map[string][]string {
	return map[string][]string{
		"X-Latchkey-Token-Id":       {token.ID},
		"X-Latchkey-Token-Name":     {escaped(token.Name)},
		"X-Latchkey-Technical-User": {escaped(technicalUser + "@acme.latchkey.internal")},
		"X-Latchkey-Organization":   {"acme"},
		"X-Latchkey-Roles":          {roles},
		"X-Latchkey-Permissions":    {"-"}, // nobody asked for them
	}
}

// escaped returns a name as a header has it: all but RFC 3986's unreserved characters is percent-encoded, and so is the
// name `-`, which would otherwise mean that there is none.
func escaped(name string) string {
	if name == "-" {
		return "%2D"
	}
	var b strings.Builder
	for _, c := range []byte(name) {
		if strings.IndexByte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~", c) >= 0 {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

// basic returns the line with a value as password.
func basic(user, password string) string {
	return "Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password))
}

// refuses sends requests without a good token.
func (tr traffic) refuses(reader, disabled string) {
	tr.t.Helper()
	for name, test := range map[string]struct {
		request string
		want    int
	}{
		"no token":          {request("GET /orders/1"), http.StatusUnauthorized},
		"an unknown value":  {request("GET /orders/1", bearer("lk_"+strings.Repeat("x", 46))), http.StatusUnauthorized},
		"what is no value":  {request("GET /orders/1", bearer("owner")), http.StatusUnauthorized},
		"a disabled token":  {request("GET /account/", bearer(disabled)), http.StatusUnauthorized},
		"another scheme":    {request("GET /account/", "Authorization: Digest "+reader), http.StatusUnauthorized},
		"value as user":     {request("GET /account/", basic(reader, "")), http.StatusUnauthorized},
		"no permission":     {request("DELETE /orders/1", bearer(reader)), http.StatusForbidden},
		"an unlisted path":  {request("GET /admin", bearer(reader)), http.StatusNotFound},
		"the root":          {request("GET /", bearer(reader)), http.StatusNotFound},
		"a gateway's path":  {request("GET /_latchkey/authorize", bearer(reader)), http.StatusNotFound},
		"another gateway's": {request("GET /v1/authorize/orders:read", bearer(reader)), http.StatusNotFound},
		"a body": {
			request("POST /orders/1", bearer(reader), "Content-Length: 5") + "hello", http.StatusForbidden,
		},
		"an announced body": {
			request("POST /orders/1", bearer(reader), "Content-Length: 5", "Expect: 100-continue") + "hello", http.StatusForbidden,
		},
		"no token but OPTIONS": {request("OPTIONS /orders/1", "Origin: https://app.example.com"), http.StatusUnauthorized},
	} {
		status, headers, passed := tr.send(test.request)
		if status != test.want || len(passed) != 0 {
			tr.t.Errorf("%s: %d, and the API got %v", name, status, passed)
		}
		// nginx before 1.23 passes only the first of two challenges on.
		challenge := headers.Get("WWW-Authenticate")
		if status == http.StatusUnauthorized && !strings.HasPrefix(challenge, "Bearer realm=") {
			tr.t.Errorf("%s: the challenge is %q", name, challenge)
		}
	}
	// Whichever gateway it is, it doesn't choose between two.
	for _, headers := range [][]string{{bearer(reader), bearer("x")}, {bearer("x"), bearer(reader)}} {
		if status, _, passed := tr.send(request("GET /account/", headers...)); status/100 != 4 || len(passed) != 0 {
			tr.t.Errorf("two credentials: %d, and the API got %v", status, passed)
		}
	}
}

// passes sends requests with good tokens. The API gets them whole, without the token, and with whose it is.
func (tr traffic) passes(named func(string) tokenState) {
	tr.t.Helper()
	reader := identityOf(named("reader"), "reader", "orders-reader")
	writer := identityOf(named("writer"), "writer", "orders-writer")
	read, write := bearer(named("reader").Token), bearer(named("writer").Token)
	cookie := strings.Repeat("c", 60_000)
	for name, test := range map[string]struct {
		request  string
		identity map[string][]string
		line     string
		body     string
	}{
		"GET":          {request("GET /orders/1?a=b", read), reader, "GET /orders/1?a=b", ""},
		"HEAD":         {request("HEAD /orders/1", read), reader, "HEAD /orders/1", ""},
		"a password":   {request("GET /orders/", basic("me", named("reader").Token)), reader, "GET /orders/", ""},
		"lower case":   {request("GET /orders/", "authorization: bearer "+named("reader").Token), reader, "GET /orders/", ""},
		"any token":    {request("GET /account/x", read), reader, "GET /account/x", ""},
		"a long head":  {request("GET /account/", read, "Cookie: "+cookie), reader, "GET /account/", ""},
		"a long query": {request("GET /account/?q="+cookie, read), reader, "GET /account/?q=" + cookie, ""},
		"no body":      {request("DELETE /orders/1", write), writer, "DELETE /orders/1", ""},
		"an empty body": {
			request("POST /orders/", write, "Content-Length: 0"), writer, "POST /orders/", "",
		},
		"a body": {
			request("POST /orders/", write, "Content-Length: 5") + "hello", writer, "POST /orders/", "hello",
		},
		"chunks": {
			request("PUT /orders/1", write, "Transfer-Encoding: chunked") + "5\nhello\n0\n\n", writer, "PUT /orders/1", "hello",
		},
		"an announced body": {
			request("POST /orders/", write, "Content-Length: 5", "Expect: 100-continue") + "hello", writer, "POST /orders/", "hello",
		},
		"a query like a rule": {
			request("GET /orders/1?/v1/authorize/orders:write&permission=*", read), reader,
			"GET /orders/1?/v1/authorize/orders:write&permission=*", "",
		},
	} {
		status, _, passed := tr.send(test.request)
		if status != http.StatusOK || len(passed) != 1 {
			tr.t.Errorf("%s: %d, and the API got %d requests", name, status, len(passed))
			continue
		}
		got := passed[0]
		if !strings.HasPrefix(got.line, test.line+" HTTP/1.") || got.body != test.body {
			tr.t.Errorf("%s: the API got %.100q with body %q", name, got.line, got.body)
		}
		tr.hasIdentity(name, got, test.identity)
		for _, header := range got.headers {
			if strings.HasPrefix(strings.ToLower(header), "authorization") {
				tr.t.Errorf("%s: the API got a token", name)
			}
		}
	}
}

// hidesForgeries sends identities that a client made up.
func (tr traffic) hidesForgeries(reader tokenState) {
	tr.t.Helper()
	want := identityOf(reader, "reader", "orders-reader")
	for _, headers := range [][]string{
		{"X-Latchkey-Roles: owner"},
		{"x-latchkey-roles: owner", "X-LATCHKEY-ROLES: owner", "X-Latchkey-Permissions: *"},
		{"X-Latchkey-Token-Id: tok_forged", "X-Latchkey-Token-Name: forged", "X-Latchkey-Organization: forged"},
		{"X-Latchkey-Technical-User: forged", "X-Latchkey-Roles:", "X-Latchkey-Permissions:"},
		{"X_Latchkey_Roles: owner", "X_LATCHKEY_TECHNICAL_USER: forged", "x_latchkey_permissions: *"},
		{"X-Latchkey_Roles: owner", "X_Latchkey-Roles: owner"},
		{"X.Latchkey.Roles: owner", "X-Latchkey.Roles: owner", "X.Latchkey_Roles: owner"},
		{"Connection: X-Latchkey-Roles", "X-Latchkey-Roles: owner"},
		{"Connection: close, X-Latchkey-Roles, X-Latchkey-Token-Id, X-Latchkey-Permissions"},
		{"Connection: keep-alive", "Connection: x-latchkey-technical-user"},
		{"Proxy-Connection: X-Latchkey-Roles", "Keep-Alive: X-Latchkey-Roles", "Upgrade: X-Latchkey-Roles"},
	} {
		name := strings.Join(headers, "; ")
		headers = append(headers, bearer(reader.Token))
		status, _, passed := tr.send(request("GET /orders/1", headers...))
		if status != http.StatusOK || len(passed) != 1 {
			tr.t.Errorf("%s: %d, and the API got %v", name, status, passed)
			continue
		}
		tr.hasIdentity(name, passed[0], want)
	}
	// Names that HTTP doesn't allow are refused or dropped.
	for _, header := range []string{
		"X-Latchkey-Roles : owner", " X-Latchkey-Roles: owner", "X-Latchkey-Roles\t: owner", "X Latchkey Roles: owner",
	} {
		status, _, passed := tr.send(request("GET /orders/1", bearer(reader.Token), header))
		if status == http.StatusOK && len(passed) == 1 {
			tr.hasIdentity(header, passed[0], want)
		} else if status/100 != 4 || len(passed) != 0 {
			tr.t.Errorf("%q: %d, and the API got %v", header, status, passed)
		}
	}
}

// hidesOtherTargets sends other paths and methods than those that were judged, in headers by which some APIs choose what
// to do.
func (tr traffic) hidesOtherTargets(reader string) {
	tr.t.Helper()
	for _, name := range []string{
		"X-Original-URL", "X-Rewrite-URL", "X-Forwarded-Uri", "X-Forwarded-Method",
		"X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override",
	} {
		for _, spelling := range []string{
			name, strings.ToLower(name), strings.ReplaceAll(name, "-", "_"), strings.ReplaceAll(name, "-", "."),
		} {
			for _, line := range []string{"GET /orders/1", "GET /account/"} {
				status, _, passed := tr.send(request(line, bearer(reader), spelling+": /orders/forged"))
				if status != http.StatusOK || len(passed) != 1 {
					tr.t.Errorf("%s: %d, and the API got %v", spelling, status, passed)
					continue
				}
				if got := strings.Join(passed[0].headers, "\n"); strings.Contains(got, "forged") {
					tr.t.Errorf("%s, %s: the API got\n%s", line, spelling, got)
				}
			}
		}
	}
}

// keepsPathsApart sends paths that the API could take for others than the gateway.
func (tr traffic) keepsPathsApart(reader string) {
	tr.t.Helper()
	for _, path := range []string{
		"//orders/1", "/account//orders/1", "/account/../orders/1", "/account/./x", "/account/..", "/account/.",
		"/account/%2e%2e/orders/1", "/account/.%2E/orders/1", "/account/..%2forders/1", "/account%2Fx",
		"/account/..;/orders/1", "/account;/x", `/account\..\orders`, "/account/..%5corders", "/account/%252e%252e/orders/1",
		"/account/%00", "/account/%3B", "/account/%", "/account/%zz", "/account/../?",
	} {
		if status, _, passed := tr.send(request("DELETE "+path, bearer(reader))); status/100 != 4 || len(passed) != 0 {
			tr.t.Errorf("%s: %d, and the API got %v", path, status, passed)
		}
	}
	for _, path := range []string{"/account/.well-known", "/account/a..b", "/account/%C3%A9", "/account/?a=//;%2f/../"} {
		status, _, passed := tr.send(request("GET "+path, bearer(reader)))
		if status != http.StatusOK || len(passed) != 1 || !strings.HasPrefix(passed[0].line, "GET "+path+" ") {
			tr.t.Errorf("%s: %d, and the API got %v", path, status, passed)
		}
	}
	// An absolute target is the same as its path.
	status, _, passed := tr.send(request("DELETE http://api.example.com/orders/1", bearer(reader)))
	if status/100 != 4 || len(passed) != 0 {
		tr.t.Errorf("an absolute target: %d, and the API got %v", status, passed)
	}
}

// answersPreflights sends what browsers send before a request from a page of another origin.
func (tr traffic) answersPreflights(reader string) {
	tr.t.Helper()
	const allowed, origin = "Access-Control-Allow-Origin", "https://app.example.com"
	preflight := func(origin string) string {
		return request("OPTIONS /orders/1", "Origin: "+origin, "Access-Control-Request-Method: POST",
			"Access-Control-Request-Headers: authorization", "X-Latchkey-Roles: owner")
	}
	status, headers, passed := tr.send(preflight(origin))
	if status != http.StatusNoContent || headers.Get(allowed) != origin || len(passed) != 0 ||
		!strings.Contains(headers.Get("Access-Control-Allow-Headers"), "Authorization") ||
		!strings.Contains(headers.Get("Access-Control-Allow-Methods"), "POST") {
		tr.t.Errorf("preflight: %d with %v, and the API got %v", status, headers, passed)
	}
	status, headers, passed = tr.send(preflight("https://elsewhere.example.com"))
	if status != http.StatusNoContent || headers.Values(allowed) != nil || len(passed) != 0 {
		tr.t.Errorf("preflight from elsewhere: %d with %v, and the API got %v", status, headers, passed)
	}
	// The page may read the answer to the request itself, also a refusal.
	for value, want := range map[string]int{reader: http.StatusOK, "unknown": http.StatusUnauthorized} {
		status, headers, _ = tr.send(request("GET /orders/1", "Origin: "+origin, bearer(value)))
		if status != want || !slices.Equal(headers.Values(allowed), []string{origin}) {
			tr.t.Errorf("a request of a page: %d, not %d, with %v", status, want, headers)
		}
	}
}

// carriesLongIdentities sends a request of a token whose identity doesn't fit into a gateway's buffers.
func (tr traffic) carriesLongIdentities(token tokenState) {
	tr.t.Helper()
	status, _, passed := tr.send(request("GET /account/", bearer(token.Token)))
	if status != http.StatusOK || len(passed) != 1 {
		tr.t.Errorf("a token with many roles: %d, and the API got %d requests", status, len(passed))
		return
	}
	got := passed[0].identity()
	roles := strings.Fields(strings.Join(got["X-Latchkey-Roles"], " "))
	for _, role := range roles {
		if !strings.HasPrefix(role, "member@grp_") || len(role) != len("member@grp_06hk3v9m2q7x4t8w5z1y6r0p3m") {
			tr.t.Errorf("a role was cut: %s", role)
		}
	}
	if len(roles) < 20 || len(roles) >= manyGroups {
		tr.t.Errorf("the API got %d roles", len(roles))
	}
	delete(got, "X-Latchkey-Roles")
	want := identityOf(token, "many", "")
	delete(want, "X-Latchkey-Roles")
	if !maps.EqualFunc(got, want, slices.Equal) {
		tr.t.Errorf("the API got %q, not %q", got, want)
	}
}

// writesNoSecret looks for values in all that the gateway has written.
func (tr traffic) writesNoSecret(tokens map[string]tokenState) {
	tr.t.Helper()
	files, err := filepath.Glob(filepath.Join(tr.gateway.cmd.Dir, "*"))
	if err != nil {
		tr.t.Fatal(err)
	}
	logged := false
	for _, file := range append(files, tr.gateway.output) {
		content, err := os.ReadFile(file)
		if err != nil {
			continue // a folder
		}
		logged = logged || strings.Contains(string(content), "/orders/1?a=b")
		for _, token := range tokens {
			if strings.Contains(string(content), token.Token) {
				tr.t.Errorf("the value of %s is in %s", token.Name, filepath.Base(file))
			}
		}
	}
	if !logged {
		tr.t.Error("the gateway logged no request")
	}
}
