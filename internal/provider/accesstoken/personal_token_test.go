package accesstoken_test

import (
	"context"
	"fmt"
	"regexp"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/acctest"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// Terraform takes no personal token: it imports none, shows none and shares none.
func TestPersonalTokensAreNotManaged(t *testing.T) {
	b := acctest.New(t)
	ctx := context.Background()
	member, err := b.Outside.CreateMember(ctx, tokens.NewMember{Request: tokens.NewRequest(b.Now()), Email: "ada@example.com",
		MemberSettings: tokens.MemberSettings{Grants: tokens.Grants{Role: tokens.RoleMember}}})
	b.Must(err)
	laptop, err := b.Outside.CreateAccessToken(ctx, tokens.NewAccessToken{
		NewSecretFor: b.NewSecret(), MemberID: member.ID, Settings: tokens.Settings{Name: "laptop", Enabled: true},
	})
	b.Must(err)
	isPersonal := regexp.MustCompile(`(?s)is\s+a\s+personal\s+token\s+of\s+ada@example\.com`)
	var steps []resource.TestStep
	for _, id := range []string{laptop.ID, laptop.QualifiedID()} {
		steps = append(steps, resource.TestStep{
			Config:      b.Config(fmt.Sprintf("import {\n  to = %s\n  id = %q\n}\n", acctest.CI, id) + acctest.CIToken()),
			ExpectError: isPersonal,
		})
	}
	steps = append(steps,
		resource.TestStep{
			Config: b.Config(fmt.Sprintf("import {\n  to = %s\n  id = %q\n}\n", acctest.CI, "ada@example.com/laptop") +
				acctest.CIToken()),
			ExpectError: regexp.MustCompile(`(?s)Unable\s+to\s+import`),
		},
		resource.TestStep{
			Config:      b.Config(acctest.Data("access_token", "laptop", fmt.Sprintf("id = %q", laptop.ID))),
			ExpectError: isPersonal,
		},
		resource.TestStep{
			Config: b.Config(fmt.Sprintf(`
resource "latchkey_token_share" "laptop" {
  access_token_id = %q
  member_id       = %q
  role            = "viewer"
}
`, laptop.ID, member.ID)),
			ExpectError: isPersonal,
		},
		resource.TestStep{
			Config: b.Config(acctest.Data("access_tokens", "all", `search = "laptop"`)),
			Check:  resource.TestCheckResourceAttr("data.latchkey_access_tokens.all", "access_tokens.#", "0"),
		},
	)
	b.Run(steps...)
}
