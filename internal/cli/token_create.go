package cli

import (
	"context"
	"fmt"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// tokenCreate makes an access token.
type tokenCreate struct {
	Name          string           `arg:"" help:"A label for people; several tokens may have the same."`
	TechnicalUser technicalUserRef `help:"The technical user that the token belongs to. By default one is made for this token." placeholder:"EMAIL|NAME|ID" xor:"level"`
	Group         groupRef         `help:"The group at whose level the technical user is made. By default, the organization's level." placeholder:"NAME|ID" xor:"level"`
	tokenSettings
	Disabled bool `help:"Make the token disabled, until latchkey token enable."`
	JSON     bool `name:"json" help:"Answer in JSON, for programs; the value is the field token."`
}

// Run makes a value and a token for it, and prints the value.
func (c *tokenCreate) Run(ctx context.Context, app *app) error {
	if err := validateTokenName("NAME", c.Name); err != nil {
		return err
	}
	settings, err := c.update()
	if err != nil {
		return err
	}
	return app.withBackend(func(backend tokens.Backend) error {
		_, missing := backend.Database(ctx)
		reason := tokens.ErrorReason(missing)
		if reason == tokens.ReasonUnreachable || reason == tokens.ReasonDatabaseUnreachable { // and nobody should wait for it twice
			return fmt.Errorf("unable to create the access token: %w", missing)
		}
		token, err := c.newToken(ctx, app, backend, settings.Settings)
		var created tokens.CreatedAccessToken
		if err == nil {
			created, err = backend.CreateAccessToken(ctx, token)
		}
		if err != nil {
			return fmt.Errorf("unable to create the access token: %w", err)
		}
		value := newValue{
			done: "Created", hint: "It is shown only this once.", secret: token.Secret, token: created.AccessToken,
		}
		if err := app.printNewValue(ctx, backend, value, c.JSON); err != nil {
			return err
		}
		if tokens.ErrorReason(missing) == tokens.ReasonNoDatabase {
			if made, err := backend.Database(ctx); err == nil {
				app.note("There was no database at %s, so a new one was made there, for organization %q. "+
					"If you meant another one, name it with --database or %s.",
					made.Location, made.Organization, tokens.DatabaseVariable)
			}
		}
		for _, other := range created.Namesakes {
			app.note("%s has the same name, was made at %s and was never used. "+
				"If an interrupted command or apply left it behind, delete it: latchkey token delete %s",
				describe(other), tokens.FormatTimestamp(other.CreatedAt), other.ID)
		}
		app.note("Terraform does not know this token: latchkey import-blocks writes the block that puts it under management.")
		return nil
	})
}

// newToken returns what the token is made from, with a new value.
func (c *tokenCreate) newToken(
	ctx context.Context, app *app, backend tokens.Backend, settings tokens.Settings,
) (n tokens.NewAccessToken, err error) {
	n.Settings = settings
	n.Name, n.Enabled = c.Name, !c.Disabled
	ctx = lookingFor(ctx, tokens.ActionAccessTokenCreate, "")
	if n.TechnicalUserID, err = app.findTechnicalUser(ctx, backend, c.TechnicalUser); err != nil {
		return n, err
	}
	if n.GroupID, err = app.findGroup(ctx, backend, c.Group); err != nil {
		return n, err
	}
	if err = c.resolveRoles(ctx, app, backend, &n.Settings); err != nil {
		return n, err
	}
	n.NewSecretFor, err = app.newSecret(tokens.DefaultPrefix)
	return n, err
}
