package cli

import (
	"context"
	"fmt"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// memberList lists the members.
type memberList struct {
	JSON bool `name:"json" help:"Answer in JSON, for programs."`
}

// memberDocument is a member in --json output. Its names are those of the Terraform attributes. What is not set is
// null.
type memberDocument struct {
	ID    string  `json:"id"`
	Email string  `json:"email"`
	Name  *string `json:"name"`
	accountRolesDocument
	CreatedAt *string `json:"created_at"`
	UpdatedAt *string `json:"updated_at"`
}

func newMemberDocument(m tokens.Member) memberDocument {
	return memberDocument{
		ID:                   m.ID,
		Email:                m.Email,
		Name:                 textOrNull(m.Name),
		accountRolesDocument: newAccountRolesDocument(m.Grants),
		CreatedAt:            instantOrNull(m.CreatedAt),
		UpdatedAt:            instantOrNull(m.UpdatedAt),
	}
}

// Run lists all members by address.
func (c *memberList) Run(ctx context.Context, app *app) error {
	return app.withBackend(func(backend tokens.Backend) error {
		members, err := backend.Members(ctx)
		if err != nil {
			return fmt.Errorf("unable to list the members: %w", err)
		}
		if c.JSON {
			return app.printJSON(documentsOf(members, newMemberDocument))
		}
		if len(members) == 0 {
			app.note("There are no members.")
			return nil
		}
		groups, err := readGroupNames(ctx, backend)
		if err != nil {
			return err
		}
		return app.printTable(newMemberTable(members, groups))
	})
}

// newMemberTable lays members out in columns.
func newMemberTable(members []tokens.Member, groups groupNames) tableView {
	view := tableView{headers: []string{"E-MAIL", "NAME", "ID", "ROLE", "CREATED"}, freeText: []string{"NAME"}}
	for _, m := range members {
		row := []string{m.Email, m.Name, m.ID, groups.describe(m.Grants), minute(m.CreatedAt)}
		view.rows = append(view.rows, tableRow{cells: row})
	}
	return view
}
