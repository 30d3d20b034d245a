package cli_test

import (
	"path/filepath"
	"testing"
)

// What can't be read or asked leaves the answer open, whatever was found elsewhere and in whatever order.
func TestExitCodeOfScan(t *testing.T) {
	fixture := newFixture(t)
	database := fixture.copyOf(t)
	directory := t.TempDir()
	missing := filepath.Join(directory, "missing.log")
	for name, test := range map[string]struct {
		database, input string
		files           []string
		want            int
	}{
		"live":                 {database, fixture.values["deploy"], []string{"-"}, 1},
		"dead":                 {database, fixture.values["superseded"], []string{"-"}, 0},
		"nothing":              {database, "", []string{"-"}, 0},
		"a directory":          {database, "", []string{directory}, 3},
		"a missing file":       {database, "", []string{missing}, 3},
		"dead and missing":     {database, fixture.values["superseded"], []string{"-", missing}, 3},
		"missing, then live":   {database, fixture.values["deploy"], []string{missing, "-"}, 3},
		"live, then directory": {database, fixture.values["deploy"], []string{"-", directory}, 3},
		"no database":          {missing, fixture.values["deploy"], []string{"-"}, 3},
	} {
		t.Run(name, func(t *testing.T) {
			got := terminal{database: test.database, input: test.input}.run(t, append([]string{"scan"}, test.files...)...)
			if got.Code != test.want {
				t.Errorf("the exit code is %d, want %d\n%s%s", got.Code, test.want, got.Stdout, got.Stderr)
			}
		})
	}
}
