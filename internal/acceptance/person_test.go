package acceptance

import "testing"

// TestPluginOrPerson starts the binary as Terraform does and as a person does.
func TestPluginOrPerson(t *testing.T) {
	w := newWorkspace(t)
	w.latchkey("version").exits(0).says("latchkey " + version)
	finish(t, w.command(binary(t))).exits(0).says("Usage: latchkey <command>", "token", "event", "doctor")

	w.configure(`resource "latchkey_group" "payments" { name = "payments" }`)
	w.terraform("apply").exits(0).says("1 added")
	w.terraform("plan", "-detailed-exitcode").exits(0)

	// The cookie of another plugin system doesn't turn it into a plugin.
	w.env = []string{"TF_PLUGIN_MAGIC_COOKIE=something else"}
	w.latchkey("version").exits(0).says("latchkey " + version)
}
