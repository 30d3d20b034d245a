package acceptance

import (
	"fmt"
	"strings"
	"testing"
)

// A plan warns of Latchkey's own permissions that it takes from the run itself through the roles of its account or of its
// access token, and of nothing that it takes from others or gives.
func TestOwnRoles(t *testing.T) {
	const summary = "Run loses permissions of its own"
	w := newWorkspace(t)
	w.throughServer()
	with := func(own, other, token, member, more string) {
		w.configure(fmt.Sprintf(`
			resource "latchkey_group" "base" { name = "base" }
			resource "latchkey_technical_user" "own" {
				name = "own"
				%s
			}
			resource "latchkey_technical_user" "other" {
				name = "other"
				role = %q
			}
			resource "latchkey_access_token" "own" {
				name              = "own"
				technical_user_id = latchkey_technical_user.own.id
				%s
			}
			resource "latchkey_member" "anna" {
				email = "anna@example.com"
				role  = %q
			}
		`, own, other, token, member) + more)
	}
	const admin = "administrator"
	const role, inGroup = `role = "administrator"`, `group_roles = [{ group_id = latchkey_group.base.id, role = "manager" }]`
	with(role, admin, "", admin, "")
	w.terraform("apply").exits(0).saysNot(summary)
	personal := w.latchkey("member", "token", "create", "anna@example.com", "--name", "laptop").exits(0)
	as := func(token string) {
		w.env = append(w.env, "LATCHKEY_TOKEN="+strings.TrimSpace(token))
	}

	as(w.state().tokens(t)[tokenPrefix+"own"].Token)
	const isAccount = "is the account of the access token by which this run asks the server"
	const all = "no longer holds accounts:manage, tokens:introspect, tokens:manage, tokens:read, tokens:write."
	with(`role = "viewer"`, admin, "", admin, "")
	w.terraform("plan").exits(0).says(summary, `Technical user "own"`, isAccount,
		"no longer holds accounts:manage, tokens:introspect, tokens:manage, tokens:write.", "LATCHKEY_TOKEN")
	with(role, admin, `role = "none"`, admin, "")
	w.terraform("plan").exits(0).says(summary, `Access token "own"`, "is the access token by which this run asks the server", all)
	with(role, admin, inGroup, admin, "")
	w.terraform("plan").exits(0).says(summary, `Access token "own"`, all)
	with(role, "viewer", "", "viewer", "")
	w.terraform("plan").exits(0).says("2 to change").saysNot(summary)
	with(role+"\n"+inGroup, admin, role, admin, "")
	w.terraform("plan").exits(0).says("2 to change").saysNot(summary)
	with("role = latchkey_role.new.name", admin, "", admin, `
		resource "latchkey_role" "new" {
			name        = "new"
			permissions = ["accounts:manage"]
		}
	`)
	w.terraform("plan").exits(0).saysNot(summary) // nobody knows yet what it permits

	// What a group's role keeps is not lost there, and what only that one gave is lost there alone.
	with(`role = "viewer"`+"\n"+inGroup, admin, "", admin, "")
	as(personal.stdout)
	w.terraform("apply").exits(0).saysNot(summary)
	as(w.state().tokens(t)[tokenPrefix+"own"].Token)
	with(`role = "viewer"`, admin, "", admin, "")
	group := w.id("latchkey_group.base")
	w.terraform("plan", "-refresh=false").exits(0).says(summary, isAccount, "no longer holds tokens:write in group "+group+".")

	as(personal.stdout)
	with(`role = "viewer"`+"\n"+inGroup, admin, "", "none", "")
	w.terraform("plan").exits(0).says(summary, `Member "anna@example.com"`, isAccount, all)
	with(`role = "none"`, admin, `role = "none"`, admin, "")
	w.terraform("apply").exits(0).saysNot(summary)
}
