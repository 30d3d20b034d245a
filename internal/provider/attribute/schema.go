// Package attribute holds what the schemas and models of several resources and data sources share: the attributes that
// occur in more than one of them, the rules for configured values, and the conversions between attributes and values of
// the domain.
package attribute

import (
	"context"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringdefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/customtypes"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// Description is the schema of a description.
func Description(description string) schema.StringAttribute {
	return schema.StringAttribute{
		Optional:            true,
		MarkdownDescription: description,
		Validators:          []validator.String{Rule("at most 1,024 printable characters", tokens.ValidateDescription)},
		PlanModifiers:       []planmodifier.String{keepForm{}},
	}
}

// keepForm plans a text as it is in the state if the configured one differs only in its form, such as in line ends.
type keepForm struct{}

var _ planmodifier.String = keepForm{}

// Description says what the modifier does.
func (keepForm) Description(context.Context) string {
	return "texts that differ only in line ends are equal"
}

// MarkdownDescription says what the modifier does.
func (k keepForm) MarkdownDescription(ctx context.Context) string { return k.Description(ctx) }

// PlanModifyString keeps the form of the state.
func (keepForm) PlanModifyString(
	_ context.Context, req planmodifier.StringRequest, resp *planmodifier.StringResponse,
) {
	if IsGiven(req.PlanValue) && IsGiven(req.StateValue) &&
		tokens.Normal(req.PlanValue.ValueString()) == tokens.Normal(req.StateValue.ValueString()) {
		resp.PlanValue = req.StateValue
	}
}

// GroupRoles is the schema of the attribute group_roles.
func GroupRoles(description string) schema.SetNestedAttribute {
	return schema.SetNestedAttribute{
		Optional:            true,
		MarkdownDescription: description,
		Validators:          []validator.Set{oneRolePerGroup{}},
		NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
			"group_id": schema.StringAttribute{
				Required:            true,
				MarkdownDescription: "Identifier of the group.",
				Validators:          []validator.String{IDRule(tokens.KindGroup)},
			},
			"role": Role(schema.StringAttribute{
				Required:            true,
				MarkdownDescription: "Role in that group: " + KnownRoles,
			}),
		}},
	}
}

// KnownRoles completes the description of an attribute that names a role.
const KnownRoles = "`none`, `viewer`, `member`, `manager`, `administrator`, `owner`, or the name of a `latchkey_role`."

// Role completes the schema of an attribute that names a role. Only the backend knows which roles exist.
func Role(a schema.StringAttribute) schema.StringAttribute {
	a.Validators = append(a.Validators, RuleForKnown("the name of a role", tokens.ValidateRole))
	return a
}

// FixedText is the schema of a computed attribute that never changes during the life of an object.
func FixedText(description string) schema.StringAttribute {
	a := ComputedText(description)
	a.PlanModifiers = []planmodifier.String{stringplanmodifier.UseStateForUnknown()}
	return a
}

// FixedTimestamp is the schema of a computed timestamp that never changes during the life of an object. See
// ComputedTimestamp.
func FixedTimestamp(description string, notes ...string) schema.StringAttribute {
	a := FixedText(describeTimestamp(description, notes))
	a.CustomType = customtypes.TimestampType{}
	return a
}

// ComputedText is the schema of a computed text that an update may change.
func ComputedText(description string) schema.StringAttribute {
	return schema.StringAttribute{Computed: true, MarkdownDescription: description}
}

// ComputedTimestamp is the schema of a computed timestamp that an update may change. The description is the beginning
// of a sentence, as in "When it was created", and the notes go on with it, as in "null for never".
func ComputedTimestamp(description string, notes ...string) schema.StringAttribute {
	a := ComputedText(describeTimestamp(description, notes))
	a.CustomType = customtypes.TimestampType{}
	return a
}

// describeTimestamp completes the description of a timestamp.
func describeTimestamp(description string, notes []string) string {
	return strings.Join(append([]string{description + " (RFC 3339)"}, notes...), "; ") + "."
}

// AccountRole is the schema of the role of an account.
func AccountRole(description string) schema.StringAttribute {
	return Role(schema.StringAttribute{
		Optional:            true,
		Computed:            true,
		Default:             stringdefault.StaticString(tokens.DefaultRole),
		MarkdownDescription: description,
	})
}
