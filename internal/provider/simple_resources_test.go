package provider_test

import (
	"context"
	"fmt"
	"regexp"
	"slices"
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

// What the simple resources have in common, by table: made, imported, changed in place, drifted, deleted elsewhere.
func TestSimpleResources(t *testing.T) {
	ctx := context.Background()
	base := acctest.Resource("group", "base", `name = "base"`) +
		acctest.Resource("member", "base", `email = "base@example.com"`) +
		acctest.Resource("access_token", "base", `name = "base"`)
	for _, test := range []struct {
		kind, first, second string
		changed             []string // by second
		importBy            string   // an identifier for people, besides id
		// drift changes the object elsewhere, so that drifted differ from first; remove deletes it.
		drift   func(b *acctest.Bench, id string) error
		drifted []string
		remove  func(b *acctest.Bench, id string) error
	}{
		{
			kind:     "group",
			first:    `name = "payments"`,
			second:   "name = \"billing\"\ndescription = \"Bills.\"",
			changed:  []string{"name", "description"},
			importBy: "billing",
			drift: func(b *acctest.Bench, id string) error {
				_, err := b.Outside.UpdateGroup(ctx, id,
					tokens.GroupUpdate{
						Settings: tokens.GroupSettings{Description: "other"},
						Fields:   tokens.Fields{"description"},
					})
				return err
			},
			drifted: []string{"description"},
			remove:  func(b *acctest.Bench, id string) error { return b.Outside.DeleteGroup(ctx, id) },
		},
		{
			kind:     "role",
			first:    "name = \"deployer\"\npermissions = [\"orders:read\"]",
			second:   "name = \"builder\"\npermissions = [\"tokens:*\", \"builds:write\"]\ndescription = \"Builds.\"",
			changed:  []string{"name", "permissions", "description"},
			importBy: "builder",
			drift: func(b *acctest.Bench, id string) error {
				_, err := b.Outside.UpdateRole(ctx, id,
					tokens.RoleUpdate{
						Settings: tokens.RoleSettings{Name: "other", Permissions: []string{"*"}},
						Fields:   tokens.Fields{"name", "permissions"},
					})
				return err
			},
			drifted: []string{"name", "permissions"},
			remove:  func(b *acctest.Bench, id string) error { return b.Outside.DeleteRole(ctx, id) },
		},
		{
			kind:  "member",
			first: `email = "Anna@example.com"`,
			second: "email = \"Anna@example.com\"\nname = \"Anna\"\nrole = \"administrator\"\ngroup_roles = [{ group_id " +
				"= latchkey_group.base.id, role = \"none\" }]",
			changed:  []string{"name", "role", "group_roles"},
			importBy: "anna@EXAMPLE.com",
			drift: func(b *acctest.Bench, id string) error {
				_, err := b.Outside.UpdateMember(ctx, id,
					tokens.MemberUpdate{
						Settings: tokens.MemberSettings{Grants: tokens.Grants{Role: "viewer", GroupRoles: nil}},
						Fields:   tokens.Fields{"role", "group_roles"},
					})
				return err
			},
			drifted: []string{"role", "group_roles"},
			remove:  func(b *acctest.Bench, id string) error { return b.Outside.DeleteMember(ctx, id) },
		},
		{
			kind:  "technical_user",
			first: `name = "deployer"`,
			second: "name = \"builder\"\ndescription = \"Builds.\"\nrole = \"none\"\nenabled = false\ngroup_roles = [{ " +
				"group_id = latchkey_group.base.id, role = \"manager\" }]",
			changed:  []string{"name", "description", "role", "enabled", "group_roles"},
			importBy: "Deployer@default.LATCHKEY.internal", // the address of its creation
			drift: func(b *acctest.Bench, id string) error {
				_, err := b.Outside.UpdateTechnicalUser(ctx, id,
					tokens.TechnicalUserUpdate{
						Settings: tokens.TechnicalUserSettings{Enabled: true, Grants: tokens.Grants{Role: "manager"}},
						Fields:   tokens.Fields{"enabled", "role"},
					})
				return err
			},
			drifted: []string{"enabled", "role"},
			remove:  func(b *acctest.Bench, id string) error { return b.Outside.DeleteTechnicalUser(ctx, id) },
		},
		{
			kind: "token_share",
			first: "access_token_id = latchkey_access_token.base.id\nmember_id = " +
				"latchkey_member.base.id\nrole = \"viewer\"",
			second: "access_token_id = latchkey_access_token.base.id\nmember_id = " +
				"latchkey_member.base.id\nrole = \"manager\"",
			changed: []string{"role"},
			drift: func(b *acctest.Bench, id string) error {
				token, member, err := tokens.ParseShareID("id", id)
				b.Must(err)
				_, err = b.Outside.UpdateTokenShare(ctx, token, member, "editor")
				return err
			},
			drifted: []string{"role"},
			remove: func(b *acctest.Bench, id string) error {
				token, member, err := tokens.ParseShareID("id", id)
				b.Must(err)
				return b.Outside.UnshareAccessToken(ctx, token, member)
			},
		},
	} {
		t.Run(test.kind, func(t *testing.T) {
			b := acctest.New(t)
			address := "latchkey_" + test.kind + ".this"
			first, second := base+acctest.Resource(test.kind, "this", test.first), base+
				acctest.Resource(test.kind, "this", test.second)
			var id string
			steps := []resource.TestStep{
				{Config: b.Config(first), Check: acctest.Keep(address, "id", &id)},
				{
					Config:           b.Config(second),
					ConfigPlanChecks: acctest.PreApply(acctest.Updates(address, nil, test.changed...)),
					Check:            acctest.CheckSame(address, "id", &id),
				},
				{ResourceName: address, ImportState: true, ImportStateVerify: true},
				{
					PreConfig:        func() { b.Must(test.drift(b, id)) },
					Config:           b.Config(second),
					ConfigPlanChecks: acctest.PreApply(acctest.Updates(address, nil, test.drifted...)),
				},
				{
					PreConfig:        func() { b.Must(test.remove(b, id)) },
					Config:           b.Config(second),
					ConfigPlanChecks: acctest.PreApply(plancheck.ExpectResourceAction(address, plancheck.ResourceActionCreate)),
					Check:            acctest.Keep(address, "id", &id),
				},
				{ // without a refresh, so that what is gone is deleted
					PreConfig: func() { b.Must(test.remove(b, id)) },
					Config:    b.Config(second),
					Destroy:   true,
				},
			}
			if test.importBy != "" {
				steps = append(steps[:3:3], append([]resource.TestStep{
					{ResourceName: address, ImportState: true, ImportStateId: test.importBy, ImportStateVerify: true},
				}, steps[3:]...)...)
			}
			b.Run(steps...)
		})
	}
}

func TestTechnicalUserComputed(t *testing.T) {
	b := acctest.New(t)
	const org, group = "latchkey_technical_user.org", "latchkey_technical_user.group"
	config := func(groupName string) string {
		return b.Config(acctest.Resource("group", "payments", fmt.Sprintf("name = %q", groupName)) +
			acctest.Resource("technical_user", "org", `name = "ci"`) +
			acctest.Resource("technical_user", "group", `name = "ci"`, `group_id = latchkey_group.payments.id`,
				`role = "administrator"`))
	}
	check := []statecheck.StateCheck{
		statecheck.ExpectKnownValue(org, tfjsonpath.New("email"), knownvalue.StringExact("ci@default.latchkey.internal")),
		statecheck.ExpectKnownValue(org, tfjsonpath.New("role"), knownvalue.StringExact("member")),
		statecheck.ExpectKnownValue(org, tfjsonpath.New("system_created"), knownvalue.Bool(false)),
		statecheck.ExpectKnownValue(group, tfjsonpath.New("email"),
			knownvalue.StringExact("ci@payments.default.latchkey.internal")),
		statecheck.ExpectKnownValue(group, tfjsonpath.New("created_at"),
			knownvalue.StringRegexp(regexp.MustCompile(`^2030-01-01T12:00:`))),
	}
	b.Run(
		resource.TestStep{Config: config("payments"), ConfigStateChecks: check},
		resource.TestStep{Config: config("billing"), ConfigStateChecks: check}, // an address outlives the names in it
	)
}

func TestReplacedByAnotherIdentity(t *testing.T) {
	groups := acctest.Resource("group", "a", `name = "a"`) + acctest.Resource("group", "b", `name = "b"`)
	for _, test := range []struct{ name, address, before, after string }{
		{
			"member of another address", "latchkey_member.this",
			acctest.Resource("member", "this", `email = "anna@example.com"`),
			acctest.Resource("member", "this", `email = "bea@example.com"`),
		},
		{
			"technical user of another group", "latchkey_technical_user.this",
			groups + acctest.Resource("technical_user", "this", `name = "ci"`, `group_id = latchkey_group.a.id`),
			groups + acctest.Resource("technical_user", "this", `name = "ci"`, `group_id = latchkey_group.b.id`),
		},
		{
			"technical user moved to the organization", "latchkey_technical_user.this",
			groups + acctest.Resource("technical_user", "this", `name = "ci"`, `group_id = latchkey_group.a.id`),
			groups + acctest.Resource("technical_user", "this", `name = "ci"`),
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := acctest.New(t)
			b.Run(
				resource.TestStep{Config: b.Config(test.before)},
				resource.TestStep{
					Config: b.Config(test.after),
					ConfigPlanChecks: acctest.PreApply(plancheck.ExpectResourceAction(test.address,
						plancheck.ResourceActionReplace)),
				},
			)
		})
	}
}

// Another case of the letters is the same address, and changes nothing.
func TestMemberAddressInAnotherCase(t *testing.T) {
	b := acctest.New(t)
	config := func(email string) string {
		return b.Config(acctest.Resource("member", "anna", fmt.Sprintf("email = %q", email)))
	}
	b.Run(
		resource.TestStep{Config: config("anna@example.com")},
		resource.TestStep{Config: config("Anna@Example.com"), ConfigPlanChecks: acctest.EmptyPlan()},
		resource.TestStep{
			Config:           b.Config(acctest.Resource("member", "anna", `email = "ANNA@Example.com"`, `name = "Anna"`)),
			ConfigPlanChecks: acctest.PreApply(acctest.Updates("latchkey_member.anna", nil, "name")),
		},
	)
}

// An existing share is never overwritten.
func TestTokenShareConflict(t *testing.T) {
	b := acctest.New(t)
	share := func(label, role string) string {
		return acctest.Resource("token_share", label, `access_token_id = latchkey_access_token.ci.id`,
			`member_id = latchkey_member.anna.id`, fmt.Sprintf("role = %q", role))
	}
	base := acctest.CIToken() + acctest.Resource("member", "anna", `email = "anna@example.com"`) +
		share("first", "viewer")
	b.Run(
		resource.TestStep{Config: b.Config(base)},
		resource.TestStep{
			Config:      b.Config(base + share("second", "manager")),
			ExpectError: acctest.Says("Unable to create token share", "import {"),
		},
		resource.TestStep{
			Config:           b.Config(base),
			ConfigPlanChecks: acctest.EmptyPlan(),
			Check:            resource.TestCheckResourceAttr("latchkey_token_share.first", "role", "viewer"),
		},
	)
}

// Shares go with their token, and a replaced token is shared again.
func TestTokenShareFollowsToken(t *testing.T) {
	b := acctest.New(t)
	config := func(owner string) string {
		return b.Config(acctest.CIToken(fmt.Sprintf("replace_triggers = { owner = %q }", owner)) +
			acctest.Resource("member", "anna", `email = "anna@example.com"`) +
			acctest.Resource("token_share", "anna", `access_token_id = latchkey_access_token.ci.id`,
				`member_id = latchkey_member.anna.id`, `role = "viewer"`))
	}
	var id string
	b.Run(
		resource.TestStep{Config: config("a"), Check: acctest.Keep("latchkey_token_share.anna", "id", &id)},
		resource.TestStep{Config: config("b"), Check: acctest.CheckOther("latchkey_token_share.anna", "id", &id)},
		resource.TestStep{
			PreConfig: func() { b.Must(b.Outside.DeleteAccessToken(context.Background(), b.Token("ci").ID)) },
			Config:    config("b"),
			ConfigPlanChecks: acctest.PreApply(plancheck.ExpectResourceAction("latchkey_token_share.anna",
				plancheck.ResourceActionCreate)),
		},
	)
}

// Names that are taken are refused with the import block that would adopt the holder.
func TestNameTaken(t *testing.T) {
	for _, test := range []struct{ name, first, second string }{
		{"group", acctest.Resource("group", "a", `name = "x"`), acctest.Resource("group", "b", `name = "x"`)},
		{"role", acctest.Resource("role", "a", `name = "x"`, `permissions = []`),
			acctest.Resource("role", "b", `name = "x"`, `permissions = []`)},
		{"member", acctest.Resource("member", "a", `email = "x@example.com"`),
			acctest.Resource("member", "b", `email = "X@example.com"`)},
		{"technical user", acctest.Resource("technical_user", "a", `name = "x"`),
			acctest.Resource("technical_user", "b", `name = "x"`)},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := acctest.New(t)
			b.Run(
				resource.TestStep{Config: b.Config(test.first)},
				resource.TestStep{
					Config:      b.Config(test.first + test.second),
					ExpectError: acctest.Says("Unable to create "+test.name, "import {"),
				},
				resource.TestStep{Config: b.Config(test.first), ConfigPlanChecks: acctest.EmptyPlan()},
			)
		})
	}
}

// Terraform destroys and creates what has a new key or label side by side: the name becomes free within moments.
func TestRekeyedInstances(t *testing.T) {
	b := acctest.New(t)
	token := b.MakeToken("ci").ID
	bea, err := b.Outside.CreateMember(context.Background(),
		tokens.NewMember{
			Request:        tokens.NewRequest(b.Now()),
			Email:          "bea@example.com",
			MemberSettings: tokens.MemberSettings{Grants: tokens.Grants{Role: "none"}},
		})
	b.Must(err)
	member := bea.ID
	config := func(label string) string {
		return b.Config(acctest.Resource("group", label, `name = "payments"`) +
			acctest.Resource("member", label, `email = "anna@example.com"`) +
			acctest.Resource("role", label, `name = "deployer"`, `permissions = ["orders:read"]`) +
			acctest.Resource("technical_user", label, `name = "ci"`) +
			acctest.Resource("token_share", label, fmt.Sprintf("access_token_id = %q", token),
				fmt.Sprintf("member_id = %q", member), `role = "viewer"`))
	}
	b.Run(
		resource.TestStep{Config: config("old")},
		resource.TestStep{Config: config("new"), Check: func(*terraform.State) error {
			groups, err := b.Outside.Groups(context.Background())
			if len(groups) != 1 {
				return fmt.Errorf("%d groups", len(groups))
			}
			return err
		}},
	)
}

// What is in use is not deleted, and the error names what uses it.
func TestDeleteInUse(t *testing.T) {
	b := acctest.New(t)
	ctx := context.Background()
	group := acctest.Resource("group", "payments", `name = "payments"`)
	user := acctest.Resource("technical_user", "ci", `name = "ci"`)
	b.Run(
		resource.TestStep{Config: b.Config(group + user)},
		resource.TestStep{
			PreConfig: func() {
				users, err := b.Outside.TechnicalUsers(ctx)
				b.Must(err)
				ci := slices.IndexFunc(users, func(u tokens.TechnicalUser) bool { return u.Name == "ci" })
				_, err = b.Outside.CreateAccessToken(ctx,
					tokens.NewAccessToken{
						NewSecretFor:    b.NewSecret(),
						TechnicalUserID: users[ci].ID,
						Settings:        tokens.Settings{Name: "foreign token", Enabled: true},
					})
				b.Must(err)
			},
			Config: b.Config(group), ExpectError: acctest.Says("Unable to delete technical user", "foreign token"),
		},
		resource.TestStep{
			PreConfig: func() {
				b.Must(b.Outside.DeleteAccessToken(ctx, b.Token("foreign token").ID))
				groups, err := b.Outside.Groups(ctx)
				b.Must(err)
				_, err = b.Outside.CreateTechnicalUser(ctx,
					tokens.NewTechnicalUser{
						Request: tokens.NewRequest(b.Now()),
						GroupID: groups[0].ID,
						TechnicalUserSettings: tokens.TechnicalUserSettings{
							Name:    "foreign-user",
							Grants:  tokens.Grants{Role: "member"},
							Enabled: true,
						},
					})
				b.Must(err)
			},
			Config: b.Config(user), ExpectError: acctest.Says("Unable to delete group", "foreign-user"),
		},
		resource.TestStep{
			PreConfig: func() {
				users, err := b.Outside.TechnicalUsers(ctx)
				b.Must(err)
				for _, u := range users {
					if u.Name == "foreign-user" {
						b.Must(b.Outside.DeleteTechnicalUser(ctx, u.ID))
					}
				}
			},
			Config: b.Config(""),
		},
	)
}
