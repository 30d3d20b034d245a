package cli

import (
	"testing"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// TestAddressesAreUnique names objects whose names are alike, one of them like another with its number.
func TestAddressesAreUnique(t *testing.T) {
	taken := map[string]int{}
	for i, want := range []string{"a", "a_2", "a_2_2", "a_3", "a_4", "group_1", "group", "group_2"} {
		name := []string{"a", "a-2", "a 2", "A", "-a-", "1", "é", "--"}[i]
		if got := (manageable{kind: tokens.KindGroup, name: name}).address(taken); got != "latchkey_group."+want {
			t.Errorf("%q is called %s, want %s", name, got, want)
		}
	}
}
