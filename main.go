// Latchkey is API access tokens as code, in one program: started by Terraform or OpenTofu, it is their provider;
// started by a person, it is the command line.
package main

import (
	"context"
	"fmt"
	"os"
	"runtime/debug"
	"strings"
	"time"

	"golang.org/x/term"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/cli"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/service"
)

// version is set at build time by -ldflags "-X main.version=…".
var version string

// programVersion returns the version that the build was given; else, for `go install`, that of the module without the v
// of its tag; else "dev".
func programVersion(given string, info *debug.BuildInfo) string {
	switch {
	case given != "":
		return given
	case info != nil && info.Main.Version != "" && info.Main.Version != "(devel)":
		return strings.TrimPrefix(info.Main.Version, "v")
	}
	return "dev"
}

// ownVersion returns the version of this program.
func ownVersion() string {
	info, _ := debug.ReadBuildInfo()
	return programVersion(version, info)
}

func main() { os.Exit(run()) }

func run() int {
	if startedByTerraform(os.LookupEnv) {
		if err := servePlugin(); err != nil {
			_, _ = fmt.Fprintf(os.Stderr, "latchkey: unable to serve the provider: %s\n", err)
			return 1
		}
		return 0
	}
	return cli.Run(context.Background(), cli.Env{
		Args:           os.Args[1:],
		Stdin:          os.Stdin,
		Stdout:         os.Stdout,
		Stderr:         os.Stderr,
		StdinTerminal:  term.IsTerminal(int(os.Stdin.Fd())),
		StdoutTerminal: term.IsTerminal(int(os.Stdout.Fd())),
		TerminalWidth:  terminalWidth(),
		ReadHidden:     readHidden,
		LookupEnv:      os.LookupEnv,
		Now:            time.Now,
		Version:        ownVersion(),
		Actor:          service.LocalActor(),
		Debug:          func(context.Context) error { return serve(true) },
	})
}
