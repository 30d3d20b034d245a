package cli

import (
	"context"
	"fmt"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// groupList lists the groups.
type groupList struct {
	Columns []string `help:"Show these columns, in this order: ${group_columns}." placeholder:"COLUMN" values:"group-columns"`
	listFlags
}

// groupListing is how groups are listed.
var groupListing = listing[tokens.Group]{fields: []field[tokens.Group]{
	{name: "name", title: "Name", rank: 1, value: func(g tokens.Group) value { return textValue(g.Name) }},
	{name: "id", title: "ID", rank: 1, value: func(g tokens.Group) value { return textValue(g.ID) }},
	{
		name: "description", title: "Description", rank: 3, fit: cutOff, least: 20,
		value: func(g tokens.Group) value { return writtenValue(g.Description) },
	},
	{name: "created_at", title: "Created", rank: 2, value: func(g tokens.Group) value { return instantValue(g.CreatedAt) }},
	{
		name: "updated_at", title: "Updated", rank: wideOnly,
		value: func(g tokens.Group) value { return instantValue(g.UpdatedAt) },
	},
}}

// Run lists all groups by name.
func (c *groupList) Run(ctx context.Context, app *app) error {
	columns, err := groupListing.selected(c.Columns)
	if err != nil {
		return err
	}
	return app.withBackend(func(backend tokens.Backend) error {
		list, err := backend.Groups(ctx)
		if err != nil {
			return fmt.Errorf("unable to list the groups: %w", err)
		}
		return printList(app, groupListing, columns, c.listFlags, list, "There are no groups.")
	})
}

// groupShow shows one group.
type groupShow struct {
	Group groupRef `arg:"" name:"group" help:"${group_help}"`
	JSON  bool     `name:"json" help:"Answer in JSON, for programs."`
}

// Run shows everything that is known about the group.
func (c *groupShow) Run(ctx context.Context, app *app) error {
	return app.withBackend(func(backend tokens.Backend) error {
		group, err := c.read(ctx, app, backend)
		if err != nil {
			return fmt.Errorf("unable to show group %s: %w", c.Group, err)
		}
		return printObject(app, groupListing, c.JSON, group)
	})
}

func (c *groupShow) read(ctx context.Context, app *app, backend tokens.Backend) (tokens.Group, error) {
	id, err := app.findGroup(lookingFor(ctx, tokens.ActionGroupShow, ""), backend, c.Group)
	if err != nil {
		return tokens.Group{}, err
	}
	return backend.Group(ctx, id)
}
