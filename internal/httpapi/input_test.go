package httpapi

import (
	"net/url"
	"reflect"
	"strings"
	"testing"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// A secret that somebody pastes where an identifier or a name belongs goes to no address, where every proxy would log it.
func TestNoSecretInAnAddress(t *testing.T) {
	secret, err := tokens.NewSecret(tokens.DefaultPrefix)
	if err != nil {
		t.Fatal(err)
	}
	base, places := &url.URL{Scheme: "https", Host: "latchkey.example.com"}, 0
	for _, e := range endpoints() {
		in := reflect.New(e.in).Elem()
		for _, p := range placesOf(e.in) {
			field := in.FieldByIndex(p.index)
			switch {
			case p.kind != "path" && p.kind != "query":
				continue
			case field.Kind() == reflect.String:
				field.SetString(secret.Reveal())
			case field.Type() == reflect.TypeFor[[]string]():
				field.Set(reflect.ValueOf([]string{"other", "see " + secret.Reveal()}))
			default:
				continue
			}
			places++
		}
		r, err := writeInput(base, e.described, in.Interface())
		if err != nil {
			t.Errorf("%s: %v", e.name, err)
			continue
		}
		if strings.Contains(r.URL.String(), secret.Reveal()) || strings.Contains(r.URL.Path, "//") ||
			strings.HasSuffix(r.URL.Path, "/") {
			t.Errorf("%s: the address is %s", e.name, r.URL)
		}
	}
	if places == 0 {
		t.Error("no operation has a text in its address")
	}
}
