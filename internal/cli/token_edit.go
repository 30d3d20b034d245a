package cli

import (
	"context"
	"fmt"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// tokenEdit changes the settings of an access token.
type tokenEdit struct {
	Token tokenRef `arg:"" name:"token" help:"${token_help}"`
	Name  *string  `help:"A label for people." placeholder:"NAME"`
	tokenSettings
	NoExpiry     bool `help:"Remove the expiry: the token has no end and no time to live." xor:"expiry"`
	NoRole       bool `help:"Remove the role: the token has that of its technical user at its level." xor:"role"`
	NoGroupRoles bool `name:"no-group-roles" help:"Remove the roles in groups: the token has those of its technical user." xor:"group-role"`
}

// Run changes only what the flags name.
func (c *tokenEdit) Run(ctx context.Context, app *app) error {
	update, err := c.update()
	if err != nil {
		return err
	}
	return app.withBackend(func(backend tokens.Backend) error {
		token, err := c.edit(ctx, app, backend, update)
		if err != nil {
			return fmt.Errorf("unable to edit access token %s: %w", c.Token, c.explainPresent(err))
		}
		if err := app.report("Edited", token); err != nil {
			return err
		}
		app.note("The next apply of a configuration that declares this token restores what is written there.")
		return nil
	})
}

func (c *tokenEdit) edit(
	ctx context.Context, app *app, backend tokens.Backend, update tokens.AccessTokenUpdate,
) (tokens.AccessToken, error) {
	id, err := app.findToken(lookingFor(ctx, tokens.ActionAccessTokenUpdate, ""), backend, c.Token)
	if err != nil {
		return tokens.AccessToken{}, err
	}
	purpose := lookingFor(ctx, tokens.ActionAccessTokenUpdate, id)
	if err := c.resolveRoles(purpose, app, backend, &update.Settings); err != nil {
		return tokens.AccessToken{}, err
	}
	if c.GroupRole != nil {
		update.Fields = append(update.Fields, "group_roles")
	}
	return backend.UpdateAccessToken(ctx, id, update)
}

// update returns the changes that the flags name, except the roles in groups. No change at all is misuse.
func (c *tokenEdit) update() (tokens.AccessTokenUpdate, error) {
	update, err := c.tokenSettings.update()
	if err != nil {
		return update, err
	}
	if c.Name != nil {
		if err := validateTokenName("--name", *c.Name); err != nil {
			return update, err
		}
		update.Name = *c.Name
		update.Fields = append(update.Fields, "name")
	}
	if c.NoExpiry {
		update.Fields = append(update.Fields, "expires_at", "ttl")
	}
	if c.NoRole {
		update.Fields = append(update.Fields, "role")
	}
	if c.NoGroupRoles {
		update.Fields = append(update.Fields, "group_roles")
	}
	if c.GroupRole == nil && update.Fields == nil {
		return update, misusef("there is nothing to change: name a setting, such as --name NAME; " +
			"see latchkey token edit --help")
	}
	return update, nil
}
