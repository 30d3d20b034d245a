package acceptance

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// TestTwoRunsAtOnce applies two saved plans at once that regenerate the same token, as two pipelines without a lock do.
// One wins; the other fails, says why, and changes nothing. Its next plan is right, whichever state it has.
func TestTwoRunsAtOnce(t *testing.T) {
	for _, test := range []struct {
		reason string
		// before are the first settings, planned those of both plans, and settled those with which nothing is due at the end.
		before, planned, settled string
	}{
		{"trigger", `regenerate_triggers = { generation = "1" }`, `regenerate_triggers = { generation = "2" }`,
			`regenerate_triggers = { generation = "2" }`},
		{"schedule", fresh, dueAfterASecond, fresh},
	} {
		t.Run(test.reason, func(t *testing.T) {
			a := newWorkspace(t)
			a.database = filepath.Join(t.TempDir(), "shared.db")
			a.configure(deployToken(test.before))
			a.terraform("apply").exits(0)
			before := a.deploy()

			runs := []*workspace{a, a.copied(t)}
			described := func(run int, settings string) string {
				return deployToken(fmt.Sprintf("%s\ndescription = \"by run %d\"", settings, run))
			}
			for i, run := range runs {
				run.configure(described(i, test.planned))
				run.waitUntilDue("-out=regenerate.tfplan").says(`+ regeneration_reason = "` + test.reason + `"`)
			}
			var ends []func() result
			for _, run := range runs {
				ends = append(ends, start(t, run.terraformCommand("apply", "regenerate.tfplan")))
			}
			results := []result{ends[0](), ends[1]()}
			won, lost := 0, 1
			if results[1].code == 0 {
				won, lost = 1, 0
			}
			winner, loser := runs[won], runs[lost]
			results[won].exits(0)
			results[lost].exits(1).says("has secret version 2, not 1", "another run or person regenerated it in the meantime",
				"nothing was changed")

			list := winner.tokenList()
			if token := list[before.ID]; len(list) != 1 || token.SecretVersion != 2 ||
				token.Description != fmt.Sprintf("by run %d", won) {
				t.Errorf("the database should hold what the winner created: %v", list)
			}
			if after := winner.deploy(); after.ID != before.ID || !winner.isActive(after.Token) ||
				winner.isActive(before.Token) {
				t.Error("the winner's secret should be active, and the previous one dead")
			}

			loser.terraform("plan", "-detailed-exitcode").exits(2).says(`+ regeneration_reason = "drift"`)

			settled := described(won, test.settled)
			winner.configure(settled)
			winner.terraform("apply").exits(0)
			loser.configure(settled)
			content, err := os.ReadFile(winner.path("terraform.tfstate"))
			if err != nil {
				t.Fatal(err)
			}
			loser.write("terraform.tfstate", string(content))
			loser.terraform("plan", "-detailed-exitcode").exits(0)
		})
	}
}
