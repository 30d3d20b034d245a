package httpapi

import (
	"context"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// tokenShare is the role of a member on one access token.
type tokenShare struct {
	AccessTokenID string  `json:"access_token_id"`
	MemberID      string  `json:"member_id"`
	Role          string  `json:"role" jsonschema:"viewer, editor or manager."`
	CreatedAt     instant `json:"created_at"`
	UpdatedAt     instant `json:"updated_at"`
}

func tokenShareOf(s tokens.TokenShare) tokenShare {
	return tokenShare{s.AccessTokenID, s.MemberID, s.Role, instant{s.CreatedAt}, instant{s.UpdatedAt}}
}

func (s tokenShare) domain() (tokens.TokenShare, error) {
	return tokens.TokenShare{
		AccessTokenID: s.AccessTokenID, MemberID: s.MemberID, Role: s.Role,
		CreatedAt: s.CreatedAt.Time, UpdatedAt: s.UpdatedAt.Time,
	}, nil
}

// newTokenShare is the body of a creation.
type newTokenShare struct {
	MemberID string `json:"member_id"`
	Role     string `json:"role" jsonschema:"viewer, editor or manager."`
}

// tokenShareRole is the body of a change.
type tokenShareRole struct {
	Role string `json:"role" jsonschema:"viewer, editor or manager."`
}

type (
	tokenShareCreation struct {
		tokens.Request `key:""`
		AccessTokenID  string        `path:"access_token_id"`
		Share          newTokenShare `body:""`
	}
	// tokenShareInput selects one share.
	tokenShareInput struct {
		AccessTokenID string `path:"access_token_id"`
		MemberID      string `path:"member_id"`
	}
	tokenShareChange struct {
		tokenShareInput
		Share tokenShareRole `body:""`
	}
	tokenShareSelection struct {
		AccessTokenID string `query:"access_token_id" jsonschema:"The access token that is shared; absent for any."`
		MemberID      string `query:"member_id" jsonschema:"The member with whom it is shared; absent for any."`
		pageInput
	}
)

// The operations on token shares.
var (
	shareAccessToken = operation[tokenShareCreation, tokenShare]{
		"POST", "/v1/access-tokens/{access_token_id}/shares", "shareAccessToken", "Give a member a role on an access token", true,
	}
	showTokenShare = operation[tokenShareInput, tokenShare]{
		"GET", "/v1/access-tokens/{access_token_id}/shares/{member_id}", "showTokenShare",
		"Show the share of an access token with a member", false,
	}
	listTokenShares = operation[tokenShareSelection, page[tokenShare]]{
		"GET", "/v1/token-shares", "listTokenShares", "List token shares by access token and member", false,
	}
	updateTokenShare = operation[tokenShareChange, tokenShare]{
		"PATCH", "/v1/access-tokens/{access_token_id}/shares/{member_id}", "updateTokenShare", "Change the role of a share", false,
	}
	unshareAccessToken = operation[tokenShareInput, nothing]{
		"DELETE", "/v1/access-tokens/{access_token_id}/shares/{member_id}", "unshareAccessToken", "End a share", false,
	}
)

// tokenShareEndpoints are what a server does for token shares.
func tokenShareEndpoints() []endpoint {
	return []endpoint{
		served(shareAccessToken, func(ctx context.Context, b tokens.Backend, in tokenShareCreation) (tokenShare, error) {
			return answered(tokenShareOf)(b.ShareAccessToken(ctx, tokens.NewTokenShare{
				Request: in.Request, AccessTokenID: in.AccessTokenID, MemberID: in.Share.MemberID, Role: in.Share.Role,
			}))
		}),
		served(showTokenShare, func(ctx context.Context, b tokens.Backend, in tokenShareInput) (tokenShare, error) {
			return answered(tokenShareOf)(b.TokenShare(ctx, in.AccessTokenID, in.MemberID))
		}),
		served(listTokenShares, func(
			ctx context.Context, b tokens.Backend, in tokenShareSelection,
		) (page[tokenShare], error) {
			query := tokens.TokenShareQuery{AccessTokenID: in.AccessTokenID, MemberID: in.MemberID}
			return pageOf(in.pageInput, tokenShareOf, tokens.TokenShare.ID)(b.TokenShares(ctx, query))
		}),
		served(updateTokenShare, func(ctx context.Context, b tokens.Backend, in tokenShareChange) (tokenShare, error) {
			return answered(tokenShareOf)(b.UpdateTokenShare(ctx, in.AccessTokenID, in.MemberID, in.Share.Role))
		}),
		served(unshareAccessToken, func(ctx context.Context, b tokens.Backend, in tokenShareInput) (nothing, error) {
			return nothing{}, b.UnshareAccessToken(ctx, in.AccessTokenID, in.MemberID)
		}),
	}
}

// ShareAccessToken implements tokens.Backend.
func (c *Client) ShareAccessToken(ctx context.Context, n tokens.NewTokenShare) (tokens.TokenShare, error) {
	return received(tokenShare.domain)(ask(ctx, c, shareAccessToken,
		tokenShareCreation{n.Request, n.AccessTokenID, newTokenShare{n.MemberID, n.Role}}))
}

// TokenShare implements tokens.Backend.
func (c *Client) TokenShare(ctx context.Context, tokenID, memberID string) (tokens.TokenShare, error) {
	return received(tokenShare.domain)(ask(ctx, c, showTokenShare, tokenShareInput{tokenID, memberID}))
}

// TokenShares implements tokens.Backend.
func (c *Client) TokenShares(ctx context.Context, q tokens.TokenShareQuery) ([]tokens.TokenShare, error) {
	return askForAll(ctx, c, listTokenShares, func(p pageInput) tokenShareSelection {
		return tokenShareSelection{q.AccessTokenID, q.MemberID, p}
	}, tokenShare.domain)
}

// UpdateTokenShare implements tokens.Backend.
func (c *Client) UpdateTokenShare(ctx context.Context, tokenID, memberID, role string) (tokens.TokenShare, error) {
	return received(tokenShare.domain)(ask(ctx, c, updateTokenShare,
		tokenShareChange{tokenShareInput{tokenID, memberID}, tokenShareRole{role}}))
}

// UnshareAccessToken implements tokens.Backend.
func (c *Client) UnshareAccessToken(ctx context.Context, tokenID, memberID string) error {
	return end(ctx, c, unshareAccessToken, tokenShareInput{tokenID, memberID})
}
