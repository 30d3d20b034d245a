package attribute

import (
	"math"

	"github.com/hashicorp/terraform-plugin-framework/types"
)

// TextOrNull returns the attribute for a text of the backend: null for an empty one.
func TextOrNull(text string) types.String { return OptionalText(types.StringNull(), text) }

// Count returns a number of objects, 0 for null. A number too large for any memory becomes the largest that an int
// holds everywhere.
func Count(v types.Int64) int { return int(min(v.ValueInt64(), math.MaxInt32)) }

// OptionalText returns the attribute for a text of the backend: null for an empty one, unless the state has the empty
// text.
func OptionalText(prior types.String, text string) types.String {
	if text == "" && prior.ValueString() == "" {
		return prior
	}
	if text == "" {
		return types.StringNull()
	}
	return types.StringValue(text)
}

// IsGiven reports whether a value is known and not null.
func IsGiven(v interface {
	IsNull() bool
	IsUnknown() bool
}) bool {
	return !v.IsNull() && !v.IsUnknown()
}
