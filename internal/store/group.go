package store

import (
	"context"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

const selectGroups = `SELECT id, name, description, created_at, updated_at FROM groups `

func scanGroup(row scanner) (tokens.Group, error) {
	var g tokens.Group
	err := row.Scan(textTo(&g.ID), textTo(&g.Name), textTo(&g.Description),
		someInstant{&g.CreatedAt}, someInstant{&g.UpdatedAt})
	return g, checkedRow(tokens.KindGroup, g.ID, err, checkID("id", tokens.KindGroup, g.ID))
}

// Group returns a group, or CodeNotFound.
func (v View) Group(ctx context.Context, id string) (tokens.Group, error) {
	return get(ctx, v.q, tokens.KindGroup, id, scanGroup, selectGroups+`WHERE id = $1`, id)
}

// GroupNamed returns the group that has a name, and whether there is one.
func (v View) GroupNamed(ctx context.Context, name string) (tokens.Group, bool, error) {
	return find(ctx, v.q, scanGroup, selectGroups+`WHERE name = $1`, name)
}

// Groups returns all groups by name.
func (v View) Groups(ctx context.Context) ([]tokens.Group, error) {
	return list(ctx, v.q, scanGroup, selectGroups+`ORDER BY name`)
}

// InsertGroup writes a new group.
func (t Tx) InsertGroup(ctx context.Context, g tokens.Group) error {
	return t.execOn(ctx, g.ID, `INSERT INTO groups (id, name, description, created_at, updated_at) VALUES ($1, $2, $3, $4, $5)`,
		g.ID, g.Name, g.Description, microseconds(g.CreatedAt), microseconds(g.UpdatedAt))
}

// UpdateGroup writes what can change of a group.
func (t Tx) UpdateGroup(ctx context.Context, g tokens.Group) error {
	return t.execOn(ctx, g.ID, `UPDATE groups SET name = $2, description = $3, updated_at = $4 WHERE id = $1`,
		g.ID, g.Name, g.Description, microseconds(g.UpdatedAt))
}

// DeleteGroup deletes a group and the roles held in it.
func (t Tx) DeleteGroup(ctx context.Context, id string) error {
	return t.execOn(ctx, id, `DELETE FROM groups WHERE id = $1`, id)
}
