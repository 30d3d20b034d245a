package cli

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// technicalUserList lists technical users.
type technicalUserList struct {
	Search  string   `help:"Only technical users whose name, description or e-mail address contains this text, in any case." placeholder:"TEXT"`
	Group   groupRef `help:"Only those at the level of one group." placeholder:"NAME|ID"`
	Columns []string `help:"Show these columns, in this order: ${technical_user_columns}." placeholder:"COLUMN" values:"technical-user-columns"`
	listFlags
}

// listedTechnicalUser is a technical user in the list, with the names of the groups.
type listedTechnicalUser struct {
	tokens.TechnicalUser
	groups groupNames
}

// technicalUserListing is how technical users are listed. Disabled ones are faint.
var technicalUserListing = listing[listedTechnicalUser]{
	fields: []field[listedTechnicalUser]{
		{name: "email", title: "E-mail", rank: 1, value: func(u listedTechnicalUser) value { return textValue(u.Email) }},
		{name: "name", title: "Name", rank: onRequest, value: func(u listedTechnicalUser) value { return textValue(u.Name) }},
		{
			name: "description", title: "Description", rank: 6, fit: cutOff,
			value: func(u listedTechnicalUser) value { return writtenValue(u.Description) },
		},
		{name: "id", title: "ID", rank: 4, value: func(u listedTechnicalUser) value { return textValue(u.ID) }},
		{
			name: "group_id", title: "Group", rank: wideOnly,
			value: func(u listedTechnicalUser) value { return textValue(u.GroupID) },
		},
		{
			name: "role", title: "Role", rank: 2, fit: cutOff,
			value: func(u listedTechnicalUser) value {
				return textValue(cmp.Or(u.Role, tokens.RoleNone)).as(u.groups.describe(technicalUserGrants(u.TechnicalUser)))
			},
		},
		{
			name: "group_roles", title: "Group roles", rank: onRequest,
			value: func(u listedTechnicalUser) value { return u.groups.groupRoles(u.Grants) },
		},
		{
			name: "system_created", title: "Made for", rank: 5,
			value: func(u listedTechnicalUser) value { return boolValue(u.SystemCreated).as(madeFor(u.TechnicalUser)) },
		},
		{
			name: "created_at", title: "Created", rank: 3,
			value: func(u listedTechnicalUser) value { return instantValue(u.CreatedAt) },
		},
		{
			name: "updated_at", title: "Updated", rank: wideOnly,
			value: func(u listedTechnicalUser) value { return instantValue(u.UpdatedAt) },
		},
		{
			name: "enabled", title: "Status", rank: 1,
			value: func(u listedTechnicalUser) value {
				return boolValue(u.Enabled).as(technicalUserStatus(u.TechnicalUser))
			},
		},
		{
			name: "disabled", title: "Disabled", rank: onRequest,
			value: func(u listedTechnicalUser) value { return stopValue(u.Disabled) },
		},
	},
	style: func(u listedTechnicalUser) style {
		if u.Enabled {
			return plain
		}
		return faint
	},
}

// Run lists the technical users that the flags select, ordered by address.
func (c *technicalUserList) Run(ctx context.Context, app *app) error {
	columns, err := technicalUserListing.selected(c.Columns)
	if err != nil {
		return err
	}
	return app.withBackend(func(backend tokens.Backend) error {
		users, err := c.users(ctx, app, backend)
		if err != nil {
			return fmt.Errorf("unable to list the technical users: %w", err)
		}
		groups, err := groupNamesOf(ctx, backend, documentsOf(users, technicalUserGrants)...)
		if err != nil {
			return err
		}
		list := documentsOf(users, func(u tokens.TechnicalUser) listedTechnicalUser { return listedTechnicalUser{u, groups} })
		return printList(app, technicalUserListing, columns, c.listFlags, list, "There are no such technical users.")
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

// technicalUserGrants returns the roles of a technical user in the same way as those of a token: the role of one at the
// level of a group is a role in that group.
func technicalUserGrants(u tokens.TechnicalUser) tokens.Grants {
	if u.GroupID == "" {
		return u.Grants
	}
	role := tokens.GroupRole{GroupID: u.GroupID, Role: cmp.Or(u.Role, tokens.RoleNone)}
	return tokens.Grants{Role: tokens.RoleNone, GroupRoles: []tokens.GroupRole{role}}
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

// Run shows everything that is known about the technical user, and its tokens.
func (c *technicalUserShow) Run(ctx context.Context, app *app) error {
	return app.withBackend(func(backend tokens.Backend) error {
		user, list, err := c.read(ctx, app, backend)
		if err != nil {
			return fmt.Errorf("unable to show technical user %s: %w", c.TechnicalUser, err)
		}
		groups, err := groupNamesOf(ctx, backend, technicalUserGrants(user))
		if err != nil {
			return err
		}
		if c.JSON {
			ids := documentsOf(list, func(t tokens.AccessToken) string { return t.ID })
			document := documentOf(technicalUserListing.fields, listedTechnicalUser{user, groups})
			return app.printJSON(append(document, documentField{"access_token_ids", ids}))
		}
		return app.printTable(app.technicalUserCard(user, list, groups))
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
	page, err := backend.AccessTokens(ctx, tokens.TokenQuery{TechnicalUserID: id, Ephemeral: true})
	return user, page.AccessTokens, err
}

// technicalUserCard lays out one technical user, one property per row.
func (a *app) technicalUserCard(u tokens.TechnicalUser, list []tokens.AccessToken, groups groupNames) tableView {
	view := newCard()
	add := func(label, value string) {
		view.rows = append(view.rows, tableRow{cells: []string{label, value}})
	}
	add("E-mail", u.Email)
	add("Name", u.Name)
	add("ID", u.ID)
	add("Description", cmp.Or(u.Description, "None"))
	add("Status", technicalUserStatus(u))
	if u.Disabled != nil {
		add("Disabled", a.stopped(u.Disabled))
	}
	if u.GroupID != "" {
		add("Group", groups.name(u.GroupID))
	}
	add("Role", groups.describe(technicalUserGrants(u)))
	add("Made for", madeFor(u))
	add("Created", a.instant(u.CreatedAt))
	add("Updated", a.instant(u.UpdatedAt))
	for _, t := range list {
		add("Access token", fmt.Sprintf("%s (%s), %s", t.Name, t.ID, t.Status))
	}
	return view
}

// technicalUserDisable turns off technical users, and with them all of their tokens.
type technicalUserDisable struct {
	technicalUsersArgument
}

// Run disables the technical users.
func (c *technicalUserDisable) Run(ctx context.Context, app *app) error {
	return app.switchTechnicalUsers(ctx, c.TechnicalUsers, false, "disable")
}

// technicalUserEnable turns on technical users.
type technicalUserEnable struct {
	technicalUsersArgument
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
