package httpapi

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

const (
	// deepest is how many objects and arrays of a document may be inside each other: more than any has.
	deepest = 16
	// notJSON is what is wrong with a body that is no document.
	notJSON = "the body is not a JSON document"
)

// checkDocument refuses what package json would read although programs understand it in different ways: a member that is
// there twice or in another case, and text that is not Unicode. CodeInvalid.
func checkDocument(text []byte, of reflect.Type) error {
	if !utf8.Valid(text) {
		return malformed("", "the body is not in UTF-8")
	}
	c := &checker{Decoder: json.NewDecoder(bytes.NewReader(text)), mayReplace: mayReplace(text)}
	c.UseNumber()
	if err := c.value(of, 0); err != nil {
		return err
	}
	return nil // not a nil *tokens.Error
}

// mayReplace reports whether a text contains the character that replaces what is no character, itself or escaped.
func mayReplace(text []byte) bool {
	return bytes.ContainsRune(text, utf8.RuneError) || bytes.Contains(bytes.ToLower(text), []byte(`\ufffd`))
}

// checker goes through the tokens of a document.
type checker struct {
	*json.Decoder

	// mayReplace means that the replacement character is one that the client sent.
	mayReplace bool
	// member is the member of the document in which the checker is; empty outside.
	member string
}

// value checks a value where the document has one of a type; nil for any.
func (c *checker) value(of reflect.Type, depth int) *tokens.Error {
	token, err := c.Token()
	if err != nil {
		return malformed("", notJSON)
	}
	begin, composed := token.(json.Delim)
	if depth == 0 && begin != '{' {
		return malformed("", "the body must be a JSON object")
	}
	if !composed {
		return c.text(token)
	}
	if depth == deepest {
		return malformed(c.member, fmt.Sprintf("it has more than %d objects or arrays inside each other", deepest))
	}
	for of != nil && of.Kind() == reflect.Pointer {
		of = of.Elem()
	}
	inside := c.elements
	if begin == '{' {
		inside = c.members
	}
	if err := inside(of, depth+1); err != nil {
		return err
	}
	if _, err := c.Token(); err != nil { // its end
		return malformed("", notJSON)
	}
	return nil
}

// elements checks the elements of an array.
func (c *checker) elements(of reflect.Type, depth int) *tokens.Error {
	var element reflect.Type
	if of != nil && of.Kind() == reflect.Slice {
		element = of.Elem()
	}
	for c.More() {
		if err := c.value(element, depth); err != nil {
			return err
		}
	}
	return nil
}

// members checks the members of an object.
func (c *checker) members(of reflect.Type, depth int) *tokens.Error {
	known := map[string]reflect.Type{}
	var element reflect.Type
	if of != nil {
		for _, m := range typedMembersOf(of) {
			known[m.name] = m.field.Type
		}
		if of.Kind() == reflect.Map {
			element = of.Elem()
		}
	}
	seen := map[string]bool{}
	for c.More() {
		token, err := c.Token()
		name, ok := token.(string)
		if err != nil || !ok {
			return malformed("", notJSON)
		}
		if err := c.text(token); err != nil {
			return err
		}
		member, isKnown := known[name]
		switch {
		case seen[name]:
			return malformed(c.member, "an object has a member twice: send it once")
		case len(known) > 0 && !isKnown:
			return malformed(c.member, errUnknownMember.Error()+"; there are "+
				strings.Join(slices.Sorted(maps.Keys(known)), ", "))
		}
		seen[name] = true
		if member == nil {
			member = element
		}
		if depth == 1 {
			c.member = name
		}
		if err := c.value(member, depth); err != nil {
			return err
		}
		if depth == 1 {
			c.member = ""
		}
	}
	return nil
}

// text checks a token if it is a text.
func (c *checker) text(token json.Token) *tokens.Error {
	if text, ok := token.(string); ok && !c.mayReplace && strings.ContainsRune(text, utf8.RuneError) {
		return malformed(c.member, "it has an escape that stands for no character")
	}
	return nil
}
