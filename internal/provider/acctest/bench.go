// Package acctest holds what acceptance tests of the provider work with: a bench with a place of its own, a clock, a
// hand outside Terraform, a real Terraform, and checks of plans and states. A Caller speaks the protocol with the
// provider without Terraform. Where the tests work, place.go alone decides.
package acctest

import (
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/go-version"
	tfprovider "github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/tfversion"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/fastpath"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// Bench is what an acceptance test works with: a place with nothing in it, a clock of its own for provider and backend,
// and a hand outside Terraform.
type Bench struct {
	T     *testing.T
	Place *Place
	// Outside works in the same place as another person does.
	Outside tokens.Backend

	mu      sync.Mutex
	now     time.Time
	stopped bool
}

// New returns a bench for a test that runs beside others. Its clock stands at noon of 1 January 2030.
func New(t *testing.T) *Bench {
	t.Helper()
	t.Parallel()
	return NewSerial(t)
}

// NewSerial returns a bench for a test that changes the environment of the process.
func NewSerial(t *testing.T) *Bench {
	t.Helper()
	return newBench(t, IsAtServer())
}

// NewAtServer returns a bench for a test that works through a server, wherever the others work.
func NewAtServer(t *testing.T) *Bench {
	t.Helper()
	t.Parallel()
	return newBench(t, true)
}

func newBench(t *testing.T, atServer bool) *Bench {
	t.Helper()
	b := &Bench{T: t, now: time.Date(2030, 1, 1, 12, 0, 0, 0, time.UTC)}
	b.Place = newPlace(t, atServer, b.Now)
	b.Outside = b.Open(b.Place)
	return b
}

// NewPlace returns another place where there is nothing yet.
func (b *Bench) NewPlace() *Place {
	b.T.Helper()
	return newPlace(b.T, b.Place.server != nil, b.Now)
}

// Open returns a backend for another person who works in a place.
func (b *Bench) Open(p *Place) tokens.Backend {
	return p.openAs(tokens.AsDatabaseOwner("local:anna@elsewhere"), b.Now)
}

// AsHolder returns a backend for whoever presents a value in the bench's place.
func (b *Bench) AsHolder(secret tokens.Secret) tokens.Backend {
	b.T.Helper()
	return b.Place.openAs(tokens.AsTokenHolder(secret), b.Now)
}

// Backup copies what is in the bench's place and returns a function that restores the copy, which the database knows of
// from then on. Another Outside works there then.
func (b *Bench) Backup() (restore func()) {
	b.T.Helper()
	putBack := b.Copy()
	return func() {
		b.T.Helper()
		putBack()
		b.Accept()
	}
}

// Accept records that what is in the bench's place was put back on purpose.
func (b *Bench) Accept() {
	b.T.Helper()
	b.Must(b.Place.accept(b.Now))
}

// Copy copies what is in the bench's place, and returns a function that puts the copy back as other programs do, so that
// the database doesn't know. Another Outside works there then.
func (b *Bench) Copy() (putBack func()) {
	b.T.Helper()
	back := b.Place.backup()
	return func() {
		b.T.Helper()
		back()
		b.Outside = b.Open(b.Place)
	}
}

// Now is the bench's clock: each look at it advances it by a millisecond, as time does.
func (b *Bench) Now() time.Time {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.stopped {
		b.now = b.now.Add(time.Millisecond)
	}
	return b.now
}

// StopClock stops the clock, for a test that compares what is looked at one after the other.
func (b *Bench) StopClock() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.stopped = true
}

// Advance moves the clock.
func (b *Bench) Advance(d time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.now = b.now.Add(d)
}

// NewServer returns the server of a new provider, which ends with the test. Nobody has configured it.
func (b *Bench) NewServer() tfprotov6.ProviderServer {
	b.T.Helper()
	p := provider.New("test", b.Now)
	b.T.Cleanup(func() { b.Must(p.Close()) })
	return fastpath.NewServer(p)
}

// Run runs the steps. Each step that applies also plans once more and fails unless that plan is empty.
func (b *Bench) Run(steps ...resource.TestStep) {
	b.T.Helper()
	b.RunWith(Beside{}, steps...)
}

// Beside is what the steps of a test have beside the provider.
type Beside struct {
	// Oldest is the oldest Terraform that knows what the steps need; an older one skips the test. Nil for any.
	Oldest *version.Version
	// Providers are others, by their names.
	Providers map[string]tfprovider.Provider
}

// IsOpenTofu reports whether the tests run OpenTofu in the place of Terraform.
func IsOpenTofu() bool { return strings.Contains(os.Getenv("TF_ACC_PROVIDER_HOST"), "opentofu") }

// RunWith is Run with something beside the provider.
func (b *Bench) RunWith(beside Beside, steps ...resource.TestStep) {
	b.T.Helper()
	p := provider.New("test", b.Now)
	b.T.Cleanup(func() {
		if err := p.Close(); err != nil {
			b.T.Error(err)
		}
	})
	serve := func() (tfprotov6.ProviderServer, error) { return fastpath.NewServer(p), nil }
	test := resource.TestCase{
		// Terraform runs a process per configuration of a provider. Here all of one name share a server, which knows the
		// latest configuration alone: a second one needs a second name.
		ProtoV6ProviderFactories: map[string]func() (tfprotov6.ProviderServer, error){"latchkey": serve, "acting": serve},
		Steps:                    steps,
	}
	for name, other := range beside.Providers {
		test.ProtoV6ProviderFactories[name] = providerserver.NewProtocol6WithError(other)
	}
	if beside.Oldest != nil {
		test.TerraformVersionChecks = []tfversion.TerraformVersionCheck{tfversion.SkipBelow(beside.Oldest)}
	}
	resource.Test(b.T, test)
}

// Must fails the test for an error of a step outside Terraform.
func (b *Bench) Must(err error) {
	b.T.Helper()
	if err != nil {
		b.T.Fatal(err)
	}
}

// Day is 24 hours.
const Day = 24 * time.Hour
