package cli

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/jedib0t/go-pretty/v6/text"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// technicalUserList lists technical users.
type technicalUserList struct {
	Search string   `help:"Only technical users whose name, description or e-mail address contains this, in any case." placeholder:"TEXT"`
	Group  groupRef `help:"Only those at the level of one group, named by identifier or name." placeholder:"ID|NAME"`
	JSON   bool     `name:"json" help:"Answer in JSON, for programs."`
}

// technicalUserDocument is a technical user in --json output. Its names are those of the Terraform attributes. What is not
// set is null.
type technicalUserDocument struct {
	ID            string             `json:"id"`
	Name          string             `json:"name"`
	Email         string             `json:"email"`
	Description   string             `json:"description"`
	GroupID       *string            `json:"group_id"`
	Role          string             `json:"role"`
	GroupRoles    []tokens.GroupRole `json:"group_roles"`
	Enabled       bool               `json:"enabled"`
	Disabled      *stopDocument      `json:"disabled"`
	SystemCreated bool               `json:"system_created"`
	CreatedAt     *string            `json:"created_at"`
	UpdatedAt     *string            `json:"updated_at"`
}

func newTechnicalUserDocument(u tokens.TechnicalUser) technicalUserDocument {
	return technicalUserDocument{
		u.ID, u.Name, u.Email, u.Description, textOrNull(u.GroupID), cmp.Or(u.Role, tokens.RoleNone), append([]tokens.GroupRole{}, u.GroupRoles...),
		u.Enabled, newStopDocument(u.Disabled), u.SystemCreated, instantOrNull(u.CreatedAt), instantOrNull(u.UpdatedAt),
	}
}

// Run lists the technical users that the flags select, by address.
func (c *technicalUserList) Run(ctx context.Context, app *app) error {
	return app.withBackend(func(backend tokens.Backend) error {
		users, err := c.users(ctx, backend)
		if err != nil {
			return fmt.Errorf("unable to list the technical users: %w", err)
		}
		if c.JSON {
			documents := make([]technicalUserDocument, len(users))
			for i, u := range users {
				documents[i] = newTechnicalUserDocument(u)
			}
			return app.printJSON(documents)
		}
		if len(users) == 0 {
			app.note("There are no such technical users.")
			return nil
		}
		groups, err := readGroupNames(ctx, backend)
		if err != nil {
			return err
		}
		return app.printTable(newTechnicalUserTable(users, groups))
	})
}

func (c *technicalUserList) users(ctx context.Context, backend tokens.Backend) ([]tokens.TechnicalUser, error) {
	groupID, err := c.Group.find(ctx, backend)
	if err != nil {
		return nil, err
	}
	users, err := backend.TechnicalUsers(ctx)
	search := strings.ToLower(c.Search)
	return slices.DeleteFunc(users, func(u tokens.TechnicalUser) bool {
		return groupID != "" && u.GroupID != groupID || !strings.Contains(strings.ToLower(u.Name+"\n"+u.Description+"\n"+u.Email), search)
	}), err
}

// newTechnicalUserTable lays technical users out in columns. What is disabled steps back.
func newTechnicalUserTable(users []tokens.TechnicalUser, groups groupNames) tableView {
	view := tableView{headers: []string{"E-MAIL", "DESCRIPTION", "ID", "ROLE", "MADE FOR", "CREATED", "STATUS"}, freeText: []string{"DESCRIPTION"}}
	for _, u := range users {
		row := tableRow{cells: []string{u.Email, u.Description, u.ID, describeTechnicalUserRoles(u, groups), madeFor(u), minute(u.CreatedAt), technicalUserStatus(u)}}
		if !u.Enabled {
			row.colors = text.Colors{text.Faint}
		}
		view.rows = append(view.rows, row)
	}
	return view
}

// describeTechnicalUserRoles writes the roles of a technical user as those of a token are written.
func describeTechnicalUserRoles(u tokens.TechnicalUser, groups groupNames) string {
	if u.GroupID == "" {
		return groups.describe(u.Grants)
	}
	return groups.describe(tokens.Grants{Role: tokens.RoleNone, GroupRoles: []tokens.GroupRole{{GroupID: u.GroupID, Role: cmp.Or(u.Role, tokens.RoleNone)}}})
}

// madeFor tells technical users of people from those that the system made.
func madeFor(u tokens.TechnicalUser) string {
	if u.SystemCreated {
		return "one token"
	}
	return "any tokens"
}

func technicalUserStatus(u tokens.TechnicalUser) string {
	if u.Enabled {
		return "enabled"
	}
	return "disabled"
}
