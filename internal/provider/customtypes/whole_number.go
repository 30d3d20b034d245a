package customtypes

import (
	"context"
	"fmt"
	"math"
	"math/big"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/attr/xattr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/diagnostics"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// WholeNumberType is the type of a number in a configuration that has to be whole and to fit 64 bits. The framework's own calls
// another number a defect of the provider.
type WholeNumberType struct{ basetypes.Int64Type }

// WholeNumber is a value of a WholeNumberType. One that breaks the rule counts as unknown until it is refused.
type WholeNumber struct {
	basetypes.Int64Value
	// other is the number in the configuration where it breaks the rule; else empty.
	other string
}

var (
	_ basetypes.Int64Typable      = WholeNumberType{}
	_ basetypes.Int64Valuable     = WholeNumber{}
	_ xattr.ValidateableAttribute = WholeNumber{}
)

// WholeNumberOf returns the value of a number.
func WholeNumberOf(n int64) WholeNumber { return WholeNumber{Int64Value: basetypes.NewInt64Value(n)} }

// Equal reports whether another type is the same.
func (t WholeNumberType) Equal(other attr.Type) bool {
	_, ok := other.(WholeNumberType)
	return ok
}

// String names the type.
func (t WholeNumberType) String() string { return "customtypes.WholeNumberType" }

// ValueFromInt64 wraps a number.
func (t WholeNumberType) ValueFromInt64(
	_ context.Context, in basetypes.Int64Value,
) (basetypes.Int64Valuable, diag.Diagnostics) {
	return WholeNumber{Int64Value: in}, nil
}

// ValueFromTerraform reads a value from Terraform.
func (t WholeNumberType) ValueFromTerraform(_ context.Context, in tftypes.Value) (attr.Value, error) {
	if !in.IsKnown() {
		return WholeNumber{Int64Value: basetypes.NewInt64Unknown()}, nil
	}
	if in.IsNull() {
		return WholeNumber{Int64Value: basetypes.NewInt64Null()}, nil
	}
	var number *big.Float
	if err := in.As(&number); err != nil {
		return nil, fmt.Errorf("a number was expected: %w", err)
	}
	if n, accuracy := number.Int64(); accuracy == big.Exact {
		return WholeNumberOf(n), nil
	}
	return WholeNumber{Int64Value: basetypes.NewInt64Unknown(), other: number.Text('g', 25)}, nil
}

// ValueType returns an example of a value.
func (t WholeNumberType) ValueType(context.Context) attr.Value { return WholeNumber{} }

// Equal reports whether another value is the same.
func (v WholeNumber) Equal(other attr.Value) bool {
	o, ok := other.(WholeNumber)
	return ok && v.other == o.other && v.Int64Value.Equal(o.Int64Value)
}

// Type returns the type of the value.
func (v WholeNumber) Type(context.Context) attr.Type { return WholeNumberType{} }

// ValidateAttribute checks a configured number.
func (v WholeNumber) ValidateAttribute(
	_ context.Context, req xattr.ValidateAttributeRequest, resp *xattr.ValidateAttributeResponse,
) {
	resp.Diagnostics.Append(v.check(req.Path)...)
}

// Require checks a number that is about to be used.
func (v WholeNumber) Require(name string, diags *diag.Diagnostics) {
	diags.Append(v.check(path.Root(name))...)
}

func (v WholeNumber) check(at path.Path) (diags diag.Diagnostics) {
	if v.other != "" {
		diags.Append(diagnostics.InvalidAttribute(at, tokens.Invalid(diagnostics.AttributeName(at),
			"%s is no whole number that fits: use one up to %d", v.other, math.MaxInt64)))
	}
	return diags
}
