package acceptance

import (
	"strings"
	"testing"
)

// roleConfiguration is a role and a technical user, a member and a token, which hold it by a name.
func roleConfiguration(role, name string) string {
	return role + `
		resource "latchkey_technical_user" "ci" {
			name = "ci"
			role = ` + name + `
		}
		resource "latchkey_member" "ben" {
			email = "ben@example.com"
			role  = ` + name + `
		}
		resource "latchkey_access_token" "deploy" {
			name              = "deploy"
			technical_user_id = latchkey_technical_user.ci.id
			role              = ` + name + `
		}
	`
}

const bossRole = `
	resource "latchkey_role" "boss" {
		name        = "boss"
		permissions = ["accounts:manage", "tokens:introspect"]
	}
`

// TestRoleMadeAgain deletes a held role and makes it again under its name, which gives nobody anything, and least of all
// somebody who got at a value in between.
func TestRoleMadeAgain(t *testing.T) {
	w := newWorkspace(t)
	keeper := `
		resource "latchkey_role" "keeper" {
			name        = "keeper"
			permissions = ["tokens:read", "tokens:manage"]
		}
		resource "latchkey_member" "eve" {
			email = "eve@example.com"
			role  = latchkey_role.keeper.name
		}
	`
	w.configure(keeper + roleConfiguration(bossRole, `"boss"`))
	w.terraform("apply", "-target=latchkey_role.boss").exits(0)
	w.terraform("apply").exits(0)
	eve := func(args ...string) result {
		return w.latchkey(append([]string{"--act-as", "eve@example.com"}, args...)...)
	}
	deploy := w.id("latchkey_access_token.deploy")
	eve("token", "regenerate", deploy).exits(1).says("eve@example.com lacks accounts:manage")

	w.configure(keeper + roleConfiguration(``, `"boss"`))
	w.terraform("apply", "-target=latchkey_role.boss").exits(0).says("Deleted a role that was held",
		"1 member, 1 technical user and 1 access token")
	value := strings.TrimSpace(eve("token", "regenerate", deploy).exits(0).stdout)
	w.configure(keeper + roleConfiguration(bossRole, `"boss"`))
	w.terraform("apply", "-target=latchkey_role.boss").exits(0)
	opens := func(want bool) {
		t.Helper()
		verification := w.latchkeyReading(value, "token", "verify", "--json").exits(0)
		if got := strings.Contains(verification.stdout, "accounts:manage"); got != want {
			t.Errorf("what was regenerated in between manages accounts: %t, want %t", got, want)
		}
	}
	opens(false)
	w.terraform("plan", "-detailed-exitcode").exits(2).says(`"none" -> "boss"`, "3 to change")
	opens(false)

	// Made again in the same apply that gives it to those who name it, it is waited for.
	w.configure(keeper + roleConfiguration(``, `"boss"`))
	w.terraform("apply", "-target=latchkey_role.boss").exits(0)
	w.configure(keeper + roleConfiguration(bossRole, `"boss"`))
	w.terraform("apply").exits(0).says("1 added, 3 changed, 0 destroyed")
	w.terraform("plan", "-detailed-exitcode").exits(0)
}

// TestRoleReplaced replaces and renames a role with those who hold it in one apply.
func TestRoleReplaced(t *testing.T) {
	w := newWorkspace(t)
	held := roleConfiguration(bossRole, `latchkey_role.boss.name`)
	w.configure(held)
	w.terraform("apply").exits(0).says("4 added")

	// Renamed, everyone keeps it.
	w.configure(strings.Replace(held, `= "boss"`, `= "chief"`, 1))
	w.terraform("apply").exits(0).saysNot("Warning: The name of a role")
	w.terraform("plan", "-detailed-exitcode").exits(0)
	w.configure(held)
	w.terraform("apply").exits(0)

	// Replaced, it is given to them by the next apply, and the apply after that changes nothing.
	w.terraform("apply", "-replace=latchkey_role.boss").exits(0).says("Deleted a role that was held",
		"1 member, 1 technical user and 1 access token", "1 added, 0 changed, 1 destroyed")
	w.terraform("plan", "-detailed-exitcode").exits(2).says(`"none" -> "boss"`)
	w.terraform("apply").exits(0).says("0 added, 3 changed, 0 destroyed")
	w.terraform("plan", "-detailed-exitcode").exits(0)

	// So too where the same apply changes something else of them.
	w.configure(strings.ReplaceAll(held, `name              = "deploy"`, `name              = "deploy again"`))
	w.terraform("apply", "-replace=latchkey_role.boss").exits(0)
	w.terraform("apply").exits(0)
	w.terraform("plan", "-detailed-exitcode").exits(0)
	w.terraform("destroy").exits(0).saysNot("Deleted a role that was held")
}

// TestRoleNamePasses gives the name of a held role to another role.
func TestRoleNamePasses(t *testing.T) {
	w := newWorkspace(t)
	held := roleConfiguration(``, `"boss"`)
	w.configure(bossRole)
	w.terraform("apply").exits(0)
	w.configure(bossRole + held)
	w.terraform("apply").exits(0)
	w.configure(strings.Replace(bossRole, `= "boss"`, `= "chief"`, 1) + `
		resource "latchkey_role" "second" {
			name        = "boss"
			permissions = []
			depends_on  = [latchkey_role.boss]
		}
	` + held)
	w.terraform("plan").exits(0).says("The name of a role passes to another role",
		`named "boss" is held by 1 member, 1 technical user and 1 access token`)
	w.terraform("apply").exits(0).says("The name of a role passes to another role")
	w.terraform("plan", "-detailed-exitcode").exits(2).says(`"chief" -> "boss"`)
	w.terraform("apply").exits(0).says("0 added, 3 changed, 0 destroyed").saysNot("passes to another role")
	w.terraform("plan", "-detailed-exitcode").exits(0)
}
