package cli

import (
	"context"
	"fmt"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// tokenRetirePrevious ends the secret before the current one of an access token.
type tokenRetirePrevious struct {
	ID tokenID `arg:"" help:"The identifier of the token (tok_…)."`
}

// Run ends that secret now, before its grace is over.
func (c *tokenRetirePrevious) Run(ctx context.Context, app *app) error {
	return app.withBackend(func(backend tokens.Backend) error {
		token, err := backend.RetirePreviousSecret(ctx, string(c.ID))
		if err != nil {
			return fmt.Errorf("unable to retire the previous value of access token %s: %w", c.ID, err)
		}
		return app.report("Retired the previous value of", token)
	})
}
