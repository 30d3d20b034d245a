package httpapi

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// Whatever a body is, it is read as what it says, or refused as one that can't be read or breaks a rule.
func FuzzDocument(f *testing.F) {
	for _, text := range []string{
		`{}`, `null`, `{"name":"ci","enabled":false}`, `{"name":"ci","NAME":"x"}`, `{"name":"a","name":"b"}`,
		`{"name":"ci","group_roles":[{"group_id":"grp_x","role":"viewer"}]}`, `{"name":"ci","ttl":"90d","expires_at":null}`,
		`{"token":"x","name":"ci","grace_period":"until_expiry"}`, `{"settings":{"name":"x"},"expected_version":1}`,
		`{"name":"\ud800"}`, `{"name":[[[[]]]]}`, `{"expected_version":1e400}`, "{\"name\":\"\xff\"}", `{"name":"x"} {}`,
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		for _, empty := range []any{
			&newTechnicalUser{}, &newAccessToken{}, &regeneration{}, &patch[accessTokenSettings, tokens.Settings]{},
		} {
			err := readDocument(text, empty)
			if err != nil {
				rule, ok := err.(*tokens.Error) //nolint:errorlint // itself
				if !ok || rule.Code != tokens.CodeInvalid || rule.Message == "" {
					t.Fatalf("%T: %v", empty, err)
				}
				continue
			}
			known := map[string]bool{}
			for _, m := range typedMembersOf(reflect.TypeOf(empty).Elem()) {
				known[m.name] = true
			}
			// Whoever takes the first of two members, or regards case, reads the same.
			decoder := json.NewDecoder(bytes.NewReader(text))
			if _, err := decoder.Token(); err != nil {
				t.Fatalf("%q was read: %v", text, err)
			}
			for decoder.More() {
				name, _ := decoder.Token()
				var value json.RawMessage
				if err := decoder.Decode(&value); err != nil || !known[name.(string)] {
					t.Fatalf("%q was read with the member %q: %v", text, name, err)
				}
				delete(known, name.(string)) // it comes once
			}
		}
	})
}

// Whatever an address and its headers are, the input of an operation is read or refused.
func FuzzInput(f *testing.F) {
	for _, seed := range [][2]string{
		{"limit=1&cursor=x", "key"}, {"limit=1&limit=2", `"key"`}, {"status=active&expires_within=90d", ""}, {"%zz", "\x00"},
		{"descending=yes", strings.Repeat("x", 300)}, {"search=%ff", "req_x"}, {"a;b", " "},
	} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, query, key string) {
		r := httptest.NewRequest(http.MethodPost, "/v1/anything", strings.NewReader(`{"name":"x"}`))
		r.Body = &body{ReadCloser: r.Body}
		r.URL.RawQuery = query
		r.Header[keyHeader] = []string{key}
		r.Header.Set("Content-Type", "application/json")
		for _, e := range endpoints() {
			if _, err := e.read(r.Clone(t.Context())); err != nil && tokens.ErrorCode(err) != tokens.CodeInvalid {
				t.Fatalf("%s: %v", e.name, err)
			}
		}
	})
}
