package acceptance

import (
	"os"
	"slices"
	"strings"
	"testing"
)

// TestOlderCopy has two people take turns with a file that they copy. Whoever has the older copy is told so, until when
// each goes, and changes nothing; with the right file, nothing is to be done.
func TestOlderCopy(t *testing.T) {
	w := newWorkspace(t)
	// Nothing refers to anything else once its identifier is known, so that each object answers for itself.
	user, token, member := "latchkey_technical_user.ci.id", "latchkey_access_token.deploy.id", "latchkey_member.anna.id"
	configure := func(name, generation string) {
		role := map[string]string{"first": "viewer", "second": "editor"}[name]
		w.configure(`
			resource "latchkey_group" "team" { name = "` + name + `" }
			resource "latchkey_role" "deployer" {
				name        = "` + name + `"
				permissions = ["deployments:*"]
			}
			resource "latchkey_member" "anna" {
				email = "anna@example.com"
				name  = "` + name + `"
			}
			resource "latchkey_technical_user" "ci" { name = "` + name + `" }
			resource "latchkey_access_token" "deploy" {
				name                = "deploy"
				technical_user_id   = ` + user + `
				regenerate_triggers = { generation = "` + generation + `" }
			}
			resource "latchkey_token_share" "anna" {
				access_token_id = ` + token + `
				member_id       = ` + member + `
				role            = "` + role + `"
			}
		`)
	}
	kinds := []string{"group", "role", "member", "technical user", "access token", "token share"}
	refused := func(r result, verb string) {
		t.Helper()
		says := []string{"is an older copy of database db_", "but the object was seen in one that went until 20", "It stays in the Terraform state.",
			"latchkey restore --accept-current"}
		for _, kind := range kinds {
			says = append(says, "Unable to "+verb+" "+kind)
		}
		r.exits(1).says(says...)
	}
	copyTo := func(from, to string) {
		t.Helper()
		content, err := os.ReadFile(w.path(from))
		if err == nil {
			err = os.WriteFile(w.path(to), content, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	turn := func(database string) { w.database = database }

	configure("first", "1")
	w.terraform("apply").exits(0)
	w.terraform("plan", "-detailed-exitcode").exits(0)
	copyTo("latchkey.db", "bens.db")

	// Anna goes on.
	made := w.deploy()
	user, token, member = `"`+made.TechnicalUserID+`"`, `"`+made.ID+`"`, `"`+w.state().id(t, "latchkey_member.anna")+`"`
	w.latchkey("token", "hold", made.ID, "--reason", "seen in a public log").exits(0)
	configure("second", "2")
	w.terraform("apply").exits(0).says("0 added, 6 changed, 0 destroyed")
	value := w.deploy().Token
	objects := w.state().addresses()

	// Ben has the copy of before.
	turn("bens.db")
	configure("second", "2")
	refused(w.terraform("plan", "-detailed-exitcode").saysNot("will be"), "read")
	refused(w.terraform("apply"), "read")
	configure("first", "3")
	refused(w.terraform("apply", "-refresh=false"), "update")
	w.terraform("destroy", "-refresh=false").exits(1).says("Unable to delete token share", "Unable to delete group", "is an older copy")
	if now := w.state().addresses(); !slices.Equal(now, objects) {
		t.Errorf("the state holds %s, want %s", now, objects)
	}
	if held := w.latchkey("token", "show", made.ID).exits(0).stdout; !strings.Contains(held, "active") {
		t.Errorf("Ben's copy changed:\n%s", held)
	}

	// With the right file there is nothing to do, and the hold and the value are as they were.
	turn("latchkey.db")
	configure("second", "2")
	w.terraform("plan", "-detailed-exitcode").exits(0).says("seen in a public log")
	w.latchkey("token", "show", made.ID).exits(0).says("held")
	w.latchkey("token", "release", made.ID).exits(0)
	if !w.isActive(value) {
		t.Error("the value that the state holds does not work any more")
	}

	// A plan that was saved with the right file is not applied to the older one.
	configure("first", "3")
	w.terraform("plan", "-out=saved.tfplan").exits(0)
	copyTo("latchkey.db", "right.db")
	copyTo("bens.db", "latchkey.db")
	refused(w.terraform("apply", "saved.tfplan"), "update")
	copyTo("right.db", "latchkey.db")
	w.terraform("apply").exits(0).says("0 added, 6 changed, 0 destroyed") // the plan is stale: that apply saved the state
	w.terraform("plan", "-detailed-exitcode").exits(0)

	// Somebody who puts an older file back on purpose says so, and sees what differs. From then on, the other file is the
	// one that went its own way.
	turn("bens.db")
	configure("first", "3")
	w.latchkey("restore", "--accept-current", "--yes").exits(0)
	w.terraform("plan", "-detailed-exitcode").exits(2).says(`regeneration_reason = "trigger" -> "drift"`, "0 to destroy.")
	w.terraform("apply").exits(0)
	w.terraform("plan", "-detailed-exitcode").exits(0)
	turn("latchkey.db")
	configure("first", "3")
	fork := w.terraform("plan").exits(1).says("that went its own way: it goes until 20", "It stays in the Terraform state.",
		"Compare both files with latchkey --database FILE event list")
	if strings.Contains(fork.prose(), "whoever changed it last") {
		t.Errorf("the advice for an older copy is given for a fork:\n%s", fork.stderr)
	}
}
