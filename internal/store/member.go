package store

import (
	"context"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

var selectMembers = `SELECT m.id, m.email, m.name, m.role, ` + groupRolesOf("m") + `, m.created_at, m.updated_at FROM members m `

func scanMember(row scanner) (tokens.Member, error) {
	var m tokens.Member
	err := row.Scan(&m.ID, &m.Email, &m.Name, &m.Role, groupRoles{&m.GroupRoles}, instant{&m.CreatedAt}, instant{&m.UpdatedAt})
	return m, err
}

// Member returns a member, or CodeNotFound.
func (v View) Member(ctx context.Context, id string) (tokens.Member, error) {
	return get(ctx, v.q, tokens.KindMember, id, scanMember, selectMembers+`WHERE m.id = $1`, id)
}

// MemberWithEmail returns the member that has an address, in any case of letters, and whether there is one.
func (v View) MemberWithEmail(ctx context.Context, email string) (tokens.Member, bool, error) {
	return find(ctx, v.q, scanMember, selectMembers+`WHERE lower(m.email) = lower($1)`, email)
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
