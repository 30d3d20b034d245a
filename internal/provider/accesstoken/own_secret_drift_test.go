package accesstoken_test

import (
	"context"
	"fmt"
	"testing"

	tfjson "github.com/hashicorp/terraform-json"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/terraform"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/acctest"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// An accepted secret stays another one than people brought, and each plan says so, until a number says that it is known, or a
// value replaces it.
func TestOwnSecretDriftAccepted(t *testing.T) {
	b := acctest.New(t)
	value, next := ownValue(), ownValue()
	const accepts = `on_secret_drift = "accept"`
	config := func(lines ...string) string { return b.Config(acctest.CIToken(lines...)) }
	refused := acctest.Says("Secret was changed outside Terraform", "raise token_wo_version")
	b.Run(
		resource.TestStep{Config: config(brings(value, 1, accepts)...)},
		resource.TestStep{
			PreConfig:        func() { b.Regenerate("ci") },
			Config:           config(brings(value, 1, accepts)...),
			ConfigPlanChecks: acctest.EmptyPlan(),
		},
		resource.TestStep{Config: config(brings(value, 1)...), ExpectError: refused},
		resource.TestStep{Config: config(`token_wo_version = 2`, accepts), Check: resource.TestCheckResourceAttr(acctest.CI, "secret_version", "2")},
		resource.TestStep{Config: config(`token_wo_version = 2`)},
		resource.TestStep{
			PreConfig:   func() { b.Regenerate("ci") },
			Config:      config(`token_wo_version = 2`),
			ExpectError: refused,
		},
		resource.TestStep{Config: config(`token_wo_version = 3`), Check: resource.TestCheckResourceAttr(acctest.CI, "secret_version", "3")},
		resource.TestStep{Config: config(brings(next, 4)...), Check: checkBrought(b, 4, next)},
	)
}

// What a number alone says is known is the secret that the plan saw: another one that was made before the apply shows as drift.
func TestOwnSecretKnownAsPlanned(t *testing.T) {
	b := acctest.New(t)
	value, next := ownValue(), ownValue()
	b.Run(
		resource.TestStep{Config: b.Config(acctest.CIToken(brings(value, 1)...))},
		resource.TestStep{
			PreConfig: func() { b.Regenerate("ci") },
			Config:    b.Config(acctest.CIToken(`token_wo_version = 2`)),
			ConfigPlanChecks: acctest.PreApply(acctest.PlanCheck(func(*tfjson.Plan) error {
				b.Regenerate("ci")
				return nil
			})),
			ExpectError: acctest.Says("Secret was changed outside Terraform", "the state has secret version 2, the backend version 3"),
		},
		resource.TestStep{Config: b.Config(acctest.CIToken(brings(next, 3)...)), Check: checkBrought(b, 4, next)},
	)
}

// A secret that was made after another one was revoked can be known as well as any other.
func TestOwnSecretKnownAfterRevocation(t *testing.T) {
	b := acctest.New(t)
	value, next := ownValue(), ownValue()
	secret, _ := tokens.PresentedSecret(value)
	b.Run(
		resource.TestStep{Config: b.Config(acctest.CIToken(brings(value, 1)...))},
		resource.TestStep{
			PreConfig: func() {
				_, err := b.Outside.RevokeSecret(context.Background(), secret)
				b.Must(err)
			},
			RefreshState: true, ExpectNonEmptyPlan: true,
			ExpectError: acctest.Says("Secret was changed outside Terraform", "was revoked"),
		},
		resource.TestStep{ // Nobody can know what was revoked.
			Config:      b.Config(acctest.CIToken(`token_wo_version = 2`)),
			ExpectError: acctest.Says("Secret was changed outside Terraform", "was revoked"),
		},
		resource.TestStep{
			PreConfig: func() { b.Regenerate("ci") },
			Config:    b.Config(acctest.CIToken(`token_wo_version = 2`)),
		},
		resource.TestStep{Config: b.Config(acctest.CIToken(`token_wo_version = 2`)), ConfigPlanChecks: acctest.EmptyPlan()},
		resource.TestStep{Config: b.Config(acctest.CIToken(brings(next, 3)...)), Check: checkBrought(b, 3, next)},
	)
}

// A secret that an older backup brings back is one that the state knows to have ended: nobody can say that it is known, and it
// gets no grace.
func TestOwnSecretOfOlderBackup(t *testing.T) {
	b := acctest.New(t)
	first, second, third := ownValue(), ownValue(), ownValue()
	const grace = `grace_period = "1h"`
	var restore func()
	b.Run(
		resource.TestStep{Config: b.Config(acctest.CIToken(brings(first, 1)...))},
		resource.TestStep{
			PreConfig: func() { restore = b.Backup() },
			Config:    b.Config(acctest.CIToken(brings(second, 2)...)), Check: checkBrought(b, 2, second, first),
		},
		resource.TestStep{
			PreConfig:   func() { restore() },
			Config:      b.Config(acctest.CIToken(`token_wo_version = 3`)),
			ExpectError: acctest.Says("Secret was changed outside Terraform", "raise token_wo_version, or set on_secret_drift"),
		},
		resource.TestStep{
			Config: b.Config(acctest.CIToken(brings(third, 3, grace)...)),
			Check: func(*terraform.State) error {
				if b.IsActive(first) || !b.IsActive(third) {
					return fmt.Errorf("the value of the backup is active: %t; the new one: %t", b.IsActive(first), b.IsActive(third))
				}
				return nil
			},
		},
	)
}

// That it is time for a new value keeps no value that ended elsewhere.
func TestOwnSecretDriftAcceptedWhileDue(t *testing.T) {
	b, anna, value, next := acctest.New(t), newReader(t), ownValue(), ownValue()
	lines := []string{encryptTo(anna), `ttl = "90d"`, `regenerate_before_expiry = "14d"`, `on_secret_drift = "accept"`}
	b.Run(
		resource.TestStep{Config: b.Config(acctest.CIToken(brings(value, 1, lines...)...))},
		resource.TestStep{
			PreConfig: func() {
				b.Advance(80 * acctest.Day)
				secret, _ := tokens.PresentedSecret(value)
				_, err := b.Outside.RevokeSecret(context.Background(), secret)
				b.Must(err)
			},
			Config: b.Config(acctest.CIToken(brings(value, 1, lines...)...)),
			Check:  resource.TestCheckNoResourceAttr(acctest.CI, "encrypted_token"),
		},
		resource.TestStep{Config: b.Config(acctest.CIToken(brings(next, 2, lines...)...)), Check: checkBrought(b, 2, next, value)},
	)
}
