package cli

import (
	"slices"
	"testing"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// TestColumnsToSortByAreShown sees that every column by which the list can be ordered can also be shown.
func TestColumnsToSortByAreShown(t *testing.T) {
	for _, column := range tokens.TokenColumns() {
		if !slices.Contains(tokenListing.names(), string(column)) {
			t.Errorf("the list can be ordered by %s, and does not show it", column)
		}
	}
}
