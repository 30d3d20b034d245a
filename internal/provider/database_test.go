package provider_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// every is one resource of each kind.
func every(name string) string {
	return resourceBlock("group", "g", fmt.Sprintf("name = %q", name)) +
		resourceBlock("member", "m", `email = "anna@example.com"`, fmt.Sprintf("name = %q", name)) +
		resourceBlock("technical_user", "u", fmt.Sprintf("name = %q", name)) +
		resourceBlock("access_token", "ci", fmt.Sprintf("name = %q", name), `technical_user_id = latchkey_technical_user.u.id`) +
		resourceBlock("token_share", "s", `access_token_id = latchkey_access_token.ci.id`, `member_id = latchkey_member.m.id`, `role = "viewer"`)
}

// Against a missing or another database every read fails and names both; nothing leaves the state.
func TestWrongDatabase(t *testing.T) {
	ctx := context.Background()
	for _, test := range []struct {
		name  string
		spoil func(b *bench, database string) error
		want  []string
	}{
		{"missing", func(*bench, string) error { return nil }, []string{"can't be reached"}},
		{"another", func(b *bench, database string) error {
			_, err := b.open(database).CreateGroup(ctx, tokens.NewGroup{Name: "x"})
			return err
		}, []string{"but the object lives in database db_"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := newBench(t)
			wrong := filepath.Join(t.TempDir(), "wrong.db")
			var id string
			b.run(
				resource.TestStep{Config: b.config(every("a")), Check: keep(ci, "id", &id)},
				resource.TestStep{
					PreConfig:   func() { b.must(test.spoil(b, wrong)) },
					Config:      configFor(wrong, every("a")),
					ExpectError: says(append([]string{"Unable to read"}, append(test.want, "It stays in the Terraform state")...)...),
				},
				resource.TestStep{Config: configFor(wrong, ""), ExpectError: says("Unable to read")},
				resource.TestStep{ // Nor did the attempt make a database.
					PreConfig: func() {
						if _, err := os.Stat(wrong); test.name == "missing" && err == nil {
							t.Error("reading made a database")
						}
					},
					Config: b.config(every("a")), ConfigPlanChecks: emptyPlan(), Check: checkSame(ci, "id", &id),
				},
			)
		})
	}
}

// The database's organization is given when it is made.
func TestOrganization(t *testing.T) {
	b := newBench(t)
	config := func(organization string) string {
		return fmt.Sprintf("provider \"latchkey\" {\n database = %q\n %s\n}\n", b.database, organization) + ciToken()
	}
	b.run(
		resource.TestStep{Config: config(`organization = "acme"`)},
		resource.TestStep{Config: config(`organization = "other"`), ExpectError: says(`"acme"`)},
		resource.TestStep{Config: config(``), ExpectError: says(`"acme"`, `"default"`)}, // left out, it is "default"
		resource.TestStep{Config: config(`organization = "acme"`), ConfigPlanChecks: emptyPlan()},
	)
}

// A setting of the provider that is known only after apply stops nothing that does not need the backend.
func TestUnknownDatabase(t *testing.T) {
	b := newBench(t)
	b.run(resource.TestStep{
		Config: fmt.Sprintf("resource \"terraform_data\" \"path\" {\n  input = %q\n}\nprovider \"latchkey\" {\n  database = terraform_data.path.output\n}\n", b.database) + every("a"),
		ConfigPlanChecks: preApply(
			plancheck.ExpectUnknownValue("terraform_data.path", tfjsonpath.New("output")),
			plancheck.ExpectResourceAction(ci, plancheck.ResourceActionCreate),
		),
		Check: b.checkActive(ci),
	})
}

// Planning makes nothing: neither a token nor a database.
func TestPlanMakesNothing(t *testing.T) {
	b := newBench(t)
	b.run(
		resource.TestStep{Config: b.config(every("a")), PlanOnly: true, ExpectNonEmptyPlan: true},
		resource.TestStep{
			PreConfig: func() {
				if _, err := os.Stat(b.database); err == nil {
					t.Error("planning made a database")
				}
			},
			Config: b.config(every("a")),
		},
	)
}

// The environment names the database where the configuration does not, and loses against it.
func TestDatabaseFromEnvironment(t *testing.T) {
	for _, test := range []struct{ name, setting string }{{"environment", ""}, {"configuration", "database = %q"}} {
		t.Run(test.name, func(t *testing.T) {
			b := newSerialBench(t)
			setting, variable := test.setting, b.database
			if setting != "" {
				setting, variable = fmt.Sprintf(setting, b.database), filepath.Join(t.TempDir(), "ignored.db")
			}
			t.Setenv("LATCHKEY_DATABASE", variable)
			b.run(resource.TestStep{Config: fmt.Sprintf("provider \"latchkey\" {\n %s\n}\n", setting) + ciToken(), Check: b.checkActive(ci)})
		})
	}
}

// The prefix of new secrets is a setting; a change leaves present ones alone.
func TestTokenPrefix(t *testing.T) {
	b := newBench(t)
	config := func(prefix, trigger string) string {
		return fmt.Sprintf("provider \"latchkey\" {\n database = %q\n token_prefix = %q\n}\n", b.database, prefix) + ciToken(fmt.Sprintf("regenerate_triggers = { n = %q }", trigger))
	}
	begins := func(prefix string) resource.TestCheckFunc {
		return resource.TestMatchResourceAttr(ci, "token_preview", says(prefix+"_"))
	}
	b.run(
		resource.TestStep{Config: config("acme", "1"), Check: begins("acme")},
		resource.TestStep{Config: config("corp2", "1"), ConfigPlanChecks: emptyPlan()},
		resource.TestStep{Config: config("corp2", "2"), Check: begins("corp2")},
	)
}
