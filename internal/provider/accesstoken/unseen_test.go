package accesstoken_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/acctest"
)

const dueTomorrow, otherDue = `ttl = "2d"`, `regenerate_before_expiry = "1d"`

// ignore_changes = all hides the configuration, and not what happened: the schedule, the expiry and the drift still act.
func TestIgnoreAllChanges(t *testing.T) {
	const ignore = "lifecycle { ignore_changes = all }"
	for name, happens := range map[string]func(*acctest.Bench){
		"schedule": func(b *acctest.Bench) { b.Advance(30 * time.Hour) },
		"expired":  func(b *acctest.Bench) { b.Advance(60 * time.Hour) },
		"drift":    func(b *acctest.Bench) { b.Regenerate("ci") },
	} {
		t.Run(name, func(t *testing.T) {
			b := acctest.New(t)
			var first string
			b.Run(
				resource.TestStep{
					Config: b.Config(acctest.CIToken(dueTomorrow, otherDue, ignore)), Check: acctest.Keep(acctest.CI, "token", &first),
				},
				resource.TestStep{
					PreConfig:        func() { happens(b) },
					Config:           b.Config(acctest.CIToken(`description = "ignored"`, ignore)),
					ConfigPlanChecks: acctest.PreApply(acctest.Regenerates(acctest.CI, name)),
					Check: resource.ComposeTestCheckFunc(acctest.CheckOther(acctest.CI, "token", &first),
						resource.TestCheckNoResourceAttr(acctest.CI, "description")),
				},
			)
		})
	}
	t.Run("the way out", func(t *testing.T) {
		b := acctest.New(t)
		b.Run(
			resource.TestStep{Config: b.Config(acctest.CIToken(`on_secret_drift = "error"`, ignore))},
			resource.TestStep{
				PreConfig:   func() { b.Regenerate("ci") },
				Config:      b.Config(acctest.CIToken(`on_secret_drift = "accept"`, ignore)),
				ExpectError: acctest.Says("Secret was changed outside Terraform"),
			},
			resource.TestStep{Config: b.Config(acctest.CIToken(`on_secret_drift = "accept"`))},
		)
	})
}

// What the provider can notice of what Terraform hides from it, it warns of.
func TestWarningsOfTheUnseen(t *testing.T) {
	b := acctest.New(t)
	server := b.NewServer()
	c := acctest.NewCaller(b, server)
	declared := map[string]any{"name": "ci", "ttl": "2d", "regenerate_before_expiry": "1d"}
	state, private := c.Create(declared)
	// Terraform sends the state as the configuration, but for what only the provider decides.
	ignoring := map[string]any{}
	schemas, err := server.GetProviderSchema(context.Background(), &tfprotov6.GetProviderSchemaRequest{})
	b.Must(err)
	attributes := c.Attributes(state)
	for _, a := range schemas.ResourceSchemas[acctest.TypeName].Block.Attributes {
		if value := attributes[a.Name]; (a.Optional || a.Required) && !value.IsNull() && value.Type().Is(tftypes.String) {
			ignoring[a.Name] = acctest.Plain(b, value)
		}
	}
	ignoring["enabled"] = true
	warned := func(resp *tfprotov6.PlanResourceChangeResponse) (summaries []string) {
		for _, d := range resp.Diagnostics {
			summaries = append(summaries, d.Summary)
		}
		return summaries
	}
	const unseen, ignored = "Access token was due after its last refresh", "Changes of access token may be ignored"
	expect := func(when string, got *tfprotov6.PlanResourceChangeResponse, want ...string) {
		t.Helper()
		if summaries := warned(got); !slices.Equal(summaries, want) {
			t.Errorf("%s, the plan warns %q, want %q", when, summaries, want)
		}
	}
	expect("at first", c.Plan(declared, state, private, false))
	expect("at first, ignoring changes", c.Plan(ignoring, state, private, false))
	b.Advance(30 * time.Hour)
	planned := c.Plan(declared, state, private, false)
	expect("not refreshed", planned, unseen)
	if !c.Decode(planned.PlannedState).Equal(c.Decode(state)) {
		t.Error("a plan that saw nothing changes the token")
	}
	read := c.Read(state, private)
	acctest.NoDiagnostics(b, read.Diagnostics)
	expect("refreshed", c.Plan(declared, read.NewState, read.Private, false))
	expect("refreshed, ignoring changes", c.Plan(ignoring, read.NewState, read.Private, false), ignored)
	ignoring["description"] = "new"
	expect("refreshed, with a change", c.Plan(ignoring, read.NewState, read.Private, false))
}
