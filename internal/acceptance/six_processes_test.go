package acceptance

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestSixProcesses applies six configurations at once, each with its own state, to a database that does not exist yet.
func TestSixProcesses(t *testing.T) {
	const processes, tokensEach = 6, 20
	shared := filepath.Join(t.TempDir(), "shared.db")
	workspaces := make([]*workspace, processes)
	for i := range processes {
		w := newWorkspace(t)
		w.database = shared
		w.configure(fmt.Sprintf(`
			resource "latchkey_technical_user" "robot" { name = "robot-%[1]d" }
			resource "latchkey_access_token" "token" {
				count             = %[2]d
				name              = "token %[1]d-${count.index}"
				technical_user_id = latchkey_technical_user.robot.id
			}
		`, i, tokensEach))
		workspaces[i] = w
	}
	applies := make([]func() result, processes)
	for i, w := range workspaces {
		applies[i] = start(t, w.terraformCommand("apply"))
	}
	for _, apply := range applies {
		apply().exits(0).saysNot("locked", "busy", "left over")
	}

	list := workspaces[0].tokenList()
	if len(list) != processes*tokensEach {
		t.Errorf("%d access tokens in the database, want %d", len(list), processes*tokensEach)
	}
	for i, w := range workspaces {
		for address, token := range w.state().tokens(t) {
			if list[token.ID].Name != token.Name || !w.isActive(token.Token) {
				t.Errorf("process %d: %s (%s) differs between the database and the state", i, address, token.ID)
			}
		}
		w.terraform("plan", "-detailed-exitcode").exits(0)
	}
	workspaces[0].latchkey("doctor").exits(0)
}

// TestCommandLineBesideApply uses the command line as fast as it can while an apply runs on the same database.
func TestCommandLineBesideApply(t *testing.T) {
	w := newWorkspace(t)
	const many = 100
	resources := func(count int) string {
		return fmt.Sprintf(`
			resource "latchkey_technical_user" "ci" { name = "ci" }
			resource "latchkey_access_token" "before" {
				name              = "before"
				technical_user_id = latchkey_technical_user.ci.id
				lifecycle { ignore_changes = [enabled] }
			}
			resource "latchkey_access_token" "many" {
				count             = %d
				name              = "token-${count.index}"
				technical_user_id = latchkey_technical_user.ci.id
			}
		`, count)
	}
	w.configure(resources(0))
	w.terraform("apply").exits(0)
	id := w.state().tokens(t)["latchkey_access_token.before"].ID

	w.configure(resources(many))
	apply := start(t, w.terraformCommand("apply"))
	var applied result
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		applied = apply()
	}()
	listed, switched := 0, 0
	for running := true; running; {
		select {
		case <-ended:
			running = false // one more round, so that there is one at least
		default:
		}
		w.latchkey("token", "disable", id).exits(0)
		if got := len(w.tokenList()); got < listed {
			t.Errorf("the list has %d access tokens, after it had %d", got, listed)
		} else {
			listed = got
		}
		w.latchkey("token", "enable", id).exits(0)
		switched += 2
	}
	applied.exits(0).saysNot("locked", "busy")
	if listed != many+1 {
		t.Errorf("%d access tokens in the database, want %d", listed, many+1)
	}
	events := w.latchkey("event", "list", "--object", id, "--json").exits(0).stdout
	if got := strings.Count(events, `"access_token.disable"`) +
		strings.Count(events, `"access_token.enable"`); got != switched {
		t.Errorf("%d events of %d switches", got, switched)
	}
	w.terraform("plan", "-detailed-exitcode").exits(0)
}

// start starts a process and returns a function that waits for its end.
func start(t testing.TB, cmd *exec.Cmd) func() result {
	t.Helper()
	var stdout, stderr strings.Builder
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return func() result {
		_ = cmd.Wait() // the exit code tells
		return newResult(t, cmd, stdout.String(), stderr.String())
	}
}
