//go:build unix

package service_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/service"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// Doctor says to whom everything belongs and what can't be trusted, and goes on.
func TestDiagnosePlace(t *testing.T) {
	p := newPopulated(t)
	findings := diagnose(service.Options{Database: p.path})
	if f := findings["directory"]; f.Problem != "" || f.Value == "" {
		t.Errorf("got %+v", f)
	}
	if err := os.WriteFile(p.path+"-journal", []byte("journal"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(filepath.Dir(p.path), 0o777); err != nil {
		t.Fatal(err)
	}
	findings = diagnose(service.Options{Database: p.path})
	wantWords(t, "the directory", problem(findings["directory"].Problem), "everybody may write", tokens.TrustDirectoryVariable)
	wantWords(t, "the journal", problem(findings["file latchkey.db-journal"].Problem), "rollback journal", "move it away")
	wantWords(t, "the database", problem(findings["database"].Problem), "can't be trusted")
	for _, name := range []string{"identity", "integrity", "schema", "journal mode", "objects", "rows"} {
		if f, ok := findings[name]; !ok || f.Problem != "" {
			t.Errorf("%s: got %+v", name, f)
		}
	}
}
