package httpapi

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// readAnswer reads the document by which a server answered a request with an input. What other JSON there is, such as {},
// would pass for an object without settings or for an empty list: so every member must be there that the document always
// has, and an object must be the one that was asked for.
func readAnswer[In, Out any](text []byte, in In, out *Out) error {
	if err := json.Unmarshal(text, out); err != nil {
		return err
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(text, &members); err != nil {
		return err
	}
	for _, name := range requiredMembers(reflect.TypeFor[Out]()) {
		if _, ok := members[name]; !ok {
			return errIncomplete
		}
	}
	asked, got := reflect.ValueOf(in), reflect.ValueOf(out).Elem()
	if items := got.FieldByName("Items"); items.IsValid() && items.IsNil() {
		return errIncomplete
	}
	id := got.FieldByName("ID")
	if !id.IsValid() {
		return nil
	}
	if tokens.KindOf(id.String()) == "" {
		return errIncomplete
	}
	if wanted := asked.FieldByName("ID"); wanted.IsValid() && wanted.String() != id.String() &&
		tokens.KindOf(wanted.String()) == tokens.KindOf(id.String()) {
		return errors.New("it is about another object")
	}
	return nil
}

// errIncomplete says that a document lacks what it always has.
var errIncomplete = errors.New("it is not complete")

// requiredMembers returns the names of the members that a document of a type always has.
func requiredMembers(t reflect.Type) (names []string) {
	for _, m := range typedMembersOf(t) {
		if _, options, _ := strings.Cut(m.field.Tag.Get("json"), ","); !strings.Contains(options, "omit") {
			names = append(names, m.name)
		}
	}
	return names
}
