package provider_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/acctest"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// acting returns a configuration with the provider of the database's owner, and beside it one that acts as the member
// with the address of that expression.
func acting(b *acctest.Bench, address, resources string) string {
	return b.Config(b.ProviderAs("acting", address) + resources)
}

const (
	byAnna     = `provider = acting`
	annasEmail = `latchkey_member.anna.email`
)

// anna is a member with lines of attributes beside the address.
func anna(lines ...string) string {
	return acctest.Resource("member", "anna", append([]string{`email = "anna@example.com"`}, lines...)...)
}

// One configuration makes members and roles as the owner and works as one of those members, from the first apply to the
// destroy. Who did what is told apart.
func TestActAs(t *testing.T) {
	b := acctest.New(t)
	config := func(name string) string {
		return acting(b, annasEmail,
			acctest.Resource("role", "deployer", `name = "deployer"`, `permissions = ["deployments:*"]`)+
				acctest.Resource("group", "payments", `name = "payments"`)+
				anna(`role = "none"`, `group_roles = [{ group_id = latchkey_group.payments.id, role = "administrator" }]`)+
				acctest.Resource("technical_user", "ci", byAnna, `name = "ci"`, `group_id = latchkey_group.payments.id`,
					`role = latchkey_role.deployer.name`)+
				acctest.CIToken(byAnna, `technical_user_id = latchkey_technical_user.ci.id`)+
				acctest.Resource("token_share", "anna", byAnna, `access_token_id = latchkey_access_token.ci.id`,
					`member_id = latchkey_member.anna.id`, `role = "viewer"`)+
				acctest.Resource("access_token", "own", byAnna, fmt.Sprintf("name = %q", name),
					`group_id = latchkey_group.payments.id`, `visibility = "restricted"`))
	}
	by := func(address string, actions ...tokens.Action) resource.TestCheckFunc {
		return func(*terraform.State) error {
			events, err := b.Outside.Events(context.Background(), tokens.EventQuery{})
			for _, action := range actions {
				count := 0
				for _, e := range events {
					if e.Action == action && e.Outcome == tokens.OutcomeDone && acctest.IsBy(e, address) {
						count++
					}
				}
				if count == 0 {
					return fmt.Errorf("%s by %s is not among the events", action, address)
				}
			}
			return err
		}
	}
	b.Run(
		resource.TestStep{Config: config("own"), Check: resource.ComposeTestCheckFunc(
			b.CheckActive(acctest.CI),
			by("anna@example.com", tokens.ActionTechnicalUserCreate, tokens.ActionAccessTokenCreate,
				tokens.ActionTokenShareCreate),
		)},
		resource.TestStep{
			Config:           config("renamed"),
			ConfigPlanChecks: acctest.PreApply(acctest.Updates("latchkey_access_token.own", acctest.OnUpdate, "name")),
			Check:            by("anna@example.com", tokens.ActionAccessTokenUpdate),
		},
	)
}

// What the member may not do is an error of the apply, with what is missing. Whoever gives the member another role in
// the meantime, even in the same apply, changes that at once.
func TestActAsForbidden(t *testing.T) {
	b := acctest.New(t)
	config := func(role string, lines ...string) string {
		return acting(b, annasEmail,
			anna(fmt.Sprintf("role = %q", role))+acctest.CIToken(append([]string{byAnna}, lines...)...))
	}
	const address = "latchkey_member.anna"
	var id, secret string
	b.Run(
		resource.TestStep{
			Config: config("manager"),
			ExpectError: acctest.Says("Unable to create access token", `Access token "ci"`, "anna@example.com", "lacks",
				"tokens:manage at organization level", "ask an owner"),
		},
		resource.TestStep{Config: config("administrator"), Check: resource.ComposeTestCheckFunc(
			b.CheckActive(acctest.CI), acctest.Keep(acctest.CI, "id", &id), acctest.Keep(acctest.CI, "token", &secret))},
		resource.TestStep{ // Nobody gives away more than they hold.
			Config: config("administrator", `role = "owner"`),
			ExpectError: acctest.Says("Unable to update access token", "anna@example.com", "lacks",
				"It stays in the Terraform state"),
		},
		resource.TestStep{ // The member loses the right first; what was to be changed stays in the state as it is.
			Config:      config("viewer", `description = "new"`),
			ExpectError: acctest.Says("Unable to update access token", "It stays in the Terraform state"),
		},
		resource.TestStep{
			Config:           config("viewer"),
			ConfigPlanChecks: acctest.EmptyPlan(), // a viewer may look
			Check: resource.ComposeTestCheckFunc(acctest.CheckSame(acctest.CI, "id", &id),
				acctest.CheckSame(acctest.CI, "token", &secret)),
		},
		resource.TestStep{
			Config:      acting(b, annasEmail, anna(`role = "viewer"`)),
			ExpectError: acctest.Says("Unable to delete access token", "It stays in the Terraform state"),
		},
		resource.TestStep{
			PreConfig: func() { setRole(b, "none") },
			Config:    config("none"),
			ExpectError: acctest.Says("Unable to read access token", "tokens:read", "It stays in the Terraform state",
				"terraform apply -refresh=false -target=latchkey_member.NAME"),
		},
		resource.TestStep{
			Config:      config("none"),
			Destroy:     true,
			ExpectError: acctest.Says("Unable to read access token", "tokens:read"),
		},
		resource.TestStep{ // Raised by someone else while Terraform does not look: no setting of the provider changed.
			PreConfig: func() { setRole(b, "administrator") },
			Config:    config("administrator", `description = "new"`),
			ConfigPlanChecks: acctest.PreApply(acctest.Updates(acctest.CI, acctest.OnUpdate, "description"),
				plancheck.ExpectResourceAction(address, plancheck.ResourceActionNoop)),
			Check: resource.ComposeTestCheckFunc(acctest.CheckSame(acctest.CI, "id", &id),
				acctest.CheckSame(acctest.CI, "token", &secret), b.CheckActive(acctest.CI),
				refusedToAnna(b, tokens.ActionAccessTokenCreate, tokens.ActionAccessTokenUpdate, tokens.ActionAccessTokenDelete,
					tokens.ActionAccessTokenShow)),
		},
	)
}

// A manager of a group edits its tokens, but an edit that stops one within the hour is an error of the apply at that
// attribute, and the token stays as it is.
func TestActAsManagerCurtails(t *testing.T) {
	b := acctest.New(t)
	config := func(lines ...string) string {
		return acting(b, annasEmail,
			acctest.Resource("group", "payments", `name = "payments"`)+
				anna(`role = "none"`, `group_roles = [{ group_id = latchkey_group.payments.id, role = "manager" }]`)+
				acctest.Resource("access_token", "ci", append([]string{`name = "ci"`,
					`group_id = latchkey_group.payments.id`}, lines...)...))
	}
	refused := func(attribute string, lines ...string) resource.TestStep {
		return resource.TestStep{Config: config(append(lines, byAnna)...), ExpectError: acctest.Says(
			"Unable to update access token", attribute, "as stopping the token does", "tokens:manage in group",
			"It stays in the Terraform state")}
	}
	b.Run(
		resource.TestStep{Config: config(byAnna), Check: b.CheckActive(acctest.CI)},
		refused("ttl", `ttl = "30m"`),
		refused("role", `role = "viewer"`),
		refused("activates_at", `activates_at = "2060-01-01T00:00:00Z"`),
		resource.TestStep{Config: config(byAnna, `ttl = "30d"`, `description = "new"`), Check: b.CheckActive(acctest.CI)},
		resource.TestStep{Config: config(`ttl = "30m"`)}, // the owner may, and may delete it, too
	)
}

// refusedToAnna checks that the audit log tells of each of these actions, that it was refused to the acting member.
func refusedToAnna(b *acctest.Bench, actions ...tokens.Action) resource.TestCheckFunc {
	return func(*terraform.State) error {
		events, err := b.Outside.Events(context.Background(), tokens.EventQuery{})
		for _, action := range actions {
			if !slices.ContainsFunc(events, func(e tokens.Event) bool {
				return e.Action == action && e.Outcome == tokens.OutcomeRefused && acctest.IsBy(e, "anna@example.com")
			}) {
				return fmt.Errorf("the refusal of %s is not among the events", action)
			}
		}
		return err
	}
}

// setRole gives the one member of the database another role.
func setRole(b *acctest.Bench, role string) {
	b.T.Helper()
	members, err := b.Outside.Members(context.Background())
	b.Must(err)
	_, err = b.Outside.UpdateMember(context.Background(), members[0].ID,
		tokens.MemberUpdate{
			Settings: tokens.MemberSettings{Grants: tokens.Grants{Role: role}},
			Fields:   tokens.Fields{"role"},
		})
	b.Must(err)
}

// A token that is hidden from the acting member stays in the state, and so does everything while the member is not
// there.
func TestActAsHidden(t *testing.T) {
	b := acctest.New(t)
	restrict := func(v tokens.Visibility) {
		_, err := b.Outside.UpdateAccessToken(context.Background(), b.Token("ci").ID,
			tokens.AccessTokenUpdate{Settings: tokens.Settings{Visibility: v}, Fields: tokens.Fields{"visibility"}})
		b.Must(err)
	}
	config := acting(b, annasEmail, anna(`role = "administrator"`)+acctest.CIToken(byAnna))
	var id string
	b.Run(
		resource.TestStep{
			Config: b.Config(anna(`role = "administrator"`) + acctest.CIToken()),
			Check:  acctest.Keep(acctest.CI, "id", &id),
		}, // the owner makes it
		resource.TestStep{Config: config, ConfigPlanChecks: acctest.EmptyPlan()},
		resource.TestStep{
			PreConfig: func() { restrict(tokens.VisibilityRestricted) },
			Config:    config,
			ExpectError: acctest.Says("Unable to read access token", "is restricted to owners", "anna@example.com",
				"It stays in the Terraform state"),
		},
		resource.TestStep{
			PreConfig:        func() { restrict(tokens.VisibilityOrganization) },
			Config:           config,
			ConfigPlanChecks: acctest.EmptyPlan(),
			Check:            acctest.CheckSame(acctest.CI, "id", &id),
		},
		resource.TestStep{
			Config: acting(b, `"bea@example.com"`, anna(`role = "administrator"`)+acctest.CIToken(byAnna)),
			ExpectError: acctest.Says("Unable to read access token", b.Place.SaysNobody("bea@example.com"),
				"It stays in the Terraform state"),
		},
		resource.TestStep{
			Config:           config,
			ConfigPlanChecks: acctest.EmptyPlan(),
			Check:            acctest.CheckSame(acctest.CI, "id", &id),
		},
	)
}

// What may not be looked at is not imported, and the error speaks of no state.
func TestActAsImportOfTheForbidden(t *testing.T) {
	b := acctest.New(t)
	var id string
	b.Run(
		resource.TestStep{
			Config: b.Config(anna(`role = "administrator"`) + acctest.CIToken(`visibility = "restricted"`)),
			Check:  acctest.Keep(acctest.CI, "id", &id),
		},
		resource.TestStep{
			Config: acting(b, `"anna@example.com"`,
				anna(`role = "administrator"`)+acctest.Resource("access_token", "other", byAnna, `name = "ci"`)),
			ResourceName:      "latchkey_access_token.other",
			ImportState:       true,
			ImportStateIdFunc: func(*terraform.State) (string, error) { return id, nil },
			ExpectError: acctest.Says("Unable to import access token", "is restricted to owners",
				"ask one of them to share it."),
		},
	)
}

// The member's address may be known only after the apply has begun, and a member that is not there makes nothing, not
// even a database.
func TestActAsUnknown(t *testing.T) {
	b := acctest.New(t)
	input := "resource \"terraform_data\" \"email\" {\n  input = \"anna@example.com\"\n}\n"
	b.Run(
		resource.TestStep{
			Config:      acting(b, `"bea@example.com"`, acctest.Resource("group", "payments", byAnna, `name = "payments"`)),
			ExpectError: acctest.Says("Unable to create group", b.Place.SaysNobodyYet()),
		},
		resource.TestStep{
			Config: input + acting(b, `terraform_data.email.output`,
				acctest.Resource("member", "anna", `email = "anna@example.com"`, `role = "administrator"`)+
					acctest.CIToken(byAnna, `depends_on = [latchkey_member.anna]`)),
			ConfigPlanChecks: acctest.PreApply(plancheck.ExpectResourceAction(acctest.CI, plancheck.ResourceActionCreate)),
			Check:            b.CheckActive(acctest.CI),
		},
	)
}
