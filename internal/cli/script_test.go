package cli_test

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/binary"
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/cli"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/service"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

var update = flag.Bool("update", false, "rewrite the outputs that the scripts in testdata compare with")

// TestMain lets the scripts run the command line as the program latchkey.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"latchkey": latchkey, "value": value, "newer-schema": newerSchema, "use": use, "mint": mint,
		"rewrite": rewrite})
}

// value prints a value for standard input: the whole value with a line break, with that of Windows or without (-n), its
// first half, or a value that no token has (--unknown).
func value() {
	switch args := os.Args[1:]; args[0] {
	case "-n":
		fmt.Print(args[1])
	case "--crlf":
		fmt.Print(args[1] + "\r\n")
	case "--first-half":
		fmt.Println(args[1][:len(args[1])/2])
	case "--unknown":
		fmt.Println(must(tokens.NewSecret("lk")).Reveal())
	default:
		fmt.Println(args[0])
	}
}

// newerSchema sets the schema version of a database, in the header of the file, to that of the next Latchkey.
func newerSchema() {
	const at = 60 // of the user version, a number of four bytes
	file := must(os.OpenFile(os.Args[1], os.O_RDWR, 0))
	version := make([]byte, 4)
	must(file.ReadAt(version, at))
	binary.BigEndian.PutUint32(version, binary.BigEndian.Uint32(version)+1)
	must(file.WriteAt(version, at))
	must(0, file.Close())
}

// rewrite changes the database with SQL, as another program would.
func rewrite() {
	db := must(sql.Open("sqlite", "latchkey.db"))
	must(db.Exec(os.Args[1]))
	must(0, db.Close())
}

// use uses a value as a client does, as often as the second argument says.
func use() {
	database := cmp.Or(os.Getenv(tokens.DatabaseVariable), tokens.DefaultDatabase)
	backend := service.Open(service.Options{Database: database, Now: clock}).As(tokens.AsDatabaseOwner("local:api@server"))
	value := must(tokens.ParseSecret(os.Args[1]))
	for range must(strconv.Atoi(os.Args[2])) {
		must(backend.VerifySecret(context.Background(), value, tokens.VerifyOptions{RecordUse: true}))
	}
	must(0, backend.Close())
}

// mint makes an ephemeral token of a technical user, which ends in an hour, and prints its identifier.
func mint() {
	database := cmp.Or(os.Getenv(tokens.DatabaseVariable), tokens.DefaultDatabase)
	backend := service.Open(service.Options{Database: database, Now: clock}).As(tokens.AsDatabaseOwner("local:run@pipeline"))
	created := must(backend.CreateAccessToken(context.Background(), tokens.NewAccessToken{
		NewSecretFor:    tokens.NewSecretFor{Request: tokens.NewRequest(clock()), Secret: must(tokens.NewSecret(tokens.DefaultPrefix))},
		TechnicalUserID: os.Args[1], Ephemeral: true,
		Settings: tokens.Settings{Name: "run " + os.Args[2], Enabled: true, ExpiresAt: clock().Add(time.Hour)},
	}))
	fmt.Print(created.ID)
	must(0, backend.Close())
}

// clock returns the present, or the time in the variable now of a script.
func clock() time.Time {
	if now := os.Getenv("now"); now != "" {
		return must(time.Parse(time.RFC3339, now))
	}
	return present
}

// latchkey is the program, with the clock and the actor of the tests. If a script sets the variable terminal to a number
// of columns, standard output is a terminal of that width; with the variable person, so is standard input.
func latchkey() {
	width, _ := strconv.Atoi(os.Getenv("terminal"))
	env := cli.Env{
		Args:   os.Args[1:],
		Stdin:  os.Stdin,
		Stdout: os.Stdout,
		Stderr: os.Stderr,

		StdinTerminal:  os.Getenv("person") != "",
		StdoutTerminal: width > 0,
		TerminalWidth:  width,
		LookupEnv:      os.LookupEnv,
		Now:            clock,
		Version:        "1.2.3",
		Actor:          "local:ben@laptop",
		Debug:          func(context.Context) error { return nil },
	}
	end := func() {}
	if os.Getenv("served") != "" {
		env, end = served(env)
	}
	code := cli.Run(context.Background(), env)
	end()
	os.Exit(code)
}

// runScripts runs scripts, each beside a copy of the fixture, with further variables as os.Environ returns them. A script finds the
// identifiers and values of its objects in variables such as id_deploy and value_deploy, and the beginnings of identifiers in
// begin_deploy.
func runScripts(t *testing.T, files []string, variables ...string) {
	t.Helper()
	f := newFixture(t)
	runScriptsOn(t, f, files, func(env *testscript.Env) error {
		env.Vars = append(env.Vars, variables...)
		_, err := f.copyTo(env.WorkDir)
		return err
	})
}

// runScriptsOn runs scripts, for each of which prepare makes a copy of a fixture.
func runScriptsOn(t *testing.T, f fixture, files []string, prepare func(*testscript.Env) error) {
	t.Helper()
	testscript.Run(t, testscript.Params{
		Files:               files,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		UpdateScripts:       *update && t.Name() == "TestScripts",
		Setup: func(env *testscript.Env) error {
			// Under the race detector every process would wait a second before it ends.
			env.Setenv("GORACE", "atexit_sleep_ms=0")
			for _, short := range slices.Sorted(maps.Keys(f.ids)) {
				env.Setenv("id_"+short, f.ids[short])
				env.Setenv("begin_"+short, f.ids[short][:16]) // enough of it to name the object
			}
			for _, short := range slices.Sorted(maps.Keys(f.values)) {
				env.Setenv("value_"+short, f.values[short])
			}
			return prepare(env)
		},
	})
}
