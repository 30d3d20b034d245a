package httpapi

import "github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"

// access is what an account or an access token may do.
type access struct {
	Organization []string            `json:"organization" jsonschema:"The permissions that apply everywhere."`
	Groups       map[string][]string `json:"groups" jsonschema:"Further permissions in single groups, by the identifier of the group."`
}

func accessOf(a tokens.Access) access {
	groups := map[string][]string{}
	for id, permissions := range a.Groups {
		groups[id] = permissions
	}
	return access{a.Organization, groups}
}

func (a access) domain() tokens.Access {
	result := tokens.Access{Organization: a.Organization}
	for id, permissions := range a.Groups {
		if result.Groups == nil {
			result.Groups = map[string]tokens.Permissions{}
		}
		result.Groups[id] = permissions
	}
	return result
}
