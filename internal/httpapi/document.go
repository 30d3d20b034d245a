package httpapi

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"io"
	"reflect"
	"strings"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// errUnknownMember says that a document has a member that means nothing. Its name may be anything that a client sent, so
// it isn't repeated.
var errUnknownMember = errors.New("the document has a member that this operation doesn't know")

// decodeStrictly reads a document that has nothing but known members. What is left out keeps its value.
func decodeStrictly(text []byte, into any) error {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		return err
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return errors.New("something follows the document")
	}
	return nil
}

// readDocument reads the body of a request into a new document. CodeInvalid, without anything that the client sent: it
// may be a secret in the wrong place.
func readDocument(text []byte, into any) error {
	if err := checkDocument(text, reflect.TypeOf(into).Elem()); err != nil {
		return err
	}
	err := decodeStrictly(text, into)
	if err == nil {
		return nil
	}
	field := memberAtFault(text, reflect.TypeOf(into).Elem())
	if rule, ok := errors.AsType[*tokens.Error](err); ok {
		rule.Field = field
		return rule
	}
	if mismatch, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		kind := kindOfJSON(mismatch.Value)
		if kind == "number" && mismatch.Type.Kind() <= reflect.Uint64 {
			return malformed(field, "it must be a whole number of at most 64 bits")
		}
		return malformed(field, "it must not be a JSON "+kind)
	}
	if !json.Valid(text) {
		return malformed("", notJSON)
	}
	return malformed(field, errUnknownMember.Error()+", or one that doesn't fit: compare the body with the description of the API")
}

// kindOfJSON returns the kind of a JSON value without the value, which may follow in an error of package json.
func kindOfJSON(described string) string {
	kind, _, _ := bytes.Cut([]byte(described), []byte(" "))
	return string(kind)
}

// memberAtFault returns the name of the first member of a document that can't be read, if that is one of those that the
// document is made of; else empty. Where a document within it is at fault, it is the member of that.
func memberAtFault(text []byte, of reflect.Type) string {
	var members map[string]json.RawMessage
	if json.Unmarshal(text, &members) != nil {
		return ""
	}
	for _, member := range typedMembersOf(of) {
		value, ok := members[member.name]
		if !ok {
			continue
		}
		alone, err := json.Marshal(map[string]json.RawMessage{member.name: value})
		if err == nil && decodeStrictly(alone, reflect.New(of).Interface()) != nil {
			return cmp.Or(memberAtFault(value, member.field.Type), member.name)
		}
	}
	return ""
}

// typedMember is a member of a document.
type typedMember struct {
	name  string
	field reflect.StructField
}

// typedMembersOf returns the members of a document of a type, in the order of its fields; none for what is no document.
func typedMembersOf(t reflect.Type) (members []typedMember) {
	t = documentType(t)
	if t.Kind() != reflect.Struct {
		return nil
	}
	for _, field := range reflect.VisibleFields(t) {
		if name, _, _ := strings.Cut(field.Tag.Get("json"), ","); name != "" && name != "-" {
			members = append(members, typedMember{name, field})
		}
	}
	return members
}

// documentType returns the type whose fields a document of a type has: another one for a patch.
func documentType(t reflect.Type) reflect.Type {
	if patched, ok := reflect.Zero(t).Interface().(interface{ document() reflect.Type }); ok {
		return patched.document()
	}
	return t
}
