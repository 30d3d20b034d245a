package cli

import (
	"context"
	"fmt"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// technicalUserDisable turns a technical user off, and with it all of its tokens.
type technicalUserDisable struct {
	TechnicalUser technicalUserRef `arg:"" name:"id" help:"The technical user, named by identifier (tu_…) or e-mail address."`
}

// Run disables the technical user.
func (c *technicalUserDisable) Run(ctx context.Context, app *app) error {
	return app.switchTechnicalUser(ctx, c.TechnicalUser, false, "disable")
}

// technicalUserEnable turns a technical user on.
type technicalUserEnable struct {
	TechnicalUser technicalUserRef `arg:"" name:"id" help:"The technical user, named by identifier (tu_…) or e-mail address."`
}

// Run enables the technical user.
func (c *technicalUserEnable) Run(ctx context.Context, app *app) error {
	return app.switchTechnicalUser(ctx, c.TechnicalUser, true, "enable")
}

// switchTechnicalUser disables or enables a technical user and says so.
func (a *app) switchTechnicalUser(ctx context.Context, ref technicalUserRef, enabled bool, verb string) error {
	return a.withBackend(func(backend tokens.Backend) error {
		id, err := ref.find(ctx, backend)
		var user tokens.TechnicalUser
		already := false
		if err == nil {
			before, hidden := backend.TechnicalUser(ctx, id) // whether it may be changed is for the change to say, and to record
			already = hidden == nil && before.Enabled == enabled
			user, err = backend.UpdateTechnicalUser(ctx, id, tokens.TechnicalUserUpdate{Enabled: tokens.To(enabled)})
		}
		if err != nil {
			return fmt.Errorf("unable to %s technical user %s: %w", verb, ref, err)
		}
		text := fmt.Sprintf("%s technical user %s (%s)", switched(enabled, already), user.Email, user.ID)
		if !enabled {
			text += " and all of its access tokens"
		}
		if err := a.printLine(printable(text)); err != nil || enabled {
			return err
		}
		a.note("The next apply of a configuration that declares this technical user sets it back to what is written there. No apply lifts a hold (latchkey token hold).")
		return nil
	})
}
