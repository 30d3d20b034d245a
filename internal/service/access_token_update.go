package service

import (
	"context"
	"reflect"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// UpdateAccessToken implements tokens.Backend.
func (b *Backend) UpdateAccessToken(ctx context.Context, id string, update tokens.AccessTokenUpdate) (tokens.AccessToken, error) {
	update.ActivatesAt, update.ExpiresAt = keptChange(update.ActivatesAt), keptChange(update.ExpiresAt)
	return change(ctx, b, accessTokenAction(update), objectOf(tokens.KindAccessToken, id), func(o *operation) (tokens.AccessToken, error) {
		before, share, err := o.namedAccessToken(ctx, id)
		if err != nil {
			return before, err
		}
		mayBecome := func(after tokens.AccessToken) error {
			return o.caller.MayUpdate(before, after, update, share, o.roles, o.now)
		}
		if update.Regeneration != nil {
			if err := mayBecome(before); err != nil {
				return before, err
			}
			request := o.regenerationRequest(id, update)
			if _, repeated, err := o.repeated(ctx, request); err != nil || repeated {
				return o.answer(before, share), err
			}
			request.ObjectID = id
			if err := o.InsertRequest(ctx, request); err != nil {
				return before, err
			}
		}
		after, invalid := update.Apply(before, o.actor, o.now)
		if invalid != nil {
			after = before
		}
		if err := mayBecome(after); err != nil {
			return before, err
		}
		if invalid != nil {
			return before, invalid
		}
		after.Own.GroupRoles = sortedGroupRoles(after.Own.GroupRoles)
		after.User.GroupRoles = sortedGroupRoles(after.User.GroupRoles)
		if after, err = o.saveAccessToken(ctx, before, after, update.Regeneration); err != nil {
			return after, err
		}
		return o.answer(after, share), nil
	})
}

// accessTokenAction says what an update is about, for the event of its refusal.
func accessTokenAction(u tokens.AccessTokenUpdate) tokens.Action {
	enabled, switched := u.Enabled.Get()
	switch {
	case u.Regeneration != nil:
		return tokens.ActionAccessTokenRegenerate
	case switched && reflect.DeepEqual(u, tokens.AccessTokenUpdate{Enabled: u.Enabled}):
		if enabled {
			return tokens.ActionAccessTokenEnable
		}
		return tokens.ActionAccessTokenDisable
	}
	return tokens.ActionAccessTokenUpdate
}

// keptChange is a change to an instant as it is stored.
func keptChange(c tokens.Change[time.Time]) tokens.Change[time.Time] {
	if instant, ok := c.Get(); ok {
		return tokens.To(kept(instant))
	}
	return c
}

// saveAccessToken writes what differs between two states of an access token, with an event for each kind of change.
func (o *operation) saveAccessToken(ctx context.Context, before, after tokens.AccessToken, regeneration *tokens.Regeneration) (tokens.AccessToken, error) {
	var c changes
	c.note("name", after.Name != before.Name)
	c.note("description", after.Description != before.Description)
	c.note("role", after.Own.Role != before.Own.Role)
	c.note("activates_at", !after.ActivatesAt.Equal(before.ActivatesAt))
	c.note("expires_at", !after.ExpiresAt.Equal(before.ExpiresAt))
	c.note("ttl", after.TTL != before.TTL)
	c.note("regenerate_before_expiry", after.RegenerateBeforeExpiry != before.RegenerateBeforeExpiry)
	c.note("on_expired", after.OnExpired != before.OnExpired)
	c.note("on_secret_drift", after.OnSecretDrift != before.OnSecretDrift)
	c.note("grace_period", after.Grace != before.Grace)
	c.note("protect_if_used_within", after.ProtectIfUsedWithin != before.ProtectIfUsedWithin)
	c.note("visibility", after.Visibility != before.Visibility)
	c.note("group_roles", !sameGroupRoles(after.Own.GroupRoles, before.Own.GroupRoles))
	if err := o.checkGrants(ctx, before.Own, after.Own); err != nil {
		return after, err
	}
	if c == nil && after.Enabled == before.Enabled && regeneration == nil {
		return before, nil
	}
	after.UpdatedAt = o.now
	var err error
	if after.User, err = o.saveTechnicalUser(ctx, before.User, after.User); err != nil {
		return after, err
	}
	if regeneration != nil {
		err = o.replaceSecret(ctx, before, after, *regeneration)
	} else {
		err = o.savePreviousSecret(ctx, before, after)
	}
	if err != nil {
		return after, err
	}
	if err := o.UpdateAccessToken(ctx, after); err != nil {
		return after, err
	}
	if c != nil {
		if err := o.record(ctx, tokens.ActionAccessTokenUpdate, after.ID, after.Name, c.detail()); err != nil {
			return after, err
		}
	}
	switch {
	case before.Enabled && !after.Enabled:
		return after, o.record(ctx, tokens.ActionAccessTokenDisable, after.ID, after.Name, "")
	case !before.Enabled && after.Enabled:
		return after, o.record(ctx, tokens.ActionAccessTokenEnable, after.ID, after.Name, "")
	}
	return after, nil
}
