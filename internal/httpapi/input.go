package httpapi

import (
	"bytes"
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

const (
	// largestBody is the size in bytes of the largest document that a client may send.
	largestBody = 1 << 20
	// longestKey is the length in bytes of the longest Idempotency-Key.
	longestKey = 255
	// keyHeader holds the identifier of a request: what httpapi-idempotency-key of the IETF drafts.
	keyHeader = "Idempotency-Key"
)

// malformed is the error of a request that is not what its operation takes. Its text repeats nothing of the request.
func malformed(field, what string) *tokens.Error {
	e := tokens.Invalid(field, "%s", what)
	e.Reason = tokens.ReasonMalformed
	return e
}

// place is where a field of an input stands in a request.
type place struct {
	kind  string // path, query, key or body
	name  string // in the path or the query
	index []int  // of the field
}

// placesOf returns where the fields of an input, and of what is embedded in it, stand.
func placesOf(in reflect.Type) []place {
	var places []place
	for _, field := range reflect.VisibleFields(in) {
		for _, kind := range []string{"path", "query", "key", "body"} {
			if name, ok := field.Tag.Lookup(kind); ok {
				places = append(places, place{kind, name, field.Index})
			}
		}
	}
	return places
}

// readInput reads the input of an operation from a request. CodeInvalid.
func readInput[In any](r *http.Request, in *In) error {
	value := reflect.ValueOf(in).Elem()
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return malformed("", "the query of the address is malformed")
	}
	if !isUTF8(query) {
		return malformed("", "the query of the address is not in UTF-8")
	}
	for _, p := range placesOf(value.Type()) {
		field := value.FieldByIndex(p.index)
		switch p.kind {
		case "path":
			if field.SetString(r.PathValue(p.name)); !utf8.ValidString(field.String()) {
				return malformed(p.name, "it is not in UTF-8")
			}
		case "query":
			if err := readParameter(p.name, query[p.name], field); err != nil {
				return err
			}
			delete(query, p.name)
		case "key":
			request, err := keyOf(r.Header)
			if err != nil {
				return err
			}
			field.Set(reflect.ValueOf(request))
		case "body":
			if err := readBody(r, field); err != nil {
				return err
			}
		}
	}
	if len(query) > 0 {
		return malformed("", "the query of the address has a parameter that this operation doesn't know")
	}
	return nil
}

// isUTF8 reports whether the names and values of a query are.
func isUTF8(query url.Values) bool {
	for name, values := range query {
		if !utf8.ValidString(name) || slices.ContainsFunc(values, func(v string) bool { return !utf8.ValidString(v) }) {
			return false
		}
	}
	return true
}

// readParameter reads a parameter of a query. An empty one is absent, unless the field is a pointer: then it is an error.
func readParameter(name string, values []string, into reflect.Value) error {
	if into.Kind() == reflect.Slice {
		into.Set(reflect.ValueOf(values))
		return nil
	}
	if len(values) > 1 {
		return malformed(name, "the parameter is there twice: send it once")
	}
	if into.Kind() == reflect.Pointer && len(values) == 1 { // it guards something, and so must not be empty by accident
		if values[0] == "" {
			return malformed(name, "it is empty: send a value, or leave the parameter out")
		}
		into.Set(reflect.New(into.Type().Elem()))
		return readParameter(name, values, into.Elem())
	}
	if len(values) == 0 || values[0] == "" {
		return nil
	}
	text := values[0]
	if parsed, ok := into.Addr().Interface().(encoding.TextUnmarshaler); ok {
		err := parsed.UnmarshalText([]byte(text))
		if rule, ok := errors.AsType[*tokens.Error](err); ok {
			rule.Field = name
		}
		return err
	}
	switch into.Kind() {
	case reflect.String:
		into.SetString(text)
	case reflect.Int, reflect.Int64:
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return malformed(name, "it must be a whole number")
		}
		into.SetInt(n)
	case reflect.Bool:
		b, err := strconv.ParseBool(text)
		if err != nil {
			return malformed(name, "it must be true or false")
		}
		into.SetBool(b)
	default:
		panic(fmt.Sprintf("a parameter can't be a %s", into.Type()))
	}
	return nil
}

// keyOf returns the request that the Idempotency-Key of a request identifies. Without one, the request is one of its own.
// A key that is not an identifier of ours stands for one that follows from it. An empty one stands for none, which the
// operation refuses.
func keyOf(h http.Header) (tokens.Request, error) {
	keys := h.Values(keyHeader)
	switch {
	case len(keys) == 0:
		return tokens.NewRequest(time.Unix(0, 0)), nil
	case len(keys) > 1:
		return tokens.Request{}, malformed("request_id", "there are several headers "+keyHeader+": send one")
	}
	key := strings.TrimSpace(keys[0])
	if len(key) > 1 && strings.HasPrefix(key, `"`) && strings.HasSuffix(key, `"`) { // the draft wants a string of RFC 8941
		key = key[1 : len(key)-1]
	}
	if len(key) > longestKey {
		return tokens.Request{}, malformed("request_id", fmt.Sprintf("%s must have 1 to %d characters", keyHeader, longestKey))
	}
	if key == "" || tokens.IsID(tokens.KindRequest, key) {
		return tokens.Request{RequestID: key}, nil
	}
	return tokens.Request{RequestID: tokens.DerivedID(tokens.KindRequest, time.Unix(0, 0), key)}, nil
}

// presettable is a document some of whose members have another value than the zero one where a request leaves them out.
type presettable interface{ preset() }

// readBody reads the JSON document that is the body of a request.
func readBody(r *http.Request, into reflect.Value) error {
	media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || media != "application/json" {
		return malformed("", "the body must be JSON: send it with Content-Type: application/json")
	}
	text, err := bodyOf(r).readAll()
	if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
		return malformed("", fmt.Sprintf("the body is too large: send at most %d bytes", largestBody))
	}
	if errors.Is(err, errCrowded) {
		return tokens.Unavailable(err, "the body is large")
	}
	if err != nil {
		return malformed("", "the body could not be read to its end")
	}
	document := into.Addr().Interface()
	if preset, ok := document.(presettable); ok {
		preset.preset()
	}
	return readDocument(text, document)
}

// writeInput returns the request by which a client asks for an operation. The address is that of the server. CodeInvalid for
// what can't be sent.
func writeInput(base *url.URL, d described, in any) (*http.Request, error) {
	value := reflect.ValueOf(in)
	path, query := d.path, url.Values{}
	var body []byte
	header := http.Header{}
	for _, p := range placesOf(d.in) {
		field := value.FieldByIndex(p.index)
		switch p.kind {
		case "path":
			path = strings.Replace(path, "{"+p.name+"}", segmentOf(p.name, field.String()), 1)
		case "query":
			writeParameter(query, p.name, field)
			for i, value := range query[p.name] {
				query[p.name][i] = tokens.Redacted(value)
			}
		case "key":
			header.Set(keyHeader, textOfKey(field.Interface().(tokens.Request))) //nolint:errcheck,forcetypeassert // by its tag
		case "body":
			if !isText(field) { // which JSON would replace by another one
				return nil, malformed("", "a text holds bytes that are no character: write it in UTF-8")
			}
			text, err := json.Marshal(toBeSent(field.Interface()))
			if err != nil {
				return nil, fmt.Errorf("write the body: %w", err)
			}
			body = text
			header.Set("Content-Type", "application/json")
		}
	}
	address := base.String() + path
	if len(query) > 0 {
		address += "?" + query.Encode()
	}
	r, err := http.NewRequest(d.method, address, bytes.NewReader(body)) //nolint:noctx // the caller adds its own
	if err != nil {
		return nil, fmt.Errorf("write the request: %w", err)
	}
	r.Header = header
	return r, nil
}

// isText reports whether all texts in a value are in UTF-8.
func isText(v reflect.Value) bool {
	switch v.Kind() { //nolint:exhaustive // the others hold no text
	case reflect.String:
		return utf8.ValidString(v.String())
	case reflect.Pointer:
		return v.IsNil() || isText(v.Elem())
	case reflect.Slice:
		for i := range v.Len() {
			if !isText(v.Index(i)) {
				return false
			}
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type() != reflect.TypeFor[time.Time]() && !isText(v.Field(i)) {
				return false
			}
		}
	}
	return true
}

// segmentOf returns how an identifier stands in a path, in the place with a name. What isn't one names no object, may be
// anything, a secret even, and might be another path: a text that no object has either stands for it. In the text of an
// error, reveal puts back what it was.
func segmentOf(place, id string) string {
	if tokens.KindOf(id) == "" {
		return "ill-formed-" + place
	}
	return url.PathEscape(id)
}

// textOfKey returns the key of a request. It is empty, for the server to refuse, where the request has no identifier: any
// other text would stand for one.
func textOfKey(r tokens.Request) string {
	if tokens.IsID(tokens.KindRequest, r.RequestID) {
		return r.RequestID
	}
	return ""
}

// writeParameter adds a parameter to a query, unless it has the zero value.
func writeParameter(query url.Values, name string, value reflect.Value) {
	switch v := value.Interface().(type) {
	case []string:
		query[name] = slices.Clone(v)
	case encoding.TextMarshaler:
		if text, err := v.MarshalText(); err == nil && len(text) > 0 {
			query.Set(name, string(text))
		}
	default:
		if value = reflect.Indirect(value); value.IsValid() && !value.IsZero() {
			query.Set(name, fmt.Sprint(value.Interface()))
		}
	}
}
