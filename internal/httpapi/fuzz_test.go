package httpapi

import (
	"bufio"
	"context"
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/verify"
)

const fuzzedValue = "lk_0123456789abcdefghijABCDEFGHIJ0123456789xyz"

// Whatever is in the header, a value that is taken from it can be a secret, and stands in it as the scheme says.
func FuzzAuthorization(f *testing.F) {
	encode := base64.StdEncoding.EncodeToString
	for _, header := range []string{
		"", "Bearer", "Bearer ", "Bearer " + fuzzedValue, "bEARER   " + fuzzedValue, "Bearer " + fuzzedValue + ", Bearer x",
		"Basic " + encode([]byte("x:"+fuzzedValue)), "basic " + encode([]byte(fuzzedValue+":")), "Basic ====", "Basic Og==",
		"Basic " + encode([]byte("x:"+strings.ReplaceAll(fuzzedValue, "_", "%5F"))), "Token " + fuzzedValue,
	} {
		f.Add(header)
	}
	f.Fuzz(func(t *testing.T, header string) {
		secret, ok := presentedBy(http.Header{"Authorization": {header}})
		if !ok {
			if !secret.IsZero() {
				t.Error("there is a value that was refused")
			}
			return
		}
		value := secret.Reveal()
		if _, ok := tokens.PresentedSecret(value); !ok {
			t.Errorf("%q can't be a secret", value)
		}
		scheme, credential, _ := strings.Cut(header, " ")
		switch strings.ToLower(scheme) {
		case "bearer":
			if strings.TrimLeft(credential, " ") != value {
				t.Errorf("%q was taken from %q", value, header)
			}
		case "basic":
			pair, err := base64.StdEncoding.DecodeString(strings.TrimLeft(credential, " "))
			if err != nil || !strings.HasSuffix(string(pair), ":"+value) {
				t.Errorf("%q was taken from %q", value, header)
			}
		default:
			t.Errorf("%q was taken from %q", value, header)
		}
		if secret, ok := presentedBy(http.Header{"Authorization": {header, header}}); ok || !secret.IsZero() {
			t.Error("one of two headers was taken")
		}
	})
}

// Whatever is in the path, a permission that is taken from it is one, word for word.
func FuzzPermissionPath(f *testing.F) {
	for _, path := range []string{
		"", "*", "orders:read", "orders:*", "orders:read@grp_06h1mevhd0n76x2sfpw9e5wafg", "orders:read@", "@", "tokens:x",
		"orders%3Aread", "orders:read@@", "Orders:read", "orders:read\n",
	} {
		f.Add(path)
	}
	f.Fuzz(func(t *testing.T, word string) {
		permission, groupID, ok := parsePermission(word)
		if !ok {
			return
		}
		if tokens.ValidatePermission("", permission) != nil || groupID != "" && !tokens.IsID(tokens.KindGroup, groupID) {
			t.Errorf("%q is taken for %q in %q", word, permission, groupID)
		}
		again := permission
		if groupID != "" {
			again += "@" + groupID
		}
		if again != word {
			t.Errorf("%q is taken for %q", word, again)
		}
	})
}

// Whatever a client sends to authenticate itself, one value is taken at most, which is in the form or in the header.
func FuzzClientCredentials(f *testing.F) {
	encode := base64.StdEncoding.EncodeToString
	for _, seed := range [][2]string{
		{"", ""}, {"", "client_secret=" + fuzzedValue}, {"Bearer " + fuzzedValue, "token=x"},
		{"Basic " + encode([]byte("x:"+strings.ReplaceAll(fuzzedValue, "_", "%5F"))), "token=x&client_id=y"},
		{"Basic " + encode([]byte("x:"+fuzzedValue)), "client_secret=" + fuzzedValue}, {"", "%zz"}, {"", "a=1&a=2"}, {"", "a;b"},
	} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, header, body string) {
		form, bad := parseForm(body)
		if (form == nil) != (bad.status != 0) {
			t.Fatalf("a form of %d parameters, and status %d", len(form), bad.status)
		}
		if form == nil {
			return
		}
		h := http.Header{}
		if header != "" {
			h.Set("Authorization", header)
		}
		secret, ok, err := clientSecret(h, form)
		if ok == secret.IsZero() || err != nil && ok {
			t.Fatalf("a value is %t, and ok is %t, %v", !secret.IsZero(), ok, err)
		}
		if _, valid := tokens.PresentedSecret(secret.Reveal()); ok && !valid {
			t.Error("the value can't be a secret")
		}
		if posted := form.Get("client_secret"); (header != "" && posted != "") != (err != nil) ||
			header == "" && ok && posted != secret.Reveal() {
			t.Errorf("%q and %q: %v", header, body, err)
		}
	})
}

// knowsNobody is a Cache to which every value is unknown.
type knowsNobody struct{}

func (knowsNobody) Verify(context.Context, tokens.Secret) (a verify.Answer[Identity], err error) {
	return a, nil
}
func (knowsNobody) CanTell() error { return nil }

// Whatever is asked, nothing but a rule that allows it makes an answer by which a gateway lets a request pass.
func FuzzTargets(f *testing.F) {
	for _, target := range []string{
		"/", "/v1/authenticate", "/v1/authorize/a:b", "/v1/introspect", "/v1/revoke", "http://x/v1/authenticate", "*",
		"//v1/authenticate", "/v1/./authenticate", "/v1/authenticate?x", "/v1/%61uthenticate",
	} {
		f.Add("GET", target)
	}
	v := NewVerification(Options{Cache: knowsNobody{}, Now: func() (zero time.Time) { return zero }})
	f.Fuzz(func(t *testing.T, method, target string) {
		r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(method + " " + target + " HTTP/1.1\r\nHost: x\r\n\r\n")))
		if err != nil {
			return
		}
		w := httptest.NewRecorder()
		v.ServeHTTP(w, r)
		if w.Code < 400 {
			t.Errorf("%s %s: %d", method, target, w.Code)
		}
	})
}
