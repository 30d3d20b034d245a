//go:build linux

package acceptance

import (
	"fmt"
	"strings"
	"syscall"
	"testing"
)

// TestNoLeakInCrash crashes the provider while it issues secrets, and looks for them in what it leaves behind: the
// stack traces of all goroutines, in the log and in the output, and the files of a database that was not closed.
func TestNoLeakInCrash(t *testing.T) {
	w := newWorkspace(t)
	w.env = []string{"TF_LOG=TRACE", "TF_LOG_PATH=" + w.path("trace.log")}
	said := &transcript{search: newLeakSearch(), texts: map[string]string{}}
	const each, crashes = 100, 3
	for crash := range crashes {
		w.configure(fmt.Sprintf(`
			resource "latchkey_technical_user" "ci" { name = "ci" }
			resource "latchkey_access_token" "many" {
				count               = %d
				name                = "token-${count.index}"
				technical_user_id   = latchkey_technical_user.ci.id
				regenerate_triggers = { generation = "%d" }
			}
		`, (crash+1)*each, crash))
		r, crashed := w.applyInterrupted(changeEnds, 0, syscall.SIGQUIT)
		if !crashed {
			t.Fatalf("there was no provider to crash:\n%s", r.stdout)
		}
		said.add(r.exits(1))
		said.learn(w)
		said.addFiles(t, w.dir)
	}
	w.terraform("apply").exits(0)
	said.learn(w)
	said.addFiles(t, w.dir)

	said.check(t, crashes*each)
	if got := strings.Count(said.texts[w.path("trace.log")], "SIGQUIT: quit"); got != crashes {
		t.Errorf("%d traces of a crash in the log, want %d", got, crashes)
	}
	if said.texts[w.databasePath()+"-wal"] == "" {
		t.Error("no crash left a write-ahead log of the database behind, so none was searched")
	}
}
