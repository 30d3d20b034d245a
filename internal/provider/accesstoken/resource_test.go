package accesstoken_test

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	tfjson "github.com/hashicorp/terraform-json"
	"github.com/hashicorp/terraform-plugin-testing/compare"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/acctest"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

func TestAccessTokenBasic(t *testing.T) {
	b := acctest.New(t)
	b.Run(
		resource.TestStep{
			Config: b.Config(acctest.CIToken()),
			ConfigPlanChecks: acctest.PreApply(
				plancheck.ExpectResourceAction(acctest.CI, plancheck.ResourceActionCreate),
				plancheck.ExpectUnknownValue(acctest.CI, tfjsonpath.New("token")),
				plancheck.ExpectKnownValue(acctest.CI, tfjsonpath.New("secret_version"), knownvalue.Int64Exact(1)),
				plancheck.ExpectKnownValue(acctest.CI, tfjsonpath.New("secret_expires_at"), knownvalue.Null()),
			),
			Check: b.CheckActive(acctest.CI),
			ConfigStateChecks: []statecheck.StateCheck{
				statecheck.ExpectSensitiveValue(acctest.CI, tfjsonpath.New("token")),
				statecheck.ExpectKnownValue(acctest.CI, tfjsonpath.New("token"),
					knownvalue.StringRegexp(regexp.MustCompile(`^lk_[0-9A-Za-z]{46}$`))),
				statecheck.ExpectKnownValue(acctest.CI, tfjsonpath.New("token_preview"),
					knownvalue.StringRegexp(regexp.MustCompile(`^lk_[0-9A-Za-z]{7}$`))),
				statecheck.ExpectKnownValue(acctest.CI, tfjsonpath.New("id"),
					knownvalue.StringRegexp(regexp.MustCompile(`^tok_`))),
				statecheck.ExpectKnownValue(acctest.CI, tfjsonpath.New("technical_user_id"),
					knownvalue.StringRegexp(regexp.MustCompile(`^tu_`))),
				statecheck.ExpectKnownValue(acctest.CI, tfjsonpath.New("qualified_id"),
					knownvalue.StringRegexp(regexp.MustCompile(`^ci-[a-z0-9]{10}@default\.latchkey\.internal_tok_[a-z0-9]{26}$`))),
				statecheck.ExpectKnownValue(acctest.CI, tfjsonpath.New("status"), knownvalue.StringExact("active")),
				statecheck.ExpectKnownValue(acctest.CI, tfjsonpath.New("enabled"), knownvalue.Bool(true)),
				statecheck.ExpectKnownValue(acctest.CI, tfjsonpath.New("role"), knownvalue.Null()),
				statecheck.ExpectKnownValue(acctest.CI, tfjsonpath.New("regeneration_reason"), knownvalue.Null()),
				statecheck.ExpectKnownValue(acctest.CI, tfjsonpath.New("regenerated_at"), knownvalue.Null()),
			},
		},
		resource.TestStep{Config: b.Config(acctest.CIToken()), ConfigPlanChecks: acctest.EmptyPlan()},
	)
}

func TestAccessTokenEveryAttribute(t *testing.T) {
	b := acctest.New(t)
	config := acctest.Resource("group", "payments", `name = "payments"`) +
		acctest.Resource("technical_user", "deployer", `name = "deployer"`, `role = "administrator"`) +
		acctest.CIToken(
			`description         = "Deploys from the pipeline."`,
			`technical_user_id   = latchkey_technical_user.deployer.id`,
			`role                = "viewer"`,
			`group_roles         = [{ group_id = latchkey_group.payments.id, role = "manager" }]`,
			`enabled             = false`,
			`activates_at        = "2030-02-01T00:00:00+01:00"`,
			`expires_at          = "2031-01-01T00:00:00.5Z"`,
			`regenerate_triggers = { quarter = "1" }`,
			`replace_triggers    = { owner = "platform" }`,
		)
	b.Run(
		resource.TestStep{
			Config: b.Config(config),
			ConfigStateChecks: []statecheck.StateCheck{
				statecheck.CompareValuePairs(acctest.CI, tfjsonpath.New("technical_user_id"),
					"latchkey_technical_user.deployer", tfjsonpath.New("id"), compare.ValuesSame()),
				statecheck.ExpectKnownValue(acctest.CI, tfjsonpath.New("status"), knownvalue.StringExact("disabled")),
				statecheck.ExpectKnownValue(acctest.CI, tfjsonpath.New("activates_at"),
					knownvalue.StringExact("2030-02-01T00:00:00+01:00")),
				statecheck.ExpectKnownValue(acctest.CI, tfjsonpath.New("secret_expires_at"),
					knownvalue.StringExact("2031-01-01T00:00:00.5Z")),
				statecheck.ExpectKnownValue(acctest.CI, tfjsonpath.New("group_roles"), knownvalue.SetSizeExact(1)),
				statecheck.ExpectKnownValue(acctest.CI, tfjsonpath.New("qualified_id"),
					knownvalue.StringRegexp(regexp.MustCompile(`^deployer@default\.latchkey\.internal_tok_`))),
			},
			Check: func(*terraform.State) error {
				got := b.Token("ci")
				grants := got.Grants
				if grants.Role != "viewer" || len(grants.GroupRoles) != 1 || grants.GroupRoles[0].Role != "manager" {
					return fmt.Errorf("the token's roles are %+v", grants)
				}
				return nil
			},
		},
	)
}

// A token of a group: its technical user is created there by the system and goes with it.
func TestAccessTokenOfGroup(t *testing.T) {
	b := acctest.New(t)
	group := acctest.Resource("group", "payments", `name = "payments"`) +
		acctest.Resource("group", "billing", `name = "billing"`)
	var id, user string
	b.Run(
		resource.TestStep{
			Config: b.Config(group + acctest.CIToken(`group_id = latchkey_group.payments.id`, `role = "administrator"`)),
			Check: resource.ComposeTestCheckFunc(acctest.Keep(acctest.CI, "id", &id),
				acctest.Keep(acctest.CI, "technical_user_id", &user), func(*terraform.State) error {
					got := b.Token("ci")
					if g := got.Grants; !got.User.SystemCreated || g.Role != "none" || len(g.GroupRoles) != 1 ||
						g.GroupRoles[0].Role != "administrator" {
						return fmt.Errorf("the token's roles are %+v", g)
					}
					return nil
				}),
		},
		resource.TestStep{
			Config: b.Config(group + acctest.CIToken(`group_id = latchkey_group.billing.id`, `role = "administrator"`)),
			ConfigPlanChecks: acctest.PreApply(
				plancheck.ExpectResourceAction(acctest.CI, plancheck.ResourceActionReplace),
				plancheck.ExpectUnknownValue(acctest.CI, tfjsonpath.New("technical_user_id")),
			),
			Check: resource.ComposeTestCheckFunc(acctest.CheckOther(acctest.CI, "id", &id),
				acctest.CheckOther(acctest.CI, "technical_user_id", &user), func(*terraform.State) error {
					_, err := b.Outside.TechnicalUser(context.Background(), user)
					if tokens.ErrorCode(err) != tokens.CodeNotFound {
						return fmt.Errorf("the technical user of the replaced token is still there: %w", err)
					}
					return nil
				}),
		},
	)
}

// What changes in place leaves the secret alone, and known in the plan.
func TestAccessTokenChangesInPlace(t *testing.T) {
	const expiry = `expires_at = "2031-01-01T00:00:00Z"`
	b := acctest.New(t)
	group := acctest.Resource("group", "payments", `name = "payments"`)
	before, after := resource.TestStep{Config: b.Config(group)}, resource.TestStep{Config: b.Config(group)}
	var kept, same []resource.TestCheckFunc
	for i, test := range []struct {
		name          string
		before, after string
		changed       []string
	}{
		{"rename", acctest.CIToken(), strings.Replace(acctest.CIToken(), `name = "ci"`, `name = "pipeline"`, 1),
			[]string{"name"}},
		{"description", acctest.CIToken(), acctest.CIToken(`description = "new"`), []string{"description"}},
		{"role raised", acctest.CIToken(`role = "viewer"`), acctest.CIToken(`role = "owner"`), []string{"role"}},
		{"role set", acctest.CIToken(), acctest.CIToken(`role = "none"`), []string{"role"}},
		{"role cleared", acctest.CIToken(`role = "viewer"`), acctest.CIToken(), []string{"role"}},
		{"group roles", acctest.CIToken(),
			acctest.CIToken(`group_roles = [{ group_id = latchkey_group.payments.id, role = "viewer" }]`),
			[]string{"group_roles"}},
		{"group roles emptied", acctest.CIToken(`group_roles = [{ group_id = latchkey_group.payments.id, role = "viewer" }]`),
			acctest.CIToken(`group_roles = []`), []string{"group_roles"}},
		{"disabled", acctest.CIToken(), acctest.CIToken(`enabled = false`), []string{"enabled"}},
		{"enabled", acctest.CIToken(`enabled = false`), acctest.CIToken(), []string{"enabled"}},
		{"activation", acctest.CIToken(), acctest.CIToken(`activates_at = "2030-06-01T00:00:00Z"`),
			[]string{"activates_at"}},
		{"expiry set", acctest.CIToken(), acctest.CIToken(expiry), []string{"expires_at", "secret_expires_at"}},
		{"expiry changed", acctest.CIToken(expiry), acctest.CIToken(`expires_at = "2032-01-01T00:00:00Z"`),
			[]string{"expires_at", "secret_expires_at"}},
		{"expiry cleared", acctest.CIToken(expiry), acctest.CIToken(), []string{"expires_at", "secret_expires_at"}},
		{"ttl set", acctest.CIToken(), acctest.CIToken(`ttl = "90d"`), []string{"ttl", "secret_expires_at"}},
		{"ttl changed", acctest.CIToken(`ttl = "90d"`), acctest.CIToken(`ttl = "30d"`),
			[]string{"ttl", "secret_expires_at"}},
		{"ttl to expiry", acctest.CIToken(`ttl = "90d"`), acctest.CIToken(expiry),
			[]string{"ttl", "expires_at", "secret_expires_at"}},
		{"schedule set", acctest.CIToken(`ttl = "90d"`), acctest.CIToken(`ttl = "90d"`, `regenerate_before_expiry = "14d"`),
			[]string{"regenerate_before_expiry"}},
		{"schedule and ttl removed", acctest.CIToken(`ttl = "90d"`, `regenerate_before_expiry = "14d"`), acctest.CIToken(),
			[]string{"ttl", "regenerate_before_expiry", "secret_expires_at"}},
		{"policy for expiry", acctest.CIToken(`ttl = "90d"`), acctest.CIToken(`ttl = "90d"`, `on_expired = "error"`),
			[]string{"on_expired"}},
		{"policy for drift", acctest.CIToken(`on_secret_drift = "error"`), acctest.CIToken(`on_secret_drift = "accept"`),
			[]string{"on_secret_drift"}},
		{"policy for drift removed", acctest.CIToken(`on_secret_drift = "error"`), acctest.CIToken(),
			[]string{"on_secret_drift"}},
		{"grace", acctest.CIToken(), acctest.CIToken(`grace_period = "2d"`), []string{"grace_period"}},
		{"grace of none said so", acctest.CIToken(), acctest.CIToken(`grace_period = "0s"`), []string{"grace_period"}},
		{"grace until the expiry", acctest.CIToken(expiry, `grace_period = "0s"`),
			acctest.CIToken(expiry, `grace_period = "until_expiry"`), []string{"grace_period"}},
		{"grace removed", acctest.CIToken(`grace_period = "2d"`), acctest.CIToken(), []string{"grace_period"}},
		{"protection", acctest.CIToken(), acctest.CIToken(`protect_if_used_within = "1d"`),
			[]string{"protect_if_used_within"}},
		{"first regenerate_triggers", acctest.CIToken(), acctest.CIToken(`regenerate_triggers = { a = "1" }`),
			[]string{"regenerate_triggers"}},
		{"regenerate_triggers removed", acctest.CIToken(`regenerate_triggers = { a = "1" }`), acctest.CIToken(),
			[]string{"regenerate_triggers"}},
		{"first replace_triggers", acctest.CIToken(), acctest.CIToken(`replace_triggers = { a = "1" }`),
			[]string{"replace_triggers"}},
		{"replace_triggers removed", acctest.CIToken(`replace_triggers = { a = "1" }`), acctest.CIToken(),
			[]string{"replace_triggers"}},
	} {
		label := fmt.Sprintf("token_%d", i)
		address := "latchkey_access_token." + label
		before.Config += acctest.Labelled(test.before, label)
		after.Config += acctest.Labelled(test.after, label)
		after.ConfigPlanChecks.PreApply = append(after.ConfigPlanChecks.PreApply,
			acctest.Updates(address, acctest.OnUpdate, test.changed...))
		for _, attribute := range []string{"id", "token", "secret_version"} {
			value := new(string)
			kept = append(kept, acctest.Keep(address, attribute, value))
			same = append(same, acctest.Of(test.name, acctest.CheckSame(address, attribute, value)))
		}
	}
	before.Check, after.Check = resource.ComposeTestCheckFunc(kept...), resource.ComposeAggregateTestCheckFunc(same...)
	b.Run(before, after)
}

func TestAccessTokenReplacedTechnicalUser(t *testing.T) {
	b := acctest.New(t)
	users := acctest.Resource("technical_user", "a", `name = "a"`) + acctest.Resource("technical_user", "b", `name = "b"`)
	var id, user string
	b.Run(
		resource.TestStep{
			Config: b.Config(users + acctest.CIToken(`technical_user_id = latchkey_technical_user.a.id`)),
			Check: resource.ComposeTestCheckFunc(acctest.Keep(acctest.CI, "id", &id),
				acctest.Keep(acctest.CI, "technical_user_id", &user)),
		},
		resource.TestStep{ // Leaving it out is no other technical user.
			Config:           b.Config(users + acctest.CIToken()),
			ConfigPlanChecks: acctest.EmptyPlan(),
		},
		resource.TestStep{
			Config:           b.Config(users + acctest.CIToken(`technical_user_id = latchkey_technical_user.b.id`)),
			ConfigPlanChecks: acctest.PreApply(plancheck.ExpectResourceAction(acctest.CI, plancheck.ResourceActionReplace)),
			Check: resource.ComposeTestCheckFunc(acctest.CheckOther(acctest.CI, "id", &id),
				acctest.CheckOther(acctest.CI, "technical_user_id", &user)),
		},
	)
}

// Equal instants and durations, spelled otherwise, are no change.
func TestAccessTokenEqualSpellings(t *testing.T) {
	b := acctest.New(t)
	var before, after, beside string
	var described []plancheck.PlanCheck
	for i, test := range []struct{ name, before, after string }{
		{"other zone", `expires_at = "2031-01-01T00:00:00Z"`, `expires_at = "2031-01-01T01:00:00+01:00"`},
		{"decimals", `expires_at = "2031-01-01T00:00:00Z"`, `expires_at = "2031-01-01T00:00:00.000Z"`},
		{"activation", `activates_at = "2030-01-02T00:00:00Z"`, `activates_at = "2030-01-02T00:00:00+00:00"`},
		{"days and hours", `ttl = "90d"`, `ttl = "2160h"`},
		{"minutes", `ttl = "90m"`, `ttl = "1h30m"`},
		{"window", "ttl = \"90d\"\n  regenerate_before_expiry = \"14d\"",
			"ttl = \"90d\"\n  regenerate_before_expiry = \"336h\""},
		{"grace", `grace_period = "2d"`, `grace_period = "48h"`},
		{"grace of none", `grace_period = "0s"`, `grace_period = "0d"`},
		{"protection", `protect_if_used_within = "1d"`, `protect_if_used_within = "24h"`},
	} {
		label := fmt.Sprintf("token_%d", i)
		before += acctest.Labelled(acctest.CIToken(test.before), label)
		after += "# " + test.name + "\n" + acctest.Labelled(acctest.CIToken(test.after), label)
		beside += acctest.Labelled(acctest.CIToken(test.after, `description = "new"`), label)
		described = append(described, acctest.Updates("latchkey_access_token."+label, acctest.OnUpdate, "description"))
	}
	b.Run(
		resource.TestStep{Config: b.Config(before)},
		resource.TestStep{Config: b.Config(after), ConfigPlanChecks: acctest.EmptyPlan()},
		// With another change beside it, the spelling still stays.
		resource.TestStep{Config: b.Config(beside), ConfigPlanChecks: acctest.PreApply(described...)},
	)
}

func TestAccessTokenPendingAndExpired(t *testing.T) {
	b := acctest.New(t)
	config := b.Config(acctest.CIToken(`activates_at = "2030-01-02T00:00:00Z"`, `expires_at = "2030-01-03T00:00:00Z"`))
	status := func(want string) resource.TestCheckFunc {
		return func(s *terraform.State) error {
			if active := b.IsActive(acctest.SecretOf(s, acctest.CI)); active != (want == "active") {
				return fmt.Errorf("the secret's verification says %t", active)
			}
			return resource.TestCheckResourceAttr(acctest.CI, "status", want)(s)
		}
	}
	b.Run(
		resource.TestStep{Config: config, Check: status("pending")},
		resource.TestStep{
			PreConfig:        func() { b.Advance(24 * time.Hour) },
			Config:           config,
			ConfigPlanChecks: acctest.EmptyPlan(),
			Check:            status("active"),
		},
		// A date that has passed since it was written breaks no plan and changes nothing.
		resource.TestStep{
			PreConfig:        func() { b.Advance(24 * time.Hour) },
			Config:           config,
			ConfigPlanChecks: acctest.EmptyPlan(),
			Check:            status("expired"),
		},
		resource.TestStep{ // Other attributes still change beside it.
			Config: b.Config(acctest.CIToken(`activates_at = "2030-01-02T00:00:00Z"`,
				`expires_at = "2030-01-03T00:00:00Z"`, `description = "new"`)),
			ConfigPlanChecks: acctest.PreApply(acctest.Updates(acctest.CI, acctest.OnUpdate, "description")),
			Check:            status("expired"),
		},
		resource.TestStep{ // A later expiry revives the same secret.
			Config: b.Config(acctest.CIToken(`activates_at = "2030-01-02T00:00:00Z"`,
				`expires_at = "2030-02-01T00:00:00Z"`)),
			ConfigPlanChecks: acctest.PreApply(acctest.Updates(acctest.CI, acctest.OnUpdate, "description", "expires_at",
				"secret_expires_at")),
			Check: status("active"),
		},
	)
}

// An expired token is deleted like any other.
func TestAccessTokenDestroyExpired(t *testing.T) {
	b := acctest.New(t)
	b.Run(
		resource.TestStep{Config: b.Config(acctest.CIToken(`expires_at = "2030-01-02T00:00:00Z"`))},
		resource.TestStep{
			PreConfig: func() { b.Advance(48 * time.Hour) },
			Config:    b.Config(""),
			Check: func(*terraform.State) error {
				list, err := b.Outside.AccessTokens(context.Background(), tokens.TokenQuery{})
				if len(list.AccessTokens) != 0 {
					return fmt.Errorf("%d tokens are left", len(list.AccessTokens))
				}
				return err
			},
		},
	)
}

// Destroying what is gone already succeeds.
func TestAccessTokenDestroyGone(t *testing.T) {
	b := acctest.New(t)
	b.Run(
		resource.TestStep{Config: b.Config(acctest.CIToken())},
		resource.TestStep{
			Config:  b.Config(acctest.CIToken()),
			Destroy: true,
			// after the refresh, before the delete
			ConfigPlanChecks: acctest.PreApply(acctest.PlanCheck(func(*tfjson.Plan) error {
				return b.Outside.DeleteAccessToken(context.Background(), b.Token("ci").ID)
			})),
		},
	)
}
