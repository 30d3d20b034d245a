package accesstoken_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/acctest"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// ownValue makes up a value as people bring it.
func ownValue() string { return "own." + strings.ToLower(rand.Text()) + rand.Text() }

// brings returns the lines of a token whose secret people bring.
func brings(value string, version int, lines ...string) []string {
	return append([]string{fmt.Sprintf("token_wo = %q", value), fmt.Sprintf("token_wo_version = %d", version)}, lines...)
}

// importedLines are those of a token that was made outside Terraform, but for the policy that a brought secret rules out.
func importedLines() []string {
	return slices.DeleteFunc(slices.Clone(acctest.ImportedLines), func(line string) bool {
		return strings.HasPrefix(line, "on_secret_drift")
	})
}

// checkBrought checks that a value is the secret of the token, which the state doesn't hold, and that others are not.
func checkBrought(b *acctest.Bench, version int, value string, dead ...string) resource.TestCheckFunc {
	return func(s *terraform.State) error {
		attributes := s.RootModule().Resources[acctest.CI].Primary.Attributes
		for name, text := range attributes {
			if strings.Contains(text, value) {
				return fmt.Errorf("the state holds the value in %s", name)
			}
		}
		if got := attributes["secret_version"]; got != fmt.Sprint(version) {
			return fmt.Errorf("it is secret version %s, not %d", got, version)
		}
		if got := attributes["token_preview"]; !strings.HasPrefix(value, got) || got == "" {
			return fmt.Errorf("the preview is %q", got)
		}
		if _, ok := attributes["token"]; ok {
			return fmt.Errorf("the state has a token")
		}
		if !b.IsActive(value) {
			return fmt.Errorf("the value is not active")
		}
		for _, one := range dead {
			if b.IsActive(one) {
				return fmt.Errorf("a former value is active")
			}
		}
		return nil
	}
}

// A value that people bring is set with each higher number, and stands in no state.
func TestOwnSecret(t *testing.T) {
	b := acctest.New(t)
	first, second, third := ownValue(), ownValue(), b.NewSecret().Secret.Reveal()
	config := func(lines []string) string { return b.Config(acctest.CIToken(lines...)) }
	b.Run(
		resource.TestStep{
			Config: config(brings(first, 3)),
			Check:  checkBrought(b, 1, first),
		},
		resource.TestStep{ // Another value under the same number is not looked at.
			Config:           config(brings(second, 3)),
			ConfigPlanChecks: acctest.EmptyPlan(),
		},
		resource.TestStep{
			Config:           config(brings(second, 4, `grace_period = "1h"`, `description = "moved"`)),
			ConfigPlanChecks: acctest.PreApply(acctest.Brings(acctest.CI, "token_wo_version", "grace_period", "description")),
			Check: resource.ComposeTestCheckFunc(checkBrought(b, 2, second), func(*terraform.State) error {
				if !b.IsActive(first) {
					return fmt.Errorf("the former value has no grace")
				}
				return nil
			}),
		},
		resource.TestStep{
			Config:      config(brings(third, 3)),
			ExpectError: acctest.Says("token_wo_version went from 4 to 3", "use 5 or more", "keep the present one, use 4"),
		},
		resource.TestStep{ // A value of our own form is one as well.
			Config: config(brings(third, 5)),
			Check:  checkBrought(b, 3, third, first, second),
		},
		resource.TestStep{ // The present value again, as after an apply that was cut off.
			Config: config(brings(third, 6)),
			Check:  checkBrought(b, 3, third),
		},
		resource.TestStep{ // The number alone is only recorded.
			Config: config([]string{`token_wo_version = 7`}),
			Check:  checkBrought(b, 3, third),
		},
		resource.TestStep{ // Without both, the secret stays.
			Config: config(nil),
			Check:  checkBrought(b, 3, third),
		},
	)
}

// Terraform's own secret leaves the state when people bring one, and comes back when a trigger asks for it.
func TestOwnSecretInPlaceOfTerraforms(t *testing.T) {
	b := acctest.New(t)
	value := ownValue()
	var made string
	b.Run(
		resource.TestStep{
			Config: b.Config(acctest.CIToken(`regenerate_triggers = { a = "1" }`)),
			Check:  acctest.Keep(acctest.CI, "token", &made),
		},
		resource.TestStep{
			Config: b.Config(acctest.CIToken(brings(value, 1)...)),
			Check: resource.ComposeTestCheckFunc(checkBrought(b, 2, value), func(*terraform.State) error {
				if b.IsActive(made) {
					return fmt.Errorf("the former secret is active")
				}
				return nil
			}),
		},
		resource.TestStep{
			Config: b.Config(acctest.CIToken(`regenerate_triggers = { a = "1" }`)),
			Check:  checkBrought(b, 2, value),
		},
		resource.TestStep{
			Config: b.Config(acctest.CIToken(`regenerate_triggers = { a = "2" }`)),
			Check:  resource.ComposeTestCheckFunc(b.CheckActive(acctest.CI), acctest.CheckOther(acctest.CI, "token", &value)),
		},
	)
}

// What can be no secret is refused before anything is changed, and never repeated.
func TestOwnSecretThatIsRefused(t *testing.T) {
	weak, taken := strings.Repeat("password", 5), ownValue()
	for _, test := range []struct {
		name  string
		lines []string
		says  []string
	}{
		{"weak", brings(weak, 1), []string{"token_wo", "too easy to guess", "made at random"}},
		{"short", brings("T7vQ2mXz9LpR4wKc8NsB3yHd6JfG5a", 1), []string{"token_wo", "32 to 512 characters"}},
		{"another letter", brings(taken+"é", 1), []string{"token_wo", "letters, digits and -._~+/"}},
		{"without a number", []string{fmt.Sprintf("token_wo = %q", taken)}, []string{"token_wo: it needs token_wo_version"}},
		{"a number alone", []string{`token_wo_version = 1`}, []string{"there is no value", "set token_wo as well as"}},
		{"beside triggers", brings(taken, 1, `regenerate_triggers = { a = "1" }`),
			[]string{"regenerate_triggers", "raise token_wo_version"}},
		{"to be regenerated", brings(taken, 1, `ttl = "90d"`, `on_expired = "regenerate"`),
			[]string{"on_expired", "nobody but you can make the next secret"}},
		{"to be regenerated after drift", brings(taken, 1, `on_secret_drift = "regenerate"`),
			[]string{"on_secret_drift", "nobody but you can make the next secret"}},
		{"of another token", brings(taken, 1), []string{"present secret of access token", "import {", `id = "tok_`}},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := acctest.New(t)
			request := tokens.NewAccessToken{
				NewSecretFor: b.NewSecret(), Settings: tokens.Settings{Name: "other", Enabled: true},
			}
			request.Secret, _ = tokens.PresentedSecret(taken)
			_, err := b.Outside.CreateAccessToken(context.Background(), request)
			b.Must(err)
			b.Run(resource.TestStep{
				Config:      b.Config(acctest.CIToken(test.lines...)),
				ExpectError: acctest.Says(test.says...),
			})
			if list, err := b.Outside.AccessTokens(context.Background(), tokens.TokenQuery{}); err != nil || len(list.AccessTokens) != 1 {
				t.Errorf("there are %d tokens, %v", len(list.AccessTokens), err)
			}
		})
	}
}

// The first number after an import adopts the secret that is there; another value is refused, until a number of its own
// announces it.
func TestOwnSecretAdopted(t *testing.T) {
	b := acctest.New(t)
	made := b.MakeToken("ci")
	value, next := ownValue(), ownValue()
	secret, _ := tokens.PresentedSecret(value)
	set := b.NewSecret()
	set.Secret = secret
	_, err := b.Outside.UpdateAccessToken(context.Background(), made.ID, tokens.AccessTokenUpdate{
		Regeneration: &tokens.Regeneration{NewSecretFor: set, Reason: tokens.ReasonRequested},
	})
	b.Must(err)
	imports := fmt.Sprintf("import {\n  to = %s\n  id = %q\n}\n", acctest.CI, made.ID)
	// A variable that another resource decides is known at apply alone.
	late := func(value string) string {
		return fmt.Sprintf("resource \"terraform_data\" \"late\" {\n  input = %q\n}\n", value) +
			acctest.CIToken(append([]string{`token_wo = terraform_data.late.output`, `token_wo_version = 1`},
				importedLines()...)...)
	}
	wrong := acctest.Says("the value is not the present secret of the token", "leave token_wo out of one apply")
	b.Run(
		resource.TestStep{
			Config:      b.Config(imports + acctest.CIToken(brings(next, 1, importedLines()...)...)),
			ExpectError: wrong,
		},
		resource.TestStep{Config: b.Config(imports + late(next)), ExpectError: wrong},
		resource.TestStep{
			Config: b.Config(imports + acctest.CIToken(brings(value, 1, importedLines()...)...)),
			ConfigPlanChecks: acctest.PreApply(
				plancheck.ExpectResourceAction(acctest.CI, plancheck.ResourceActionUpdate),
				acctest.Updates(acctest.CI, acctest.OnUpdate, "token_wo_version", "on_secret_drift"),
			),
			Check: checkBrought(b, 2, value),
		},
		resource.TestStep{
			Config: b.Config(acctest.CIToken(brings(next, 2, importedLines()...)...)),
			Check:  checkBrought(b, 3, next),
		},
	)
}

// Where the value that is there is lost, a number alone is recorded, and the next one sets another value.
func TestOwnSecretAdoptedWithoutItsValue(t *testing.T) {
	b := acctest.New(t)
	made := b.MakeToken("ci")
	next := ownValue()
	b.Run(
		resource.TestStep{
			Config: b.Config(fmt.Sprintf("import {\n  to = %s\n  id = %q\n}\n", acctest.CI, made.ID) +
				acctest.CIToken(append(importedLines(), `token_wo_version = 1`)...)),
			ConfigPlanChecks: acctest.PreApply(acctest.Updates(acctest.CI, acctest.OnUpdate, "token_wo_version", "on_secret_drift")),
			Check:            resource.TestCheckResourceAttr(acctest.CI, "secret_version", "1"),
		},
		resource.TestStep{
			Config: b.Config(acctest.CIToken(brings(next, 2, importedLines()...)...)),
			Check:  checkBrought(b, 2, next),
		},
	)
}

// Nobody but its user makes the next secret: a plan warns in time, does nothing about an end, and fails where the secret was
// changed elsewhere, unless the same plan brings another one.
func TestOwnSecretPolicies(t *testing.T) {
	b := acctest.New(t)
	first, second, third := ownValue(), ownValue(), ownValue()
	policies := []string{`ttl = "90d"`, `regenerate_before_expiry = "10d"`}
	config := func(value string, version int, lines ...string) string {
		return b.Config(acctest.CIToken(brings(value, version, append(policies, lines...)...)...))
	}
	b.Run(
		resource.TestStep{Config: config(first, 1), Check: checkBrought(b, 1, first)},
		resource.TestStep{
			PreConfig:        func() { b.Advance(85 * 24 * time.Hour) },
			Config:           config(first, 1),
			ConfigPlanChecks: acctest.EmptyPlan(),
			Check:            checkBrought(b, 1, first),
		},
		resource.TestStep{Config: config(second, 2), Check: checkBrought(b, 2, second, first)},
		resource.TestStep{
			PreConfig:         func() { b.Advance(91 * 24 * time.Hour) },
			RefreshState:      true,
			RefreshPlanChecks: resource.RefreshPlanChecks{PostRefresh: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}},
		},
		resource.TestStep{
			PreConfig:   func() { b.Regenerate("ci") },
			Config:      config(second, 2),
			ExpectError: acctest.Says("Secret was changed outside Terraform", "bring another value in token_wo and raise token_wo_version"),
		},
		resource.TestStep{Config: config(third, 3), Check: checkBrought(b, 4, third, second)},
	)
}
