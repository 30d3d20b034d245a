package httpapi

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/google/jsonschema-go/jsonschema"
)

// scalars are the schemas of types that encode themselves.
var scalars = map[reflect.Type]func() *jsonschema.Schema{
	reflect.TypeFor[instant](): func() *jsonschema.Schema {
		return &jsonschema.Schema{Types: []string{"string", "null"}, Format: "date-time"}
	},
	reflect.TypeFor[duration](): func() *jsonschema.Schema {
		return &jsonschema.Schema{Types: []string{"string", "null"}, Examples: []any{"90d", "36h", "1h30m"}}
	},
	reflect.TypeFor[grace](): func() *jsonschema.Schema {
		return &jsonschema.Schema{Types: []string{"string", "null"}, Examples: []any{"0s", "24h", "until_expiry"}}
	},
	reflect.TypeFor[position](): textSchema,
	reflect.TypeFor[keptHead](): textSchema,
	reflect.TypeFor[secretValue](): func() *jsonschema.Schema {
		return &jsonschema.Schema{Types: []string{"string", "null"}, Format: "password"}
	},
}

// schemas collects the schemas of documents. A document is a component of its own; everything else stands where it is used.
type schemas struct {
	components map[reflect.Type]*jsonschema.Schema
	// inRequests are the documents that clients send.
	inRequests map[reflect.Type]bool
}

func newSchemas() *schemas {
	return &schemas{map[reflect.Type]*jsonschema.Schema{}, map[reflect.Type]bool{}}
}

// textSchema is the schema of any text.
func textSchema() *jsonschema.Schema { return &jsonschema.Schema{Type: "string"} }

// of returns the schema of the values of a type, which refers to the components of the documents in it.
func (s *schemas) of(t reflect.Type) *jsonschema.Schema {
	if scalar, ok := scalars[t]; ok {
		return scalar()
	}
	switch t.Kind() { //nolint:exhaustive // documents have no others
	case reflect.Pointer:
		return nullable(s.of(t.Elem()))
	case reflect.Slice: // nil is null
		return &jsonschema.Schema{Types: []string{"array", "null"}, Items: s.of(t.Elem())}
	case reflect.Map:
		return &jsonschema.Schema{Types: []string{"object", "null"}, AdditionalProperties: s.of(t.Elem())}
	case reflect.Struct:
		if s.components[t] == nil {
			s.components[t] = &jsonschema.Schema{} // which ends a recursion
			*s.components[t] = s.document(t)
		}
		return &jsonschema.Schema{Ref: schemaRef + componentName(t)}
	case reflect.String:
		return textSchema()
	case reflect.Bool:
		return &jsonschema.Schema{Type: "boolean"}
	case reflect.Int, reflect.Int64:
		return &jsonschema.Schema{Type: "integer"}
	}
	panic(fmt.Sprintf("the API has no schema for a %s", t))
}

// document returns the schema of a document.
func (s *schemas) document(t reflect.Type) jsonschema.Schema {
	schema := jsonschema.Schema{Type: "object", Properties: map[string]*jsonschema.Schema{}}
	members := typedMembersOf(t)
	if len(members) == 0 {
		panic(fmt.Sprintf("the API has no schema for a %s", t))
	}
	for _, m := range members {
		member := s.of(m.field.Type)
		if m.name == "items" {
			member = notNull(member) // pages are made with a list, if with an empty one
		}
		member.Description = m.field.Tag.Get("jsonschema")
		_, options, _ := strings.Cut(m.field.Tag.Get("json"), ",")
		if !strings.Contains(options, "omit") {
			schema.Required = append(schema.Required, m.name)
		}
		schema.Properties[m.name] = member
		schema.PropertyOrder = append(schema.PropertyOrder, m.name)
	}
	if t == reflect.TypeFor[problem]() {
		for _, code := range append(ProblemCodes(), codeNoSuchOperation) {
			schema.Properties["code"].Enum = append(schema.Properties["code"].Enum, code)
		}
	}
	return schema
}

// sent notes that clients send documents of a type, and so all that are in them.
func (s *schemas) sent(t reflect.Type) {
	if _, ok := scalars[t]; ok || s.inRequests[t] {
		return
	}
	switch t.Kind() { //nolint:exhaustive // others have nothing in them
	case reflect.Pointer, reflect.Slice, reflect.Map:
		s.sent(t.Elem())
	case reflect.Struct:
		s.inRequests[t] = true
		for _, m := range typedMembersOf(t) {
			s.sent(m.field.Type)
		}
	}
}

// all returns the components by their names.
func (s *schemas) all() map[string]*jsonschema.Schema {
	all := map[string]*jsonschema.Schema{}
	for t, schema := range s.components {
		if s.inRequests[t] {
			asRequest(t, schema)
		}
		name := componentName(t)
		if all[name] != nil {
			panic(fmt.Sprintf("two components are named %s", name))
		}
		all[name] = schema
	}
	return all
}

// asRequest turns the schema of a document into that of one that a client sends: it has no further members, and of its own
// it can leave out those that may be null or have a default. Those of a patch can all be left out, or be null.
func asRequest(t reflect.Type, schema *jsonschema.Schema) {
	schema.AdditionalProperties = &jsonschema.Schema{Not: &jsonschema.Schema{}}
	isPatch := documentType(t) != t
	preset := reflect.New(t)
	if p, ok := preset.Interface().(presettable); ok {
		p.preset()
	}
	required := schema.Required
	schema.Required = nil
	for _, m := range typedMembersOf(t) {
		member := schema.Properties[m.name]
		switch {
		case isPatch:
			description := member.Description
			member.Description = ""
			*member = *nullable(member)
			member.Description = description
		case slices.Contains(required, m.name) && !mayBeNull(member) && preset.Elem().FieldByIndex(m.field.Index).IsZero():
			schema.Required = append(schema.Required, m.name)
		}
	}
}

// componentName returns the name of the component of a document's type.
func componentName(t reflect.Type) string {
	name, argument, isGeneric := strings.Cut(t.Name(), "[")
	if isGeneric { // page[…/httpapi.group]
		argument, _, _ = strings.Cut(strings.TrimSuffix(argument, "]"), ",")
		argument = argument[strings.LastIndex(argument, ".")+1:]
		return capitalized(argument) + capitalized(name)
	}
	return capitalized(name)
}

func capitalized(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

// nullable returns a schema for null, too.
func nullable(s *jsonschema.Schema) *jsonschema.Schema {
	switch {
	case mayBeNull(s):
		return s
	case s.Type == "":
		return &jsonschema.Schema{AnyOf: []*jsonschema.Schema{s, {Type: "null"}}}
	}
	with := *s
	with.Type, with.Types = "", []string{s.Type, "null"}
	return &with
}

// mayBeNull reports whether a schema is for null, too.
func mayBeNull(s *jsonschema.Schema) bool {
	return slices.Contains(s.Types, "null") ||
		slices.ContainsFunc(s.AnyOf, func(s *jsonschema.Schema) bool { return s.Type == "null" })
}

// notNull returns a schema without null.
func notNull(s *jsonschema.Schema) *jsonschema.Schema {
	without := *s
	if types := slices.DeleteFunc(slices.Clone(s.Types), func(t string) bool { return t == "null" }); len(types) == 1 {
		without.Type, without.Types = types[0], nil
	}
	return &without
}
