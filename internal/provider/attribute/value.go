package attribute

import (
	"math"

	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/customtypes"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// TextOrNull returns the attribute for a text of the backend: null for an empty one.
func TextOrNull(text string) types.String { return OptionalText(types.StringNull(), text) }

// Texts returns the elements of a set of texts, as far as they are known. Null, which Terraform lets pass, is the empty one.
func Texts(set types.Set) []string {
	var texts []string
	for _, element := range set.Elements() {
		if text, ok := element.(types.String); ok && !text.IsUnknown() {
			texts = append(texts, text.ValueString())
		}
	}
	return texts
}

// Count returns a number of objects, 0 for null. A number too large for any memory becomes the largest that an int
// holds everywhere.
func Count(v customtypes.WholeNumber) int { return int(min(v.ValueInt64(), math.MaxInt32)) }

// OptionalText returns the attribute for a text of the backend: null for an empty one, unless the state has the empty
// text. A text that the state has in another form, such as with other line ends, stays as it is there.
func OptionalText(prior types.String, text string) types.String {
	text = tokens.CleanedLines(text)
	switch {
	case tokens.Normal(prior.ValueString()) == text:
		return prior
	case text == "":
		return types.StringNull()
	}
	return types.StringValue(text)
}

// Text returns the attribute for a text of the backend in one line. Like OptionalText, it cleans the text, which
// Terraform prints as it is.
func Text(text string) types.String { return types.StringValue(tokens.Cleaned(text)) }

// IsGiven reports whether a value is known and not null.
func IsGiven(v interface {
	IsNull() bool
	IsUnknown() bool
}) bool {
	return !v.IsNull() && !v.IsUnknown()
}
