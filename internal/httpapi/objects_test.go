package httpapi

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// raw sends a request by hand, as the owner, and returns the status and the document of the answer.
func (m *managed) raw(method, path, body string) (status int, document map[string]any) {
	m.Helper()
	r, err := http.NewRequestWithContext(m.Context(), method, m.server.URL+path, strings.NewReader(body))
	if err != nil {
		m.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+m.owner.Reveal())
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		m.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		m.Fatal(err)
	}
	if len(text) > 0 && json.Unmarshal(text, &document) != nil {
		m.Fatalf("%s %s: %q is no document", method, path, text)
	}
	return resp.StatusCode, document
}

// What a creation or a change leaves out has its default, and a change leaves alone what it doesn't have.
func TestDefaultsOverHTTP(t *testing.T) {
	m := newManaged(t)
	status, user := m.raw("POST", "/v1/technical-users", `{"name":"ci"}`)
	if status != http.StatusCreated || user["enabled"] != true || user["role"] != tokens.DefaultRole || user["group_roles"] != nil {
		t.Errorf("a technical user of whom only the name was given: %d %v", status, user)
	}
	id := fmt.Sprint(user["id"])
	for _, test := range []struct {
		body string
		want map[string]any
	}{
		{`{"enabled":false,"role":"viewer","description":"CI"}`, map[string]any{"enabled": false, "role": "viewer", "description": "CI", "name": "ci"}},
		{`{}`, map[string]any{"enabled": false, "role": "viewer", "description": "CI", "name": "ci"}},
		{`{"description":null}`, map[string]any{"enabled": false, "role": "viewer", "description": nil, "name": "ci"}},
		{`{"enabled":null,"role":null}`, map[string]any{"enabled": true, "role": "member", "description": nil, "name": "ci"}},
	} {
		status, user := m.raw("PATCH", "/v1/technical-users/"+id, test.body)
		for member, want := range test.want {
			if status != http.StatusOK || user[member] != want {
				t.Errorf("after %s: %d, and %s is %v, want %v", test.body, status, member, user[member], want)
			}
		}
	}
	if status, _ := m.raw("PATCH", "/v1/technical-users/"+id, `{"email":"x@example.com"}`); status != http.StatusBadRequest {
		t.Errorf("to change an address is answered %d", status)
	}
	status, anna := m.raw("POST", "/v1/members", `{"email":"anna@example.com"}`)
	if status != http.StatusCreated || anna["role"] != tokens.DefaultRole {
		t.Errorf("a member of whom only the address was given: %d %v", status, anna)
	}
}

// idsIn returns the members of a page that tell its elements apart.
func idsIn(document map[string]any, member string) (ids []string) {
	items, _ := document["items"].([]any)
	for _, item := range items {
		fields, _ := item.(map[string]any)
		ids = append(ids, fmt.Sprint(fields[member]))
	}
	return ids
}

// A list comes page by page, and what comes and goes meanwhile shifts nothing.
func TestPagesOverHTTP(t *testing.T) {
	m := newManaged(t)
	c := m.client(m.owner)
	ctx := t.Context()
	var made []tokens.Role
	for _, name := range []string{"a", "b", "c", "d", "e"} {
		r, err := c.CreateRole(ctx, tokens.NewRole{
			Request: tokens.NewRequest(time.Now()), RoleSettings: tokens.RoleSettings{Name: name},
		})
		if err != nil {
			t.Fatal(err)
		}
		made = append(made, r)
	}
	var seen []string
	path := "/v1/roles?limit=2"
	for page := 0; ; page++ {
		status, document := m.raw("GET", path, "")
		if status != http.StatusOK {
			t.Fatalf("%s is answered %d: %v", path, status, document)
		}
		seen = append(seen, idsIn(document, "name")...)
		if page == 3 { // the last of this page and the first of the next one go
			for _, r := range []tokens.Role{made[1], made[2]} {
				if err := c.DeleteRole(ctx, r.ID); err != nil {
					t.Fatal(err)
				}
			}
		}
		next, more := document["next_cursor"].(string)
		if !more {
			break
		}
		path = "/v1/roles?limit=2&cursor=" + next
	}
	if want := append(tokens.BuiltInRoleNames(), "a", "b", "d", "e"); !slices.Equal(seen, want) {
		t.Errorf("the pages have %s, want %s", seen, want)
	}
	for _, query := range []string{"limit=-1", "limit=1001", "cursor=%21"} {
		if status, _ := m.raw("GET", "/v1/roles?"+query, ""); status != http.StatusUnprocessableEntity {
			t.Errorf("%s is answered %d", query, status)
		}
	}
}

// Lists have the filters of the data sources, and a client gets all of a long one.
func TestTechnicalUserListOverHTTP(t *testing.T) {
	m := newManaged(t)
	c := m.client(m.owner)
	ctx := t.Context()
	group, err := c.CreateGroup(ctx, tokens.NewGroup{
		Request: tokens.NewRequest(time.Now()), GroupSettings: tokens.GroupSettings{Name: "payments"},
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range []tokens.NewTechnicalUser{
		{GroupID: group.ID, TechnicalUserSettings: tokens.TechnicalUserSettings{Name: "clerk"}},
		{GroupID: group.ID, TechnicalUserSettings: tokens.TechnicalUserSettings{Name: "other", Description: "Deploys Orders"}},
		{TechnicalUserSettings: tokens.TechnicalUserSettings{Name: "deploy"}},
	} {
		n.Request, n.Role = tokens.NewRequest(time.Now()), tokens.RoleViewer
		if _, err := c.CreateTechnicalUser(ctx, n); err != nil {
			t.Fatal(err)
		}
	}
	for query, want := range map[string][]string{
		"search=DEPLOY":                         {"deploy", "other"},
		"search=deploy&group_id=" + group.ID:    {"other"},
		"group_id=" + group.ID:                  {"clerk", "other"},
		"limit=1&search=CLERK@payments.default": {"clerk"},
	} {
		if _, document := m.raw("GET", "/v1/technical-users?"+query, ""); !slices.Equal(idsIn(document, "name"), want) {
			t.Errorf("%s selects %v, want %s", query, document, want)
		}
	}
	if status, document := m.raw("GET", "/v1/technical-users?group_id=payments", ""); status != http.StatusUnprocessableEntity ||
		document["field"] != "group_id" {
		t.Errorf("a group's name in place of its identifier is answered %d %v", status, document)
	}
	near, err := m.service.As(tokens.AsDatabaseOwner("local:anna@host")).TechnicalUsers(ctx)
	if err != nil {
		t.Fatal(err)
	}
	far, err := c.TechnicalUsers(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(near, far); diff != "" || len(near) != 4 {
		t.Errorf("the backend (-) and the client (+) list other technical users:\n%s", diff)
	}
}

// A client asks for the names of many objects in several requests, and for those of none, too.
func TestNamesOverHTTP(t *testing.T) {
	m := newManaged(t)
	c := m.client(m.owner)
	ctx := t.Context()
	var ids []string
	want := map[string]string{}
	for i := range 2*mostNames + 1 {
		ids = append(ids, tokens.NewID(tokens.KindGroup, time.Now()))
		if i%mostNames == 0 {
			g, err := c.CreateGroup(ctx, tokens.NewGroup{
				Request: tokens.NewRequest(time.Now()), GroupSettings: tokens.GroupSettings{Name: fmt.Sprint("g", i)},
			})
			if err != nil {
				t.Fatal(err)
			}
			ids[i] = g.ID
			want[g.ID] = g.Name
		}
	}
	names, err := c.Names(ctx, append([]string{"no identifier"}, ids...))
	if diff := cmp.Diff(want, names); err != nil || diff != "" {
		t.Errorf("the names: %v\n%s", err, diff)
	}
	if names, err := c.Names(ctx, nil); err != nil || len(names) != 0 {
		t.Errorf("the names of nothing are %v, %v", names, err)
	}
	found, err := c.Candidates(ctx, tokens.KindGroup, "G10", 5)
	if err != nil || len(found) != 1 || found[0].Name != "g100" {
		t.Errorf("the candidates are %+v, %v", found, err)
	}
	if found, err := c.Candidates(ctx, tokens.KindGroup, "g", 2); err != nil || len(found) != 2 {
		t.Errorf("two candidates are %+v, %v", found, err)
	}
}
