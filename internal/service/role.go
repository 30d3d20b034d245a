package service

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/store"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// CreateRole implements tokens.Backend.
func (b *Backend) CreateRole(ctx context.Context, n tokens.NewRole) (tokens.Role, error) {
	n = tokens.Normalized(n)
	n.Permissions = sortedPermissions(n.Permissions)
	mayCreate := func(o *operation, r tokens.Role) error {
		if err := o.caller.MayManageAccounts("", "", fmt.Sprintf("to create role %q", n.Name)); err != nil {
			return err
		}
		return o.caller.MayGrant("", accessOf(r))
	}
	return create(ctx, b, tokens.KindRole, tokens.ActionRoleCreate, creation[tokens.Role]{
		request: n.Request, input: n, name: n.Name, invalid: n.Validate(),
		make: func(o *operation) (tokens.Role, string, error) {
			r := tokens.Role{
				ID:           tokens.NewID(tokens.KindRole, o.now),
				RoleSettings: n.RoleSettings,
				CreatedAt:    o.now,
				UpdatedAt:    o.now,
			}
			if err := mayCreate(o, r); err != nil {
				return r, "", err
			}
			if err := o.checkRoleName(ctx, r); err != nil {
				return r, "", err
			}
			if err := o.InsertRole(ctx, r); err != nil {
				return r, "", err
			}
			return r, r.ID, o.record(ctx, tokens.ActionRoleCreate, r.ID, r.Name)
		},
		again: func(o *operation, made store.Request) (tokens.Role, error) {
			if err := mayCreate(o, tokens.Role{RoleSettings: n.RoleSettings}); err != nil {
				return tokens.Role{}, err
			}
			r, err := o.Role(ctx, made.ObjectID)
			if err != nil {
				return r, err
			}
			return r, mayCreate(o, r)
		},
	})
}

// accessOf returns what a role allows at organization level, where it allows most.
func accessOf(r tokens.Role) tokens.Access {
	return tokens.Access{Organization: tokens.NewPermissions(r.Permissions...)}
}

// sortedPermissions returns permissions in the order in which they are stored and compared; nil for none.
func sortedPermissions(permissions []string) []string {
	return slices.Sorted(slices.Values(permissions))
}

// Role implements tokens.Backend.
func (b *Backend) Role(ctx context.Context, id string) (tokens.Role, error) {
	about := look{tokens.ActionRoleShow, objectOf(tokens.KindRole, id)}
	return readAs(ctx, b, about, func(r reader) (tokens.Role, error) {
		role, err := r.Role(ctx, id)
		if err != nil {
			return role, err
		}
		r.object.name = role.Name
		return role, r.caller.MayManageAccounts("", id, "to show role "+id)
	})
}

// Roles implements tokens.Backend.
func (b *Backend) Roles(ctx context.Context) ([]tokens.Role, error) {
	return readAs(ctx, b, look{action: tokens.ActionRoleList}, func(r reader) ([]tokens.Role, error) {
		if err := r.caller.MayManageAccounts("", "", "to list the roles"); err != nil {
			return nil, err
		}
		custom, err := r.Roles(ctx)
		return append(tokens.BuiltInRoles(), custom...), err
	})
}

// RoleHolders implements tokens.Backend.
func (b *Backend) RoleHolders(ctx context.Context, id string) (tokens.RoleHolders, error) {
	about := look{tokens.ActionRoleShow, objectOf(tokens.KindRole, id)}
	return readAs(ctx, b, about, func(r reader) (tokens.RoleHolders, error) {
		role, err := r.Role(ctx, id)
		if err != nil {
			return tokens.RoleHolders{}, err
		}
		r.object.name = role.Name
		if err := r.caller.MayManageAccounts("", id, "to show what holds role "+id); err != nil {
			return tokens.RoleHolders{}, err
		}
		ids, err := r.HoldersOfRole(ctx, id)
		return tokens.CountRoleHolders(ids), err
	})
}

// UpdateRole implements tokens.Backend.
func (b *Backend) UpdateRole(ctx context.Context, id string, update tokens.RoleUpdate) (tokens.Role, error) {
	update = tokens.Normalized(update)
	return change(ctx, b, tokens.ActionRoleUpdate, objectOf(tokens.KindRole, id), func(o *operation) (tokens.Role, error) {
		before, err := o.alterableRole(ctx, id, "to change role "+id)
		if err != nil {
			return before, err
		}
		after, err := before.Updated(update)
		if err != nil {
			return after, err
		}
		after.Permissions = sortedPermissions(after.Permissions)
		if err := o.caller.MayGrant(id, accessOf(after)); err != nil {
			return after, err
		}
		changed := tokens.Difference(before.RoleSettings, after.RoleSettings)
		if changed == nil {
			return before, nil
		}
		if err := o.checkTexts(ctx, update.Changes()); err != nil {
			return after, err
		}
		if err := o.checkRoleName(ctx, after); err != nil {
			return after, err
		}
		after.UpdatedAt = o.now
		if err := o.UpdateRole(ctx, before, after); err != nil {
			return after, err
		}
		return after, o.record(ctx, tokens.ActionRoleUpdate, id, after.Name,
			changes(before.RoleSettings, after.RoleSettings, changed))
	})
}

// alterableRole returns a custom role that the caller may change or delete, and names it in the operation's events.
func (o *operation) alterableRole(ctx context.Context, id, purpose string) (tokens.Role, error) {
	r, err := o.Role(ctx, id)
	if err != nil {
		return r, err
	}
	o.object.name = r.Name
	if err := o.caller.MayManageAccounts("", id, purpose); err != nil {
		return r, err
	}
	return r, o.caller.MayAlter(tokens.KindRole, id, accessOf(r))
}

// checkRoleName refuses a name that another custom role has.
func (o *operation) checkRoleName(ctx context.Context, r tokens.Role) error {
	holder, ok, err := o.RoleNamed(ctx, r.Name)
	if err != nil || !ok || holder.ID == r.ID {
		return err
	}
	return tokens.Taken(tokens.KindRole, "name", holder.ID, "role %s already has the name %q", holder.ID, r.Name)
}

// DeleteRole implements tokens.Backend.
func (b *Backend) DeleteRole(ctx context.Context, id string) error {
	about := objectOf(tokens.KindRole, id)
	_, err := change(ctx, b, tokens.ActionRoleDelete, about, func(o *operation) (tokens.Role, error) {
		r, err := o.alterableRole(ctx, id, "to delete role "+id)
		if err != nil {
			return r, err
		}
		ids, err := o.HoldersOfRole(ctx, id)
		if err != nil {
			return r, err
		}
		if err := o.DeleteRole(ctx, id); err != nil {
			return r, err
		}
		return r, o.record(ctx, tokens.ActionRoleDelete, id, r.Name, func(e *tokens.Event) {
			if len(ids) > 0 {
				e.Detail = "it was held by " + tokens.CountRoleHolders(ids).String()
			}
		})
	})
	return err
}

// checkGrants refuses new grants of roles, or in groups, that do not exist. Those that were there before need no check.
func (o *operation) checkGrants(ctx context.Context, before, after tokens.Grants) error {
	if after.Role != before.Role {
		if err := o.checkRole(ctx, "role", after.Role); err != nil {
			return err
		}
	}
	for _, r := range after.GroupRoles {
		if slices.Contains(before.GroupRoles, r) {
			continue
		}
		if _, err := o.existingGroup(ctx, "group_roles", r.GroupID); err != nil {
			return err
		}
		if err := o.checkRole(ctx, "group_roles", r.Role); err != nil {
			return err
		}
	}
	return nil
}

// checkRole refuses a role that does not exist. An empty name stands for no role.
func (o *operation) checkRole(ctx context.Context, field, name string) error {
	if _, ok := o.roles[name]; ok || name == "" {
		return nil
	}
	if err := o.knowRoles(ctx); err != nil {
		return err
	}
	if _, ok := o.roles[name]; ok {
		// The caller's permission was checked without the permissions of this role.
		return tokens.Unavailable(nil, "role %q was not known when permission was checked: "+
			"this is a mistake in Latchkey; nothing was changed", name)
	}
	known := tokens.BuiltInRoleNames()
	if o.caller.MayManageAccounts("", "", "") == nil { // others may not list custom roles
		var custom []string
		for role := range o.roles {
			if !tokens.IsBuiltInRole(role) {
				custom = append(custom, role)
			}
		}
		slices.Sort(custom)
		known = append(known, custom...)
	}
	return tokens.Invalid(field, "there is no role %q; the roles are %s: use one of them, or make that one first",
		name, strings.Join(known, ", ")).Because(tokens.ReasonUnknownRole)
}

// referenceIn returns a custom role or group that grants name, neither of which can exist without a database; zero for
// none.
func referenceIn(g tokens.Grants) reference {
	for _, role := range append([]tokens.GroupRole{{Role: g.Role}}, g.GroupRoles...) {
		if role.Role != "" && !tokens.IsBuiltInRole(role.Role) {
			return reference{tokens.KindRole, fmt.Sprintf("role %q, which is not one of the built-in ones (%s),", role.Role,
				strings.Join(tokens.BuiltInRoleNames(), ", "))}
		}
	}
	if len(g.GroupRoles) > 0 {
		return referenceTo(tokens.KindGroup, g.GroupRoles[0].GroupID)
	}
	return reference{}
}
