package service

import (
	"context"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/store"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// AccessToken implements tokens.Backend.
func (b *Backend) AccessToken(ctx context.Context, id string) (tokens.AccessToken, error) {
	return readAs(ctx, b, func(r reader) (tokens.AccessToken, error) {
		t, custom, err := r.AccessTokenWithRoles(ctx, id)
		if err != nil {
			return t, err
		}
		roles := rolesWith(custom)
		return t.Observed(b.now(), roles), r.mayShow(ctx, t, roles)
	})
}

// AccessTokens implements tokens.Backend.
func (b *Backend) AccessTokens(ctx context.Context, query tokens.TokenQuery) (tokens.TokenPage, error) {
	return readAs(ctx, b, func(r reader) (page tokens.TokenPage, err error) {
		if err := query.Validate(); err != nil {
			return page, err
		}
		all, err := r.shownAccessTokens(ctx, b.now())
		if err != nil {
			return page, err
		}
		page.AccessTokens, page.Total = query.Select(all.AccessTokens, b.now())
		page.GroupNames = namesOfGroups(page.AccessTokens, all.GroupNames)
		return page, nil
	})
}

// shownAccessTokens returns all tokens that the caller may show, as they are at an instant.
func (r reader) shownAccessTokens(ctx context.Context, now time.Time) (all store.AllAccessTokens, err error) {
	all, shares, err := r.accessTokensAndShares(ctx)
	if err != nil {
		return all, err
	}
	roles, shown := rolesWith(all.CustomRoles), all.AccessTokens[:0]
	for _, t := range all.AccessTokens {
		if r.caller.MayUse(tokens.OperationShow, t, shares[t.ID], roles) == nil {
			shown = append(shown, t.Observed(now, roles))
		}
	}
	all.AccessTokens = shown
	return all, nil
}

// accessTokensAndShares returns all tokens, and the caller's roles on them by shares, by the token's ID.
func (r reader) accessTokensAndShares(ctx context.Context) (all store.AllAccessTokens, shares map[string]string, err error) {
	shares = map[string]string{}
	if r.caller.AccountID != "" {
		own, err := r.TokenShares(ctx, tokens.TokenShareQuery{MemberID: r.caller.AccountID})
		if err != nil {
			return all, nil, err
		}
		for _, share := range own {
			shares[share.AccessTokenID] = share.Role
		}
	}
	all, err = r.View.AccessTokens(ctx)
	return all, shares, err
}

// namesOfGroups returns, of the names of all groups, those of groups to which tokens belong or in which they have roles.
func namesOfGroups(list []tokens.AccessToken, all map[string]string) map[string]string {
	names := map[string]string{}
	note := func(groupID string) {
		if name, ok := all[groupID]; ok {
			names[groupID] = name
		}
	}
	for _, t := range list {
		note(t.User.GroupID)
		for _, grants := range []tokens.Grants{t.Own, t.User.Grants, t.Grants} {
			for _, role := range grants.GroupRoles {
				note(role.GroupID)
			}
		}
	}
	return names
}

// namedAccessToken returns an access token that exists, with the caller's role on it by a share, and names it in the
// events of the operation.
func (o *operation) namedAccessToken(ctx context.Context, id string) (t tokens.AccessToken, share string, err error) {
	if t, err = o.AccessToken(ctx, id); err != nil {
		return t, "", err
	}
	o.object.name = t.Name
	share, err = shareWith(ctx, o.View, o.caller, id)
	return t, share, err
}

// usableAccessToken is namedAccessToken with which the caller may do something.
func (o *operation) usableAccessToken(ctx context.Context, op tokens.TokenOperation, id string) (t tokens.AccessToken, share string, err error) {
	if t, share, err = o.namedAccessToken(ctx, id); err != nil {
		return t, share, err
	}
	return t, share, o.caller.MayUse(op, t, share, o.roles)
}

// answer returns what the caller learns of a token.
func (o *operation) answer(t tokens.AccessToken, share string) tokens.AccessToken {
	t = t.Observed(o.now, o.roles)
	if o.caller.MayUse(tokens.OperationShow, t, share, o.roles) != nil {
		return t.Concealed()
	}
	return t
}

// answers returns what the caller learns of tokens.
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
	_, err := change(ctx, b, tokens.ActionAccessTokenDelete, objectOf(tokens.KindAccessToken, id), func(o *operation) (tokens.AccessToken, error) {
		t, _, err := o.usableAccessToken(ctx, tokens.OperationDelete, id)
		if err != nil {
			return t, err
		}
		if err := o.endShares(ctx, tokens.TokenShareQuery{AccessTokenID: id}, "the access token was deleted"); err != nil {
			return t, err
		}
		if err := o.EndSecrets(ctx, id, t.Secret.Version+1, o.now); err != nil {
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
