package acceptance

import (
	"strings"
	"testing"
)

// TestUnseenSchedule plans without a refresh after a secret came due. Such a plan leaves the token alone, and says so.
func TestUnseenSchedule(t *testing.T) {
	w := newWorkspace(t)
	w.configure(deployToken(dueAfterASecond))
	w.terraform("apply").exits(0)
	w.waitUntilDue()
	withoutRefresh := []string{"-refresh=false"}
	if strings.Contains(w.terraform("plan", "-help").prose(), "-minimal-refresh") {
		withoutRefresh = append(withoutRefresh, "-minimal-refresh")
	}
	for _, option := range withoutRefresh {
		said := w.terraform("plan", "-detailed-exitcode", option).exits(0).says("Access token was due after its last refresh",
			"has come within regenerate_before_expiry of its end", "A plan with a refresh would regenerate it")
		if said.regenerates() {
			t.Errorf("the plan with %s regenerates:\n%s", option, said.stdout)
		}
	}
}

// TestIgnoredChanges ignores all changes of a token. Its schedule acts all the same, and a warning says so.
func TestIgnoredChanges(t *testing.T) {
	w := newWorkspace(t)
	const ignore = "lifecycle {\nignore_changes = all\n}\n"
	w.configure(deployToken(dueAfterASecond + ignore))
	w.terraform("apply").exits(0)
	w.configure(deployToken(ignore))
	w.waitUntilDue().says("Changes of access token may be ignored", "regeneration_reason = \"schedule\"")
	w.configure(deployToken(`on_expired = "ignore"`))
	w.terraform("plan", "-detailed-exitcode").exits(2).saysNot("may be ignored")
}

// TestForgottenReplacement replaces a token that OpenTofu is told not to destroy. The old value stays good.
func TestForgottenReplacement(t *testing.T) {
	w := newWorkspace(t)
	if !strings.Contains(w.terraform("version").stdout, "OpenTofu") {
		t.Skip("only OpenTofu forgets what is replaced")
	}
	configure := func(generation string) {
		w.configure(deployToken(`replace_triggers = { n = "` + generation + `" }
			lifecycle {
				destroy = false
			}
		`))
	}
	configure("1")
	w.terraform("apply").exits(0)
	before := w.deploy()
	configure("2")
	w.terraform("apply").exits(0)
	after := w.deploy()
	if after.ID == before.ID {
		t.Error("the token was not replaced")
	}
	if !w.isActive(before.Token) || !w.isActive(after.Token) {
		t.Error("both values should be active")
	}
	rest := w.latchkeyReading(w.terraform("state", "pull").stdout, "import-blocks", "--without", "-").exits(0).stdout
	if !strings.Contains(rest, before.ID) {
		t.Errorf("the token that was not destroyed is not among what no state knows:\n%s", rest)
	}
}
