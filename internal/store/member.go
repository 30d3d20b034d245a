package store

import (
	"context"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

const memberWithEmail = `WHERE lower(m.email) = lower($1)`

var (
	memberColumns         = `m.id, m.email, m.name, m.role, ` + groupRolesOf("m") + `, m.created_at, m.updated_at FROM members m `
	selectMembers         = `SELECT ` + memberColumns
	selectMemberWithRoles = `SELECT ` + customRolesOf("m") + `, ` + memberColumns + memberWithEmail
)

// memberTargets returns where to scan the columns of a member to.
func memberTargets(m *tokens.Member) []any {
	return []any{&m.ID, &m.Email, &m.Name, &m.Role, groupRoles{&m.GroupRoles}, instant{&m.CreatedAt}, instant{&m.UpdatedAt}}
}

func scanMember(row scanner) (m tokens.Member, err error) {
	err = row.Scan(memberTargets(&m)...)
	return m, err
}

// Member returns a member, or CodeNotFound.
func (v View) Member(ctx context.Context, id string) (tokens.Member, error) {
	return get(ctx, v.q, tokens.KindMember, id, scanMember, selectMembers+`WHERE m.id = $1`, id)
}

// MemberWithEmail returns the member that has an address, in any case of letters, and whether there is one.
func (v View) MemberWithEmail(ctx context.Context, email string) (tokens.Member, bool, error) {
	return find(ctx, v.q, scanMember, selectMembers+memberWithEmail, email)
}

// MemberWithRoles returns the member that has an address, in any case of letters, and, as of the same moment, the custom
// roles that it has, with their names and permissions alone; and whether there is such a member.
func (v View) MemberWithRoles(ctx context.Context, email string) (m tokens.Member, roles []tokens.Role, ok bool, err error) {
	scan := func(row scanner) (m tokens.Member, err error) {
		err = row.Scan(append([]any{customRoles{&roles}}, memberTargets(&m)...)...)
		return m, err
	}
	m, ok, err = find(ctx, v.q, scan, selectMemberWithRoles, email)
	return m, roles, ok, err
}

// Members returns all members by address.
func (v View) Members(ctx context.Context) ([]tokens.Member, error) {
	return list(ctx, v.q, scanMember, selectMembers+`ORDER BY lower(m.email)`)
}

// InsertMember writes a new member.
func (t Tx) InsertMember(ctx context.Context, m tokens.Member) error {
	err := t.exec(ctx, `INSERT INTO members (id, email, name, role, group_roles_set, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		m.ID, m.Email, m.Name, m.Role, m.GroupRoles != nil, microseconds(m.CreatedAt), microseconds(m.UpdatedAt))
	if err != nil {
		return err
	}
	return t.insertGroupRoles(ctx, m.ID, m.GroupRoles)
}

// UpdateMember writes what can change of a member.
func (t Tx) UpdateMember(ctx context.Context, m tokens.Member) error {
	err := t.exec(ctx, `UPDATE members SET name = $2, role = $3, group_roles_set = $4, updated_at = $5 WHERE id = $1`,
		m.ID, m.Name, m.Role, m.GroupRoles != nil, microseconds(m.UpdatedAt))
	if err != nil {
		return err
	}
	return t.replaceGroupRoles(ctx, m.ID, m.GroupRoles)
}

// DeleteMember deletes a member who has no shares.
func (t Tx) DeleteMember(ctx context.Context, id string) error {
	if err := t.deleteGroupRoles(ctx, id); err != nil {
		return err
	}
	return t.exec(ctx, `DELETE FROM members WHERE id = $1`, id)
}
