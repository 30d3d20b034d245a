package accesstoken_test

import (
	"fmt"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/terraform"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/acctest"
)

// stored is a token whose value a secret store has: made for the store alone, and read from there.
func stored(b *acctest.Bench, version int, lines ...string) string {
	return b.Config(fmt.Sprintf(`
		ephemeral "latchkey_token_value" "new" {}
		resource "store_secret" "ci" {
			value_wo         = ephemeral.latchkey_token_value.new.value
			value_wo_version = %d
		}
		ephemeral "store_secret" "ci" {
			version = store_secret.ci.version
		}
	`, version) + acctest.CIToken(append(lines, `token_wo = ephemeral.store_secret.ci.value`,
		`token_wo_version = store_secret.ci.version`)...))
}

// checkAgreement checks that the token has the value that the store has.
func checkAgreement(b *acctest.Bench, store *acctest.SecretStore, version int) resource.TestCheckFunc {
	return func(s *terraform.State) error {
		value, got := store.Value()
		if got != version {
			return fmt.Errorf("the store has version %d, not %d", got, version)
		}
		if number := s.RootModule().Resources[acctest.CI].Primary.Attributes["token_wo_version"]; number != fmt.Sprint(version) {
			return fmt.Errorf("the state says version %s", number)
		}
		if !b.IsActive(value) {
			return fmt.Errorf("the value in the store is not good")
		}
		return nil
	}
}

// Whichever of the two steps fails, the write into the store or that of the token, the next apply ends with both having the
// same value.
func TestOwnSecretFromStore(t *testing.T) {
	b, store := acctest.New(t), &acctest.SecretStore{}
	once := func(do func()) func() {
		return func() { store.Written = nil; do() }
	}
	b.RunWith(store.Beside(),
		resource.TestStep{Config: stored(b, 1), Check: checkAgreement(b, store, 1)},
		resource.TestStep{Config: stored(b, 1), ConfigPlanChecks: acctest.EmptyPlan()},
		resource.TestStep{Config: stored(b, 2), Check: checkAgreement(b, store, 2)},
		resource.TestStep{ // The store fails: nothing is different.
			PreConfig:   func() { store.FailWrite = true },
			Config:      stored(b, 3),
			ExpectError: acctest.Says("the store does not answer"),
		},
		resource.TestStep{Config: stored(b, 2), Check: checkAgreement(b, store, 2)},
		resource.TestStep{Config: stored(b, 3), Check: checkAgreement(b, store, 3)},
		resource.TestStep{ // The token fails, since somebody else regenerates it in between.
			PreConfig:   func() { store.Written = once(func() { b.Regenerate("ci") }) },
			Config:      stored(b, 4),
			ExpectError: acctest.Says("another run or person regenerated it"),
		},
		resource.TestStep{Config: stored(b, 4), Check: checkAgreement(b, store, 4)},
	)
}

// Terraform writes to a store anew where its resource is replaced, too, and the token follows the store's own version.
func TestOwnSecretFromReplacedStore(t *testing.T) {
	b, store := acctest.New(t), &acctest.SecretStore{}
	b.RunWith(store.Beside(),
		resource.TestStep{Config: stored(b, 1), Check: checkAgreement(b, store, 1)},
		resource.TestStep{Taint: []string{"store_secret.ci"}, Config: stored(b, 1), Check: checkAgreement(b, store, 2)},
		resource.TestStep{Config: stored(b, 1), ConfigPlanChecks: acctest.EmptyPlan()},
	)
}
