package cli

import (
	"cmp"
	"context"
	"fmt"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// memberList lists the members.
type memberList struct {
	Columns []string `help:"Show these columns, in this order: ${member_columns}." placeholder:"COLUMN" values:"member-columns"`
	listFlags
}

// listedMember is a member in the list, with the names of the groups.
type listedMember struct {
	tokens.Member
	groups groupNames
}

// memberListing is how members are listed.
var memberListing = listing[listedMember]{fields: []field[listedMember]{
	{name: "email", title: "E-mail", rank: 1, value: func(m listedMember) value { return textValue(m.Email) }},
	{
		name: "name", title: "Name", rank: 3, fit: cutOff,
		value: func(m listedMember) value { return textValue(m.Name) },
	},
	{
		name: "role", title: "Role", rank: 1, fit: breakLines,
		value: func(m listedMember) value { return m.groups.role(m.Grants) },
	},
	{
		name: "group_roles", title: "Group roles", rank: onRequest,
		value: func(m listedMember) value { return m.groups.groupRoles(m.Grants) },
	},
	{name: "id", title: "ID", rank: 2, value: func(m listedMember) value { return textValue(m.ID) }},
	{
		name: "created_at", title: "Created", rank: 4,
		value: func(m listedMember) value { return instantValue(m.CreatedAt) },
	},
	{
		name: "updated_at", title: "Updated", rank: wideOnly,
		value: func(m listedMember) value { return instantValue(m.UpdatedAt) },
	},
}}

// role is the role of an account at its level. People see those in groups beside it, as role@group.
func (g groupNames) role(grants tokens.Grants) value {
	return textValue(cmp.Or(grants.Role, tokens.RoleNone)).as(g.describe(grants))
}

// groupRoles are the roles of an account in groups.
func (g groupNames) groupRoles(grants tokens.Grants) value {
	v := textValue(g.describe(tokens.Grants{Role: tokens.RoleNone, GroupRoles: grants.GroupRoles}))
	if len(grants.GroupRoles) == 0 {
		v = textValue("")
	}
	v.data = documentsOf(grants.GroupRoles, newGroupRoleDocument)
	return v
}

// Run lists all members by address.
func (c *memberList) Run(ctx context.Context, app *app) error {
	columns, err := memberListing.selected(c.Columns)
	if err != nil {
		return err
	}
	return app.withBackend(func(backend tokens.Backend) error {
		members, err := backend.Members(ctx)
		if err != nil {
			return fmt.Errorf("unable to list the members: %w", err)
		}
		grants := documentsOf(members, func(m tokens.Member) tokens.Grants { return m.Grants })
		groups, err := groupNamesOf(ctx, backend, grants...)
		if err != nil {
			return err
		}
		list := documentsOf(members, func(m tokens.Member) listedMember { return listedMember{m, groups} })
		return printList(app, memberListing, columns, c.listFlags, list, "There are no members.")
	})
}

// memberShow shows one member.
type memberShow struct {
	Member memberRef `arg:"" name:"member" help:"${member_help}"`
	JSON   bool      `name:"json" help:"Answer in JSON, for programs."`
}

// Run shows everything that is known about the member.
func (c *memberShow) Run(ctx context.Context, app *app) error {
	return app.withBackend(func(backend tokens.Backend) error {
		member, err := c.read(ctx, app, backend)
		if err != nil {
			return fmt.Errorf("unable to show member %s: %w", c.Member, err)
		}
		return printObject(app, memberListing, c.JSON, member)
	})
}

func (c *memberShow) read(ctx context.Context, app *app, backend tokens.Backend) (m listedMember, err error) {
	found, err := app.findMember(lookingFor(ctx, tokens.ActionMemberShow, ""), backend, c.Member)
	if err != nil {
		return m, err
	}
	if m.Member, err = backend.Member(ctx, found.ID); err != nil {
		return m, err
	}
	m.groups, err = groupNamesOf(ctx, backend, m.Grants)
	return m, err
}
