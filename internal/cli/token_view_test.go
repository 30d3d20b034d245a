package cli

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// TestEveryColumnCanBeShownAndSorted compares the columns of the list with those of the domain.
func TestEveryColumnCanBeShownAndSorted(t *testing.T) {
	var want []string
	for _, column := range tokens.TokenColumns() {
		want = append(want, string(column))
	}
	if diff := cmp.Diff(want, slices.Sorted(slices.Values(columnNames()))); diff != "" {
		t.Errorf("the columns (-domain +list):\n%s", diff)
	}
}
