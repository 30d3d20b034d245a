package provider_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	tfjson "github.com/hashicorp/terraform-json"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

func TestRegenerateTriggers(t *testing.T) {
	b := newBench(t)
	var id, first, second string
	b.run(
		resource.TestStep{
			Config: b.config(ciToken(`regenerate_triggers = { quarter = "1" }`)),
			Check:  resource.ComposeTestCheckFunc(keep(ci, "id", &id), keep(ci, "token", &first)),
		},
		resource.TestStep{
			Config:           b.config(ciToken(`regenerate_triggers = { quarter = "2" }`)),
			ConfigPlanChecks: preApply(regenerates(ci, "trigger", "regenerate_triggers")),
			Check: resource.ComposeTestCheckFunc(
				checkSame(ci, "id", &id), checkOther(ci, "token", &first), b.checkActive(ci, &first),
				resource.TestCheckResourceAttr(ci, "secret_version", "2"), keep(ci, "token", &second)),
		},
		resource.TestStep{ // With a rename in the same apply, and a trigger more.
			Config:           b.config(resourceBlock("access_token", "ci", `name = "pipeline"`, `regenerate_triggers = { quarter = "2", year = "2030" }`)),
			ConfigPlanChecks: preApply(regenerates(ci, "trigger", "name", "regenerate_triggers")),
			Check: resource.ComposeTestCheckFunc(
				checkSame(ci, "id", &id), checkOther(ci, "token", &second), b.checkActive(ci, &first, &second),
				resource.TestCheckResourceAttr(ci, "secret_version", "3")),
		},
	)
}

// A trigger that is known only after apply: the plan says that the secret may change; the apply decides.
func TestRegenerateTriggersUnknown(t *testing.T) {
	b := newBench(t)
	config := func(input, constant string) string {
		return b.config(fmt.Sprintf("resource \"terraform_data\" \"release\" {\n  input = %q\n}\n"+
			"resource \"terraform_data\" \"constant\" {\n  input = terraform_data.release.output == %q ? \"same\" : \"other\"\n}\n", input, constant) +
			ciToken(`regenerate_triggers = { release = terraform_data.constant.output }`))
	}
	var first string
	b.run(
		resource.TestStep{Config: config("1", "1"), Check: keep(ci, "token", &first)},
		resource.TestStep{ // Unknown at plan, and the same after all.
			Config: config("2", "2"),
			ConfigPlanChecks: preApply(
				plancheck.ExpectUnknownValue(ci, tfjsonpath.New("token")),
				plancheck.ExpectUnknownValue(ci, tfjsonpath.New("regeneration_reason")),
			),
			Check: resource.ComposeTestCheckFunc(checkSame(ci, "token", &first), resource.TestCheckResourceAttr(ci, "secret_version", "1")),
		},
		resource.TestStep{ // Unknown at plan, and another one.
			Config:           config("3", "2"),
			ConfigPlanChecks: preApply(plancheck.ExpectUnknownValue(ci, tfjsonpath.New("token"))),
			Check: resource.ComposeTestCheckFunc(
				checkOther(ci, "token", &first), b.checkActive(ci, &first), resource.TestCheckResourceAttr(ci, "regeneration_reason", "trigger")),
		},
	)
}

func TestReplaceTriggers(t *testing.T) {
	for _, lifecycle := range []string{"", "lifecycle { create_before_destroy = true }"} {
		t.Run(lifecycle, func(t *testing.T) {
			b := newBench(t)
			var id, user, first string
			b.run(
				resource.TestStep{
					Config: b.config(ciToken(`replace_triggers = { owner = "a" }`, lifecycle)),
					Check:  resource.ComposeTestCheckFunc(keep(ci, "id", &id), keep(ci, "technical_user_id", &user), keep(ci, "token", &first)),
				},
				resource.TestStep{
					Config:           b.config(ciToken(`replace_triggers = { owner = "b" }`, lifecycle)),
					ConfigPlanChecks: preApply(plancheck.ExpectResourceAction(ci, replacement(lifecycle))),
					Check: resource.ComposeTestCheckFunc(
						checkOther(ci, "id", &id), checkOther(ci, "technical_user_id", &user), b.checkActive(ci, &first),
						resource.TestCheckResourceAttr(ci, "secret_version", "1"),
						func(*terraform.State) error { // the old one is gone together with its technical user
							users, err := b.Outside.TechnicalUsers(context.Background())
							if len(users) != 1 {
								return fmt.Errorf("there are %d technical users", len(users))
							}
							return err
						}),
				},
			)
		})
	}
}

func replacement(lifecycle string) plancheck.ResourceActionType {
	if lifecycle == "" {
		return plancheck.ResourceActionDestroyBeforeCreate
	}
	return plancheck.ResourceActionCreateBeforeDestroy
}

func TestReplaceTriggeredBy(t *testing.T) {
	b := newBench(t)
	config := func(owner string) string {
		return b.config(fmt.Sprintf("resource \"terraform_data\" \"owner\" {\n  input = %q\n}\n", owner) +
			ciToken("lifecycle {\n replace_triggered_by = [terraform_data.owner]\n create_before_destroy = true\n }"))
	}
	var id, first string
	b.run(
		resource.TestStep{Config: config("a"), Check: resource.ComposeTestCheckFunc(keep(ci, "id", &id), keep(ci, "token", &first))},
		resource.TestStep{Config: config("b"), Check: resource.ComposeTestCheckFunc(checkOther(ci, "id", &id), b.checkActive(ci, &first))},
	)
}

// -replace and taint make a new token.
func TestReplaceOption(t *testing.T) {
	b := newBench(t)
	var id, first string
	b.run(
		resource.TestStep{Config: b.config(ciToken()), Check: resource.ComposeTestCheckFunc(keep(ci, "id", &id), keep(ci, "token", &first))},
		resource.TestStep{
			Taint: []string{ci}, Config: b.config(ciToken()),
			Check: resource.ComposeTestCheckFunc(checkOther(ci, "id", &id), b.checkActive(ci, &first)),
		},
	)
}

// The secret outlives its ttl: the next apply regenerates it, and until then the plan says so.
func TestTTLExpires(t *testing.T) {
	b := newBench(t)
	config := b.config(ciToken(`ttl = "30d"`))
	var id, first string
	b.run(
		resource.TestStep{Config: config, Check: resource.ComposeTestCheckFunc(keep(ci, "id", &id), keep(ci, "token", &first))},
		resource.TestStep{PreConfig: func() { b.advance(29 * 24 * time.Hour) }, Config: config, ConfigPlanChecks: emptyPlan()},
		resource.TestStep{
			PreConfig:        func() { b.advance(2 * 24 * time.Hour) },
			Config:           config,
			ConfigPlanChecks: preApply(regenerates(ci, "expired")),
			Check: resource.ComposeTestCheckFunc(checkSame(ci, "id", &id), b.checkActive(ci, &first),
				resource.TestCheckResourceAttr(ci, "status", "active"), resource.TestCheckResourceAttr(ci, "secret_version", "2")),
		},
		resource.TestStep{ // Again, for the same reason.
			PreConfig:        func() { b.advance(31 * 24 * time.Hour) },
			Config:           config,
			ConfigPlanChecks: preApply(regenerates(ci, "expired")),
			Check:            resource.TestCheckResourceAttr(ci, "secret_version", "3"),
		},
	)
}

// A token that would be refused anyway is not due.
func TestTTLExpiresWhileStopped(t *testing.T) {
	for _, test := range []struct {
		name, lines string
		stop        func(b *bench) error
	}{
		{"disabled", `enabled = false`, func(*bench) error { return nil }},
		{"held", ``, func(b *bench) error {
			_, err := b.Outside.HoldAccessToken(context.Background(), b.token("ci").ID, "leaked")
			return err
		}},
		{"disabled technical user", ``, func(b *bench) error {
			_, err := b.Outside.UpdateTechnicalUser(context.Background(), b.token("ci").User.ID, tokens.TechnicalUserUpdate{Enabled: tokens.To(false)})
			return err
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := newBench(t)
			config := b.config(ciToken(`ttl = "30d"`, test.lines))
			b.run(
				resource.TestStep{Config: config, Check: func(*terraform.State) error { return test.stop(b) }},
				resource.TestStep{
					PreConfig: func() { b.advance(31 * 24 * time.Hour) },
					Config:    config, ConfigPlanChecks: emptyPlan(),
				},
			)
		})
	}
}

// Shortening the ttl below the age of the secret regenerates in the same plan where the age was observed, and is refused
// where it was not.
func TestTTLBelowAge(t *testing.T) {
	b := newBench(t)
	var first string
	b.run(
		resource.TestStep{Config: b.config(ciToken(`ttl = "30d"`)), Check: keep(ci, "token", &first)},
		resource.TestStep{
			PreConfig:        func() { b.advance(10 * 24 * time.Hour) },
			Config:           b.config(ciToken(`ttl = "5d"`)),
			ConfigPlanChecks: preApply(regenerates(ci, "expired", "ttl")),
			Check:            b.checkActive(ci, &first),
		},
		resource.TestStep{Config: b.config(ciToken())},
		resource.TestStep{
			PreConfig:   func() { b.advance(10 * 24 * time.Hour) },
			Config:      b.config(ciToken(`ttl = "5d"`)),
			ExpectError: says("Attribute ttl", "set a longer ttl, or regenerate the token", "latchkey token regenerate before it"),
		},
		resource.TestStep{ // The way out that the message names; a trigger must be there to be changed.
			Config: b.config(ciToken(`regenerate_triggers = { n = "1" }`)),
		},
		resource.TestStep{
			Config:           b.config(ciToken(`ttl = "5d"`, `regenerate_triggers = { n = "2" }`)),
			ConfigPlanChecks: preApply(regenerates(ci, "trigger", "ttl", "regenerate_triggers")),
		},
	)
}

// A ttl that is shorter than the secret is old comes with a regeneration by hand, as the message says.
func TestTTLAfterRegenerationByHand(t *testing.T) {
	b := newBench(t)
	b.run(
		resource.TestStep{Config: b.config(ciToken())},
		resource.TestStep{
			PreConfig:        func() { b.advance(10 * day); b.regenerate("ci") },
			Config:           b.config(ciToken(`ttl = "5d"`)),
			ConfigPlanChecks: preApply(regenerates(ci, "drift", "ttl")),
			Check:            b.checkActive(ci),
		},
	)
}

// Another run regenerates between plan and apply: this one changes nothing and says so.
func TestRegenerationRace(t *testing.T) {
	b := newBench(t)
	var other tokens.Secret
	b.run(
		resource.TestStep{Config: b.config(ciToken(`regenerate_triggers = { n = "1" }`))},
		resource.TestStep{
			Config: b.config(ciToken(`regenerate_triggers = { n = "2" }`)),
			ConfigPlanChecks: preApply(planCheck(func(*tfjson.Plan) error {
				other = b.regenerate("ci")
				return nil
			})),
			ExpectError: says("secret version 2, not 1", "another run or person regenerated it"),
		},
		resource.TestStep{
			PreConfig: func() {
				if !b.isActive(other.Reveal()) {
					t.Error("the other run's secret is dead")
				}
			},
			Config:           b.config(ciToken(`regenerate_triggers = { n = "2" }`)),
			ConfigPlanChecks: preApply(regenerates(ci, "drift", "regenerate_triggers")),
			Check:            b.checkActive(ci),
		},
	)
}

// What is unknown in the plan is known in the apply, where Terraform plans once more: both plans agree, whatever comes out
// and whatever else calls for a new secret meanwhile.
func TestUnknownSettings(t *testing.T) {
	regenerate := func(b *bench) { b.regenerate("ci") }
	outlive := func(b *bench) { b.advance(2 * 24 * time.Hour) }
	nothing := func(*bench) {}
	for _, test := range []struct {
		name string
		// lines are those of the token; UNKNOWN stands for the output of a resource that is before at first and then after.
		lines         []string
		before, after string
		meanwhile     func(*bench)
		want          string // the version of the secret in the end
	}{
		{"trigger, and drift", []string{`regenerate_triggers = { n = UNKNOWN }`}, "1", "2", regenerate, "3"},
		{"trigger, and the ttl is over", []string{`ttl = "1d"`, `regenerate_triggers = { n = UNKNOWN }`}, "1", "2", outlive, "2"},
		{"description, and drift", []string{`description = UNKNOWN`}, "a", "b", regenerate, "3"},
		{"ttl, lengthened", []string{`ttl = UNKNOWN`}, "1d", "30d", outlive, "1"},
		{"ttl, shortened below the age", []string{`ttl = UNKNOWN`}, "30d", "1d", outlive, "2"},
		{"ttl, and drift", []string{`ttl = UNKNOWN`}, "30d", "60d", regenerate, "3"},
		{"ttl, and nothing else", []string{`ttl = UNKNOWN`}, "30d", "60d", nothing, "1"},
		{"expiry, and drift", []string{`expires_at = UNKNOWN`}, "2031-01-01T00:00:00Z", "2032-01-01T00:00:00Z", regenerate, "3"},
		{"expiry, revived", []string{`expires_at = UNKNOWN`}, "2030-01-02T00:00:00Z", "2032-01-01T00:00:00Z", outlive, "1"},
		{"enabled, and the ttl is over", []string{`ttl = "1d"`, `enabled = UNKNOWN`}, "true", "false", outlive, "1"},
		{"enabled again, and the ttl is over", []string{`ttl = "1d"`, `enabled = UNKNOWN`}, "false", "true", outlive, "2"},
		{"window, opened", []string{`ttl = "9d"`, `regenerate_before_expiry = UNKNOWN`}, "1d", "8d", outlive, "2"},
		{"window, closed", []string{`ttl = "9d"`, `regenerate_before_expiry = UNKNOWN`}, "8d", "1d", outlive, "1"},
		{"ttl, into the window", []string{`ttl = UNKNOWN`, `regenerate_before_expiry = "2d"`}, "30d", "3d", outlive, "2"},
		{"ttl, out of the window", []string{`ttl = UNKNOWN`, `regenerate_before_expiry = "2d"`}, "3d", "30d", outlive, "1"},
		{"policy for expiry, to regenerate", []string{`ttl = "1d"`, `on_expired = UNKNOWN`}, "ignore", "regenerate", outlive, "2"},
		{"policy for expiry, to ignore", []string{`ttl = "1d"`, `on_expired = UNKNOWN`}, "regenerate", "ignore", outlive, "1"},
		{"policy for expiry, and nothing else", []string{`ttl = "9d"`, `on_expired = UNKNOWN`}, "regenerate", "ignore", nothing, "1"},
		{"policy for drift, to accept", []string{`on_secret_drift = UNKNOWN`}, "regenerate", "accept", regenerate, "2"},
		{"policy for drift, to regenerate", []string{`on_secret_drift = UNKNOWN`}, "accept", "regenerate", regenerate, "3"},
		{"grace, and a trigger", []string{`grace_period = UNKNOWN`, `regenerate_triggers = { n = UNKNOWN }`}, "1d", "2d", nothing, "2"},
		{"grace, and drift", []string{`grace_period = UNKNOWN`}, "1d", "2d", regenerate, "3"},
		{"grace, shortened", []string{`grace_period = UNKNOWN`}, "2d", "1d", nothing, "1"},
		{"protection, and drift", []string{`protect_if_used_within = UNKNOWN`}, "1d", "2d", regenerate, "3"},
		{"role", []string{`role = UNKNOWN`}, "viewer", "manager", nothing, "1"},
		{"name, and the ttl is over", []string{`ttl = "1d"`, `description = UNKNOWN`}, "a", "b", outlive, "2"},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := newBench(t)
			config := func(value string) string {
				token := ciToken(test.lines...)
				return b.config(fmt.Sprintf("resource \"terraform_data\" \"setting\" {\n  input = %q\n}\n", value) +
					strings.ReplaceAll(token, "UNKNOWN", "terraform_data.setting.output"))
			}
			b.run(
				resource.TestStep{Config: config(test.before)},
				resource.TestStep{
					PreConfig: func() { test.meanwhile(b) },
					Config:    config(test.after),
					Check:     resource.TestCheckResourceAttr(ci, "secret_version", test.want),
				},
			)
		})
	}
}

// What a replacement throws away is no reason to refuse it.
func TestReplaceWithShorterTTL(t *testing.T) {
	b := newBench(t)
	var first string
	b.run(
		resource.TestStep{Config: b.config(ciToken(`replace_triggers = { n = "1" }`)), Check: keep(ci, "token", &first)},
		resource.TestStep{
			PreConfig: func() { b.advance(10 * 24 * time.Hour) },
			Config:    b.config(ciToken(`replace_triggers = { n = "2" }`, `ttl = "5d"`)),
			Check:     b.checkActive(ci, &first),
		},
	)
}
