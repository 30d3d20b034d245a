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
	Search string   `help:"Only technical users whose name, description or e-mail address contains this text, in any case." placeholder:"TEXT"`
	Group  groupRef `help:"Only those at the level of one group." placeholder:"NAME|ID"`
	JSON   bool     `name:"json" help:"Answer in JSON, for programs."`
}

// technicalUserDocument is a technical user in --json output. Its names are those of the Terraform attributes. What is
// not set is null.
type technicalUserDocument struct {
	ID          string  `json:"id"`
	Name        string  `json:"name"`
	Email       string  `json:"email"`
	Description string  `json:"description"`
	GroupID     *string `json:"group_id"`
	accountRolesDocument
	Enabled       bool          `json:"enabled"`
	Disabled      *stopDocument `json:"disabled"`
	SystemCreated bool          `json:"system_created"`
	CreatedAt     *string       `json:"created_at"`
	UpdatedAt     *string       `json:"updated_at"`
}

func newTechnicalUserDocument(u tokens.TechnicalUser) technicalUserDocument {
	return technicalUserDocument{
		ID:                   u.ID,
		Name:                 u.Name,
		Email:                u.Email,
		Description:          u.Description,
		GroupID:              textOrNull(u.GroupID),
		accountRolesDocument: newAccountRolesDocument(u.Grants),
		Enabled:              u.Enabled,
		Disabled:             newStopDocument(u.Disabled),
		SystemCreated:        u.SystemCreated,
		CreatedAt:            instantOrNull(u.CreatedAt),
		UpdatedAt:            instantOrNull(u.UpdatedAt),
	}
}

// Run lists the technical users that the flags select, ordered by address.
func (c *technicalUserList) Run(ctx context.Context, app *app) error {
	return app.withBackend(func(backend tokens.Backend) error {
		users, err := c.users(ctx, app, backend)
		if err != nil {
			return fmt.Errorf("unable to list the technical users: %w", err)
		}
		if c.JSON {
			return app.printJSON(documentsOf(users, newTechnicalUserDocument))
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

func (c *technicalUserList) users(ctx context.Context, app *app, backend tokens.Backend) ([]tokens.TechnicalUser, error) {
	groupID, err := app.findGroup(lookingFor(ctx, tokens.ActionTechnicalUserList, ""), backend, c.Group)
	if err != nil {
		return nil, err
	}
	users, err := backend.TechnicalUsers(ctx)
	search := tokens.Folded(c.Search)
	return slices.DeleteFunc(users, func(u tokens.TechnicalUser) bool {
		text := tokens.Folded(u.Name + "\n" + u.Description + "\n" + u.Email)
		return groupID != "" && u.GroupID != groupID || !strings.Contains(text, search)
	}), err
}

// newTechnicalUserTable lays technical users out in columns. Disabled ones are faint.
func newTechnicalUserTable(users []tokens.TechnicalUser, groups groupNames) tableView {
	view := tableView{
		headers:  []string{"E-MAIL", "DESCRIPTION", "ID", "ROLE", "MADE FOR", "CREATED", "STATUS"},
		freeText: []string{"DESCRIPTION"},
	}
	for _, u := range users {
		row := tableRow{cells: []string{
			u.Email, u.Description, u.ID, describeTechnicalUserRoles(u, groups), madeFor(u), minute(u.CreatedAt),
			technicalUserStatus(u),
		}}
		if !u.Enabled {
			row.colors = text.Colors{text.Faint}
		}
		view.rows = append(view.rows, row)
	}
	return view
}

// describeTechnicalUserRoles formats the roles of a technical user in the same way as those of a token.
func describeTechnicalUserRoles(u tokens.TechnicalUser, groups groupNames) string {
	if u.GroupID == "" {
		return groups.describe(u.Grants)
	}
	role := tokens.GroupRole{GroupID: u.GroupID, Role: cmp.Or(u.Role, tokens.RoleNone)}
	return groups.describe(tokens.Grants{Role: tokens.RoleNone, GroupRoles: []tokens.GroupRole{role}})
}

// madeFor distinguishes technical users that people made from those that the system made.
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

// technicalUserShow shows one technical user.
type technicalUserShow struct {
	TechnicalUser technicalUserRef `arg:"" name:"technical-user" help:"${technical_user_help}"`
	JSON          bool             `name:"json" help:"Answer in JSON, for programs."`
}

// shownTechnicalUserDocument is the answer of technical-user show in --json output.
type shownTechnicalUserDocument struct {
	technicalUserDocument
	// AccessTokenIDs are the tokens that belong to it and that the caller may show.
	AccessTokenIDs []string `json:"access_token_ids"`
}

// Run shows everything that is known about the technical user, and its tokens.
func (c *technicalUserShow) Run(ctx context.Context, app *app) error {
	return app.withBackend(func(backend tokens.Backend) error {
		user, list, err := c.read(ctx, app, backend)
		if err != nil {
			return fmt.Errorf("unable to show technical user %s: %w", c.TechnicalUser, err)
		}
		if c.JSON {
			return app.printJSON(shownTechnicalUserDocument{
				technicalUserDocument: newTechnicalUserDocument(user),
				AccessTokenIDs:        documentsOf(list, func(t tokens.AccessToken) string { return t.ID }),
			})
		}
		groups, err := readGroupNames(ctx, backend)
		if err != nil {
			return err
		}
		return app.printTable(newTechnicalUserCard(user, list, groups))
	})
}

func (c *technicalUserShow) read(ctx context.Context, app *app, backend tokens.Backend) (
	user tokens.TechnicalUser, list []tokens.AccessToken, err error,
) {
	id, err := app.findTechnicalUser(ctx, backend, c.TechnicalUser)
	if err != nil {
		return user, nil, err
	}
	if user, err = backend.TechnicalUser(ctx, id); err != nil {
		return user, nil, err
	}
	page, err := backend.AccessTokens(ctx, tokens.TokenQuery{TechnicalUserID: id})
	return user, page.AccessTokens, err
}

// newTechnicalUserCard lays out one technical user, one property per row.
func newTechnicalUserCard(u tokens.TechnicalUser, list []tokens.AccessToken, groups groupNames) tableView {
	var view tableView
	add := func(label, value string) {
		view.rows = append(view.rows, tableRow{cells: []string{label, value}})
	}
	add("E-mail", u.Email)
	add("Name", u.Name)
	add("ID", u.ID)
	add("Description", cmp.Or(u.Description, "None"))
	add("Status", technicalUserStatus(u))
	if u.Disabled != nil {
		add("Disabled", stopped(u.Disabled))
	}
	if u.GroupID != "" {
		add("Group", groups.name(u.GroupID))
	}
	add("Role", describeTechnicalUserRoles(u, groups))
	add("Made for", madeFor(u))
	add("Created", minute(u.CreatedAt))
	add("Updated", minute(u.UpdatedAt))
	for _, t := range list {
		add("Access token", fmt.Sprintf("%s (%s), %s", t.Name, t.ID, t.Status))
	}
	return view
}

// technicalUserDisable turns off technical users, and with them all of their tokens.
type technicalUserDisable struct {
	TechnicalUsers []technicalUserRef `arg:"" name:"technical-user" help:"${technical_users_help}"`
}

// Run disables the technical users.
func (c *technicalUserDisable) Run(ctx context.Context, app *app) error {
	return app.switchTechnicalUsers(ctx, c.TechnicalUsers, false, "disable")
}

// technicalUserEnable turns on technical users.
type technicalUserEnable struct {
	TechnicalUsers []technicalUserRef `arg:"" name:"technical-user" help:"${technical_users_help}"`
}

// Run enables the technical users.
func (c *technicalUserEnable) Run(ctx context.Context, app *app) error {
	return app.switchTechnicalUsers(ctx, c.TechnicalUsers, true, "enable")
}

// switchTechnicalUsers disables or enables technical users and says so.
func (a *app) switchTechnicalUsers(ctx context.Context, refs []technicalUserRef, enabled bool, verb string) error {
	switched := 0
	err := a.withBackend(func(backend tokens.Backend) error {
		return a.each(len(refs), func(i int) error {
			err := a.switchTechnicalUser(ctx, backend, refs[i], enabled)
			if err != nil {
				return fmt.Errorf("unable to %s technical user %s: %w", verb, refs[i], err)
			}
			switched++
			return nil
		})
	})
	if switched > 0 && !enabled {
		a.note("The next apply of a configuration that declares this technical user sets it back to what is written there. " +
			"No apply lifts a hold (latchkey token hold).")
	}
	return err
}

func (a *app) switchTechnicalUser(
	ctx context.Context, backend tokens.Backend, ref technicalUserRef, enabled bool,
) error {
	action := tokens.ActionTechnicalUserDisable
	if enabled {
		action = tokens.ActionTechnicalUserEnable
	}
	id, err := a.findTechnicalUser(lookingFor(ctx, action, ""), backend, ref)
	if err != nil {
		return err
	}
	before, err := backend.TechnicalUser(lookingFor(ctx, action, id), id)
	if err != nil { // whoever may not show it may not switch it either
		return err
	}
	user, err := backend.UpdateTechnicalUser(ctx, id, tokens.TechnicalUserUpdate{
		Settings: tokens.TechnicalUserSettings{Enabled: enabled}, Fields: tokens.Fields{"enabled"},
	})
	if err != nil {
		return err
	}
	done := fmt.Sprintf("%s technical user %s (%s)", switched(enabled, before.Enabled == enabled), user.Email, user.ID)
	if !enabled {
		done += " and all of its access tokens"
	}
	return a.printLine(tokens.Cleaned(done))
}
