package httpapi

import (
	"context"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// hold is the body of a hold.
type hold struct {
	Reason string `json:"reason" jsonschema:"Why the token is held. People will read it."`
}

type accessTokenHold struct {
	ID   string `path:"id"`
	Hold hold   `body:""`
}

type secretRetirement struct {
	ID              string `path:"id"`
	ExpectedVersion *int64 `query:"expected_version" jsonschema:"The version of the current secret; another one is a conflict. Left out, any version may be current."`
}

// The operations that stop an access token, or what is left of its previous secret.
var (
	holdAccessToken = operation[accessTokenHold, accessToken]{
		"POST", "/v1/access-tokens/{id}/hold", "holdAccessToken", "Stop an access token until it is released", false,
	}
	releaseAccessToken = operation[idInput, accessToken]{
		"POST", "/v1/access-tokens/{id}/release", "releaseAccessToken", "End the hold of an access token", false,
	}
	retirePreviousSecret = operation[secretRetirement, accessToken]{
		"POST", "/v1/access-tokens/{id}/retire-previous-secret", "retirePreviousSecret",
		"End the previous secret of an access token within its grace period", false,
	}
)

// accessTokenStopEndpoints are what a server does to stop access tokens.
func accessTokenStopEndpoints() []endpoint {
	return []endpoint{
		served(holdAccessToken, func(ctx context.Context, b tokens.Backend, in accessTokenHold) (accessToken, error) {
			return answered(accessTokenOf)(b.HoldAccessToken(ctx, in.ID, in.Hold.Reason))
		}),
		served(releaseAccessToken, func(ctx context.Context, b tokens.Backend, in idInput) (accessToken, error) {
			return answered(accessTokenOf)(b.ReleaseAccessToken(ctx, in.ID))
		}),
		served(retirePreviousSecret, func(ctx context.Context, b tokens.Backend, in secretRetirement) (accessToken, error) {
			expected, err := expectedVersion(in.ExpectedVersion)
			if err != nil {
				return accessToken{}, err
			}
			return answered(accessTokenOf)(b.RetirePreviousSecret(ctx, in.ID, expected))
		}),
	}
}

// HoldAccessToken implements tokens.Backend.
func (c *Client) HoldAccessToken(ctx context.Context, id, reason string) (tokens.AccessToken, error) {
	held := func(t tokens.AccessToken) bool { return t.Held != nil && t.Held.Reason == tokens.Normal(reason) }
	return askOnce(ctx, c, holdAccessToken, accessTokenHold{id, hold{reason}}, id, held)
}

// ReleaseAccessToken implements tokens.Backend.
func (c *Client) ReleaseAccessToken(ctx context.Context, id string) (tokens.AccessToken, error) {
	released := func(t tokens.AccessToken) bool { return t.Held == nil }
	return askOnce(ctx, c, releaseAccessToken, idInput{id}, id, released)
}

// RetirePreviousSecret implements tokens.Backend.
func (c *Client) RetirePreviousSecret(
	ctx context.Context, id string, expectedVersion int64,
) (tokens.AccessToken, error) {
	retired := func(t tokens.AccessToken) bool { return !t.Previous.IsLive(t.ObservedAt) }
	return askOnce(ctx, c, retirePreviousSecret, secretRetirement{id, expecting(expectedVersion)}, id, retired)
}

// askOnce is ask for an operation on an access token that is a conflict the second time. Where an answer was lost and the
// server then says that there is nothing to do, it was this client that did it, if the token is as it left it.
func askOnce[In any](
	ctx context.Context, c *Client, o operation[In, accessToken], in In, id string, isDone func(tokens.AccessToken) bool,
) (tokens.AccessToken, error) {
	document, lost, err := askLosing(ctx, c, o, in)
	if !lost || tokens.ErrorCode(err) != tokens.CodeConflict || tokens.ErrorReason(err) == tokens.ReasonVersionMovedOn {
		return received(accessToken.domain)(document, err)
	}
	// A list refuses nobody, so that no event tells of a look that nobody asked for.
	list, unlisted := c.AccessTokens(ctx, tokens.TokenQuery{ID: id})
	switch {
	case unlisted != nil:
		return tokens.AccessToken{}, unlisted
	case len(list.AccessTokens) == 0: // the caller may stop the token, but not know of it
		return tokens.AccessToken{ID: id}, nil
	case isDone(list.AccessTokens[0]):
		return list.AccessTokens[0], nil
	}
	return tokens.AccessToken{}, err
}
