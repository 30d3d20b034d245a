package cli

import (
	"context"
	"fmt"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// tokenDisable turns off the declared switch of an access token.
type tokenDisable struct {
	ID tokenID `arg:"" help:"The identifier of the token (tok_…)."`
}

// Run disables the token.
func (c *tokenDisable) Run(ctx context.Context, app *app) error {
	if err := app.switchToken(ctx, c.ID, false, "disable"); err != nil {
		return err
	}
	app.note("The next apply of a configuration that declares this token sets it back to what is written there. " +
		"No apply lifts a hold (latchkey token hold).")
	return nil
}

// tokenEnable turns on the declared switch of an access token.
type tokenEnable struct {
	ID tokenID `arg:"" help:"The identifier of the token (tok_…)."`
}

// Run enables the token.
func (c *tokenEnable) Run(ctx context.Context, app *app) error {
	return app.switchToken(ctx, c.ID, true, "enable")
}

// switchToken disables or enables an access token and says so.
func (a *app) switchToken(ctx context.Context, id tokenID, enabled bool, verb string) error {
	return a.withBackend(func(backend tokens.Backend) error {
		before, shown, err := shownTokenWithID(ctx, backend, id)
		if err != nil {
			return fmt.Errorf("unable to %s access token %s: %w", verb, id, err)
		}
		token, err := backend.UpdateAccessToken(ctx, string(id), tokens.AccessTokenUpdate{
			Settings: tokens.Settings{Enabled: enabled}, Fields: tokens.Fields{"enabled"},
		})
		if err != nil {
			return fmt.Errorf("unable to %s access token %s: %w", verb, id, err)
		}
		return a.report(switched(enabled, shown && before.Enabled == enabled), token)
	})
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

// tokenHold stops an access token in an incident.
type tokenHold struct {
	ID     tokenID `arg:"" help:"The identifier of the token (tok_…)."`
	Reason string  `help:"Why, for people who read it in plans and in the audit log." required:"" placeholder:"TEXT"`
}

// Run holds the token.
func (c *tokenHold) Run(ctx context.Context, app *app) error {
	if err := tokens.ValidateReason("--reason", c.Reason); err != nil {
		return misusef("%s", err)
	}
	return app.withBackend(func(backend tokens.Backend) error {
		token, err := backend.HoldAccessToken(ctx, string(c.ID), c.Reason)
		if err != nil {
			return fmt.Errorf("unable to hold access token %s: %w", c.ID, err)
		}
		return app.report("Held", token)
	})
}

// tokenRelease ends a hold.
type tokenRelease struct {
	ID tokenID `arg:"" help:"The identifier of the token (tok_…)."`
}

// Run releases the token.
func (c *tokenRelease) Run(ctx context.Context, app *app) error {
	return app.withBackend(func(backend tokens.Backend) error {
		token, err := backend.ReleaseAccessToken(ctx, string(c.ID))
		if err != nil {
			return fmt.Errorf("unable to release access token %s: %w", c.ID, err)
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
