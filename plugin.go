package main

import (
	"errors"
	"os"
	"runtime/debug"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6/tf6server"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/fastpath"
)

// Terraform and OpenTofu start a plugin with this variable set; see the function Serve of
// terraform-plugin-go/tfprotov6/tf6server, which refuses to serve without it.
const (
	cookieVariable = "TF_PLUGIN_MAGIC_COOKIE"
	cookieValue    = "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2"
)

// quietGCPercent lets the heap grow to eleven times what is live before it is collected. A provider lives for one run
// of Terraform and keeps a few megabytes, however many resources there are. Collecting at Go's default pace takes a
// fifth of its processor time; at this one, an apply of 500 access tokens takes 100 MB of memory in place of 36. A
// user's own GOGC wins.
const quietGCPercent = 1000

// logVariables turn off the logs of the provider's libraries. Each part of the libraries needs its own: a part that is
// silent only because the whole is silent still prepares every line.
var logVariables = []string{"TF_LOG_SDK", "TF_LOG_SDK_PROTO", "TF_LOG_SDK_FRAMEWORK"}

// protocolFilesVariable makes a library of the provider write all that Terraform and the provider send each other to
// files that everybody may read: the state too, with every secret in it.
const protocolFilesVariable = "TF_LOG_SDK_PROTO_DATA_DIR"

// parentCheck is how often the provider looks whether the Terraform that started it still runs.
const parentCheck = time.Second

// startedByTerraform reports whether the process is to be a plugin.
func startedByTerraform(lookupEnv func(string) (string, bool)) bool {
	cookie, _ := lookupEnv(cookieVariable)
	return cookie == cookieValue
}

// servePlugin serves the provider to the Terraform that started the process, until Terraform ends it.
func servePlugin() error {
	if logsUnread(os.Environ()) {
		for _, variable := range logVariables {
			if err := os.Setenv(variable, "off"); err != nil {
				return err
			}
		}
	}
	if _, set := os.LookupEnv("GOGC"); !set {
		debug.SetGCPercent(quietGCPercent)
	}
	checks := time.NewTicker(parentCheck)
	defer checks.Stop()
	go endWithParent(os.Getppid, checks.C, func() { os.Exit(1) })
	return serve(false)
}

// endWithParent ends the process once it has another parent than at the start. A Terraform that is killed can't end its
// providers, and none is of use to anybody else. To end at any point loses nothing that was committed. On Windows, a
// process keeps its parent, and goes on.
func endWithParent(parent func() int, checks <-chan time.Time, end func()) {
	first := parent()
	for range checks {
		if parent() != first {
			end()
			return
		}
	}
}

// logsUnread reports whether nobody will read what the provider's libraries log. Unless told otherwise they write every
// trace line, and Terraform parses each and throws it away: this takes more time than everything else that a provider
// does. Terraform hands its own environment on to the provider and sets none of these variables itself, so any that is
// set is the user's wish.
func logsUnread(environ []string) bool {
	for _, variable := range environ {
		if name, value, _ := strings.Cut(variable, "="); strings.HasPrefix(name, "TF_LOG") && value != "" {
			return false
		}
	}
	return true
}

// serve serves the provider over protocol version 6. For a debugger, it prints what Terraform needs to find the
// process.
func serve(forDebugger bool) error {
	if err := os.Unsetenv(protocolFilesVariable); err != nil {
		return err
	}
	p := provider.New(ownVersion(), time.Now)
	var options []tf6server.ServeOpt
	if forDebugger {
		options = append(options, tf6server.WithManagedDebug())
	}
	err := tf6server.Serve(provider.Address, func() tfprotov6.ProviderServer { return fastpath.NewServer(p) }, options...)
	return errors.Join(err, p.Close())
}
