package cli_test

import (
	"bufio"
	"errors"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// widestHelp is how many columns help may have where the width of the terminal is not known.
const widestHelp = 80

// exampleRun says how an example in the help of a command is run.
type exampleRun struct {
	// before is a command line that must come first.
	before string
	// answer is what a person at the terminal answers. Without one, standard input is empty and no terminal.
	answer string
	// code is the exit code that the example ends with.
	code int
	// serves means that it runs until it is told to end. It then listens at ports of its own.
	serves bool
}

// endOwner deletes the token that may do everything.
const endOwner = `latchkey token delete --yes "$OWNER_TOKEN_ID"`

// exampleRuns are the examples that need something or don't end with 0.
var exampleRuns = map[string]exampleRun{
	"latchkey token retire-previous deploy":                           {before: "latchkey token regenerate deploy --grace-period 36h"},
	"latchkey token delete backup":                                    {answer: "y\n"},
	"latchkey technical-user enable ci":                               {before: "latchkey technical-user disable ci"},
	"latchkey event prune --before 365d":                              {answer: "y\n"},
	"latchkey scan build.log":                                         {code: 1}, // it finds a live value
	"git log --all -p | latchkey scan -":                              {code: 1},
	"latchkey bootstrap --output owner-token.txt":                     {before: endOwner},
	"latchkey bootstrap --output owner-token.txt --organization acme": {before: endOwner},
	"latchkey backup --over latchkey.db.stored":                       {before: "latchkey backup latchkey.db.stored"},
	"latchkey restore latchkey-2030-01-31.db":                         {before: "latchkey backup latchkey-2030-01-31.db", answer: "y\n"},
	"latchkey doctor --database latchkey-2030-01-31.db --json":        {before: "latchkey backup latchkey-2030-01-31.db"},
	"latchkey migrate --from latchkey.db --unseal":                    {before: "latchkey migrate --to moved.db"},
	"latchkey serve": {serves: true},
	"latchkey serve --listen :8443 --tls-cert server.crt --tls-key server.key": {serves: true},
	"latchkey serve --insecure --listen :8080 --ops-listen 127.0.0.1:9090":     {serves: true},
}

// TestHelp reads the help of every command as somebody does who follows it.
func TestHelp(t *testing.T) {
	all := helpOfAll(t)
	t.Run("fits a terminal", func(t *testing.T) {
		for command, help := range all {
			for line := range strings.Lines(help) {
				if width := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); width > widestHelp {
					t.Errorf("the help of %q has a line of %d columns:\n%s", command, width, line)
				}
			}
		}
	})
	t.Run("has examples", func(t *testing.T) {
		unused := maps.Clone(exampleRuns)
		for command, help := range all {
			lines := examplesIn(help)
			if isLeaf := !strings.Contains(help, "\nCommands:\n"); isLeaf && (len(lines) == 0 || len(lines) > 3) {
				t.Errorf("the help of %q has %d examples after its first line, want 1 to 3:\n%s", command, len(lines), help)
			}
			for _, line := range lines {
				delete(unused, line)
				if !strings.Contains(line, "latchkey "+command) {
					t.Errorf("the help of %q has an example of something else: %s", command, line)
				}
			}
		}
		for _, line := range slices.Sorted(maps.Keys(unused)) {
			t.Errorf("no help has the example %s", line)
		}
	})
	t.Run("examples work", func(t *testing.T) {
		if _, err := exec.LookPath("bash"); err != nil {
			t.Skip("bash is not installed")
		}
		f := newFixture(t)
		_, env := shellDirectory(t)
		env = append(env, "DEPLOY_TOKEN="+f.values["deploy"], "OWNER_TOKEN_ID="+f.ids["personal_ben"])
		for _, command := range slices.Sorted(maps.Keys(all)) {
			for _, line := range examplesIn(all[command]) {
				t.Run(line, func(t *testing.T) { runExample(t, f, env, line) })
			}
		}
	})
}

// runExample runs one example in a directory of its own. The programs around latchkey are stand-ins.
func runExample(t *testing.T, f fixture, env []string, line string) {
	t.Helper()
	directory := t.TempDir()
	must(f.copyTo(directory))
	for name, content := range map[string]string{
		"value.txt":         f.values["deploy"] + "\n",
		"build.log":         "step 1\nDEPLOY_TOKEN=" + f.values["deploy"] + "\n",
		"terraform.tfstate": `{"version": 4, "terraform_version": "1.11.4", "resources": []}`,
	} {
		must(0, os.WriteFile(filepath.Join(directory, name), []byte(content), 0o600))
	}
	must(0, os.MkdirAll(filepath.Join(directory, ".config/fish/completions"), 0o700))
	env = append(env, "HOME="+directory)

	const standIns = "set -eo pipefail\ngit() { cat build.log; }\ngh() { grep -q '^lk_'; }\n"
	run := exampleRuns[line]
	if run.before != "" {
		runLine(t, directory, env, standIns+run.before, "", 0)
	}
	if run.answer != "" {
		env = append(env, "person=1")
	}
	if run.serves {
		serveUntilReady(t, directory, env, line)
		return
	}
	runLine(t, directory, env, standIns+line, run.answer, run.code)
}

// serveUntilReady runs a line that serves, at free ports, until it logs that it answers, and then ends it.
func serveUntilReady(t *testing.T, directory string, env []string, line string) {
	t.Helper()
	newCertificate(t, directory, "server")
	line = portInLine.ReplaceAllString(line, "127.0.0.1:0")
	if !strings.Contains(line, "--listen") {
		line += " --listen 127.0.0.1:0"
	}
	cmd := exec.CommandContext(t.Context(), "bash", "--norc", "--noprofile", "-c", "exec "+line+" --drain 0s")
	cmd.Dir, cmd.Env = directory, env
	stderr := must(cmd.StderrPipe())
	must(0, cmd.Start())
	log := bufio.NewScanner(stderr)
	if !log.Scan() || !strings.Contains(log.Text(), `msg="the server answers"`) {
		t.Errorf("%s\nbegins with %q", line, log.Text())
	}
	must(0, cmd.Process.Signal(os.Interrupt))
	must(io.Copy(io.Discard, stderr))
	if err := cmd.Wait(); err != nil {
		t.Errorf("%s\nends with %v", line, err)
	}
}

// portInLine is an address to listen at.
var portInLine = regexp.MustCompile(`[0-9.]*:[0-9]+`)

// runLine runs a command line in bash.
func runLine(t *testing.T, directory string, env []string, line, input string, want int) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "bash", "--norc", "--noprofile", "-c", line)
	cmd.Dir, cmd.Env, cmd.Stdin = directory, env, strings.NewReader(input)
	out, err := cmd.CombinedOutput()
	if err != nil && !errors.As(err, new(*exec.ExitError)) {
		t.Fatal(err)
	}
	if code := cmd.ProcessState.ExitCode(); code != want {
		t.Errorf("%s\nends with %d, want %d:\n%s", line, code, want, out)
	}
}

// helpOfAll returns the help of every command that help names, by command; that of the program has no name.
func helpOfAll(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{}
	for open := []string{""}; len(open) > 0; open = open[1:] {
		got := terminal{}.run(t, append(strings.Fields(open[0]), "--help")...)
		if got.Code != 0 {
			t.Fatalf("latchkey %s --help: %+v", open[0], got)
		}
		all[open[0]] = got.Stdout
		if _, list, ok := strings.Cut(got.Stdout, "\nCommands:\n"); ok {
			for _, match := range commandInList.FindAllStringSubmatch(list, -1) {
				open = append(open, match[1])
			}
		}
	}
	return all
}

// commandInList finds the commands in help.
var commandInList = regexp.MustCompile(`(?m)^  ([a-z-]+(?: [a-z-]+)*)(?:  |$)`)

// examplesIn returns the examples in the help of a command, which follow right after its first line.
func examplesIn(help string) []string {
	paragraphs := strings.Split(help, "\n\n")
	if len(paragraphs) < 4 || paragraphs[2] != "Examples:" {
		return nil
	}
	lines := strings.Split(strings.TrimRight(paragraphs[3], "\n"), "\n")
	for i := range lines {
		lines[i] = strings.TrimSpace(lines[i])
	}
	return lines
}
