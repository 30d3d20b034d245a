package accesstoken_test

import (
	"context"
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/acctest"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// pastEnd is an end that has passed two days after a test begins.
const pastEnd = `expires_at = "2030-01-02T00:00:00Z"`

// A token that has gone with a past expires_at plans as before: only the apply fails, so that a destroy, which plans the
// same, can run.
func TestPastExpiryOfWhatIsGone(t *testing.T) {
	b := acctest.New(t)
	config := b.Config(acctest.CIToken(pastEnd))
	created := plancheck.ExpectResourceAction(acctest.CI, plancheck.ResourceActionCreate)
	b.Run(
		resource.TestStep{Config: config},
		resource.TestStep{
			PreConfig: func() {
				b.Advance(2 * acctest.Day)
				b.Must(b.Outside.DeleteAccessToken(context.Background(), b.Token("ci").ID))
			},
			Config: config, PlanOnly: true, ExpectNonEmptyPlan: true,
			ConfigPlanChecks: resource.ConfigPlanChecks{PostApplyPostRefresh: []plancheck.PlanCheck{created}},
		},
		resource.TestStep{
			Config:      config,
			ExpectError: acctest.Says("Unable to create access token", `Access token "ci": expires_at:`, "has passed", "later"),
		},
		resource.TestStep{Config: config, Destroy: true},
	)
}

// A token whose end was moved outside Terraform keeps a plan, although the configuration can't give the end back.
func TestPastEndChangedElsewhere(t *testing.T) {
	update := func(settings tokens.Settings, field string) func(b *acctest.Bench) {
		return func(b *acctest.Bench) {
			_, err := b.Outside.UpdateAccessToken(context.Background(), b.Token("ci").ID,
				tokens.AccessTokenUpdate{Settings: settings, Fields: tokens.Fields{field}})
			b.Must(err)
		}
	}
	later := time.Date(2031, 1, 1, 0, 0, 0, 0, time.UTC)
	for _, test := range []struct {
		name, before, after string
		change              func(b *acctest.Bench)
		fails               []string
	}{
		{"expires_at", pastEnd, `expires_at = "2031-01-01T00:00:00Z"`,
			update(tokens.Settings{ExpiresAt: later}, "expires_at"), []string{"expires_at:", "has passed"}},
		{"ttl", "ttl = \"1d\"\n  on_expired = \"ignore\"", "ttl = \"90d\"\n  on_expired = \"ignore\"",
			update(tokens.Settings{TTL: 90 * acctest.Day}, "ttl"), []string{"ttl:", "would have expired"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := acctest.New(t)
			before := b.Config(acctest.CIToken(test.before))
			b.Run(
				resource.TestStep{Config: before},
				resource.TestStep{
					PreConfig: func() { test.change(b); b.Advance(2 * acctest.Day) },
					Config:    before, PlanOnly: true, ExpectNonEmptyPlan: true,
				},
				resource.TestStep{
					Config:      before,
					ExpectError: acctest.Says(append([]string{"Unable to update access token"}, test.fails...)...),
				},
				resource.TestStep{Config: b.Config(acctest.CIToken(test.after)), ConfigPlanChecks: acctest.EmptyPlan()},
				resource.TestStep{ // What is new in the configuration is refused as early as ever.
					Config:      b.Config(acctest.CIToken(strings.NewReplacer("1d", "2h", "02T", "01T").Replace(test.before))),
					ExpectError: acctest.Says("Invalid attribute value"),
				},
			)
		})
	}
}

// Whatever replaces a token is refused before anything is gone if no new one could be made: since the end has passed, or
// since the configuration names the technical user that goes with the present token.
func TestImpossibleReplacement(t *testing.T) {
	const watched = `
		resource "terraform_data" "generation" {
			input = %q
		}
	`
	replacements := []struct {
		name          string
		before, after string // lines of the token
		generation    string // of what it watches, afterwards
		taint         []string
	}{
		{"replace_triggers", `replace_triggers = { n = "1" }`, `replace_triggers = { n = "2" }`, "1", nil},
		{"replace_triggered_by", "",
			"lifecycle {\n  replace_triggered_by = [terraform_data.generation]\n}", "2", nil},
		{"made before the present one is deleted",
			"lifecycle {\n  create_before_destroy = true\n}\nreplace_triggers = { n = \"1\" }",
			"lifecycle {\n  create_before_destroy = true\n}\nreplace_triggers = { n = \"2\" }", "1", nil},
		{"taint", "", "", "1", []string{acctest.CI}},
	}
	for _, cause := range []struct {
		name string
		made tokens.Settings
		line func(made tokens.AccessToken) string
		says []string
		// instead is what the error advises to write in place of the line.
		instead string
	}{
		{
			"the end has passed", tokens.Settings{ExpiresAt: time.Date(2030, 1, 2, 0, 0, 0, 0, time.UTC)},
			func(tokens.AccessToken) string { return pastEnd },
			[]string{"expires_at:", "has passed", "set a later time"}, `expires_at = "2031-01-02T00:00:00Z"`,
		},
		{
			"the technical user goes with it", tokens.Settings{},
			func(made tokens.AccessToken) string { return fmt.Sprintf("technical_user_id = %q", made.User.ID) },
			[]string{"technical_user_id names", "the system created", "remove technical_user_id"}, "",
		},
	} {
		for _, test := range replacements {
			t.Run(cause.name+"/"+test.name, func(t *testing.T) {
				b := acctest.New(t)
				settings := cause.made // of this test alone: they run side by side
				settings.Name, settings.Enabled = "ci", true
				made, err := b.Outside.CreateAccessToken(context.Background(),
					tokens.NewAccessToken{NewSecretFor: b.NewSecret(), Settings: settings})
				b.Must(err)
				config := func(generation string, lines ...string) string {
					return b.Config(fmt.Sprintf(watched, generation) +
						fmt.Sprintf("import {\n  to = %s\n  id = %q\n}\n", acctest.CI, made.ID) + acctest.CIToken(lines...))
				}
				b.Run(
					resource.TestStep{Config: config("1", test.before, cause.line(made.AccessToken))},
					resource.TestStep{
						PreConfig: func() { b.Advance(2 * acctest.Day) },
						Taint:     test.taint,
						Config:    config(test.generation, test.after, cause.line(made.AccessToken)),
						ExpectError: acctest.Says(append([]string{"Unable to replace access token", `"ci" (` + made.ID},
							cause.says...)...),
					},
					resource.TestStep{
						PreConfig: func() {
							if b.Token("ci").ID != made.ID {
								t.Error("the token has gone")
							}
						},
						Config: config(test.generation, test.after, cause.instead),
						Check:  acctest.CheckOther(acctest.CI, "id", &made.ID),
					},
				)
			})
		}
	}
}

// A token leaves the technical user that the system created for it for another one, whose identifier the first plan
// may not know yet.
func TestReplacementUnderAnotherUser(t *testing.T) {
	b := acctest.New(t)
	var id string
	user := acctest.Resource("technical_user", "ci", `name = "ci"`)
	config := b.Config(user + acctest.CIToken(`technical_user_id = latchkey_technical_user.ci.id`))
	b.Run(
		resource.TestStep{Config: b.Config(acctest.CIToken()), Check: acctest.Keep(acctest.CI, "id", &id)},
		resource.TestStep{Config: config, Check: acctest.CheckOther(acctest.CI, "id", &id)},
		resource.TestStep{Config: b.Config(user + acctest.CIToken())}, // and stays there
		resource.TestStep{
			Config: b.Config(user + acctest.CIToken(`replace_triggers = { n = "1" }`)), Check: acctest.Keep(acctest.CI, "id", &id),
		},
		resource.TestStep{ // back to a technical user of its own
			Config: b.Config(user + acctest.CIToken(`replace_triggers = { n = "2" }`)),
			Check:  acctest.CheckOther(acctest.CI, "id", &id),
		},
		resource.TestStep{Config: config, Check: acctest.CheckOther(acctest.CI, "id", &id)}, // a known one
	)
}

// A value that is not known yet replaces a token, and the plan says how to avoid that; but not where the token is
// replaced all the same.
func TestReplacementByUnknown(t *testing.T) {
	type attributes = map[string]any
	unknown := tftypes.UnknownValue
	for _, test := range []struct {
		name          string
		before, after attributes
		says          []string // of the warning; nil for none
	}{
		{"technical user", nil, attributes{"technical_user_id": unknown}, []string{"latchkey_technical_user.NAME.id"}},
		{"group", nil, attributes{"group_id": unknown}, []string{"latchkey_group.NAME.id"}},
		{"triggers", attributes{"replace_triggers": attributes{"n": "1"}}, attributes{"replace_triggers": unknown},
			[]string{"replace_triggers"}},
		{"one trigger", attributes{"replace_triggers": attributes{"n": "1"}},
			attributes{"replace_triggers": attributes{"n": unknown}}, []string{"replace_triggers"}},
		{"both", attributes{"replace_triggers": attributes{"n": "1"}},
			attributes{"technical_user_id": unknown, "replace_triggers": unknown},
			[]string{"latchkey_technical_user.NAME.id", "replace_triggers"}},
		{"the first triggers", nil, attributes{"replace_triggers": unknown}, nil},
		{"another trigger besides", attributes{"replace_triggers": attributes{"n": "1"}},
			attributes{"technical_user_id": unknown, "replace_triggers": attributes{"n": "2"}}, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := acctest.New(t)
			c := acctest.NewCaller(b, b.NewServer())
			before, after := attributes{"name": "ci"}, attributes{"name": "ci"}
			maps.Copy(before, test.before)
			maps.Copy(after, test.after)
			state, private := c.Create(before)
			plan := c.Plan(after, state, private, false)
			if warned := len(plan.Diagnostics) == 1; warned != (test.says != nil) || len(plan.Diagnostics) > 1 {
				t.Fatalf("%d warnings", len(plan.Diagnostics))
			}
			for _, d := range plan.Diagnostics {
				for _, text := range append([]string{`"ci" (tok_`, "will be replaced", "another value", "To keep it"},
					test.says...) {
					if d.Severity != tfprotov6.DiagnosticSeverityWarning || !strings.Contains(d.Detail, text) {
						t.Errorf("%s does not say %q: %s", d.Severity, text, d.Detail)
					}
				}
			}
		})
	}
}
