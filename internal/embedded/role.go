package embedded

import (
	"context"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// CreateRole implements tokens.Backend.
func (b *Backend) CreateRole(context.Context, tokens.NewRole) (tokens.Role, error) {
	return tokens.Role{}, tokens.Unavailable(nil, "TODO")
}

// Role implements tokens.Backend.
func (b *Backend) Role(context.Context, string) (tokens.Role, error) {
	return tokens.Role{}, tokens.Unavailable(nil, "TODO")
}

// Roles implements tokens.Backend.
func (b *Backend) Roles(context.Context) ([]tokens.Role, error) { return tokens.BuiltInRoles(), nil }

// UpdateRole implements tokens.Backend.
func (b *Backend) UpdateRole(context.Context, string, tokens.RoleUpdate) (tokens.Role, error) {
	return tokens.Role{}, tokens.Unavailable(nil, "TODO")
}

// DeleteRole implements tokens.Backend.
func (b *Backend) DeleteRole(context.Context, string) error { return tokens.Unavailable(nil, "TODO") }
