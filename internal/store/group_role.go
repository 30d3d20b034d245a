package store

import (
	"context"
	"database/sql"
	"slices"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// joinRoles joins the custom role of the row of a table with the alias, as own_role, and its roles in groups r, one a
// row, with the custom role group_role of each.
func joinRoles(alias string) string {
	return ` LEFT JOIN roles own_role ON own_role.id = ` + alias + `.role_id
	LEFT JOIN group_roles r ON r.holder_id = ` + alias + `.id
	LEFT JOIN roles group_role ON group_role.id = r.role_id `
}

// groupRoleColumns are the columns that groupRole reads.
const groupRoleColumns = `r.group_id, coalesce(group_role.name, r.role) AS role, group_role.permissions`

// groupRole is a role in a group; NULL where the holder has none in any group. permissions are those of a custom role.
type groupRole struct{ group, role, permissions sql.NullString }

// targets returns where to scan groupRoleColumns to.
func (r *groupRole) targets() []any {
	return []any{nullText{&r.group}, nullText{&r.role}, nullText{&r.permissions}}
}

// check checks what was read.
func (r groupRole) check() error {
	if r.group.Valid != r.role.Valid {
		return &columnError{"role of group_roles", "it does not fit the column group_id"}
	}
	return checkOptionalID("group_id of group_roles", tokens.KindGroup, r.group.String)
}

// addTo adds the role to those of its holder, and to a set if it is a custom one.
func (r *groupRole) addTo(roles *[]tokens.GroupRole, custom *roleSet) {
	custom.bind(&r.role.String, r.permissions)
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
		err := t.execOn(ctx, holderID, `INSERT INTO group_roles (holder_id, group_id, role, role_id)
			VALUES ($1, $2, $3, (SELECT id FROM roles WHERE name = $4))`,
			holderID, r.GroupID, r.Role, customRole(r.Role))
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
	return t.execOn(ctx, holderID, `DELETE FROM group_roles WHERE holder_id = $1`, holderID)
}
