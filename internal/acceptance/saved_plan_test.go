package acceptance

import (
	"slices"
	"strings"
	"testing"
)

// TestSavedPlan applies saved plans, and checks exit codes and plans as a person or a pipeline sees them.
func TestSavedPlan(t *testing.T) {
	w := newWorkspace(t)
	configure := func(generation, contract string) {
		w.configure(`
			resource "latchkey_technical_user" "ci" { name = "ci" }
			resource "latchkey_access_token" "deploy" {
				name                = "deploy"
				technical_user_id   = latchkey_technical_user.ci.id
				ttl                 = "90d"
				regenerate_triggers = { generation = "` + generation + `" }
			}
			resource "latchkey_access_token" "partner" {
				name              = "partner"
				technical_user_id = latchkey_technical_user.ci.id
				replace_triggers  = { contract = "` + contract + `" }
				lifecycle { create_before_destroy = true }
			}
			resource "terraform_data" "consumer" { input = latchkey_access_token.deploy.id }
		`)
	}
	const deploy, partner = "latchkey_access_token.deploy", "latchkey_access_token.partner"

	configure("1", "1")
	w.terraform("plan", "-detailed-exitcode", "-out=create.tfplan").exits(2).
		says("Plan: 4 to add, 0 to change, 0 to destroy.")
	w.terraform("apply", "create.tfplan").exits(0).says("4 added, 0 changed, 0 destroyed")
	w.terraform("plan", "-detailed-exitcode").exits(0)
	first := w.state().tokens(t)

	// A regeneration and a replacement, in a plan that a person reviews before the apply.
	configure("2", "2")
	w.terraform("plan", "-detailed-exitcode", "-out=renew.tfplan").exits(2).
		says("Plan: 1 to add, 1 to change, 1 to destroy.", `regeneration_reason = "trigger"`,
			"create replacement and then destroy")
	w.latchkey("token", "list").exits(0)
	w.terraform("apply", "renew.tfplan").exits(0).says("1 added, 1 changed, 1 destroyed")
	second := w.state().tokens(t)
	if second[deploy].ID != first[deploy].ID || second[deploy].SecretVersion != 2 {
		t.Errorf("%s was not regenerated in place: version %d", deploy, second[deploy].SecretVersion)
	}
	if second[partner].ID == first[partner].ID || second[partner].SecretVersion != 1 {
		t.Errorf("%s was not replaced", partner)
	}
	for _, address := range []string{deploy, partner} {
		if w.isActive(first[address].Token) || !w.isActive(second[address].Token) {
			t.Errorf("%s: the first secret should be dead and the second active", address)
		}
	}
	w.terraform("plan", "-detailed-exitcode").exits(0)

	// The same plan is stale the second time.
	w.terraform("apply", "renew.tfplan").exits(1).says("Saved plan is stale")

	// A plan that someone else overtook: their regeneration is not overruled.
	configure("3", "2")
	w.terraform("plan", "-out=overtaken.tfplan").exits(0)
	byHand := strings.TrimSpace(w.latchkey("token", "regenerate", second[deploy].ID).exits(0).stdout)
	w.terraform("apply", "overtaken.tfplan").exits(1).says("Unable to update access token", second[deploy].ID,
		"has secret version 3, not 2", "Plan again")
	if !w.isActive(byHand) {
		t.Error("the secret that a person created is dead")
	}
	w.terraform("apply").exits(0).says("0 added, 1 changed, 0 destroyed")
	w.terraform("plan", "-detailed-exitcode").exits(0)

	// -refresh=false uses only what was seen last; -refresh-only changes nothing else.
	w.latchkey("token", "disable", second[deploy].ID).exits(0)
	w.terraform("plan", "-detailed-exitcode", "-refresh=false").exits(0)
	w.terraform("apply", "-refresh-only").exits(0)
	w.terraform("plan", "-detailed-exitcode", "-refresh=false").exits(2).says("~ enabled = false -> true",
		"was disabled by local:", "latchkey token hold")
	w.terraform("apply").exits(0).says("0 added, 1 changed, 0 destroyed")

	// the consumer follows the new id
	w.terraform("apply", "-replace="+deploy).exits(0).says("1 added, 1 changed, 1 destroyed")
	third := w.state().tokens(t)
	if third[deploy].ID == second[deploy].ID || !w.isActive(third[deploy].Token) {
		t.Errorf("-replace did not create another %s", deploy)
	}
	w.terraform("plan", "-detailed-exitcode").exits(0)
	w.terraform("destroy").exits(0).says("4 destroyed")
	if rest := w.state().addresses(); len(rest) > 0 {
		t.Errorf("still in the state: %s", rest)
	}
}

// TestDriftExitCodes changes things outside Terraform, one at a time. Each change makes a plan exit with 2, and an
// apply repairs it.
func TestDriftExitCodes(t *testing.T) {
	w := newWorkspace(t)
	w.configure(`
		resource "latchkey_technical_user" "ci" { name = "ci" }
		resource "latchkey_access_token" "deploy" {
			name              = "deploy"
			technical_user_id = latchkey_technical_user.ci.id
		}
	`)
	w.terraform("apply").exits(0)
	id := func() string { return w.state().tokens(t)["latchkey_access_token.deploy"].ID }

	for _, drift := range []struct {
		name    string
		command []string
		says    string
	}{
		{"disabled", []string{"token", "disable"}, "~ enabled = false -> true"},
		{"regenerated", []string{"token", "regenerate"}, `+ regeneration_reason = "drift"`},
		{"deleted", []string{"token", "delete", "--yes"}, "Plan: 1 to add"},
	} {
		w.latchkey(append(slices.Clone(drift.command), id())...).exits(0)
		w.terraform("plan", "-detailed-exitcode").exits(2).says(drift.says)
		w.terraform("apply").exits(0)
		if token := w.state().tokens(t)["latchkey_access_token.deploy"]; !w.isActive(token.Token) {
			t.Errorf("%s: the secret in the state is refused after the apply", drift.name)
		}
		w.terraform("plan", "-detailed-exitcode").exits(0)
	}

	// A hold is not drift: no apply lifts it, and every plan says so.
	w.latchkey("token", "hold", "--reason", "incident 7", id()).exits(0)
	w.terraform("apply").exits(0).says("is held by local:", "incident 7", "latchkey token release "+id())
	w.terraform("plan", "-detailed-exitcode").exits(0).says("incident 7")
	w.terraform("plan", "-refresh=false").exits(0).says("incident 7")
	w.terraform("plan", "-destroy").exits(0).says("incident 7")
	w.terraform("plan", "-replace=latchkey_access_token.deploy").exits(0).says("incident 7")
	token := w.state().tokens(t)["latchkey_access_token.deploy"]
	if w.isActive(token.Token) || token.Status != "held" {
		t.Errorf("an apply lifted a hold: the status is %s", token.Status)
	}
	w.latchkey("token", "release", id()).exits(0)
	w.terraform("plan", "-detailed-exitcode").exits(0)
	if !w.isActive(token.Token) {
		t.Error("the secret is refused after the release")
	}
}
