//go:build !race

package cli_test

import "testing"

// TestScriptsThroughAServer runs the scripts again, all but onlyOnFile: each command asks a server for the database of the
// script by a personal token. Without --act-as that is the token of a member who is an owner, and with it that of the member
// to act as.
func TestScriptsThroughAServer(t *testing.T) {
	if testing.Short() {
		t.Skip("it runs all scripts a second time")
	}
	runScripts(t, scriptsBut(t, onlyOnFile), "served=1")
}
