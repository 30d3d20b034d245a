package acceptance

import (
	"os"
	"strings"
)

// throughServer starts a server of the workspace's database and has Terraform and the command line work through it, by a
// token that may do everything.
func (w *workspace) throughServer(flags ...string) *server {
	w.t.Helper()
	w.latchkey("bootstrap", "--organization", "acme", "--output", w.path("owner.token")).exits(0)
	token, err := os.ReadFile(w.path("owner.token"))
	if err != nil {
		w.t.Fatal(err)
	}
	s := w.serve(flags...)
	w.remote = true
	w.env = append(w.env, "LATCHKEY_ENDPOINT="+s.url, "LATCHKEY_TOKEN="+strings.TrimSpace(string(token)))
	return s
}

// onTheMachine returns the workspace as somebody has it who works with the file itself.
func (w *workspace) onTheMachine() *workspace {
	local := *w
	local.remote = false
	local.env = nil
	return &local
}
