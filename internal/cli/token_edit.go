package cli

import (
	"context"
	"fmt"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// tokenEdit changes the settings of an access token.
type tokenEdit struct {
	ID   tokenID `arg:"" help:"The identifier of the token (tok_…)."`
	Name *string `help:"A label for people." placeholder:"NAME"`
	tokenSettings
	NoExpiry     bool `help:"Let the token never expire: no --expires-at, no --ttl." xor:"expiry"`
	NoRole       bool `help:"Let the token have the role of its technical user at its level." xor:"role"`
	NoGroupRoles bool `name:"no-group-roles" help:"Let the token have the roles of its technical user in groups." xor:"group-role"`
}

// Run changes what the flags name, and nothing else.
func (c *tokenEdit) Run(ctx context.Context, app *app) error {
	update, err := c.update()
	if err != nil {
		return err
	}
	return app.withBackend(func(backend tokens.Backend) error {
		var token tokens.AccessToken
		if c.GroupRole != nil {
			update.Own.GroupRoles, err = c.groupRoles(ctx, backend)
			update.Fields = append(update.Fields, "group_roles")
		}
		if err == nil {
			token, err = backend.UpdateAccessToken(ctx, string(c.ID), update)
		}
		if err != nil {
			return fmt.Errorf("unable to edit access token %s: %w", c.ID, c.explainPresent(err))
		}
		if err := app.report("Edited", token); err != nil {
			return err
		}
		app.note("The next apply of a configuration that declares this token sets back what is written there.")
		return nil
	})
}

// update returns the changes that the flags name, the roles in groups apart. None at all is misuse.
func (c *tokenEdit) update() (tokens.AccessTokenUpdate, error) {
	update, err := c.tokenSettings.update()
	if err != nil {
		return update, err
	}
	if c.Name != nil {
		if err := tokens.ValidateLabel("--name", *c.Name); err != nil {
			return update, misuseOf(*c.Name, err)
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
		return update, misusef("there is nothing to change: name a setting, as in --name NAME; see latchkey token edit --help")
	}
	return update, nil
}
