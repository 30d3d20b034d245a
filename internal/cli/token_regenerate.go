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

// regenerateDocument is the answer of token regenerate in --json output: the token and, this once, its value.
type regenerateDocument struct {
	Token string `json:"token"`
	tokenDocument
}

// Run makes the value, gives it to the token in place of the one that was read, and prints it.
func (c *tokenRegenerate) Run(ctx context.Context, app *app) error {
	return app.withBackend(func(backend tokens.Backend) error {
		secret, token, err := c.regenerate(ctx, app, backend)
		if err != nil {
			return fmt.Errorf("unable to regenerate access token %s: %w", c.ID, err)
		}
		app.note("Terraform does not know the new value: the next apply of a configuration that declares this token regenerates it once more.")
		switch {
		case c.JSON:
			return app.printJSON(regenerateDocument{secret.Reveal(), newTokenDocument(token)})
		case app.StdoutTerminal:
			return app.printTable(tableView{rows: []tableRow{
				{cells: []string{"Regenerated", describe(token)}},
				{cells: []string{"Status", string(token.Status)}},
				{cells: []string{"New value", secret.Reveal()}},
				{cells: []string{"", "It is shown this once; the value before it is dead."}},
			}})
		}
		return app.printLine(secret.Reveal())
	})
}

func (c *tokenRegenerate) regenerate(ctx context.Context, app *app, backend tokens.Backend) (tokens.Secret, tokens.AccessToken, error) {
	token, err := backend.AccessToken(ctx, string(c.ID))
	if err != nil {
		return tokens.Secret{}, token, err
	}
	prefix, _, _ := strings.Cut(token.Secret.Preview, "_")
	secret, err := tokens.NewSecret(prefix)
	if err != nil {
		return tokens.Secret{}, token, err
	}
	token, err = backend.UpdateAccessToken(ctx, string(c.ID), tokens.AccessTokenUpdate{Regeneration: &tokens.Regeneration{
		NewSecretFor:    tokens.NewSecretFor{RequestID: tokens.NewID(tokens.KindRequest, app.Now()), Secret: secret},
		Reason:          tokens.ReasonRequested,
		ExpectedVersion: token.Secret.Version,
	}})
	return secret, token, err
}
