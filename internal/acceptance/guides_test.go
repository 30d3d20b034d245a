package acceptance

import (
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
)

var (
	fencedBlock = regexp.MustCompile("(?s)```(?:sh|shell|yaml)\n(.*?)```")
	// latchkeyLine is a line of a script that runs latchkey.
	latchkeyLine = regexp.MustCompile(`(?m)^(?:.*\| *)?[ \t]*latchkey .*$`)
	// placeholder is what the guides write in place of a token's identifier.
	placeholder = regexp.MustCompile(`\bID\b`)
)

// TestGuideCommands runs every latchkey command that the README and the guides show, on a database that does not exist.
// A command that the program does not understand exits with 2, for misuse.
func TestGuideCommands(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the guides are written for a shell")
	}
	w := newWorkspace(t)
	const id = "tok_06hk3v9m2q7x4t8w5z1y6r0p3m"
	for name, script := range map[string]string{
		// A server would not end, and bootstrap would make the database. With --help, unknown flags are misuse, too.
		"latchkey": `case $1 in serve | bootstrap) set -- "$@" --help;; esac` + "\n" +
			`"` + binary(t) + `" "$@"; code=$?; [ $code -ne 2 ] || echo "$*" >>misuse; exit $code`,
		"terraform": "echo " + id,
		"git":       "",
	} {
		w.write(name, "#!/bin/sh\n"+script+"\n")
		if err := os.Chmod(w.path(name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	var pages []string
	for _, pattern := range []string{"README.md", "templates/*.tmpl", "templates/*/*.tmpl", "examples/*/README.md"} {
		found, err := filepath.Glob(filepath.Join(repository, pattern))
		if err != nil {
			t.Fatal(err)
		}
		pages = append(pages, found...)
	}
	commands := 0
	for _, page := range pages {
		content, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, block := range fencedBlock.FindAllStringSubmatch(string(content), -1) {
			for _, line := range latchkeyLine.FindAllString(block[1], -1) {
				commands++
				cmd := w.command("sh", "-c", placeholder.ReplaceAllLiteralString(line, id))
				// What the lines before it in a guide set.
				cmd.Env = append(cmd.Env, "LATCHKEY_DATABASE=latchkey.db", "HEAD=1:"+strings.Repeat("0", 64),
					"PATH="+w.dir+string(os.PathListSeparator)+os.Getenv("PATH"))
				said := finish(t, cmd)
				misuse, err := os.ReadFile(w.path("misuse"))
				if err != nil {
					continue
				}
				w.remove("misuse")
				// Without a terminal, a command that asks for confirmation reports misuse, too.
				if !strings.Contains(said.stderr, "needs confirmation") {
					t.Errorf("%s shows %q, but the program does not understand %q:\n%s", page, strings.TrimSpace(line),
						strings.TrimSpace(string(misuse)), said.stderr)
				}
			}
		}
	}
	if commands < 50 {
		t.Errorf("found only %d commands: do the patterns still match?", commands)
	}
}
