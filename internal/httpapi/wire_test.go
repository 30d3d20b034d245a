package httpapi

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// filling fills values with others that are distinct and not zero.
type filling struct{ count int }

// fill fills all that is in a value.
func (f *filling) fill(t *testing.T, v reflect.Value) {
	t.Helper()
	f.count++
	if _, ok := v.Interface().(time.Time); ok {
		v.Set(reflect.ValueOf(time.Date(2030, 1, 1, 0, 0, f.count, 0, time.UTC)))
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(fmt.Sprintf("text-%d", f.count))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int64:
		v.SetInt(int64(f.count) * int64(time.Minute))
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		f.fill(t, v.Elem())
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		f.fill(t, v.Index(0))
		f.fill(t, v.Index(1))
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		for range 2 {
			key, element := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
			f.fill(t, key)
			f.fill(t, element)
			v.SetMapIndex(key, element)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			f.fill(t, v.Field(i))
		}
	default:
		t.Fatalf("nobody says how to fill a %s", v.Type())
	}
}

// filled returns a value that has something in every field.
func filled[T any](t *testing.T) (v T) {
	t.Helper()
	(&filling{}).fill(t, reflect.ValueOf(&v).Elem())
	return v
}

// overTheWire returns what arrives of a value that is sent as a document.
func overTheWire[T, D any](t *testing.T, v T, document func(T) D, domain func(D) (T, error)) T {
	t.Helper()
	text, err := json.Marshal(document(v))
	if err != nil {
		t.Fatal(err)
	}
	var received D
	if err := decodeStrictly(text, &received); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	arrived, err := domain(received)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return arrived
}

// arrives returns a test that everything in a type arrives: a value with something in every field, and the zero value.
func arrives[T, D any](document func(T) D, domain func(D) (T, error)) func(t *testing.T) {
	return func(t *testing.T) {
		var zero T
		for _, sent := range []T{filled[T](t), zero} {
			if diff := cmp.Diff(sent, overTheWire(t, sent, document, domain)); diff != "" {
				t.Errorf("what was sent (-) arrives as something else (+):\n%s", diff)
			}
		}
	}
}

func TestEverythingArrives(t *testing.T) {
	for name, test := range map[string]func(*testing.T){
		"Group":         arrives(groupOf, group.domain),
		"Role":          arrives(roleOf, role.domain),
		"RoleHolders":   arrives(roleHoldersOf, roleHolders.domain),
		"Member":        arrives(memberOf, member.domain),
		"TechnicalUser": arrives(technicalUserOf, technicalUser.domain),
		"TokenShare":    arrives(tokenShareOf, tokenShare.domain),
		"Candidate":     arrives(candidateOf, candidate.domain),
		"Self":          arrives(selfOf, self.domain),
		"MarkRange": func(t *testing.T) {
			sent := filled[tokens.MarkRange](t)
			sent.Location = "" // the client has one of its own
			if diff := cmp.Diff(sent, overTheWire(t, sent, markRangeOf, markRange.domain)); diff != "" {
				t.Errorf("what was sent (-) arrives as something else (+):\n%s", diff)
			}
		},
		"EventPage":    arrives(eventPageOf, eventPage.domain),
		"Event":        arrives(eventOf, event.domain),
		"Verification": arrives(verificationOf, verificationDocument.domain),
		"AccessToken":  arrives(accessTokenOf, accessToken.domain),
		"TokenPage": arrives(
			func(p tokens.TokenPage) accessTokenPage { return accessTokenPageOf(p, true) }, accessTokenPage.domain,
		),
	} {
		t.Run(name, test)
	}
}

// members returns the names that the members of a document have.
func members(t *testing.T, document any) []string {
	t.Helper()
	text, err := json.Marshal(document)
	if err != nil {
		t.Fatal(err)
	}
	var all map[string]json.RawMessage
	if err := json.Unmarshal(text, &all); err != nil {
		t.Fatal(err)
	}
	var names []string
	for name := range all {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// changes returns a test that the members of settings are named as the settings are, and that an update of any of them
// arrives alone.
func changes[S any, W settingsDocument[S]](document func(S) W) func(t *testing.T) {
	return func(t *testing.T) {
		var none S
		all := tokens.FieldsOf[S]()
		if sent, want := members(t, document(filled[S](t))), slices.Sorted(slices.Values(all)); !slices.Equal(sent, want) {
			t.Errorf("the settings %s have the members %s", want, sent)
		}
		for _, field := range all {
			set := tokens.Update[S]{Settings: filled[S](t), Fields: tokens.Fields{field}}
			for _, sent := range []tokens.Update[S]{set, {Settings: none, Fields: set.Fields}} {
				arrived := overTheWire(t, sent,
					func(u tokens.Update[S]) patch[W, S] { return patchOf(u, document) },
					func(p patch[W, S]) (tokens.Update[S], error) { return p.domain(), nil })
				if !slices.Equal(arrived.Fields, sent.Fields) {
					t.Errorf("an update of %s arrives as one of %s", sent.Fields, arrived.Fields)
				}
				if diff := cmp.Diff(sent.Changes(), arrived.Changes()); diff != "" {
					t.Errorf("%s was sent (-) and arrives as something else (+):\n%s", field, diff)
				}
			}
		}
		for _, text := range []string{`{"unknown":1}`, `{"` + strings.ToUpper(all[0]) + `":"x"}`, `[]`, `{} {}`} {
			if err := readDocument([]byte(text), new(patch[W, S])); err == nil {
				t.Errorf("%s is an update", text)
			}
			nested := `{"settings":` + text + `}`
			if err := readDocument([]byte(nested), new(struct {
				Settings patch[W, S] `json:"settings"`
			})); err == nil {
				t.Errorf("%s has an update", nested)
			}
		}
	}
}

func TestSettingsAreNamedAlike(t *testing.T) {
	for name, test := range map[string]func(*testing.T){
		"Group":         changes(groupSettingsOf),
		"Role":          changes(roleSettingsOf),
		"Member":        changes(memberSettingsOf),
		"TechnicalUser": changes(technicalUserSettingsOf),
		"AccessToken":   changes(accessTokenSettingsOf),
	} {
		t.Run(name, test)
	}
}
