package acceptance

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	flagOfHelp = regexp.MustCompile(`(?m)^ +(?:-\w, )?--([a-z-]+)`)
	flagOfPage = regexp.MustCompile("`--([a-z-]+)`")
)

// TestServerGuide compares the flags of the server with those that its guide lists.
func TestServerGuide(t *testing.T) {
	w := newServedWorkspace(t)
	content, err := os.ReadFile(filepath.Join(repository, "templates", "guides", "running-the-server.md.tmpl"))
	if err != nil {
		t.Fatal(err)
	}
	help := w.latchkey("serve", "--help").exits(0).stdout
	own, shared, _ := strings.Cut(help, "\nCommon flags:\n")
	known, common := map[string]bool{}, map[string]bool{}
	for _, flag := range flagOfHelp.FindAllStringSubmatch(own, -1) {
		known[flag[1]] = true
	}
	for _, flag := range flagOfHelp.FindAllStringSubmatch(shared, -1) {
		common[flag[1]] = true // of which the guide lists those that mean something to a server
	}
	listed := map[string]bool{}
	for line := range strings.Lines(string(content)) {
		if !strings.HasPrefix(line, "| `--") {
			continue
		}
		names, _, _ := strings.Cut(strings.TrimPrefix(line, "|"), "|")
		for _, flag := range flagOfPage.FindAllStringSubmatch(names, -1) {
			listed[flag[1]] = true
			if !known[flag[1]] && !common[flag[1]] {
				t.Errorf("the server has no flag --%s", flag[1])
			}
		}
	}
	for flag := range known {
		if !listed[flag] && flag != "help" {
			t.Errorf("the guide doesn't list --%s", flag)
		}
	}
	if len(known) < 10 {
		t.Errorf("found only %d flags: does the pattern still match?", len(known))
	}
}
