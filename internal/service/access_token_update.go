package service

import (
	"context"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// UpdateAccessToken implements tokens.Backend.
func (b *Backend) UpdateAccessToken(
	ctx context.Context, id string, update tokens.AccessTokenUpdate,
) (tokens.AccessToken, error) {
	var brought tokens.Secret
	if r := update.Regeneration; r != nil {
		brought = r.Secret
		b.willStore(brought)
	}
	update = tokens.Normalized(update)
	update.ActivatesAt, update.ExpiresAt = asStored(update.ActivatesAt), asStored(update.ExpiresAt)
	about := objectOf(tokens.KindAccessToken, id)
	return change(ctx, b, accessTokenAction(update), about, func(o *operation) (tokens.AccessToken, error) {
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
			request := o.request(update.Regeneration.Request, tokens.ActionAccessTokenRegenerate, update.Digest(id))
			switch _, repeated, err := o.repeated(ctx, request); {
			case err != nil:
				return before, err
			case repeated && update.Regeneration.Generated:
				return before, secretAlreadyShown(id)
			case repeated:
				return o.answer(before, share), nil
			}
			holds, err := holdsSecret(ctx, o.View, id, update.Regeneration.Secret)
			if err != nil {
				return before, err
			}
			if holds { // as after an answer that was lost
				update.Regeneration = nil
			} else {
				request.ObjectID = id
				if err := o.InsertRequest(ctx, request); err != nil {
					return before, err
				}
			}
		}
		after, invalid := before.Updated(update, o.actor, o.now)
		if invalid != nil {
			after = before
		}
		if err := o.knowRolesOf(ctx, after.Own, after.User.Grants); err != nil {
			return before, err
		}
		if err := mayBecome(after); err != nil {
			return before, err
		}
		if invalid != nil {
			return before, invalid
		}
		if err := o.checkTexts(ctx, update.Changes(), brought); err != nil {
			return before, err
		}
		if r := update.Regeneration; r != nil {
			after = after.WithoutUnearnedGrace(before, r.Reason, o.roles)
		}
		after.Own.GroupRoles = sortedGroupRoles(after.Own.GroupRoles)
		after.User.GroupRoles = sortedGroupRoles(after.User.GroupRoles)
		if after, err = o.saveAccessToken(ctx, before, after, update.Regeneration); err != nil {
			return after, err
		}
		return o.answer(after, share), nil
	})
}

// accessTokenAction returns the action that the event names if the update is refused.
func accessTokenAction(u tokens.AccessTokenUpdate) tokens.Action {
	switch {
	case u.Regeneration != nil:
		return tokens.ActionAccessTokenRegenerate
	case u.Enables():
		return tokens.ActionAccessTokenEnable
	case u.Disables():
		return tokens.ActionAccessTokenDisable
	}
	return tokens.ActionAccessTokenUpdate
}

// saveAccessToken writes the differences between two states of an access token, and an event for each kind of change.
func (o *operation) saveAccessToken(
	ctx context.Context, before, after tokens.AccessToken, regeneration *tokens.Regeneration,
) (tokens.AccessToken, error) {
	changed := tokens.Difference(before.Settings, after.Settings)
	if err := o.checkGrants(ctx, before.Own, after.Own); err != nil {
		return after, err
	}
	if changed == nil && regeneration == nil {
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
	if err := o.UpdateAccessToken(ctx, before, after); err != nil {
		return after, err
	}
	if regeneration != nil || !after.Enabled || !after.SecretExpiresAt().Equal(before.SecretExpiresAt()) ||
		!after.PreviousSecretExpiresAt().Equal(before.PreviousSecretExpiresAt()) {
		o.readTokenBack(after)
	}
	if edited := unswitched(changed); len(edited) > 0 {
		told := changes(before.Settings, after.Settings, edited)
		if err := o.record(ctx, tokens.ActionAccessTokenUpdate, after.ID, after.Name, told); err != nil {
			return after, err
		}
	}
	switch {
	case before.Enabled && !after.Enabled:
		return after, o.record(ctx, tokens.ActionAccessTokenDisable, after.ID, after.Name)
	case !before.Enabled && after.Enabled:
		return after, o.record(ctx, tokens.ActionAccessTokenEnable, after.ID, after.Name)
	}
	return after, nil
}
