package store

import (
	"context"
	"database/sql"
	"slices"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// joinGroupRoles joins the roles in groups of the row of a table with the alias, one a row.
func joinGroupRoles(alias string) string {
	return ` LEFT JOIN group_roles r ON r.holder_id = ` + alias + `.id `
}

// groupRole reads the columns group_id and role of group_roles; NULL where the holder has no role in any group.
type groupRole struct{ group, role sql.NullString }

// check checks what was read.
func (r groupRole) check() error {
	if r.group.Valid != r.role.Valid {
		return &columnError{"role of group_roles", "it does not fit the column group_id"}
	}
	return checkOptionalID("group_id of group_roles", tokens.KindGroup, r.group.String)
}

// addTo adds the role to those of its holder.
func (r groupRole) addTo(roles *[]tokens.GroupRole) {
	if r.group.Valid {
		*roles = append(*roles, tokens.GroupRole{GroupID: r.group.String, Role: r.role.String})
	}
}

// emptyGroupRoles returns the roles of a holder before any is added: nil is a set that was never set, as opposed to an
// empty one.
func emptyGroupRoles(isSet bool) []tokens.GroupRole {
	if isSet {
		return []tokens.GroupRole{}
	}
	return nil
}

// insertGroupRoles writes the roles in groups of a new holder.
func (t Tx) insertGroupRoles(ctx context.Context, holderID string, roles []tokens.GroupRole) error {
	for _, r := range roles {
		err := t.exec(ctx, `INSERT INTO group_roles (holder_id, group_id, role) VALUES ($1, $2, $3)`,
			holderID, r.GroupID, r.Role)
		if err != nil {
			return err
		}
	}
	return nil
}

// replaceGroupRoles writes the roles in groups of a holder, sorted, in place of those that it had.
func (t Tx) replaceGroupRoles(ctx context.Context, holderID string, before, after []tokens.GroupRole) error {
	if slices.Equal(before, after) {
		return nil
	}
	if err := t.deleteGroupRoles(ctx, holderID); err != nil {
		return err
	}
	return t.insertGroupRoles(ctx, holderID, after)
}

func (t Tx) deleteGroupRoles(ctx context.Context, holderID string) error {
	return t.exec(ctx, `DELETE FROM group_roles WHERE holder_id = $1`, holderID)
}
