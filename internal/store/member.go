package store

import (
	"context"
	"database/sql"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

var selectMembers = `SELECT m.id, m.email, m.name, coalesce(own_role.name, m.role) AS role, own_role.permissions,
	m.group_roles_set, m.created_at, m.updated_at, ` + groupRoleColumns + ` FROM members m` + joinRoles("m")

// members returns the members that the rest of a query selects, whose rows come one after the other, and the custom
// roles that they have, with their names and permissions alone.
func (v View) members(
	ctx context.Context, rest string, args ...any,
) (all []tokens.Member, roles []tokens.Role, err error) {
	var custom roleSet
	err = each(ctx, v.q, func(row scanner) error {
		var m tokens.Member
		var hasGroupRoles bool
		var held groupRole
		var permissions sql.NullString
		err := row.Scan(append([]any{textTo(&m.ID), textTo(&m.Email), textTo(&m.Name), textTo(&m.Role),
			nullText{&permissions}, boolean{&hasGroupRoles}, someInstant{&m.CreatedAt}, someInstant{&m.UpdatedAt}},
			held.targets()...)...)
		err = checkedRow(tokens.KindMember, m.ID, err, checkID("id", tokens.KindMember, m.ID), held.check())
		if err != nil {
			return err
		}
		custom.bind(&m.Role, permissions)
		if last := len(all) - 1; last < 0 || all[last].ID != m.ID {
			m.GroupRoles = emptyGroupRoles(hasGroupRoles)
			all = append(all, m)
		}
		held.addTo(&all[len(all)-1].GroupRoles, &custom)
		return nil
	}, selectMembers+rest, args...)
	for _, m := range all {
		tokens.SortGroupRoles(m.GroupRoles)
	}
	return all, custom.all(), err
}

// MemberWithRoles returns a member and, as of the same moment, the custom roles that it has, with their names and permissions
// alone; or CodeNotFound.
func (v View) MemberWithRoles(ctx context.Context, id string) (m tokens.Member, roles []tokens.Role, err error) {
	all, roles, err := v.members(ctx, `WHERE m.id = $1`, id)
	m, err = existing(ctx, v.q, all, err, tokens.KindMember, id)
	return m, roles, err
}

// MemberWithEmail returns the member that has an address, in any case of letters, and whether there is one.
func (v View) MemberWithEmail(ctx context.Context, email string) (tokens.Member, bool, error) {
	m, _, ok, err := v.MemberWithEmailAndRoles(ctx, email)
	return m, ok, err
}

// MemberWithEmailAndRoles is MemberWithEmail with the custom roles that the member has as of the same moment, with their
// names and permissions alone.
func (v View) MemberWithEmailAndRoles(
	ctx context.Context, email string,
) (m tokens.Member, roles []tokens.Role, ok bool, err error) {
	all, roles, err := v.members(ctx, `WHERE lower(m.email) = lower($1)`, tokens.Normal(email))
	if err == nil && len(all) == 0 { // the letters outside ASCII may be in another case
		all, roles, err = v.members(ctx, `WHERE m.email_key = $1`, tokens.FoldedEmail(email))
	}
	m, ok, err = first(all, err)
	return m, roles, ok, err
}

// Members returns all members by address.
func (v View) Members(ctx context.Context) ([]tokens.Member, error) {
	all, _, err := v.members(ctx, `ORDER BY lower(m.email)`)
	return all, err
}

// InsertMember writes a new member.
func (t Tx) InsertMember(ctx context.Context, m tokens.Member) error {
	err := t.execOn(ctx, m.ID, `INSERT INTO members (id, email, name, role, group_roles_set, created_at, updated_at, role_id,
		email_key) VALUES ($1, $2, $3, $4, $5, $6, $7, (SELECT id FROM roles WHERE name = $8), $9)`,
		m.ID, m.Email, m.Name, m.Role, m.GroupRoles != nil, microseconds(m.CreatedAt), microseconds(m.UpdatedAt),
		customRole(m.Role), tokens.FoldedEmail(m.Email))
	if err != nil {
		return err
	}
	return t.insertGroupRoles(ctx, m.ID, m.GroupRoles)
}

// UpdateMember writes what changed of a member.
func (t Tx) UpdateMember(ctx context.Context, before, m tokens.Member) error {
	err := t.execOn(ctx, m.ID, `UPDATE members SET name = $2, role = $3, group_roles_set = $4, updated_at = $5,
		role_id = (SELECT id FROM roles WHERE name = $6) WHERE id = $1`,
		m.ID, m.Name, m.Role, m.GroupRoles != nil, microseconds(m.UpdatedAt), customRole(m.Role))
	if err != nil {
		return err
	}
	return t.replaceGroupRoles(ctx, m.ID, before.GroupRoles, m.GroupRoles)
}

// DeleteMember deletes a member who has no shares and no personal tokens.
func (t Tx) DeleteMember(ctx context.Context, id string) error {
	if err := t.deleteGroupRoles(ctx, id); err != nil {
		return err
	}
	return t.execOn(ctx, id, `DELETE FROM members WHERE id = $1`, id)
}
