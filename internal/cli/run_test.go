package cli_test

import (
	"bytes"
	"context"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/cli"
)

// terminal stands for a person's terminal.
type terminal struct {
	database string
	input    string
	// stdin and stdout report which of the two are terminals.
	stdin, stdout bool
	environ       map[string]string
	debug         func(context.Context) error
}

// answer is what a command said and its exit code.
type answer struct {
	Code           int
	Stdout, Stderr string
}

// run runs a command in the terminal.
func (e terminal) run(t *testing.T, args ...string) answer {
	t.Helper()
	var stdout, stderr bytes.Buffer
	environ := map[string]string{"LATCHKEY_DATABASE": e.database, "TERM": "xterm"}
	maps.Copy(environ, e.environ)
	input := strings.NewReader(e.input)
	code := cli.Run(t.Context(), cli.Env{
		Args:           args,
		Stdin:          input,
		Stdout:         &stdout,
		Stderr:         &stderr,
		StdinTerminal:  e.stdin,
		StdoutTerminal: e.stdout,
		ReadHidden: func() (string, error) {
			line := make([]byte, input.Len())
			_, err := input.Read(line)
			return string(line), err
		},
		LookupEnv: func(name string) (string, bool) {
			value, ok := environ[name]
			return value, ok
		},
		Now:     func() time.Time { return present },
		Version: "1.2.3",
		Actor:   "local:ben@laptop",
		Debug:   e.debug,
	})
	return answer{code, stdout.String(), stderr.String()}
}

// copyOf returns the path of a copy of the fixture's database.
func (f fixture) copyOf(t *testing.T) string {
	t.Helper()
	path, err := f.copyTo(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return path
}

func TestExitCodes(t *testing.T) {
	f := newFixture(t)
	database := f.copyOf(t)
	missing := filepath.Join(t.TempDir(), "none.db")
	for _, test := range []struct {
		name     string
		database string
		input    string
		args     []string
		want     int
	}{
		{"done", database, "", []string{"token", "list"}, 0},
		{"help", database, "", nil, 0},
		{"help of a command", database, "", []string{"token", "--help"}, 0},
		{"active", database, f.values["deploy"] + "\n", []string{"token", "verify"}, 0},
		{"not active", database, f.values["superseded"] + "\n", []string{"token", "verify"}, 1},
		{"not found", database, "", []string{"token", "show", "tok_01jz0000000000000000000000"}, 1},
		{"no database", missing, "", []string{"token", "list"}, 3},
		{"no database to verify with", missing, f.values["deploy"] + "\n", []string{"token", "verify"}, 3},
		{"an empty one of several", missing, "", []string{"token", "hold", f.ids["deploy"], "", "--reason", "x"}, 2},
		{"another kind of several", missing, "", []string{"technical-user", "disable", f.ids["ci"], f.ids["deploy"]}, 2},
		{"a name that nothing could name", missing, "", []string{"token", "create", "-"}, 2},
		{"no database to find a name in", missing, "", []string{"token", "show", "deploy"}, 3},
		{"no file to scan", database, "", []string{"scan", "none.log"}, 3},
		{"a live value", database, f.values["deploy"], []string{"scan", "-"}, 1},
		{"sound", database, "", []string{"doctor"}, 0},
		{"a problem", missing, "", []string{"doctor"}, 1},
		{"unknown command", database, "", []string{"tokn"}, 2},
		{"unfinished command", database, "", []string{"token"}, 2},
		{"unknown flag", database, "", []string{"token", "list", "--all"}, 2},
		{"unknown column", database, "", []string{"token", "list", "--sort", "colour"}, 2},
		{"URL of another database", "mysql://localhost/latchkey", "", []string{"token", "list"}, 2},
		{"a name", database, "", []string{"token", "show", "deploy"}, 0},
		{"no name", database, "", []string{"token", "show", "deplo"}, 1},
		{"a value for an identifier", database, "", []string{"token", "show", f.values["deploy"]}, 2},
		{"no value", database, "\n", []string{"token", "verify"}, 2},
		{"no reason", database, "", []string{"token", "hold", f.ids["deploy"], "--reason", ""}, 2},
		{"acting as nobody", database, "", []string{"--act-as", "nobody@example.com", "token", "list"}, 1},
		{"forbidden", database, "", []string{"--act-as", "anna@example.com", "group", "list"}, 1},
		{"act as what is no address", database, "", []string{"--act-as", "anna", "token", "list"}, 2},
		{"a member at the file", database, "", []string{"--act-as", "anna@example.com", "doctor"}, 2},
		{"nothing to edit", database, "", []string{"token", "edit", f.ids["deploy"]}, 2},
		{"no duration", database, "", []string{"token", "create", "x", "--protect-if-used-within", "often"}, 2},
		{"no policy", database, "", []string{"token", "edit", f.ids["deploy"], "--on-expired", "accept"}, 2},
		{"no grace", database, "", []string{"token", "regenerate", f.ids["deploy"], "--grace-period", "-1d"}, 2},
		{"nothing to retire", database, "", []string{"token", "retire-previous", f.ids["deploy"]}, 1},
		{"nobody to ask", database, "", []string{"token", "delete", f.ids["deploy"]}, 2},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := terminal{database: test.database, input: test.input}.run(t, test.args...)
			if got.Code != test.want {
				t.Errorf("the exit code is %d, want %d\n%s%s", got.Code, test.want, got.Stdout, got.Stderr)
			}
			oneMessage := strings.HasPrefix(got.Stderr, "latchkey: ") && strings.Count(got.Stderr, "\n") == 1 && got.Stdout == ""
			if got.Code == 2 && !oneMessage {
				t.Errorf("misuse is not one message on standard error: %q, %q", got.Stdout, got.Stderr)
			}
		})
	}
	if _, err := os.Stat(missing); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a command made a database: %v", err)
	}
}

// TestColours shows the same list on a terminal and elsewhere: what has expired is red, what is off is faint, what is
// held is bold and yellow. The columns stay aligned.
func TestColours(t *testing.T) {
	database := newFixture(t).copyOf(t)
	args := []string{"token", "list", "--columns", "name,status"}
	plain := terminal{database: database}.run(t, args...)
	colourful := terminal{database: database, stdout: true}.run(t, args...)
	want := strings.Join([]string{
		"NAME          STATUS",
		"deploy        active",
		"\x1b[31mbackup        expired\x1b[0m",
		"報告 nightly  active",
		"\x1b[1;33mleaked        held\x1b[0m",
		"\x1b[2mold laptop    disabled\x1b[0m",
		"next summer   pending",
		"\x1b[2mreturned      revoked\x1b[0m",
		"\x1b[2morphaned      disabled\x1b[0m",
		"",
	}, "\n")
	if diff := cmp.Diff(want, colourful.Stdout); diff != "" {
		t.Errorf("on a terminal (-want +got):\n%s", diff)
	}
	uncoloured := strings.NewReplacer("\x1b[31m", "", "\x1b[1;33m", "", "\x1b[2m", "", "\x1b[0m", "").Replace(want)
	if plain.Stdout != uncoloured {
		t.Errorf("elsewhere (-want +got):\n%s", cmp.Diff(uncoloured, plain.Stdout))
	}
	for name, value := range map[string]string{"NO_COLOR": "1", "TERM": "dumb"} {
		got := terminal{database: database, stdout: true, environ: map[string]string{name: value}}.run(t, args...)
		if got.Stdout != plain.Stdout {
			t.Errorf("with %s=%s (-want +got):\n%s", name, value, cmp.Diff(plain.Stdout, got.Stdout))
		}
	}
}

func TestRegenerateOnATerminal(t *testing.T) {
	f := newFixture(t)
	database := f.copyOf(t)
	got := terminal{database: database, stdout: true}.run(t, "token", "regenerate", f.ids["deploy"])
	lines := strings.Split(strings.TrimSpace(got.Stdout), "\n")
	if got.Code != 0 || len(lines) != 4 || !strings.HasPrefix(lines[2], "New value    lk_") {
		t.Fatalf("the answer is %+v", got)
	}
	value := strings.TrimPrefix(lines[2], "New value    ")
	lines[2] = ""
	want := []string{
		`Regenerated  access token "deploy" (` + f.ids["deploy"] + `)`,
		"Status       active",
		"",
		"             It is shown only this once; the previous value is dead.",
	}
	if diff := cmp.Diff(want, lines); diff != "" {
		t.Errorf("the rest of the answer (-want +got):\n%s", diff)
	}
	if verified := (terminal{database: database, input: value}).run(t, "token", "verify"); verified.Code != 0 {
		t.Errorf("the new value: %+v", verified)
	}
}

// With a grace period the previous value is not dead, and the answer doesn't say that it is.
func TestRegenerateWithAGraceOnATerminal(t *testing.T) {
	f := newFixture(t)
	got := terminal{database: f.copyOf(t), stdout: true}.run(t, "token", "regenerate", f.ids["deploy"], "--grace-period", "7d")
	if got.Code != 0 || !strings.HasSuffix(got.Stdout, "\n             It is shown only this once.\n") {
		t.Errorf("the answer is %+v", got)
	}
	want := "The previous value stays valid until 2030-02-07T12:00:00Z: latchkey token retire-previous " + f.ids["deploy"] +
		" ends it at once.\n"
	if !strings.HasPrefix(got.Stderr, want) {
		t.Errorf("beside it stands %q, want %q", got.Stderr, want)
	}
}

func TestCreateOnATerminal(t *testing.T) {
	database := newFixture(t).copyOf(t)
	got := terminal{database: database, stdout: true}.run(t, "token", "create", "by hand")
	answer := regexp.MustCompile(strings.Join([]string{
		`Created    access token "by hand" \(tok_[0-9a-z]{26}\)`,
		`Status     active`,
		`New value  (lk_[0-9A-Za-z]{46})`,
		`           It is shown only this once\.`,
		``,
	}, "\n")).FindStringSubmatch(got.Stdout)
	if got.Code != 0 || answer == nil {
		t.Fatalf("the answer is %+v", got)
	}
	if verified := (terminal{database: database, input: answer[1]}).run(t, "token", "verify"); verified.Code != 0 {
		t.Errorf("the value: %+v", verified)
	}
}

// TestStoppingWhatOneMayNotKnow holds a restricted token as somebody who may stop tokens but not know of this one.
func TestStoppingWhatOneMayNotKnow(t *testing.T) {
	f := newFixture(t)
	at := terminal{database: f.copyOf(t)}
	if got := at.run(t, "token", "edit", f.ids["nightly"], "--visibility", "restricted"); got.Code != 0 {
		t.Fatalf("restricting it: %+v", got)
	}
	got := at.run(t, "--act-as", "carla@example.com", "token", "show", f.ids["nightly"])
	if got.Code != 1 || !strings.Contains(got.Stderr, "is restricted to") {
		t.Errorf("showing it: %+v", got)
	}
	got = at.run(t, "--act-as", "carla@example.com", "token", "hold", f.ids["nightly"], "--reason", "seen in a log")
	if want := "Held access token " + f.ids["nightly"] + "; its status is held\n"; got.Code != 0 || got.Stdout != want {
		t.Errorf("holding it: %+v, want %q", got, want)
	}
}

func TestVerifyAtATerminalHidesTheValue(t *testing.T) {
	f := newFixture(t)
	got := terminal{database: f.copyOf(t), stdin: true, stdout: true, input: f.values["deploy"]}.run(t, "token", "verify")
	if got.Code != 0 || !strings.HasPrefix(got.Stdout, "active: ") || got.Stderr != "Value (not shown): \n" {
		t.Errorf("the answer is %+v", got)
	}
}

func TestDeleteAsks(t *testing.T) {
	f := newFixture(t)
	for input, deleted := range map[string]bool{
		"y\n": true, "YES\n": true, " yes \r\n": true, "yes": true,
		"n\n": false, "\n": false, "": false, "yep\n": false,
	} {
		t.Run(strings.TrimSpace(input), func(t *testing.T) {
			at := terminal{database: f.copyOf(t), stdin: true, input: input}
			got := at.run(t, "token", "delete", f.ids["backup"])
			question := `This deletes access token "backup" (` + f.ids["backup"] + `) of ` +
				"backup-sxwvkkknmg@acme.latchkey.internal for good, with its shares and the technical user " +
				"that was made for it. Its status is expired; last use: Never. " +
				"Whoever uses it loses access at once, and it can't be recovered.\nDelete it? [y/N] "
			want := answer{0, `Deleted access token "backup" (` + f.ids["backup"] + ")\n", question}
			if !deleted {
				want = answer{1, "", question + "latchkey: nothing was deleted: the answer was not yes\n"}
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("the answer (-want +got):\n%s", diff)
			}
			if gone := at.run(t, "token", "show", f.ids["backup"]).Code != 0; gone != deleted {
				t.Errorf("deleted: %t, want %t", gone, deleted)
			}
		})
	}
}

// TestDeleteOfATokenInUseSaysSo deletes tokens that were used within protect_if_used_within, and others.
func TestDeleteOfATokenInUseSaysSo(t *testing.T) {
	f := newFixture(t)
	for _, test := range []struct {
		within, says string
		change       []string
	}{
		{
			"7d", "Its status is active; last use: 2030-01-30T08:00:00Z, once in all, within the 7d of protect_if_used_within: " +
				"it is in use. Whoever", nil,
		},
		{"1d", "Its status is active; last use: 2030-01-30T08:00:00Z, once in all. Whoever", nil},
		{
			"7d", "Its status is held; last use: 2030-01-30T08:00:00Z, once in all. Whoever",
			[]string{"token", "hold", f.ids["deploy"], "--reason", "leaked"},
		},
	} {
		at := terminal{database: f.copyOf(t), stdin: true, input: "y\n"}
		commands := [][]string{{"token", "edit", f.ids["deploy"], "--protect-if-used-within", test.within}, test.change}
		for _, command := range commands {
			if got := at.run(t, command...); got.Code != 0 {
				t.Fatalf("%s: %+v", command, got)
			}
		}
		if got := at.run(t, "token", "delete", f.ids["deploy"]); got.Code != 0 || !strings.Contains(got.Stderr, test.says) {
			t.Errorf("the answer is %+v, want %q", got, test.says)
		}
	}
}

// A restore and a prune say what they are about to do, and do nothing unless the answer is yes.
func TestRestoreAndPruneAsk(t *testing.T) {
	f := newFixture(t)
	backup := filepath.Join(t.TempDir(), "latchkey.backup")
	if made := (terminal{database: f.copyOf(t)}).run(t, "backup", backup); made.Code != 0 {
		t.Fatalf("the answer is %+v", made)
	}
	for _, command := range []struct {
		args   []string
		asks   []string
		undone string
	}{
		{
			args: []string{"restore", backup},
			asks: []string{
				"The backup was made at 2030-01-31T12:00:00Z (now)", "Its newest event is from 2030-01-20T08:00:00Z (11 days ago)",
				"not in the backup, and what they record, are undone: 0.", "Restore it? [y/N] ",
			},
			undone: "nothing was changed",
		},
		{
			args: []string{"event", "prune", "--before", "2030-01-20"},
			asks: []string{
				"This deletes up to 24 of 28 events for good, those before 2030-01-20T00:00:00Z.", "Delete them? [y/N] ",
			},
			undone: "nothing was deleted",
		},
	} {
		for input, done := range map[string]bool{"y\n": true, "no\n": false, "": false} {
			t.Run(command.args[0]+" "+strings.TrimSpace(input), func(t *testing.T) {
				at := terminal{database: f.copyOf(t), stdin: true, input: input}
				before, err := os.ReadFile(at.database)
				if err != nil {
					t.Fatal(err)
				}
				got := at.run(t, command.args...)
				for _, text := range command.asks {
					if !strings.Contains(got.Stderr, text) {
						t.Errorf("%q does not say %q", got.Stderr, text)
					}
				}
				after, err := os.ReadFile(at.database)
				if err != nil {
					t.Fatal(err)
				}
				if changed := string(before) != string(after); changed != done {
					t.Errorf("changed: %t, want %t", changed, done)
				}
				if done {
					if got.Code != 0 || got.Stdout == "" {
						t.Errorf("the answer is %+v", got)
					}
					return
				}
				_, end, _ := strings.Cut(got.Stderr, "[y/N] ")
				want := answer{1, "", "latchkey: " + command.undone + ": the answer was not yes\n"}
				if diff := cmp.Diff(want, answer{got.Code, got.Stdout, end}); diff != "" {
					t.Errorf("the answer (-want +got):\n%s", diff)
				}
			})
		}
	}
}

// TestArgumentsAreNotRepeated puts a secret in every place of a command line: whole, in part and inside other text.
func TestArgumentsAreNotRepeated(t *testing.T) {
	f := newFixture(t)
	value := f.values["deploy"]
	broken := value[:len(value)-1]
	own := "Correct-Horse-Battery-Staple-2030!"
	commands := [][]string{
		{"SECRET"},
		{"--SECRET"},
		{"-SECRET"},
		{"--SECRET=x"},
		{"--x=SECRET"},
		{"--database", "x.db", "SECRET"},
		{"token", "SECRET"},
		{"token", "list", "SECRET"},
		{"token", "list", "--sort", "SECRET"},
		{"token", "list", "--sort=SECRET"},
		{"token", "list", "--status", "SECRET"},
		{"token", "list", "--columns", "SECRET"},
		{"token", "list", "--columns", "name,SECRET"},
		{"token", "list", "--json=SECRET"},
		{"token", "list", "--technical-user", "SECRET"},
		{"token", "list", "--group", "SECRET"},
		{"token", "list", "--expires-within", "SECRET"},
		{"token", "list", "--unused-for=SECRET"},
		{"token", "list", "--limit", "SECRET"},
		{"token", "list", "--limit", "-SECRET"},
		{"token", "list", "--unused-for", "-SECRET"},
		{"--act-as", "SECRET", "token", "list"},
		{"token", "show", "SECRET"},
		{"token", "show", "--", "SECRET"},
		{"token", "show", f.ids["deploy"], "SECRET"},
		{"token", "verify", "SECRET"},
		{"token", "create", "x", "SECRET"},
		{"token", "create", "x", "--technical-user", "SECRET"},
		{"token", "create", "x", "--group", "SECRET"},
		{"token", "create", "x", "--group-role", "SECRET"},
		{"token", "create", "x", "--group-role", "SECRET=viewer"},
		{"token", "create", "x", "--group-role", "payments=SECRET"},
		{"token", "create", "x", "--role", "SECRET"},
		{"token", "create", "x", "--ttl", "SECRET"},
		{"token", "create", "x", "--expires-at=SECRET"},
		{"token", "create", "x", "--activates-at", "SECRET"},
		{"token", "create", "x", "--visibility", "SECRET"},
		{"token", "create", "x", "--regenerate-before-expiry", "SECRET"},
		{"token", "create", "x", "--on-expired", "SECRET"},
		{"token", "create", "x", "--on-secret-drift=SECRET"},
		{"token", "create", "x", "--grace-period", "SECRET"},
		{"token", "create", "x", "--protect-if-used-within", "SECRET"},
		{"token", "edit", "SECRET", "--name", "x"},
		{"token", "edit", f.ids["deploy"], "--ttl", "SECRET"},
		{"token", "share", "SECRET", "--member", f.ids["anna"]},
		{"token", "share", f.ids["deploy"], "--member", "SECRET"},
		{"token", "share", f.ids["deploy"], "--member", f.ids["anna"], "--role", "SECRET"},
		{"token", "unshare", f.ids["deploy"], "--member", "SECRET"},
		{"token", "disable", "SECRET"},
		{"token", "enable", "SECRET"},
		{"token", "hold", "SECRET"},
		{"token", "hold", "SECRET", "--reason", "x"},
		{"token", "release", "SECRET"},
		{"token", "regenerate", "SECRET"},
		{"token", "regenerate", f.ids["deploy"], "--grace-period", "SECRET"},
		{"token", "retire-previous", "SECRET"},
		{"token", "delete", "SECRET"},
		{"token", "delete", "--yes", "SECRET"},
		{"technical-user", "list", "--group", "SECRET"},
		{"technical-user", "show", "SECRET"},
		{"technical-user", "disable", "SECRET"},
		{"technical-user", "enable", "SECRET"},
		{"member", "list", "SECRET"},
		{"group", "list", "SECRET"},
		{"role", "list", "SECRET"},
		{"import-blocks", "SECRET"},
		{"completion", "SECRET"},
		{"event", "list", "--limit", "SECRET"},
		{"event", "list", "SECRET"},
		{"event", "prune", "--before", "SECRET", "--yes"},
		{"event", "list", "--object", "SECRET"},
		{"doctor", "SECRET"},
		{"version", "SECRET"},
	}
	at := terminal{database: f.copyOf(t)}
	for _, secret := range []string{value, value + "\n", "Bearer " + value, broken, value[3:], own} {
		for _, command := range commands {
			args := slices.Clone(command)
			for i := range args {
				args[i] = strings.ReplaceAll(args[i], "SECRET", secret)
			}
			got := at.run(t, args...)
			if got.Code != 2 {
				t.Errorf("%s: the exit code is %d, want 2", command, got.Code)
			}
			for i := 0; i+8 <= len(own); i++ {
				if strings.Contains(got.Stdout+got.Stderr, own[i:i+8]) {
					t.Errorf("%s: a secret was repeated: %s%s", command, got.Stdout, got.Stderr)
					break
				}
			}
			for i := 0; i+8 <= len(value); i++ {
				if strings.Contains(got.Stdout+got.Stderr, value[i:i+8]) {
					t.Errorf("%s: a value was repeated: %s%s", command, got.Stdout, got.Stderr)
					break
				}
			}
		}
	}
}

func TestDebugServesTheProvider(t *testing.T) {
	served := false
	got := terminal{debug: func(context.Context) error { served = true; return nil }}.run(t, "debug")
	if !served || got != (answer{}) {
		t.Errorf("served: %t, %+v", served, got)
	}
	got = terminal{debug: func(context.Context) error { return errors.New("the port is taken") }}.run(t, "debug")
	if want := (answer{1, "", "latchkey: unable to serve the provider: the port is taken\n"}); got != want {
		t.Errorf("the answer is %+v, want %+v", got, want)
	}
}
