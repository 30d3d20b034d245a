//go:build !race

package cli_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/service"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/store/postgres/pgtest"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// onlyOutsidePostgreSQL are the scripts that can't work on a database in PostgreSQL, each with the reason.
var onlyOutsidePostgreSQL = map[string]string{
	"backup":           "it is about the files of a backup",
	"bootstrap":        "it makes databases in files beside each other",
	"completion":       "it completes the names of files",
	"database":         "it is about the name of the file",
	"doctor":           "it examines the file",
	"doctor_ephemeral": "it examines the file",
	"history":          "it rewrites the file",
	"misuse":           "it names two files",
	"migrate":          "it moves the file",
	"missing":          "it is about a file that isn't there",
	"newer_schema":     "it rewrites the file",
	"place":            "it is about the choice between a file and a server",
	"restore":          "a restore replaces the file",
	"serve":            "it names the file in what the server logs",
}

// TestScriptsOnPostgreSQL runs the scripts again, all but onlyOutsidePostgreSQL, each on a schema of its own.
func TestScriptsOnPostgreSQL(t *testing.T) {
	if testing.Short() {
		t.Skip("it runs all scripts a second time")
	}
	from := pgtest.Address(t)
	f := newFixtureAt(t, from)
	runScriptsOn(t, f, scriptsBut(t, onlyOutsidePostgreSQL), func(env *testscript.Env) error {
		address := pgtest.Address(t)
		env.Defer(func() { pgtest.Drop(t, address) })
		env.Setenv(tokens.DatabaseVariable, address)
		// What Fill needs is the tables of a database, whatever is in them.
		opened := service.Open(service.Options{Database: address, Now: clock})
		_, err := opened.As(tokens.AsDatabaseOwner("local:ben@laptop")).CreateGroup(t.Context(),
			tokens.NewGroup{Request: tokens.NewRequest(clock()), GroupSettings: tokens.GroupSettings{Name: "any"}})
		if err != nil {
			return err
		}
		pgtest.Fill(t, address, from)
		return opened.Close()
	})
}

// scriptsBut returns the files of all scripts but those that are named, each of which there must be.
func scriptsBut(t *testing.T, names map[string]string) (files []string) {
	t.Helper()
	excluded := map[string]bool{}
	for _, file := range must(filepath.Glob("testdata/script/*.txtar")) {
		name := strings.TrimSuffix(filepath.Base(file), ".txtar")
		if names[name] != "" {
			excluded[name] = true
			continue
		}
		files = append(files, file)
	}
	for name := range names {
		if !excluded[name] {
			t.Errorf("there is no script %s", name)
		}
	}
	return files
}
