package cli_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/service"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// awkward is the name of an access token that a shell would take apart.
const awkward = `it's 5 "$HOME" \ [b] & c`

// typed are words as somebody types them, with a tab where they are completed, and what the command then gets.
var typed = []struct{ typed, want string }{
	{"token show dep\t", "token|show|deploy"},
	{"token hold deploy lea\t", "token|hold|deploy|leaked"},
	{`token show old\ la` + "\t", "token|show|old laptop"},
	{`token show "old la` + "\t", "token|show|old laptop"},
	{"token show old\t", "token|show|old laptop"},
	{"token show it\t", "token|show|" + awkward},
	{"technical-user show ci@ac\t", "technical-user|show|ci@acme.latchkey.internal"},
	{"token show ci@acme.latchkey.internal/dep\t", "token|show|ci@acme.latchkey.internal/deploy"},
	{"token share deploy --member an\t", "token|share|deploy|--member|anna@example.com"},
	{"token share deploy --member=anna@ex\t", "token|share|deploy|--member=anna@example.com"},
	{"token list --status=pen\t", "token|list|--status=pending"},
	{"token edit deploy --group-role payments=dep\t", "token|edit|deploy|--group-role|payments=deployer"},
}

// TestShells completes words in real shells.
func TestShells(t *testing.T) {
	directory, env := shellDirectory(t)
	run := func(t *testing.T, stdin string, command ...string) string {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), command[0], command[1:]...)
		cmd.Dir, cmd.Env, cmd.Stdin = directory, env, strings.NewReader(stdin)
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%s: %s\n%s", command[0], err, out)
		}
		return string(out)
	}
	needs := func(t *testing.T, shell string) {
		if _, err := exec.LookPath(shell); err != nil {
			t.Skip(shell + " is not installed")
		}
	}
	result := func(t *testing.T) string {
		t.Helper()
		got, err := os.ReadFile(filepath.Join(directory, "got"))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Remove(filepath.Join(directory, "got")); err != nil {
			t.Fatal(err)
		}
		return string(got)
	}
	// say is completed as latchkey is, and tells which arguments it was given.
	const say = `say() { local IFS='|'; printf '%s\n' "$*" >>got; }` + "\n"

	t.Run("bash", func(t *testing.T) {
		needs(t, "bash")
		lines := say + "source <(latchkey completion bash)\ncomplete -o default -F _latchkey say\n"
		want := ""
		for _, line := range typed {
			lines += "say " + line.typed + "\n"
			want += line.want + "\n"
		}
		run(t, lines, "bash", "--norc", "--noprofile", "-i")
		compareLines(t, result(t), want)
	})

	// The editor of zsh needs a terminal. So this calls its function as zsh would, and looks at what it proposes; zsh itself
	// quotes that.
	t.Run("zsh", func(t *testing.T) {
		needs(t, "zsh")
		for _, line := range typed {
			out := run(t, "", "zsh", "-f", "-c", "compdef() {}; _files() {}; _describe() { print -rl -- \"${(@P)2}\" }\n"+
				"source <(latchkey completion zsh)\nwords=(${(z)1}); CURRENT=$#words; _latchkey", "zsh",
				"latchkey "+strings.TrimSuffix(line.typed, "\t"))
			last := line.want[strings.LastIndexByte(line.want, '|')+1:]
			want := strings.NewReplacer(`\`, `\\`, ":", `\:`).Replace(last) + ":"
			if !strings.HasPrefix(out, want) || strings.Count(out, "\n") != 1 {
				t.Errorf("zsh completes %q as %q, want %q", line.typed, out, want)
			}
		}
	})

	t.Run("fish", func(t *testing.T) {
		needs(t, "fish")
		for _, line := range typed {
			out := run(t, "", "fish", "--no-config", "-c", "latchkey completion fish | source\n"+
				"complete -C $argv[1]", "latchkey "+strings.TrimSuffix(line.typed, "\t"))
			last := line.want[strings.LastIndexByte(line.want, '|')+1:]
			word, _, _ := strings.Cut(strings.TrimSuffix(out, "\n"), "\t")
			if word != last || strings.Count(out, "\n") != 1 {
				t.Errorf("fish completes %q as %q, want %q", line.typed, out, last)
			}
		}
	})
}

// shellDirectory returns a directory with the fixture, a token with an awkward name and the program latchkey in the PATH,
// and the environment of a shell there.
func shellDirectory(t *testing.T) (directory string, env []string) {
	t.Helper()
	directory = t.TempDir()
	path := must(newFixture(t).copyTo(directory))
	backend := service.Open(service.Options{Database: path, Now: clock}).As(tokens.AsDatabaseOwner("local:test@host"))
	must(backend.CreateAccessToken(t.Context(), tokens.NewAccessToken{
		NewSecretFor: tokens.NewSecretFor{Request: tokens.NewRequest(present), Secret: must(tokens.NewSecret("lk"))},
		Settings:     tokens.Settings{Name: awkward, Enabled: true},
	}))
	if err := backend.Close(); err != nil {
		t.Fatal(err)
	}
	bin := t.TempDir()
	if err := os.Symlink(must(os.Executable()), filepath.Join(bin, "latchkey")); err != nil {
		t.Skip("no symbolic links: ", err)
	}
	return directory, append(os.Environ(), "PATH="+bin+string(os.PathListSeparator)+os.Getenv("PATH"), "HOME="+bin,
		"GORACE=atexit_sleep_ms=0", "TERM=dumb", "PS1=", "LC_ALL=C.UTF-8", "INPUTRC=/dev/null")
}

func compareLines(t *testing.T, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("the command was given\n%s, want\n%s", got, want)
	}
}
