package acceptance

import "testing"

// TestAliasActsAs configures the provider twice: as the owner, who creates a member and a group, and as that member, in
// a process of its own. Whatever the member may not do fails the apply and loses nothing.
func TestAliasActsAs(t *testing.T) {
	w := newWorkspace(t)
	configure := func(rest string) {
		w.configure(`
			provider "latchkey" {
				alias  = "anna"
				act_as = latchkey_member.anna.email
				` + w.place() + `
			}
			resource "latchkey_group" "payments" { name = "payments" }
			resource "latchkey_member" "anna" {
				email       = "anna@example.com"
				role        = "none"
				group_roles = [{ group_id = latchkey_group.payments.id, role = "administrator" }]
			}
			resource "latchkey_access_token" "deploy" {
				provider   = latchkey.anna
				name       = "deploy"
				group_id   = latchkey_group.payments.id
				visibility = "restricted"
			}
		` + rest)
	}
	configure(``)
	w.terraform("apply").exits(0).says("3 added")
	w.terraform("plan", "-detailed-exitcode").exits(0)
	w.latchkey("event", "list").exits(0).says("anna@example.com", "access_token.create")

	configure(`
		resource "latchkey_access_token" "everywhere" {
			provider = latchkey.anna
			name     = "everywhere"
		}
	`)
	w.terraform("apply").exits(1).says("Unable to create access token", "anna@example.com lacks the permission",
		"tokens:manage at organization level")
	configure(``)
	w.terraform("plan", "-detailed-exitcode").exits(0)
	w.terraform("destroy").exits(0).says("3 destroyed")
}
