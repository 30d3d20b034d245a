package acceptance

import (
	"fmt"
	"testing"
)

// A token whose expires_at has passed keeps nothing else from being planned and destroyed, even if it was deleted
// elsewhere, or by a destroy that then failed on something else. Only its replacement is refused, while it is there.
func TestPastEnd(t *testing.T) {
	w := newWorkspace(t)
	w.write("group.tf", "resource \"latchkey_group\" \"shop\" {\n  name = \"shop\"\n}\n")
	applySoonExpiring(w, "")
	id := w.deploy().ID
	waitUntilExpired(w, id)
	w.terraform("plan", "-detailed-exitcode").exits(0)

	refused := []string{"Unable to replace access token", `"deploy" (` + id, "has passed", "set a later time",
		"terraform untaint", "terraform destroy -refresh=false"}
	w.terraform("plan", "-replace="+deploy).exits(1).says(refused...)
	w.terraform("plan", "-refresh=false", "-replace="+deploy).exits(1).says(refused...)
	w.terraform("taint", deploy).exits(0)
	w.terraform("plan").exits(1).says(refused...)
	tainted := w.copied(t)
	tainted.terraform("destroy", "-refresh=false").exits(0).says("2 destroyed")
	w.terraform("untaint", deploy).exits(0)
	w.copied(t).terraform("destroy").exits(0).says("2 destroyed")

	w.latchkey("token", "delete", "--yes", id).exits(0)
	w.terraform("plan", "-detailed-exitcode").exits(2).
		says("Access token can't be created with an end that has passed", "Set a later time")
	w.terraform("apply").exits(1).says("Unable to create access token", `Access token "deploy": expires_at:`, "has passed")
	w.terraform("destroy").exits(0).says("1 destroyed")
}

// A token that names the technical user which the system created for it, as one does after an import, is not replaced,
// since its technical user would be gone with it. It is destroyed all the same.
func TestReplacementOfTheOnlyTokenOfItsUser(t *testing.T) {
	w := newWorkspace(t)
	w.configure(deployToken(""))
	w.terraform("apply").exits(0)
	before := w.deploy()
	w.configure(deployToken(fmt.Sprintf("technical_user_id = %q", before.TechnicalUserID)))
	w.terraform("plan", "-detailed-exitcode").exits(0)
	refused := []string{"Unable to replace access token", `"deploy" (` + before.ID, "technical_user_id names",
		"remove technical_user_id"}
	w.terraform("apply", "-replace="+deploy).exits(1).says(refused...)
	w.terraform("apply", "-refresh=false", "-replace="+deploy).exits(1).says(refused...)
	if !w.isActive(before.Token) {
		t.Error("the token has gone")
	}
	other := w.copied(t)
	other.configure(deployToken(""))
	other.terraform("apply", "-replace="+deploy).exits(0).says("1 added, 0 changed, 1 destroyed")
	w.terraform("destroy").exits(0).says("1 destroyed")
}
