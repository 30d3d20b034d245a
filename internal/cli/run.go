package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// Env is everything that the command line knows of the process around it.
type Env struct {
	// Args are the arguments, without the name of the program.
	Args           []string
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	// StdinTerminal and StdoutTerminal report whether a person is at the other end.
	StdinTerminal, StdoutTerminal bool
	// TerminalWidth is how many columns the terminal at Stdout has; zero if nobody knows.
	TerminalWidth int
	// ReadHidden reads a line from the terminal without showing it. It is called only if StdinTerminal is set.
	ReadHidden func() (string, error)
	// LookupEnv looks up an environment variable, as os.LookupEnv does.
	LookupEnv func(string) (string, bool)
	Now       func() time.Time
	Version   string
	// Actor is the name that audit events record.
	Actor tokens.Actor
	// Debug serves the provider to a debugger until the context ends.
	Debug func(context.Context) error
}

// Run executes one command and returns its exit code.
func Run(ctx context.Context, env Env) int {
	err := run(ctx, env)
	env.complain(err)
	return exitCode(err)
}

// complain says what went wrong, unless the error is nil or has been told.
func (e *Env) complain(err error) {
	if err == nil || errors.As(err, new(*toldError)) {
		return
	}
	_, _ = fmt.Fprintf(e.Stderr, "latchkey: %s\n", tokens.CleanedLines(explain(err)))
}

func run(ctx context.Context, env Env) error {
	if err := refuseSecrets(env.Args); err != nil {
		return err
	}
	command, err := parse(env)
	if err != nil || command == nil {
		return err
	}
	return command(ctx)
}

// showVersion shows the version.
type showVersion struct {
	JSON bool `name:"json" help:"Answer in JSON, for programs."`
}

// versionDocument is the program in --json output.
type versionDocument struct {
	Version string `json:"version"`
	// Platform is the operating system and the architecture that it was built for, as Terraform names them.
	Platform string `json:"platform"`
}

// Run prints the version.
func (c showVersion) Run(app *app) error {
	if c.JSON {
		return app.printJSON(versionDocument{Version: app.Version, Platform: runtime.GOOS + "_" + runtime.GOARCH})
	}
	return app.printLine(versionText(app.Version))
}

func versionText(version string) string { return "latchkey " + version }

// debug serves the provider to a debugger.
type debug struct{}

// Run serves until it is interrupted. The plugin framework prints what Terraform needs to find the provider.
func (debug) Run(ctx context.Context, app *app) error {
	if err := app.Debug(ctx); err != nil {
		return fmt.Errorf("unable to serve the provider: %w", err)
	}
	return nil
}
