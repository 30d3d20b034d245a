package accesstoken_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/terraform"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/acctest"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// All that is known of a token, found by each of its keys, and its secret nowhere.
func TestAccessTokenLookUp(t *testing.T) {
	b := acctest.New(t)
	ctx := context.Background()
	p := b.MakePeople()
	end := b.Now().Add(100 * 24 * time.Hour).Truncate(time.Second)
	token, secret := b.MakeTokenOf(p.CI, tokens.NewAccessToken{
		Settings: tokens.Settings{
			Name:        "deploy",
			Description: "Deploys the shop.",
			Enabled:     true,
			ExpiresAt:   end,
			Own: tokens.Grants{
				Role:       "viewer",
				GroupRoles: []tokens.GroupRole{{GroupID: p.Group.ID, Role: "administrator"}},
			},
		},
	})
	b.MakeTokenOf(p.Shop, tokens.NewAccessToken{Settings: tokens.Settings{Name: "deploy", Enabled: true}})
	grouped, _ := b.MakeTokenOf(p.Till,
		tokens.NewAccessToken{Settings: tokens.Settings{
			Name:        "deployer",
			TTL:         36 * time.Hour,
			ActivatesAt: b.Now().Add(time.Hour),
		}})
	b.Use(secret)
	used, err := b.Outside.AccessToken(ctx, token.ID)
	b.Must(err)
	held, err := b.Outside.HoldAccessToken(ctx, token.ID, "It leaked.")
	b.Must(err)

	want := map[string]string{
		"id": token.ID, "qualified_id": "ci@default.latchkey.internal_" + token.ID, "name": "deploy",
		"description":       "Deploys the shop.",
		"technical_user_id": p.CI.ID, "technical_user_email": "ci@default.latchkey.internal", "group_id": "",
		"role": "viewer", "group_roles.#": "1", "group_roles.0.group_id": p.Group.ID, "group_roles.0.role": "administrator",
		"grants.role": "viewer", "grants.group_roles.#": "1", "grants.group_roles.0.role": "manager",
		"visibility": "organization",
		"enabled":    "true", "status": "held", "held.by": "local:anna@elsewhere", "held.reason": "It leaked.",
		"held.at":     tokens.FormatTimestamp(held.Held.At),
		"disabled.by": "", "technical_user_disabled.by": "", "activates_at": "", "ttl": "",
		"expires_at": tokens.FormatTimestamp(end), "secret_expires_at": tokens.FormatTimestamp(end),
		"token_preview": secret.Preview(), "secret_version": "1", "regenerated_at": "",
		"created_at": tokens.FormatTimestamp(token.CreatedAt), "updated_at": tokens.FormatTimestamp(held.UpdatedAt),
		"last_used_at": tokens.FormatTimestamp(used.LastUsedAt),
	}
	email := `technical_user_email = "ci@default.latchkey.internal"`
	config := b.Config(acctest.Data("access_token", "id", fmt.Sprintf("id = %q", token.ID)) +
		acctest.Data("access_token", "email", `name = "deploy"`, email) +
		acctest.Data("access_token", "account", `name = "deploy"`, fmt.Sprintf("technical_user_id = %q", p.CI.ID)) +
		acctest.Data("access_token", "grouped", fmt.Sprintf("id = %q", grouped.ID)))
	b.Run(
		resource.TestStep{Config: config, Check: resource.ComposeAggregateTestCheckFunc(
			acctest.CheckAttributes("data.latchkey_access_token.id", want),
			acctest.CheckAttributes("data.latchkey_access_token.email", want),
			acctest.CheckAttributes("data.latchkey_access_token.account", want),
			acctest.CheckAttributes("data.latchkey_access_token.grouped", map[string]string{
				"group_id": p.Group.ID, "role": "", "grants.role": "none", "grants.group_roles.#": "1",
				"grants.group_roles.0.group_id": p.Group.ID, "grants.group_roles.0.role": "manager",
				"enabled": "false", "disabled.by": "local:anna@elsewhere", "disabled.reason": "", "ttl": "1d12h",
				"expires_at": "", "status": "disabled", "last_used_at": "",
			}),
			holdsNothingOf(secret),
		)},
		resource.TestStep{
			PreConfig: func() {
				b.Regenerate("deploy")
				_, err := b.Outside.UpdateTechnicalUser(ctx, p.CI.ID,
					tokens.TechnicalUserUpdate{
						Settings: tokens.TechnicalUserSettings{Enabled: false},
						Fields:   tokens.Fields{"enabled"},
					})
				b.Must(err)
			},
			Config: config,
			Check: acctest.CheckAttributes("data.latchkey_access_token.id", map[string]string{
				"technical_user_disabled.by": "local:anna@elsewhere", "disabled.by": "",
			}),
		},
	)
}

// The policies of a token, and what is known of the secret before the present one: until when it is good, and when it
// was last used.
func TestAccessTokenLookUpOfPolicies(t *testing.T) {
	b := acctest.New(t)
	p := b.MakePeople()
	token, first := b.MakeTokenOf(p.CI, tokens.NewAccessToken{
		Settings: tokens.Settings{Name: "deploy", Enabled: true, TTL: 90 * acctest.Day, Policies: tokens.Policies{
			RegenerateBeforeExpiry: 14 * acctest.Day, OnExpired: tokens.OnExpiredIgnore,
			OnSecretDrift: tokens.OnSecretDriftAccept, Grace: tokens.Grace{Duration: 2 * acctest.Day},
			ProtectIfUsedWithin: 12 * time.Hour,
		}},
	})
	plain, _ := b.MakeTokenOf(p.CI, tokens.NewAccessToken{Settings: tokens.Settings{Name: "plain", Enabled: true}})
	b.Use(first)
	b.Use(first)
	used, err := b.Outside.AccessToken(context.Background(), token.ID)
	b.Must(err)
	second := b.Regenerate("deploy")
	regenerated, err := b.Outside.AccessToken(context.Background(), token.ID)
	b.Must(err)
	b.Run(resource.TestStep{
		Config: b.Config(acctest.Data("access_token", "deploy", fmt.Sprintf("id = %q", token.ID)) +
			acctest.Data("access_token", "plain", fmt.Sprintf("id = %q", plain.ID))),
		Check: resource.ComposeAggregateTestCheckFunc(
			acctest.CheckAttributes("data.latchkey_access_token.deploy", map[string]string{
				"ttl": "90d", "regenerate_before_expiry": "14d", "on_expired": "ignore", "on_secret_drift": "accept",
				"grace_period": "2d", "protect_if_used_within": "12h",
				"secret_version": "2", "token_preview": second.Preview(), "use_count": "2",
				"last_used_at":            tokens.FormatTimestamp(used.LastUsedAt),
				"previous_secret.version": "1", "previous_secret.token_preview": first.Preview(),
				"previous_secret.expires_at":   tokens.FormatTimestamp(regenerated.RegeneratedAt.Add(2 * acctest.Day)),
				"previous_secret.last_used_at": tokens.FormatTimestamp(used.LastUsedAt),
			}),
			acctest.CheckAttributes("data.latchkey_access_token.plain", map[string]string{
				"regenerate_before_expiry": "", "on_expired": "", "on_secret_drift": "", "grace_period": "",
				"protect_if_used_within": "", "use_count": "0", "previous_secret.version": "",
			}),
			holdsNothingOf(first), holdsNothingOf(second),
		),
	})
}

// holdsNothingOf checks that no attribute in the state holds more of a secret than its preview, nor its hash.
func holdsNothingOf(secret tokens.Secret) resource.TestCheckFunc {
	return func(s *terraform.State) error {
		for address, r := range s.RootModule().Resources {
			for name, value := range r.Primary.Attributes {
				if strings.Contains(value, secret.Reveal()[:12]) || strings.Contains(value, secret.Hash().String()) ||
					name == "token" {
					return fmt.Errorf("%s: %s holds the secret", address, name)
				}
			}
		}
		return nil
	}
}

// Where a technical user has several tokens of a name, the error lists them and takes none.
func TestAmbiguousAccessToken(t *testing.T) {
	b := acctest.New(t)
	p := b.MakePeople()
	first, _ := b.MakeTokenOf(p.CI, tokens.NewAccessToken{Settings: tokens.Settings{Name: "deploy", Enabled: true}})
	second, _ := b.MakeTokenOf(p.CI, tokens.NewAccessToken{Settings: tokens.Settings{Name: "deploy"}})
	config := b.Config(acctest.Data("access_token", "this", `name = "deploy"`,
		fmt.Sprintf("technical_user_id = %q", p.CI.ID)))
	b.Run(
		resource.TestStep{
			Config: config,
			ExpectError: acctest.Says(`Access token "deploy": name: technical user ci@default.latchkey.internal has 2 access `+
				`tokens of this name`, "active "+first.ID, "disabled "+second.ID, "by its id"),
		},
		resource.TestStep{
			PreConfig: func() { b.Must(b.Outside.DeleteAccessToken(context.Background(), second.ID)) },
			Config:    config,
			Check:     resource.TestCheckResourceAttr("data.latchkey_access_token.this", "id", first.ID),
		},
	)
}
