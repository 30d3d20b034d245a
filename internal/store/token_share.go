package store

import (
	"context"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

const selectTokenShares = `SELECT access_token_id, member_id, role, created_at, updated_at FROM token_shares `

func scanTokenShare(row scanner) (tokens.TokenShare, error) {
	var s tokens.TokenShare
	err := row.Scan(textTo(&s.AccessTokenID), textTo(&s.MemberID), textTo(&s.Role),
		someInstant{&s.CreatedAt}, someInstant{&s.UpdatedAt})
	return s, checkedRow(tokens.KindTokenShare, tokens.ShareID(s.AccessTokenID, s.MemberID), err,
		checkID("access_token_id", tokens.KindAccessToken, s.AccessTokenID),
		checkID("member_id", tokens.KindMember, s.MemberID),
		checkOneOf("role", s.Role, tokens.ShareRoles()...))
}

// TokenShare returns the share of an access token with a member, or CodeNotFound.
func (v View) TokenShare(ctx context.Context, tokenID, memberID string) (tokens.TokenShare, error) {
	return get(ctx, v.q, tokens.KindTokenShare, tokens.ShareID(tokenID, memberID), scanTokenShare,
		selectTokenShares+`WHERE access_token_id = $1 AND member_id = $2`, tokenID, memberID)
}

// TokenShares returns the shares that the query selects, by token and member, of tokens that an audience may show as
// far as the database can tell.
func (v View) TokenShares(
	ctx context.Context, query tokens.TokenShareQuery, audience Audience,
) ([]tokens.TokenShare, error) {
	b := &tokenListBuilder{TokenSelection: TokenSelection{Audience: audience}}
	var conditions []string
	if query.AccessTokenID != "" {
		conditions = append(conditions, `access_token_id = `+b.arg(query.AccessTokenID))
	}
	if query.MemberID != "" {
		conditions = append(conditions, `member_id = `+b.arg(query.MemberID))
	}
	if !audience.All {
		conditions = append(conditions, `EXISTS (SELECT 1 FROM access_tokens t `+
			where(`t.id = access_token_id`, b.visible())+`)`)
	}
	return list(ctx, v.q, scanTokenShare, selectTokenShares+where(conditions...)+
		` ORDER BY access_token_id, member_id`, b.args...)
}

// InsertTokenShare writes a new share.
func (t Tx) InsertTokenShare(ctx context.Context, s tokens.TokenShare) error {
	return t.execOn(ctx, tokens.ShareID(s.AccessTokenID, s.MemberID), `INSERT INTO token_shares (access_token_id, member_id, role, created_at, updated_at)
		VALUES ($1, $2, $3, $4, $5)`,
		s.AccessTokenID, s.MemberID, s.Role, microseconds(s.CreatedAt), microseconds(s.UpdatedAt))
}

// UpdateTokenShare writes the role of a share.
func (t Tx) UpdateTokenShare(ctx context.Context, s tokens.TokenShare) error {
	return t.execOn(ctx, tokens.ShareID(s.AccessTokenID, s.MemberID), `UPDATE token_shares SET role = $3, updated_at = $4 WHERE access_token_id = $1 AND member_id = $2`,
		s.AccessTokenID, s.MemberID, s.Role, microseconds(s.UpdatedAt))
}

// DeleteTokenShare deletes a share.
func (t Tx) DeleteTokenShare(ctx context.Context, tokenID, memberID string) error {
	return t.execOn(ctx, tokens.ShareID(tokenID, memberID), `DELETE FROM token_shares WHERE access_token_id = $1 AND member_id = $2`, tokenID, memberID)
}
