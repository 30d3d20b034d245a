package attribute

import (
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/diagnostics"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// ValidateGroupRolesLevel refuses roles in groups for an account at the level of one group.
func ValidateGroupRolesLevel(groupID types.String, groupRoles types.Set, diags *diag.Diagnostics) {
	if IsGiven(groupID) && IsGiven(groupRoles) {
		diags.Append(diagnostics.Excluded("group_roles",
			"an account at the level of a group has a role in that group alone: set role, or remove group_id"))
	}
}

// GroupRoleType is the type of an element of the attribute group_roles.
var GroupRoleType = types.ObjectType{AttrTypes: map[string]attr.Type{
	"group_id": types.StringType,
	"role":     types.StringType,
}}

// GroupRolesOf returns the roles that the attribute holds, as far as they are known: nil for null, and a non-nil slice
// for an empty set.
func GroupRolesOf(set types.Set) []tokens.GroupRole {
	if !IsGiven(set) {
		return nil
	}
	roles := []tokens.GroupRole{}
	for _, element := range set.Elements() {
		object, ok := element.(types.Object)
		if !ok || !IsGiven(object) {
			continue
		}
		roles = append(roles, tokens.GroupRole{GroupID: textOf(object, "group_id"), Role: textOf(object, "role")})
	}
	tokens.SortGroupRoles(roles)
	return roles
}

// textOf returns the text that an attribute of an object holds.
func textOf(object types.Object, name string) string {
	text, ok := object.Attributes()[name].(types.String)
	if !ok {
		return ""
	}
	return text.ValueString()
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

// AccountGroupRoles returns the attribute for the roles of an account in groups, null for none, unless the state has
// the empty set.
func AccountGroupRoles(prior types.Set, roles []tokens.GroupRole) types.Set {
	switch {
	case len(roles) > 0:
		return GroupRolesValue(roles)
	case !prior.IsNull() && len(prior.Elements()) == 0:
		return prior
	}
	return types.SetNull(GroupRoleType)
}
