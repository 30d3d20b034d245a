package acctest

import (
	"context"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// Token returns an access token by its name.
func (b *Bench) Token(name string) tokens.AccessToken {
	b.T.Helper()
	list, err := b.Outside.AccessTokens(context.Background(), tokens.TokenQuery{})
	if err != nil {
		b.T.Fatal(err)
	}
	for _, t := range list.AccessTokens {
		if t.Name == name {
			return t
		}
	}
	b.T.Fatalf("there is no access token %q", name)
	return tokens.AccessToken{}
}

// Regenerate regenerates a token outside Terraform and returns the new secret.
func (b *Bench) Regenerate(name string) tokens.Secret {
	b.T.Helper()
	secret := b.NewSecret()
	_, err := b.Outside.UpdateAccessToken(context.Background(), b.Token(name).ID, tokens.AccessTokenUpdate{
		Regeneration: &tokens.Regeneration{NewSecretFor: secret, Reason: tokens.ReasonRequested},
	})
	b.Must(err)
	return secret.Secret
}

// NewSecret returns a fresh secret and a request of its own.
func (b *Bench) NewSecret() tokens.NewSecretFor {
	secret, err := tokens.NewSecret(tokens.DefaultPrefix)
	b.Must(err)
	return tokens.NewSecretFor{
		Request: tokens.Request{RequestID: tokens.NewID(tokens.KindRequest, b.Now())},
		Secret:  secret,
	}
}

// Parse reads the value of a secret.
func (b *Bench) Parse(value string) tokens.Secret {
	b.T.Helper()
	secret, err := tokens.ParseSecret(value)
	b.Must(err)
	return secret
}

// IsActive reports whether a value is good.
func (b *Bench) IsActive(value string) bool {
	b.T.Helper()
	secret, ok := tokens.PresentedSecret(value)
	if !ok {
		return false
	}
	v, err := b.Outside.VerifySecret(context.Background(), secret, tokens.VerifyOptions{})
	b.Must(err)
	return v.Active
}

// MakeToken makes a token outside Terraform, with the settings of ImportedLines.
func (b *Bench) MakeToken(name string) tokens.CreatedAccessToken {
	b.T.Helper()
	created, err := b.Outside.CreateAccessToken(context.Background(), tokens.NewAccessToken{
		NewSecretFor: b.NewSecret(),
		Settings: tokens.Settings{
			Name:        name,
			Description: "Deploys.",
			Own:         tokens.Grants{Role: "viewer"},
			Enabled:     true,
			TTL:         90 * Day,
			Policies: tokens.Policies{
				RegenerateBeforeExpiry: 14 * Day, OnExpired: tokens.OnExpiredError,
				OnSecretDrift: tokens.OnSecretDriftRegenerate,
				Grace:         tokens.Grace{Duration: 2 * Day}, ProtectIfUsedWithin: Day,
			},
		},
	})
	b.Must(err)
	return created
}

// ImportedLines are the attributes of a token that MakeToken makes.
var ImportedLines = []string{
	`description = "Deploys."`, `role = "viewer"`, `ttl = "2160h"`, `regenerate_before_expiry = "336h"`,
	`on_expired = "error"`, `on_secret_drift = "regenerate"`,
	`grace_period = "48h"`, `protect_if_used_within = "24h"`,
}

// People are the objects that tests of data sources look for: the group payments, Anna and Bea, the technical user ci
// of the organization and one each called shop there and in the group.
type People struct {
	Group          tokens.Group
	Anna, Bea      tokens.Member
	CI, Shop, Till tokens.TechnicalUser
}

// MakePeople makes them outside Terraform.
func (b *Bench) MakePeople() (p People) {
	b.T.Helper()
	ctx := context.Background()
	var err error
	p.Group, err = b.Outside.CreateGroup(ctx,
		tokens.NewGroup{
			Request:       tokens.NewRequest(b.Now()),
			GroupSettings: tokens.GroupSettings{Name: "payments", Description: "Moves money."},
		})
	b.Must(err)
	p.Bea, err = b.Outside.CreateMember(ctx,
		tokens.NewMember{
			Request:        tokens.NewRequest(b.Now()),
			Email:          "bea@example.com",
			MemberSettings: tokens.MemberSettings{Grants: tokens.Grants{Role: "viewer"}},
		})
	b.Must(err)
	p.Anna, err = b.Outside.CreateMember(ctx, tokens.NewMember{Request: tokens.NewRequest(b.Now()),
		Email: "anna@example.com",
		MemberSettings: tokens.MemberSettings{Name: "Anna", Grants: tokens.Grants{
			Role: "none", GroupRoles: []tokens.GroupRole{{GroupID: p.Group.ID, Role: "administrator"}},
		}},
	})
	b.Must(err)
	user := func(name, groupID string) tokens.TechnicalUser {
		u, err := b.Outside.CreateTechnicalUser(ctx, tokens.NewTechnicalUser{Request: tokens.NewRequest(b.Now()),
			GroupID: groupID,
			TechnicalUserSettings: tokens.TechnicalUserSettings{
				Name:        name,
				Description: "Serves " + name + ".",
				Grants:      tokens.Grants{Role: "manager"},
				Enabled:     true,
			},
		})
		b.Must(err)
		return u
	}
	p.CI, p.Shop, p.Till = user("ci", ""), user("shop", ""), user("shop", p.Group.ID)
	return p
}

// MakeTokenOf makes an access token of a technical user outside Terraform.
func (b *Bench) MakeTokenOf(
	user tokens.TechnicalUser, token tokens.NewAccessToken,
) (tokens.AccessToken, tokens.Secret) {
	b.T.Helper()
	token.NewSecretFor, token.TechnicalUserID = b.NewSecret(), user.ID
	created, err := b.Outside.CreateAccessToken(context.Background(), token)
	b.Must(err)
	return created.AccessToken, token.Secret
}

// Use makes a client use a secret, and writes that down.
func (b *Bench) Use(secret tokens.Secret) {
	b.T.Helper()
	server, closer := b.Place.openService(tokens.AsDatabaseOwner("local:anna@elsewhere"), b.Now)
	v, err := server.VerifySecret(context.Background(), secret, tokens.VerifyOptions{RecordUse: true})
	b.Must(err)
	if !v.Active {
		b.T.Fatal("the secret is not active")
	}
	b.Must(closer.Close())
}
