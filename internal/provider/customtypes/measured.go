// Package customtypes holds the types of attributes whose text stands for a value: timestamps, durations and grace
// periods. Two spellings of one value are the same, so that neither a plan nor a read shows a difference between them.
// It knows no resource and no backend.
package customtypes

import (
	"context"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/attr/xattr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/diagnostics"
)

// Measure is how the texts of an attribute are read: two spellings of one measure are the same value.
type Measure[T any] interface {
	// parse reads a text; the error names the attribute.
	parse(attribute, text string) (T, error)
	// format is the canonical spelling.
	format(value T) string
	// equal compares by value.
	equal(a, b T) bool
}

// measuredType is the type of an attribute whose text stands for a measure M with values of type T.
type measuredType[M Measure[T], T any] struct{ basetypes.StringType }

// Measured is a value of a measuredType.
type Measured[M Measure[T], T any] struct{ basetypes.StringValue }

var (
	_ basetypes.StringTypable                    = TimestampType{}
	_ basetypes.StringValuableWithSemanticEquals = Timestamp{}
	_ xattr.ValidateableAttribute                = Timestamp{}
)

// measuredOf returns the canonical spelling of a value.
func measuredOf[M Measure[T], T any](value T) Measured[M, T] {
	var m M
	return Measured[M, T]{basetypes.NewStringValue(m.format(value))}
}

// measuredNull returns null.
func measuredNull[M Measure[T], T any]() Measured[M, T] {
	return Measured[M, T]{basetypes.NewStringNull()}
}

// Equal reports whether another type is the same.
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
func (t measuredType[M, T]) ValueFromString(
	_ context.Context, in basetypes.StringValue,
) (basetypes.StringValuable, diag.Diagnostics) {
	return Measured[M, T]{in}, nil
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
	return Measured[M, T]{text}, nil
}

// ValueType returns an example of a value.
func (t measuredType[M, T]) ValueType(context.Context) attr.Value { return Measured[M, T]{} }

// Equal reports whether another value has the same spelling.
func (v Measured[M, T]) Equal(other attr.Value) bool {
	o, ok := other.(Measured[M, T])
	return ok && v.StringValue.Equal(o.StringValue)
}

// Type returns the type of the value.
func (v Measured[M, T]) Type(context.Context) attr.Type { return measuredType[M, T]{} }

// StringSemanticEquals reports whether another spelling stands for the same value.
func (v Measured[M, T]) StringSemanticEquals(
	_ context.Context, other basetypes.StringValuable,
) (bool, diag.Diagnostics) {
	return v.StandsForSame(other), nil
}

// ValidateAttribute checks the spelling of a configured value, unless it may be made up: Require checks that.
func (v Measured[M, T]) ValidateAttribute(
	_ context.Context, req xattr.ValidateAttributeRequest, resp *xattr.ValidateAttributeResponse,
) {
	if v.isGiven() && !MayBeMadeUp(v.ValueString()) {
		resp.Diagnostics.Append(v.check(req.Path)...)
	}
}

// Require checks the spelling of a value that is about to be used.
func (v Measured[M, T]) Require(name string, diags *diag.Diagnostics) {
	if v.isGiven() {
		diags.Append(v.check(path.Root(name))...)
	}
}

func (v Measured[M, T]) check(at path.Path) (diags diag.Diagnostics) {
	var m M
	if _, err := m.parse(diagnostics.AttributeName(at), v.ValueString()); err != nil {
		diags.Append(diagnostics.InvalidAttribute(at, err))
	}
	return diags
}

// MayBeMadeUp reports whether mock_provider may have made a text up, for a computed attribute that the configuration
// refers to: Terraform and OpenTofu use letters and digits.
func MayBeMadeUp(text string) bool {
	return text != "" && !strings.ContainsFunc(text, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9')
	})
}

// isGiven reports whether the value is known and not null.
func (v Measured[M, T]) isGiven() bool { return !v.IsNull() && !v.IsUnknown() }

// Value returns what the text stands for: the zero value for null, for unknown, and for a text that validation refuses.
func (v Measured[M, T]) Value() T {
	var m M
	var zero T
	if !v.isGiven() {
		return zero
	}
	value, err := m.parse("", v.ValueString())
	if err != nil {
		return zero
	}
	return value
}

// Same reports whether both are null, both unknown, or both stand for the same value.
func (v Measured[M, T]) Same(other Measured[M, T]) bool {
	if !v.isGiven() || !other.isGiven() {
		return v.Equal(other)
	}
	var m M
	return m.equal(v.Value(), other.Value())
}

// StandsForSame is Same for any other value.
func (v Measured[M, T]) StandsForSame(other attr.Value) bool {
	o, ok := other.(Measured[M, T])
	return ok && v.Same(o)
}

// OrPrior returns the prior spelling if it stands for the same value, otherwise v.
func (v Measured[M, T]) OrPrior(prior Measured[M, T]) Measured[M, T] {
	if v.Same(prior) {
		return prior
	}
	return v
}
