package store

import (
	"context"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// groupRolesOf selects the roles in groups of the row of a table with the alias, for groupRoles to read.
func groupRolesOf(alias string) string {
	return `CASE WHEN ` + alias + `.group_roles_set THEN coalesce((SELECT string_agg(r.group_id || ':' || r.role, ' ')
		FROM group_roles r WHERE r.holder_id = ` + alias + `.id), '') END`
}

// insertGroupRoles writes the roles in groups of a new holder.
func (t Tx) insertGroupRoles(ctx context.Context, holderID string, roles []tokens.GroupRole) error {
	for _, r := range roles {
		if err := t.exec(ctx, `INSERT INTO group_roles (holder_id, group_id, role) VALUES ($1, $2, $3)`, holderID, r.GroupID, r.Role); err != nil {
			return err
		}
	}
	return nil
}

// replaceGroupRoles writes the roles in groups of a holder in place of those that it had.
func (t Tx) replaceGroupRoles(ctx context.Context, holderID string, roles []tokens.GroupRole) error {
	if err := t.deleteGroupRoles(ctx, holderID); err != nil {
		return err
	}
	return t.insertGroupRoles(ctx, holderID, roles)
}

func (t Tx) deleteGroupRoles(ctx context.Context, holderID string) error {
	return t.exec(ctx, `DELETE FROM group_roles WHERE holder_id = $1`, holderID)
}
