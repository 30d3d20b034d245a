package provider_test

import (
	"fmt"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/acctest"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// The functions answer about any text, and never fail: Terraform would print the text.
func TestTokenFunctions(t *testing.T) {
	b := acctest.New(t)
	value := b.NewSecret().Secret.Reveal()
	config, null := "", []statecheck.StateCheck{}
	for i, test := range []struct {
		text    string
		preview knownvalue.Check
		valid   bool
	}{
		{fmt.Sprintf("%q", value), knownvalue.StringExact(value[:10]), true},
		{fmt.Sprintf("%q", value[:len(value)-1]+"!"), knownvalue.Null(), false},
		{fmt.Sprintf("%q", value+" "), knownvalue.Null(), false},
		{fmt.Sprintf("%q", value[:len(value)-1]), knownvalue.Null(), false},
		{`"sk-T7vQ2mXz9LpR4wKc8NsB3yHd6JfG5aE1uV0x"`, knownvalue.Null(), false},
		{`"tok_06xydy96ffmhm38tehwxw5taxc"`, knownvalue.Null(), false},
		{`""`, knownvalue.Null(), false},
		{`"\n\u0000é"`, knownvalue.Null(), false},
		{`null`, knownvalue.Null(), false},
	} {
		if test.text == "null" && acctest.IsOpenTofu() { // which passes no null on to a provider
			continue
		}
		preview, valid := fmt.Sprintf("preview_%d", i), fmt.Sprintf("valid_%d", i)
		config += acctest.Output(preview, "jsonencode(provider::latchkey::token_preview("+test.text+"))") +
			acctest.Output(valid, "provider::latchkey::token_valid("+test.text+")")
		want := knownvalue.StringExact("null")
		if i == 0 {
			want = knownvalue.StringExact(fmt.Sprintf("%q", value[:10]))
		}
		null = append(null, statecheck.ExpectKnownOutputValue(preview, want),
			statecheck.ExpectKnownOutputValue(valid, knownvalue.Bool(test.valid)))
	}
	b.Run(resource.TestStep{Config: `terraform {
		required_providers {
			latchkey = { source = "hashicorp/latchkey" }
		}
	}
	` + config, ConfigStateChecks: null})
}

// An ephemeral value is one that a token can have, of the prefix that the provider or the block names, and no token has it.
func TestTokenValue(t *testing.T) {
	b := acctest.New(t)
	config := func(version int, lines string) string {
		return b.Config(fmt.Sprintf(`
			ephemeral "latchkey_token_value" "new" {%s}
			resource "store_secret" "ci" {
				value_wo         = ephemeral.latchkey_token_value.new.value
				value_wo_version = %d
			}
		`, lines, version))
	}
	store := &acctest.SecretStore{}
	check := func(prefix string) resource.TestCheckFunc {
		return func(*terraform.State) error {
			value, _ := store.Value()
			secret, err := tokens.ParseSecret(value)
			if err != nil || secret.Preview()[:len(prefix)+1] != prefix+"_" {
				return fmt.Errorf("it is no value with the prefix %s: %w", prefix, err)
			}
			if !b.Place.IsEmpty() {
				return fmt.Errorf("something was made")
			}
			return nil
		}
	}
	b.RunWith(store.Beside(),
		resource.TestStep{Config: config(1, ""), Check: check("lk")},
		resource.TestStep{Config: config(2, `prefix = "acme"`), Check: check("acme")},
	)
	acctest.NewSerial(t).RunWith(store.Beside(), resource.TestStep{
		Config: config(1, `prefix = "Acme"`), ExpectError: acctest.Says("prefix", "lower-case letters"),
	})
}
