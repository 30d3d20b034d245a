package httpapi

import (
	"context"
	"errors"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// presentedSecret is the body of a question about a value. Text that can be no value is one that no token has.
type presentedSecret struct {
	Token secretValue `json:"token" jsonschema:"The value."`
}

// revealed returns the body as the client sends it.
func (p presentedSecret) revealed() any {
	return struct {
		Token *string `json:"token"`
	}{p.Token.revealed()}
}

// check refuses a body without a value. CodeInvalid.
func (p presentedSecret) check() error {
	if !p.Token.given {
		return malformed("token", "it is missing: send the value")
	}
	return nil
}

// verifiedSecret is the body of a verification.
type verifiedSecret struct {
	presentedSecret
	RecordUse bool `json:"record_use,omitempty" jsonschema:"Whether this counts as a use of the token, as a verification for one of its clients does."`
}

// revealed returns the body as the client sends it.
func (v verifiedSecret) revealed() any {
	return struct {
		verifiedSecret
		Token *string `json:"token"`
	}{v, v.Token.revealed()}
}

// verificationDocument says whether a value is active and, for an operator, why not.
type verificationDocument struct {
	Active      bool         `json:"active" jsonschema:"Whether the value grants what its roles allow."`
	AccessToken *accessToken `json:"access_token" jsonschema:"The token whose current or former secret the value is; null if there is none, or where the caller may not introspect."`
	Superseded  bool         `json:"superseded" jsonschema:"Whether the value used to be a secret of the token, but no longer is."`
	Previous    bool         `json:"previous" jsonschema:"Whether the value is the previous secret, within its grace period."`
	Grants      grants       `json:"granted" jsonschema:"The roles that the value grants; none unless active."`
	Access      access       `json:"access" jsonschema:"What they allow."`
}

func verificationOf(v tokens.Verification) verificationDocument {
	document := verificationDocument{
		Active: v.Active, Superseded: v.Superseded, Previous: v.Previous, Grants: grantsOf(v.Grants), Access: accessOf(v.Access),
	}
	if v.AccessToken != nil {
		t := accessTokenOf(*v.AccessToken)
		document.AccessToken = &t
	}
	return document
}

func (d verificationDocument) domain() (tokens.Verification, error) {
	v := tokens.Verification{
		Active: d.Active, Superseded: d.Superseded, Previous: d.Previous, Grants: d.Grants.granted(), Access: d.Access.domain(),
	}
	if d.AccessToken == nil {
		return v, nil
	}
	t, err := d.AccessToken.domain()
	v.AccessToken = &t
	return v, err
}

// comparison says whether a value is the current secret of a token.
type comparison struct {
	Same *bool `json:"same" jsonschema:"Whether the value is the current secret, which was not ended before its time."`
}

func (c comparison) domain() (bool, error) {
	if c.Same == nil {
		return false, errors.New("it does not say whether the value is the current secret")
	}
	return *c.Same, nil
}

type (
	secretVerification struct {
		Secret verifiedSecret `body:""`
	}
	secretComparison struct {
		ID     string          `path:"id"`
		Secret presentedSecret `body:""`
	}
	secretRevocation struct {
		Secret presentedSecret `body:""`
	}
)

// The operations on values of access tokens. RFC 7009's revocation, by which whoever has a value may end it, is another
// endpoint.
var (
	verifySecret = operation[secretVerification, verificationDocument]{
		"POST", "/v1/verify", "verifySecret", "Verify a value, and say why it is not active", false,
	}
	compareSecret = operation[secretComparison, comparison]{
		"POST", "/v1/access-tokens/{id}/compare-secret", "compareSecret",
		"Tell whether a value is the current secret of an access token", false,
	}
	revokeSecret = operation[secretRevocation, accessToken]{
		"POST", "/v1/revoke-secret", "revokeSecret",
		"End a secret for good, together with the token's other one, as somebody who manages the token", false,
	}
)

// secretEndpoints are what a server does about values of access tokens.
func secretEndpoints() []endpoint {
	return []endpoint{
		served(verifySecret, func(
			ctx context.Context, b tokens.Backend, in secretVerification,
		) (verificationDocument, error) {
			if err := in.Secret.check(); err != nil {
				return verificationDocument{}, err
			}
			options := tokens.VerifyOptions{RecordUse: in.Secret.RecordUse}
			return answered(verificationOf)(b.VerifySecret(ctx, in.Secret.Token.Secret, options))
		}),
		served(compareSecret, func(ctx context.Context, b tokens.Backend, in secretComparison) (comparison, error) {
			if err := in.Secret.check(); err != nil {
				return comparison{}, err
			}
			same, err := b.HasSecret(ctx, in.ID, in.Secret.Token.Secret)
			return comparison{&same}, err
		}),
		served(revokeSecret, func(ctx context.Context, b tokens.Backend, in secretRevocation) (accessToken, error) {
			if err := in.Secret.check(); err != nil {
				return accessToken{}, err
			}
			return answered(accessTokenOf)(b.RevokeSecret(ctx, in.Secret.Token.Secret))
		}),
	}
}

// VerifySecret implements tokens.Backend.
func (c *Client) VerifySecret(
	ctx context.Context, secret tokens.Secret, options tokens.VerifyOptions,
) (tokens.Verification, error) {
	body := verifiedSecret{presentedSecret{given(secret)}, options.RecordUse}
	return received(verificationDocument.domain)(ask(ctx, c, verifySecret, secretVerification{body}))
}

// HasSecret implements tokens.Backend.
func (c *Client) HasSecret(ctx context.Context, tokenID string, secret tokens.Secret) (bool, error) {
	return received(comparison.domain)(ask(ctx, c, compareSecret, secretComparison{tokenID, presentedSecret{given(secret)}}))
}

// RevokeSecret implements tokens.Backend. Where an answer was lost, the server may say then that the value is not live any
// more, which is true: this client doesn't know of which token it was.
func (c *Client) RevokeSecret(ctx context.Context, secret tokens.Secret) (tokens.AccessToken, error) {
	return received(accessToken.domain)(ask(ctx, c, revokeSecret, secretRevocation{presentedSecret{given(secret)}}))
}
