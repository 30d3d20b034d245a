package cli

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// roleList lists the roles.
type roleList struct {
	JSON bool `name:"json" help:"Answer in JSON, for programs."`
}

// roleDocument is a role in --json output. Its names are those of the Terraform attributes. What is not set is null.
type roleDocument struct {
	// ID is null for a built-in role.
	ID          *string  `json:"id"`
	Name        string   `json:"name"`
	Description string   `json:"description"`
	Permissions []string `json:"permissions"`
	BuiltIn     bool     `json:"built_in"`
	CreatedAt   *string  `json:"created_at"`
	UpdatedAt   *string  `json:"updated_at"`
}

func newRoleDocument(r tokens.Role) roleDocument {
	return roleDocument{
		ID:          textOrNull(r.ID),
		Name:        r.Name,
		Description: r.Description,
		Permissions: listOf(r.Permissions),
		BuiltIn:     r.BuiltIn,
		CreatedAt:   instantOrNull(r.CreatedAt),
		UpdatedAt:   instantOrNull(r.UpdatedAt),
	}
}

// Run lists all roles: the built-in ones by power, then the custom ones by name.
func (c *roleList) Run(ctx context.Context, app *app) error {
	return app.withBackend(func(backend tokens.Backend) error {
		roles, err := backend.Roles(ctx)
		if err != nil {
			return fmt.Errorf("unable to list the roles: %w", err)
		}
		if c.JSON {
			return app.printJSON(documentsOf(roles, newRoleDocument))
		}
		return app.printTable(newRoleTable(roles))
	})
}

// newRoleTable lays roles out in columns. It leaves out permissions that another one of the role covers.
func newRoleTable(roles []tokens.Role) tableView {
	view := tableView{
		headers:  []string{"NAME", "PERMISSIONS", "DESCRIPTION", "ID"},
		freeText: []string{"PERMISSIONS", "DESCRIPTION"},
	}
	for _, r := range roles {
		permissions := cmp.Or(strings.Join(tokens.NewPermissions(r.Permissions...), ", "), "None")
		view.rows = append(view.rows, tableRow{cells: []string{r.Name, permissions, r.Description, cmp.Or(r.ID, "Built-in")}})
	}
	return view
}
