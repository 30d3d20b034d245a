package acceptance

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
)

// A user whom the system doesn't know, as in many containers, is called by number in the events: not as the environment
// says, which could be anybody's name, or a sequence that a terminal obeys.
func TestActorWithoutPasswdEntry(t *testing.T) {
	w := newWorkspace(t)
	if os.Getuid() != 0 {
		t.Skip("only root can run a process as a user without an entry")
	}
	const stranger = 3_999_999_999
	if err := errors.Join(os.Chown(w.dir, stranger, stranger), os.Chmod(filepath.Dir(w.dir), 0o755)); err != nil {
		t.Fatal(err)
	}
	w.env = []string{"USER=root\x1b[2J", "LOGNAME=root", "HOME=" + w.dir}
	w.adjust = func(cmd *exec.Cmd) {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: stranger, Gid: stranger}}
	}
	w.latchkey("token", "create", "deploy").exits(0)
	var events []struct{ Actor string }
	decode(t, w.latchkey("event", "list", "--json").exits(0).stdout, &events)
	host, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	if len(events) == 0 {
		t.Fatal("there are no events")
	}
	for _, event := range events {
		if want := "local:uid-3999999999@" + host; event.Actor != want {
			t.Errorf("the actor is %q, want %q", event.Actor, want)
		}
	}
}
