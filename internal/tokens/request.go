package tokens

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"reflect"
	"time"
)

// Request identifies one creation or regeneration, so that sending it again after its answer was lost has no further
// effect. It is part of every such input.
type Request struct {
	// RequestID is new for each request: see NewID with KindRequest.
	RequestID string `digest:"-"`
}

// NewRequest returns a new request, created at now.
func NewRequest(now time.Time) Request { return Request{RequestID: NewID(KindRequest, now)} }

// Validate checks the form of the identifier.
func (r Request) Validate() error { return ValidateID("request_id", KindRequest, r.RequestID) }

// Digest returns the SHA-256, in hexadecimal, of everything that an input asks for, except its request id. A secret
// counts by its hash, unless it was generated for a caller who sent none. Inputs that mean the same have the same digest:
// times in any zone, sets of roles in any order. Every field of the input counts, so that none can be forgotten; one that came
// later, with the tag omitzero, only where it is set: a request may be sent again to a server that was upgraded in between.
func Digest(input any) string {
	text, err := json.Marshal(content(reflect.ValueOf(input)))
	if err != nil {
		panic(err) // texts, numbers and lists of them can be encoded
	}
	digest := sha256.Sum256(text)
	return hex.EncodeToString(digest[:])
}

// content formats a value so that equal values yield equal texts.
func content(v reflect.Value) any {
	switch x := v.Interface().(type) {
	case NewSecretFor:
		if x.Generated {
			x.Secret = Secret{}
			v = reflect.ValueOf(x)
		}
	case Secret:
		return x.Hash().String()
	case time.Time:
		if x.IsZero() {
			return ""
		}
		return FormatTimestamp(x)
	case []GroupRole:
		if x == nil {
			return nil
		}
		return sortedGroupRoles(x)
	}
	switch v.Kind() { //nolint:exhaustive // the others are their own content
	case reflect.Struct:
		fields := make([]any, 0, 2*v.NumField())
		for i := range v.NumField() {
			field := v.Type().Field(i)
			if !field.IsExported() {
				panic(fmt.Sprintf("%s.%s: a field of a request must be exported, or no digest would cover it", v.Type(),
					field.Name))
			}
			tag := field.Tag.Get("digest")
			if tag != "-" && (tag != "omitzero" || !v.Field(i).IsZero()) {
				fields = append(fields, field.Name, content(v.Field(i)))
			}
		}
		return fields
	case reflect.Pointer:
		if v.IsNil() {
			return nil
		}
		return []any{content(v.Elem())}
	}
	return v.Interface()
}
