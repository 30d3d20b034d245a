package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// ruleValidator applies a rule of the domain to a configured text.
type ruleValidator struct {
	description string
	rule        func(field, value string) error
}

var _ validator.String = ruleValidator{}

// stringRule returns the validator for a rule of the domain.
func stringRule(description string, rule func(field, value string) error) validator.String {
	return ruleValidator{description, rule}
}

// idRule returns the validator for identifiers of a kind.
func idRule(kind tokens.Kind) validator.String {
	return stringRule("the identifier of a "+kind.Noun(), func(field, value string) error {
		return tokens.ValidateID(field, kind, value)
	})
}

// Description says what the rule asks for.
func (v ruleValidator) Description(context.Context) string { return "must be " + v.description }

// MarkdownDescription says what the rule asks for.
func (v ruleValidator) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

// ValidateString applies the rule to a known value.
func (v ruleValidator) ValidateString(_ context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}
	if err := v.rule(attributeName(req.Path), req.ConfigValue.ValueString()); err != nil {
		resp.Diagnostics.Append(invalidAttribute(req.Path, err))
	}
}

// attributeName returns the name of the attribute at the end of a path.
func attributeName(at path.Path) string {
	last, _ := at.Steps().LastStep()
	if name, ok := last.(path.PathStepAttributeName); ok {
		return string(name)
	}
	return at.String()
}

// isGiven tells whether a value is known and not null.
func isGiven(v interface {
	IsNull() bool
	IsUnknown() bool
}) bool {
	return !v.IsNull() && !v.IsUnknown()
}
