package acceptance

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// everyList lists whatever can be listed, with as many objects as there are.
func everyList() string {
	var lists strings.Builder
	for _, kind := range []string{"group", "role", "member", "technical_user", "access_token", "token_share"} {
		lists.WriteString(`
			list "latchkey_` + kind + `" "all" {
				provider = latchkey
				limit    = 1000
			}
		`)
	}
	return lists.String()
}

// TestQueryExamples validates every example of a list resource.
func TestQueryExamples(t *testing.T) {
	w := newQueryWorkspace(t)
	examples, err := filepath.Glob(filepath.Join(repository, "examples", "list-resources", "*", "*.tfquery.hcl"))
	if err != nil || len(examples) != 6 {
		t.Fatalf("%d examples: %v", len(examples), err)
	}
	for _, example := range examples {
		content, err := os.ReadFile(example)
		if err != nil {
			t.Fatal(err)
		}
		w.write("example.tfquery.hcl", string(content))
		w.terraform("validate", "-query").exits(0)
	}
	w.write("example.tfquery.hcl", `list "latchkey_group" "all" { config {} }`) // which names no provider
	w.terraform("validate", "-query").exits(1)
}

// newQueryWorkspace returns a workspace without resources. It skips the test unless Terraform can query.
func newQueryWorkspace(t *testing.T) *workspace {
	t.Helper()
	w := newWorkspace(t)
	if w.terraform("query", "-help").code != 0 {
		t.Skip("only Terraform 1.14 and later query")
	}
	w.configure("")
	return w
}

// TestQueriedConfiguration loses state and configuration of an organization with 100 access tokens. The configuration that
// terraform query writes is valid, imports everything and changes nothing.
func TestQueriedConfiguration(t *testing.T) {
	w := newQueryWorkspace(t)
	const many = 92
	w.configure(everyShape + `
		resource "latchkey_access_token" "many" {
			count             = 92
			name              = "many ${count.index}"
			technical_user_id = count.index % 4 == 0 ? latchkey_technical_user.plain.id : null
			group_id          = count.index % 4 == 1 ? latchkey_group.payments.id : null
			ttl               = count.index % 5 == 0 ? "90d" : null
			expires_at        = count.index % 5 == 1 ? "2099-01-01T00:00:00Z" : null
			role              = count.index % 6 == 2 ? "viewer" : null
			enabled           = count.index % 11 != 0
		}
	`)
	if tokens := many + strings.Count(everyShape, `resource "latchkey_access_token"`); tokens != 100 {
		t.Fatalf("there are %d access tokens", tokens)
	}
	w.terraform("apply").exits(0)
	w.remove("terraform.tfstate")

	w.configure("")
	w.write("all.tfquery.hcl", everyList())
	w.terraform("query", "-generate-config-out=generated.tf").exits(0)
	w.terraform("validate").exits(0)
	w.terraform("apply").exits(0).says(numbered(everyShapeCount+many, "imported, 0 added, 0 changed, 0 destroyed"))
	w.terraform("plan", "-detailed-exitcode").exits(0)
}
