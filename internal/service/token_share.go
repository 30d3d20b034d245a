package service

import (
	"context"
	"slices"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/store"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// shareObject is objectOf for a share.
func shareObject(tokenID, memberID string) object {
	if !tokens.IsID(tokens.KindAccessToken, tokenID) || !tokens.IsID(tokens.KindMember, memberID) {
		return object{}
	}
	return object{id: tokens.ShareID(tokenID, memberID)}
}

// shareName names a share in events.
func shareName(token tokens.AccessToken, member tokens.Member) string {
	return token.Name + " with " + member.Email
}

// sharedAs tells which role a share gives, and which it gave before; empty for none.
func sharedAs(before, role string) fact {
	return func(e *tokens.Event) {
		e.Detail, e.Details.Changes = "as "+role, []tokens.Change{{Setting: "role", From: before, To: role}}
	}
}

// ShareAccessToken implements tokens.Backend.
func (b *Backend) ShareAccessToken(ctx context.Context, n tokens.NewTokenShare) (tokens.TokenShare, error) {
	return create(ctx, b, tokens.KindTokenShare, tokens.ActionTokenShareCreate, creation[tokens.TokenShare]{
		request: n.Request, input: n, invalid: n.Validate(), refers: referenceTo(tokens.KindAccessToken, n.AccessTokenID),
		make: func(o *operation) (tokens.TokenShare, string, error) { return o.shareAccessToken(ctx, n) },
		again: func(o *operation, made store.Request) (s tokens.TokenShare, err error) {
			token, err := o.AccessToken(ctx, n.AccessTokenID)
			if err != nil {
				return s, err
			}
			if err := o.mayShare(ctx, token, n.Role); err != nil {
				return s, err
			}
			s, err = o.TokenShare(ctx, n.AccessTokenID, n.MemberID)
			if err == nil && !s.CreatedAt.Equal(made.CreatedAt) { // another one of the two, made since
				err = tokens.NotFound(tokens.KindTokenShare, made.ObjectID)
			}
			return s, err
		},
	})
}

// shareAccessToken creates a share from valid input.
func (o *operation) shareAccessToken(
	ctx context.Context, n tokens.NewTokenShare,
) (s tokens.TokenShare, id string, err error) {
	s = tokens.TokenShare{
		AccessTokenID: n.AccessTokenID,
		MemberID:      n.MemberID,
		Role:          n.Role,
		CreatedAt:     o.now,
		UpdatedAt:     o.now,
	}
	token, err := o.AccessToken(ctx, s.AccessTokenID)
	if err != nil {
		return s, "", invalidReference(err, "access_token_id", tokens.KindAccessToken, s.AccessTokenID)
	}
	if err := o.mayShare(ctx, token, s.Role); err != nil {
		o.object.id = s.ID()
		return s, "", err
	}
	if err := token.CheckShareable(); err != nil {
		return s, "", err
	}
	member, err := o.Member(ctx, s.MemberID)
	if err != nil {
		return s, "", invalidReference(err, "member_id", tokens.KindMember, s.MemberID)
	}
	o.object = object{s.ID(), shareName(token, member)}
	switch held, err := o.TokenShare(ctx, s.AccessTokenID, s.MemberID); {
	case err == nil:
		return s, "", tokens.Taken(tokens.KindTokenShare, "member_id", s.ID(),
			"access token %q (%s) is already shared with %s, as %s", token.Name, token.ID, member.Email, held.Role)
	case tokens.ErrorCode(err) != tokens.CodeNotFound:
		return s, "", err
	}
	if err := o.InsertTokenShare(ctx, s); err != nil {
		return s, "", err
	}
	return s, s.ID(), o.record(ctx, tokens.ActionTokenShareCreate, s.ID(), shareName(token, member), sharedAs("", s.Role))
}

// mayShare checks that the caller may give somebody a role on a token or, if the role is empty, end a share.
func (o *operation) mayShare(ctx context.Context, t tokens.AccessToken, role string) error {
	own, err := shareWith(ctx, o.View, o.caller, t.ID)
	if err != nil {
		return err
	}
	if err := o.caller.MayUse(tokens.OperationShare, t, own, o.roles); err != nil {
		return err
	}
	if role != tokens.ShareManager {
		return nil
	}
	return o.caller.MayGrant(t.ID, t.Access(o.roles))
}

// TokenShare implements tokens.Backend.
func (b *Backend) TokenShare(ctx context.Context, tokenID, memberID string) (tokens.TokenShare, error) {
	about := look{tokens.ActionTokenShareShow, shareObject(tokenID, memberID)}
	return readAs(ctx, b, about, func(r reader) (tokens.TokenShare, error) {
		switch t, custom, err := r.AccessTokenWithRoles(ctx, tokenID); {
		case err == nil:
			if err := r.mayShow(ctx, t, rolesWith(custom)); err != nil {
				return tokens.TokenShare{}, err
			}
		case tokens.ErrorCode(err) != tokens.CodeNotFound:
			return tokens.TokenShare{}, err
		}
		return r.TokenShare(ctx, tokenID, memberID)
	})
}

// TokenShares implements tokens.Backend.
func (b *Backend) TokenShares(ctx context.Context, query tokens.TokenShareQuery) ([]tokens.TokenShare, error) {
	return readAs(ctx, b, look{action: tokens.ActionTokenShareList}, func(r reader) ([]tokens.TokenShare, error) {
		if err := query.Validate(); err != nil {
			return nil, err
		}
		all, err := r.TokenShares(ctx, query, audienceOf(r.caller))
		if err != nil || r.caller.IsOwner() {
			return all, err
		}
		ids := make([]string, len(all))
		for i, s := range all {
			ids[i] = s.AccessTokenID
		}
		shown, err := r.shownTokens(ctx, slices.Compact(ids))
		return slices.DeleteFunc(all, func(s tokens.TokenShare) bool { return !shown[s.AccessTokenID] }), err
	})
}

// UpdateTokenShare implements tokens.Backend.
func (b *Backend) UpdateTokenShare(ctx context.Context, tokenID, memberID, role string) (tokens.TokenShare, error) {
	about := shareObject(tokenID, memberID)
	return change(ctx, b, tokens.ActionTokenShareUpdate, about, func(o *operation) (tokens.TokenShare, error) {
		s, err := o.alterableShare(ctx, tokenID, memberID, role)
		if err != nil {
			return s, err
		}
		if err := tokens.ValidateShareRole("role", role); err != nil {
			return s, err
		}
		if s.Role == role {
			return s, nil
		}
		before := s.Role
		s.Role, s.UpdatedAt = role, o.now
		if err := o.UpdateTokenShare(ctx, s); err != nil {
			return s, err
		}
		return s, o.record(ctx, tokens.ActionTokenShareUpdate, s.ID(), o.object.name, sharedAs(before, role))
	})
}

// UnshareAccessToken implements tokens.Backend.
func (b *Backend) UnshareAccessToken(ctx context.Context, tokenID, memberID string) error {
	about := shareObject(tokenID, memberID)
	_, err := change(ctx, b, tokens.ActionTokenShareDelete, about, func(o *operation) (tokens.TokenShare, error) {
		s, err := o.alterableShare(ctx, tokenID, memberID, "")
		if err != nil {
			return s, err
		}
		return s, o.endShares(ctx, tokens.TokenShareQuery{AccessTokenID: tokenID, MemberID: memberID}, "")
	})
	return err
}

// alterableShare returns an existing share whose role the caller may change or, if the role is empty, that the caller
// may end, and names it in the operation's events. The permission check comes first: a refusal must not reveal
// whether there is such a share.
func (o *operation) alterableShare(
	ctx context.Context, tokenID, memberID, role string,
) (s tokens.TokenShare, err error) {
	switch t, err := o.AccessToken(ctx, tokenID); {
	case err == nil:
		if err := o.mayShare(ctx, t, role); err != nil {
			return s, err
		}
	case tokens.ErrorCode(err) != tokens.CodeNotFound:
		return s, err
	}
	if s, err = o.TokenShare(ctx, tokenID, memberID); err != nil {
		return s, err
	}
	o.object.name, err = o.shareName(ctx, s)
	return s, err
}

// endShares deletes the shares that the query selects, and records an event for each.
func (o *operation) endShares(ctx context.Context, query tokens.TokenShareQuery, reason string) error {
	shares, err := o.TokenShares(ctx, query, everything)
	if err != nil {
		return err
	}
	for _, s := range shares {
		name, err := o.shareName(ctx, s)
		if err != nil {
			return err
		}
		if err := o.DeleteTokenShare(ctx, s.AccessTokenID, s.MemberID); err != nil {
			return err
		}
		if err := o.record(ctx, tokens.ActionTokenShareDelete, s.ID(), name, because(reason)); err != nil {
			return err
		}
	}
	return nil
}

func (o *operation) shareName(ctx context.Context, s tokens.TokenShare) (string, error) {
	token, err := o.AccessToken(ctx, s.AccessTokenID)
	if err != nil {
		return "", err
	}
	member, err := o.Member(ctx, s.MemberID)
	return shareName(token, member), err
}
