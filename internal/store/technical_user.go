package store

import (
	"context"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// technicalUserColumns are the columns that technicalUserTargets reads, of a table with the alias u.
var technicalUserColumns = `u.id, u.name, u.description, u.email, coalesce(u.group_id, ''), u.role, ` + groupRolesOf("u") + `,
	u.enabled, u.disabled_by, u.disabled_at, u.system_created, u.created_at, u.updated_at`

var selectTechnicalUsers = `SELECT ` + technicalUserColumns + ` FROM technical_users u `

// technicalUserTargets returns where to scan the columns of a technical user to.
func technicalUserTargets(u *tokens.TechnicalUser, disabled *stop) []any {
	return []any{&u.ID, &u.Name, &u.Description, &u.Email, &u.GroupID, &u.Role, groupRoles{&u.GroupRoles},
		&u.Enabled, &disabled.by, instant{&disabled.at}, &u.SystemCreated, instant{&u.CreatedAt}, instant{&u.UpdatedAt}}
}

func scanTechnicalUser(row scanner) (tokens.TechnicalUser, error) {
	var u tokens.TechnicalUser
	var disabled stop
	err := row.Scan(technicalUserTargets(&u, &disabled)...)
	u.Disabled = disabled.value()
	return u, err
}

// TechnicalUser returns a technical user, or CodeNotFound.
func (v View) TechnicalUser(ctx context.Context, id string) (tokens.TechnicalUser, error) {
	return get(ctx, v.q, tokens.KindTechnicalUser, id, scanTechnicalUser, selectTechnicalUsers+`WHERE u.id = $1`, id)
}

// TechnicalUserNamed returns the technical user that has a name at the level of a group (empty for organization level),
// and whether there is one.
func (v View) TechnicalUserNamed(ctx context.Context, groupID, name string) (tokens.TechnicalUser, bool, error) {
	return find(ctx, v.q, scanTechnicalUser, selectTechnicalUsers+`WHERE coalesce(u.group_id, '') = $1 AND u.name = $2`, groupID, name)
}

// TechnicalUserWithEmail returns the technical user that has an address, and whether there is one.
func (v View) TechnicalUserWithEmail(ctx context.Context, email string) (tokens.TechnicalUser, bool, error) {
	return find(ctx, v.q, scanTechnicalUser, selectTechnicalUsers+`WHERE u.email = $1`, email)
}

// TechnicalUsers returns all technical users by address.
func (v View) TechnicalUsers(ctx context.Context) ([]tokens.TechnicalUser, error) {
	return list(ctx, v.q, scanTechnicalUser, selectTechnicalUsers+`ORDER BY u.email`)
}

// TechnicalUsersIn returns the technical users at the level of a group by address.
func (v View) TechnicalUsersIn(ctx context.Context, groupID string) ([]tokens.TechnicalUser, error) {
	return list(ctx, v.q, scanTechnicalUser, selectTechnicalUsers+`WHERE u.group_id = $1 ORDER BY u.email`, groupID)
}

// InsertTechnicalUser writes a new technical user.
func (t Tx) InsertTechnicalUser(ctx context.Context, u tokens.TechnicalUser) error {
	by, at, _ := stopColumns(u.Disabled)
	err := t.exec(ctx, `INSERT INTO technical_users (id, name, description, email, group_id, role, group_roles_set,
		enabled, disabled_by, disabled_at, system_created, created_at, updated_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`,
		u.ID, u.Name, u.Description, u.Email, orNull(u.GroupID), u.Role, u.GroupRoles != nil,
		u.Enabled, by, at, u.SystemCreated, microseconds(u.CreatedAt), microseconds(u.UpdatedAt))
	if err != nil {
		return err
	}
	return t.insertGroupRoles(ctx, u.ID, u.GroupRoles)
}

// UpdateTechnicalUser writes what can change of a technical user.
func (t Tx) UpdateTechnicalUser(ctx context.Context, u tokens.TechnicalUser) error {
	by, at, _ := stopColumns(u.Disabled)
	err := t.exec(ctx, `UPDATE technical_users SET name = $2, description = $3, role = $4, group_roles_set = $5,
		enabled = $6, disabled_by = $7, disabled_at = $8, updated_at = $9 WHERE id = $1`,
		u.ID, u.Name, u.Description, u.Role, u.GroupRoles != nil, u.Enabled, by, at, microseconds(u.UpdatedAt))
	if err != nil {
		return err
	}
	return t.replaceGroupRoles(ctx, u.ID, u.GroupRoles)
}

// DeleteTechnicalUser deletes a technical user under which no access token lives.
func (t Tx) DeleteTechnicalUser(ctx context.Context, id string) error {
	if err := t.deleteGroupRoles(ctx, id); err != nil {
		return err
	}
	return t.exec(ctx, `DELETE FROM technical_users WHERE id = $1`, id)
}
