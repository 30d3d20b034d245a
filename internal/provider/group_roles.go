package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// groupRoleModel is an element of the attribute group_roles.
type groupRoleModel struct {
	GroupID types.String `tfsdk:"group_id"`
	Role    types.String `tfsdk:"role"`
}

var groupRoleType = types.ObjectType{AttrTypes: map[string]attr.Type{
	"group_id": types.StringType,
	"role":     types.StringType,
}}

// groupRolesAttribute is the schema of the attribute group_roles.
func groupRolesAttribute(description string) schema.SetNestedAttribute {
	return schema.SetNestedAttribute{
		Optional:            true,
		MarkdownDescription: description,
		Validators:          []validator.Set{oneRolePerGroup{}},
		NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
			"group_id": schema.StringAttribute{
				Required:            true,
				MarkdownDescription: "Identifier of the group.",
				Validators:          []validator.String{idRule(tokens.KindGroup)},
			},
			"role": roleAttribute(schema.StringAttribute{
				Required:            true,
				MarkdownDescription: "Role in that group: " + knownRoles,
			}),
		}},
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
		if !ok || !isGiven(id) {
			continue
		}
		if seen[id.ValueString()] {
			resp.Diagnostics.Append(invalidAttribute(req.Path, tokens.Invalid("group_roles", "group %s has more than one role: keep one", id.ValueString())))
		}
		seen[id.ValueString()] = true
	}
}

// knownRoles completes the description of an attribute that names a role.
const knownRoles = "`none`, `viewer`, `member`, `manager`, `administrator`, `owner`, or the name of a `latchkey_role`."

// roleAttribute completes the schema of an attribute that names a role. Which roles exist the backend knows.
func roleAttribute(a schema.StringAttribute) schema.StringAttribute {
	a.Validators = append(a.Validators, stringRule("the name of a role", tokens.ValidateRole))
	return a
}

// groupRoles returns the roles that the attribute holds: nil for null, and a non-nil slice for an empty set.
func groupRoles(ctx context.Context, set types.Set, diags *diag.Diagnostics) []tokens.GroupRole {
	if set.IsNull() || set.IsUnknown() {
		return nil
	}
	var elements []groupRoleModel
	diags.Append(set.ElementsAs(ctx, &elements, false)...)
	roles := make([]tokens.GroupRole, len(elements))
	for i, e := range elements {
		roles[i] = tokens.GroupRole{GroupID: e.GroupID.ValueString(), Role: e.Role.ValueString()}
	}
	tokens.SortGroupRoles(roles)
	return roles
}

// groupRolesValue returns the attribute for the roles: null for nil.
func groupRolesValue(roles []tokens.GroupRole) types.Set {
	if roles == nil {
		return types.SetNull(groupRoleType)
	}
	elements := make([]attr.Value, len(roles))
	for i, r := range roles {
		elements[i] = types.ObjectValueMust(groupRoleType.AttrTypes, map[string]attr.Value{
			"group_id": types.StringValue(r.GroupID),
			"role":     types.StringValue(r.Role),
		})
	}
	return types.SetValueMust(groupRoleType, elements)
}
