package acceptance

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestExampleTests runs the `terraform test` files of the examples.
func TestExampleTests(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(repository, "examples", "*", "tests", "*.tftest.hcl"))
	if err != nil {
		t.Fatal(err)
	}
	if len(files) < 2 {
		t.Errorf("only %d examples have tests: %s", len(files), files)
	}
	for _, file := range files {
		folder := filepath.Dir(filepath.Dir(file))
		t.Run(filepath.Base(folder), func(t *testing.T) {
			content, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			w := newWorkspace(t)
			w.useExample(folder)
			if err := os.Mkdir(w.path("tests"), 0o700); err != nil {
				t.Fatal(err)
			}
			w.write(filepath.Join("tests", filepath.Base(file)), string(content))
			said := w.terraform("test", "-no-color").exits(0)
			if runs := strings.Count("\n"+string(content), "\nrun \""); runs == 0 ||
				strings.Count(said.prose(), "... pass") != runs+1 {
				t.Errorf("%d runs and their file should pass:\n%s", runs, said.stdout)
			}
			if _, err := os.Stat(w.databasePath()); err == nil {
				t.Error("the test used the database of the example")
			}
		})
	}
}
