package service

import (
	"context"
	"slices"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// existingGroup returns the group that an attribute refers to.
func (o *operation) existingGroup(ctx context.Context, field, id string) (tokens.Group, error) {
	group, err := o.Group(ctx, id)
	return group, invalidReference(err, field, tokens.KindGroup, id)
}

// invalidReference turns CodeNotFound for an object that an attribute refers to into an error about that attribute.
func invalidReference(err error, field string, kind tokens.Kind, id string) error {
	if tokens.ErrorCode(err) != tokens.CodeNotFound {
		return err
	}
	return tokens.Invalid(field, "there is no %s %s; it was deleted, or the identifier belongs to another database",
		kind.Noun(), id)
}

// sortedGroupRoles returns a copy of the roles in the order in which they are stored and compared.
func sortedGroupRoles(roles []tokens.GroupRole) []tokens.GroupRole {
	roles = slices.Clone(roles)
	tokens.SortGroupRoles(roles)
	return roles
}
