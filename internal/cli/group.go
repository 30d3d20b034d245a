package cli

import (
	"context"
	"fmt"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// groupList lists the groups.
type groupList struct {
	JSON bool `name:"json" help:"Answer in JSON, for programs."`
}

// groupDocument is a group in --json output. Its names are those of the Terraform attributes.
type groupDocument struct {
	ID          string  `json:"id"`
	Name        string  `json:"name"`
	Description string  `json:"description"`
	CreatedAt   *string `json:"created_at"`
	UpdatedAt   *string `json:"updated_at"`
}

func newGroupDocument(g tokens.Group) groupDocument {
	return groupDocument{
		ID:          g.ID,
		Name:        g.Name,
		Description: g.Description,
		CreatedAt:   instantOrNull(g.CreatedAt),
		UpdatedAt:   instantOrNull(g.UpdatedAt),
	}
}

// Run lists all groups by name.
func (c *groupList) Run(ctx context.Context, app *app) error {
	return app.withBackend(func(backend tokens.Backend) error {
		groups, err := backend.Groups(ctx)
		if err != nil {
			return fmt.Errorf("unable to list the groups: %w", err)
		}
		if c.JSON {
			return app.printJSON(documentsOf(groups, newGroupDocument))
		}
		if len(groups) == 0 {
			app.note("There are no groups.")
			return nil
		}
		return app.printTable(newGroupTable(groups))
	})
}

// newGroupTable lays groups out in columns.
func newGroupTable(groups []tokens.Group) tableView {
	view := tableView{headers: []string{"NAME", "DESCRIPTION", "ID", "CREATED"}, freeText: []string{"DESCRIPTION"}}
	for _, g := range groups {
		view.rows = append(view.rows, tableRow{cells: []string{g.Name, g.Description, g.ID, minute(g.CreatedAt)}})
	}
	return view
}
