//go:build linux

package acceptance

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestIncident follows the guide for whoever is on call, command by command, on a token that Terraform manages. Every
// line that the guide has them type is one here, in its order, and with what must come of it.
func TestIncident(t *testing.T) {
	w := newWorkspace(t)
	w.env = append(w.env, "LATCHKEY_DATABASE="+w.databasePath(), "LATCHKEY_RUN=nightly 7",
		"PATH="+w.path("bin")+string(os.PathListSeparator)+os.Getenv("PATH"))
	if err := os.Mkdir(w.path("bin"), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, program := range map[string]string{"latchkey": binary(t), "terraform": terraformPath(t)} {
		w.write("bin/"+name, "#!/bin/sh\nexec '"+program+"' \"$@\"\n")
		if err := os.Chmod(w.path("bin/"+name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	apply := func(secret string) func() {
		return func() {
			w.configure(`resource "latchkey_technical_user" "ci" {
				name = "ci"
			}
			` + deployToken(`technical_user_id = latchkey_technical_user.ci.id
				grace_period = "1h"
				regenerate_triggers = { incident = "`+secret+`" }`))
			w.terraform("apply").exits(0)
		}
	}
	apply("none")()
	leaked := w.deploy()
	w.write("leaked.txt", leaked.Token+"\n")
	w.write("build.log", "export TOKEN="+leaked.Token+"\n")
	release := func() { w.latchkey("token", "release", leaked.ID).exits(0) }

	lines := guideLines(t, "stopping-a-leaked-token", "## 1. Stop it", "## Ways to stop a token")
	for _, step := range []struct {
		// line is how the line begins, and before what happens before it.
		line   string
		before func()
		code   int
		// says is what it prints.
		says string
	}{
		{"latchkey token hold - --reason", nil, 0, "deploy"},
		{"latchkey token hold ci@acme", release, 0, "deploy"},
		{"latchkey scan build.log", release, 1, leaked.ID},
		{"latchkey token hold ID", nil, 0, "deploy"},
		{"latchkey token show ID", nil, 0, "in the log of build 4711"},
		{"latchkey event list --object ID", nil, 0, "in the log of build 4711"},
		{"latchkey event list --actor", nil, 0, ""},
		{"latchkey event list --run", nil, 0, ""},
		{"latchkey event list --outcome refused", nil, 0, ""},
		{"latchkey event list --action 'role.*'", nil, 0, ""},
		{"latchkey event list --action '*.regenerate'", nil, 0, ""},
		{"latchkey event list --follow", nil, 0, "nightly 7"},
		{"latchkey token list --technical-user", nil, 0, "deploy"},
		{"latchkey token hold ID", func() {
			for _, name := range []string{"second", "third"} {
				w.latchkey("token", "create", name, "--technical-user", "ci@acme.latchkey.internal").exits(0)
			}
		}, 0, "third"},
		{"latchkey technical-user disable", nil, 0, "ci@acme.latchkey.internal"},
		{"latchkey token retire-previous ID", apply("4711"), 0, "deploy"},
		{"latchkey token regenerate ID", func() {
			w.latchkey("token", "create", "unmanaged", "--technical-user", "ci@acme.latchkey.internal").exits(0)
		}, 0, "lk_"},
		{"latchkey token verify < leaked.txt", nil, 1, "superseded"},
		{"latchkey token release ID", nil, 0, "deploy"},
		{"terraform plan -detailed-exitcode", apply("4711 again"), 0, "No changes"},
	} {
		if len(lines) == 0 || !strings.HasPrefix(lines[0], step.line) {
			t.Fatalf("the guide goes on with %q, and not with %q", lines, step.line)
		}
		line := strings.ReplaceAll(lines[0], strings.Repeat(" ID", 2), " second third")
		line = strings.ReplaceAll(line, " ID", " "+leaked.ID)
		lines = lines[1:]
		if step.before != nil {
			step.before()
		}
		if strings.HasSuffix(line, " --follow") {
			line = "timeout --preserve-status --signal INT 5 " + line
		}
		got := finish(t, w.command("sh", "-c", line))
		if got.code != step.code || !strings.Contains(got.stdout+got.stderr, step.says) {
			t.Fatalf("%s: exit code %d, want %d and %q:\n%s%s", line, got.code, step.code, step.says, got.stdout, got.stderr)
		}
		if strings.Contains(got.stdout+got.stderr, leaked.Token) {
			t.Errorf("%s prints the leaked value", line)
		}
	}
	if len(lines) > 0 {
		t.Errorf("nothing tries %q", lines)
	}
}

// guideLines returns the commands in a part of a guide, one a line, without their comments.
func guideLines(t *testing.T, guide, from, to string) (lines []string) {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(repository, "templates", "guides", guide+".md.tmpl"))
	if err != nil {
		t.Fatal(err)
	}
	_, part, found := strings.Cut(string(content), from)
	part, _, ends := strings.Cut(part, to)
	if !found || !ends {
		t.Fatalf("%s has no part between %q and %q", guide, from, to)
	}
	for _, block := range fencedBlock.FindAllStringSubmatch(part, -1) {
		for line := range strings.Lines(block[1]) {
			command, _, _ := strings.Cut(line, "  #")
			lines = append(lines, strings.TrimSpace(command))
		}
	}
	return lines
}
