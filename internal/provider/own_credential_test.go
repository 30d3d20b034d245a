package provider_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/terraform"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/acctest"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// A run refuses to take away from itself what it works with: at plan where that shows the step, else at apply, before
// anything is done. What leaves it its access is no different from what happens to other tokens.
func TestOwnCredential(t *testing.T) {
	b := acctest.NewAtServer(t)
	ctx := context.Background()
	self, err := b.AsHolder(b.Place.Credential()).Whoami(ctx)
	b.Must(err)
	role, err := b.Outside.CreateRole(ctx, tokens.NewRole{Request: tokens.NewRequest(b.Now()),
		RoleSettings: tokens.RoleSettings{Name: "deployer", Permissions: []string{"deployments:*"}}})
	b.Must(err)
	group, err := b.Outside.CreateGroup(ctx, tokens.NewGroup{Request: tokens.NewRequest(b.Now()),
		GroupSettings: tokens.GroupSettings{Name: "payments"}})
	b.Must(err)
	imported := func(kind, id string) string {
		return fmt.Sprintf("import {\n  to = latchkey_%s.own\n  id = %q\n}\n", kind, id)
	}
	imports := imported("access_token", self.AccessTokenID) + imported("technical_user", self.AccountID) +
		imported("role", role.ID)
	token := func(lines ...string) string {
		return acctest.Resource("access_token", "own",
			append([]string{`name = "bootstrap"`, `technical_user_id = latchkey_technical_user.own.id`}, lines...)...)
	}
	user := func(lines ...string) string {
		return acctest.Resource("technical_user", "own",
			append([]string{`name = "bootstrap"`, `description = "Made by a bootstrap"`, `role = "owner"`,
				fmt.Sprintf(`group_roles = [{ group_id = %q, role = latchkey_role.own.name }]`, group.ID)}, lines...)...)
	}
	deployer := acctest.Resource("role", "own", `name = "deployer"`, `permissions = ["deployments:*"]`)
	forgotten := func(kind string) string {
		return fmt.Sprintf("removed {\n  from = latchkey_%s.own\n  lifecycle {\n    destroy = false\n  }\n}\n", kind)
	}
	const triggers, summary = `regenerate_triggers = { n = "1" }`, "Unable to change what the run works with"
	refused := func(config string, want ...string) resource.TestStep {
		return resource.TestStep{Config: b.Config(config), ExpectError: acctest.Says(append([]string{summary}, want...)...)}
	}
	unchanged := func(*terraform.State) error {
		secret := b.Place.Credential()
		v, err := b.Outside.VerifySecret(ctx, secret, tokens.VerifyOptions{})
		if err == nil && !v.Active {
			err = fmt.Errorf("the run's access token is not active: %v", v)
		}
		return err
	}
	const isToken, isAccount = "is the access token by which this run asks the server", "is the account of the access token"
	b.Run(
		resource.TestStep{Config: b.Config(imports + deployer + user() + token(triggers)), Check: unchanged},
		refused(deployer+user(), isToken, "destroy it", "LATCHKEY_TOKEN", "terraform state rm"),
		refused(deployer+user()+token(triggers, `enabled = false`), isToken, "disable it", "latchkey token hold"),
		refused(deployer+user()+token(triggers, `expires_at = "2030-01-01T12:30:00Z"`), isToken, "let it end within the hour"),
		refused(deployer+user()+token(triggers, `activates_at = "2030-02-01T00:00:00Z"`), isToken, "let it begin later"),
		refused(deployer+user()+token(`regenerate_triggers = { n = "2" }`), isToken, "regenerate it without a grace",
			"set grace_period"),
		refused(deployer+user(`enabled = false`)+token(triggers), isAccount, "disable it"),
		refused(deployer+acctest.Resource("technical_user", "own", `name = "bootstrap"`, `role = "owner"`,
			fmt.Sprintf("group_id = %q", group.ID))+token(triggers), isAccount, "replace it"),
		refused(deployer+forgotten("access_token"), isAccount, "destroy it"),
		refused(forgotten("access_token")+forgotten("technical_user"), `Role "deployer"`,
			"is a role by which the access token of this run may do what it does", "terraform state rm"),
		resource.TestStep{
			Config: b.Config(deployer + user() + token(`regenerate_triggers = { n = "2" }`, `grace_period = "1h"`)),
			Check:  resource.ComposeTestCheckFunc(unchanged, b.CheckActive("latchkey_access_token.own")),
		},
		resource.TestStep{ // The plan shows this step to nobody.
			Config:      b.Config(deployer + user() + token(`regenerate_triggers = { n = "2" }`, `grace_period = "1h"`)),
			Taint:       []string{"latchkey_access_token.own"},
			ExpectError: acctest.Says(summary, isToken, "destroy it"),
		},
		resource.TestStep{
			Config: b.Config(forgotten("access_token") + forgotten("technical_user") + forgotten("role")),
			Check:  unchanged,
		},
	)
}

// A number that only records the value by which the run asks takes nothing from the run, but an end beside it may.
func TestOwnCredentialWithPresentValue(t *testing.T) {
	for name, lines := range map[string][]string{
		"expires_at":               {`expires_at = "2030-01-01T12:30:00Z"`},
		"ttl":                      {`ttl = "30m"`},
		"expires_at, with a grace": {`expires_at = "2030-01-01T12:30:00Z"`, `grace_period = "1h"`},
	} {
		t.Run(name, func(t *testing.T) {
			b := acctest.NewAtServer(t)
			self, err := b.AsHolder(b.Place.Credential()).Whoami(context.Background())
			b.Must(err)
			config := func(number int, more ...string) string {
				return b.Config(fmt.Sprintf("import {\n  to = latchkey_access_token.own\n  id = %q\n}\n", self.AccessTokenID) +
					acctest.Resource("access_token", "own", append([]string{`name = "bootstrap"`,
						fmt.Sprintf("technical_user_id = %q", self.AccountID), fmt.Sprintf("token_wo_version = %d", number),
						fmt.Sprintf("token_wo = %q", b.Place.Credential().Reveal())}, more...)...))
			}
			b.Run(
				resource.TestStep{Config: config(1)},
				resource.TestStep{Config: config(2), Check: resource.TestCheckResourceAttr("latchkey_access_token.own", "secret_version", "1")},
				resource.TestStep{Config: config(3, lines...), ExpectError: acctest.Says("let it end within the hour")},
				resource.TestStep{Config: b.Config("removed {\n  from = latchkey_access_token.own\n  lifecycle {\n    destroy = false\n  }\n}\n")},
			)
		})
	}
}
