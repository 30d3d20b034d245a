package service

import (
	"context"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/store"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// HoldAccessToken implements tokens.Backend.
func (b *Backend) HoldAccessToken(ctx context.Context, id, reason string) (tokens.AccessToken, error) {
	reason = tokens.Normal(reason)
	about := objectOf(tokens.KindAccessToken, id)
	return change(ctx, b, tokens.ActionAccessTokenHold, about, func(o *operation) (tokens.AccessToken, error) {
		t, share, err := o.usableAccessToken(ctx, tokens.OperationHold, id)
		if err != nil {
			return t, err
		}
		if err := tokens.ValidateReason("reason", reason); err != nil {
			return t, err
		}
		if err := o.checkTexts(ctx, reason); err != nil {
			return t, err
		}
		if t.Held != nil && o.again && t.Held.By == o.actor && t.Held.Reason == reason {
			return o.answer(t, share), nil
		}
		if t.Held != nil {
			return t, tokens.Conflict("", id, "access token %s is already held, by %s since %s: %s; there is nothing to do",
				describe(o.answer(t, share)), t.Held.By, tokens.FormatTimestamp(t.Held.At), t.Held.Reason)
		}
		before := t
		t.Held, t.UpdatedAt = &tokens.Stop{By: o.actor, At: o.now, Reason: reason}, o.now
		if err := o.UpdateAccessToken(ctx, before, t); err != nil {
			return t, err
		}
		o.readTokenBack(t)
		return o.answer(t, share), o.record(ctx, tokens.ActionAccessTokenHold, id, t.Name, because(reason))
	})
}

// ReleaseAccessToken implements tokens.Backend.
func (b *Backend) ReleaseAccessToken(ctx context.Context, id string) (tokens.AccessToken, error) {
	about := objectOf(tokens.KindAccessToken, id)
	return change(ctx, b, tokens.ActionAccessTokenRelease, about, func(o *operation) (tokens.AccessToken, error) {
		t, share, err := o.usableAccessToken(ctx, tokens.OperationRelease, id)
		if err != nil {
			return t, err
		}
		if t.Held == nil {
			return t, tokens.Conflict("", id, "access token %s is not held: there is nothing to release",
				describe(o.answer(t, share)))
		}
		before := t
		t.Held, t.UpdatedAt = nil, o.now
		if err := o.UpdateAccessToken(ctx, before, t); err != nil {
			return t, err
		}
		return o.answer(t, share), o.record(ctx, tokens.ActionAccessTokenRelease, id, t.Name)
	})
}

// RevokeSecret implements tokens.Backend. Only a value that is live begins a transaction: anybody may send any number of
// others.
func (b *Backend) RevokeSecret(ctx context.Context, secret tokens.Secret) (tokens.AccessToken, error) {
	if own, ok := b.principal.TokenHolder(); ok && own.Hash() == secret.Hash() {
		b = &Backend{Service: b.Service, principal: b.principal, revokes: true}
	}
	about := look{action: tokens.ActionAccessTokenRevoke}
	id, err := readAs(ctx, b, about, func(r reader) (string, error) {
		row, _, err := liveSecret(ctx, r.View, secret, b.now())
		return row.AccessToken.ID, err
	})
	if err != nil {
		return tokens.AccessToken{}, err
	}
	revoked, err := change(ctx, b, tokens.ActionAccessTokenRevoke, object{}, func(o *operation) (tokens.AccessToken, error) {
		row, custom, err := liveSecret(ctx, o.View, secret, o.now)
		if err != nil {
			return tokens.AccessToken{}, err
		}
		o.know(custom)
		b.addUses(&row.AccessToken)
		before, t := row.AccessToken, row.AccessToken
		t.Secret.EndedAt, t.UpdatedAt = o.now, o.now
		if t.Previous.IsLive(o.now) {
			t.Previous = nil
		}
		if err := o.EndSecrets(ctx, t.ID, t.Secret.Version+1, o.now); err != nil {
			return t, err
		}
		if err := o.UpdateAccessToken(ctx, before, t); err != nil {
			return t, err
		}
		o.readTokenBack(t)
		share, err := shareWith(ctx, o.View, o.caller, t.ID)
		if err != nil {
			return t, err
		}
		return o.answer(t, share), o.record(ctx, tokens.ActionAccessTokenRevoke, t.ID, t.Name)
	})
	if err == nil {
		revoked.ID = id // which is all that is known where the first attempt revoked it, and its answer was lost
	}
	return revoked, err
}

// liveSecret returns the secret with a value and the custom roles of its token and technical user. CodeNotFound for a
// value that is no live secret.
func liveSecret(
	ctx context.Context, v store.View, secret tokens.Secret, now time.Time,
) (tokens.SecretRow, []tokens.Role, error) {
	row, custom, ok, err := v.SecretWithHash(ctx, secret.Hash())
	if err == nil && (!ok || !row.IsOf(secret) || !row.IsLive(now)) {
		err = (&tokens.Error{
			Code:    tokens.CodeNotFound,
			Message: "this value is not a live secret of any access token: there is nothing to revoke",
		}).Because(tokens.ReasonNoLiveSecret)
	}
	return row, custom, err
}
