package acceptance

import (
	"strings"
	"testing"
)

// A plan warns of a role that is spelled like a built-in one and that the database doesn't hold, and of no other.
func TestMisspelledRole(t *testing.T) {
	const summary = "Role may be misspelled"
	for kind, block := range map[string]string{
		"token":          "resource \"latchkey_access_token\" \"it\" {\n name = \"deploy\"\n role = \"ROLE\"\n}",
		"technical user": "resource \"latchkey_technical_user\" \"it\" {\n name = \"ci\"\n role = \"ROLE\"\n}",
		"member":         "resource \"latchkey_member\" \"it\" {\n email = \"anna@example.com\"\n role = \"ROLE\"\n}",
		"member of a group": `
			resource "latchkey_member" "it" {
				email = "anna@example.com"
				group_roles = [{ group_id = latchkey_group.base.id, role = "ROLE" }]
			}`,
	} {
		t.Run(kind, func(t *testing.T) {
			w := newWorkspace(t)
			const base = `resource "latchkey_group" "base" { name = "base" }`
			with := func(role string) {
				w.configure(base + "\n" + strings.ReplaceAll(block, "ROLE", role))
			}
			with("admin")
			w.terraform("plan").exits(0).saysNot(summary) // there is no database yet, which could hold it

			w.configure(base)
			w.terraform("apply").exits(0)
			with("admin")
			w.terraform("plan").exits(0).says(summary, `the role "admin", which is not in the database`, `"administrator"`)
			w.terraform("apply").exits(1).says(`there is no role "admin"`)
			with("auditor")
			w.terraform("plan").exits(0).saysNot(summary)
			with("administrator")
			w.terraform("apply").exits(0).saysNot(summary)
			with("owners")
			w.terraform("plan").exits(0).says(summary, `"owner"`)

			w.configure(base + "\n" + `resource "latchkey_role" "admin" {
				name        = "admin"
				permissions = ["orders:read"]
			}`)
			w.terraform("apply").exits(0)
			with("admin")
			w.terraform("plan").exits(0).saysNot(summary)
		})
	}
}

// Without a database, what a request refers to can't be there: the error says so in one sentence.
func TestRoleInEmptyFolder(t *testing.T) {
	w := newWorkspace(t)
	w.configure("resource \"latchkey_technical_user\" \"ci\" {\n  name = \"ci\"\n  role = \"admin\"\n}")
	r := w.terraform("apply").exits(1).says(`role "admin", which is not one of the built-in ones`, "there is no database at")
	_, said, _ := strings.Cut(r.prose(), `Technical user "ci": `)
	if strings.Contains(said, ". ") {
		t.Errorf("the error has more than one sentence:\n%s", said)
	}
}
