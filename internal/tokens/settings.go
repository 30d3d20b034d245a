package tokens

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"
)

// Settings are what people set on an access token. The token, the request for a new one and the update all contain this
// type. The difference between two of them decides permission, event and request digest alike (see Difference).
//
// A new setting is a field here, a line in settingOperations and, if its value has rules, a line in Validate. A setting
// that is missing from settingOperations needs the permission to manage the token, so a forgotten one fails closed.
type Settings struct {
	// Name is a label for people; several tokens may share one.
	Name        string `setting:"name"`
	Description string `setting:"description"`
	// Own holds the roles set on the token itself, which narrow those of the technical user. If the system created the
	// technical user, they are its roles. See Grants.
	Own Grants
	// Visibility says who may know of the token.
	Visibility Visibility `setting:"visibility"`
	// Enabled is the declared switch.
	Enabled bool `setting:"enabled"`
	// ActivatesAt is the time before which the token is pending; zero for none.
	ActivatesAt time.Time `setting:"activates_at"`
	// ExpiresAt is when the token ends, whatever its secret; zero for never. It excludes TTL.
	ExpiresAt time.Time `setting:"expires_at"`
	// TTL is how long each new secret lives; zero for no such limit.
	TTL time.Duration `setting:"ttl"`
	Policies
}

// settingOperations maps the settings of a token to the operations that change them.
var settingOperations = map[string]TokenOperation{
	"name":                     OperationEdit,
	"description":              OperationEdit,
	"role":                     OperationEdit,
	"group_roles":              OperationEdit,
	"activates_at":             OperationEdit,
	"expires_at":               OperationEdit,
	"ttl":                      OperationEdit,
	"regenerate_before_expiry": OperationEdit,
	"on_expired":               OperationEdit,
	"on_secret_drift":          OperationEdit,
	"grace_period":             OperationEdit,
	"protect_if_used_within":   OperationEdit,
	"visibility":               OperationSetVisible,
	"enabled":                  OperationEnable, // to disable asks for less; see updateOperations
}

// operationFor returns the operation that changes a setting. An unlisted setting needs everything that managing the
// token needs.
func operationFor(setting string) TokenOperation {
	if op, ok := settingOperations[setting]; ok {
		return op
	}
	return OperationConfigure
}

// Validate checks each setting on its own and which of them exclude each other, for a token at the level of a group or
// (empty) of the organization. CodeInvalid.
func (s Settings) Validate(groupID string) error {
	return firstError(
		ValidateLabel("name", s.Name),
		ValidateDescription("description", s.Description),
		validateLevel(groupID, s.Own),
		ValidateVisibility("visibility", s.Visibility),
		validateOptionalRole("role", s.Own.Role),
		validateLifetime(s.ExpiresAt, s.TTL),
		s.Policies.Validate(s.ExpiresAt, s.TTL),
	)
}

// Fields names settings by their attributes.
type Fields []string

// Has reports whether a setting is one of them.
func (f Fields) Has(setting string) bool { return slices.Contains(f, setting) }

// String lists the names for people.
func (f Fields) String() string { return strings.Join(f, ", ") }

// Update holds new values for the settings in S that Fields names; the others stay as they are.
type Update[S any] struct {
	Settings S
	Fields   Fields
}

// Updating returns the update that turns some settings into others.
func Updating[S any](before, after S) Update[S] {
	return Update[S]{Settings: after, Fields: Difference(before, after)}
}

// Apply returns settings with the changes made. CodeInvalid for the name of a setting that does not exist.
func (u Update[S]) Apply(to S) (S, error) {
	known := settingsOf(reflect.TypeFor[S]())
	from, target := reflect.ValueOf(&u.Settings).Elem(), reflect.ValueOf(&to).Elem()
	for _, name := range u.Fields {
		i := slices.IndexFunc(known, func(s setting) bool { return s.name == name })
		if i < 0 {
			return to, Invalid("", "there is no setting %q", name)
		}
		target.FieldByIndex(known[i].index).Set(from.FieldByIndex(known[i].index))
	}
	return to, nil
}

// Changes returns settings that hold the new values alone.
func (u Update[S]) Changes() S {
	var none S
	changed, err := u.Apply(none)
	if err != nil { // there is no such setting, which Apply says to whoever makes the change
		return u.Settings
	}
	return changed
}

// judged returns the settings after an update as they are to be judged: rules for texts bind those that the update
// sets. Others may be older than a rule, and are no reason to refuse anything.
func judged[S any](before, after S) S {
	was, is := reflect.ValueOf(&before).Elem(), reflect.ValueOf(&after).Elem()
	for _, s := range settingsOf(is.Type()) {
		isText := s.name == "name" || s.name == "description"
		if isText && was.FieldByIndex(s.index).String() == is.FieldByIndex(s.index).String() {
			is.FieldByIndex(s.index).SetString("unchanged")
		}
	}
	return after
}

// Difference returns the names of the settings in which two values differ, in the order of the type's fields. Times are
// equal if they are the same instant in any zone, and sets of roles in any order.
func Difference[S any](a, b S) Fields {
	x, y := reflect.ValueOf(&a).Elem(), reflect.ValueOf(&b).Elem()
	var fields Fields
	for _, s := range settingsOf(x.Type()) {
		if !sameSetting(x.FieldByIndex(s.index).Interface(), y.FieldByIndex(s.index).Interface()) {
			fields = append(fields, s.name)
		}
	}
	return fields
}

// FieldsOf returns the names of all settings of a type, in the order of its fields.
func FieldsOf[S any]() Fields {
	var fields Fields
	for _, s := range settingsOf(reflect.TypeFor[S]()) {
		fields = append(fields, s.name)
	}
	return fields
}

// sameSetting reports whether two values of one setting are equal.
func sameSetting(a, b any) bool {
	switch x := a.(type) {
	case time.Time:
		y, ok := b.(time.Time)
		return ok && x.Equal(y)
	case []GroupRole:
		y, ok := b.([]GroupRole)
		return ok && sameGroupRoles(x, y)
	}
	return reflect.DeepEqual(a, b)
}

// setting is one field of a type of settings.
type setting struct {
	name  string
	index []int
}

var settingsOfType sync.Map // reflect.Type -> []setting

// settingsOf returns the settings in a struct type: its fields and, in place of an embedded struct, the fields of that
// struct. A field without the tag goes by its Go name, so that none is left out.
func settingsOf(t reflect.Type) []setting {
	if known, ok := settingsOfType.Load(t); ok {
		return known.([]setting) //nolint:errcheck,forcetypeassert // nothing else is stored there
	}
	var all []setting
	for i := range t.NumField() {
		field := t.Field(i)
		if !field.IsExported() {
			panic(fmt.Sprintf("%s.%s: a setting must be exported, or nothing could compare it", t, field.Name))
		}
		name, named := field.Tag.Lookup("setting")
		switch {
		case named:
			all = append(all, setting{name, field.Index})
		case field.Type.Kind() == reflect.Struct && field.Type != reflect.TypeFor[time.Time]():
			for _, inner := range settingsOf(field.Type) {
				all = append(all, setting{inner.name, append(slices.Clone(field.Index), inner.index...)})
			}
		default:
			all = append(all, setting{field.Name, field.Index})
		}
	}
	settingsOfType.Store(t, all)
	return all
}
