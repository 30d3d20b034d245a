package service

import (
	"context"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// AccessToken implements tokens.Backend.
func (b *Backend) AccessToken(ctx context.Context, id string) (tokens.AccessToken, error) {
	about := look{tokens.ActionAccessTokenShow, objectOf(tokens.KindAccessToken, id)}
	return readAs(ctx, b, about, func(r reader) (tokens.AccessToken, error) {
		t, custom, err := r.AccessTokenWithRoles(ctx, id)
		if err != nil {
			return t, err
		}
		b.addUses(&t)
		r.object.name = t.Name
		roles := rolesWith(custom)
		return t.Observed(b.now(), roles), r.mayShow(ctx, t, roles)
	})
}

// namedAccessToken returns an existing access token and the role that a share gives the caller on it, and names the
// token in the operation's events.
func (o *operation) namedAccessToken(ctx context.Context, id string) (t tokens.AccessToken, share string, err error) {
	if t, err = o.AccessToken(ctx, id); err != nil {
		return t, "", err
	}
	o.object.name = t.Name
	share, err = shareWith(ctx, o.View, o.caller, id)
	return t, share, err
}

// usableAccessToken is namedAccessToken for a token on which the caller may carry out an operation.
func (o *operation) usableAccessToken(
	ctx context.Context, op tokens.TokenOperation, id string,
) (t tokens.AccessToken, share string, err error) {
	if t, share, err = o.namedAccessToken(ctx, id); err != nil {
		return t, share, err
	}
	return t, share, o.caller.MayUse(op, t, share, o.roles)
}

// answer returns what the caller may learn about a token.
func (o *operation) answer(t tokens.AccessToken, share string) tokens.AccessToken {
	t = t.Observed(o.now, o.roles)
	if o.caller.MayUse(tokens.OperationShow, t, share, o.roles) != nil {
		return t.Concealed()
	}
	return t
}

// answers returns what the caller may learn about each of the tokens.
func (o *operation) answers(ctx context.Context, list []tokens.AccessToken) ([]tokens.AccessToken, error) {
	for i, t := range list {
		share, err := shareWith(ctx, o.View, o.caller, t.ID)
		if err != nil {
			return nil, err
		}
		list[i] = o.answer(t, share)
	}
	return list, nil
}

// DeleteAccessToken implements tokens.Backend.
func (b *Backend) DeleteAccessToken(ctx context.Context, id string) error {
	about := objectOf(tokens.KindAccessToken, id)
	_, err := change(ctx, b, tokens.ActionAccessTokenDelete, about, func(o *operation) (tokens.AccessToken, error) {
		t, _, err := o.usableAccessToken(ctx, tokens.OperationDelete, id)
		if err != nil {
			return t, err
		}
		if err := o.deleteAccessToken(ctx, t, ofMember(t)); err != nil {
			return t, err
		}
		if !t.User.SystemCreated {
			return t, nil
		}
		return t, o.deleteTechnicalUser(ctx, t.User, "its access token was deleted")
	})
	return err
}

// deleteLeftOvers deletes the ephemeral tokens of a technical user that have expired: those that no run deleted.
func (o *operation) deleteLeftOvers(ctx context.Context, technicalUserID string) error {
	all, err := o.LeftOverTokensOf(ctx, technicalUserID, o.now)
	if err != nil {
		return err
	}
	for _, t := range all {
		if !t.IsLeftOver(o.now) || t.Held != nil { // a person ends a hold
			continue
		}
		if err := o.deleteAccessToken(ctx, t, "an earlier run left it over, expired"); err != nil {
			return err
		}
	}
	return nil
}

// deleteAccessToken deletes an access token with its shares, and not the technical user that the system created for it.
func (o *operation) deleteAccessToken(ctx context.Context, t tokens.AccessToken, reason string) error {
	if err := o.endShares(ctx, tokens.TokenShareQuery{AccessTokenID: t.ID}, "the access token was deleted"); err != nil {
		return err
	}
	if err := o.EndSecrets(ctx, t.ID, t.Secret.Version+1, o.now); err != nil {
		return err
	}
	if err := o.DeleteAccessToken(ctx, t.ID); err != nil {
		return err
	}
	o.readDeletionBack(t.ID)
	return o.record(ctx, tokens.ActionAccessTokenDelete, t.ID, t.Name, because(reason))
}
