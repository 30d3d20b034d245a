package httpapi

import "github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"

// groupRole is a role in one group.
type groupRole struct {
	GroupID string `json:"group_id"`
	Role    string `json:"role" jsonschema:"The name of a built-in or custom role."`
}

// groupRolesOf returns nil for nil: an empty set of roles in groups is another thing than none.
func groupRolesOf(roles []tokens.GroupRole) []groupRole {
	if roles == nil {
		return nil
	}
	documents := make([]groupRole, len(roles))
	for i, r := range roles {
		documents[i] = groupRole{r.GroupID, r.Role}
	}
	return documents
}

// groupRolesIn returns the roles in groups that documents hold; nil for nil.
func groupRolesIn(documents []groupRole) []tokens.GroupRole {
	if documents == nil {
		return nil
	}
	roles := make([]tokens.GroupRole, len(documents))
	for i, d := range documents {
		roles[i] = tokens.GroupRole{GroupID: d.GroupID, Role: d.Role}
	}
	return roles
}

// grants are the roles of an account.
type grants struct {
	Role       string      `json:"role" jsonschema:"The role at the account's level: the name of a built-in or custom role."`
	GroupRoles []groupRole `json:"group_roles" jsonschema:"The roles in single groups, on top of that."`
}

func grantsOf(g tokens.Grants) grants { return grants{g.Role, groupRolesOf(g.GroupRoles)} }

func (g grants) granted() tokens.Grants {
	return tokens.Grants{Role: g.Role, GroupRoles: groupRolesIn(g.GroupRoles)}
}
