package acceptance

import (
	"os"
	"strings"
	"testing"
)

// otherTerraform names another release of Terraform, for a test that changes between two.
const otherTerraform = "LATCHKEY_TEST_OTHER_TERRAFORM"

// People of a team have different releases, of which only the newer ones know identities: each goes on where another one
// stopped, without an error or a difference. The other release is OpenTofu unless a variable names one.
func TestReleasesInTurn(t *testing.T) {
	other := os.Getenv(otherTerraform)
	if other == "" {
		other = opentofuPath(t)
	}
	w := newWorkspace(t)
	configure := func(description string) {
		w.configure(strings.ReplaceAll(`
			resource "latchkey_group" "payments" {
				name        = "payments"
				description = "DESCRIPTION"
			}
			resource "latchkey_technical_user" "ci" {
				name        = "ci"
				description = "DESCRIPTION"
			}
			resource "latchkey_access_token" "ci" {
				name              = "ci"
				description       = "DESCRIPTION"
				technical_user_id = latchkey_technical_user.ci.id
			}
			resource "latchkey_member" "anna" {
				email = "anna@example.com"
				role  = "member"
			}
			resource "latchkey_token_share" "anna" {
				access_token_id = latchkey_access_token.ci.id
				member_id       = latchkey_member.anna.id
				role            = "viewer"
			}
			resource "latchkey_role" "auditor" {
				name        = "auditor"
				permissions = ["events:read"]
				description = "DESCRIPTION"
			}
		`, "DESCRIPTION", description))
	}
	releases := []string{other, ""}
	for i, description := range []string{"first", "second", "third", "fourth"} {
		configure(description)
		w.program = releases[i%2]
		w.terraform("apply").exits(0)
		for _, release := range releases {
			w.program = release
			w.terraform("plan", "-detailed-exitcode").exits(0)
			w.terraform("apply", "-refresh-only").exits(0)
		}
	}
	w.terraform("destroy").exits(0)
}
