package acceptance

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestExampleTests runs the `terraform test` files of the examples.
func TestExampleTests(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(repository, "examples", "*", "tests", "*.tftest.hcl"))
	if err != nil {
		t.Fatal(err)
	}
	if len(files) < 2 {
		t.Errorf("only %d examples have tests: %s", len(files), files)
	}
	for _, file := range files {
		folder := filepath.Dir(filepath.Dir(file))
		t.Run(filepath.Base(folder)+"/"+strings.TrimSuffix(filepath.Base(file), ".tftest.hcl"), func(t *testing.T) {
			content, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			w := newWorkspace(t)
			w.useExample(folder)
			if err := os.Mkdir(w.path("tests"), 0o700); err != nil {
				t.Fatal(err)
			}
			w.write(filepath.Join("tests", filepath.Base(file)), string(content))
			said := w.terraform("test", "-no-color").exits(0)
			if runs := strings.Count("\n"+string(content), "\nrun \""); runs == 0 ||
				strings.Count(said.prose(), "... pass") != runs+1 {
				t.Errorf("%d runs and their file should pass:\n%s", runs, said.stdout)
			}
			if _, err := os.Stat(w.databasePath()); err == nil {
				t.Error("the test used the database of the example")
			}
		})
	}
}

// TestMockedProvider tests a module that links every kind of object, by resources and by data sources, with a provider
// that is mocked: it validates the identifiers that Terraform makes up like all other values.
func TestMockedProvider(t *testing.T) {
	w := newWorkspace(t)
	w.configure(organization + `
		resource "latchkey_access_token" "of_group" {
			name     = "group"
			group_id = latchkey_group.team["search"].id
			role     = latchkey_technical_user.plain.role
		}
		resource "latchkey_technical_user" "plain" {
			name        = "plain"
			group_roles = [{ group_id = latchkey_group.team["search"].id, role = latchkey_role.deployer.name }]
		}
		resource "latchkey_access_token" "in_group" {
			name              = "in-group"
			technical_user_id = latchkey_access_token.own.technical_user_id
			group_roles       = [for g in latchkey_group.team : { group_id = g.id, role = "viewer" }]
		}
		data "latchkey_access_token" "by_id" { id = latchkey_access_token.own.id }
		data "latchkey_access_token" "by_address" {
			name                 = "own"
			technical_user_email = latchkey_technical_user.plain.email
		}
		data "latchkey_access_token" "by_user" {
			name              = "own"
			technical_user_id = latchkey_technical_user.plain.id
		}
		data "latchkey_access_tokens" "some" {
			technical_user_id = latchkey_technical_user.plain.id
			group_id          = data.latchkey_technical_user.by_address.group_id
		}
		data "latchkey_technical_user" "by_id" { id = latchkey_technical_user.plain.id }
		data "latchkey_technical_user" "by_address" { email = latchkey_technical_user.plain.email }
		data "latchkey_technical_user" "by_name" {
			name     = "ci"
			group_id = latchkey_group.team["search"].id
		}
		data "latchkey_technical_users" "some" { group_id = latchkey_group.team["search"].id }
		data "latchkey_token_shares" "some" {
			access_token_id = latchkey_access_token.own.id
			member_id       = latchkey_member.anna.id
		}
		data "latchkey_events" "some" {
			object_id = latchkey_access_token.own.id
			since     = latchkey_access_token.own.created_at
		}
		data "latchkey_access_tokens" "alike" {
			status         = latchkey_access_token.own.status
			expires_within = data.latchkey_access_token.by_id.ttl
		}
		resource "latchkey_access_token" "as_long" {
			name         = "as-long"
			visibility   = latchkey_access_token.in_group.visibility
			enabled      = latchkey_access_token.in_group.enabled
			activates_at = latchkey_access_token.own.created_at
			expires_at   = latchkey_access_token.own.secret_expires_at
			grace_period = "until_expiry"
		}
	`)
	for name, mocks := range map[string]string{
		"plain": `mock_provider "latchkey" {}`,
		"values": `mock_provider "latchkey" {
			mock_resource "latchkey_access_token" {
				defaults = { status = "active", secret_expires_at = "2030-01-01T00:00:00Z" }
			}
		}`,
		"override": `mock_provider "latchkey" {}
		override_resource {
			target = latchkey_member.anna
			values = { id = "made-up" }
		}`,
	} {
		t.Run(name, func(t *testing.T) {
			w.write("mocked.tftest.hcl", mocks+`
				run "plan" { command = plan }
				run "apply" {
					assert {
						condition     = latchkey_token_share.anna.member_id == latchkey_member.anna.id
						error_message = "The share should be Anna's."
					}
				}
				run "plan_again" { command = plan }
			`)
			w.terraform("test", "-no-color").exits(0).says("3 passed, 0 failed")
			if _, err := os.Stat(w.databasePath()); err == nil {
				t.Error("the mocked provider made a database")
			}
		})
	}
}
