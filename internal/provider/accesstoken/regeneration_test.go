package accesstoken_test

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

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/acctest"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

func TestRegenerateTriggers(t *testing.T) {
	b := acctest.New(t)
	var id, first, second string
	b.Run(
		resource.TestStep{
			Config: b.Config(acctest.CIToken(`regenerate_triggers = { quarter = "1" }`)),
			Check: resource.ComposeTestCheckFunc(acctest.Keep(acctest.CI, "id", &id),
				acctest.Keep(acctest.CI, "token", &first)),
		},
		resource.TestStep{
			Config:           b.Config(acctest.CIToken(`regenerate_triggers = { quarter = "2" }`)),
			ConfigPlanChecks: acctest.PreApply(acctest.Regenerates(acctest.CI, "trigger", "regenerate_triggers")),
			Check: resource.ComposeTestCheckFunc(
				acctest.CheckSame(acctest.CI, "id", &id), acctest.CheckOther(acctest.CI, "token", &first),
				b.CheckActive(acctest.CI, &first),
				resource.TestCheckResourceAttr(acctest.CI, "secret_version", "2"), acctest.Keep(acctest.CI, "token", &second)),
		},
		resource.TestStep{ // With a rename in the same apply, and a trigger more.
			Config: b.Config(acctest.Resource("access_token", "ci", `name = "pipeline"`,
				`regenerate_triggers = { quarter = "2", year = "2030" }`)),
			ConfigPlanChecks: acctest.PreApply(acctest.Regenerates(acctest.CI, "trigger", "name", "regenerate_triggers")),
			Check: resource.ComposeTestCheckFunc(
				acctest.CheckSame(acctest.CI, "id", &id), acctest.CheckOther(acctest.CI, "token", &second),
				b.CheckActive(acctest.CI, &first, &second),
				resource.TestCheckResourceAttr(acctest.CI, "secret_version", "3")),
		},
	)
}

// A trigger that is known only after apply: the plan says that the secret may change; the apply decides.
func TestRegenerateTriggersUnknown(t *testing.T) {
	b := acctest.New(t)
	config := func(input, constant string) string {
		return b.Config(fmt.Sprintf("resource \"terraform_data\" \"release\" {\n  input = %q\n}\n"+
			"resource \"terraform_data\" \"constant\" {\n  input = terraform_data.release.output == %q ? "+
			"\"same\" : \"other\"\n}\n", input, constant) +
			acctest.CIToken(`regenerate_triggers = { release = terraform_data.constant.output }`))
	}
	var first string
	b.Run(
		resource.TestStep{Config: config("1", "1"), Check: acctest.Keep(acctest.CI, "token", &first)},
		resource.TestStep{ // Unknown at plan, and the same after all.
			Config: config("2", "2"),
			ConfigPlanChecks: acctest.PreApply(
				plancheck.ExpectUnknownValue(acctest.CI, tfjsonpath.New("token")),
				plancheck.ExpectUnknownValue(acctest.CI, tfjsonpath.New("regeneration_reason")),
			),
			Check: resource.ComposeTestCheckFunc(acctest.CheckSame(acctest.CI, "token", &first),
				resource.TestCheckResourceAttr(acctest.CI, "secret_version", "1")),
		},
		resource.TestStep{ // Unknown at plan, and another one.
			Config:           config("3", "2"),
			ConfigPlanChecks: acctest.PreApply(plancheck.ExpectUnknownValue(acctest.CI, tfjsonpath.New("token"))),
			Check: resource.ComposeTestCheckFunc(
				acctest.CheckOther(acctest.CI, "token", &first), b.CheckActive(acctest.CI, &first),
				resource.TestCheckResourceAttr(acctest.CI, "regeneration_reason", "trigger")),
		},
	)
}

func TestReplaceTriggers(t *testing.T) {
	for _, lifecycle := range []string{"", "lifecycle { create_before_destroy = true }"} {
		t.Run(lifecycle, func(t *testing.T) {
			b := acctest.New(t)
			var id, user, first string
			b.Run(
				resource.TestStep{
					Config: b.Config(acctest.CIToken(`replace_triggers = { owner = "a" }`, lifecycle)),
					Check: resource.ComposeTestCheckFunc(acctest.Keep(acctest.CI, "id", &id),
						acctest.Keep(acctest.CI, "technical_user_id", &user), acctest.Keep(acctest.CI, "token", &first)),
				},
				resource.TestStep{
					Config:           b.Config(acctest.CIToken(`replace_triggers = { owner = "b" }`, lifecycle)),
					ConfigPlanChecks: acctest.PreApply(plancheck.ExpectResourceAction(acctest.CI, replacement(lifecycle))),
					Check: resource.ComposeTestCheckFunc(
						acctest.CheckOther(acctest.CI, "id", &id), acctest.CheckOther(acctest.CI, "technical_user_id", &user),
						b.CheckActive(acctest.CI, &first),
						resource.TestCheckResourceAttr(acctest.CI, "secret_version", "1"),
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
	b := acctest.New(t)
	config := func(owner string) string {
		return b.Config(fmt.Sprintf("resource \"terraform_data\" \"owner\" {\n  input = %q\n}\n", owner) +
			acctest.CIToken("lifecycle {\n replace_triggered_by = [terraform_data.owner]\n create_before_destroy = true\n }"))
	}
	var id, first string
	b.Run(
		resource.TestStep{
			Config: config("a"),
			Check: resource.ComposeTestCheckFunc(acctest.Keep(acctest.CI, "id", &id),
				acctest.Keep(acctest.CI, "token", &first)),
		},
		resource.TestStep{
			Config: config("b"),
			Check: resource.ComposeTestCheckFunc(acctest.CheckOther(acctest.CI, "id", &id),
				b.CheckActive(acctest.CI, &first)),
		},
	)
}

// -replace and taint make a new token.
func TestReplaceOption(t *testing.T) {
	b := acctest.New(t)
	var id, first string
	b.Run(
		resource.TestStep{
			Config: b.Config(acctest.CIToken()),
			Check: resource.ComposeTestCheckFunc(acctest.Keep(acctest.CI, "id", &id),
				acctest.Keep(acctest.CI, "token", &first)),
		},
		resource.TestStep{
			Taint: []string{acctest.CI}, Config: b.Config(acctest.CIToken()),
			Check: resource.ComposeTestCheckFunc(acctest.CheckOther(acctest.CI, "id", &id),
				b.CheckActive(acctest.CI, &first)),
		},
	)
}

// The secret outlives its ttl: the next apply regenerates it, and until then the plan says so.
func TestTTLExpires(t *testing.T) {
	b := acctest.New(t)
	config := b.Config(acctest.CIToken(`ttl = "30d"`))
	var id, first string
	b.Run(
		resource.TestStep{
			Config: config,
			Check: resource.ComposeTestCheckFunc(acctest.Keep(acctest.CI, "id", &id),
				acctest.Keep(acctest.CI, "token", &first)),
		},
		resource.TestStep{
			PreConfig:        func() { b.Advance(29 * 24 * time.Hour) },
			Config:           config,
			ConfigPlanChecks: acctest.EmptyPlan(),
		},
		resource.TestStep{
			PreConfig:        func() { b.Advance(2 * 24 * time.Hour) },
			Config:           config,
			ConfigPlanChecks: acctest.PreApply(acctest.Regenerates(acctest.CI, "expired")),
			Check: resource.ComposeTestCheckFunc(acctest.CheckSame(acctest.CI, "id", &id), b.CheckActive(acctest.CI, &first),
				resource.TestCheckResourceAttr(acctest.CI, "status", "active"),
				resource.TestCheckResourceAttr(acctest.CI, "secret_version", "2")),
		},
		resource.TestStep{ // Again, for the same reason.
			PreConfig:        func() { b.Advance(31 * 24 * time.Hour) },
			Config:           config,
			ConfigPlanChecks: acctest.PreApply(acctest.Regenerates(acctest.CI, "expired")),
			Check:            resource.TestCheckResourceAttr(acctest.CI, "secret_version", "3"),
		},
	)
}

// A token that would be refused anyway is not due.
func TestTTLExpiresWhileStopped(t *testing.T) {
	for _, test := range []struct {
		name, lines string
		stop        func(b *acctest.Bench) error
	}{
		{"disabled", `enabled = false`, func(*acctest.Bench) error { return nil }},
		{"held", ``, func(b *acctest.Bench) error {
			_, err := b.Outside.HoldAccessToken(context.Background(), b.Token("ci").ID, "leaked")
			return err
		}},
		{"disabled technical user", ``, func(b *acctest.Bench) error {
			_, err := b.Outside.UpdateTechnicalUser(context.Background(), b.Token("ci").User.ID,
				tokens.TechnicalUserUpdate{
					Settings: tokens.TechnicalUserSettings{Enabled: false},
					Fields:   tokens.Fields{"enabled"},
				})
			return err
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := acctest.New(t)
			config := b.Config(acctest.CIToken(`ttl = "30d"`, test.lines))
			b.Run(
				resource.TestStep{Config: config, Check: func(*terraform.State) error { return test.stop(b) }},
				resource.TestStep{
					PreConfig: func() { b.Advance(31 * 24 * time.Hour) },
					Config:    config, ConfigPlanChecks: acctest.EmptyPlan(),
				},
			)
		})
	}
}

// Shortening the ttl below the age of the secret regenerates in the same plan where the age was observed, and is
// refused where it was not.
func TestTTLBelowAge(t *testing.T) {
	b := acctest.New(t)
	var first string
	b.Run(
		resource.TestStep{
			Config: b.Config(acctest.CIToken(`ttl = "30d"`)),
			Check:  acctest.Keep(acctest.CI, "token", &first),
		},
		resource.TestStep{
			PreConfig:        func() { b.Advance(10 * 24 * time.Hour) },
			Config:           b.Config(acctest.CIToken(`ttl = "5d"`)),
			ConfigPlanChecks: acctest.PreApply(acctest.Regenerates(acctest.CI, "expired", "ttl")),
			Check:            b.CheckActive(acctest.CI, &first),
		},
		resource.TestStep{Config: b.Config(acctest.CIToken())},
		resource.TestStep{
			PreConfig: func() { b.Advance(10 * 24 * time.Hour) },
			Config:    b.Config(acctest.CIToken(`ttl = "5d"`)),
			ExpectError: acctest.Says("Attribute ttl", "set a longer ttl, or regenerate the token",
				"latchkey token regenerate before it"),
		},
		resource.TestStep{ // The way out that the message names; a trigger must be there to be changed.
			Config: b.Config(acctest.CIToken(`regenerate_triggers = { n = "1" }`)),
		},
		resource.TestStep{
			Config:           b.Config(acctest.CIToken(`ttl = "5d"`, `regenerate_triggers = { n = "2" }`)),
			ConfigPlanChecks: acctest.PreApply(acctest.Regenerates(acctest.CI, "trigger", "ttl", "regenerate_triggers")),
		},
	)
}

// A ttl that is shorter than the secret is old comes with a regeneration by hand, as the message says.
func TestTTLAfterRegenerationByHand(t *testing.T) {
	b := acctest.New(t)
	b.Run(
		resource.TestStep{Config: b.Config(acctest.CIToken())},
		resource.TestStep{
			PreConfig:        func() { b.Advance(10 * acctest.Day); b.Regenerate("ci") },
			Config:           b.Config(acctest.CIToken(`ttl = "5d"`)),
			ConfigPlanChecks: acctest.PreApply(acctest.Regenerates(acctest.CI, "drift", "ttl")),
			Check:            b.CheckActive(acctest.CI),
		},
	)
}

// Another run regenerates between plan and apply: this one changes nothing and says so.
func TestRegenerationRace(t *testing.T) {
	b := acctest.New(t)
	var other tokens.Secret
	b.Run(
		resource.TestStep{Config: b.Config(acctest.CIToken(`regenerate_triggers = { n = "1" }`))},
		resource.TestStep{
			Config: b.Config(acctest.CIToken(`regenerate_triggers = { n = "2" }`)),
			ConfigPlanChecks: acctest.PreApply(acctest.PlanCheck(func(*tfjson.Plan) error {
				other = b.Regenerate("ci")
				return nil
			})),
			ExpectError: acctest.Says("secret version 2, not 1", "another run or person regenerated it"),
		},
		resource.TestStep{
			PreConfig: func() {
				if !b.IsActive(other.Reveal()) {
					t.Error("the other run's secret is dead")
				}
			},
			Config:           b.Config(acctest.CIToken(`regenerate_triggers = { n = "2" }`)),
			ConfigPlanChecks: acctest.PreApply(acctest.Regenerates(acctest.CI, "drift", "regenerate_triggers")),
			Check:            b.CheckActive(acctest.CI),
		},
	)
}

// What is unknown in the plan is known in the apply, where Terraform plans once more: both plans agree, whatever comes
// out and whatever else calls for a new secret meanwhile.
func TestUnknownSettings(t *testing.T) {
	const regenerate, outlive, nothing = "every token is regenerated", "two days pass", "nothing happens"
	cases := []struct {
		name string
		// lines are those of the token; UNKNOWN stands for the output of a resource that is before at first and then after.
		lines         []string
		before, after string
		meanwhile     string
		want          string // the version of the secret in the end
	}{
		{"trigger, and drift", []string{`regenerate_triggers = { n = UNKNOWN }`}, "1", "2", regenerate, "3"},
		{"trigger, and the ttl is over", []string{`ttl = "1d"`, `regenerate_triggers = { n = UNKNOWN }`}, "1", "2", outlive,
			"2"},
		{"description, and drift", []string{`description = UNKNOWN`}, "a", "b", regenerate, "3"},
		{"ttl, lengthened", []string{`ttl = UNKNOWN`}, "1d", "30d", outlive, "1"},
		{"ttl, shortened below the age", []string{`ttl = UNKNOWN`}, "30d", "1d", outlive, "2"},
		{"ttl, and drift", []string{`ttl = UNKNOWN`}, "30d", "60d", regenerate, "3"},
		{"ttl, and nothing else", []string{`ttl = UNKNOWN`}, "30d", "60d", nothing, "1"},
		{"expiry, and drift", []string{`expires_at = UNKNOWN`}, "2031-01-01T00:00:00Z", "2032-01-01T00:00:00Z", regenerate,
			"3"},
		{"expiry, revived", []string{`expires_at = UNKNOWN`}, "2030-01-02T00:00:00Z", "2032-01-01T00:00:00Z", outlive, "1"},
		{"enabled, and the ttl is over", []string{`ttl = "1d"`, `enabled = UNKNOWN`}, "true", "false", outlive, "1"},
		{"enabled again, and the ttl is over", []string{`ttl = "1d"`, `enabled = UNKNOWN`}, "false", "true", outlive, "2"},
		{"window, opened", []string{`ttl = "9d"`, `regenerate_before_expiry = UNKNOWN`}, "1d", "8d", outlive, "2"},
		{"window, closed", []string{`ttl = "9d"`, `regenerate_before_expiry = UNKNOWN`}, "8d", "1d", outlive, "1"},
		{"ttl, into the window", []string{`ttl = UNKNOWN`, `regenerate_before_expiry = "2d"`}, "30d", "3d", outlive, "2"},
		{"ttl, out of the window", []string{`ttl = UNKNOWN`, `regenerate_before_expiry = "2d"`}, "3d", "30d", outlive, "1"},
		{"policy for expiry, to regenerate", []string{`ttl = "1d"`, `on_expired = UNKNOWN`}, "ignore", "regenerate",
			outlive, "2"},
		{"policy for expiry, to ignore", []string{`ttl = "1d"`, `on_expired = UNKNOWN`}, "regenerate", "ignore", outlive,
			"1"},
		{"policy for expiry, and nothing else", []string{`ttl = "9d"`, `on_expired = UNKNOWN`}, "regenerate", "ignore",
			nothing, "1"},
		{"policy for drift, to accept", []string{`on_secret_drift = UNKNOWN`}, "regenerate", "accept", regenerate, "2"},
		{"policy for drift, to regenerate", []string{`on_secret_drift = UNKNOWN`}, "accept", "regenerate", regenerate, "3"},
		{"grace, and a trigger", []string{`grace_period = UNKNOWN`, `regenerate_triggers = { n = UNKNOWN }`}, "1d", "2d",
			nothing, "2"},
		{"grace, and drift", []string{`grace_period = UNKNOWN`}, "1d", "2d", regenerate, "3"},
		{"grace, shortened", []string{`grace_period = UNKNOWN`}, "2d", "1d", nothing, "1"},
		{"protection, and drift", []string{`protect_if_used_within = UNKNOWN`}, "1d", "2d", regenerate, "3"},
		{"role", []string{`role = UNKNOWN`}, "viewer", "manager", nothing, "1"},
		{"name, and the ttl is over", []string{`ttl = "1d"`, `description = UNKNOWN`}, "a", "b", outlive, "2"},
	}
	for _, meanwhile := range []string{regenerate, outlive, nothing} {
		t.Run(meanwhile, func(t *testing.T) {
			b := acctest.New(t)
			var labels []string
			before, after := b.Config(""), b.Config("")
			var checks []resource.TestCheckFunc
			for i, test := range cases {
				if test.meanwhile != meanwhile {
					continue
				}
				label := fmt.Sprintf("token_%d", i)
				labels = append(labels, label)
				config := func(value string) string {
					token := acctest.Labelled(acctest.CIToken(test.lines...), label)
					return fmt.Sprintf("resource \"terraform_data\" %q {\n  input = %q\n}\n", label, value) +
						strings.ReplaceAll(token, "UNKNOWN", "terraform_data."+label+".output")
				}
				before += config(test.before)
				after += config(test.after)
				checks = append(checks, acctest.Of(test.name,
					resource.TestCheckResourceAttr("latchkey_access_token."+label, "secret_version", test.want)))
			}
			b.Run(
				resource.TestStep{Config: before},
				resource.TestStep{
					PreConfig: func() {
						switch meanwhile {
						case regenerate:
							for _, label := range labels {
								b.Regenerate(label)
							}
						case outlive:
							b.Advance(2 * 24 * time.Hour)
						}
					},
					Config: after,
					Check:  resource.ComposeAggregateTestCheckFunc(checks...),
				},
			)
		})
	}
}

// What a replacement throws away is no reason to refuse it.
func TestReplaceWithShorterTTL(t *testing.T) {
	b := acctest.New(t)
	var first string
	b.Run(
		resource.TestStep{
			Config: b.Config(acctest.CIToken(`replace_triggers = { n = "1" }`)),
			Check:  acctest.Keep(acctest.CI, "token", &first),
		},
		resource.TestStep{
			PreConfig: func() { b.Advance(10 * 24 * time.Hour) },
			Config:    b.Config(acctest.CIToken(`replace_triggers = { n = "2" }`, `ttl = "5d"`)),
			Check:     b.CheckActive(acctest.CI, &first),
		},
	)
}
