package provider_test

import (
	"context"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	tfjson "github.com/hashicorp/terraform-json"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/fastpath"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/service"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// bench is what an acceptance test works with: a fresh database, a clock of its own for provider and backend, and a
// hand outside Terraform.
type bench struct {
	t        *testing.T
	database string
	// Outside works on the same database as another person does.
	Outside tokens.Backend

	mu  sync.Mutex
	now time.Time
}

// newBench returns a bench for a test that runs beside others. Its clock stands at noon of 1 January 2030.
func newBench(t *testing.T) *bench {
	t.Helper()
	t.Parallel()
	return newSerialBench(t)
}

// newSerialBench returns a bench for a test that changes the environment of the process.
func newSerialBench(t *testing.T) *bench {
	t.Helper()
	b := &bench{t: t, database: filepath.Join(t.TempDir(), "latchkey.db"), now: time.Date(2030, 1, 1, 12, 0, 0, 0, time.UTC)}
	b.Outside = b.open(b.database)
	return b
}

// open returns a backend over a database that another person works on.
func (b *bench) open(database string) tokens.Backend {
	backend := service.New(service.Options{Database: database, Actor: "local:anna@elsewhere", Now: b.Now})
	b.t.Cleanup(func() {
		if err := backend.Close(); err != nil {
			b.t.Error(err)
		}
	})
	return backend
}

// Now is the bench's clock: each look at it advances it by a millisecond, as time does.
func (b *bench) Now() time.Time {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.now = b.now.Add(time.Millisecond)
	return b.now
}

// advance moves the clock.
func (b *bench) advance(d time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.now = b.now.Add(d)
}

// run runs the steps. Each step that applies also plans once more and fails unless that plan is empty.
func (b *bench) run(steps ...resource.TestStep) {
	b.t.Helper()
	p := provider.New("test", b.Now)
	b.t.Cleanup(func() {
		if err := p.Close(); err != nil {
			b.t.Error(err)
		}
	})
	serve := func() (tfprotov6.ProviderServer, error) { return fastpath.NewServer(p), nil }
	resource.Test(b.t, resource.TestCase{
		// Terraform runs a process per configuration of a provider. Here all of one name share a server, which knows the
		// latest configuration alone: a second one needs a second name.
		ProtoV6ProviderFactories: map[string]func() (tfprotov6.ProviderServer, error){"latchkey": serve, "acting": serve},
		Steps:                    steps,
	})
}

// config returns a configuration of the resources in the bench's database.
func (b *bench) config(resources string) string { return configFor(b.database, resources) }

func configFor(database, resources string) string {
	return fmt.Sprintf("provider \"latchkey\" {\n  database = %q\n}\n%s", database, resources)
}

// token returns an access token by its name.
func (b *bench) token(name string) tokens.AccessToken {
	b.t.Helper()
	list, err := b.Outside.AccessTokens(context.Background(), tokens.TokenQuery{})
	if err != nil {
		b.t.Fatal(err)
	}
	for _, t := range list.AccessTokens {
		if t.Name == name {
			return t
		}
	}
	b.t.Fatalf("there is no access token %q", name)
	return tokens.AccessToken{}
}

// must fails the test for an error of a step outside Terraform.
func (b *bench) must(err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
}

// regenerate regenerates a token outside Terraform and returns the new secret.
func (b *bench) regenerate(name string) tokens.Secret {
	b.t.Helper()
	secret := b.newSecret()
	_, err := b.Outside.UpdateAccessToken(context.Background(), b.token(name).ID, tokens.AccessTokenUpdate{
		Regeneration: &tokens.Regeneration{NewSecretFor: secret, Reason: tokens.ReasonRequested},
	})
	b.must(err)
	return secret.Secret
}

func (b *bench) newSecret() tokens.NewSecretFor {
	secret, err := tokens.NewSecret(tokens.DefaultPrefix)
	b.must(err)
	return tokens.NewSecretFor{RequestID: tokens.NewID(tokens.KindRequest, b.Now()), Secret: secret}
}

// isActive tells whether a value is good.
func (b *bench) isActive(value string) bool {
	b.t.Helper()
	secret, err := tokens.ParseSecret(value)
	if err != nil {
		return false
	}
	v, err := b.Outside.VerifySecret(context.Background(), secret, tokens.VerifyOptions{})
	b.must(err)
	return v.Active
}

// secretOf returns the secret in the state.
func secretOf(s *terraform.State, address string) string {
	return s.RootModule().Resources[address].Primary.Attributes["token"]
}

// checkActive checks that the secret in the state is good, and that those of before are dead.
func (b *bench) checkActive(address string, dead ...*string) resource.TestCheckFunc {
	return func(s *terraform.State) error {
		if !b.isActive(secretOf(s, address)) {
			return fmt.Errorf("the secret in the state of %s is not active", address)
		}
		for i, value := range dead {
			if b.isActive(*value) {
				return fmt.Errorf("the former secret %d of %s still works", i, address)
			}
		}
		return nil
	}
}

// keep stores an attribute of the state for a later step.
func keep(address, attribute string, into *string) resource.TestCheckFunc {
	return func(s *terraform.State) error {
		*into = s.RootModule().Resources[address].Primary.Attributes[attribute]
		return nil
	}
}

// checkSame checks that an attribute still has a value that was kept.
func checkSame(address, attribute string, kept *string) resource.TestCheckFunc {
	return func(s *terraform.State) error {
		if got := s.RootModule().Resources[address].Primary.Attributes[attribute]; got != *kept {
			return fmt.Errorf("%s of %s changed", attribute, address)
		}
		return nil
	}
}

// checkOther checks that an attribute has another value than the one that was kept.
func checkOther(address, attribute string, kept *string) resource.TestCheckFunc {
	return func(s *terraform.State) error {
		if got := s.RootModule().Resources[address].Primary.Attributes[attribute]; got == *kept || got == "" {
			return fmt.Errorf("%s of %s did not change", attribute, address)
		}
		return nil
	}
}

// planCheck is a check of a plan by a function.
type planCheck func(plan *tfjson.Plan) error

func (c planCheck) CheckPlan(_ context.Context, req plancheck.CheckPlanRequest, resp *plancheck.CheckPlanResponse) {
	resp.Error = c(req.Plan)
}

// updates checks that a resource is updated in place, that exactly these attributes are unknown, and that none but these
// and the named ones differs from the state.
func updates(address string, unknown []string, changed ...string) plancheck.PlanCheck {
	return planCheck(func(plan *tfjson.Plan) error {
		change, err := changeOf(plan, address)
		if err != nil {
			return err
		}
		if !change.Actions.Update() {
			return fmt.Errorf("%s: the plan says %s, not update", address, change.Actions)
		}
		before, _ := change.Before.(map[string]any)
		after, _ := change.After.(map[string]any)
		isUnknown, _ := change.AfterUnknown.(map[string]any)
		for name := range before {
			switch {
			case isUnknown[name] == true && !slices.Contains(unknown, name):
				return fmt.Errorf("%s: %s is unknown in the plan", address, name)
			case isUnknown[name] != true && slices.Contains(unknown, name):
				return fmt.Errorf("%s: %s is known in the plan", address, name)
			case isUnknown[name] == true || slices.Contains(changed, name):
			case fmt.Sprint(before[name]) != fmt.Sprint(after[name]):
				return fmt.Errorf("%s: %s changes in the plan", address, name)
			}
		}
		for _, name := range changed {
			if fmt.Sprint(before[name]) == fmt.Sprint(after[name]) {
				return fmt.Errorf("%s: %s does not change in the plan", address, name)
			}
		}
		return nil
	})
}

// What an update makes unknown, and what a new secret does besides.
var (
	onUpdate     = []string{"status", "updated_at"}
	onRegenerate = append([]string{"token", "token_preview", "secret_version", "secret_expires_at", "previous_secret_expires_at", "regenerated_at"}, onUpdate...)
)

// regenerates checks that a plan regenerates a token in place, and says why.
func regenerates(address, reason string, changed ...string) plancheck.PlanCheck {
	return planCheck(func(plan *tfjson.Plan) error {
		change, err := changeOf(plan, address)
		if err != nil {
			return err
		}
		after, _ := change.After.(map[string]any)
		before, _ := change.Before.(map[string]any)
		if after["regeneration_reason"] != reason {
			return fmt.Errorf("%s: the plan's reason is %v, not %s", address, after["regeneration_reason"], reason)
		}
		if before["regeneration_reason"] != reason {
			changed = append(changed, "regeneration_reason")
		}
		var resp plancheck.CheckPlanResponse
		updates(address, onRegenerate, changed...).CheckPlan(context.Background(), plancheck.CheckPlanRequest{Plan: plan}, &resp)
		return resp.Error
	})
}

func changeOf(plan *tfjson.Plan, address string) (*tfjson.Change, error) {
	for _, rc := range plan.ResourceChanges {
		if rc.Address == address {
			return rc.Change, nil
		}
	}
	return nil, fmt.Errorf("%s is not in the plan", address)
}

// preApply runs the checks on the plan of a step before it is applied.
func preApply(checks ...plancheck.PlanCheck) resource.ConfigPlanChecks {
	return resource.ConfigPlanChecks{PreApply: checks}
}

// emptyPlan checks that a plan changes nothing.
func emptyPlan() resource.ConfigPlanChecks { return preApply(plancheck.ExpectEmptyPlan()) }

// says matches an error that says these texts in this order, however Terraform wraps its lines.
func says(texts ...string) *regexp.Regexp {
	patterns := make([]string, len(texts))
	for i, text := range texts {
		patterns[i] = strings.Join(strings.Fields(regexp.QuoteMeta(text)), `[\s│]+`)
	}
	return regexp.MustCompile(`(?s)` + strings.Join(patterns, `.*`))
}

// resourceBlock returns a block of a resource with lines of attributes.
func resourceBlock(kind, label string, lines ...string) string {
	return fmt.Sprintf("resource \"latchkey_%s\" %q {\n  %s\n}\n", kind, label, strings.Join(lines, "\n  "))
}
