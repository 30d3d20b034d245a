package httpapi

import (
	"net/url"
	"reflect"
	"strings"
	"testing"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// A secret that somebody pastes where an identifier belongs goes to no address, where every proxy would log it.
func TestNoSecretInAPath(t *testing.T) {
	secret, err := tokens.NewSecret(tokens.DefaultPrefix)
	if err != nil {
		t.Fatal(err)
	}
	base, paths := &url.URL{Scheme: "https", Host: "latchkey.example.com"}, 0
	for _, e := range endpoints() {
		in := reflect.New(e.in).Elem()
		for _, p := range placesOf(e.in) {
			if p.kind == "path" {
				in.FieldByIndex(p.index).SetString(secret.Reveal())
				paths++
			}
		}
		r, err := writeInput(base, e.described, in.Interface())
		if err != nil {
			t.Errorf("%s: %v", e.name, err)
			continue
		}
		if strings.Contains(r.URL.String(), secret.Reveal()) || strings.Contains(r.URL.Path, "//") || strings.HasSuffix(r.URL.Path, "/") {
			t.Errorf("%s: the address is %s", e.name, r.URL)
		}
	}
	if paths == 0 {
		t.Error("no operation has an identifier in its path")
	}
}
