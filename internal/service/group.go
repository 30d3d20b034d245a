package service

import (
	"context"
	"fmt"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/store"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// CreateGroup implements tokens.Backend.
func (b *Backend) CreateGroup(ctx context.Context, n tokens.NewGroup) (tokens.Group, error) {
	n = tokens.Normalized(n)
	mayCreate := func(o *operation) error {
		return o.caller.MayManageAccounts("", "", fmt.Sprintf("to create group %q", n.Name))
	}
	return create(ctx, b, tokens.KindGroup, tokens.ActionGroupCreate, creation[tokens.Group]{
		request: n.Request, input: n, name: n.Name, invalid: n.Validate(),
		make: func(o *operation) (tokens.Group, string, error) {
			g := tokens.Group{
				ID:            tokens.NewID(tokens.KindGroup, o.now),
				GroupSettings: n.GroupSettings,
				CreatedAt:     o.now,
				UpdatedAt:     o.now,
			}
			if err := mayCreate(o); err != nil {
				return g, "", err
			}
			if err := o.checkGroupName(ctx, g); err != nil {
				return g, "", err
			}
			if err := o.InsertGroup(ctx, g); err != nil {
				return g, "", err
			}
			return g, g.ID, o.record(ctx, tokens.ActionGroupCreate, g.ID, g.Name)
		},
		again: func(o *operation, made store.Request) (tokens.Group, error) {
			if err := mayCreate(o); err != nil {
				return tokens.Group{}, err
			}
			return o.Group(ctx, made.ObjectID)
		},
	})
}

// Group implements tokens.Backend.
func (b *Backend) Group(ctx context.Context, id string) (tokens.Group, error) {
	about := look{tokens.ActionGroupShow, objectOf(tokens.KindGroup, id)}
	return readAs(ctx, b, about, func(r reader) (tokens.Group, error) {
		g, err := r.Group(ctx, id)
		if err != nil {
			return g, err
		}
		r.object.name = g.Name
		return g, r.caller.MayManageAccounts("", id, "to show group "+id)
	})
}

// Groups implements tokens.Backend.
func (b *Backend) Groups(ctx context.Context) ([]tokens.Group, error) {
	return readAs(ctx, b, look{action: tokens.ActionGroupList}, func(r reader) ([]tokens.Group, error) {
		if err := r.caller.MayManageAccounts("", "", "to list the groups"); err != nil {
			return nil, err
		}
		return r.Groups(ctx)
	})
}

// UpdateGroup implements tokens.Backend.
func (b *Backend) UpdateGroup(ctx context.Context, id string, update tokens.GroupUpdate) (tokens.Group, error) {
	update = tokens.Normalized(update)
	about := objectOf(tokens.KindGroup, id)
	return change(ctx, b, tokens.ActionGroupUpdate, about, func(o *operation) (tokens.Group, error) {
		before, err := o.Group(ctx, id)
		if err != nil {
			return before, err
		}
		o.object.name = before.Name
		if err := o.caller.MayManageAccounts("", id, "to change group "+id); err != nil {
			return before, err
		}
		after, err := before.Updated(update)
		if err != nil {
			return after, err
		}
		if err := o.checkTexts(ctx, update.Changes()); err != nil {
			return after, err
		}
		changed := tokens.Difference(before.GroupSettings, after.GroupSettings)
		if changed == nil {
			return before, nil
		}
		if err := o.checkGroupName(ctx, after); err != nil {
			return after, err
		}
		after.UpdatedAt = o.now
		if err := o.UpdateGroup(ctx, after); err != nil {
			return after, err
		}
		return after, o.record(ctx, tokens.ActionGroupUpdate, id, after.Name,
			changes(before.GroupSettings, after.GroupSettings, changed))
	})
}

// checkGroupName refuses a name that another group has.
func (o *operation) checkGroupName(ctx context.Context, g tokens.Group) error {
	holder, ok, err := o.GroupNamed(ctx, g.Name)
	if err != nil || !ok || holder.ID == g.ID {
		return err
	}
	return tokens.Taken(tokens.KindGroup, "name", holder.ID, "group %s already has the name %q", holder.ID, g.Name)
}

// DeleteGroup implements tokens.Backend.
func (b *Backend) DeleteGroup(ctx context.Context, id string) error {
	about := objectOf(tokens.KindGroup, id)
	_, err := change(ctx, b, tokens.ActionGroupDelete, about, func(o *operation) (tokens.Group, error) {
		g, err := o.Group(ctx, id)
		if err != nil {
			return g, err
		}
		o.object.name = g.Name
		if err := o.caller.MayManageAccounts("", id, "to delete group "+id); err != nil {
			return g, err
		}
		users, err := o.TechnicalUsersIn(ctx, id)
		if err != nil {
			return g, err
		}
		if len(users) > 0 {
			return g, tokens.InUse(id, users[0].ID, "group %q (%s) can't be deleted while technical users are in it: %s; "+
				"delete them first (one that was made for an access token goes with that token)",
				g.Name, id, several(users, describeUser))
		}
		if err := o.DeleteGroup(ctx, id); err != nil {
			return g, err
		}
		return g, o.record(ctx, tokens.ActionGroupDelete, id, g.Name)
	})
	return err
}
