package cli

import (
	"context"
	"fmt"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// tokenDelete deletes an access token for good.
type tokenDelete struct {
	ID  tokenID `arg:"" help:"The identifier of the token (tok_…)."`
	Yes bool    `help:"Delete without asking."`
}

// Run asks the person at the terminal, unless told not to, and deletes the token.
func (c *tokenDelete) Run(ctx context.Context, app *app) error {
	if !c.Yes && !app.StdinTerminal {
		return misusef("deleting needs confirmation, and standard input is not a terminal: "+
			"pass --yes to delete access token %s without it", c.ID)
	}
	return app.withBackend(func(backend tokens.Backend) error {
		token, shown, err := shownTokenWithID(ctx, backend, c.ID)
		if err == nil && !shown && !c.Yes { // nobody can confirm what they don't see
			token, err = backend.AccessToken(lookingFor(ctx, tokens.ActionAccessTokenDelete, string(c.ID)), string(c.ID))
		}
		if err != nil {
			return fmt.Errorf("unable to delete access token %s: %w", c.ID, err)
		}
		if !c.Yes {
			if err := app.confirmDeletion(token); err != nil {
				return err
			}
		}
		token.ID = string(c.ID)
		if err := backend.DeleteAccessToken(ctx, string(c.ID)); err != nil {
			return fmt.Errorf("unable to delete access token %s: %w", c.ID, err)
		}
		return app.printLine(tokens.Cleaned("Deleted " + describe(token)))
	})
}

// confirmDeletion names what is about to be deleted, and what is deleted with it. It returns an error unless the answer
// is yes.
func (a *app) confirmDeletion(t tokens.AccessToken) error {
	with := "its shares"
	if t.User.SystemCreated {
		with += " and the technical user that was made for it"
	}
	use := "last use: " + countedUses(t)
	if tokens.IsProtected(t.ProtectIfUsedWithin, t.Status, t.LiveSecretsUsedAt(t.ObservedAt), t.ObservedAt) {
		use += fmt.Sprintf(", within the %s of protect_if_used_within: it is in use",
			tokens.FormatDuration(t.ProtectIfUsedWithin))
	}
	a.note("This deletes %s of %s for good, with %s. Its status is %s; %s. "+
		"Whoever uses it loses access at once, and it can't be recovered.",
		describe(t), t.User.Email, with, t.Status, use)
	return a.confirm("Delete it?", "nothing was deleted")
}
