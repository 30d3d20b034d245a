package provider_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/acctest"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

const deployer = "latchkey_role.deployer"

func TestRoleEveryAttribute(t *testing.T) {
	b := acctest.New(t)
	config := b.Config(acctest.Resource("role", "deployer", `name = "deployer"`, `description = "Deploys."`,
		`permissions = ["orders:read", "deployments:*", "tokens:read"]`))
	b.Run(
		resource.TestStep{
			Config: config,
			ConfigStateChecks: []statecheck.StateCheck{
				statecheck.ExpectKnownValue(deployer, tfjsonpath.New("id"), knownvalue.StringRegexp(acctest.Says("rol_"))),
				statecheck.ExpectKnownValue(deployer, tfjsonpath.New("name"), knownvalue.StringExact("deployer")),
				statecheck.ExpectKnownValue(deployer, tfjsonpath.New("description"), knownvalue.StringExact("Deploys.")),
				statecheck.ExpectKnownValue(deployer, tfjsonpath.New("permissions"), knownvalue.SetExact([]knownvalue.Check{
					knownvalue.StringExact("deployments:*"), knownvalue.StringExact("orders:read"),
					knownvalue.StringExact("tokens:read"),
				})),
				statecheck.ExpectKnownValue(deployer, tfjsonpath.New("created_at"),
					knownvalue.StringRegexp(acctest.Says("2030-01-01T12:00:"))),
			},
		},
		resource.TestStep{ // The order of permissions is no difference.
			Config: b.Config(acctest.Resource("role", "deployer", `name = "deployer"`, `description = "Deploys."`,
				`permissions = ["tokens:read", "orders:read", "deployments:*"]`)),
			ConfigPlanChecks: acctest.EmptyPlan(),
		},
		resource.TestStep{
			Config:           b.Config(acctest.Resource("role", "deployer", `name = "deployer"`, `permissions = []`)),
			ConfigPlanChecks: acctest.PreApply(acctest.Updates(deployer, nil, "description", "permissions")),
			Check:            resource.TestCheckNoResourceAttr(deployer, "description"),
		},
	)
}

// roleHolders is a role, and everything that can have it.
func roleHolders(name, permissions string) string {
	return acctest.Resource("role", "deployer", fmt.Sprintf("name = %q", name), "permissions = "+permissions) +
		roleHoldersOf("latchkey_role.deployer.name")
}

// roleHoldersOf is everything that can have a role, with the one of that expression.
func roleHoldersOf(role string) string {
	return acctest.Resource("group", "payments", `name = "payments"`) +
		acctest.Resource("technical_user", "ci", `name = "ci"`, "role = "+role,
			"group_roles = [{ group_id = latchkey_group.payments.id, role = "+role+" }]") +
		acctest.Resource("member", "anna", `email = "anna@example.com"`, "role = "+role) +
		acctest.CIToken("technical_user_id = latchkey_technical_user.ci.id", "role = "+role) +
		acctest.Resource("access_token", "own", `name = "own"`, "role = "+role)
}

// A new name is carried along to all who have the role, and new permissions count for them at once: no secret changes.
func TestRoleRenamed(t *testing.T) {
	b := acctest.New(t)
	var id, secret string
	holds := func(name string, permissions ...string) resource.TestCheckFunc {
		return func(*terraform.State) error {
			for _, token := range []string{"ci", "own"} {
				if got := b.Token(token).Grants.Role; got != name {
					return fmt.Errorf("token %s has role %s, not %s", token, got, name)
				}
			}
			role, err := b.Outside.Role(context.Background(), id)
			if err == nil && fmt.Sprint(role.Permissions) != fmt.Sprint(permissions) {
				err = fmt.Errorf("the role permits %s, not %s", role.Permissions, permissions)
			}
			return err
		}
	}
	b.Run(
		resource.TestStep{
			Config: b.Config(roleHolders("deployer", `["orders:read"]`)),
			Check: resource.ComposeTestCheckFunc(
				acctest.Keep(deployer, "id", &id), acctest.Keep(acctest.CI, "token", &secret),
				holds("deployer", "orders:read")),
		},
		resource.TestStep{
			Config: b.Config(roleHolders("shipper", `["orders:read", "orders:ship"]`)),
			ConfigPlanChecks: acctest.PreApply(
				acctest.Updates(deployer, nil, "name", "permissions"),
				acctest.Updates("latchkey_technical_user.ci", nil, "role", "group_roles"),
				acctest.Updates("latchkey_member.anna", nil, "role"),
				acctest.Updates(acctest.CI, acctest.OnUpdate, "role"),
			),
			Check: resource.ComposeTestCheckFunc(
				acctest.CheckSame(deployer, "id", &id), acctest.CheckSame(acctest.CI, "token", &secret),
				holds("shipper", "orders:read", "orders:ship")),
		},
	)
}

// A role goes before those who had it get another one; meanwhile they have none. One that is made again under its name is
// given to them by the plan, like any other.
func TestRoleDeleted(t *testing.T) {
	b := acctest.New(t)
	ctx := context.Background()
	var secret string
	b.Run(
		resource.TestStep{
			Config: b.Config(roleHolders("deployer", `["orders:read"]`)),
			Check:  acctest.Keep(acctest.CI, "token", &secret),
		},
		resource.TestStep{
			Config: b.Config(roleHoldersOf(`"viewer"`)),
			ConfigPlanChecks: acctest.PreApply(plancheck.ExpectResourceAction(deployer, plancheck.ResourceActionDestroy),
				acctest.Updates(acctest.CI, acctest.OnUpdate, "role")),
			Check: b.CheckActive(acctest.CI),
		},
		resource.TestStep{Config: b.Config(roleHolders("deployer", `["orders:read"]`))},
		resource.TestStep{ // Deleted elsewhere, the role is made again.
			PreConfig: func() {
				roles, err := b.Outside.Roles(ctx)
				b.Must(err)
				b.Must(b.Outside.DeleteRole(ctx, roles[len(roles)-1].ID))
				if held := b.Token("ci").Own.Role; held != tokens.RoleNone {
					t.Errorf("instead of a role that is gone, there is %q", held)
				}
			},
			Config: b.Config(roleHolders("deployer", `["orders:read"]`)),
			ConfigPlanChecks: acctest.PreApply(
				plancheck.ExpectResourceAction(deployer, plancheck.ResourceActionCreate),
				acctest.Updates(acctest.CI, acctest.OnUpdate, "role"),
			),
			Check: resource.ComposeTestCheckFunc(acctest.CheckSame(acctest.CI, "token", &secret),
				resource.TestCheckResourceAttr(acctest.CI, "role", "deployer")),
		},
	)
}

// A role that does not exist is refused by the apply, with those that do, the custom ones too.
func TestUnknownRole(t *testing.T) {
	b := acctest.New(t)
	role := acctest.Resource("role", "deployer", `name = "deployer"`, `permissions = []`)
	b.Run(
		resource.TestStep{Config: b.Config(role)},
		resource.TestStep{
			Config:      b.Config(role + acctest.CIToken(`role = "deploier"`)),
			ExpectError: acctest.Says("Unable to create access token", `there is no role "deploier"`, "owner, deployer"),
		},
		resource.TestStep{
			Config: b.Config(role + acctest.CIToken(`role = latchkey_role.deployer.name`)),
			Check:  b.CheckActive(acctest.CI),
		},
	)
}

// Of an apply that fails half-way, what was made is in the state, and the next apply makes the rest.
func TestRoleHalfWay(t *testing.T) {
	b := acctest.New(t)
	ctx := context.Background()
	builder := acctest.Resource("role", "builder", `name = "builder"`, `permissions = []`)
	config := b.Config(acctest.Resource("role", "deployer", `name = "deployer"`, `permissions = []`) +
		acctest.Resource("role", "taken", `name = "taken"`, `permissions = []`, `depends_on = [latchkey_role.deployer]`) +
		builder)
	var id string
	b.Run(
		resource.TestStep{Config: b.Config(builder)},
		resource.TestStep{
			PreConfig: func() {
				other, err := b.Outside.CreateRole(ctx,
					tokens.NewRole{Request: tokens.NewRequest(b.Now()), RoleSettings: tokens.RoleSettings{Name: "taken"}})
				b.Must(err)
				id = other.ID
			},
			Config:      config,
			ExpectError: acctest.Says("Unable to create role", `Role "taken"`, "import {"),
		},
		resource.TestStep{
			PreConfig: func() { b.Must(b.Outside.DeleteRole(ctx, id)) },
			Config:    config,
			ConfigPlanChecks: acctest.PreApply(
				plancheck.ExpectResourceAction(deployer, plancheck.ResourceActionNoop),
				plancheck.ExpectResourceAction("latchkey_role.taken", plancheck.ResourceActionCreate),
			),
		},
	)
}

// Built-in roles are not Terraform's.
func TestRoleImportRefused(t *testing.T) {
	for _, test := range []struct {
		name, id string
		want     []string
	}{
		{"built-in role", "owner", []string{`"owner" is a built-in role`, "refer to it by its name"}},
		{"no such name", "nobody", []string{`there is no role "nobody"`, "import by identifier (rol_…) or by name"}},
		{"no such id", "rol_01jd0000000000000000000000", []string{"non-existent remote object"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := acctest.New(t)
			_, err := b.Outside.CreateGroup(context.Background(),
				tokens.NewGroup{
					Request:       tokens.NewRequest(b.Now()),
					GroupSettings: tokens.GroupSettings{Name: "there-is-a-database"},
				})
			b.Must(err)
			b.Run(resource.TestStep{
				Config: b.Config(fmt.Sprintf("import {\n  to = %s\n  id = %q\n}\n", deployer, test.id) +
					acctest.Resource("role", "deployer", `name = "deployer"`, `permissions = []`)),
				ExpectError: acctest.Says(test.want...),
			})
		})
	}
}
