package store

import (
	"context"
	"database/sql"
	"slices"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// technicalUserColumns are the columns that technicalUserTargets reads, of a table with the alias u, apart from the name
// of its role.
const technicalUserColumns = `u.id, u.name, u.description, u.email, coalesce(u.group_id, ''), u.group_roles_set,
	u.enabled, u.disabled_by, u.disabled_at, u.system_created, u.created_at, u.updated_at`

var selectTechnicalUsers = `SELECT ` + technicalUserColumns + `, coalesce(own_role.name, u.role) AS role, own_role.permissions, ` +
	groupRoleColumns + ` FROM technical_users u` + joinRoles("u")

// technicalUserTargets returns where to scan the columns of a technical user to.
func technicalUserTargets(u *tokens.TechnicalUser, hasGroupRoles *bool, disabled *stop) []any {
	return []any{
		textTo(&u.ID), textTo(&u.Name), textTo(&u.Description), textTo(&u.Email), textTo(&u.GroupID),
		boolean{hasGroupRoles}, boolean{&u.Enabled}, nullText{&disabled.by}, instant{&disabled.at}, boolean{&u.SystemCreated},
		someInstant{&u.CreatedAt}, someInstant{&u.UpdatedAt},
	}
}

// checkTechnicalUser checks what was read into the targets.
func checkTechnicalUser(u *tokens.TechnicalUser, disabled stop) error {
	return checkedRow(tokens.KindTechnicalUser, u.ID,
		checkID("id", tokens.KindTechnicalUser, u.ID),
		checkOptionalID("group_id", tokens.KindGroup, u.GroupID),
		disabled.check("disabled"))
}

// technicalUsers returns the technical users that the rest of a query selects, whose rows come one after the other, and
// the custom roles that they have, with their names and permissions alone.
func (v View) technicalUsers(
	ctx context.Context, rest string, args ...any,
) (all []tokens.TechnicalUser, roles []tokens.Role, err error) {
	var custom roleSet
	err = each(ctx, v.q, func(row scanner) error {
		var u tokens.TechnicalUser
		var hasGroupRoles bool
		var disabled stop
		var held groupRole
		var permissions sql.NullString
		targets := slices.Concat(technicalUserTargets(&u, &hasGroupRoles, &disabled),
			[]any{textTo(&u.Role), nullText{&permissions}}, held.targets())
		err := checkedRow(tokens.KindTechnicalUser, u.ID, row.Scan(targets...), checkTechnicalUser(&u, disabled), held.check())
		if err != nil {
			return err
		}
		custom.bind(&u.Role, permissions)
		if last := len(all) - 1; last < 0 || all[last].ID != u.ID {
			u.Disabled, u.GroupRoles = disabled.value(), emptyGroupRoles(hasGroupRoles)
			all = append(all, u)
		}
		held.addTo(&all[len(all)-1].GroupRoles, &custom)
		return nil
	}, selectTechnicalUsers+rest, args...)
	for _, u := range all {
		tokens.SortGroupRoles(u.GroupRoles)
	}
	return all, custom.all(), err
}

// TechnicalUserWithRoles returns a technical user and, as of the same moment, the custom roles that it has, with their names and
// permissions alone; or CodeNotFound.
func (v View) TechnicalUserWithRoles(
	ctx context.Context, id string,
) (u tokens.TechnicalUser, roles []tokens.Role, err error) {
	all, roles, err := v.technicalUsers(ctx, `WHERE u.id = $1`, id)
	u, err = existing(ctx, v.q, all, err, tokens.KindTechnicalUser, id)
	return u, roles, err
}

// TechnicalUserNamed returns the technical user that has a name at the level of a group (empty for organization level),
// and whether there is one.
func (v View) TechnicalUserNamed(ctx context.Context, groupID, name string) (tokens.TechnicalUser, bool, error) {
	all, _, err := v.technicalUsers(ctx, `WHERE coalesce(u.group_id, '') = $1 AND u.name = $2`, groupID, name)
	return first(all, err)
}

// TechnicalUserWithEmail returns the technical user that has an address, and whether there is one.
func (v View) TechnicalUserWithEmail(ctx context.Context, email string) (tokens.TechnicalUser, bool, error) {
	all, _, err := v.technicalUsers(ctx, `WHERE u.email = $1`, email)
	return first(all, err)
}

// TechnicalUsers returns all technical users by address.
func (v View) TechnicalUsers(ctx context.Context) ([]tokens.TechnicalUser, error) {
	all, _, err := v.technicalUsers(ctx, `ORDER BY u.email`)
	return all, err
}

// TechnicalUsersIn returns the technical users at the level of a group by address.
func (v View) TechnicalUsersIn(ctx context.Context, groupID string) ([]tokens.TechnicalUser, error) {
	all, _, err := v.technicalUsers(ctx, `WHERE u.group_id = $1 ORDER BY u.email`, groupID)
	return all, err
}

// TechnicalUsersWithIDs returns those of the technical users with the identifiers that exist, by address.
func (v View) TechnicalUsersWithIDs(ctx context.Context, ids []string) ([]tokens.TechnicalUser, error) {
	var b statement
	all, _, err := v.technicalUsers(ctx, `WHERE u.id `+b.in(ids)+` ORDER BY u.email`, b.args...)
	return all, err
}

// InsertTechnicalUser writes a new technical user.
func (t Tx) InsertTechnicalUser(ctx context.Context, u tokens.TechnicalUser) error {
	t.making(u.ID)
	by, at, _ := stopColumns(u.Disabled)
	err := t.execOn(ctx, u.ID, `INSERT INTO technical_users (id, name, description, email, group_id, role, group_roles_set,
		enabled, disabled_by, disabled_at, system_created, created_at, updated_at, name_key, email_key, role_id)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15,
		(SELECT id FROM roles WHERE name = $16))`,
		u.ID, u.Name, u.Description, u.Email, orNull(u.GroupID), u.Role, u.GroupRoles != nil,
		u.Enabled, by, at, u.SystemCreated, microseconds(u.CreatedAt), microseconds(u.UpdatedAt),
		tokens.Folded(u.Name), tokens.Folded(u.Email), customRole(u.Role))
	if err != nil {
		return err
	}
	return t.insertGroupRoles(ctx, u.ID, u.GroupRoles)
}

// UpdateTechnicalUser writes what changed of a technical user.
func (t Tx) UpdateTechnicalUser(ctx context.Context, before, u tokens.TechnicalUser) error {
	by, at, _ := stopColumns(u.Disabled)
	err := t.execOn(ctx, u.ID, `UPDATE technical_users SET name = $2, description = $3, role = $4, group_roles_set = $5,
		enabled = $6, disabled_by = $7, disabled_at = $8, updated_at = $9, name_key = $10,
		role_id = (SELECT id FROM roles WHERE name = $11) WHERE id = $1`,
		u.ID, u.Name, u.Description, u.Role, u.GroupRoles != nil, u.Enabled, by, at,
		microseconds(u.UpdatedAt), tokens.Folded(u.Name), customRole(u.Role))
	if err != nil {
		return err
	}
	return t.replaceGroupRoles(ctx, u.ID, before.GroupRoles, u.GroupRoles)
}

// DeleteTechnicalUser deletes a technical user under which no access token lives.
func (t Tx) DeleteTechnicalUser(ctx context.Context, id string) error {
	if err := t.deleteGroupRoles(ctx, id); err != nil {
		return err
	}
	return t.execOn(ctx, id, `DELETE FROM technical_users WHERE id = $1`, id)
}
