package store

import (
	"context"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

const selectTokenShares = `SELECT access_token_id, member_id, role, created_at, updated_at FROM token_shares `

func scanTokenShare(row scanner) (tokens.TokenShare, error) {
	var s tokens.TokenShare
	err := row.Scan(&s.AccessTokenID, &s.MemberID, &s.Role, instant{&s.CreatedAt}, instant{&s.UpdatedAt})
	return s, err
}

// TokenShare returns the share of an access token with a member, or CodeNotFound.
func (v View) TokenShare(ctx context.Context, tokenID, memberID string) (tokens.TokenShare, error) {
	return get(ctx, v.q, tokens.KindTokenShare, tokens.ShareID(tokenID, memberID), scanTokenShare,
		selectTokenShares+`WHERE access_token_id = $1 AND member_id = $2`, tokenID, memberID)
}

// TokenSharesOf returns the shares of an access token.
func (v View) TokenSharesOf(ctx context.Context, tokenID string) ([]tokens.TokenShare, error) {
	return list(ctx, v.q, scanTokenShare, selectTokenShares+`WHERE access_token_id = $1 ORDER BY member_id`, tokenID)
}

// TokenSharesWith returns the shares with a member.
func (v View) TokenSharesWith(ctx context.Context, memberID string) ([]tokens.TokenShare, error) {
	return list(ctx, v.q, scanTokenShare, selectTokenShares+`WHERE member_id = $1 ORDER BY access_token_id`, memberID)
}

// InsertTokenShare writes a new share.
func (t Tx) InsertTokenShare(ctx context.Context, s tokens.TokenShare) error {
	return t.exec(ctx, `INSERT INTO token_shares (access_token_id, member_id, role, created_at, updated_at) VALUES ($1, $2, $3, $4, $5)`,
		s.AccessTokenID, s.MemberID, s.Role, microseconds(s.CreatedAt), microseconds(s.UpdatedAt))
}

// UpdateTokenShare writes the role of a share.
func (t Tx) UpdateTokenShare(ctx context.Context, s tokens.TokenShare) error {
	return t.exec(ctx, `UPDATE token_shares SET role = $3, updated_at = $4 WHERE access_token_id = $1 AND member_id = $2`,
		s.AccessTokenID, s.MemberID, s.Role, microseconds(s.UpdatedAt))
}

// DeleteTokenShare deletes a share.
func (t Tx) DeleteTokenShare(ctx context.Context, tokenID, memberID string) error {
	return t.exec(ctx, `DELETE FROM token_shares WHERE access_token_id = $1 AND member_id = $2`, tokenID, memberID)
}
