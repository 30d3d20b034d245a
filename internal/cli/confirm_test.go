package cli_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// What a restore or a prune does is said first, and nothing happens unless the answer is yes.
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
		{[]string{"restore", backup}, []string{"The backup is of 2030-01-31 12:00Z (0s ago)", "Its newest event is of 2030-01-20 08:00Z (11d4h ago)",
			"0 of its events are not in the backup", "Restore it? [y/N] "}, "nothing was changed"},
		{[]string{"event", "prune", "--before", "2030-01-20"}, []string{"This deletes 20 of 24 events for good, those before 2030-01-20T00:00:00Z.",
			"Delete them? [y/N] "}, "nothing was deleted"},
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
				if diff := cmp.Diff(answer{1, "", "latchkey: " + command.undone + ": the answer was not yes\n"}, answer{got.Code, got.Stdout, end}); diff != "" {
					t.Errorf("the answer (-want +got):\n%s", diff)
				}
			})
		}
	}
}
