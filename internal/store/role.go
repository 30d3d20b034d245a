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
	return t.execOn(ctx, r.ID, `INSERT INTO roles (id, name, description, permissions, created_at, updated_at)
		VALUES ($1, $2, $3, $4, $5, $6)`,
		r.ID, r.Name, r.Description, strings.Join(r.Permissions, " "), microseconds(r.CreatedAt), microseconds(r.UpdatedAt))
}

// roleHolders are the tables of what holds roles. Each has a name of a role and, where that is a custom one, its id. A
// reading shows the name that the role with the id has now; see roleSet.bind.
var roleHolders = []string{"members", "technical_users", "access_tokens", "group_roles"}

// UpdateRole writes what can change of a custom role.
func (t Tx) UpdateRole(ctx context.Context, before, r tokens.Role) error {
	err := t.execOn(ctx, r.ID, `UPDATE roles SET name = $2, description = $3, permissions = $4, updated_at = $5 WHERE id = $1`,
		r.ID, r.Name, r.Description, strings.Join(r.Permissions, " "), microseconds(r.UpdatedAt))
	if err != nil || r.Name == before.Name {
		return err
	}
	return t.eachHolder(ctx, `SET role = $2`, r.ID, r.Name)
}

// DeleteRole deletes a custom role. What held it holds no role then.
func (t Tx) DeleteRole(ctx context.Context, id string) error {
	if err := t.eachHolder(ctx, `SET role = $2, role_id = NULL`, id, tokens.RoleNone); err != nil {
		return err
	}
	return t.execOn(ctx, id, `DELETE FROM roles WHERE id = $1`, id)
}

// eachHolder changes all that holds the custom role with an id, the first argument, as a part of a change of that role.
func (t Tx) eachHolder(ctx context.Context, change, id string, more ...any) error {
	args := append([]any{id}, more...)
	for _, table := range roleHolders {
		if err := t.execOn(ctx, id, `UPDATE `+table+` `+change+` WHERE role_id = $1`, args...); err != nil {
			return err
		}
	}
	return nil
}

// HoldersOfRole returns the identifiers of the members, technical users and access tokens that hold a custom role, at
// organization level or in a group.
func (v View) HoldersOfRole(ctx context.Context, id string) ([]string, error) {
	return list(ctx, v.q, scanText, `SELECT id FROM members WHERE role_id = $1
		UNION SELECT id FROM technical_users WHERE role_id = $1
		UNION SELECT id FROM access_tokens WHERE role_id = $1
		UNION SELECT holder_id FROM group_roles WHERE role_id = $1`, id)
}

// customRole is an argument of a statement: the name of a custom role, and NULL for a built-in one or none. The
// statement finds the id of the role by it.
func customRole(name string) any {
	if name == "" || tokens.IsBuiltInRole(name) {
		return nil
	}
	return name
}

// roleSet puts custom roles together from the rows of those who hold them.
type roleSet map[string]tokens.Role

// bind makes the name of a role that a row holds the one that counts, and adds the role if it is a custom one.
// permissions are those of the role with the id in the row, and NULL where there is none. Then only the name of a
// built-in role means anything: a custom role that is gone, or that was never bound, grants nothing.
func (s *roleSet) bind(name *string, permissions sql.NullString) {
	switch {
	case permissions.Valid:
		if _, known := (*s)[*name]; known {
			return
		}
		if *s == nil {
			*s = roleSet{}
		}
		(*s)[*name] = tokens.Role{
			RoleSettings: tokens.RoleSettings{Name: *name, Permissions: permissionsIn(permissions.String)},
		}
	case *name != "" && !tokens.IsBuiltInRole(*name):
		*name = tokens.RoleNone
	}
}

// all returns the roles, in no order.
func (s roleSet) all() []tokens.Role { return slices.Collect(maps.Values(s)) }
