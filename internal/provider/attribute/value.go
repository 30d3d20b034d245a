package attribute

import (
	"math"

	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/customtypes"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// TextOrNull returns the attribute for a text of the backend: null for an empty one.
func TextOrNull(text string) types.String { return OptionalText(types.StringNull(), text) }

// Count returns a number of objects, 0 for null. What no memory could hold is as good as what an int can.
func Count(v types.Int64) int { return int(min(v.ValueInt64(), math.MaxInt32)) }

// OptionalText returns the attribute for a text of the backend, where empty is null unless the state says otherwise.
func OptionalText(prior types.String, text string) types.String {
	if text == "" && prior.ValueString() == "" {
		return prior
	}
	if text == "" {
		return types.StringNull()
	}
	return types.StringValue(text)
}

// ChangedText is the change to a text where the plan differs from the state.
func ChangedText(state, plan types.String) tokens.Change[string] {
	return ChangedWord[string](state, plan)
}

// ChangedWord is the change to a word of a kind where the plan differs from the state.
func ChangedWord[W ~string](state, plan types.String) (c tokens.Change[W]) {
	if plan.ValueString() != state.ValueString() {
		c = tokens.To(W(plan.ValueString()))
	}
	return c
}

// ChangedMeasure is the change to a measure where the plan differs from the state.
func ChangedMeasure[M customtypes.Measure[T], T any](state, plan customtypes.Measured[M, T]) (c tokens.Change[T]) {
	if !plan.Same(state) {
		c = tokens.To(plan.Value())
	}
	return c
}

// ChangedBool is the change to a switch where the plan differs from the state.
func ChangedBool(state, plan types.Bool) (c tokens.Change[bool]) {
	if !plan.Equal(state) {
		c = tokens.To(plan.ValueBool())
	}
	return c
}

// IsGiven tells whether a value is known and not null.
func IsGiven(v interface {
	IsNull() bool
	IsUnknown() bool
}) bool {
	return !v.IsNull() && !v.IsUnknown()
}
