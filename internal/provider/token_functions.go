package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// textFunction is a function of one text. It answers about any: Terraform prints the arguments of a function that fails, and
// the text may be a secret.
type textFunction struct {
	name       string
	definition function.Definition
	answer     func(text types.String) any
}

func (f textFunction) Metadata(_ context.Context, _ function.MetadataRequest, resp *function.MetadataResponse) {
	resp.Name = f.name
}

func (f textFunction) Definition(_ context.Context, _ function.DefinitionRequest, resp *function.DefinitionResponse) {
	resp.Definition = f.definition
}

func (f textFunction) Run(ctx context.Context, req function.RunRequest, resp *function.RunResponse) {
	var text types.String
	if resp.Error = req.Arguments.Get(ctx, &text); resp.Error == nil {
		resp.Error = resp.Result.Set(ctx, f.answer(text))
	}
}

// textParameter is the parameter of such a function.
func textParameter(description string) []function.Parameter {
	return []function.Parameter{function.StringParameter{
		Name: "value", AllowNullValue: true, MarkdownDescription: description,
	}}
}

// newTokenPreviewFunction returns the function that shows the beginning of a value.
func newTokenPreviewFunction() function.Function {
	return textFunction{
		name: "token_preview",
		definition: function.Definition{
			Summary: "The beginning of an access token's value",
			MarkdownDescription: "Returns the first 10 characters of a value, by which people recognize it, as `token_preview` " +
				"shows them. Null for any text that does not have the form of an access token. Never fails.",
			Parameters: textParameter("The value, or any other text."),
			Return:     function.StringReturn{},
		},
		answer: func(text types.String) any {
			preview, ok := tokens.PreviewOf(text.ValueString())
			if !ok {
				return types.StringNull()
			}
			return preview
		},
	}
}

// newTokenValidFunction returns the function that recognizes values.
func newTokenValidFunction() function.Function {
	return textFunction{
		name: "token_valid",
		definition: function.Definition{
			Summary: "Whether a text has the form of an access token",
			MarkdownDescription: "Returns whether a text has the form of a value that Latchkey makes, its checksum included: so it " +
				"was copied whole. Asks nobody, so a value that was revoked or never issued is valid, too, and a secret " +
				"that people bring is not. Never fails.",
			Parameters: textParameter("The value, or any other text."),
			Return:     function.BoolReturn{},
		},
		answer: func(text types.String) any {
			_, err := tokens.ParseSecret(text.ValueString())
			return err == nil
		},
	}
}
