package service

import (
	"cmp"
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/store"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// CreateTechnicalUser implements tokens.Backend.
func (b *Backend) CreateTechnicalUser(ctx context.Context, n tokens.NewTechnicalUser) (tokens.TechnicalUser, error) {
	n = tokens.Normalized(n)
	mayCreate := func(o *operation, u tokens.TechnicalUser) error {
		if err := o.caller.MayManageAccounts(u.GroupID, "", fmt.Sprintf("to create technical user %q", n.Name)); err != nil {
			return err
		}
		return o.caller.MayGrant("", u.Access(o.roles))
	}
	return create(ctx, b, tokens.KindTechnicalUser, tokens.ActionTechnicalUserCreate, creation[tokens.TechnicalUser]{
		request: n.Request, input: n, name: n.Name, invalid: n.Validate(),
		refers: cmp.Or(referenceTo(tokens.KindGroup, n.GroupID), referenceIn(n.Grants)),
		make: func(o *operation) (u tokens.TechnicalUser, id string, err error) {
			if err := o.knowRolesOf(ctx, n.Grants); err != nil {
				return u, "", err
			}
			draft := tokens.TechnicalUser{GroupID: n.GroupID, TechnicalUserSettings: n.TechnicalUserSettings}
			if err := mayCreate(o, draft); err != nil {
				return u, "", err
			}
			u, err = o.createTechnicalUser(ctx, n, false)
			return u, u.ID, err
		},
		again: func(o *operation, made store.Request) (tokens.TechnicalUser, error) {
			u := tokens.TechnicalUser{GroupID: n.GroupID, TechnicalUserSettings: n.TechnicalUserSettings}
			if err := mayCreate(o, u); err != nil {
				return u, err
			}
			u, err := o.TechnicalUser(ctx, made.ObjectID)
			if err != nil {
				return u, err
			}
			return u, mayCreate(o, u)
		},
	})
}

// createTechnicalUser creates a technical user from valid input.
func (o *operation) createTechnicalUser(
	ctx context.Context, n tokens.NewTechnicalUser, bySystem bool,
) (tokens.TechnicalUser, error) {
	u := tokens.TechnicalUser{
		ID:                    tokens.NewID(tokens.KindTechnicalUser, o.now),
		TechnicalUserSettings: n.TechnicalUserSettings,
		GroupID:               n.GroupID,
		Disabled:              o.disabledFromStart(n.Enabled),
		SystemCreated:         bySystem,
		CreatedAt:             o.now,
		UpdatedAt:             o.now,
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
	if err := o.checkGrants(ctx, tokens.Grants{}, u.Grants); err != nil {
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
		return u, o.takenBy(ctx, holder, "technical user %s, whose name is %q now, "+
			"has had the address %s since it was made, and keeps it while it lives, because events and the qualified "+
			"identifiers of its tokens call it so; the name is free again once that technical user is deleted",
			holder.ID, holder.Name, u.Email)
	}
	if err := o.InsertTechnicalUser(ctx, u); err != nil {
		return u, err
	}
	return u, o.record(ctx, tokens.ActionTechnicalUserCreate, u.ID, u.Email)
}

// disabledFromStart returns by whom and when a new object is disabled; nil if it is enabled.
func (o *operation) disabledFromStart(enabled bool) *tokens.Stop {
	if enabled {
		return nil
	}
	return &tokens.Stop{By: o.actor, At: o.now}
}

// checkTechnicalUserName refuses a name that another technical user at the same level has.
func (o *operation) checkTechnicalUserName(ctx context.Context, u tokens.TechnicalUser) error {
	holder, ok, err := o.TechnicalUserNamed(ctx, u.GroupID, u.Name)
	if err != nil || !ok || holder.ID == u.ID {
		return err
	}
	level := "organization level"
	if u.GroupID != "" {
		level = "the level of group " + u.GroupID
	}
	return o.takenBy(ctx, holder, "technical user %s already has the name %q at %s", holder.ID, u.Name, level)
}

// takenBy is the conflict with a technical user that has a name. It does not tell which one that is where the system
// created it for a token that the caller may not know about.
func (o *operation) takenBy(ctx context.Context, holder tokens.TechnicalUser, format string, args ...any) error {
	if holder.SystemCreated {
		switch err := seesTokensOf(ctx, o.View, o.caller, holder); tokens.ErrorCode(err) {
		case "":
		case tokens.CodeForbidden:
			return tokens.Conflict("name", "", "this name is not free: use another one")
		default:
			return err
		}
	}
	return tokens.Taken(tokens.KindTechnicalUser, "name", holder.ID, format, args...)
}

// TechnicalUser implements tokens.Backend.
func (b *Backend) TechnicalUser(ctx context.Context, id string) (tokens.TechnicalUser, error) {
	about := look{tokens.ActionTechnicalUserShow, objectOf(tokens.KindTechnicalUser, id)}
	return readAs(ctx, b, about, func(r reader) (tokens.TechnicalUser, error) {
		u, _, err := r.TechnicalUserWithRoles(ctx, id)
		if err != nil {
			return u, err
		}
		return u, r.mayShowTechnicalUser(ctx, u)
	})
}

// mayShowTechnicalUser checks that the caller may show a technical user.
func (r reader) mayShowTechnicalUser(ctx context.Context, u tokens.TechnicalUser) error {
	if err := r.caller.MayManageAccounts(u.GroupID, u.ID, "to show technical user "+u.ID); err != nil || !u.SystemCreated {
		return err
	}
	return seesTokensOf(ctx, r.View, r.caller, u)
}

// TechnicalUserWithEmail implements tokens.Backend. Addresses can be guessed, so the refusal of one that exists is the
// same as that of one that doesn't exist.
func (b *Backend) TechnicalUserWithEmail(ctx context.Context, email string) (tokens.TechnicalUser, error) {
	about := look{action: tokens.ActionTechnicalUserShow}
	return readAs(ctx, b, about, func(r reader) (none tokens.TechnicalUser, err error) {
		if err := r.caller.MayListTechnicalUsers(); err != nil {
			return none, err
		}
		u, ok, err := r.View.TechnicalUserWithEmail(ctx, strings.ToLower(email))
		if err != nil {
			return none, err
		}
		if ok {
			if err := r.mayShowTechnicalUser(ctx, u); tokens.ErrorCode(err) != tokens.CodeForbidden {
				return u, err
			}
		} else if r.caller.IsOwner() {
			return none, tokens.NoneWithAddress(tokens.KindTechnicalUser, email)
		}
		return none, tokens.Forbidden("", "%s manages no technical user with the address %q: check the address, "+
			"or ask an owner for a role", r.caller.Name, email)
	})
}

// TechnicalUsers implements tokens.Backend.
func (b *Backend) TechnicalUsers(ctx context.Context) ([]tokens.TechnicalUser, error) {
	return readAs(ctx, b, look{action: tokens.ActionTechnicalUserList}, func(r reader) ([]tokens.TechnicalUser, error) {
		if err := r.caller.MayListTechnicalUsers(); err != nil {
			return nil, err
		}
		return r.managedTechnicalUsers(ctx)
	})
}

// managedTechnicalUsers returns the technical users that the caller manages.
func (r reader) managedTechnicalUsers(ctx context.Context) ([]tokens.TechnicalUser, error) {
	all, err := r.TechnicalUsers(ctx)
	if err != nil || r.caller.IsOwner() {
		return all, err
	}
	return r.managedOf(ctx, all, store.TokenSelection{Restricted: true})
}

// managedUsers returns which of the identifiers belong to technical users that the caller manages.
func (r reader) managedUsers(ctx context.Context, ids []string) (map[string]bool, error) {
	managed := map[string]bool{}
	for some := range slices.Chunk(ids, batchOfTokens) {
		users, err := r.TechnicalUsersWithIDs(ctx, some)
		if err == nil {
			users, err = r.managedOf(ctx, users, store.TokenSelection{UserIDs: some})
		}
		if err != nil {
			return nil, err
		}
		for _, u := range users {
			managed[u.ID] = true
		}
	}
	return managed, nil
}

// managedOf drops the technical users that the caller does not manage, and those that the system created for a token
// that the caller may not know about: their names reveal the token's. The selection must cover all such tokens.
func (r reader) managedOf(
	ctx context.Context, users []tokens.TechnicalUser, selection store.TokenSelection,
) ([]tokens.TechnicalUser, error) {
	selection.Audience = store.Audience{All: true, AccountID: r.caller.AccountID}
	list, err := r.View.AccessTokens(ctx, selection)
	if err != nil {
		return nil, err
	}
	hidden := map[string]bool{}
	for i, t := range list.AccessTokens {
		hidden[t.User.ID] = t.User.SystemCreated && !r.caller.Sees(t, list.Shares[i])
	}
	return slices.DeleteFunc(users, func(u tokens.TechnicalUser) bool {
		return hidden[u.ID] || r.caller.MayManageAccounts(u.GroupID, u.ID, "") != nil
	}), nil
}

// seesTokensOf checks that the caller may know about the token for which the system created a technical user.
func seesTokensOf(ctx context.Context, v store.View, c tokens.Caller, u tokens.TechnicalUser) error {
	list, _, err := v.AccessTokensOf(ctx, u.ID)
	if err != nil {
		return err
	}
	for _, t := range list {
		share, err := shareWith(ctx, v, c, t.ID)
		if err != nil {
			return err
		}
		if !c.Sees(t, share) {
			return tokens.Forbidden(u.ID, "technical user %s was created for a restricted access token, "+
				"which %s may not see: ask an owner", u.ID, c.Name)
		}
	}
	return nil
}

// UpdateTechnicalUser implements tokens.Backend.
func (b *Backend) UpdateTechnicalUser(
	ctx context.Context, id string, update tokens.TechnicalUserUpdate,
) (tokens.TechnicalUser, error) {
	update = tokens.Normalized(update)
	about := objectOf(tokens.KindTechnicalUser, id)
	return change(ctx, b, technicalUserAction(update), about, func(o *operation) (tokens.TechnicalUser, error) {
		before, err := o.TechnicalUser(ctx, id)
		if err != nil {
			return before, err
		}
		if before.SystemCreated {
			if err := seesTokensOf(ctx, o.View, o.caller, before); err != nil {
				return before, err
			}
		}
		o.object.name = before.Email
		after, invalid := before.Updated(update, o.actor, o.now)
		if invalid != nil {
			after = before
		}
		after.GroupRoles = sortedGroupRoles(after.GroupRoles)
		if err := o.knowRolesOf(ctx, after.Grants); err != nil {
			return before, err
		}
		if err := o.mayUpdateTechnicalUser(before, after); err != nil {
			return before, err
		}
		if invalid != nil {
			return before, invalid
		}
		if err := o.checkTexts(ctx, update.Changes()); err != nil {
			return before, err
		}
		if err := o.checkTechnicalUserName(ctx, after); err != nil {
			return after, err
		}
		return o.saveTechnicalUser(ctx, before, after)
	})
}

// technicalUserAction returns the action that the event names if the update is refused.
func technicalUserAction(u tokens.TechnicalUserUpdate) tokens.Action {
	switch {
	case !slices.Equal(u.Fields, tokens.Fields{"enabled"}):
		return tokens.ActionTechnicalUserUpdate
	case u.Settings.Enabled:
		return tokens.ActionTechnicalUserEnable
	}
	return tokens.ActionTechnicalUserDisable
}

// mayUpdateTechnicalUser checks that the caller may change a technical user from one state to another. To only disable
// it, the caller need not have the permissions that it has.
func (o *operation) mayUpdateTechnicalUser(before, after tokens.TechnicalUser) error {
	if err := o.caller.MayManageAccounts(before.GroupID, before.ID, "to change technical user "+before.ID); err != nil {
		return err
	}
	stopped := before
	stopped.Enabled, stopped.Disabled = after.Enabled, after.Disabled
	if !after.Enabled && reflect.DeepEqual(stopped, after) {
		return nil
	}
	if err := o.caller.MayAlter(tokens.KindTechnicalUser, before.ID, before.Access(o.roles)); err != nil {
		return err
	}
	return o.caller.MayGrant(before.ID, after.Access(o.roles).Without(before.Access(o.roles)))
}

// saveTechnicalUser writes the differences between two states of a technical user, and an event for each kind of
// change.
func (o *operation) saveTechnicalUser(
	ctx context.Context, before, after tokens.TechnicalUser,
) (tokens.TechnicalUser, error) {
	changed := tokens.Difference(before.TechnicalUserSettings, after.TechnicalUserSettings)
	if err := o.checkGrants(ctx, before.Grants, after.Grants); err != nil {
		return after, err
	}
	if changed == nil {
		return before, nil
	}
	after.UpdatedAt = o.now
	if err := o.UpdateTechnicalUser(ctx, before, after); err != nil {
		return after, err
	}
	if before.IsOwner() && !after.IsOwner() {
		field := "role"
		if !after.Enabled {
			field = "enabled"
		}
		if err := o.checkOwnerRemains(ctx, field, tokens.KindTechnicalUser, after.ID, after.Email); err != nil {
			return after, err
		}
	}
	if edited := unswitched(changed); len(edited) > 0 {
		told := changes(before.TechnicalUserSettings, after.TechnicalUserSettings, edited)
		if err := o.record(ctx, tokens.ActionTechnicalUserUpdate, after.ID, after.Email, told); err != nil {
			return after, err
		}
	}
	switch {
	case before.Enabled && !after.Enabled:
		o.readTechnicalUserBack(after)
		return after, o.record(ctx, tokens.ActionTechnicalUserDisable, after.ID, after.Email)
	case !before.Enabled && after.Enabled:
		return after, o.record(ctx, tokens.ActionTechnicalUserEnable, after.ID, after.Email)
	}
	return after, nil
}

// DeleteTechnicalUser implements tokens.Backend.
func (b *Backend) DeleteTechnicalUser(ctx context.Context, id string) error {
	about := objectOf(tokens.KindTechnicalUser, id)
	_, err := change(ctx, b, tokens.ActionTechnicalUserDelete, about, func(o *operation) (tokens.TechnicalUser, error) {
		u, err := o.TechnicalUser(ctx, id)
		if err != nil {
			return u, err
		}
		if u.SystemCreated {
			if err := seesTokensOf(ctx, o.View, o.caller, u); err != nil {
				return u, err
			}
		}
		o.object.name = u.Email
		if err := o.caller.MayManageAccounts(u.GroupID, id, "to delete technical user "+id); err != nil {
			return u, err
		}
		if err := o.caller.MayAlter(tokens.KindTechnicalUser, id, u.Access(o.roles)); err != nil {
			return u, err
		}
		if err := o.deleteLeftOvers(ctx, id); err != nil {
			return u, err
		}
		all, err := o.tokensOf(ctx, id)
		if err != nil {
			return u, err
		}
		if len(all) > 0 {
			shown, err := o.answers(ctx, all)
			if err != nil {
				return u, err
			}
			if !slices.ContainsFunc(all, func(t tokens.AccessToken) bool { return !t.Ephemeral }) {
				return u, tokens.InUse(id, all[0].ID, "technical user %s (%s) can't be deleted while there are access tokens of "+
					"runs that go on, or were interrupted: %s", u.Email, id, several(shown, describeOfRun)).
					Because(tokens.ReasonInUseByRun)
			}
			return u, tokens.InUse(id, all[0].ID, "technical user %s (%s) can't be deleted while it has access tokens: %s; "+
				"delete them first", u.Email, id, several(shown, describe))
		}
		return u, o.deleteTechnicalUser(ctx, u, "")
	})
	return err
}

func (o *operation) deleteTechnicalUser(ctx context.Context, u tokens.TechnicalUser, reason string) error {
	if err := o.DeleteTechnicalUser(ctx, u.ID); err != nil {
		return err
	}
	if u.IsOwner() {
		if err := o.checkOwnerRemains(ctx, "", tokens.KindTechnicalUser, u.ID, u.Email); err != nil {
			return err
		}
	}
	return o.record(ctx, tokens.ActionTechnicalUserDelete, u.ID, u.Email, because(reason))
}
