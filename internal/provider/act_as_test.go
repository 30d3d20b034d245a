package provider_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// acting returns a configuration with the provider of the database's owner, and beside it one that acts as the member with
// the address of that expression.
func (b *bench) acting(address, resources string) string {
	return b.config(fmt.Sprintf("provider \"acting\" {\n  database = %q\n  act_as = %s\n}\n%s", b.database, address, resources))
}

const (
	byAnna     = `provider = acting`
	annasEmail = `latchkey_member.anna.email`
)

// anna is a member with lines of attributes beside the address.
func anna(lines ...string) string {
	return resourceBlock("member", "anna", append([]string{`email = "anna@example.com"`}, lines...)...)
}

// One configuration makes members and roles as the owner and works as one of those members, from the first apply to the
// destroy. Who did what is told apart.
func TestActAs(t *testing.T) {
	b := newBench(t)
	config := func(name string) string {
		return b.acting(annasEmail, resourceBlock("role", "deployer", `name = "deployer"`, `permissions = ["deployments:*"]`)+
			resourceBlock("group", "payments", `name = "payments"`)+
			anna(`role = "none"`, `group_roles = [{ group_id = latchkey_group.payments.id, role = "administrator" }]`)+
			resourceBlock("technical_user", "ci", byAnna, `name = "ci"`, `group_id = latchkey_group.payments.id`, `role = latchkey_role.deployer.name`)+
			ciToken(byAnna, `technical_user_id = latchkey_technical_user.ci.id`)+
			resourceBlock("token_share", "anna", byAnna, `access_token_id = latchkey_access_token.ci.id`, `member_id = latchkey_member.anna.id`, `role = "viewer"`)+
			resourceBlock("access_token", "own", byAnna, fmt.Sprintf("name = %q", name), `group_id = latchkey_group.payments.id`, `visibility = "restricted"`))
	}
	by := func(actor tokens.Actor, actions ...tokens.Action) resource.TestCheckFunc {
		return func(*terraform.State) error {
			events, err := b.Outside.Events(context.Background(), tokens.EventQuery{})
			for _, action := range actions {
				count := 0
				for _, e := range events {
					if e.Action == action && e.Outcome == tokens.OutcomeDone && e.Actor == actor {
						count++
					}
				}
				if count == 0 {
					return fmt.Errorf("%s by %s is not among the events", action, actor)
				}
			}
			return err
		}
	}
	b.run(
		resource.TestStep{Config: config("own"), Check: resource.ComposeTestCheckFunc(
			b.checkActive(ci),
			by("anna@example.com", tokens.ActionTechnicalUserCreate, tokens.ActionAccessTokenCreate, tokens.ActionTokenShareCreate),
		)},
		resource.TestStep{
			Config:           config("renamed"),
			ConfigPlanChecks: preApply(updates("latchkey_access_token.own", onUpdate, "name")),
			Check:            by("anna@example.com", tokens.ActionAccessTokenUpdate),
		},
	)
}

// What the member may not do is an error of the apply, with what is missing. Whoever gives the member another role in the
// meantime, even in the same apply, changes that at once.
func TestActAsForbidden(t *testing.T) {
	b := newBench(t)
	config := func(role string, lines ...string) string {
		return b.acting(annasEmail, anna(fmt.Sprintf("role = %q", role))+ciToken(append([]string{byAnna}, lines...)...))
	}
	const address = "latchkey_member.anna"
	var id, secret string
	b.run(
		resource.TestStep{
			Config:      config("manager"),
			ExpectError: says("Unable to create access token", `Access token "ci"`, "tokens:manage at organization level", "anna@example.com does not hold it", "ask an owner"),
		},
		resource.TestStep{Config: config("administrator"), Check: resource.ComposeTestCheckFunc(
			b.checkActive(ci), keep(ci, "id", &id), keep(ci, "token", &secret))},
		resource.TestStep{ // Nobody gives away more than they hold.
			Config:      config("administrator", `role = "owner"`),
			ExpectError: says("Unable to update access token", "anna@example.com does not hold", "It stays in the Terraform state"),
		},
		resource.TestStep{ // The member loses the right first; what was to be changed stays in the state as it is.
			Config:      config("viewer", `description = "new"`),
			ExpectError: says("Unable to update access token", "It stays in the Terraform state"),
		},
		resource.TestStep{
			Config:           config("viewer"),
			ConfigPlanChecks: emptyPlan(), // a viewer may look
			Check:            resource.ComposeTestCheckFunc(checkSame(ci, "id", &id), checkSame(ci, "token", &secret)),
		},
		resource.TestStep{Config: b.acting(annasEmail, anna(`role = "viewer"`)), ExpectError: says("Unable to delete access token", "It stays in the Terraform state")},
		resource.TestStep{
			PreConfig:   func() { b.setRole("none") },
			Config:      config("none"),
			ExpectError: says("Unable to read access token", "tokens:read", "It stays in the Terraform state", "terraform apply -refresh=false -target=latchkey_member.NAME"),
		},
		resource.TestStep{ // Raised by someone else while Terraform does not look: no setting of the provider changed.
			PreConfig:        func() { b.setRole("administrator") },
			Config:           config("administrator", `description = "new"`),
			ConfigPlanChecks: preApply(updates(ci, onUpdate, "description"), plancheck.ExpectResourceAction(address, plancheck.ResourceActionNoop)),
			Check:            resource.ComposeTestCheckFunc(checkSame(ci, "id", &id), checkSame(ci, "token", &secret), b.checkActive(ci)),
		},
	)
}

// setRole gives the one member of the database another role.
func (b *bench) setRole(role string) {
	b.t.Helper()
	members, err := b.Outside.Members(context.Background())
	b.must(err)
	_, err = b.Outside.UpdateMember(context.Background(), members[0].ID, tokens.MemberUpdate{Role: tokens.To(role)})
	b.must(err)
}

// A token that is hidden from the acting member stays in the state, and so does everything while the member is not there.
func TestActAsHidden(t *testing.T) {
	b := newBench(t)
	restrict := func(v tokens.Visibility) {
		_, err := b.Outside.UpdateAccessToken(context.Background(), b.token("ci").ID, tokens.AccessTokenUpdate{Visibility: tokens.To(v)})
		b.must(err)
	}
	config := b.acting(annasEmail, anna(`role = "administrator"`)+ciToken(byAnna))
	var id string
	b.run(
		resource.TestStep{Config: b.config(anna(`role = "administrator"`) + ciToken()), Check: keep(ci, "id", &id)}, // the owner makes it
		resource.TestStep{Config: config, ConfigPlanChecks: emptyPlan()},
		resource.TestStep{
			PreConfig:   func() { restrict(tokens.VisibilityRestricted) },
			Config:      config,
			ExpectError: says("Unable to read access token", "is restricted to owners", "anna@example.com", "It stays in the Terraform state"),
		},
		resource.TestStep{
			PreConfig:        func() { restrict(tokens.VisibilityOrganization) },
			Config:           config,
			ConfigPlanChecks: emptyPlan(),
			Check:            checkSame(ci, "id", &id),
		},
		resource.TestStep{
			Config:      b.acting(`"bea@example.com"`, anna(`role = "administrator"`)+ciToken(byAnna)),
			ExpectError: says("Unable to read access token", `act_as: there is no member "bea@example.com"`, "leave act_as out", "It stays in the Terraform state"),
		},
		resource.TestStep{Config: config, ConfigPlanChecks: emptyPlan(), Check: checkSame(ci, "id", &id)},
	)
}

// What may not be looked at is not imported, and the error speaks of no state.
func TestActAsImportOfTheForbidden(t *testing.T) {
	b := newBench(t)
	var id string
	b.run(
		resource.TestStep{
			Config: b.config(anna(`role = "administrator"`) + ciToken(`visibility = "restricted"`)),
			Check:  keep(ci, "id", &id),
		},
		resource.TestStep{
			Config:            b.acting(`"anna@example.com"`, anna(`role = "administrator"`)+resourceBlock("access_token", "other", byAnna, `name = "ci"`)),
			ResourceName:      "latchkey_access_token.other",
			ImportState:       true,
			ImportStateIdFunc: func(*terraform.State) (string, error) { return id, nil },
			ExpectError:       says("Unable to import access token", "is restricted to owners", "ask one of them to share it."),
		},
	)
}

// The member's address may be known only after the apply has begun, and a member that is not there makes nothing, not even
// a database.
func TestActAsUnknown(t *testing.T) {
	b := newBench(t)
	input := "resource \"terraform_data\" \"email\" {\n  input = \"anna@example.com\"\n}\n"
	b.run(
		resource.TestStep{
			Config:      b.acting(`"bea@example.com"`, resourceBlock("group", "payments", byAnna, `name = "payments"`)),
			ExpectError: says("Unable to create group", "no database is there"),
		},
		resource.TestStep{
			Config: input + b.acting(`terraform_data.email.output`, resourceBlock("member", "anna", `email = "anna@example.com"`, `role = "administrator"`)+
				ciToken(byAnna, `depends_on = [latchkey_member.anna]`)),
			ConfigPlanChecks: preApply(plancheck.ExpectResourceAction(ci, plancheck.ResourceActionCreate)),
			Check:            b.checkActive(ci),
		},
	)
}
