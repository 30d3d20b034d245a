package httpapi

import (
	"context"
	"slices"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// technicalUserSettings are what people set on a technical user.
type technicalUserSettings struct {
	Name        string `json:"name" jsonschema:"Unique at its level: lower-case letters, digits and hyphens."`
	Description string `json:"description,omitempty" jsonschema:"What the account is for."`
	grants
	Enabled bool `json:"enabled" jsonschema:"Whether its access tokens work; true by default."`
}

func technicalUserSettingsOf(s tokens.TechnicalUserSettings) technicalUserSettings {
	return technicalUserSettings{s.Name, s.Description, grantsOf(s.Grants), s.Enabled}
}

func (s technicalUserSettings) domain() tokens.TechnicalUserSettings {
	return tokens.TechnicalUserSettings{
		Name: s.Name, Description: s.Description, Grants: s.granted(), Enabled: s.Enabled,
	}
}

func (s *technicalUserSettings) preset() { s.Role, s.Enabled = tokens.DefaultRole, true }

// technicalUser is a system account.
type technicalUser struct {
	ID string `json:"id"`
	technicalUserSettings
	Email         string  `json:"email" jsonschema:"Made of the names at the time of creation; it never changes."`
	GroupID       *string `json:"group_id" jsonschema:"The group that the account belongs to; null at organization level."`
	Disabled      *stop   `json:"disabled" jsonschema:"Who disabled the account; null while it is enabled."`
	SystemCreated bool    `json:"system_created" jsonschema:"Whether it was made for one access token, and is deleted with it."`
	CreatedAt     instant `json:"created_at"`
	UpdatedAt     instant `json:"updated_at"`
}

func technicalUserOf(u tokens.TechnicalUser) technicalUser {
	return technicalUser{
		u.ID, technicalUserSettingsOf(u.TechnicalUserSettings), u.Email, textOrNull(u.GroupID), stopOf(u.Disabled),
		u.SystemCreated, instant{u.CreatedAt}, instant{u.UpdatedAt},
	}
}

func (u technicalUser) domain() (tokens.TechnicalUser, error) {
	return tokens.TechnicalUser{
		ID: u.ID, TechnicalUserSettings: u.technicalUserSettings.domain(), Email: u.Email, GroupID: textOrEmpty(u.GroupID),
		Disabled: u.Disabled.domain(), SystemCreated: u.SystemCreated, CreatedAt: u.CreatedAt.Time, UpdatedAt: u.UpdatedAt.Time,
	}, nil
}

// newTechnicalUser is the body of a creation.
type newTechnicalUser struct {
	GroupID string `json:"group_id,omitempty" jsonschema:"The group that the account belongs to; absent for organization level."`
	technicalUserSettings
}

type (
	technicalUserCreation struct {
		tokens.Request `key:""`
		User           newTechnicalUser `body:""`
	}
	technicalUserSelection struct {
		Search  string `query:"search" jsonschema:"A text in the name, description or e-mail address, in any case."`
		GroupID string `query:"group_id" jsonschema:"The group to which the technical users belong."`
		pageInput
	}
	technicalUserByEmail struct {
		Email string `query:"email" jsonschema:"The e-mail address, in any case."`
	}
	technicalUserChange struct {
		ID     string                                                     `path:"id"`
		Update patch[technicalUserSettings, tokens.TechnicalUserSettings] `body:""`
	}
)

// The operations on technical users.
var (
	createTechnicalUser = operation[technicalUserCreation, technicalUser]{
		"POST", "/v1/technical-users", "createTechnicalUser", "Create a technical user", true,
	}
	showTechnicalUser = operation[idInput, technicalUser]{
		"GET", "/v1/technical-users/{id}", "showTechnicalUser", "Show a technical user", false,
	}
	findTechnicalUser = operation[technicalUserByEmail, technicalUser]{
		"GET", "/v1/technical-user-by-email", "findTechnicalUser", "Show the technical user with an e-mail address", false,
	}
	listTechnicalUsers = operation[technicalUserSelection, page[technicalUser]]{
		"GET", "/v1/technical-users", "listTechnicalUsers",
		"List the technical users that the caller manages, by e-mail address", false,
	}
	updateTechnicalUser = operation[technicalUserChange, technicalUser]{
		"PATCH", "/v1/technical-users/{id}", "updateTechnicalUser", "Change a technical user", false,
	}
	deleteTechnicalUser = operation[idInput, nothing]{
		"DELETE", "/v1/technical-users/{id}", "deleteTechnicalUser", "Delete a technical user that has no access tokens", false,
	}
)

// technicalUserEndpoints are what a server does for technical users.
func technicalUserEndpoints() []endpoint {
	return []endpoint{
		served(createTechnicalUser, func(
			ctx context.Context, b tokens.Backend, in technicalUserCreation,
		) (technicalUser, error) {
			return answered(technicalUserOf)(b.CreateTechnicalUser(ctx, tokens.NewTechnicalUser{
				Request: in.Request, GroupID: in.User.GroupID, TechnicalUserSettings: in.User.domain(),
			}))
		}),
		served(showTechnicalUser, func(ctx context.Context, b tokens.Backend, in idInput) (technicalUser, error) {
			return answered(technicalUserOf)(b.TechnicalUser(ctx, in.ID))
		}),
		served(findTechnicalUser, func(
			ctx context.Context, b tokens.Backend, in technicalUserByEmail,
		) (technicalUser, error) {
			return answered(technicalUserOf)(b.TechnicalUserWithEmail(ctx, in.Email))
		}),
		served(listTechnicalUsers, func(
			ctx context.Context, b tokens.Backend, in technicalUserSelection,
		) (page[technicalUser], error) {
			if in.GroupID != "" {
				if err := tokens.ValidateID("group_id", tokens.KindGroup, in.GroupID); err != nil {
					return page[technicalUser]{}, err
				}
			}
			all, err := b.TechnicalUsers(ctx)
			all = slices.DeleteFunc(all, func(u tokens.TechnicalUser) bool {
				return in.GroupID != "" && u.GroupID != in.GroupID || !u.Mentions(in.Search)
			})
			key := func(u tokens.TechnicalUser) string { return u.Email }
			return pageOf(in.pageInput, technicalUserOf, key)(all, err)
		}),
		served(updateTechnicalUser, func(
			ctx context.Context, b tokens.Backend, in technicalUserChange,
		) (technicalUser, error) {
			return answered(technicalUserOf)(b.UpdateTechnicalUser(ctx, in.ID, in.Update.domain()))
		}),
		served(deleteTechnicalUser, func(ctx context.Context, b tokens.Backend, in idInput) (nothing, error) {
			return nothing{}, b.DeleteTechnicalUser(ctx, in.ID)
		}),
	}
}

// CreateTechnicalUser implements tokens.Backend.
func (c *Client) CreateTechnicalUser(ctx context.Context, n tokens.NewTechnicalUser) (tokens.TechnicalUser, error) {
	body := newTechnicalUser{n.GroupID, technicalUserSettingsOf(n.TechnicalUserSettings)}
	return received(technicalUser.domain)(ask(ctx, c, createTechnicalUser, technicalUserCreation{n.Request, body}))
}

// TechnicalUser implements tokens.Backend.
func (c *Client) TechnicalUser(ctx context.Context, id string) (tokens.TechnicalUser, error) {
	return received(technicalUser.domain)(ask(ctx, c, showTechnicalUser, idInput{id}))
}

// TechnicalUserWithEmail implements tokens.Backend.
func (c *Client) TechnicalUserWithEmail(ctx context.Context, email string) (tokens.TechnicalUser, error) {
	return received(technicalUser.domain)(ask(ctx, c, findTechnicalUser, technicalUserByEmail{email}))
}

// TechnicalUsers implements tokens.Backend.
func (c *Client) TechnicalUsers(ctx context.Context) ([]tokens.TechnicalUser, error) {
	return askForAll(ctx, c, listTechnicalUsers,
		func(p pageInput) technicalUserSelection { return technicalUserSelection{pageInput: p} }, technicalUser.domain)
}

// UpdateTechnicalUser implements tokens.Backend.
func (c *Client) UpdateTechnicalUser(
	ctx context.Context, id string, u tokens.TechnicalUserUpdate,
) (tokens.TechnicalUser, error) {
	return received(technicalUser.domain)(ask(ctx, c, updateTechnicalUser,
		technicalUserChange{id, patchOf(u, technicalUserSettingsOf)}))
}

// DeleteTechnicalUser implements tokens.Backend.
func (c *Client) DeleteTechnicalUser(ctx context.Context, id string) error {
	return end(ctx, c, deleteTechnicalUser, idInput{id})
}
