package httpapi

import (
	"encoding/json"
	"reflect"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// patch is the body of a PATCH: the settings to change and no others. W is how settings look in JSON, and S is what they
// are in the domain; the names in both are the same. A null stands for a setting that is not set any more.
type patch[W settingsDocument[S], S any] struct {
	settings W
	// fields are those that the body has.
	fields tokens.Fields
}

// settingsDocument is how settings look in JSON.
type settingsDocument[S any] interface {
	// domain returns the settings.
	domain() S
}

// patchOf returns the body for an update.
func patchOf[W settingsDocument[S], S any](u tokens.Update[S], document func(S) W) patch[W, S] {
	return patch[W, S]{document(u.Settings), u.Fields}
}

// domain returns the update that the body asks for.
func (p patch[W, S]) domain() tokens.Update[S] {
	return tokens.Update[S]{Settings: p.settings.domain(), Fields: p.fields}
}

// MarshalJSON writes the settings to change alone.
func (p patch[W, S]) MarshalJSON() ([]byte, error) {
	text, err := json.Marshal(p.settings)
	if err != nil {
		return nil, err
	}
	var all map[string]json.RawMessage
	if err := json.Unmarshal(text, &all); err != nil {
		return nil, err
	}
	some := make(map[string]json.RawMessage, len(p.fields))
	for _, field := range p.fields {
		some[field] = json.RawMessage("null") // which is what a setting is that JSON leaves out
		if value, ok := all[field]; ok {
			some[field] = value
		}
	}
	return json.Marshal(some)
}

// UnmarshalJSON reads the settings that there are, and which those are. That there is nothing else, also not by a name in
// another case, checkDocument has seen.
func (p *patch[W, S]) UnmarshalJSON(text []byte) error {
	var some map[string]json.RawMessage
	if err := json.Unmarshal(text, &some); err != nil {
		return err
	}
	for _, field := range tokens.FieldsOf[S]() {
		if _, ok := some[field]; ok {
			p.fields = append(p.fields, field)
		}
	}
	if preset, ok := any(&p.settings).(presettable); ok {
		preset.preset()
	}
	return json.Unmarshal(text, &p.settings)
}

// document returns the type of the document of which the body has some members.
func (patch[W, S]) document() reflect.Type { return reflect.TypeFor[W]() }
