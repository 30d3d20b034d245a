package attribute

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/customtypes"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/diagnostics"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// notNegative refuses a number below zero.
type notNegative struct{}

var _ validator.Int64 = notNegative{}

// Description says what the rule asks for.
func (notNegative) Description(context.Context) string { return "must not be negative" }

// MarkdownDescription says what the rule asks for.
func (v notNegative) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

// ValidateInt64 applies the rule to a known value.
func (notNegative) ValidateInt64(_ context.Context, req validator.Int64Request, resp *validator.Int64Response) {
	if IsGiven(req.ConfigValue) && req.ConfigValue.ValueInt64() < 0 {
		resp.Diagnostics.Append(diagnostics.InvalidAttribute(req.Path,
			tokens.Invalid(diagnostics.AttributeName(req.Path), "%d is negative: use a positive number, or leave it out",
				req.ConfigValue.ValueInt64())))
	}
}

// oneRolePerGroup refuses a group that has more than one role, as far as the groups are known.
type oneRolePerGroup struct{}

var _ validator.Set = oneRolePerGroup{}

// Description says what the rule asks for.
func (oneRolePerGroup) Description(context.Context) string { return "must name each group once" }

// MarkdownDescription says what the rule asks for.
func (v oneRolePerGroup) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

// ValidateSet applies the rule to the elements whose group is known.
func (oneRolePerGroup) ValidateSet(_ context.Context, req validator.SetRequest, resp *validator.SetResponse) {
	seen := map[string]bool{}
	for _, element := range req.ConfigValue.Elements() {
		object, ok := element.(types.Object)
		if !ok {
			continue
		}
		id, ok := object.Attributes()["group_id"].(types.String)
		if !ok || !IsGiven(id) {
			continue
		}
		if seen[id.ValueString()] {
			resp.Diagnostics.Append(diagnostics.InvalidAttribute(req.Path,
				tokens.Invalid("group_roles", "group %s has more than one role: keep one", id.ValueString())))
		}
		seen[id.ValueString()] = true
	}
}

// idsRule applies the rule for references to an object of a kind to each element of a set.
type idsRule struct{ kind tokens.Kind }

var _ validator.Set = idsRule{}

// IDsRule is IDRule for a set of references.
func IDsRule(kind tokens.Kind) validator.Set { return idsRule{kind} }

// Description says what the rule asks for.
func (v idsRule) Description(context.Context) string {
	return "must be identifiers, each of a " + v.kind.Noun()
}

// MarkdownDescription says what the rule asks for.
func (v idsRule) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

// ValidateSet applies the rule to the elements that are known.
func (v idsRule) ValidateSet(_ context.Context, req validator.SetRequest, resp *validator.SetResponse) {
	name := diagnostics.AttributeName(req.Path)
	for _, id := range Texts(req.ConfigValue) {
		if err := tokens.ValidateReference(name, v.kind, id); err != nil {
			resp.Diagnostics.Append(diagnostics.InvalidAttribute(req.Path, err))
		}
	}
}

// ruleValidator applies a rule of the domain to a configured text.
type ruleValidator struct {
	description string
	rule        func(field, value string) error
}

var _ validator.String = ruleValidator{}

// Rule returns the validator for a rule of the domain.
func Rule(description string, rule func(field, value string) error) validator.String {
	return ruleValidator{description, rule}
}

// IDRule returns the validator for a reference to an object of a kind. It lets pass whatever may turn out to be one:
// mock_provider makes identifiers up, and what refers to them is validated like everything else. The backend judges.
func IDRule(kind tokens.Kind) validator.String {
	return Rule("the identifier of a "+kind.Noun(), func(field, value string) error {
		return tokens.ValidateReference(field, kind, value)
	})
}

// RuleForKnown is Rule for an attribute that may refer to a computed one: it lets pass what mock_provider may have made
// up. Who uses the value requires the rule.
func RuleForKnown(description string, rule func(field, value string) error) validator.String {
	return Rule(description, func(field, value string) error {
		if customtypes.MayBeMadeUp(value) {
			return nil
		}
		return rule(field, value)
	})
}

// Require refuses a value that breaks a rule of the domain, where it is about to be used. Unlike a validator it doesn't
// see what mock_provider makes up.
func Require(name string, value types.String, diags *diag.Diagnostics, rule func(field, value string) error) {
	if !IsGiven(value) {
		return
	}
	if err := rule(name, value.ValueString()); err != nil {
		diags.Append(diagnostics.InvalidAttribute(path.Root(name), err))
	}
}

// RequireID refuses a value that is no identifier of the kind, where it is about to be used.
func RequireID(name string, value types.String, kind tokens.Kind, diags *diag.Diagnostics) {
	Require(name, value, diags, func(field, value string) error { return tokens.ValidateID(field, kind, value) })
}

// RequireIDs is RequireID for a set.
func RequireIDs(name string, set types.Set, kind tokens.Kind, diags *diag.Diagnostics) {
	for _, id := range Texts(set) {
		RequireID(name, types.StringValue(id), kind, diags)
	}
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
	if err := v.rule(diagnostics.AttributeName(req.Path), req.ConfigValue.ValueString()); err != nil {
		resp.Diagnostics.Append(diagnostics.InvalidAttribute(req.Path, err))
	}
}
