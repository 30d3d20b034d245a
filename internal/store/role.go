package store

import (
	"context"
	"database/sql"
	"maps"
	"slices"
	"strings"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

const selectRoles = `SELECT id, name, description, permissions, created_at, updated_at FROM roles `

func scanRole(row scanner) (tokens.Role, error) {
	var r tokens.Role
	var permissions string
	err := row.Scan(textTo(&r.ID), textTo(&r.Name), textTo(&r.Description), textTo(&permissions),
		someInstant{&r.CreatedAt}, someInstant{&r.UpdatedAt})
	r.Permissions = permissionsIn(permissions)
	return r, checkedRow(tokens.KindRole, r.ID, err, checkID("id", tokens.KindRole, r.ID))
}

// permissionsIn takes the column of permissions apart. No permissions are nil.
func permissionsIn(column string) []string {
	if column == "" {
		return nil
	}
	return strings.Fields(column)
}

// Role returns a custom role, or CodeNotFound.
func (v View) Role(ctx context.Context, id string) (tokens.Role, error) {
	return get(ctx, v.q, tokens.KindRole, id, scanRole, selectRoles+`WHERE id = $1`, id)
}

// RoleNamed returns the custom role that has a name, and whether there is one.
func (v View) RoleNamed(ctx context.Context, name string) (tokens.Role, bool, error) {
	return find(ctx, v.q, scanRole, selectRoles+`WHERE name = $1`, name)
}

// Roles returns all custom roles by name.
func (v View) Roles(ctx context.Context) ([]tokens.Role, error) {
	return list(ctx, v.q, scanRole, selectRoles+`ORDER BY name`)
}

// InsertRole writes a new custom role.
func (t Tx) InsertRole(ctx context.Context, r tokens.Role) error {
	return t.exec(ctx, `INSERT INTO roles (id, name, description, permissions, created_at, updated_at)
		VALUES ($1, $2, $3, $4, $5, $6)`,
		r.ID, r.Name, r.Description, strings.Join(r.Permissions, " "), microseconds(r.CreatedAt), microseconds(r.UpdatedAt))
}

// UpdateRole writes what can change of a custom role.
func (t Tx) UpdateRole(ctx context.Context, r tokens.Role) error {
	return t.exec(ctx, `UPDATE roles SET name = $2, description = $3, permissions = $4, updated_at = $5 WHERE id = $1`,
		r.ID, r.Name, r.Description, strings.Join(r.Permissions, " "), microseconds(r.UpdatedAt))
}

// RenameRoleOfHolders writes another name of a role wherever someone has it.
func (t Tx) RenameRoleOfHolders(ctx context.Context, from, to string) error {
	for _, table := range []string{"members", "technical_users", "access_tokens", "group_roles"} {
		if err := t.exec(ctx, `UPDATE `+table+` SET role = $2 WHERE role = $1`, from, to); err != nil {
			return err
		}
	}
	return nil
}

// DeleteRole deletes a custom role. Those who have it keep its name.
func (t Tx) DeleteRole(ctx context.Context, id string) error {
	return t.exec(ctx, `DELETE FROM roles WHERE id = $1`, id)
}

// roleSet puts custom roles together from the names that objects have and the permissions that a join yields for them.
type roleSet map[string]tokens.Role

// add adds a role that is a custom one: NULL are the permissions of others.
func (s *roleSet) add(name string, permissions sql.NullString) {
	if !permissions.Valid {
		return
	}
	if *s == nil {
		*s = roleSet{}
	}
	(*s)[name] = tokens.Role{RoleSettings: tokens.RoleSettings{Name: name, Permissions: permissionsIn(permissions.String)}}
}

// all returns the roles, in no order.
func (s roleSet) all() []tokens.Role { return slices.Collect(maps.Values(s)) }
