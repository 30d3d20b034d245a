package service

import (
	"context"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/store"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// CreateMember implements tokens.Backend.
func (b *Backend) CreateMember(ctx context.Context, n tokens.NewMember) (tokens.Member, error) {
	n = tokens.Normalized(n)
	mayCreate := func(o *operation, m tokens.Member) error {
		if err := o.caller.MayManageAccounts("", "", "to create member "+n.Email); err != nil {
			return err
		}
		return o.caller.MayGrant("", m.Access(o.roles))
	}
	return create(ctx, b, tokens.KindMember, tokens.ActionMemberCreate, creation[tokens.Member]{
		request: n.Request, input: n, name: n.Email, invalid: n.Validate(), refers: referenceIn(n.Grants),
		make: func(o *operation) (tokens.Member, string, error) {
			m := tokens.Member{
				ID:             tokens.NewID(tokens.KindMember, o.now),
				Email:          n.Email,
				MemberSettings: n.MemberSettings,
				CreatedAt:      o.now,
				UpdatedAt:      o.now,
			}
			m.GroupRoles = sortedGroupRoles(m.GroupRoles)
			if err := o.knowRolesOf(ctx, m.Grants); err != nil {
				return m, "", err
			}
			if err := mayCreate(o, m); err != nil {
				return m, "", err
			}
			holder, ok, err := o.MemberWithEmail(ctx, m.Email)
			if err != nil {
				return m, "", err
			}
			if ok {
				return m, "", tokens.Taken(tokens.KindMember, "email", holder.ID, "member %s already has the address %s",
					holder.ID, holder.Email)
			}
			if err := o.checkGrants(ctx, tokens.Grants{}, m.Grants); err != nil {
				return m, "", err
			}
			if err := o.InsertMember(ctx, m); err != nil {
				return m, "", err
			}
			return m, m.ID, o.record(ctx, tokens.ActionMemberCreate, m.ID, m.Email)
		},
		again: func(o *operation, made store.Request) (tokens.Member, error) {
			if err := mayCreate(o, tokens.Member{MemberSettings: n.MemberSettings}); err != nil {
				return tokens.Member{}, err
			}
			m, err := o.Member(ctx, made.ObjectID)
			if err != nil {
				return m, err
			}
			return m, mayCreate(o, m)
		},
	})
}

// Member implements tokens.Backend.
func (b *Backend) Member(ctx context.Context, id string) (tokens.Member, error) {
	about := look{tokens.ActionMemberShow, objectOf(tokens.KindMember, id)}
	return readAs(ctx, b, about, func(r reader) (tokens.Member, error) {
		m, _, err := r.MemberWithRoles(ctx, id)
		if err != nil {
			return m, err
		}
		r.object.name = m.Email
		return m, r.caller.MayListMembers()
	})
}

// Members implements tokens.Backend.
func (b *Backend) Members(ctx context.Context) ([]tokens.Member, error) {
	return readAs(ctx, b, look{action: tokens.ActionMemberList}, func(r reader) ([]tokens.Member, error) {
		if err := r.caller.MayListMembers(); err != nil {
			return nil, err
		}
		return r.Members(ctx)
	})
}

// UpdateMember implements tokens.Backend.
func (b *Backend) UpdateMember(ctx context.Context, id string, update tokens.MemberUpdate) (tokens.Member, error) {
	update = tokens.Normalized(update)
	about := objectOf(tokens.KindMember, id)
	return change(ctx, b, tokens.ActionMemberUpdate, about, func(o *operation) (tokens.Member, error) {
		before, err := o.alterableMember(ctx, id, "to change member "+id)
		if err != nil {
			return before, err
		}
		after, err := before.Updated(update)
		if err != nil {
			return after, err
		}
		if err := o.checkTexts(ctx, update.Changes()); err != nil {
			return after, err
		}
		after.GroupRoles = sortedGroupRoles(after.GroupRoles)
		if err := o.knowRolesOf(ctx, after.Grants); err != nil {
			return after, err
		}
		if err := o.caller.MayGrant(id, after.Access(o.roles).Without(before.Access(o.roles))); err != nil {
			return after, err
		}
		changed := tokens.Difference(before.MemberSettings, after.MemberSettings)
		if changed == nil {
			return before, nil
		}
		if err := o.checkGrants(ctx, before.Grants, after.Grants); err != nil {
			return after, err
		}
		after.UpdatedAt = o.now
		if err := o.UpdateMember(ctx, before, after); err != nil {
			return after, err
		}
		if before.IsOwner() && !after.IsOwner() {
			if err := o.checkOwnerRemains(ctx, "role", tokens.KindMember, id, before.Email); err != nil {
				return after, err
			}
		}
		return after, o.record(ctx, tokens.ActionMemberUpdate, id, after.Email,
			changes(before.MemberSettings, after.MemberSettings, changed))
	})
}

// alterableMember returns a member that the caller may change or delete, and names it in the operation's events.
func (o *operation) alterableMember(ctx context.Context, id, purpose string) (tokens.Member, error) {
	m, err := o.Member(ctx, id)
	if err != nil {
		return m, err
	}
	o.object.name = m.Email
	if err := o.caller.MayManageAccounts("", id, purpose); err != nil {
		return m, err
	}
	return m, o.caller.MayAlter(tokens.KindMember, id, m.Access(o.roles))
}

// DeleteMember implements tokens.Backend.
func (b *Backend) DeleteMember(ctx context.Context, id string) error {
	about := objectOf(tokens.KindMember, id)
	_, err := change(ctx, b, tokens.ActionMemberDelete, about, func(o *operation) (tokens.Member, error) {
		m, err := o.alterableMember(ctx, id, "to delete member "+id)
		if err != nil {
			return m, err
		}
		if err := o.endShares(ctx, tokens.TokenShareQuery{MemberID: id}, "the member was deleted"); err != nil {
			return m, err
		}
		if err := o.deletePersonalTokens(ctx, m); err != nil {
			return m, err
		}
		if err := o.DeleteMember(ctx, id); err != nil {
			return m, err
		}
		if m.IsOwner() {
			if err := o.checkOwnerRemains(ctx, "", tokens.KindMember, id, m.Email); err != nil {
				return m, err
			}
		}
		return m, o.record(ctx, tokens.ActionMemberDelete, id, m.Email)
	})
	return err
}

// deletePersonalTokens deletes the personal tokens of a member, who is about to be deleted.
func (o *operation) deletePersonalTokens(ctx context.Context, m tokens.Member) error {
	personal, err := o.PersonalTokensOf(ctx, m.ID)
	if err != nil {
		return err
	}
	for _, t := range personal {
		if err := o.deleteAccessToken(ctx, t, "member "+m.Email+" was deleted"); err != nil {
			return err
		}
	}
	return nil
}
