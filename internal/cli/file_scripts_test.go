//go:build !race

package cli_test

import (
	"path/filepath"
	"testing"
)

// TestScripts runs the scripts in testdata/script on a file. Each command is a process of its own and does one thing after the
// other, so that there are no races to find; the server is watched in package httpapi.
func TestScripts(t *testing.T) {
	runScripts(t, must(filepath.Glob("testdata/script/*.txtar")))
}
