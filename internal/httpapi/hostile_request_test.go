package httpapi

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// quarry are the identifiers of objects that requests may name, by kind.
type quarry struct {
	mu  sync.Mutex
	ids map[string][]string
}

// note notes an object of which an answer tells: its identifier, its address, the two identifiers of a share, or its value.
func (o *quarry) note(id, email, tokenID, memberID, value string) {
	kind, _, _ := strings.Cut(id, "_")
	for kind, text := range map[string]string{
		kind: id, "email": email, "share": tokenID + "/" + memberID, "secret": value,
	} {
		if text != "" && text != "/" {
			o.add(kind, text)
		}
	}
}

// add adds one of a kind. The oldest ones are forgotten.
func (o *quarry) add(kind, text string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.ids[kind] = append(o.ids[kind], text)
	if n := len(o.ids[kind]); n > 30 {
		o.ids[kind] = o.ids[kind][n-30:]
	}
}

// pick returns an object of a kind; one that doesn't exist where there is none.
func (o *quarry) pick(r *rand.Rand, kind string) string {
	o.mu.Lock()
	defer o.mu.Unlock()
	if all := o.ids[kind]; len(all) > 0 {
		return all[r.IntN(len(all))]
	}
	switch kind {
	case "email":
		return "nobody@example.com"
	case "secret":
		return "none-is-known-yet"
	case "share":
		return o.missing(r, "tok") + "/" + o.missing(r, "mem")
	}
	return o.missing(r, kind)
}

// missing returns the identifier of an object that doesn't exist.
func (*quarry) missing(r *rand.Rand, kind string) string {
	return tokens.DerivedID(tokens.Kind(kind), time.Unix(1, 0), fmt.Sprint(r.Uint64()))
}

// hostileRequest is a request that may be sent again.
type hostileRequest struct {
	// operation is the one that the description has at this method and path; empty for none.
	operation            string
	method, target, body string
	header               http.Header
}

// adversary makes requests from the description of the API: valid ones, and others.
type adversary struct {
	*rand.Rand

	description map[string]any
	objects     *quarry
	paths       []string
	sent        []hostileRequest
}

func newAdversary(seed uint64, description map[string]any, objects *quarry) *adversary {
	paths := slices.Sorted(maps.Keys(description["paths"].(map[string]any)))
	return &adversary{Rand: rand.New(rand.NewPCG(seed, 1)), description: description, objects: objects, paths: paths}
}

// once reports, once in n times, that it is so.
func (a *adversary) once(n int) bool { return a.IntN(n) == 0 }

func oneOf[T any](a *adversary, all ...T) T { return all[a.IntN(len(all))] }

// request returns a request.
func (a *adversary) request() hostileRequest {
	if len(a.sent) > 0 && a.once(15) {
		return oneOf(a, a.sent...)
	}
	path := oneOf(a, a.paths...)
	actions := a.description["paths"].(map[string]any)[path].(map[string]any)
	method := oneOf(a, slices.Sorted(maps.Keys(actions))...)
	if method == "delete" && !a.once(3) { // else little remains
		return a.request()
	}
	action := actions[method].(map[string]any)
	r := hostileRequest{
		operation: action["operationId"].(string), method: strings.ToUpper(method), target: path, header: http.Header{},
	}
	if a.once(2) {
		share := a.objects.pick(a.Rand, "share")
		r.target = strings.Replace(r.target, "{access_token_id}/shares/{member_id}", strings.Replace(share, "/", "/shares/", 1), 1)
	}
	query := url.Values{}
	for _, p := range action["parameters"].([]any) {
		a.parameter(&r, query, a.resolved(p.(map[string]any)))
	}
	if body, ok := action["requestBody"].(map[string]any); ok {
		media := body["content"].(map[string]any)["application/json"].(map[string]any)
		text, err := json.Marshal(a.value("", media["schema"].(map[string]any)))
		if err != nil {
			panic(err)
		}
		r.body = string(text)
		r.header.Set("Content-Type", "application/json")
	}
	if len(query) > 0 {
		r.target += "?" + query.Encode()
	}
	if a.once(2) {
		for range 1 + a.IntN(2) {
			a.spoil(&r)
		}
	}
	if a.sent = append(a.sent, r); len(a.sent) > 50 {
		a.sent = a.sent[1:]
	}
	return r
}

// parameter sets a parameter of a request.
func (a *adversary) parameter(r *hostileRequest, query url.Values, p map[string]any) {
	name := p["name"].(string)
	switch p["in"] {
	case "path":
		r.target = strings.Replace(r.target, "{"+name+"}", url.PathEscape(a.text(r.objectsOf(name))), 1)
	case "query":
		if a.once(4) {
			for _, v := range a.texts(r.objectsOf(name), p["schema"].(map[string]any)) {
				query.Add(name, v)
			}
		}
	case "header":
		if name == keyHeader && !a.once(4) {
			r.header.Set(name, oneOf(a, tokens.NewID(tokens.KindRequest, time.Now()), fmt.Sprint(a.IntN(50))))
		} else if a.once(20) {
			r.header.Set(name, url.PathEscape(a.text(name)))
		}
	}
}

// objectsOf returns by what name the values of a parameter go: an id is that of an object of the path.
func (r *hostileRequest) objectsOf(name string) string {
	if name == "id" {
		return strings.ReplaceAll(strings.TrimSuffix(strings.Split(r.target, "/")[2], "s"), "-", "_") + "_id"
	}
	return name
}

// resolved returns what an object of the description refers to.
func (a *adversary) resolved(object map[string]any) map[string]any {
	reference, ok := object["$ref"].(string)
	if !ok {
		return object
	}
	at := a.description
	for step := range strings.SplitSeq(strings.TrimPrefix(reference, "#/"), "/") {
		at = at[step].(map[string]any)
	}
	return at
}

// value returns a value that a schema allows, for a member of a name.
func (a *adversary) value(name string, schema map[string]any) any {
	schema = a.resolved(schema)
	if all, ok := schema["anyOf"].([]any); ok {
		return a.value(name, oneOf(a, all...).(map[string]any))
	}
	kind, ok := schema["type"].(string)
	if all, several := schema["type"].([]any); several {
		if kind = all[0].(string); a.once(4) {
			return nil
		}
	} else if !ok {
		panic(fmt.Sprintf("nobody says how to fill %s of %v", name, schema))
	}
	switch kind {
	case "object":
		object := map[string]any{}
		if members, ok := schema["properties"].(map[string]any); ok {
			required, _ := schema["required"].([]any)
			for _, member := range slices.Sorted(maps.Keys(members)) {
				if slices.Contains(required, any(member)) || a.once(2+len(members)/2) {
					object[member] = a.value(member, members[member].(map[string]any))
				}
			}
		} else {
			object[a.text("")] = a.value("", schema["additionalProperties"].(map[string]any))
		}
		return object
	case "array":
		array := []any{}
		for range a.IntN(3) {
			array = append(array, a.value(name, schema["items"].(map[string]any)))
		}
		return array
	case "integer":
		return oneOf(a, 1, 1, 1, 2, 0, -1, 100)
	case "boolean":
		return a.once(2)
	case "null":
		return nil
	}
	switch {
	case schema["format"] == "date-time":
		return time.Now().Add(time.Duration(a.IntN(100)-20) * time.Hour).UTC().Format(time.RFC3339)
	case schema["format"] == "password":
		known := func() string { return a.objects.pick(a.Rand, "secret") }
		return oneOf(a, a.secret, a.ownSecret, known, known, func() string { return "short" })()
	case schema["examples"] != nil && !a.once(4):
		return oneOf(a, schema["examples"].([]any)...)
	}
	return a.text(name)
}

// texts returns the values of a parameter of a query.
func (a *adversary) texts(name string, schema map[string]any) []string {
	switch v := a.value(name, schema).(type) {
	case []any:
		var all []string
		for _, one := range v {
			all = append(all, fmt.Sprint(one))
		}
		return all
	default:
		return []string{fmt.Sprint(v)}
	}
}

// secret returns the value of an access token that nobody has, or has yet.
func (a *adversary) secret() string {
	s, err := tokens.NewSecret(oneOf(a, "lk", "acme", "a"))
	if err != nil {
		panic(err)
	}
	return s.Reveal()
}

// ownSecret returns a value that somebody brings.
func (a *adversary) ownSecret() string {
	return ownMarker + fmt.Sprintf("%016x-%016x", a.Uint64(), a.Uint64())
}

// ownMarker is the beginning of each value that somebody brings.
const ownMarker = "qz7kd-own-"

// text returns a text that may stand in a member of a name.
func (a *adversary) text(name string) string {
	if a.once(25) {
		return a.hostileText()
	}
	kinds := map[string]string{
		"group_id": "grp", "role_id": "rol", "member_id": "mem", "technical_user_id": "tu", "access_token_id": "tok",
		"creator_id": "tu",
	}
	if kind := kinds[name]; kind != "" {
		return a.objects.pick(a.Rand, kind)
	}
	switch name {
	case "id": // of several kinds
		return a.objects.pick(a.Rand, oneOf(a, "grp", "mem", "tok", "tu", "rol"))
	case "role":
		return oneOf(a, "none", "viewer", "viewer", "manager", "manager", "member", "administrator", "owner", "editor", "")
	case "permissions":
		return oneOf(a, "orders:read", "orders:*", "*", "tokens:read", "tokens:manage", "accounts:manage")
	case "email", "technical_user_email":
		if a.once(2) {
			return a.objects.pick(a.Rand, "email")
		}
		return fmt.Sprintf("p%d@example.com", a.IntN(1000))
	case "visibility":
		return oneOf(a, "organization", "restricted")
	case "on_expired", "on_secret_drift":
		return oneOf(a, "regenerate", "ignore", "accept", "error")
	case "kind":
		return oneOf(a, "grp", "mem", "tok", "tu", "rol", "access_token")
	case "status":
		return oneOf(a, "active", "held", "disabled", "expired", "pending", "revoked")
	case "sort":
		return oneOf(a, "name", "created_at", "expires_at", "last_used_at", "status", "description")
	case "reason":
		return oneOf(a, "trigger", "drift", "expired", "leaked, it seems")
	case "token_prefix":
		return oneOf(a, "lk", "acme", "9", "")
	case "token":
		return oneOf(a, a.secret, a.ownSecret)()
	case "cursor":
		return oneOf(a, "", "e30", "eyJuYW1lIjoieCJ9", "AA")
	case "limit":
		return oneOf(a, "", "1", "1000")
	}
	return fmt.Sprintf("n%d", a.IntN(500))
}

// hostileText returns a text that nobody should send.
func (a *adversary) hostileText() string {
	return oneOf(a,
		func() string { return "" },
		func() string { return " " },
		func() string { return "\x00" },
		func() string { return "a\r\nSet-Cookie: b" },
		func() string { return "../../etc/passwd" },
		func() string { return "a/b?c=d#e%2f%00" },
		func() string { return "' OR 1=1; DROP TABLE access_tokens; --" },
		func() string { return `{{token}} {{name}} ${x} %s %d %!` },
		func() string { return "<script>alert(1)</script>&amp;" },
		func() string { return "\u202e\u200b\u2066\ufeff" },
		func() string { return "\U0001f469\u200d\U0001f52c" },
		func() string { return "\ufffd" },
		func() string { return strings.Repeat("x", 20_000) },
		func() string { return strings.Repeat("e\u0301", 3_000) },
		func() string { return "tok_" + strings.Repeat("z", 26) },
		func() string { return "99999999999999999999999999" },
		func() string { return "-1" },
		func() string { return "0001-01-01T00:00:00Z" },
		func() string { return "9999-12-31T23:59:59.999999999+14:00" },
		func() string { return "2562047h47m16s" },
		a.secret,
	)()
}

// spoil makes something of a request wrong.
func (a *adversary) spoil(r *hostileRequest) {
	if r.body != "" && !a.once(4) {
		a.spoilBody(r)
		return
	}
	switch a.IntN(9) {
	case 0:
		r.method = oneOf(a, "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "get")
		r.operation = ""
	case 1:
		r.target = oneOf(a, "/", "/v1", "/v2"+r.target, r.target+"/", r.target+"/x", strings.ToUpper(r.target),
			"/v1/../v1/groups", "//v1")
		r.operation = ""
	case 2:
		separator := map[bool]string{true: "&", false: "?"}[strings.Contains(r.target, "?")]
		r.target += separator + oneOf(a, "limit=1&limit=2", "x=y", "%zz", "a;b", "limit=1e9", "cursor=%00", "id=x&id=%ff", "=")
	case 3:
		r.header.Add(oneOf(a, expectsHeader, runHeader, organizationHeader, purposeHeader, tentativeHeader, keyHeader),
			oneOf(a, "", "x", "true", "db_x 1", "%zz", "access_token.show tok_x", "group.delete", "\xff", strings.Repeat("x", 300)))
	case 4:
		r.header.Set("Content-Type", oneOf(a, "", "text/plain", "application/json; charset=utf-16", "multipart/form-data",
			"application/x-www-form-urlencoded"))
	case 5:
		if r.body == "" {
			r.body = oneOf(a, "{}", "x", strings.Repeat(" ", 2_000_000))
		}
	case 6:
		r.header.Add("Authorization", oneOf(a, "Bearer "+a.secret(), "Basic eDp5", "Negotiate", "Bearer"))
	case 7:
		r.header.Set("X-Http-Method-Override", "DELETE")
		r.header.Set("Accept", "text/html")
		r.header.Set("Origin", "https://evil.example")
	case 8:
		path, _, _ := strings.Cut(r.target, "?")
		at := strings.LastIndex(path, "/")
		r.target = path[:at+1] + url.PathEscape(a.hostileText())
		r.operation = ""
	}
}

// spoilBody makes something of a body wrong.
func (a *adversary) spoilBody(r *hostileRequest) {
	var document map[string]any
	if json.Unmarshal([]byte(r.body), &document) != nil || document == nil {
		return // it was spoiled before
	}
	names := slices.Sorted(maps.Keys(document))
	name := "name"
	if len(names) > 0 {
		name = oneOf(a, names...)
	}
	quoted, _ := json.Marshal(name)
	wrong := oneOf[any](a, nil, true, 0, -1, 1.5, 1e300, "", a.hostileText(), []any{}, []any{[]any{}}, map[string]any{}, a.secret())
	switch a.IntN(10) {
	case 0:
		delete(document, name)
	case 1, 2, 3:
		document[name] = wrong
	case 4:
		document[oneOf(a, "x", "__proto__", "admin", strings.ToUpper(name), a.secret(), "")] = wrong
	case 5:
		text, _ := json.Marshal(wrong)
		r.body = "{" + string(quoted) + ":" + string(text) + "," + strings.TrimPrefix(r.body, "{")
		return
	case 6:
		deep := a.IntN(50_000)
		r.body = "{" + string(quoted) + ":" + strings.Repeat("[", deep) + strings.Repeat("]", deep) + "}"
		return
	case 7:
		r.body = r.body[:a.IntN(len(r.body))] + oneOf(a, "", "\xff", "\x00", "}", ",", `\ud800`, "9e999999")
		return
	case 8:
		r.body = oneOf(a, "null", "[]", "1", `"x"`, "{}{}", "\ufeff{}", r.body+r.body, "["+r.body+"]",
			strings.Repeat(" ", 1<<20)+r.body)
		return
	case 9:
		for n := range document {
			if a.once(2) {
				document[n] = oneOf[any](a, nil, wrong)
			}
		}
	}
	text, err := json.Marshal(document)
	if err != nil {
		panic(err)
	}
	r.body = string(text)
}
