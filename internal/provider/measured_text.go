package provider

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/attr/xattr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// measure is how the texts of an attribute are read: two spellings of one measure are the same value.
type measure[T any] interface {
	// parse reads a text; the error names the attribute.
	parse(attribute, text string) (T, error)
	// format is the canonical spelling.
	format(value T) string
	// equal compares by value.
	equal(a, b T) bool
}

// measuredType is the type of an attribute whose text stands for a measure M with values of type T.
type measuredType[M measure[T], T any] struct{ basetypes.StringType }

// measured is a value of a measuredType.
type measured[M measure[T], T any] struct{ basetypes.StringValue }

var (
	_ basetypes.StringTypable                    = timestampType{}
	_ basetypes.StringValuableWithSemanticEquals = timestamp{}
	_ xattr.ValidateableAttribute                = timestamp{}
)

// measuredOf returns the canonical spelling of a value.
func measuredOf[M measure[T], T any](value T) measured[M, T] {
	var m M
	return measured[M, T]{basetypes.NewStringValue(m.format(value))}
}

// measuredNull returns null.
func measuredNull[M measure[T], T any]() measured[M, T] {
	return measured[M, T]{basetypes.NewStringNull()}
}

// measuredUnknown returns unknown.
func measuredUnknown[M measure[T], T any]() measured[M, T] {
	return measured[M, T]{basetypes.NewStringUnknown()}
}

// Equal tells whether another type is the same.
func (t measuredType[M, T]) Equal(other attr.Type) bool {
	_, ok := other.(measuredType[M, T])
	return ok
}

// String names the type.
func (t measuredType[M, T]) String() string {
	var m M
	return fmt.Sprintf("provider.measuredType[%T]", m)
}

// ValueFromString wraps a plain text.
func (t measuredType[M, T]) ValueFromString(_ context.Context, in basetypes.StringValue) (basetypes.StringValuable, diag.Diagnostics) {
	return measured[M, T]{in}, nil
}

// ValueFromTerraform reads a value from Terraform.
func (t measuredType[M, T]) ValueFromTerraform(ctx context.Context, in tftypes.Value) (attr.Value, error) {
	value, err := t.StringType.ValueFromTerraform(ctx, in)
	if err != nil {
		return nil, err
	}
	text, ok := value.(basetypes.StringValue)
	if !ok {
		return nil, fmt.Errorf("a text was expected, not %T", value)
	}
	return measured[M, T]{text}, nil
}

// ValueType returns an example of a value.
func (t measuredType[M, T]) ValueType(context.Context) attr.Value { return measured[M, T]{} }

// Equal tells whether another value has the same spelling.
func (v measured[M, T]) Equal(other attr.Value) bool {
	o, ok := other.(measured[M, T])
	return ok && v.StringValue.Equal(o.StringValue)
}

// Type returns the type of the value.
func (v measured[M, T]) Type(context.Context) attr.Type { return measuredType[M, T]{} }

// StringSemanticEquals tells whether another spelling stands for the same value.
func (v measured[M, T]) StringSemanticEquals(_ context.Context, other basetypes.StringValuable) (bool, diag.Diagnostics) {
	o, ok := other.(measured[M, T])
	return ok && v.same(o), nil
}

// ValidateAttribute checks the spelling of a configured value.
func (v measured[M, T]) ValidateAttribute(_ context.Context, req xattr.ValidateAttributeRequest, resp *xattr.ValidateAttributeResponse) {
	if !isGiven(v) {
		return
	}
	var m M
	if _, err := m.parse(attributeName(req.Path), v.ValueString()); err != nil {
		resp.Diagnostics.Append(invalidAttribute(req.Path, err))
	}
}

// value returns what the text stands for: the zero value for null, unknown, and for a text that validation refuses.
func (v measured[M, T]) value() T {
	var m M
	var zero T
	if !isGiven(v) {
		return zero
	}
	value, err := m.parse("", v.ValueString())
	if err != nil {
		return zero
	}
	return value
}

// same tells whether both are null, both unknown, or both stand for the same value.
func (v measured[M, T]) same(other measured[M, T]) bool {
	if !isGiven(v) || !isGiven(other) {
		return v.Equal(other)
	}
	var m M
	return m.equal(v.value(), other.value())
}

// orPrior returns the prior spelling where it stands for the same value, else v.
func (v measured[M, T]) orPrior(prior measured[M, T]) measured[M, T] {
	if v.same(prior) {
		return prior
	}
	return v
}
