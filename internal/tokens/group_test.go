package tokens_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

func TestGroup(t *testing.T) {
	if err := (tokens.NewGroup{Name: "payments", Description: "Payments"}).Validate(); err != nil {
		t.Error(err)
	}
	wantInvalid(t, "name", tokens.NewGroup{Name: "Payments"}.Validate())
	wantInvalid(t, "description", tokens.NewGroup{Name: "payments", Description: "\x1b"}.Validate())

	before := tokens.Group{ID: groupA, Name: "payments", Description: "Payments"}
	got, err := tokens.GroupUpdate{Name: tokens.To("billing"), Description: tokens.To("")}.Apply(before)
	if diff := cmp.Diff(tokens.Group{ID: groupA, Name: "billing"}, got); err != nil || diff != "" {
		t.Errorf("the group (-want +got), %v:\n%s", err, diff)
	}
	_, err = tokens.GroupUpdate{Name: tokens.To("")}.Apply(before)
	wantInvalid(t, "name", err)
}
