package httpapi

import (
	"context"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// groupSettings are what people set on a group.
type groupSettings struct {
	Name        string `json:"name" jsonschema:"Unique in the organization: lower-case letters, digits and hyphens."`
	Description string `json:"description,omitempty" jsonschema:"What the group is for."`
}

func groupSettingsOf(s tokens.GroupSettings) groupSettings {
	return groupSettings{Name: s.Name, Description: s.Description}
}

func (s groupSettings) domain() tokens.GroupSettings {
	return tokens.GroupSettings{Name: s.Name, Description: s.Description}
}

// group is a part of the organization.
type group struct {
	ID string `json:"id"`
	groupSettings
	CreatedAt instant `json:"created_at"`
	UpdatedAt instant `json:"updated_at"`
}

func groupOf(g tokens.Group) group {
	return group{g.ID, groupSettingsOf(g.GroupSettings), instant{g.CreatedAt}, instant{g.UpdatedAt}}
}

func (g group) domain() (tokens.Group, error) {
	return tokens.Group{
		ID: g.ID, GroupSettings: g.groupSettings.domain(), CreatedAt: g.CreatedAt.Time, UpdatedAt: g.UpdatedAt.Time,
	}, nil
}

type (
	groupCreation struct {
		tokens.Request `key:""`
		Settings       groupSettings `body:""`
	}
	groupChange struct {
		ID     string                                     `path:"id"`
		Update patch[groupSettings, tokens.GroupSettings] `body:""`
	}
)

// The operations on groups.
var (
	createGroup = operation[groupCreation, group]{
		"POST", "/v1/groups", "createGroup", "Create a group", true,
	}
	showGroup = operation[idInput, group]{
		"GET", "/v1/groups/{id}", "showGroup", "Show a group", false,
	}
	listGroups = operation[pageInput, page[group]]{
		"GET", "/v1/groups", "listGroups", "List the groups by name", false,
	}
	updateGroup = operation[groupChange, group]{
		"PATCH", "/v1/groups/{id}", "updateGroup", "Change a group", false,
	}
	deleteGroup = operation[idInput, nothing]{
		"DELETE", "/v1/groups/{id}", "deleteGroup", "Delete a group and the roles held in it", false,
	}
)

// groupEndpoints are what a server does for groups.
func groupEndpoints() []endpoint {
	return []endpoint{
		served(createGroup, func(ctx context.Context, b tokens.Backend, in groupCreation) (group, error) {
			return answered(groupOf)(b.CreateGroup(ctx, tokens.NewGroup{Request: in.Request, GroupSettings: in.Settings.domain()}))
		}),
		served(showGroup, func(ctx context.Context, b tokens.Backend, in idInput) (group, error) {
			return answered(groupOf)(b.Group(ctx, in.ID))
		}),
		served(listGroups, func(ctx context.Context, b tokens.Backend, in pageInput) (page[group], error) {
			return pageOf(in, groupOf, func(g tokens.Group) string { return g.Name })(b.Groups(ctx))
		}),
		served(updateGroup, func(ctx context.Context, b tokens.Backend, in groupChange) (group, error) {
			return answered(groupOf)(b.UpdateGroup(ctx, in.ID, in.Update.domain()))
		}),
		served(deleteGroup, func(ctx context.Context, b tokens.Backend, in idInput) (nothing, error) {
			return nothing{}, b.DeleteGroup(ctx, in.ID)
		}),
	}
}

// CreateGroup implements tokens.Backend.
func (c *Client) CreateGroup(ctx context.Context, n tokens.NewGroup) (tokens.Group, error) {
	return received(group.domain)(ask(ctx, c, createGroup, groupCreation{n.Request, groupSettingsOf(n.GroupSettings)}))
}

// Group implements tokens.Backend.
func (c *Client) Group(ctx context.Context, id string) (tokens.Group, error) {
	return received(group.domain)(ask(ctx, c, showGroup, idInput{id}))
}

// Groups implements tokens.Backend.
func (c *Client) Groups(ctx context.Context) ([]tokens.Group, error) {
	return askForAll(ctx, c, listGroups, unfiltered, group.domain)
}

// UpdateGroup implements tokens.Backend.
func (c *Client) UpdateGroup(ctx context.Context, id string, u tokens.GroupUpdate) (tokens.Group, error) {
	return received(group.domain)(ask(ctx, c, updateGroup, groupChange{id, patchOf(u, groupSettingsOf)}))
}

// DeleteGroup implements tokens.Backend.
func (c *Client) DeleteGroup(ctx context.Context, id string) error {
	return end(ctx, c, deleteGroup, idInput{id})
}
