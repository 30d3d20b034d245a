package cli

import (
	"context"
	"fmt"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// tokenShow shows one access token.
type tokenShow struct {
	ID   tokenID `arg:"" help:"The identifier of the token (tok_…)."`
	JSON bool    `name:"json" help:"Answer in JSON, for programs."`
}

// shownTokenDocument is the answer of token show in --json output.
type shownTokenDocument struct {
	tokenDocument
	Shares []shareDocument `json:"shares"`
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
		token, err := c.read(ctx, backend)
		if err != nil {
			return fmt.Errorf("unable to show access token %s: %w", c.ID, err)
		}
		if !c.JSON {
			return app.printTable(newTokenCard(token))
		}
		return app.printJSON(shownTokenDocument{
			tokenDocument: newTokenDocument(token.AccessToken, token.roles),
			Shares:        documentsOf(token.shares, token.members.shareDocument),
		})
	})
}

func (c *tokenShow) read(ctx context.Context, backend tokens.Backend) (t shownToken, err error) {
	if t.AccessToken, err = backend.AccessToken(ctx, string(c.ID)); err != nil {
		return t, err
	}
	if t.shares, err = backend.TokenShares(ctx, tokens.TokenShareQuery{AccessTokenID: string(c.ID)}); err != nil {
		return t, err
	}
	if t.roles, err = rolesOf(ctx, backend, t.AccessToken); err != nil {
		return t, err
	}
	page, err := backend.AccessTokens(ctx, tokens.TokenQuery{ID: string(c.ID)}) // for the names of its groups
	if t.groups = page.GroupNames; err != nil || len(t.shares) == 0 {
		return t, err
	}
	t.members, err = readMemberAddresses(ctx, backend)
	return t, err
}
