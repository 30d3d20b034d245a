package acceptance

import (
	"os"
	"testing"
)

// A library of the provider can write everything that Terraform and the provider send each other to files, secrets
// included. The provider has it write none.
func TestNoProtocolFiles(t *testing.T) {
	w := newWorkspace(t)
	files := t.TempDir()
	w.env = []string{"TF_LOG_SDK_PROTO_DATA_DIR=" + files, "TF_LOG=TRACE", "TF_LOG_PATH=" + w.path("trace.log")}
	w.configure(deployToken(""))
	w.terraform("apply").exits(0)
	w.terraform("plan", "-detailed-exitcode").exits(0)
	written, err := os.ReadDir(files)
	if err != nil {
		t.Fatal(err)
	}
	if len(written) > 0 {
		t.Errorf("the provider wrote %d files such as %s, which everybody may read", len(written), written[0].Name())
	}
}
