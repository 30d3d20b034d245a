package cli

import (
	"cmp"
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
		share, member, err := c.share(ctx, app, backend)
		switch {
		case tokens.ErrorCode(err) == tokens.CodeConflict:
			return fmt.Errorf("unable to share access token %s: it is already shared with %s; --replace changes the role, "+
				"latchkey token unshare ends the share", c.Token, member)
		case err != nil:
			return fmt.Errorf("unable to share access token %s: %w", c.Token, err)
		}
		text := fmt.Sprintf("Shared access token %s with %s as %s", share.AccessTokenID, member, share.Role)
		return app.printLine(tokens.Cleaned(text))
	})
}

// share shares the token, and returns what to call the member.
func (c *tokenShare) share(
	ctx context.Context, app *app, backend tokens.Backend,
) (share tokens.TokenShare, with string, err error) {
	id, err := app.findToken(lookingFor(ctx, tokens.ActionTokenShareCreate, ""), backend, c.Token)
	if err != nil {
		return share, "", err
	}
	member, err := app.findMember(lookingFor(ctx, tokens.ActionTokenShareCreate, id), backend, c.Member)
	if err != nil {
		return share, "", err
	}
	with = addressOrID(member)
	if c.Replace {
		existing, err := backend.TokenShares(ctx, tokens.TokenShareQuery{AccessTokenID: id, MemberID: member.ID})
		if err != nil {
			return share, with, err
		}
		if len(existing) > 0 {
			share, err = backend.UpdateTokenShare(ctx, id, member.ID, c.Role)
			return share, with, err
		}
	}
	share, err = backend.ShareAccessToken(ctx, tokens.NewTokenShare{
		Request: tokens.NewRequest(app.Now()), AccessTokenID: id, MemberID: member.ID, Role: c.Role,
	})
	return share, with, err
}

// addressOrID returns what messages call a member that was found, whatever was typed: the address if it is known.
func addressOrID(m tokens.Member) string { return cmp.Or(m.Email, m.ID) }

// tokenUnshare ends a share.
type tokenUnshare struct {
	Token  tokenRef  `arg:"" name:"token" help:"${token_help}"`
	Member memberRef `help:"The member." required:"" placeholder:"EMAIL|NAME|ID"`
}

// Run ends the share of the token with the member.
func (c *tokenUnshare) Run(ctx context.Context, app *app) error {
	return app.withBackend(func(backend tokens.Backend) error {
		id, err := app.findToken(lookingFor(ctx, tokens.ActionTokenShareDelete, ""), backend, c.Token)
		var member tokens.Member
		if err == nil {
			member, err = app.findMember(lookingFor(ctx, tokens.ActionTokenShareDelete, id), backend, c.Member)
		}
		if err == nil {
			err = backend.UnshareAccessToken(ctx, id, member.ID)
		}
		if err != nil {
			return fmt.Errorf("unable to unshare access token %s: %w", c.Token, err)
		}
		text := fmt.Sprintf("Access token %s is no longer shared with %s", id, addressOrID(member))
		return app.printLine(tokens.Cleaned(text))
	})
}
