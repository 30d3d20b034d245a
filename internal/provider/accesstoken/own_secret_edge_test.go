package accesstoken_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/terraform"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/acctest"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// A replacement is another token, which can't have the value of the one that it replaces: without a new value, the plan
// refuses it, also where Terraform itself decides to replace.
func TestOwnSecretOfReplacement(t *testing.T) {
	b := acctest.New(t)
	first, second, third := ownValue(), ownValue(), ownValue()
	config := func(trigger string, lines ...string) string {
		return b.Config(acctest.CIToken(append(lines, fmt.Sprintf(`replace_triggers = { a = %q }`, trigger))...))
	}
	b.Run(
		resource.TestStep{Config: config("1", brings(first, 1)...), Check: checkBrought(b, 1, first)},
		resource.TestStep{
			Config:      config("2", brings(first, 1)...),
			ExpectError: acctest.Says("Unable to replace access token", "token_wo brings the value that it has", "no value is used twice"),
		},
		resource.TestStep{
			Config:      config("2", `token_wo_version = 1`),
			ExpectError: acctest.Says("Unable to replace access token", "there is no token_wo"),
		},
		resource.TestStep{Config: config("2", brings(second, 2)...), Check: checkBrought(b, 1, second, first)},
		resource.TestStep{
			Taint:       []string{acctest.CI},
			Config:      config("2", brings(second, 2)...),
			ExpectError: acctest.Says("Unable to replace access token", "token_wo brings the value that it has"),
		},
		resource.TestStep{Config: config("2", brings(third, 3)...), Check: checkBrought(b, 1, third, second)},
	)
}

// Whatever turns out of what a plan does not know yet, the apply does what the plan allows.
func TestOwnSecretThatIsNotKnownYet(t *testing.T) {
	late := func(input string) string {
		return fmt.Sprintf("resource \"terraform_data\" \"late\" {\n  input = %q\n}\n", input)
	}
	// chosen is an expression that is known at apply alone.
	chosen := func(attribute, yes, no string) string {
		return fmt.Sprintf(`%s = terraform_data.late.output == "yes" ? %s : %s`, attribute, yes, no)
	}
	value, next := ownValue(), ownValue()
	for _, test := range []struct {
		name          string
		before, after []string // the lines of a first and of a second apply
		late          [2]string
	}{
		{"a number, at first", []string{chosen("token_wo_version", "1", "null")}, nil, [2]string{"no", "no"}},
		{"a number, later", []string{`regenerate_triggers = { a = "1" }`},
			[]string{chosen("token_wo_version", "1", "null"), `regenerate_triggers = { a = "2" }`}, [2]string{"no", "not"}},
		{"a number and a value, at first", []string{chosen("token_wo_version", "1", "null"),
			chosen("token_wo", fmt.Sprintf("%q", value), "null")}, nil, [2]string{"yes", "yes"}},
		{"no value after all", brings(value, 1), []string{chosen("token_wo", fmt.Sprintf("%q", next), "null"),
			`token_wo_version = 2`}, [2]string{"no", "not"}},
		{"a value after all", brings(value, 1), []string{chosen("token_wo", fmt.Sprintf("%q", next), "null"),
			`token_wo_version = 2`}, [2]string{"no", "yes"}},
		{"the same number after all", []string{`token_wo = null`},
			[]string{fmt.Sprintf("token_wo = %q", value), chosen("token_wo_version", "1", "2")}, [2]string{"no", "yes"}},
		{"a number of a token whose secret the state has", nil, []string{fmt.Sprintf("token_wo = %q", value),
			chosen("token_wo_version", "1", "2")}, [2]string{"no", "yes"}},
		{"where the secret goes", []string{encryptTo(newReader(t)), chosen("secret_in_state", "true", "false")},
			[]string{encryptTo(newReader(t)), chosen("secret_in_state", "true", "false")}, [2]string{"no", "yes"}},
		{"for whom it is", []string{encryptTo(newReader(t))},
			[]string{chosen("encrypt_to", fmt.Sprintf("[%q]", newReader(t).recipient), "null")}, [2]string{"no", "not"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := acctest.New(t)
			b.Run(
				resource.TestStep{Config: b.Config(late(test.late[0]) + acctest.CIToken(test.before...))},
				resource.TestStep{Config: b.Config(late(test.late[1]) + acctest.CIToken(test.after...))},
			)
		})
	}
}

// A plan after which nobody would have the secret is refused, however it comes about.
func TestSecretThatNobodyWouldHave(t *testing.T) {
	anna := newReader(t)
	encrypted := []string{`secret_in_state = false`, encryptTo(anna)}
	for _, test := range []struct {
		name   string
		before [][]string
		after  []string
		says   string
	}{
		{"encrypted for nobody any more", [][]string{encrypted}, nil, "nobody would have the secret"},
		{"a number in the place of readers", [][]string{encrypted}, []string{`token_wo_version = 1`}, "nobody would have the secret"},
		{"a number in the place of the state", [][]string{nil}, []string{`token_wo_version = 1`, `secret_in_state = false`},
			"nobody would have the secret"},
		{"another value in the place of the state", [][]string{nil, {`token_wo_version = 1`}},
			brings(ownValue(), 1, `secret_in_state = false`), "is not the present secret"},
		{"another value in the place of Terraform's readers", [][]string{encrypted, append(encrypted, `token_wo_version = 1`)},
			brings(ownValue(), 1, `secret_in_state = false`), "is not the present secret"},
		{"another value in the place of readers", [][]string{brings(ownValue(), 1, encryptTo(anna))}, brings(ownValue(), 1),
			"is not the present secret"},
		{"a part is ignored", [][]string{append(encrypted, `regenerate_triggers = { a = "1" }`)},
			[]string{`regenerate_triggers = { a = "2" }`, `lifecycle { ignore_changes = [secret_in_state] }`},
			"Nobody would have the secret"},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := acctest.New(t)
			var steps []resource.TestStep
			for _, lines := range test.before {
				steps = append(steps, resource.TestStep{Config: b.Config(acctest.CIToken(lines...))})
			}
			b.Run(append(steps,
				resource.TestStep{Config: b.Config(acctest.CIToken(test.after...)), ExpectError: acctest.Says(test.says)})...)
		})
	}
}

// Who brings the present value may take it out of the state.
func TestSecretOfWhomBringsIt(t *testing.T) {
	b, anna, value := acctest.New(t), newReader(t), ownValue()
	b.Run(
		resource.TestStep{Config: b.Config(acctest.CIToken(brings(value, 1, encryptTo(anna))...))},
		resource.TestStep{Config: b.Config(acctest.CIToken(brings(value, 1)...)), Check: resource.ComposeTestCheckFunc(
			checkBrought(b, 1, value),
			resource.TestCheckNoResourceAttr(acctest.CI, "encrypted_token"),
		)},
	)
}

// What Terraform encrypted, and what was revoked, is nothing to adopt: the first number sets the value.
func TestOwnSecretThatReplacesAnother(t *testing.T) {
	t.Run("encrypted", func(t *testing.T) {
		b, value := acctest.New(t), ownValue()
		b.Run(
			resource.TestStep{Config: b.Config(acctest.CIToken(`secret_in_state = false`, encryptTo(newReader(t))))},
			resource.TestStep{Config: b.Config(acctest.CIToken(brings(value, 1)...)), Check: checkBrought(b, 2, value)},
		)
	})
	t.Run("revoked", func(t *testing.T) {
		b, value := acctest.New(t), ownValue()
		request := tokens.NewAccessToken{NewSecretFor: b.NewSecret(), Settings: tokens.Settings{Name: "ci", Enabled: true}}
		made, err := b.Outside.CreateAccessToken(context.Background(), request)
		b.Must(err)
		_, err = b.Outside.RevokeSecret(context.Background(), request.Secret)
		b.Must(err)
		b.Run(resource.TestStep{
			Config: b.Config(fmt.Sprintf("import {\n  to = %s\n  id = %q\n}\n", acctest.CI, made.ID) +
				acctest.CIToken(brings(value, 1)...)),
			Check: checkBrought(b, 2, value),
		})
	})
}

// The value of a token of the same state is no reason to import that token.
func TestOwnSecretOfTheSameState(t *testing.T) {
	b, value := acctest.New(t), ownValue()
	other := acctest.Resource("access_token", "other", append(brings(value, 1), `name = "other"`)...)
	b.Run(
		resource.TestStep{Config: b.Config(acctest.CIToken(brings(value, 1)...)), Check: checkBrought(b, 1, value)},
		resource.TestStep{
			Config:      b.Config(acctest.CIToken(brings(value, 1)...) + other),
			ExpectError: acctest.Says("a value of another one", "moved block", "bring another value"),
		},
		resource.TestStep{
			Config: b.Config(acctest.CIToken(brings(value, 1)...)),
			Check: func(*terraform.State) error {
				if !b.IsActive(value) {
					return fmt.Errorf("the value is not active")
				}
				return nil
			},
		},
	)
}

// A replacement with a value that the token had before would fail as well, after the token is gone.
func TestOwnSecretOfReplacementFromBefore(t *testing.T) {
	b := acctest.New(t)
	first, second := ownValue(), ownValue()
	config := func(trigger string, lines ...string) string {
		return b.Config(acctest.CIToken(append(lines, fmt.Sprintf(`replace_triggers = { a = %q }`, trigger))...))
	}
	b.Run(
		resource.TestStep{Config: config("1", brings(first, 1)...)},
		resource.TestStep{Config: config("1", brings(second, 2)...), Check: checkBrought(b, 2, second, first)},
		resource.TestStep{
			Config:      config("2", brings(first, 3)...),
			ExpectError: acctest.Says("Unable to replace access token", "token_wo brings a value that was used before"),
		},
		resource.TestStep{Config: config("1", brings(second, 2)...), Check: checkBrought(b, 2, second)},
	)
}

// A raised number whose value is the present one is only recorded, and so interrupts nobody who uses the token.
func TestOwnSecretRecordedInUse(t *testing.T) {
	b := acctest.New(t)
	value, next := ownValue(), ownValue()
	config := func(value string, number int) string {
		return b.Config(acctest.CIToken(brings(value, number, `protect_if_used_within = "1d"`)...))
	}
	b.Run(
		resource.TestStep{Config: config(value, 1)},
		resource.TestStep{
			PreConfig: func() {
				secret, _ := tokens.PresentedSecret(value)
				b.Use(secret)
			},
			Config: config(value, 2),
			Check: resource.ComposeTestCheckFunc(
				checkBrought(b, 1, value), resource.TestCheckResourceAttr(acctest.CI, "token_wo_version", "2")),
		},
		resource.TestStep{
			Config:      config(next, 3),
			ExpectError: acctest.Says("Access token is in use", "would regenerate it without a grace"),
		},
		resource.TestStep{PreConfig: func() { b.Advance(2 * acctest.Day) }, Config: b.Config("")}, // used no more
	)
}

// Who may only plan is not told which value is the present one: the plan leaves the judgement to the apply, without a trace.
func TestOwnSecretPlannedByReader(t *testing.T) {
	b := acctest.New(t)
	value := ownValue()
	anna := acctest.Resource("member", "anna", `email = "anna@example.com"`, `role = "viewer"`)
	people := b.Config(b.ProviderAs("acting", "latchkey_member.anna.email") + anna)
	config := func(provider string, number int) string {
		return people + acctest.CIToken(brings(value, number, `protect_if_used_within = "1d"`, "provider = "+provider)...)
	}
	b.Run(
		resource.TestStep{Config: config("latchkey", 1)},
		resource.TestStep{
			PreConfig: func() {
				secret, _ := tokens.PresentedSecret(value)
				b.Use(secret)
			},
			Config: config("acting", 2), PlanOnly: true, ExpectNonEmptyPlan: true,
		},
		resource.TestStep{PreConfig: func() { b.Advance(2 * acctest.Day) }, Config: config("latchkey", 1)},
		resource.TestStep{Config: people},
	)
	refused, err := b.Outside.Events(t.Context(), tokens.EventQuery{Outcome: tokens.OutcomeRefused})
	b.Must(err)
	if len(refused) > 0 {
		t.Errorf("there is an event of a refusal: %+v", refused[0])
	}
}

// A token whose address and name change at once keeps its value: a plan says how, and deletes nothing. Terraform looks at the new
// address and at the former one in any order.
func TestOwnSecretAtAnotherAddress(t *testing.T) {
	b, value := acctest.New(t), ownValue()
	config := func(label string, more ...string) string {
		return b.Config(strings.Join(more, "\n") + acctest.Resource("access_token", label, fmt.Sprintf("name = %q", label),
			fmt.Sprintf("token_wo = %q", value), `token_wo_version = 1`))
	}
	isActive := func(*terraform.State) error {
		if !b.IsActive(value) {
			return fmt.Errorf("the value is not active")
		}
		return nil
	}
	says := acctest.Says("a value of another one", "moved block")
	b.Run(
		resource.TestStep{Config: config("acme"), Check: isActive},
		resource.TestStep{Config: config("acme_corp"), ExpectError: says},
		resource.TestStep{PlanOnly: true, Config: config("acme_corp"), ExpectError: says},
		resource.TestStep{
			Config: config("acme_corp", "moved {", "from = latchkey_access_token.acme", "to = latchkey_access_token.acme_corp", "}\n"),
			Check: resource.ComposeTestCheckFunc(isActive,
				resource.TestCheckResourceAttr("latchkey_access_token.acme_corp", "name", "acme_corp")),
		},
	)
}

// The plans of one run tell a value that moves to a new token from either side, whether or not the token was read.
func TestOwnSecretOfPlannedDeletion(t *testing.T) {
	for name, deletedFirst := range map[string]bool{"created first": false, "deleted first": true} {
		t.Run(name, func(t *testing.T) {
			b, value := acctest.New(t), ownValue()
			maker := acctest.NewCaller(b, b.NewServer())
			state, private := maker.Create(map[string]any{"name": "a", "token_wo": value, "token_wo_version": 1})
			c := acctest.NewCaller(b, b.NewServer())
			var said []*tfprotov6.Diagnostic
			steps := []func(){
				func() {
					null := acctest.Encode(b, c.Type, tftypes.NewValue(c.Type, nil))
					config := map[string]any{"name": "b", "token_wo": value, "token_wo_version": 1}
					said = append(said, c.Plan(config, null, nil, false).Diagnostics...)
				},
				func() { said = append(said, c.Plan(nil, state, private, true).Diagnostics...) },
			}
			if deletedFirst {
				slices.Reverse(steps)
			}
			for _, step := range steps {
				step()
			}
			if len(said) != 1 || !strings.Contains(said[0].Detail, "a value of another one") {
				t.Errorf("said %q", texts(said))
			}
		})
	}
}
