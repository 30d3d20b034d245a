package embedded

import (
	"context"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/store"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// shareObject returns the share that a caller names, for events.
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

// ShareAccessToken implements tokens.Backend.
func (b *Backend) ShareAccessToken(ctx context.Context, n tokens.TokenShare) (tokens.TokenShare, error) {
	invalid := n.Validate()
	return create(ctx, b, tokens.ActionTokenShareCreate, creation{"", invalid, true}, func(o *operation) (tokens.TokenShare, error) {
		s := tokens.TokenShare{AccessTokenID: n.AccessTokenID, MemberID: n.MemberID, Role: n.Role, CreatedAt: o.now, UpdatedAt: o.now}
		if invalid != nil {
			return s, invalid
		}
		token, err := o.AccessToken(ctx, s.AccessTokenID)
		if err != nil {
			return s, invalidReference(err, "access_token_id", tokens.KindAccessToken, s.AccessTokenID)
		}
		member, err := o.Member(ctx, s.MemberID)
		if err != nil {
			return s, invalidReference(err, "member_id", tokens.KindMember, s.MemberID)
		}
		o.object = object{s.ID(), shareName(token, member)}
		switch held, err := o.TokenShare(ctx, s.AccessTokenID, s.MemberID); {
		case err == nil:
			return s, taken(tokens.KindTokenShare, "member_id", s.ID(), "access token %q (%s) is shared with %s already, as %s", token.Name, token.ID, member.Email, held.Role)
		case tokens.ErrorCode(err) != tokens.CodeNotFound:
			return s, err
		}
		if err := o.InsertTokenShare(ctx, s); err != nil {
			return s, err
		}
		return s, o.record(ctx, tokens.ActionTokenShareCreate, s.ID(), shareName(token, member), "as "+s.Role)
	})
}

// TokenShare implements tokens.Backend.
func (b *Backend) TokenShare(ctx context.Context, tokenID, memberID string) (tokens.TokenShare, error) {
	return read(ctx, b, func(v store.View) (tokens.TokenShare, error) { return v.TokenShare(ctx, tokenID, memberID) })
}

// UpdateTokenShare implements tokens.Backend.
func (b *Backend) UpdateTokenShare(ctx context.Context, tokenID, memberID, role string) (tokens.TokenShare, error) {
	return change(ctx, b, tokens.ActionTokenShareUpdate, shareObject(tokenID, memberID), func(o *operation) (tokens.TokenShare, error) {
		s, err := o.nameShare(ctx, tokenID, memberID)
		if err != nil {
			return s, err
		}
		if err := tokens.ValidateShareRole("role", role); err != nil {
			return s, err
		}
		if s.Role == role {
			return s, nil
		}
		s.Role, s.UpdatedAt = role, o.now
		if err := o.UpdateTokenShare(ctx, s); err != nil {
			return s, err
		}
		return s, o.record(ctx, tokens.ActionTokenShareUpdate, s.ID(), o.object.name, "as "+role)
	})
}

// UnshareAccessToken implements tokens.Backend.
func (b *Backend) UnshareAccessToken(ctx context.Context, tokenID, memberID string) error {
	_, err := change(ctx, b, tokens.ActionTokenShareDelete, shareObject(tokenID, memberID), func(o *operation) (tokens.TokenShare, error) {
		s, err := o.nameShare(ctx, tokenID, memberID)
		if err != nil {
			return s, err
		}
		return s, o.endShares(ctx, []tokens.TokenShare{s}, "")
	})
	return err
}

// nameShare returns a share that exists and names it in the events of the operation.
func (o *operation) nameShare(ctx context.Context, tokenID, memberID string) (tokens.TokenShare, error) {
	s, err := o.TokenShare(ctx, tokenID, memberID)
	if err != nil {
		return s, err
	}
	o.object.name, err = o.shareName(ctx, s)
	return s, err
}

// endShares deletes shares, each with an event.
func (o *operation) endShares(ctx context.Context, shares []tokens.TokenShare, reason string) error {
	for _, s := range shares {
		name, err := o.shareName(ctx, s)
		if err != nil {
			return err
		}
		if err := o.DeleteTokenShare(ctx, s.AccessTokenID, s.MemberID); err != nil {
			return err
		}
		if err := o.record(ctx, tokens.ActionTokenShareDelete, s.ID(), name, reason); err != nil {
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

// TokenShares implements tokens.Backend.
func (b *Backend) TokenShares(context.Context, tokens.TokenShareQuery) ([]tokens.TokenShare, error) {
	return nil, tokens.Unavailable(nil, "TODO")
}
