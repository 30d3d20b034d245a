package provider_test

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/acctest"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// every is one resource of each kind.
func every(name string) string {
	return acctest.Resource("group", "g", fmt.Sprintf("name = %q", name)) +
		acctest.Resource("member", "m", `email = "anna@example.com"`, fmt.Sprintf("name = %q", name)) +
		acctest.Resource("technical_user", "u", fmt.Sprintf("name = %q", name)) +
		acctest.Resource("access_token", "ci", fmt.Sprintf("name = %q", name),
			`technical_user_id = latchkey_technical_user.u.id`) +
		acctest.Resource("token_share", "s", `access_token_id = latchkey_access_token.ci.id`,
			`member_id = latchkey_member.m.id`, `role = "viewer"`)
}

// Against a missing or another database every read fails and names both; nothing leaves the state.
func TestWrongDatabase(t *testing.T) {
	ctx := context.Background()
	for _, test := range []struct {
		name  string
		spoil func(b *acctest.Bench, wrong *acctest.Place) error
		want  []string
	}{
		{"missing", func(*acctest.Bench, *acctest.Place) error { return nil }, []string{"can't be reached"}},
		{"another", func(b *acctest.Bench, wrong *acctest.Place) error {
			_, err := b.Open(wrong).CreateGroup(ctx,
				tokens.NewGroup{Request: tokens.NewRequest(b.Now()), GroupSettings: tokens.GroupSettings{Name: "x"}})
			return err
		}, []string{"but the object lives in database db_"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			if test.name == "missing" {
				acctest.NotThroughServer(t, "a server that answers has a database")
			}
			b := acctest.New(t)
			wrong := b.NewPlace()
			var id string
			b.Run(
				resource.TestStep{Config: b.Config(every("a")), Check: acctest.Keep(acctest.CI, "id", &id)},
				resource.TestStep{
					PreConfig: func() { b.Must(test.spoil(b, wrong)) },
					Config:    acctest.Provider("latchkey", wrong) + every("a"),
					ExpectError: acctest.Says(append([]string{"Unable to read"},
						append(test.want, "It stays in the Terraform state")...)...),
				},
				resource.TestStep{Config: acctest.Provider("latchkey", wrong), ExpectError: acctest.Says("Unable to read")},
				resource.TestStep{ // Nor did the attempt make a database.
					PreConfig: func() {
						if test.name == "missing" && !wrong.IsEmpty() {
							t.Error("reading made a database")
						}
					},
					Config: b.Config(every("a")), ConfigPlanChecks: acctest.EmptyPlan(),
					Check: acctest.CheckSame(acctest.CI, "id", &id),
				},
			)
		})
	}
}

// The database's organization is given when it is made.
func TestOrganization(t *testing.T) {
	acctest.NotThroughServer(t, "the first apply names the organization only of a database that it makes")
	b := acctest.New(t)
	config := func(organization string) string {
		return b.Provider("latchkey", organization) + acctest.CIToken()
	}
	b.Run(
		resource.TestStep{Config: config(`organization = "acme"`)},
		resource.TestStep{Config: config(`organization = "other"`), ExpectError: acctest.Says(`"acme"`)},
		resource.TestStep{Config: config(``), ExpectError: acctest.Says(`"acme"`, `"default"`)},
		// left out, it is "default"
		resource.TestStep{Config: config(`organization = "acme"`), ConfigPlanChecks: acctest.EmptyPlan()},
	)
}

// A setting of the provider that is known only after apply stops nothing that does not need the backend.
func TestUnknownDatabase(t *testing.T) {
	b := acctest.New(t)
	var values, settings []string
	for name, value := range b.Place.Settings() {
		values = append(values, fmt.Sprintf("%s = %q", name, value))
		settings = append(settings, fmt.Sprintf("%s = terraform_data.place.output.%[1]s", name))
	}
	b.Run(resource.TestStep{
		Config: fmt.Sprintf("resource \"terraform_data\" \"place\" {\n  input = { %s }\n}\nprovider \"latchkey\" {\n  "+
			"%s\n}\n", strings.Join(values, ", "), strings.Join(settings, "\n  ")) + every("a"),
		ConfigPlanChecks: acctest.PreApply(
			plancheck.ExpectUnknownValue("terraform_data.place", tfjsonpath.New("output")),
			plancheck.ExpectResourceAction(acctest.CI, plancheck.ResourceActionCreate),
		),
		Check: b.CheckActive(acctest.CI),
	})
}

// Planning makes nothing: neither a token nor a database.
func TestPlanMakesNothing(t *testing.T) {
	b := acctest.New(t)
	b.Run(
		resource.TestStep{Config: b.Config(every("a")), PlanOnly: true, ExpectNonEmptyPlan: true},
		resource.TestStep{
			PreConfig: func() {
				if !b.Place.IsEmpty() {
					t.Error("planning made a database")
				}
			},
			Config: b.Config(every("a")),
		},
	)
}

// The environment names the database where the configuration does not, and loses against it.
func TestDatabaseFromEnvironment(t *testing.T) {
	acctest.NotThroughServer(t, "TestPlaces is about all that leads to a server")
	for _, test := range []struct{ name, setting string }{{"environment", ""}, {"configuration", "database = %q"}} {
		t.Run(test.name, func(t *testing.T) {
			b := acctest.NewSerial(t)
			database := b.Place.Settings()["database"]
			setting, variable := test.setting, database
			if setting != "" {
				setting, variable = fmt.Sprintf(setting, database), filepath.Join(t.TempDir(), "ignored.db")
			}
			t.Setenv("LATCHKEY_DATABASE", variable)
			b.Run(resource.TestStep{
				Config: fmt.Sprintf("provider \"latchkey\" {\n %s\n}\n", setting) + acctest.CIToken(),
				Check:  b.CheckActive(acctest.CI),
			})
		})
	}
}

// The prefix of new secrets is a setting; a change leaves present ones alone.
func TestTokenPrefix(t *testing.T) {
	b := acctest.New(t)
	config := func(prefix, trigger string) string {
		return b.Provider("latchkey", fmt.Sprintf("token_prefix = %q", prefix)) +
			acctest.CIToken(fmt.Sprintf("regenerate_triggers = { n = %q }", trigger))
	}
	begins := func(prefix string) resource.TestCheckFunc {
		return resource.TestMatchResourceAttr(acctest.CI, "token_preview", acctest.Says(prefix+"_"))
	}
	b.Run(
		resource.TestStep{Config: config("acme", "1"), Check: begins("acme")},
		resource.TestStep{Config: config("corp2", "1"), ConfigPlanChecks: acctest.EmptyPlan()},
		resource.TestStep{Config: config("corp2", "2"), Check: begins("corp2")},
	)
}
