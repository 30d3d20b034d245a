package cli_test

import (
	"bufio"
	"context"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/cli"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/service"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// follower is a command that follows the events while others work.
type follower struct {
	*testing.T
	lines *bufio.Scanner
	stop  context.CancelFunc
	code  chan int
}

// follow starts the command where the environment says.
func follow(t *testing.T, environ map[string]string, terminal bool, args ...string) *follower {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	read, write := io.Pipe()
	f := &follower{t, bufio.NewScanner(read), stop, make(chan int, 1)}
	go func() {
		code := cli.Run(ctx, cli.Env{
			Args:   append([]string{"event", "list", "--follow"}, args...),
			Stdin:  strings.NewReader(""),
			Stdout: write, Stderr: write,
			StdoutTerminal: terminal, TerminalWidth: 120,
			LookupEnv: func(name string) (string, bool) {
				value, ok := environ[name]
				return value, ok
			},
			Now:   func() time.Time { return present },
			Actor: "local:ben@laptop",
		})
		f.code <- code
		_ = write.Close()
	}()
	return f
}

// says waits for the next line, which holds the words.
func (f *follower) says(words ...string) {
	f.Helper()
	if !f.lines.Scan() {
		f.Fatalf("the command ended before a line with %q", words)
	}
	for _, word := range words {
		if !strings.Contains(f.lines.Text(), word) {
			f.Errorf("got %q, want %q", f.lines.Text(), word)
		}
	}
}

// ends interrupts the command, which says no more and succeeds.
func (f *follower) ends() {
	f.Helper()
	f.stop()
	if f.lines.Scan() {
		f.Errorf("it goes on: %s", f.lines.Text())
	}
	if code := <-f.code; code != 0 {
		f.Errorf("the exit code is %d", code)
	}
}

// What others do shows while the command runs, each thing once, on the file and through a server.
func TestFollowedEvents(t *testing.T) {
	fixture := newFixture(t)
	t.Run("on the file", func(t *testing.T) {
		database := fixture.copyOf(t)
		testFollowedEvents(t, fixture, database, map[string]string{"LATCHKEY_DATABASE": database})
	})
	t.Run("through a server", func(t *testing.T) {
		database := fixture.copyOf(t)
		testFollowedEvents(t, fixture, database, map[string]string{
			"LATCHKEY_ENDPOINT": newManagement(t, database).URL, "LATCHKEY_TOKEN": fixture.values["personal_ben"],
		})
	})
}

func testFollowedEvents(t *testing.T, fixture fixture, database string, environ map[string]string) {
	t.Helper()
	others := service.Open(service.Options{Database: database, Now: func() time.Time { return present }})
	other := others.As(tokens.AsDatabaseOwner("local:terraform@runner").InRun("nightly 7"))
	hold := func(short, reason string) {
		t.Helper()
		if _, err := other.HoldAccessToken(t.Context(), fixture.ids[short], reason); err != nil {
			t.Fatal(err)
		}
	}
	table := follow(t, environ, true, "--limit", "2")
	documents := follow(t, environ, false, "--action", "*.hold", "--json", "--columns", "actor,claimed_run,detail", "--limit", "1")
	narrow := follow(t, environ, false, "--action", "*.hold", "--columns", "detail")
	table.says("TIME", "ACTOR")
	table.says("Z")
	table.says("Z")
	documents.says(`"detail":"`)
	narrow.says("seen in a build log") // the one hold of the fixture; one column has no header
	hold("deploy", "in a log")
	table.says("2030-01-31T12:00:00Z", "access_token.hold", "deploy")
	documents.says(`{"actor":"local:terraform@runner","claimed_run":"nightly 7","detail":"in a log"}`)
	narrow.says("in a log")
	hold("backup", "in a log, too")
	table.says("backup")
	documents.says(`"detail":"in a log, too"`)
	narrow.says("in a log, too")
	if err := others.Close(); err != nil {
		t.Fatal(err)
	}
	for _, one := range []*follower{table, documents, narrow} {
		one.ends()
	}
}

// What can't be followed ends with an error.
func TestFollowedEventsOfNoDatabase(t *testing.T) {
	f := follow(t, map[string]string{"LATCHKEY_DATABASE": t.TempDir() + "/none.db"}, false)
	f.says("unable to follow the events", "there is no")
	if code := <-f.code; code == 0 {
		t.Error("the exit code is 0")
	}
}
