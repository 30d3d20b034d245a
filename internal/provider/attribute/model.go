package attribute

import (
	"context"
	"fmt"
	"reflect"
	"sync"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// Codec converts between the raw object of a resource and its model M, a struct whose fields are attribute values
// with tfsdk tags. It does what Get and Set of the framework's states and plans do, which inspect the struct, and compile
// a regular expression for each of its fields, at every call: a third of the processor time of a plan of many resources.
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
	index int
	name  string
	typ   attr.Type
}

// prepare takes the types of the attributes from the schema, at the first use.
func (c *Codec[M]) prepare() {
	c.once.Do(func() {
		types := map[string]attr.Type{}
		if object, ok := c.describe().Type().(attr.TypeWithAttributeTypes); ok {
			types = object.AttributeTypes()
		}
		model := reflect.TypeFor[M]()
		for i := range model.NumField() {
			name := model.Field(i).Tag.Get("tfsdk")
			c.fields = append(c.fields, field{i, name, types[name]})
		}
	})
}

// Decode reads a model from the raw object of a configuration, plan or state.
func (c *Codec[M]) Decode(ctx context.Context, raw tftypes.Value, diags *diag.Diagnostics) (model M) {
	c.prepare()
	var attributes map[string]tftypes.Value
	if err := raw.As(&attributes); err != nil {
		diags.Append(defect(err))
		return model
	}
	target := reflect.ValueOf(&model).Elem()
	for _, f := range c.fields {
		value, err := f.typ.ValueFromTerraform(ctx, attributes[f.name])
		if err != nil {
			diags.Append(defect(fmt.Errorf("attribute %s: %w", f.name, err)))
			return model
		}
		target.Field(f.index).Set(reflect.ValueOf(value))
	}
	return model
}

// Encode returns the raw object of a model, of the type of an object of the same schema.
func (c *Codec[M]) Encode(ctx context.Context, model M, typ tftypes.Type) tftypes.Value {
	source := reflect.ValueOf(model)
	attributes := make(map[string]tftypes.Value, len(c.fields))
	for _, f := range c.fields {
		raw, err := attributeAt(source, f.index).ToTerraformValue(ctx)
		if err != nil {
			panic("attribute " + f.name + ": " + err.Error())
		}
		attributes[f.name] = raw
	}
	return tftypes.NewValue(typ, attributes)
}

// Equal tells whether all attributes of two models are the same.
func (c *Codec[M]) Equal(a, b M) bool {
	left, right := reflect.ValueOf(a), reflect.ValueOf(b)
	for i := range left.NumField() {
		if !attributeAt(left, i).Equal(attributeAt(right, i)) {
			return false
		}
	}
	return true
}

// attributeAt returns the attribute in a field of a model.
func attributeAt(model reflect.Value, index int) attr.Value {
	value, ok := model.Field(index).Interface().(attr.Value)
	if !ok {
		panic("field " + model.Type().Field(index).Name + " of a model is no attribute value")
	}
	return value
}

// defect is the diagnostic for a value that does not fit the provider's own schema.
func defect(err error) diag.Diagnostic {
	return diag.NewErrorDiagnostic("Unable to convert resource", "A value does not fit the schema: "+err.Error()+". This is a defect of Latchkey, please report it.")
}
