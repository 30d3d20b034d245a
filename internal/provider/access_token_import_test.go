package provider_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// makeToken makes a token outside Terraform, with the settings of importedLines.
func (b *bench) makeToken(name string) tokens.CreatedAccessToken {
	b.t.Helper()
	created, err := b.Outside.CreateAccessToken(context.Background(), tokens.NewAccessToken{
		NewSecretFor: b.newSecret(), Name: name, Description: "Deploys.", Own: tokens.Grants{Role: "viewer"}, Enabled: true, TTL: 90 * day,
		Policies: tokens.Policies{
			RegenerateBeforeExpiry: 14 * day, OnExpired: tokens.OnExpiredError, OnSecretDrift: tokens.OnSecretDriftRegenerate,
			Grace: tokens.Grace{Duration: 2 * day}, ProtectIfUsedWithin: day,
		},
	})
	b.must(err)
	return created
}

var importedLines = []string{
	`description = "Deploys."`, `role = "viewer"`, `ttl = "2160h"`, `regenerate_before_expiry = "336h"`, `on_expired = "error"`, `on_secret_drift = "regenerate"`,
	`grace_period = "48h"`, `protect_if_used_within = "24h"`,
}

// After an import the plan is empty, but for settings that only Terraform knows, and those are merely recorded.
func TestAccessTokenImport(t *testing.T) {
	for _, test := range []struct {
		name string
		id   func(tokens.CreatedAccessToken) string
	}{
		{"by id", func(t tokens.CreatedAccessToken) string { return t.ID }},
		{"by e-mail and name", func(t tokens.CreatedAccessToken) string { return t.User.Email + "/" + t.Name }},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := newBench(t)
			made := b.makeToken("ci")
			importBlock := fmt.Sprintf("import {\n  to = %s\n  id = %q\n}\n", ci, test.id(made))
			unchanged := resource.ComposeTestCheckFunc(
				resource.TestCheckResourceAttr(ci, "id", made.ID),
				resource.TestCheckResourceAttr(ci, "secret_version", "1"),
				resource.TestCheckNoResourceAttr(ci, "token"),
			)
			b.run(
				resource.TestStep{
					Config:           b.config(importBlock + ciToken(importedLines...)),
					ConfigPlanChecks: preApply(plancheck.ExpectResourceAction(ci, plancheck.ResourceActionNoop)),
					Check:            unchanged,
				},
				resource.TestStep{Config: b.config(ciToken(importedLines...)), ConfigPlanChecks: emptyPlan()},
				resource.TestStep{ // A trigger that Terraform learns of now is recorded, no more.
					Config:           b.config(ciToken(append(importedLines, `regenerate_triggers = { n = "1" }`, `replace_triggers = { n = "1" }`)...)),
					ConfigPlanChecks: preApply(updates(ci, onUpdate, "regenerate_triggers", "replace_triggers")),
					Check:            unchanged,
				},
				resource.TestStep{ // A rename leaves the unknown secret alone.
					Config: b.config(resourceBlock("access_token", "ci", append(importedLines, `name = "pipeline"`,
						`regenerate_triggers = { n = "1" }`, `replace_triggers = { n = "1" }`)...)),
					ConfigPlanChecks: preApply(updates(ci, onUpdate, "name")),
					Check:            unchanged,
				},
				resource.TestStep{ // A regeneration gives the state a secret again.
					Config: b.config(ciToken(append(importedLines, `regenerate_triggers = { n = "2" }`, `replace_triggers = { n = "1" }`)...)),
					Check:  b.checkActive(ci),
				},
			)
		})
	}
}

// Import and first apply in one, with triggers: nothing is regenerated.
func TestAccessTokenImportWithTriggers(t *testing.T) {
	b := newBench(t)
	made := b.makeToken("ci")
	b.run(resource.TestStep{
		Config: b.config(fmt.Sprintf("import {\n  to = %s\n  id = %q\n}\n", ci, made.ID) +
			ciToken(append(importedLines, `regenerate_triggers = { n = "1" }`, `replace_triggers = { n = "1" }`)...)),
		ConfigPlanChecks: preApply(updates(ci, onUpdate, "regenerate_triggers", "replace_triggers")),
		Check: resource.ComposeTestCheckFunc(
			resource.TestCheckResourceAttr(ci, "secret_version", "1"), resource.TestCheckNoResourceAttr(ci, "token")),
	})
}

func TestAccessTokenImportRefused(t *testing.T) {
	for _, test := range []struct {
		name, id string
		count    int
		want     []string
	}{
		{"no such id", "tok_01jd0000000000000000000000", 0, []string{"non-existent remote object"}},
		{"no such name", "nobody@default.latchkey.internal/ci", 0, []string{"there is no access token", "import by identifier"}},
		{"two of the name", "deployer@default.latchkey.internal/ci", 2, []string{"stands for 2 objects", "by its identifier"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := newBench(t)
			user, err := b.Outside.CreateTechnicalUser(context.Background(), tokens.NewTechnicalUser{Name: "deployer", Enabled: true, Grants: tokens.Grants{Role: "member"}})
			b.must(err)
			for range test.count {
				_, err := b.Outside.CreateAccessToken(context.Background(), tokens.NewAccessToken{NewSecretFor: b.newSecret(), Name: "ci", TechnicalUserID: user.ID, Enabled: true})
				b.must(err)
			}
			b.run(resource.TestStep{
				Config:      b.config(fmt.Sprintf("import {\n  to = %s\n  id = %q\n}\n", ci, test.id) + ciToken()),
				ExpectError: says(test.want...),
			})
		})
	}
}

// An interrupted apply left a token over: the next one makes another beside it, and an import block takes the first under
// management without a new secret.
func TestAccessTokenLeftOver(t *testing.T) {
	b := newBench(t)
	left := b.makeToken("ci")
	b.run(
		resource.TestStep{Config: b.config(ciToken(importedLines...)), Check: b.checkActive(ci)},
		resource.TestStep{
			Config: b.config(ciToken(importedLines...) +
				fmt.Sprintf("import {\n  to = latchkey_access_token.left\n  id = %q\n}\n", left.ID) +
				resourceBlock("access_token", "left", append(importedLines, `name = "ci"`)...)),
			ConfigPlanChecks: preApply(plancheck.ExpectResourceAction("latchkey_access_token.left", plancheck.ResourceActionNoop)),
			ConfigStateChecks: []statecheck.StateCheck{
				statecheck.ExpectKnownValue("latchkey_access_token.left", tfjsonpath.New("token_preview"), knownvalue.StringExact(left.Secret.Preview)),
			},
			Check: resource.TestCheckResourceAttr("latchkey_access_token.left", "secret_version", "1"),
		},
	)
}
