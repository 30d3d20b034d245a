package acceptance

import (
	"fmt"
	"slices"
	"testing"
)

// Tests can't move the machine's clock, so they move the window instead: the secret is due either a second or
// fifty-nine minutes after its creation.
const (
	dueAfterASecond = "ttl = \"1h\"\nregenerate_before_expiry = \"59m59s\"\n"
	fresh           = "ttl = \"1h\"\nregenerate_before_expiry = \"1m\"\n"
)

// TestSchedule regenerates a token on schedule. Outside the window, a plan is empty. Within it, the exit code is 2, and
// the apply gives the consumer the new value while the old one still works.
func TestSchedule(t *testing.T) {
	w := newWorkspace(t)
	configure := func(settings string) {
		w.configure(deployToken(settings+`grace_period = "30m"`) + `
			resource "latchkey_member" "anna" { email = "anna@example.com" }
			resource "latchkey_token_share" "anna" {
				access_token_id = latchkey_access_token.deploy.id
				member_id       = latchkey_member.anna.id
				role            = "viewer"
			}
			resource "terraform_data" "consumer" { input = latchkey_access_token.deploy.token }
		`)
	}
	// regenerated checks what an apply did to the earlier token, and returns the current one.
	regenerated := func(before tokenState, share string) tokenState {
		t.Helper()
		after := w.deploy()
		if after.ID != before.ID || after.SecretVersion != before.SecretVersion+1 || after.RegenerationReason != "schedule" {
			t.Errorf("%s was not regenerated in place: %s with version %d, reason %q", before.ID, after.ID, after.SecretVersion,
				after.RegenerationReason)
		}
		if got := w.consumed(); got != after.Token || got == before.Token {
			t.Error("the consumer did not get the new value in the same apply")
		}
		if !w.isActive(after.Token) || !w.isActive(before.Token) {
			t.Error("both the new value and, within its grace period, the old one should be active")
		}
		if got := w.shareMadeAt(); got != share {
			t.Errorf("the share was created again at %s", got)
		}
		return after
	}

	configure(fresh)
	w.terraform("apply").exits(0)
	w.terraform("plan", "-detailed-exitcode").exits(0)
	first, share := w.deploy(), w.shareMadeAt()

	// Moving the window takes effect in the same plan.
	configure(dueAfterASecond)
	w.waitUntilDue().says(`+ regeneration_reason = "schedule"`, "Plan: 0 to add, 2 to change, 0 to destroy.")
	w.terraform("apply").exits(0).says("0 added, 2 changed, 0 destroyed")
	second := regenerated(first, share)

	// Only the clock. The reason is the same as before, so the plan can't show it, and a warning does.
	w.waitUntilDue("-out=due.tfplan").says("for the same reason as before", "within regenerate_before_expiry")
	for _, change := range w.plannedChanges("due.tfplan") {
		if change.Address == deploy && (!slices.Equal(change.Change.Actions, []string{"update"}) ||
			change.Change.After["regeneration_reason"] != "schedule") {
			t.Errorf("the plan should regenerate in place, by schedule: %v, %v", change.Change.Actions,
				change.Change.After["regeneration_reason"])
		}
	}
	w.terraform("apply", "due.tfplan").exits(0).says("0 added, 2 changed, 0 destroyed")
	third := regenerated(second, share)
	if w.isActive(first.Token) {
		t.Error("three values are active")
	}

	// Outside the window again: only the setting changes, and the token is not touched.
	configure(fresh)
	if plan := w.terraform("plan", "-detailed-exitcode").exits(2).says(`~ regenerate_before_expiry = "59m59s" -> "1m"`,
		"Plan: 0 to add, 1 to change, 0 to destroy."); plan.regenerates() {
		t.Errorf("a plan outside the window regenerates:\n%s", plan.stdout)
	}
	w.terraform("apply").exits(0)
	w.terraform("plan", "-detailed-exitcode").exits(0)
	if now := w.deploy(); now.Token != third.Token || now.SecretVersion != third.SecretVersion {
		t.Errorf("the secret changed with the setting: version %d after %d", now.SecretVersion, third.SecretVersion)
	}
	w.latchkey("event", "list", "--object", first.ID).exits(0).says("version 2, reason: schedule",
		"version 3, reason: schedule", "version 1 ended by a regeneration within its grace period")
}

// consumed returns the consumer's value in the state.
func (w *workspace) consumed() string {
	w.t.Helper()
	var consumer struct {
		Output struct {
			Value string `json:"value"`
		} `json:"output"`
	}
	decode(w.t, string(w.state()["terraform_data.consumer"]), &consumer)
	return consumer.Output.Value
}

// shareMadeAt returns when the share in the state was created.
func (w *workspace) shareMadeAt() string {
	w.t.Helper()
	var share struct {
		CreatedAt string `json:"created_at"`
	}
	decode(w.t, string(w.state()["latchkey_token_share.anna"]), &share)
	return share.CreatedAt
}

// TestScheduleOvertakesSavedPlan saves a plan before the window opens and applies it within the window. It does what it
// says, and no more; the next plan regenerates.
func TestScheduleOvertakesSavedPlan(t *testing.T) {
	w, before := planBeforeWindow(t)
	w.waitUntilDue().says(`+ regeneration_reason = "schedule"`)
	w.terraform("apply", "before.tfplan").exits(0).says("0 added, 1 changed, 0 destroyed")
	after := w.deploy()
	if after.Description != "changed" {
		t.Errorf("the description is %q", after.Description)
	}
	if after.SecretVersion != 1 || after.Token != before.Token || !w.isActive(before.Token) {
		t.Errorf("a plan that did not say so changed the secret: version %d", after.SecretVersion)
	}
	w.terraform("plan", "-detailed-exitcode").exits(2).says(`+ regeneration_reason = "schedule"`)
}

// planBeforeWindow returns the token, which is not due yet but soon will be, and a workspace with before.tfplan, which
// changes the token's description. On a slow machine, the token may be due too soon; it then starts over with more
// time.
func planBeforeWindow(t *testing.T) (*workspace, tokenState) {
	t.Helper()
	for seconds := 4; seconds < 60; seconds *= 2 {
		w := newWorkspace(t)
		configure := func(description string) {
			w.configure(deployToken(fmt.Sprintf(`
				ttl                      = "1h"
				regenerate_before_expiry = "59m%ds"
				description              = %q
			`, 60-seconds, description)))
		}
		configure("before")
		w.terraform("apply").exits(0)
		configure("changed")
		if plan := w.terraform("plan", "-detailed-exitcode", "-out=before.tfplan").exits(2); !plan.regenerates() {
			return w, w.deploy()
		}
	}
	t.Fatal("could not plan before the window opened")
	return nil, tokenState{}
}

// TestScheduleWithoutRefresh plans with what was seen last: a token last seen before the window is not due.
func TestScheduleWithoutRefresh(t *testing.T) {
	w := newWorkspace(t)
	w.configure(deployToken(dueAfterASecond))
	w.terraform("apply").exits(0)
	w.waitUntilDue()
	w.terraform("plan", "-detailed-exitcode", "-refresh=false").exits(0)
	w.terraform("apply", "-refresh-only").exits(0)
	w.terraform("plan", "-detailed-exitcode", "-refresh=false").exits(2).says(`+ regeneration_reason = "schedule"`)
	if version := w.deploy().SecretVersion; version != 1 {
		t.Errorf("plans and a refresh regenerated the token: version %d", version)
	}
	w.terraform("apply", "-refresh=false").exits(0).says("0 added, 1 changed, 0 destroyed")
	if token := w.deploy(); token.SecretVersion != 2 || !w.isActive(token.Token) {
		t.Errorf("an apply without a refresh did not regenerate the token that was seen within the window: version %d",
			token.SecretVersion)
	}
	w.terraform("plan", "-detailed-exitcode", "-refresh=false").exits(0)
}

// TestScheduleOfHeldToken holds a token within the window. While it is held, it is never due.
func TestScheduleOfHeldToken(t *testing.T) {
	w := newWorkspace(t)
	w.configure(deployToken(dueAfterASecond))
	w.terraform("apply").exits(0)
	w.waitUntilDue()
	id := w.deploy().ID
	w.latchkey("token", "hold", "--reason", "incident 7", id).exits(0)
	w.terraform("plan", "-detailed-exitcode").exits(0).says("is held by local:", "incident 7")
	w.terraform("apply").exits(0)
	if version := w.deploy().SecretVersion; version != 1 {
		t.Errorf("a held token was regenerated: version %d", version)
	}
	w.latchkey("token", "release", id).exits(0)
	w.terraform("plan", "-detailed-exitcode").exits(2).says(`+ regeneration_reason = "schedule"`)
}
