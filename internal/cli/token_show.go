package cli

import (
	"context"
	"fmt"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// tokenShow shows one access token.
type tokenShow struct {
	Token tokenRef `arg:"" name:"token" help:"${token_help}"`
	JSON  bool     `name:"json" help:"Answer in JSON, for programs."`
}

// shareDocument is a token share in --json output.
type shareDocument struct {
	MemberID string `json:"member_id"`
	// Member is the e-mail address of the member; null if the caller may not list the members.
	Member    *string `json:"member"`
	Role      string  `json:"role"`
	CreatedAt *string `json:"created_at"`
}

func (m memberAddresses) shareDocument(s tokens.TokenShare) shareDocument {
	return shareDocument{
		MemberID:  s.MemberID,
		Member:    textOrNull(m[s.MemberID]),
		Role:      s.Role,
		CreatedAt: instantOrNull(s.CreatedAt),
	}
}

// Run shows everything that is known about the token; nobody knows its value.
func (c *tokenShow) Run(ctx context.Context, app *app) error {
	return app.withBackend(func(backend tokens.Backend) error {
		token, err := c.read(ctx, app, backend)
		if err != nil {
			return fmt.Errorf("unable to show access token %s: %w", c.Token, err)
		}
		if !c.JSON {
			return app.printTable(app.tokenCard(token))
		}
		shares := documentsOf(token.shares, token.members.shareDocument)
		return app.printJSON(append(tokenDocument(token.listedToken), documentField{"shares", shares}))
	})
}

// read reads the token with what belongs to it.
func (c *tokenShow) read(ctx context.Context, app *app, backend tokens.Backend) (t shownToken, err error) {
	id, err := app.findToken(lookingFor(ctx, tokens.ActionAccessTokenShow, ""), backend, c.Token)
	if err != nil {
		return t, err
	}
	page, err := backend.AccessTokens(ctx, tokens.TokenQuery{ID: id})
	if err != nil {
		return t, err
	}
	if len(page.AccessTokens) == 0 { // to be told why
		if t.AccessToken, err = backend.AccessToken(ctx, id); err != nil {
			return t, err
		}
		page.AccessTokens = []tokens.AccessToken{t.AccessToken}
	}
	t.listedToken = listedToken{page.AccessTokens[0], page.GroupNames, page.Roles}
	if t.shares, err = backend.TokenShares(ctx, tokens.TokenShareQuery{AccessTokenID: id}); err != nil {
		return t, err
	}
	var ids []string
	for _, share := range t.shares {
		ids = append(ids, share.MemberID)
	}
	if tokens.IsID(tokens.KindMember, t.CreatorID) {
		ids = append(ids, t.CreatorID)
	}
	t.members, err = namesOf(ctx, backend, ids)
	return t, err
}
