package cli

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestJSONIsPrintableAndLossless encodes what could move a cursor, and reads it back.
func TestJSONIsPrintableAndLossless(t *testing.T) {
	const evil = "a\x1b[2Jb\rc\u202ed\u009b31m\x7f\U000e0001<ü報>"
	var out bytes.Buffer
	if err := newTestApp(&out).printJSON(evil); err != nil {
		t.Fatal(err)
	}
	want := `"a\u001b[2Jb\rc\u202ed\u009b31m\u007f\udb40\udc01<ü報>"` + "\n"
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("the document (-want +got):\n%s", diff)
	}
	var back string
	if err := json.Unmarshal(out.Bytes(), &back); err != nil || back != evil {
		t.Errorf("it is read back as %q, %v", back, err)
	}
}
