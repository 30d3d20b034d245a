// Latchkey is API access tokens as code, in one program: started by Terraform or OpenTofu, it is their provider;
// started by a person, it is the command line.
package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"golang.org/x/term"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/cli"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/service"
)

// version is set at build time by -ldflags "-X main.version=…".
var version = "dev"

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
		ReadHidden:     readHidden,
		LookupEnv:      os.LookupEnv,
		Now:            time.Now,
		Version:        version,
		Actor:          service.LocalActor(),
		Debug:          func(context.Context) error { return serve(true) },
	})
}
