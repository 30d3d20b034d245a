package cli

import (
	"context"
	"io"
	"net/url"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/httpapi"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/service"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// app is what a command runs in.
type app struct {
	Env
	place
}

// withBackend calls use with the backend of the place and closes it afterwards. Only this file knows which it is.
func (a *app) withBackend(use func(tokens.Backend) error) error {
	backend, opened := a.open()
	err := use(backend)
	if closeErr := opened.Close(); err == nil {
		err = closeErr
	}
	return err
}

// open returns the backend of the place, and what closes it. It connects to nothing.
func (a *app) open() (tokens.Backend, io.Closer) {
	if a.server == nil {
		opened := service.Open(a.options())
		return opened.As(a.principal()), opened
	}
	client := httpapi.NewClient(httpapi.ClientOptions{
		Endpoint: a.server.endpoint, Token: a.server.token, ClaimedRun: tokens.ClaimedRun(a.LookupEnv),
		Product: "latchkey/" + a.Version, Now: a.Now,
	})
	return client, client
}

// locate returns where the database is that a field names, by a path or an address, as people may read it. The error repeats
// nothing of an address.
func locate(field, name string) (string, error) { return service.Locate(field, name) }

// parseEndpoint reads the address of a server.
func parseEndpoint(field, text string, isInsecure bool) (*url.URL, error) {
	return httpapi.ParseEndpoint(field, text, isInsecure)
}

// finding is one thing that an examination of the database looked at.
type finding struct {
	name, value string
	facts       map[string]any
	// problem says what is wrong and what to do; empty if all is well.
	problem string
}

// diagnose examines the database without changing it.
func (a *app) diagnose(ctx context.Context) []finding {
	var findings []finding
	for _, f := range service.Diagnose(ctx, a.options()) {
		problem := f.Problem
		if f.Reason != tokens.ReasonDatabaseFailing { // which leads here
			problem = withWayOut(problem, &tokens.Error{Reason: f.Reason})
		}
		findings = append(findings, finding{f.Name, f.Value, f.Facts, problem})
	}
	return findings
}

func (a *app) options() service.Options {
	return service.Options{Database: a.database, Now: a.Now}
}

// principal returns who runs the commands.
func (a *app) principal() tokens.Principal {
	return tokens.ActingAs(a.Actor, a.actAs).InRun(tokens.ClaimedRun(a.LookupEnv))
}

// backUp copies the database to a new file, or over an older copy of it.
func (a *app) backUp(ctx context.Context, file string, over bool) (tokens.Snapshot, error) {
	opened := service.Open(a.options())
	way := opened.As(a.principal()).Backup
	if over {
		way = opened.As(a.principal()).BackupOver
	}
	made, err := way(ctx, file)
	if closeErr := opened.Close(); err == nil {
		err = closeErr
	}
	return made, err
}

// restorer is a restore that can be looked at before it is done.
type restorer interface {
	Look(ctx context.Context) (tokens.Restoration, error)
	Run(ctx context.Context) (tokens.Restoration, error)
}

// restorer returns the restore of a file.
func (a *app) restorer(file string, replaceAnother bool) restorer {
	return service.Restore{
		Options: a.options(), Actor: a.Actor, ClaimedRun: a.principal().Run(), File: file, ReplaceAnother: replaceAnother,
	}
}

// acceptor accepts the database as it is, and can look at it before.
type acceptor interface {
	Look(ctx context.Context) (tokens.Snapshot, error)
	Run(ctx context.Context) (tokens.Mark, error)
}

// acceptor returns the acceptance of the database.
func (a *app) acceptor() acceptor {
	return service.Acceptance{Options: a.options(), Actor: a.Actor, ClaimedRun: a.principal().Run()}
}

// migrate moves the database to another place.
func (a *app) migrate(ctx context.Context, to string, progress func(tokens.MigrationStep)) (tokens.Migration, error) {
	return service.Migration{
		From: a.options(), To: service.Options{Database: to, Now: a.Now}, Actor: a.Actor, ClaimedRun: a.principal().Run(),
		Progress: progress,
	}.Run(ctx)
}

// unsealer lets a database count again that was moved, and can look at it before.
type unsealer interface {
	Look(ctx context.Context) (tokens.Unsealing, error)
	Run(ctx context.Context) error
}

// unsealer returns the unsealing of the database, which was moved to a place; empty where nobody says which.
func (a *app) unsealer(there string) unsealer {
	return service.Unsealing{
		Options: a.options(), There: service.Options{Database: there, Now: a.Now}, Actor: a.Actor, ClaimedRun: a.principal().Run(),
	}
}

// bootstrap makes the first access token that may do everything, and the database where there is none.
func (a *app) bootstrap(
	ctx context.Context, organization string, secret tokens.NewSecretFor,
) (tokens.Bootstrapped, error) {
	options := a.options()
	options.Organization = organization
	return service.Bootstrap{Options: options, Actor: a.Actor, ClaimedRun: a.principal().Run()}.Run(ctx, secret)
}

// openToFollow opens the database for as long as the process lives, also where it does not exist yet. It hears of changes at
// an address, unless that is empty.
func (a *app) openToFollow(listen string) *service.Service {
	options := a.options()
	options.Follow, options.ListenDatabase = true, listen
	return service.Open(options)
}
