package acceptance

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	metricName = regexp.MustCompile(`(?m)^# TYPE (latchkey_\w+) (\w+)$`)
	flagOfHelp = regexp.MustCompile(`(?m)^ +(?:-\w, )?--([a-z-]+)`)
	flagOfPage = regexp.MustCompile("`--([a-z-]+)`")
)

// TestServerGuide compares the flags and the metrics of the server with those that its guide lists.
func TestServerGuide(t *testing.T) {
	w := newServedWorkspace(t)
	content, err := os.ReadFile(filepath.Join(repository, "templates", "guides", "running-the-server.md.tmpl"))
	if err != nil {
		t.Fatal(err)
	}
	page := string(content)
	w.latchkey("bootstrap", "--output", w.path("owner.token")).exits(0)
	metrics := metricName.FindAllStringSubmatch(w.serve().get("/metrics", "").body, -1)
	for _, metric := range metrics {
		if row := "| `" + metric[1] + "` | " + metric[2] + " | "; !strings.Contains(page, row) {
			t.Errorf("the guide lacks the line %q", row)
		}
	}
	help := w.latchkey("serve", "--help").exits(0).stdout
	own, _, _ := strings.Cut(help, "\nCommon flags:\n")
	known := map[string]bool{}
	for _, flag := range flagOfHelp.FindAllStringSubmatch(own, -1) {
		known[flag[1]] = true
	}
	listed := map[string]bool{}
	for line := range strings.Lines(page) {
		if !strings.HasPrefix(line, "| `--") {
			continue
		}
		names, _, _ := strings.Cut(strings.TrimPrefix(line, "|"), "|")
		for _, flag := range flagOfPage.FindAllStringSubmatch(names, -1) {
			listed[flag[1]] = true
			if !known[flag[1]] {
				t.Errorf("the server has no flag --%s", flag[1])
			}
		}
	}
	for flag := range known {
		if !listed[flag] && flag != "help" {
			t.Errorf("the guide doesn't list --%s", flag)
		}
	}
	if len(metrics) < 10 || len(known) < 10 {
		t.Errorf("found %d metrics and %d flags: do the patterns still match?", len(metrics), len(known))
	}
}
