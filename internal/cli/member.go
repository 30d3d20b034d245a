package cli

import (
	"cmp"
	"context"
	"fmt"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// memberList lists the members.
type memberList struct {
	JSON bool `name:"json" help:"Answer in JSON, for programs."`
}

// memberDocument is a member in --json output. Its names are those of the Terraform attributes. What is not set is null.
type memberDocument struct {
	ID         string             `json:"id"`
	Email      string             `json:"email"`
	Name       *string            `json:"name"`
	Role       string             `json:"role"`
	GroupRoles []tokens.GroupRole `json:"group_roles"`
	CreatedAt  *string            `json:"created_at"`
	UpdatedAt  *string            `json:"updated_at"`
}

// Run lists all members by address.
func (c *memberList) Run(ctx context.Context, app *app) error {
	return app.withBackend(func(backend tokens.Backend) error {
		members, err := backend.Members(ctx)
		if err != nil {
			return fmt.Errorf("unable to list the members: %w", err)
		}
		if c.JSON {
			documents := make([]memberDocument, len(members))
			for i, m := range members {
				documents[i] = memberDocument{
					m.ID, m.Email, textOrNull(m.Name), cmp.Or(m.Role, tokens.RoleNone), append([]tokens.GroupRole{}, m.GroupRoles...), instantOrNull(m.CreatedAt), instantOrNull(m.UpdatedAt),
				}
			}
			return app.printJSON(documents)
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
		view.rows = append(view.rows, tableRow{cells: []string{m.Email, m.Name, m.ID, groups.describe(m.Grants), minute(m.CreatedAt)}})
	}
	return view
}
