package provider_test

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

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

const ci = "latchkey_access_token.ci"

// ciToken is a token with a technical user of its own.
func ciToken(lines ...string) string {
	return resourceBlock("access_token", "ci", append([]string{`name = "ci"`}, lines...)...)
}

func TestAccessTokenBasic(t *testing.T) {
	b := newBench(t)
	b.run(
		resource.TestStep{
			Config: b.config(ciToken()),
			ConfigPlanChecks: preApply(
				plancheck.ExpectResourceAction(ci, plancheck.ResourceActionCreate),
				plancheck.ExpectUnknownValue(ci, tfjsonpath.New("token")),
				plancheck.ExpectKnownValue(ci, tfjsonpath.New("secret_version"), knownvalue.Int64Exact(1)),
				plancheck.ExpectKnownValue(ci, tfjsonpath.New("secret_expires_at"), knownvalue.Null()),
			),
			Check: b.checkActive(ci),
			ConfigStateChecks: []statecheck.StateCheck{
				statecheck.ExpectSensitiveValue(ci, tfjsonpath.New("token")),
				statecheck.ExpectKnownValue(ci, tfjsonpath.New("token"), knownvalue.StringRegexp(regexp.MustCompile(`^lk_[0-9A-Za-z]{46}$`))),
				statecheck.ExpectKnownValue(ci, tfjsonpath.New("token_preview"), knownvalue.StringRegexp(regexp.MustCompile(`^lk_[0-9A-Za-z]{7}$`))),
				statecheck.ExpectKnownValue(ci, tfjsonpath.New("id"), knownvalue.StringRegexp(regexp.MustCompile(`^tok_`))),
				statecheck.ExpectKnownValue(ci, tfjsonpath.New("technical_user_id"), knownvalue.StringRegexp(regexp.MustCompile(`^tu_`))),
				statecheck.ExpectKnownValue(ci, tfjsonpath.New("qualified_id"), knownvalue.StringRegexp(regexp.MustCompile(`^ci-[a-z0-9]{10}@default\.latchkey\.internal_tok_[a-z0-9]{26}$`))),
				statecheck.ExpectKnownValue(ci, tfjsonpath.New("status"), knownvalue.StringExact("active")),
				statecheck.ExpectKnownValue(ci, tfjsonpath.New("enabled"), knownvalue.Bool(true)),
				statecheck.ExpectKnownValue(ci, tfjsonpath.New("role"), knownvalue.Null()),
				statecheck.ExpectKnownValue(ci, tfjsonpath.New("regeneration_reason"), knownvalue.Null()),
				statecheck.ExpectKnownValue(ci, tfjsonpath.New("regenerated_at"), knownvalue.Null()),
			},
		},
		resource.TestStep{Config: b.config(ciToken()), ConfigPlanChecks: emptyPlan()},
	)
}

func TestAccessTokenEveryAttribute(t *testing.T) {
	b := newBench(t)
	config := resourceBlock("group", "payments", `name = "payments"`) +
		resourceBlock("technical_user", "deployer", `name = "deployer"`, `role = "administrator"`) +
		ciToken(
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
	b.run(
		resource.TestStep{
			Config: b.config(config),
			ConfigStateChecks: []statecheck.StateCheck{
				statecheck.CompareValuePairs(ci, tfjsonpath.New("technical_user_id"), "latchkey_technical_user.deployer", tfjsonpath.New("id"), compare.ValuesSame()),
				statecheck.ExpectKnownValue(ci, tfjsonpath.New("status"), knownvalue.StringExact("disabled")),
				statecheck.ExpectKnownValue(ci, tfjsonpath.New("activates_at"), knownvalue.StringExact("2030-02-01T00:00:00+01:00")),
				statecheck.ExpectKnownValue(ci, tfjsonpath.New("secret_expires_at"), knownvalue.StringExact("2031-01-01T00:00:00.5Z")),
				statecheck.ExpectKnownValue(ci, tfjsonpath.New("group_roles"), knownvalue.SetSizeExact(1)),
				statecheck.ExpectKnownValue(ci, tfjsonpath.New("qualified_id"), knownvalue.StringRegexp(regexp.MustCompile(`^deployer@default\.latchkey\.internal_tok_`))),
			},
			Check: func(*terraform.State) error {
				got := b.token("ci")
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
	b := newBench(t)
	group := resourceBlock("group", "payments", `name = "payments"`) + resourceBlock("group", "billing", `name = "billing"`)
	var id, user string
	b.run(
		resource.TestStep{
			Config: b.config(group + ciToken(`group_id = latchkey_group.payments.id`, `role = "administrator"`)),
			Check: resource.ComposeTestCheckFunc(keep(ci, "id", &id), keep(ci, "technical_user_id", &user), func(*terraform.State) error {
				got := b.token("ci")
				if g := got.Grants; !got.User.SystemCreated || g.Role != "none" || len(g.GroupRoles) != 1 || g.GroupRoles[0].Role != "administrator" {
					return fmt.Errorf("the token's roles are %+v", g)
				}
				return nil
			}),
		},
		resource.TestStep{
			Config: b.config(group + ciToken(`group_id = latchkey_group.billing.id`, `role = "administrator"`)),
			ConfigPlanChecks: preApply(
				plancheck.ExpectResourceAction(ci, plancheck.ResourceActionReplace),
				plancheck.ExpectUnknownValue(ci, tfjsonpath.New("technical_user_id")),
			),
			Check: resource.ComposeTestCheckFunc(checkOther(ci, "id", &id), checkOther(ci, "technical_user_id", &user), func(*terraform.State) error {
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
	const name, expiry = "latchkey_access_token.ci", `expires_at = "2031-01-01T00:00:00Z"`
	base := resourceBlock("group", "payments", `name = "payments"`)
	for _, test := range []struct {
		name          string
		before, after string
		changed       []string
	}{
		{"rename", ciToken(), strings.Replace(ciToken(), `name = "ci"`, `name = "pipeline"`, 1), []string{"name"}},
		{"description", ciToken(), ciToken(`description = "new"`), []string{"description"}},
		{"role raised", ciToken(`role = "viewer"`), ciToken(`role = "owner"`), []string{"role"}},
		{"role set", ciToken(), ciToken(`role = "none"`), []string{"role"}},
		{"role cleared", ciToken(`role = "viewer"`), ciToken(), []string{"role"}},
		{"group roles", ciToken(), ciToken(`group_roles = [{ group_id = latchkey_group.payments.id, role = "viewer" }]`), []string{"group_roles"}},
		{"group roles emptied", ciToken(`group_roles = [{ group_id = latchkey_group.payments.id, role = "viewer" }]`), ciToken(`group_roles = []`), []string{"group_roles"}},
		{"disabled", ciToken(), ciToken(`enabled = false`), []string{"enabled"}},
		{"enabled", ciToken(`enabled = false`), ciToken(), []string{"enabled"}},
		{"activation", ciToken(), ciToken(`activates_at = "2030-06-01T00:00:00Z"`), []string{"activates_at"}},
		{"expiry set", ciToken(), ciToken(expiry), []string{"expires_at", "secret_expires_at"}},
		{"expiry changed", ciToken(expiry), ciToken(`expires_at = "2032-01-01T00:00:00Z"`), []string{"expires_at", "secret_expires_at"}},
		{"expiry cleared", ciToken(expiry), ciToken(), []string{"expires_at", "secret_expires_at"}},
		{"ttl set", ciToken(), ciToken(`ttl = "90d"`), []string{"ttl", "secret_expires_at"}},
		{"ttl changed", ciToken(`ttl = "90d"`), ciToken(`ttl = "30d"`), []string{"ttl", "secret_expires_at"}},
		{"ttl to expiry", ciToken(`ttl = "90d"`), ciToken(expiry), []string{"ttl", "expires_at", "secret_expires_at"}},
		{"schedule set", ciToken(`ttl = "90d"`), ciToken(`ttl = "90d"`, `regenerate_before_expiry = "14d"`), []string{"regenerate_before_expiry"}},
		{"schedule and ttl removed", ciToken(`ttl = "90d"`, `regenerate_before_expiry = "14d"`), ciToken(), []string{"ttl", "regenerate_before_expiry", "secret_expires_at"}},
		{"policy for expiry", ciToken(`ttl = "90d"`), ciToken(`ttl = "90d"`, `on_expired = "error"`), []string{"on_expired"}},
		{"policy for drift", ciToken(`on_secret_drift = "error"`), ciToken(`on_secret_drift = "accept"`), []string{"on_secret_drift"}},
		{"policy for drift removed", ciToken(`on_secret_drift = "error"`), ciToken(), []string{"on_secret_drift"}},
		{"grace", ciToken(), ciToken(`grace_period = "2d"`), []string{"grace_period"}},
		{"grace of none said so", ciToken(), ciToken(`grace_period = "0s"`), []string{"grace_period"}},
		{"grace until the expiry", ciToken(expiry, `grace_period = "0s"`), ciToken(expiry, `grace_period = "until_expiry"`), []string{"grace_period"}},
		{"grace removed", ciToken(`grace_period = "2d"`), ciToken(), []string{"grace_period"}},
		{"protection", ciToken(), ciToken(`protect_if_used_within = "1d"`), []string{"protect_if_used_within"}},
		{"first regenerate_triggers", ciToken(), ciToken(`regenerate_triggers = { a = "1" }`), []string{"regenerate_triggers"}},
		{"regenerate_triggers removed", ciToken(`regenerate_triggers = { a = "1" }`), ciToken(), []string{"regenerate_triggers"}},
		{"first replace_triggers", ciToken(), ciToken(`replace_triggers = { a = "1" }`), []string{"replace_triggers"}},
		{"replace_triggers removed", ciToken(`replace_triggers = { a = "1" }`), ciToken(), []string{"replace_triggers"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := newBench(t)
			var id, secret, version string
			b.run(
				resource.TestStep{
					Config: b.config(base + test.before),
					Check:  resource.ComposeTestCheckFunc(keep(name, "id", &id), keep(name, "token", &secret), keep(name, "secret_version", &version)),
				},
				resource.TestStep{
					Config:           b.config(base + test.after),
					ConfigPlanChecks: preApply(updates(name, onUpdate, test.changed...)),
					Check: resource.ComposeTestCheckFunc(
						checkSame(name, "id", &id), checkSame(name, "token", &secret), checkSame(name, "secret_version", &version)),
				},
			)
		})
	}
}

func TestAccessTokenReplacedTechnicalUser(t *testing.T) {
	b := newBench(t)
	users := resourceBlock("technical_user", "a", `name = "a"`) + resourceBlock("technical_user", "b", `name = "b"`)
	var id, user string
	b.run(
		resource.TestStep{
			Config: b.config(users + ciToken(`technical_user_id = latchkey_technical_user.a.id`)),
			Check:  resource.ComposeTestCheckFunc(keep(ci, "id", &id), keep(ci, "technical_user_id", &user)),
		},
		resource.TestStep{ // Leaving it out is no other technical user.
			Config:           b.config(users + ciToken()),
			ConfigPlanChecks: emptyPlan(),
		},
		resource.TestStep{
			Config:           b.config(users + ciToken(`technical_user_id = latchkey_technical_user.b.id`)),
			ConfigPlanChecks: preApply(plancheck.ExpectResourceAction(ci, plancheck.ResourceActionReplace)),
			Check:            resource.ComposeTestCheckFunc(checkOther(ci, "id", &id), checkOther(ci, "technical_user_id", &user)),
		},
	)
}

// Equal instants and durations, spelled otherwise, are no change.
func TestAccessTokenEqualSpellings(t *testing.T) {
	for _, test := range []struct{ name, before, after string }{
		{"other zone", `expires_at = "2031-01-01T00:00:00Z"`, `expires_at = "2031-01-01T01:00:00+01:00"`},
		{"decimals", `expires_at = "2031-01-01T00:00:00Z"`, `expires_at = "2031-01-01T00:00:00.000Z"`},
		{"activation", `activates_at = "2030-01-02T00:00:00Z"`, `activates_at = "2030-01-02T00:00:00+00:00"`},
		{"days and hours", `ttl = "90d"`, `ttl = "2160h"`},
		{"minutes", `ttl = "90m"`, `ttl = "1h30m"`},
		{"window", "ttl = \"90d\"\n  regenerate_before_expiry = \"14d\"", "ttl = \"90d\"\n  regenerate_before_expiry = \"336h\""},
		{"grace", `grace_period = "2d"`, `grace_period = "48h"`},
		{"grace of none", `grace_period = "0s"`, `grace_period = "0d"`},
		{"protection", `protect_if_used_within = "1d"`, `protect_if_used_within = "24h"`},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := newBench(t)
			b.run(
				resource.TestStep{Config: b.config(ciToken(test.before))},
				resource.TestStep{Config: b.config(ciToken(test.after)), ConfigPlanChecks: emptyPlan()},
				resource.TestStep{ // With another change beside it, the spelling still stays.
					Config:           b.config(ciToken(test.after, `description = "new"`)),
					ConfigPlanChecks: preApply(updates(ci, onUpdate, "description")),
				},
			)
		})
	}
}

func TestAccessTokenPendingAndExpired(t *testing.T) {
	b := newBench(t)
	config := b.config(ciToken(`activates_at = "2030-01-02T00:00:00Z"`, `expires_at = "2030-01-03T00:00:00Z"`))
	status := func(want string) resource.TestCheckFunc {
		return func(s *terraform.State) error {
			if active := b.isActive(secretOf(s, ci)); active != (want == "active") {
				return fmt.Errorf("the secret's verification says %t", active)
			}
			return resource.TestCheckResourceAttr(ci, "status", want)(s)
		}
	}
	b.run(
		resource.TestStep{Config: config, Check: status("pending")},
		resource.TestStep{PreConfig: func() { b.advance(24 * time.Hour) }, Config: config, ConfigPlanChecks: emptyPlan(), Check: status("active")},
		// A date that has passed since it was written breaks no plan and changes nothing.
		resource.TestStep{PreConfig: func() { b.advance(24 * time.Hour) }, Config: config, ConfigPlanChecks: emptyPlan(), Check: status("expired")},
		resource.TestStep{ // Other attributes still change beside it.
			Config:           b.config(ciToken(`activates_at = "2030-01-02T00:00:00Z"`, `expires_at = "2030-01-03T00:00:00Z"`, `description = "new"`)),
			ConfigPlanChecks: preApply(updates(ci, onUpdate, "description")),
			Check:            status("expired"),
		},
		resource.TestStep{ // A later expiry revives the same secret.
			Config:           b.config(ciToken(`activates_at = "2030-01-02T00:00:00Z"`, `expires_at = "2030-02-01T00:00:00Z"`)),
			ConfigPlanChecks: preApply(updates(ci, onUpdate, "description", "expires_at", "secret_expires_at")),
			Check:            status("active"),
		},
	)
}

// An expired token is deleted like any other.
func TestAccessTokenDestroyExpired(t *testing.T) {
	b := newBench(t)
	b.run(
		resource.TestStep{Config: b.config(ciToken(`expires_at = "2030-01-02T00:00:00Z"`))},
		resource.TestStep{
			PreConfig: func() { b.advance(48 * time.Hour) },
			Config:    b.config(""),
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
	b := newBench(t)
	b.run(
		resource.TestStep{Config: b.config(ciToken())},
		resource.TestStep{
			Config:  b.config(ciToken()),
			Destroy: true,
			ConfigPlanChecks: preApply(planCheck(func(*tfjson.Plan) error { // after the refresh, before the delete
				return b.Outside.DeleteAccessToken(context.Background(), b.token("ci").ID)
			})),
		},
	)
}
