package httpapi

import (
	"context"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// newAccessToken is the body of a creation.
type newAccessToken struct {
	newSecret
	TechnicalUserID string `json:"technical_user_id,omitempty" jsonschema:"The technical user that the token belongs to; left out, the system makes one for it."`
	GroupID         string `json:"group_id,omitempty" jsonschema:"The group of the technical user that the system makes; left out for organization level."`
	MemberID        string `json:"member_id,omitempty" jsonschema:"The member to whom a personal token belongs. It excludes technical_user_id and group_id."`
	Ephemeral       bool   `json:"ephemeral,omitempty" jsonschema:"Makes the token for one run: of an existing technical user, with an expires_at within 24 hours, and left out of lists. Its creation deletes the expired ephemeral tokens of that technical user. False by default."`
	accessTokenSettings
}

// revealed returns the body as the client sends it.
func (n newAccessToken) revealed() any {
	return struct {
		newAccessToken
		Token *string `json:"token"`
	}{n, n.Token.revealed()}
}

// domain returns the input of the creation. CodeInvalid.
func (n newAccessToken) domain(r tokens.Request) (created tokens.NewAccessToken, err error) {
	created.TechnicalUserID, created.GroupID, created.MemberID = n.TechnicalUserID, n.GroupID, n.MemberID
	created.Ephemeral = n.Ephemeral
	created.Settings = n.accessTokenSettings.domain()
	created.NewSecretFor, err = n.newSecret.domain(r)
	return created, err
}

// createdAccessToken is the answer to a creation.
type createdAccessToken struct {
	accessToken
	Token     secretValue   `json:"token" jsonschema:"The value, where the server made it: it is shown here and never again. Else null."`
	Namesakes []accessToken `json:"namesakes" jsonschema:"Tokens with the same name that were never used, which an interrupted run may have left over."`
}

// revealed returns the answer as the server sends it.
func (c createdAccessToken) revealed() any {
	return struct {
		createdAccessToken
		Token *string `json:"token"`
	}{c, c.Token.revealed()}
}

func (c createdAccessToken) domain() (created tokens.CreatedAccessToken, err error) {
	if created.AccessToken, err = c.accessToken.domain(); err != nil {
		return created, err
	}
	for _, namesake := range c.Namesakes {
		t, err := namesake.domain()
		if err != nil {
			return created, err
		}
		created.Namesakes = append(created.Namesakes, t)
	}
	return created, nil
}

type (
	accessTokenCreation struct {
		tokens.Request `key:""`
		Token          newAccessToken `body:""`
	}
	accessTokenChange struct {
		ID     string                                      `path:"id"`
		Update patch[accessTokenSettings, tokens.Settings] `body:""`
	}
)

// The operations on access tokens; others stand with their subjects.
var (
	createAccessToken = operation[accessTokenCreation, createdAccessToken]{
		"POST", "/v1/access-tokens", "createAccessToken", "Create an access token", true,
	}
	showAccessToken = operation[idInput, accessToken]{
		"GET", "/v1/access-tokens/{id}", "showAccessToken", "Show an access token", false,
	}
	updateAccessToken = operation[accessTokenChange, accessToken]{
		"PATCH", "/v1/access-tokens/{id}", "updateAccessToken", "Change the settings of an access token", false,
	}
	deleteAccessToken = operation[idInput, nothing]{
		"DELETE", "/v1/access-tokens/{id}", "deleteAccessToken",
		"Delete an access token for good, with its shares and the technical user that the system made for it", false,
	}
)

// accessTokenEndpoints are what a server does for access tokens.
func accessTokenEndpoints() []endpoint {
	return []endpoint{
		served(createAccessToken, func(
			ctx context.Context, b tokens.Backend, in accessTokenCreation,
		) (answer createdAccessToken, err error) {
			wanted, err := in.Token.domain(in.Request)
			if err != nil {
				return answer, err
			}
			created, err := b.CreateAccessToken(ctx, wanted)
			if err != nil {
				return answer, err
			}
			answer = createdAccessToken{accessToken: accessTokenOf(created.AccessToken), Token: shown(wanted.NewSecretFor)}
			answer.Namesakes = make([]accessToken, len(created.Namesakes))
			for i, namesake := range created.Namesakes {
				answer.Namesakes[i] = accessTokenOf(namesake)
			}
			return answer, nil
		}),
		served(showAccessToken, func(ctx context.Context, b tokens.Backend, in idInput) (accessToken, error) {
			return answered(accessTokenOf)(b.AccessToken(ctx, in.ID))
		}),
		served(updateAccessToken, func(ctx context.Context, b tokens.Backend, in accessTokenChange) (accessToken, error) {
			update := in.Update.domain()
			return answered(accessTokenOf)(b.UpdateAccessToken(ctx, in.ID,
				tokens.AccessTokenUpdate{Settings: update.Settings, Fields: update.Fields}))
		}),
		served(deleteAccessToken, func(ctx context.Context, b tokens.Backend, in idInput) (nothing, error) {
			return nothing{}, b.DeleteAccessToken(ctx, in.ID)
		}),
	}
}

// CreateAccessToken implements tokens.Backend.
func (c *Client) CreateAccessToken(ctx context.Context, n tokens.NewAccessToken) (tokens.CreatedAccessToken, error) {
	body := newAccessToken{
		newSecret: newSecret{Token: given(n.Secret)}, TechnicalUserID: n.TechnicalUserID, GroupID: n.GroupID,
		MemberID: n.MemberID, Ephemeral: n.Ephemeral,
		accessTokenSettings: accessTokenSettingsOf(n.WithDefaults().Settings),
	}
	return received(createdAccessToken.domain)(ask(ctx, c, createAccessToken, accessTokenCreation{n.Request, body}))
}

// AccessToken implements tokens.Backend.
func (c *Client) AccessToken(ctx context.Context, id string) (tokens.AccessToken, error) {
	return received(accessToken.domain)(ask(ctx, c, showAccessToken, idInput{id}))
}

// UpdateAccessToken implements tokens.Backend.
func (c *Client) UpdateAccessToken(
	ctx context.Context, id string, u tokens.AccessTokenUpdate,
) (tokens.AccessToken, error) {
	if u.Regeneration != nil {
		return c.regenerate(ctx, id, u)
	}
	settings := patchOf(tokens.Update[tokens.Settings]{Settings: u.Settings, Fields: u.Fields}, accessTokenSettingsOf)
	return received(accessToken.domain)(ask(ctx, c, updateAccessToken, accessTokenChange{id, settings}))
}

// DeleteAccessToken implements tokens.Backend.
func (c *Client) DeleteAccessToken(ctx context.Context, id string) error {
	return end(ctx, c, deleteAccessToken, idInput{id})
}
