package httpapi_test

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/httpapi"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// identityHeaders are the headers that say who asks.
var identityHeaders = []string{
	"X-Latchkey-Token-Id", "X-Latchkey-Token-Name", "X-Latchkey-Technical-User", "X-Latchkey-Organization",
	"X-Latchkey-Roles", "X-Latchkey-Permissions",
}

// groupIDs returns identifiers of groups, in order.
func groupIDs(n int) []string {
	ids := make([]string, n)
	for i := range ids {
		ids[i] = tokens.NewID(tokens.KindGroup, time.Now())
	}
	slices.Sort(ids)
	return ids
}

func TestIdentity(t *testing.T) {
	groups := groupIDs(2)
	inGroups := func(role string) []tokens.GroupRole {
		return []tokens.GroupRole{{GroupID: groups[0], Role: role}, {GroupID: groups[1], Role: tokens.RoleViewer}}
	}
	for _, test := range []struct {
		name   string
		change func(*tokens.AccessToken)
		want   map[string]string
	}{
		{"a plain name", func(t *tokens.AccessToken) { t.Name = "Deploy_1.2~b-c" },
			map[string]string{"Token-Name": "Deploy_1.2~b-c"}},
		{"a name with blanks", func(t *tokens.AccessToken) { t.Name = "a b" }, map[string]string{"Token-Name": "a%20b"}},
		{"a name that looks encoded", func(t *tokens.AccessToken) { t.Name = "a%20b" },
			map[string]string{"Token-Name": "a%2520b"}},
		{"a name like none", func(t *tokens.AccessToken) { t.Name = "-" }, map[string]string{"Token-Name": "%2D"}},
		{"a name of dashes", func(t *tokens.AccessToken) { t.Name = "--" }, map[string]string{"Token-Name": "--"}},
		{"no name", func(t *tokens.AccessToken) { t.Name = "" }, map[string]string{"Token-Name": "-"}},
		{"a name in other letters", func(t *tokens.AccessToken) { t.Name = "é鍵\r\n," },
			map[string]string{"Token-Name": "%C3%A9%E9%8D%B5%0D%0A%2C"}},
		{"an address", func(t *tokens.AccessToken) { t.User.Email = "ci+x@acme.latchkey.internal" },
			map[string]string{"Technical-User": "ci%2Bx%40acme.latchkey.internal"}},
		{"no roles", func(t *tokens.AccessToken) { t.User.Role = tokens.RoleNone },
			map[string]string{"Roles": "-", "Permissions": "-"}},
		{"a role that is gone", func(t *tokens.AccessToken) { t.User.Role = "gone" },
			map[string]string{"Roles": "-", "Permissions": "-"}},
		{"roles in groups", func(t *tokens.AccessToken) { t.User.GroupRoles = inGroups(tokens.RoleNone) },
			map[string]string{
				"Roles":       "clerk viewer@" + groups[1],
				"Permissions": fmt.Sprintf("orders:read stock:* api:read@%s tokens:read@%[1]s", groups[1]),
			}},
		{"roles in groups alone", func(t *tokens.AccessToken) { t.User.Role, t.User.GroupRoles = tokens.RoleNone, inGroups("clerk") },
			map[string]string{
				"Roles": fmt.Sprintf("clerk@%s viewer@%s", groups[0], groups[1]),
				"Permissions": fmt.Sprintf("orders:read@%s stock:*@%[1]s api:read@%s tokens:read@%[2]s",
					groups[0], groups[1]),
			}},
		{"a role at a group's level", func(t *tokens.AccessToken) { t.User.GroupID = groups[1] },
			map[string]string{
				"Roles":       "clerk@" + groups[1],
				"Permissions": fmt.Sprintf("orders:read@%s stock:*@%[1]s", groups[1]),
			}},
		{"an owner", func(t *tokens.AccessToken) { t.User.Role = tokens.RoleOwner },
			map[string]string{"Roles": "owner", "Permissions": "*"}},
		{"an owner, narrowed", func(t *tokens.AccessToken) { t.User.Role, t.Own.Role = tokens.RoleOwner, "clerk" },
			map[string]string{"Roles": "clerk", "Permissions": "orders:read stock:*"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			for _, permissions := range []bool{true, false} {
				w := newWorld(t, httpapi.Renderer{Permissions: permissions}, nil)
				with := token()
				test.change(&with)
				r := w.get("/v1/authenticate", bearer(w.add(with)))
				for _, name := range identityHeaders {
					if got := r.Header.Values(name); len(got) != 1 || got[0] == "" {
						t.Errorf("%s is %q", name, got)
					}
				}
				for name, want := range test.want {
					if name == "Permissions" && !permissions {
						want = "-"
					}
					if got := r.Header.Get("X-Latchkey-" + name); got != want {
						t.Errorf("%s is %q, not %q", name, got, want)
					}
				}
			}
		})
	}
}

// Whatever texts are in a database, an API gets them back unchanged, in headers that nothing else can be in.
func TestHeadersSurviveAnyText(t *testing.T) {
	w := newWorld(t, httpapi.Renderer{}, nil)
	rapid.Check(t, func(t *rapid.T) {
		with := token()
		with.Name, with.User.Email = rapid.StringN(0, 60, 100).Draw(t, "name"), rapid.String().Draw(t, "address")
		h := w.get("/v1/authenticate", bearer(w.add(with))).Header
		for name, want := range map[string]string{"Token-Name": with.Name, "Technical-User": with.User.Email} {
			got := h.Get("X-Latchkey-" + name)
			if strings.Trim(got, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~%") != "" || got == "" {
				t.Errorf("%s is %q", name, got)
			}
			decoded, err := url.PathUnescape(got)
			if got == "-" {
				decoded = ""
			}
			if err != nil || decoded != want {
				t.Errorf("%s is %q, %v", name, got, err)
			}
		}
	})
}

// nginx answers 500 where the head of an answer does not fit into its buffer.
func TestLongHeads(t *testing.T) {
	const most = 3_900
	groups := groupIDs(200)
	name := strings.Repeat("鍵", 128)
	for _, permissions := range []bool{false, true} {
		w := newWorld(t, httpapi.Renderer{Permissions: permissions}, nil)
		for _, n := range []int{0, 1, 5, 17, 18, 19, 20, 21, 22, 50, 60, 61, 62, 63, 64, 65, 66, 67, 68, 69, 70, 200} {
			with := token()
			with.Name = name
			for _, group := range groups[:n] {
				with.User.GroupRoles = append(with.User.GroupRoles, tokens.GroupRole{GroupID: group, Role: tokens.RoleMember})
			}
			value := w.add(with)
			head := w.head("GET /v1/authenticate HTTP/1.0\r\nConnection: keep-alive\r\n" + bearer(value) + "\r\n\r\n")
			if !strings.HasPrefix(head, "HTTP/1.0 200 OK\r\n") || !strings.Contains(head, "Connection: keep-alive\r\n") {
				t.Fatalf("%d groups: got\n%s", n, head)
			}
			if len(head) > most {
				t.Errorf("%d groups: the head has %d bytes", n, len(head))
			}
			h := parse(t, head).Header
			roles, held := strings.Fields(h.Get("X-Latchkey-Roles")), []string{"clerk"}
			for _, r := range with.User.GroupRoles {
				held = append(held, "member@"+r.GroupID)
			}
			if len(roles) == 0 || !slices.Equal(roles, held[:len(roles)]) {
				t.Fatalf("%d groups: the roles are %q", n, roles)
			}
			shown, all := strings.Fields(h.Get("X-Latchkey-Permissions")), []string{"orders:read", "stock:*"}
			for _, group := range groups[:n] {
				all = append(all, "api:read@"+group, "api:write@"+group, "tokens:read@"+group)
			}
			if !permissions {
				all = []string{"-"}
			}
			missing := len(held) > len(roles) || len(all) > len(shown)
			if shown[0] != "-" && !slices.Equal(shown, all[:len(shown)]) {
				t.Errorf("%d groups: the permissions are %q", n, shown)
			}
			switch longest := len("member@") + len(groups[0]) + 1; {
			case len(held) > len(roles) && shown[0] != "-":
				t.Errorf("%d groups: roles yielded before permissions", n)
			case missing && len(head) < most-longest-len("tokens:read@"):
				t.Errorf("%d groups: a head of %d bytes lacks something", n, len(head))
			}
			// What has no room is granted all the same; and the log doesn't repeat itself.
			last := with.User.GroupRoles
			if len(last) > 0 {
				if r := w.get("/v1/authorize/api:write@"+last[n-1].GroupID, bearer(value)); r.StatusCode != http.StatusOK {
					t.Errorf("%d groups: %s", n, r.Status)
				}
			}
			counts, lines := 0, 0
			if missing {
				counts, lines = 2, 1
			}
			log := w.log.String()
			if w.recorder.cuts != counts || strings.Count(log, "\n") != lines || missing != strings.Contains(log, with.ID) {
				t.Errorf("%d groups: %d cuts were counted, not %d, and the log is %q", n, w.recorder.cuts, counts, log)
			}
			w.recorder.cuts = 0
			w.log.Reset()
		}
	}
}

// head sends a request and returns the head of the answer, of a connection that stays open.
func (w *world) head(text string) string {
	w.t.Helper()
	c := dial(w.t, w.address)
	if _, err := io.WriteString(c, text); err != nil {
		w.t.Fatal(err)
	}
	var head []byte
	for b := make([]byte, 1); !strings.HasSuffix(string(head), "\r\n\r\n"); head = append(head, b...) {
		if _, err := c.Read(b); err != nil {
			w.t.Fatalf("after %q: %v", head, err)
		}
	}
	return string(head)
}
