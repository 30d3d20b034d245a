package httpapi

import (
	"maps"
	"slices"
	"strings"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// scope is what a token allows, as RFC 7662 section 2.2 writes it: words with a space between, each a permission or, for
// one that is held in a group alone, permission@group_id. A cache holds it, since equal ones are kept only once.
type scope string

// scopeOf returns what an access allows, at organization level first, then group by group.
func scopeOf(a tokens.Access) scope {
	words := slices.Clone([]string(a.Organization))
	for _, groupID := range slices.Sorted(maps.Keys(a.Groups)) {
		for _, permission := range a.Groups[groupID] {
			words = append(words, permission+"@"+groupID)
		}
	}
	return scope(strings.Join(words, " "))
}

// allows reports whether a permission is held at a level: in a group or, for the empty ID, at organization level.
func (s scope) allows(permission, groupID string) bool {
	return s.allowsWhere(permission, func(heldIn string) bool { return heldIn == "" || heldIn == groupID })
}

// allowsAnywhere reports whether a permission is held at any level.
func (s scope) allowsAnywhere(permission string) bool {
	return s.allowsWhere(permission, func(string) bool { return true })
}

// allowsWhere reports whether a permission is held at one of the levels that counts accepts.
func (s scope) allowsWhere(permission string, counts func(groupID string) bool) bool {
	for word := range strings.FieldsSeq(string(s)) {
		held, groupID, _ := strings.Cut(word, "@")
		if counts(groupID) && (tokens.Permissions{held}).Allows(permission) {
			return true
		}
	}
	return false
}
