package acceptance

import (
	"strings"
	"testing"
)

// A configuration that names another database than the environment wins, and says so once.
func TestDatabaseVariable(t *testing.T) {
	w := newWorkspace(t)
	w.configure(`
		resource "latchkey_group" "shop" { name = "shop" }
		resource "latchkey_group" "search" { name = "search" }
	`)
	const warning = "Another database in the environment"
	for _, test := range []struct {
		name, variable string
		warnings       int
	}{
		{"none", "", 0},
		{"the same", w.databasePath(), 0},
		{"the same, written differently", "./" + w.database, 0},
		{"another", "other.db", 1},
		{"another, with a password", "postgres://anna:hunter2@db/latchkey", 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			w.env = []string{"LATCHKEY_DATABASE=" + test.variable}
			plan := w.terraform("plan").exits(0)
			if got := strings.Count(plan.stdout, warning); got != test.warnings {
				t.Errorf("%d warnings, want %d:\n%s", got, test.warnings, plan.stdout)
			}
			if strings.Contains(plan.stdout+plan.stderr, "hunter2") {
				t.Error("the plan shows a password")
			}
		})
	}

	// Without a database in the configuration, what is wrong with the variable is said of the variable.
	w.write("main.tf", `
		terraform {
			required_providers {
				latchkey = { source = "registry.terraform.io/latchkey-dev/latchkey" }
			}
		}
		resource "latchkey_group" "shop" { name = "shop" }
	`)
	w.env = []string{"LATCHKEY_DATABASE=latchkey.db\n"}
	w.terraform("plan").exits(1).says("LATCHKEY_DATABASE: the path begins or ends with a blank or a line end")
}
