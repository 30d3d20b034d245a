package cli

import (
	"context"
	"fmt"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// tokenShare gives a member a role on an access token.
type tokenShare struct {
	ID      tokenID   `arg:"" help:"The identifier of the token (tok_…)."`
	Member  memberRef `help:"The member, given by identifier or e-mail address." required:"" placeholder:"ID|EMAIL"`
	Role    string    `help:"What the member may do: viewer (see the token), editor (also change its settings) or manager (everything)." enum:"viewer,editor,manager" default:"viewer" placeholder:"ROLE"`
	Replace bool      `help:"If the share exists, change its role."`
}

// Run shares the token. A share that exists stays as it is, unless --replace is given.
func (c *tokenShare) Run(ctx context.Context, app *app) error {
	return app.withBackend(func(backend tokens.Backend) error {
		share, err := c.share(ctx, backend, app.Now())
		switch {
		case tokens.ErrorCode(err) == tokens.CodeConflict:
			return fmt.Errorf("unable to share access token %s: it is already shared with %s; --replace changes the role, "+
				"latchkey token unshare ends the share", c.ID, c.Member)
		case err != nil:
			return fmt.Errorf("unable to share access token %s: %w", c.ID, err)
		}
		text := fmt.Sprintf("Shared access token %s with %s as %s", share.AccessTokenID, c.Member, share.Role)
		return app.printLine(tokens.Cleaned(text))
	})
}

func (c *tokenShare) share(ctx context.Context, backend tokens.Backend, now time.Time) (tokens.TokenShare, error) {
	share := tokens.NewTokenShare{Request: tokens.NewRequest(now), AccessTokenID: string(c.ID), Role: c.Role}
	var err error
	purpose := lookingFor(ctx, tokens.ActionTokenShareCreate, string(c.ID))
	if share.MemberID, err = c.Member.find(purpose, backend); err != nil {
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
	ID     tokenID   `arg:"" help:"The identifier of the token (tok_…)."`
	Member memberRef `help:"The member, given by identifier or e-mail address." required:"" placeholder:"ID|EMAIL"`
}

// Run ends the share of the token with the member.
func (c *tokenUnshare) Run(ctx context.Context, app *app) error {
	return app.withBackend(func(backend tokens.Backend) error {
		memberID, err := c.Member.find(lookingFor(ctx, tokens.ActionTokenShareDelete, string(c.ID)), backend)
		if err == nil {
			err = backend.UnshareAccessToken(ctx, string(c.ID), memberID)
		}
		if err != nil {
			return fmt.Errorf("unable to unshare access token %s: %w", c.ID, err)
		}
		return app.printLine(tokens.Cleaned(fmt.Sprintf("Access token %s is no longer shared with %s", c.ID, c.Member)))
	})
}
