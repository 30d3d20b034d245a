package cli

import (
	"context"
	"fmt"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// tokenDisable turns off the declared switch of access tokens.
type tokenDisable struct {
	tokensArgument
}

// Run disables the tokens.
func (c *tokenDisable) Run(ctx context.Context, app *app) error {
	disabled, err := app.switchTokens(ctx, c.Tokens, false, tokens.ActionAccessTokenDisable, "disable")
	if disabled > 0 {
		app.note("The next apply of a configuration that declares this token sets it back to what is written there. " +
			"No apply lifts a hold (latchkey token hold).")
	}
	return err
}

// tokenEnable turns on the declared switch of access tokens.
type tokenEnable struct {
	tokensArgument
}

// Run enables the tokens.
func (c *tokenEnable) Run(ctx context.Context, app *app) error {
	_, err := app.switchTokens(ctx, c.Tokens, true, tokens.ActionAccessTokenEnable, "enable")
	return err
}

// switchTokens disables or enables access tokens, says so, and returns how many of them.
func (a *app) switchTokens(
	ctx context.Context, refs []tokenRef, enabled bool, action tokens.Action, verb string,
) (number int, err error) {
	err = a.eachToken(ctx, refs, action, verb, func(ctx context.Context, backend tokens.Backend, id string) error {
		before, shown, err := shownTokenWithID(ctx, backend, id)
		if err != nil {
			return err
		}
		token, err := backend.UpdateAccessToken(ctx, id, tokens.AccessTokenUpdate{
			Settings: tokens.Settings{Enabled: enabled}, Fields: tokens.Fields{"enabled"},
		})
		if err != nil {
			return err
		}
		number++
		return a.report(switched(enabled, shown && before.Enabled == enabled), token)
	})
	return number, err
}

// switched says that something is now disabled or enabled, or that it already was.
func switched(enabled, already bool) string {
	switch {
	case already && enabled:
		return "Already enabled:"
	case already:
		return "Already disabled:"
	case enabled:
		return "Enabled"
	}
	return "Disabled"
}

// tokenHold stops access tokens in an incident.
type tokenHold struct {
	tokensArgument
	Reason string `help:"Why, for people who read it in plans and in the audit log." required:"" placeholder:"TEXT"`
}

// Run holds the tokens.
func (c *tokenHold) Run(ctx context.Context, app *app) error {
	if err := tokens.ValidateReason("--reason", c.Reason); err != nil {
		return misusef("%s", err)
	}
	return app.eachToken(ctx, c.Tokens, tokens.ActionAccessTokenHold, "hold",
		func(ctx context.Context, backend tokens.Backend, id string) error {
			token, err := backend.HoldAccessToken(ctx, id, c.Reason)
			if err != nil {
				return err
			}
			return app.report("Held", token)
		})
}

// tokenRelease ends holds.
type tokenRelease struct {
	tokensArgument
}

// Run releases the tokens.
func (c *tokenRelease) Run(ctx context.Context, app *app) error {
	return app.eachToken(ctx, c.Tokens, tokens.ActionAccessTokenRelease, "release",
		func(ctx context.Context, backend tokens.Backend, id string) error {
			token, err := backend.ReleaseAccessToken(ctx, id)
			if err != nil {
				return err
			}
			return app.report("Released", token)
		})
}

// report says what was done to a token and what its status is now, since it may have been stopped in more than one way.
func (a *app) report(done string, token tokens.AccessToken) error {
	text := fmt.Sprintf("%s %s; its status is %s", done, describe(token), token.Status)
	if token.Status == tokens.StatusDisabled && token.Enabled {
		text += " with its technical user " + token.User.Email
	}
	return a.printLine(tokens.Cleaned(text))
}
