//go:build linux

package acceptance

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// TestKilledBetweenCommitAndState kills Terraform and the provider after the backend has committed a regeneration and
// before the state is written, so that nobody knows the new secret. The next apply repairs that, whatever caused the
// regeneration, and the events tell what happened. With a grace period, the value that was in use until then survives
// the kill.
func TestKilledBetweenCommitAndState(t *testing.T) {
	for _, test := range []struct {
		reason string
		// before are the first settings, lost those of the killed apply, and healed those of the next one.
		before, lost, healed string
		// byHand means that a person regenerates the token between the first two applies.
		byHand bool
	}{
		{
			reason: "trigger",
			before: `regenerate_triggers = { generation = "1" }`,
			lost:   `regenerate_triggers = { generation = "2" }`,
			healed: `regenerate_triggers = { generation = "2" }`,
		},
		{
			reason: "schedule",
			before: fresh,
			lost:   dueAfterASecond,
			healed: fresh,
		},
		{
			reason: "drift",
			byHand: true,
		},
	} {
		for _, grace := range []string{"0s", "30m"} {
			t.Run(test.reason+" with grace "+grace, func(t *testing.T) {
				state := new(stateServer)
				w := newWorkspaceOn(t, state)
				configure := func(settings string) {
					w.configure(deployToken(settings + "\ngrace_period = \"" + grace + "\""))
				}
				configure(test.before)
				w.terraform("apply").exits(0)
				first := w.deploy()
				inUse, lost := first.Token, int64(2)
				if test.byHand {
					inUse, lost = strings.TrimSpace(w.latchkey("token", "regenerate", first.ID).exits(0).stdout), 3
				}

				configure(test.lost)
				w.waitUntilDue()
				w.applyLosingState(state).exits(-1)
				if got := w.tokenList()[first.ID].SecretVersion; got != lost {
					t.Fatalf("the kill came before the commit: the secret has version %d", got)
				}
				if got := w.deploy(); got.SecretVersion != 1 || got.Token != first.Token {
					t.Fatalf("the kill came after the state was written: it has version %d", got.SecretVersion)
				}
				if _, err := os.Stat(w.path("errored.tfstate")); err == nil {
					t.Fatal("Terraform kept the state in a file")
				}
				if got, want := w.isActive(inUse), grace != "0s"; got != want {
					t.Errorf("with a grace of %s, the value in use is active after the kill: %t", grace, got)
				}

				w.terraform("plan", "-detailed-exitcode").exits(2).says(`+ regeneration_reason = "drift"`)
				configure(test.healed)
				w.terraform("apply").exits(0).says("0 added, 1 changed, 0 destroyed")
				healed := w.deploy()
				if healed.ID != first.ID || healed.SecretVersion != lost+1 || !w.isActive(healed.Token) || w.isActive(inUse) {
					t.Errorf("after the next apply, the state has %s with version %d, which should be the only known and "+
						"active", healed.ID, healed.SecretVersion)
				}
				if list := w.tokenList(); len(list) != 1 || list[first.ID].SecretVersion != lost+1 {
					t.Errorf("one token with version %d should be in the database: %v", lost+1, list)
				}
				w.terraform("plan", "-detailed-exitcode").exits(0)

				fate := fmt.Sprintf("version %d ended at once", lost)
				if grace != "0s" { // the secret that nobody knows has the grace period
					if healed.PreviousSecretExpiresAt == "" {
						t.Error("after the next apply, no previous secret is within its grace period")
					}
					fate = fmt.Sprintf("version %d stays valid until %s", lost, healed.PreviousSecretExpiresAt)
				}
				w.latchkey("event", "list", "--object", first.ID).exits(0).says(
					fmt.Sprintf("version %d, reason: %s", lost, test.reason),
					fmt.Sprintf("version %d, reason: drift; %s", lost+1, fate),
				)
			})
		}
	}
}
