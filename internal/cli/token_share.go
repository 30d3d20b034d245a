package cli

import (
	"context"
	"fmt"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// tokenShare gives a member a role on an access token.
type tokenShare struct {
	Token   tokenRef  `arg:"" name:"token" help:"${token_help}"`
	Member  memberRef `help:"The member." required:"" placeholder:"EMAIL|NAME|ID"`
	Role    string    `help:"What the member may do: viewer (see the token), editor (also change its settings) or manager (everything)." enum:"viewer,editor,manager" default:"viewer" placeholder:"ROLE"`
	Replace bool      `help:"If the share exists, change its role."`
}

// Run shares the token. A share that exists stays as it is, unless --replace is given.
func (c *tokenShare) Run(ctx context.Context, app *app) error {
	return app.withBackend(func(backend tokens.Backend) error {
		share, err := c.share(ctx, app, backend)
		switch {
		case tokens.ErrorCode(err) == tokens.CodeConflict:
			return fmt.Errorf("unable to share access token %s: it is already shared with %s; --replace changes the role, "+
				"latchkey token unshare ends the share", c.Token, c.Member)
		case err != nil:
			return fmt.Errorf("unable to share access token %s: %w", c.Token, err)
		}
		text := fmt.Sprintf("Shared access token %s with %s as %s", share.AccessTokenID, c.Member, share.Role)
		return app.printLine(tokens.Cleaned(text))
	})
}

func (c *tokenShare) share(ctx context.Context, app *app, backend tokens.Backend) (tokens.TokenShare, error) {
	id, err := app.findToken(lookingFor(ctx, tokens.ActionTokenShareCreate, ""), backend, c.Token)
	if err != nil {
		return tokens.TokenShare{}, err
	}
	share := tokens.NewTokenShare{Request: tokens.NewRequest(app.Now()), AccessTokenID: id, Role: c.Role}
	purpose := lookingFor(ctx, tokens.ActionTokenShareCreate, id)
	if share.MemberID, err = app.findMember(purpose, backend, c.Member); err != nil {
		return tokens.TokenShare{}, err
	}
	if c.Replace {
		existing, err := backend.TokenShares(ctx, tokens.TokenShareQuery{
			AccessTokenID: share.AccessTokenID, MemberID: share.MemberID,
		})
		if err != nil {
			return tokens.TokenShare{}, err
		}
		if len(existing) > 0 {
			return backend.UpdateTokenShare(ctx, share.AccessTokenID, share.MemberID, share.Role)
		}
	}
	return backend.ShareAccessToken(ctx, share)
}

// tokenUnshare ends a share.
type tokenUnshare struct {
	Token  tokenRef  `arg:"" name:"token" help:"${token_help}"`
	Member memberRef `help:"The member." required:"" placeholder:"EMAIL|NAME|ID"`
}

// Run ends the share of the token with the member.
func (c *tokenUnshare) Run(ctx context.Context, app *app) error {
	return app.withBackend(func(backend tokens.Backend) error {
		id, err := app.findToken(lookingFor(ctx, tokens.ActionTokenShareDelete, ""), backend, c.Token)
		var memberID string
		if err == nil {
			memberID, err = app.findMember(lookingFor(ctx, tokens.ActionTokenShareDelete, id), backend, c.Member)
		}
		if err == nil {
			err = backend.UnshareAccessToken(ctx, id, memberID)
		}
		if err != nil {
			return fmt.Errorf("unable to unshare access token %s: %w", c.Token, err)
		}
		return app.printLine(tokens.Cleaned(fmt.Sprintf("Access token %s is no longer shared with %s", id, c.Member)))
	})
}
