package acceptance

import (
	"os"
	"strings"
	"testing"
)

// The plan that makes a database says so once, without making it, and the next one doesn't.
func TestNewDatabase(t *testing.T) {
	w := newWorkspace(t)
	const made, inPipeline = "Warning: A new database will be made", "Warning: A new database will be made in a pipeline"
	group := func(name string) string {
		return `resource "latchkey_group" "` + name + `" { name = "` + name + `" }` + "\n"
	}
	w.configure(group("shop") + deployToken("") + `
		data "latchkey_groups" "all" {}
	`)
	w.env = []string{"CI=", "TFC_RUN_ID="}
	plan := w.terraform("plan").exits(0).saysNot(inPipeline).says(w.databasePath())
	if strings.Count(plan.stdout, made) != 1 {
		t.Errorf("not one warning:\n%s", plan.stdout)
	}
	if _, err := os.Stat(w.databasePath()); err == nil {
		t.Error("a plan made the database")
	}
	w.env = []string{"CI=true"}
	w.terraform("apply").exits(0).says(inPipeline, "this runner may be thrown away")
	w.configure(group("shop") + group("search") + deployToken(""))
	w.terraform("plan").exits(0).saysNot(made)
}
