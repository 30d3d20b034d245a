package attribute

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"sync"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/defaults"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// Codec converts between the raw object of a resource and its model M, a struct whose fields are attribute values
// with tfsdk tags. It does what Get and Set of the framework's states and plans do, which inspect the struct, and
// compile a regular expression for each of its fields, at every call: a third of the processor time of a plan of many
// resources.
type Codec[M any] struct {
	describe func() schema.Schema
	once     sync.Once
	fields   []field
}

// NewCodec returns the codec of a resource with this schema.
func NewCodec[M any](describe func() schema.Schema) *Codec[M] {
	return &Codec[M]{describe: describe}
}

type field struct {
	index []int
	name  string
	typ   attr.Type
	// absent is the value in the plan of a new object whose configuration leaves the attribute out.
	absent tftypes.Value
	// hasDefault says that this is a default.
	hasDefault bool
	// writeOnly says that only configurations hold the attribute.
	writeOnly bool
}

// prepare takes the types of the attributes from the schema, at the first use.
func (c *Codec[M]) prepare() {
	c.once.Do(func() {
		attributes := c.describe().Attributes
		for _, held := range attributesOf(reflect.TypeFor[M]()) {
			name := held.Tag.Get("tfsdk")
			f := field{index: held.Index, name: name, typ: attributes[name].GetType()}
			f.absent, f.hasDefault = absent(attributes[name])
			f.writeOnly = attributes[name].IsWriteOnly()
			c.fields = append(c.fields, f)
		}
	})
}

// absent returns the value that the framework plans for an attribute that the configuration of a new object leaves out,
// and reports whether it is a default. Only texts and switches have defaults in this provider.
func absent(a schema.Attribute) (value tftypes.Value, isDefault bool) {
	ctx := context.Background()
	typ := a.GetType().TerraformType(ctx)
	var planned attr.Value
	switch a := a.(type) {
	case schema.StringAttribute:
		if a.Default != nil {
			var resp defaults.StringResponse
			a.Default.DefaultString(ctx, defaults.StringRequest{}, &resp)
			planned = resp.PlanValue
		}
	case schema.BoolAttribute:
		if a.Default != nil {
			var resp defaults.BoolResponse
			a.Default.DefaultBool(ctx, defaults.BoolRequest{}, &resp)
			planned = resp.PlanValue
		}
	}
	switch {
	case planned != nil:
		return rawValue(ctx, planned), true
	case a.IsComputed():
		return tftypes.NewValue(typ, tftypes.UnknownValue), false
	default:
		return tftypes.NewValue(typ, nil), false
	}
}

// Decode reads a model from the raw object of a configuration, plan or state.
func (c *Codec[M]) Decode(ctx context.Context, raw tftypes.Value, diags *diag.Diagnostics) M {
	return c.decode(ctx, raw, false, diags)
}

// DecodeNew reads the model of a new object from the raw object of its configuration. What the configuration leaves out
// is as the framework plans it: the default, else unknown if the attribute is computed.
func (c *Codec[M]) DecodeNew(ctx context.Context, config tftypes.Value, diags *diag.Diagnostics) M {
	return c.decode(ctx, config, true, diags)
}

func (c *Codec[M]) decode(ctx context.Context, raw tftypes.Value, isNew bool, diags *diag.Diagnostics) (model M) {
	c.prepare()
	var attributes map[string]tftypes.Value
	if err := raw.As(&attributes); err != nil {
		diags.Append(defect(err))
		return model
	}
	target := reflect.ValueOf(&model).Elem()
	for _, f := range c.fields {
		value := attributes[f.name]
		if isNew && value.IsNull() {
			value = f.absent
		}
		decoded, err := f.typ.ValueFromTerraform(ctx, value)
		if err != nil {
			diags.Append(defect(fmt.Errorf("attribute %s: %w", f.name, err)))
			return model
		}
		target.FieldByIndex(f.index).Set(reflect.ValueOf(decoded))
	}
	return model
}

// Encode returns the raw object of a model for a plan or state, of the type of an object of the same schema. It leaves out
// what only configurations hold.
func (c *Codec[M]) Encode(ctx context.Context, model M, typ tftypes.Type) tftypes.Value {
	c.prepare()
	source := reflect.ValueOf(model)
	attributes := make(map[string]tftypes.Value, len(c.fields))
	for _, f := range c.fields {
		if attributes[f.name] = rawValue(ctx, attributeAt(source, f.index)); f.writeOnly {
			attributes[f.name] = f.absent
		}
	}
	return tftypes.NewValue(typ, attributes)
}

// rawValue returns the raw value of an attribute. Those of the provider's own types all have one.
func rawValue(ctx context.Context, value attr.Value) tftypes.Value {
	raw, err := value.ToTerraformValue(ctx)
	if err != nil {
		panic(fmt.Sprintf("%T: %s", value, err))
	}
	return raw
}

// HasDefaults reports whether each attribute with a default has that value.
func (c *Codec[M]) HasDefaults(ctx context.Context, model M) bool {
	c.prepare()
	source := reflect.ValueOf(model)
	for _, f := range c.fields {
		if f.hasDefault && !rawValue(ctx, attributeAt(source, f.index)).Equal(f.absent) {
			return false
		}
	}
	return true
}

// KeepSpelling gives each attribute of a plan that stands for the same value as in the state the spelling that it has
// there.
func (c *Codec[M]) KeepSpelling(plan, state *M) {
	c.prepare()
	planned, prior := reflect.ValueOf(plan).Elem(), reflect.ValueOf(state).Elem()
	for _, f := range c.fields {
		if same, ok := attributeAt(planned, f.index).(interface{ StandsForSame(attr.Value) bool }); ok {
			if held := attributeAt(prior, f.index); same.StandsForSame(held) {
				planned.FieldByIndex(f.index).Set(reflect.ValueOf(held))
			}
		}
	}
}

// Equal reports whether all attributes of two models are the same, apart from those that only configurations hold.
func (c *Codec[M]) Equal(a, b M) bool {
	c.prepare()
	left, right := reflect.ValueOf(a), reflect.ValueOf(b)
	for _, f := range c.fields {
		if !f.writeOnly && !attributeAt(left, f.index).Equal(attributeAt(right, f.index)) {
			return false
		}
	}
	return true
}

// AllAsIn reports whether each attribute of a model that is known stands for the same value in another, apart from those that
// only configurations hold.
func (c *Codec[M]) AllAsIn(model, other M) bool {
	c.prepare()
	left, right := reflect.ValueOf(model), reflect.ValueOf(other)
	for _, f := range c.fields {
		value, held := attributeAt(left, f.index), attributeAt(right, f.index)
		if f.writeOnly || value.IsUnknown() || value.Equal(held) {
			continue
		}
		if same, ok := value.(interface{ StandsForSame(attr.Value) bool }); !ok || !same.StandsForSame(held) {
			return false
		}
	}
	return true
}

// attributesOf returns the fields of a model that hold an attribute, those of embedded structs too.
func attributesOf(model reflect.Type) []reflect.StructField {
	return slices.DeleteFunc(reflect.VisibleFields(model), func(f reflect.StructField) bool { return f.Anonymous })
}

// attributeAt returns the attribute in a field of a model.
func attributeAt(model reflect.Value, index []int) attr.Value {
	value, ok := model.FieldByIndex(index).Interface().(attr.Value)
	if !ok {
		panic("field " + model.Type().FieldByIndex(index).Name + " of a model is no attribute value")
	}
	return value
}

// defect is the diagnostic for a value that does not fit the provider's own schema.
func defect(err error) diag.Diagnostic {
	return diag.NewErrorDiagnostic("Unable to convert resource",
		"A value does not fit the schema: "+err.Error()+". This is a defect of Latchkey, please report it.")
}
