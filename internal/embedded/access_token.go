package embedded

import (
	"context"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/store"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// AccessToken implements tokens.Backend.
func (b *Backend) AccessToken(ctx context.Context, id string) (tokens.AccessToken, error) {
	return read(ctx, b, func(v store.View) (tokens.AccessToken, error) {
		t, err := v.AccessToken(ctx, id)
		return t.Observed(b.now(), tokens.NewRoles(nil)), err
	})
}

// AccessTokens implements tokens.Backend.
func (b *Backend) AccessTokens(ctx context.Context, query tokens.TokenQuery) (tokens.TokenPage, error) {
	return read(ctx, b, func(v store.View) (page tokens.TokenPage, err error) {
		if err := query.Validate(); err != nil {
			return page, err
		}
		all, err := v.AccessTokens(ctx)
		observe(all, b)
		page.AccessTokens, page.Total = query.Select(all, b.now())
		return page, err
	})
}

// namedAccessToken returns an access token that exists and names it in the events of the operation.
func (o *operation) namedAccessToken(ctx context.Context, id string) (tokens.AccessToken, error) {
	t, err := o.AccessToken(ctx, id)
	o.object.name = t.Name
	return t, err
}

// observe gives all tokens their status at the present instant.
func observe(all []tokens.AccessToken, b *Backend) {
	now := b.now()
	for i := range all {
		all[i] = all[i].Observed(now, tokens.NewRoles(nil))
	}
}

// DeleteAccessToken implements tokens.Backend.
func (b *Backend) DeleteAccessToken(ctx context.Context, id string) error {
	_, err := change(ctx, b, tokens.ActionAccessTokenDelete, objectOf(tokens.KindAccessToken, id), func(o *operation) (tokens.AccessToken, error) {
		t, err := o.namedAccessToken(ctx, id)
		if err != nil {
			return t, err
		}
		shares, err := o.TokenSharesOf(ctx, id)
		if err != nil {
			return t, err
		}
		if err := o.endShares(ctx, shares, "the access token was deleted"); err != nil {
			return t, err
		}
		if err := o.EndSecrets(ctx, id, o.now); err != nil {
			return t, err
		}
		if err := o.DeleteAccessToken(ctx, id); err != nil {
			return t, err
		}
		if err := o.record(ctx, tokens.ActionAccessTokenDelete, id, t.Name, ""); err != nil {
			return t, err
		}
		if !t.User.SystemCreated {
			return t, nil
		}
		return t, o.deleteTechnicalUser(ctx, t.User, "its access token was deleted")
	})
	return err
}
