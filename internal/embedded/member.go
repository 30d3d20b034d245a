package embedded

import (
	"context"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/store"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// CreateMember implements tokens.Backend.
func (b *Backend) CreateMember(ctx context.Context, n tokens.NewMember) (tokens.Member, error) {
	invalid := n.Validate()
	return create(ctx, b, tokens.ActionMemberCreate, creation{n.Email, invalid, len(n.GroupRoles) > 0}, func(o *operation) (tokens.Member, error) {
		m := tokens.Member{ID: tokens.NewID(tokens.KindMember, o.now), Email: n.Email, Name: n.Name, Grants: n.Grants, CreatedAt: o.now, UpdatedAt: o.now}
		if invalid != nil {
			return m, invalid
		}
		m.GroupRoles = sortedGroupRoles(m.GroupRoles)
		holder, ok, err := o.MemberWithEmail(ctx, m.Email)
		if err != nil {
			return m, err
		}
		if ok {
			return m, taken(tokens.KindMember, "email", holder.ID, "member %s has the address %s already", holder.ID, holder.Email)
		}
		if err := o.checkGroups(ctx, m.GroupRoles); err != nil {
			return m, err
		}
		if err := o.InsertMember(ctx, m); err != nil {
			return m, err
		}
		return m, o.record(ctx, tokens.ActionMemberCreate, m.ID, m.Email, "")
	})
}

// Member implements tokens.Backend.
func (b *Backend) Member(ctx context.Context, id string) (tokens.Member, error) {
	return read(ctx, b, func(v store.View) (tokens.Member, error) { return v.Member(ctx, id) })
}

// Members implements tokens.Backend.
func (b *Backend) Members(ctx context.Context) ([]tokens.Member, error) {
	return read(ctx, b, func(v store.View) ([]tokens.Member, error) { return v.Members(ctx) })
}

// UpdateMember implements tokens.Backend.
func (b *Backend) UpdateMember(ctx context.Context, id string, update tokens.MemberUpdate) (tokens.Member, error) {
	return change(ctx, b, tokens.ActionMemberUpdate, objectOf(tokens.KindMember, id), func(o *operation) (tokens.Member, error) {
		before, err := o.Member(ctx, id)
		if err != nil {
			return before, err
		}
		o.object.name = before.Email
		after, err := update.Apply(before)
		if err != nil {
			return after, err
		}
		after.GroupRoles = sortedGroupRoles(after.GroupRoles)
		var c changes
		c.note("name", after.Name != before.Name)
		c.note("role", after.Role != before.Role)
		c.note("group_roles", !sameGroupRoles(after.GroupRoles, before.GroupRoles))
		if c == nil {
			return before, nil
		}
		if err := o.checkGroups(ctx, after.GroupRoles); err != nil {
			return after, err
		}
		after.UpdatedAt = o.now
		if err := o.UpdateMember(ctx, after); err != nil {
			return after, err
		}
		return after, o.record(ctx, tokens.ActionMemberUpdate, id, after.Email, c.detail())
	})
}

// DeleteMember implements tokens.Backend.
func (b *Backend) DeleteMember(ctx context.Context, id string) error {
	_, err := change(ctx, b, tokens.ActionMemberDelete, objectOf(tokens.KindMember, id), func(o *operation) (tokens.Member, error) {
		m, err := o.Member(ctx, id)
		if err != nil {
			return m, err
		}
		o.object.name = m.Email
		shares, err := o.TokenSharesWith(ctx, id)
		if err != nil {
			return m, err
		}
		if err := o.endShares(ctx, shares, "the member was deleted"); err != nil {
			return m, err
		}
		if err := o.DeleteMember(ctx, id); err != nil {
			return m, err
		}
		return m, o.record(ctx, tokens.ActionMemberDelete, id, m.Email, "")
	})
	return err
}
