//go:build linux

package acceptance

import "testing"

// A Terraform that is killed can't end its provider, so the provider ends by itself.
func TestKilledTerraform(t *testing.T) {
	w := newWorkspace(t)
	w.configure(`
		resource "latchkey_access_token" "many" {
			count = 300
			name  = "token-${count.index}"
		}
	`)
	cmd := w.terraformCommand("apply", "-json")
	out := newOutputWatcher(changeEnds)
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	<-out.seen
	provider, found := w.providerOf(cmd.Process.Pid)
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // the kill is its error
	if !found {
		t.Fatalf("Terraform has no provider:\n%s", out.text.String())
	}
	waitUntil(t, "the provider has ended", func() bool {
		_, runs := w.isProvider(provider)
		return !runs
	})
	w.latchkey("doctor").exits(0)
}
