package accesstoken_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/acctest"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// After an import the plan is empty, but for settings that only Terraform knows, and those are merely recorded.
func TestAccessTokenImport(t *testing.T) {
	for _, test := range []struct {
		name string
		id   func(tokens.CreatedAccessToken) string
	}{
		{"by id", func(t tokens.CreatedAccessToken) string { return t.ID }},
		{"by e-mail and name", func(t tokens.CreatedAccessToken) string { return t.User.Email + "/" + t.Name }},
		{"by e-mail in capitals and name", func(t tokens.CreatedAccessToken) string {
			return strings.ToUpper(t.User.Email) + "/" + t.Name
		}},
		{"by qualified_id", func(t tokens.CreatedAccessToken) string { return t.QualifiedID() }},
		{"by qualified_id in capitals", func(t tokens.CreatedAccessToken) string {
			return strings.ToUpper(t.User.Email) + "_" + t.ID
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := acctest.New(t)
			made := b.MakeToken("ci")
			importBlock := fmt.Sprintf("import {\n  to = %s\n  id = %q\n}\n", acctest.CI, test.id(made))
			unchanged := resource.ComposeTestCheckFunc(
				resource.TestCheckResourceAttr(acctest.CI, "id", made.ID),
				resource.TestCheckResourceAttr(acctest.CI, "secret_version", "1"),
				resource.TestCheckNoResourceAttr(acctest.CI, "token"),
			)
			b.Run(
				resource.TestStep{
					Config:           b.Config(importBlock + acctest.CIToken(acctest.ImportedLines...)),
					ConfigPlanChecks: acctest.PreApply(plancheck.ExpectResourceAction(acctest.CI, plancheck.ResourceActionNoop)),
					Check:            unchanged,
				},
				resource.TestStep{
					Config:           b.Config(acctest.CIToken(acctest.ImportedLines...)),
					ConfigPlanChecks: acctest.EmptyPlan(),
				},
				resource.TestStep{ // A trigger that Terraform learns of now is recorded, no more.
					Config: b.Config(acctest.CIToken(append(acctest.ImportedLines, `regenerate_triggers = { n = "1" }`,
						`replace_triggers = { n = "1" }`)...)),
					ConfigPlanChecks: acctest.PreApply(acctest.Updates(acctest.CI, acctest.OnUpdate, "regenerate_triggers",
						"replace_triggers")),
					Check: unchanged,
				},
				resource.TestStep{ // A rename leaves the unknown secret alone.
					Config: b.Config(acctest.Resource("access_token", "ci", append(acctest.ImportedLines, `name = "pipeline"`,
						`regenerate_triggers = { n = "1" }`, `replace_triggers = { n = "1" }`)...)),
					ConfigPlanChecks: acctest.PreApply(acctest.Updates(acctest.CI, acctest.OnUpdate, "name")),
					Check:            unchanged,
				},
				resource.TestStep{ // A regeneration gives the state a secret again.
					Config: b.Config(acctest.CIToken(append(acctest.ImportedLines, `regenerate_triggers = { n = "2" }`,
						`replace_triggers = { n = "1" }`)...)),
					Check: b.CheckActive(acctest.CI),
				},
			)
		})
	}
}

// Import and first apply in one, with triggers: nothing is regenerated.
func TestAccessTokenImportWithTriggers(t *testing.T) {
	b := acctest.New(t)
	made := b.MakeToken("ci")
	b.Run(resource.TestStep{
		Config: b.Config(fmt.Sprintf("import {\n  to = %s\n  id = %q\n}\n", acctest.CI, made.ID) +
			acctest.CIToken(append(acctest.ImportedLines, `regenerate_triggers = { n = "1" }`,
				`replace_triggers = { n = "1" }`)...)),
		ConfigPlanChecks: acctest.PreApply(acctest.Updates(acctest.CI, acctest.OnUpdate, "regenerate_triggers",
			"replace_triggers")),
		Check: resource.ComposeTestCheckFunc(
			resource.TestCheckResourceAttr(acctest.CI, "secret_version", "1"),
			resource.TestCheckNoResourceAttr(acctest.CI, "token")),
	})
}

func TestAccessTokenImportRefused(t *testing.T) {
	for _, test := range []struct {
		name, id string
		count    int
		want     []string
	}{
		{"no such id", "tok_01jd0000000000000000000000", 0, []string{"non-existent remote object"}},
		{"no such name", "nobody@default.latchkey.internal/ci", 0,
			[]string{"there is no access token", "import by identifier (tok_…) or by its qualified_id"}},
		{"qualified_id of none", "nobody@default.latchkey.internal_tok_01jd0000000000000000000000", 0,
			[]string{"there is no access token", "import by identifier"}},
		{"two of the name", "deployer@default.latchkey.internal/ci", 2,
			[]string{"stands for 2 objects", "by its identifier"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := acctest.New(t)
			user, err := b.Outside.CreateTechnicalUser(context.Background(),
				tokens.NewTechnicalUser{
					Request: tokens.NewRequest(b.Now()),
					TechnicalUserSettings: tokens.TechnicalUserSettings{
						Name:    "deployer",
						Enabled: true,
						Grants:  tokens.Grants{Role: "member"},
					},
				})
			b.Must(err)
			for range test.count {
				_, err := b.Outside.CreateAccessToken(context.Background(),
					tokens.NewAccessToken{
						NewSecretFor:    b.NewSecret(),
						TechnicalUserID: user.ID,
						Settings:        tokens.Settings{Name: "ci", Enabled: true},
					})
				b.Must(err)
			}
			b.Run(resource.TestStep{
				Config: b.Config(fmt.Sprintf("import {\n  to = %s\n  id = %q\n}\n", acctest.CI, test.id) +
					acctest.CIToken()),
				ExpectError: acctest.Says(test.want...),
			})
		})
	}
}

// An interrupted apply left a token over: the next one makes another beside it, and an import block takes the first
// under management without a new secret.
func TestAccessTokenLeftOver(t *testing.T) {
	b := acctest.New(t)
	left := b.MakeToken("ci")
	b.Run(
		resource.TestStep{Config: b.Config(acctest.CIToken(acctest.ImportedLines...)), Check: b.CheckActive(acctest.CI)},
		resource.TestStep{
			Config: b.Config(acctest.CIToken(acctest.ImportedLines...) +
				fmt.Sprintf("import {\n  to = latchkey_access_token.left\n  id = %q\n}\n", left.ID) +
				acctest.Resource("access_token", "left", append(acctest.ImportedLines, `name = "ci"`)...)),
			ConfigPlanChecks: acctest.PreApply(plancheck.ExpectResourceAction("latchkey_access_token.left",
				plancheck.ResourceActionNoop)),
			ConfigStateChecks: []statecheck.StateCheck{
				statecheck.ExpectKnownValue("latchkey_access_token.left", tfjsonpath.New("token_preview"),
					knownvalue.StringExact(left.Secret.Preview)),
			},
			Check: resource.TestCheckResourceAttr("latchkey_access_token.left", "secret_version", "1"),
		},
	)
}
