package acceptance

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestOrganizationOnAServer applies the example of an organization, plans it again and destroys it through a server, and
// runs its `terraform test` there.
func TestOrganizationOnAServer(t *testing.T) {
	example := filepath.Join(repository, "examples", "organization")
	w := newWorkspace(t)
	s := w.throughServer()
	w.env = append(w.env, "TF_VAR_endpoint="+s.url)
	w.useExample(example)
	w.terraform("apply").exits(0)
	w.terraform("plan", "-detailed-exitcode").exits(0)
	w.latchkey("event", "list", "--object", strings.TrimSpace(w.terraform("output", "-raw", "bank_token_id").exits(0).stdout)).exits(0).
		says("payments-pipeline@payments.acme.latchkey.internal_tok_")
	w.terraform("destroy").exits(0)
	if rest := w.state().addresses(); len(rest) > 0 {
		t.Errorf("still in the state: %s", rest)
	}

	const folder = "server-tests"
	content, err := os.ReadFile(filepath.Join(example, folder, "organization.tftest.hcl"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(w.path(folder), 0o700); err != nil {
		t.Fatal(err)
	}
	w.write(filepath.Join(folder, "organization.tftest.hcl"), string(content))
	w.terraform("test", "-no-color", "-test-directory="+folder).exits(0).says("2 passed, 0 failed")
}
