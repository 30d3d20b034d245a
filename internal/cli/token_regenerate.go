package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// tokenRegenerate gives an access token a new value.
type tokenRegenerate struct {
	ID   tokenID `arg:"" help:"The identifier of the token (tok_…)."`
	JSON bool    `name:"json" help:"Answer in JSON, for programs; the value is the field token."`
}

// Run makes the value, gives it to the token in place of the one that was read, and prints it.
func (c *tokenRegenerate) Run(ctx context.Context, app *app) error {
	return app.withBackend(func(backend tokens.Backend) error {
		secret, token, err := c.regenerate(ctx, app, backend)
		if err != nil {
			return fmt.Errorf("unable to regenerate access token %s: %w", c.ID, err)
		}
		if err := app.printNewValue(ctx, backend, "Regenerated", "It is shown this once; the value before it is dead.", secret, token, c.JSON); err != nil {
			return err
		}
		app.note("Terraform does not know the new value: the next apply of a configuration that declares this token regenerates it once more.")
		return nil
	})
}

func (c *tokenRegenerate) regenerate(ctx context.Context, app *app, backend tokens.Backend) (tokens.Secret, tokens.AccessToken, error) {
	token, err := backend.AccessToken(ctx, string(c.ID))
	if err != nil {
		return tokens.Secret{}, token, err
	}
	prefix, _, _ := strings.Cut(token.Secret.Preview, "_")
	secret, err := app.newSecret(prefix)
	if err != nil {
		return tokens.Secret{}, token, err
	}
	token, err = backend.UpdateAccessToken(ctx, string(c.ID), tokens.AccessTokenUpdate{Regeneration: &tokens.Regeneration{
		NewSecretFor:    secret,
		Reason:          tokens.ReasonRequested,
		ExpectedVersion: token.Secret.Version,
	}})
	return secret.Secret, token, err
}
