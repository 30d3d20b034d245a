package httpapi

import (
	"cmp"
	"context"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// regeneration is the body of a regeneration.
type regeneration struct {
	newSecret
	Reason          string                                      `json:"reason,omitempty" jsonschema:"trigger, drift, schedule, expired or, by default, requested."`
	ExpectedVersion *int64                                      `json:"expected_version,omitempty" jsonschema:"The version of the secret to replace; another one is a conflict. Left out, any version is replaced."`
	Grace           *grace                                      `json:"grace_period,omitempty" jsonschema:"Replaces the token's grace period for this regeneration."`
	Settings        patch[accessTokenSettings, tokens.Settings] `json:"settings" jsonschema:"Settings to change together with the secret."`
}

// expectedVersion returns the version of the secret that a request expects, zero for any. A number that no secret has guards
// nothing, and is refused. CodeInvalid.
func expectedVersion(version *int64) (int64, error) {
	switch {
	case version == nil:
		return 0, nil
	case *version < 1:
		return 0, tokens.Invalid("expected_version", "versions begin at 1: send the one that you expect, or leave it out")
	}
	return *version, nil
}

// expecting is how a request says what expectedVersion reads.
func expecting(version int64) *int64 {
	if version == 0 {
		return nil
	}
	return &version
}

// revealed returns the body as the client sends it.
func (r regeneration) revealed() any {
	return struct {
		regeneration
		Token *string `json:"token"`
	}{r, r.Token.revealed()}
}

// domain returns the update that the body asks for. CodeInvalid.
func (r regeneration) domain(request tokens.Request) (update tokens.AccessTokenUpdate, err error) {
	settings := r.Settings.domain()
	secret, err := r.newSecret.domain(request)
	expected, invalid := expectedVersion(r.ExpectedVersion)
	if err == nil {
		err = invalid
	}
	return tokens.AccessTokenUpdate{
		Settings: settings.Settings, Fields: settings.Fields,
		Regeneration: &tokens.Regeneration{
			NewSecretFor: secret, Reason: cmp.Or(tokens.RegenerationReason(r.Reason), tokens.ReasonRequested),
			ExpectedVersion: expected, Grace: (*tokens.Grace)(r.Grace),
		},
	}, err
}

// regeneratedAccessToken is the answer to a regeneration.
type regeneratedAccessToken struct {
	accessToken
	Token secretValue `json:"token" jsonschema:"The value, where the server made it: it is shown here and never again. Else null."`
}

// revealed returns the answer as the server sends it.
func (r regeneratedAccessToken) revealed() any {
	return struct {
		regeneratedAccessToken
		Token *string `json:"token"`
	}{r, r.Token.revealed()}
}

type accessTokenRegeneration struct {
	tokens.Request `key:""`
	ID             string       `path:"id"`
	Regeneration   regeneration `body:""`
}

// regenerateAccessToken is the operation that replaces a secret.
var regenerateAccessToken = operation[accessTokenRegeneration, regeneratedAccessToken]{
	"POST", "/v1/access-tokens/{id}/regenerate", "regenerateAccessToken",
	"Replace the secret of an access token and, in the same transaction, change settings", false,
}

// regenerationEndpoints are what a server does for regenerations.
func regenerationEndpoints() []endpoint {
	return []endpoint{
		served(regenerateAccessToken, func(
			ctx context.Context, b tokens.Backend, in accessTokenRegeneration,
		) (answer regeneratedAccessToken, err error) {
			update, err := in.Regeneration.domain(in.Request)
			if err != nil {
				return answer, err
			}
			t, err := b.UpdateAccessToken(ctx, in.ID, update)
			if err != nil {
				return answer, err
			}
			return regeneratedAccessToken{accessTokenOf(t), shown(update.Regeneration.NewSecretFor)}, nil
		}),
	}
}

// regenerate carries out an update that regenerates the secret.
func (c *Client) regenerate(ctx context.Context, id string, u tokens.AccessTokenUpdate) (tokens.AccessToken, error) {
	body := regeneration{
		newSecret: newSecret{Token: given(u.Regeneration.Secret)}, Reason: string(u.Regeneration.Reason),
		ExpectedVersion: expecting(u.Regeneration.ExpectedVersion), Grace: (*grace)(u.Regeneration.Grace),
		Settings: patchOf(tokens.Update[tokens.Settings]{Settings: u.Settings, Fields: u.Fields}, accessTokenSettingsOf),
	}
	in := accessTokenRegeneration{u.Regeneration.Request, id, body}
	return received(func(r regeneratedAccessToken) (tokens.AccessToken, error) { return r.accessToken.domain() })(
		ask(ctx, c, regenerateAccessToken, in))
}
