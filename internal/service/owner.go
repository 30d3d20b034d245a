package service

import (
	"context"
	"slices"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// checkOwnerRemains refuses a change that was just written in this transaction if it leaves no owner. The field is the
// attribute that was changed; empty for a deletion.
func (o *operation) checkOwnerRemains(ctx context.Context, field string, kind tokens.Kind, id, email string) error {
	members, err := o.Members(ctx)
	if err != nil || slices.ContainsFunc(members, tokens.Member.IsOwner) {
		return err
	}
	users, err := o.TechnicalUsers(ctx)
	if err != nil || slices.ContainsFunc(users, tokens.TechnicalUser.IsOwner) {
		return err
	}
	return tokens.Conflict(field, id, "%s %s (%s) is the last owner, and one must remain: "+
		"first give the role %q to someone else, a member or a technical user at organization level",
		kind.Noun(), email, id, tokens.RoleOwner).Because(tokens.ReasonLastOwner)
}
