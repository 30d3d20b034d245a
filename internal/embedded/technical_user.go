package embedded

import (
	"context"
	"fmt"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/store"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// CreateTechnicalUser implements tokens.Backend.
func (b *Backend) CreateTechnicalUser(ctx context.Context, n tokens.NewTechnicalUser) (tokens.TechnicalUser, error) {
	invalid := n.Validate()
	return create(ctx, b, tokens.ActionTechnicalUserCreate, creation{n.Name, invalid, n.GroupID != "" || len(n.GroupRoles) > 0}, func(o *operation) (tokens.TechnicalUser, error) {
		if invalid != nil {
			return tokens.TechnicalUser{}, invalid
		}
		return o.createTechnicalUser(ctx, n, false)
	})
}

// createTechnicalUser makes a technical user from valid input.
func (o *operation) createTechnicalUser(ctx context.Context, n tokens.NewTechnicalUser, bySystem bool) (tokens.TechnicalUser, error) {
	u := tokens.TechnicalUser{
		ID: tokens.NewID(tokens.KindTechnicalUser, o.now), Name: n.Name, Description: n.Description, GroupID: n.GroupID, Grants: n.Grants,
		Enabled: n.Enabled, Disabled: o.disabledFromStart(n.Enabled), SystemCreated: bySystem, CreatedAt: o.now, UpdatedAt: o.now,
	}
	u.GroupRoles = sortedGroupRoles(u.GroupRoles)
	var group tokens.Group
	if u.GroupID != "" {
		var err error
		if group, err = o.existingGroup(ctx, "group_id", u.GroupID); err != nil {
			return u, err
		}
	}
	u.Email = tokens.TechnicalUserEmail(u.Name, group.Name, o.Database().Organization)
	if err := o.checkGroups(ctx, u.GroupRoles); err != nil {
		return u, err
	}
	if err := o.checkTechnicalUserName(ctx, u); err != nil {
		return u, err
	}
	holder, ok, err := o.TechnicalUserWithEmail(ctx, u.Email)
	if err != nil {
		return u, err
	}
	if ok {
		return u, taken(tokens.KindTechnicalUser, "name", holder.ID, "technical user %s, which is called %q now, has had the address %s since it was made, and keeps it",
			holder.ID, holder.Name, u.Email)
	}
	if err := o.InsertTechnicalUser(ctx, u); err != nil {
		return u, err
	}
	return u, o.record(ctx, tokens.ActionTechnicalUserCreate, u.ID, u.Email, "")
}

// disabledFromStart says who disabled what is made disabled.
func (o *operation) disabledFromStart(enabled bool) *tokens.Stop {
	if enabled {
		return nil
	}
	return &tokens.Stop{By: o.backend.options.Actor, At: o.now}
}

// checkTechnicalUserName refuses a name that another technical user of the level has.
func (o *operation) checkTechnicalUserName(ctx context.Context, u tokens.TechnicalUser) error {
	holder, ok, err := o.TechnicalUserNamed(ctx, u.GroupID, u.Name)
	if err != nil || !ok || holder.ID == u.ID {
		return err
	}
	level := "organization level"
	if u.GroupID != "" {
		level = "the level of group " + u.GroupID
	}
	return taken(tokens.KindTechnicalUser, "name", holder.ID, "technical user %s has the name %q at %s already", holder.ID, u.Name, level)
}

// TechnicalUser implements tokens.Backend.
func (b *Backend) TechnicalUser(ctx context.Context, id string) (tokens.TechnicalUser, error) {
	return read(ctx, b, func(v store.View) (tokens.TechnicalUser, error) { return v.TechnicalUser(ctx, id) })
}

// TechnicalUsers implements tokens.Backend.
func (b *Backend) TechnicalUsers(ctx context.Context) ([]tokens.TechnicalUser, error) {
	return read(ctx, b, func(v store.View) ([]tokens.TechnicalUser, error) { return v.TechnicalUsers(ctx) })
}

// UpdateTechnicalUser implements tokens.Backend.
func (b *Backend) UpdateTechnicalUser(ctx context.Context, id string, update tokens.TechnicalUserUpdate) (tokens.TechnicalUser, error) {
	return change(ctx, b, tokens.ActionTechnicalUserUpdate, objectOf(tokens.KindTechnicalUser, id), func(o *operation) (tokens.TechnicalUser, error) {
		before, err := o.TechnicalUser(ctx, id)
		if err != nil {
			return before, err
		}
		o.object.name = before.Email
		after, err := update.Apply(before, b.options.Actor, o.now)
		if err != nil {
			return after, err
		}
		after.GroupRoles = sortedGroupRoles(after.GroupRoles)
		if err := o.checkTechnicalUserName(ctx, after); err != nil {
			return after, err
		}
		return o.saveTechnicalUser(ctx, before, after)
	})
}

// saveTechnicalUser writes what differs between two states of a technical user, with an event for each kind of change.
func (o *operation) saveTechnicalUser(ctx context.Context, before, after tokens.TechnicalUser) (tokens.TechnicalUser, error) {
	var c changes
	c.note("name", after.Name != before.Name)
	c.note("description", after.Description != before.Description)
	c.note("role", after.Role != before.Role)
	if !sameGroupRoles(after.GroupRoles, before.GroupRoles) {
		c.note("group_roles", true)
		if err := o.checkGroups(ctx, after.GroupRoles); err != nil {
			return after, err
		}
	}
	if c == nil && after.Enabled == before.Enabled {
		return before, nil
	}
	after.UpdatedAt = o.now
	if err := o.UpdateTechnicalUser(ctx, after); err != nil {
		return after, err
	}
	if c != nil {
		if err := o.record(ctx, tokens.ActionTechnicalUserUpdate, after.ID, after.Email, c.detail()); err != nil {
			return after, err
		}
	}
	switch {
	case before.Enabled && !after.Enabled:
		return after, o.record(ctx, tokens.ActionTechnicalUserDisable, after.ID, after.Email, "")
	case !before.Enabled && after.Enabled:
		return after, o.record(ctx, tokens.ActionTechnicalUserEnable, after.ID, after.Email, "")
	}
	return after, nil
}

// DeleteTechnicalUser implements tokens.Backend.
func (b *Backend) DeleteTechnicalUser(ctx context.Context, id string) error {
	_, err := change(ctx, b, tokens.ActionTechnicalUserDelete, objectOf(tokens.KindTechnicalUser, id), func(o *operation) (tokens.TechnicalUser, error) {
		u, err := o.TechnicalUser(ctx, id)
		if err != nil {
			return u, err
		}
		o.object.name = u.Email
		all, err := o.AccessTokensOf(ctx, id)
		if err != nil {
			return u, err
		}
		if len(all) > 0 {
			return u, tokens.Conflict("", id, "technical user %s (%s) can't be deleted while access tokens live under it: %s; delete them first",
				u.Email, id, several(all, func(t tokens.AccessToken) string { return fmt.Sprintf("%q (%s)", t.Name, t.ID) }))
		}
		return u, o.deleteTechnicalUser(ctx, u, "")
	})
	return err
}

func (o *operation) deleteTechnicalUser(ctx context.Context, u tokens.TechnicalUser, reason string) error {
	if err := o.DeleteTechnicalUser(ctx, u.ID); err != nil {
		return err
	}
	return o.record(ctx, tokens.ActionTechnicalUserDelete, u.ID, u.Email, reason)
}
