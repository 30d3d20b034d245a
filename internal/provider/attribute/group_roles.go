package attribute

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/diagnostics"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// ValidateGroupRolesLevel refuses roles in groups for an account at the level of one group.
func ValidateGroupRolesLevel(groupID types.String, groupRoles types.Set, diags *diag.Diagnostics) {
	if IsGiven(groupID) && IsGiven(groupRoles) {
		diags.Append(diagnostics.Excluded("group_roles", "an account at the level of a group has a role in that group alone: set role, or remove group_id"))
	}
}

// groupRoleModel is an element of the attribute group_roles.
type groupRoleModel struct {
	GroupID types.String `tfsdk:"group_id"`
	Role    types.String `tfsdk:"role"`
}

// GroupRoleType is the type of an element of the attribute group_roles.
var GroupRoleType = types.ObjectType{AttrTypes: map[string]attr.Type{
	"group_id": types.StringType,
	"role":     types.StringType,
}}

var _ validator.Set = oneRolePerGroup{}

// GroupRolesOf returns the roles that the attribute holds: nil for null, and a non-nil slice for an empty set.
func GroupRolesOf(ctx context.Context, set types.Set, diags *diag.Diagnostics) []tokens.GroupRole {
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

// GroupRolesValue returns the attribute for the roles: null for nil.
func GroupRolesValue(roles []tokens.GroupRole) types.Set {
	if roles == nil {
		return types.SetNull(GroupRoleType)
	}
	elements := make([]attr.Value, len(roles))
	for i, r := range roles {
		elements[i] = types.ObjectValueMust(GroupRoleType.AttrTypes, map[string]attr.Value{
			"group_id": types.StringValue(r.GroupID),
			"role":     types.StringValue(r.Role),
		})
	}
	return types.SetValueMust(GroupRoleType, elements)
}

// AccountGroupRoles returns the attribute for the roles of an account in groups, where none is null unless the state
// says otherwise.
func AccountGroupRoles(prior types.Set, roles []tokens.GroupRole) types.Set {
	switch {
	case len(roles) > 0:
		return GroupRolesValue(roles)
	case !prior.IsNull() && len(prior.Elements()) == 0:
		return prior
	}
	return types.SetNull(GroupRoleType)
}
