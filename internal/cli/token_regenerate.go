package cli

import (
	"context"
	"fmt"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// tokenRegenerate gives an access token a new value.
type tokenRegenerate struct {
	Token       tokenRef `arg:"" name:"token" help:"${token_help}"`
	GracePeriod *string  `help:"How long the previous value stays valid this once, instead of the token's grace period: such as 36h, 0s for not at all, or until_expiry." placeholder:"DURATION|until_expiry" values:"graces"`
	JSON        bool     `name:"json" help:"Answer in JSON, for programs; the value is the field token."`
}

// Run makes a value, gives it to the token in place of the one that it has read if the caller may read it, and prints
// it.
func (c *tokenRegenerate) Run(ctx context.Context, app *app) error {
	grace, err := c.grace()
	if err != nil {
		return err
	}
	return app.withBackend(func(backend tokens.Backend) error {
		secret, token, err := c.regenerate(ctx, app, backend, grace)
		if err != nil {
			return fmt.Errorf("unable to regenerate access token %s: %w", c.Token, err)
		}
		value := newValue{
			done: "Regenerated", hint: "It is shown only this once; the previous value is dead.", secret: secret, token: token,
		}
		inGrace := token.Previous.IsLive(token.ObservedAt)
		if inGrace {
			value.hint = "It is shown only this once."
		}
		if err := app.printNewValue(ctx, backend, value, c.JSON); err != nil {
			return err
		}
		if inGrace {
			app.note("The previous value stays valid until %s: latchkey token retire-previous %s ends it at once.",
				tokens.FormatTimestamp(token.Previous.EndsAt), token.ID)
		}
		app.note("Terraform does not know the new value: the next %s.", answerToDrift(token.OnSecretDrift))
		return nil
	})
}

// answerToDrift says what Terraform does about a secret that it does not know.
func answerToDrift(policy tokens.DriftPolicy) string {
	const declaring = "of a configuration that declares this token"
	if policy == tokens.OnSecretDriftAccept {
		return "apply " + declaring + " sets its attribute token to null, by on_secret_drift"
	}
	if policy == tokens.OnSecretDriftError {
		return "plan " + declaring + " fails, by on_secret_drift"
	}
	return "apply " + declaring + " regenerates it once more, or fails where token_wo brings its value"
}

// grace returns the grace period that counts this once in place of the token's, or nil if none is given.
func (c *tokenRegenerate) grace() (*tokens.Grace, error) {
	if c.GracePeriod == nil {
		return nil, nil
	}
	grace, err := tokens.ParseGrace("--grace-period", *c.GracePeriod)
	if err != nil {
		return nil, misuseOf(*c.GracePeriod, err)
	}
	return &grace, nil
}

func (c *tokenRegenerate) regenerate(
	ctx context.Context, app *app, backend tokens.Backend, grace *tokens.Grace,
) (tokens.Secret, tokens.AccessToken, error) {
	id, err := app.findToken(lookingFor(ctx, tokens.ActionAccessTokenRegenerate, ""), backend, c.Token)
	if err != nil {
		return tokens.Secret{}, tokens.AccessToken{}, err
	}
	token, shown, err := shownTokenWithID(lookingFor(ctx, tokens.ActionAccessTokenRegenerate, id), backend, id)
	if err != nil {
		return tokens.Secret{}, token, err
	}
	prefix := tokens.DefaultPrefix
	if shown {
		prefix = tokens.PrefixOf(token.Secret.Preview)
	}
	secret, err := app.newSecret(prefix)
	if err != nil {
		return tokens.Secret{}, token, err
	}
	token, err = backend.UpdateAccessToken(ctx, id, tokens.AccessTokenUpdate{
		Regeneration: &tokens.Regeneration{
			NewSecretFor:    secret,
			Reason:          tokens.ReasonRequested,
			ExpectedVersion: token.Secret.Version,
			Grace:           grace,
		},
	})
	return secret.Secret, token, err
}

// tokenRetirePrevious ends the secrets before the current ones of access tokens.
type tokenRetirePrevious struct {
	tokensArgument
}

// Run ends those secrets now, before their grace periods do.
func (c *tokenRetirePrevious) Run(ctx context.Context, app *app) error {
	return app.eachToken(ctx, c.Tokens, tokens.ActionAccessTokenRetirePrevious, "retire the previous value of",
		func(ctx context.Context, backend tokens.Backend, id string) error {
			token, err := backend.RetirePreviousSecret(ctx, id, 0)
			if err != nil {
				return err
			}
			return app.report("Retired the previous value of", token)
		})
}

// newValue is a value that a command made, with what it did to the token.
type newValue struct {
	done, hint string
	secret     tokens.Secret
	token      tokens.AccessToken
}

// newSecret makes a value, in a request of its own.
func (a *app) newSecret(prefix string) (tokens.NewSecretFor, error) {
	secret, err := tokens.NewSecret(prefix)
	return tokens.NewSecretFor{Request: tokens.NewRequest(a.Now()), Secret: secret}, err
}

// printNewValue prints a value that a command made: with explanations on a terminal, else alone.
func (a *app) printNewValue(ctx context.Context, backend tokens.Backend, value newValue, asJSON bool) error {
	switch {
	case asJSON:
		token, err := withRoles(ctx, backend, value.token)
		if err != nil {
			return err
		}
		made := document{{"token", value.secret.Reveal()}}
		return a.printJSON(append(made, tokenDocument(token)...))
	case a.StdoutTerminal:
		return a.printTable(tableView{headless: true, columns: []tableColumn{{}, {fit: breakLines}}, rows: []tableRow{
			{cells: []string{value.done, describe(value.token)}},
			{cells: []string{"Status", string(value.token.Status)}},
			{cells: []string{"New value", value.secret.Reveal()}},
			{cells: []string{"", value.hint}},
		}})
	}
	return a.printLine(value.secret.Reveal())
}
