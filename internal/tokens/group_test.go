package tokens_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

func TestGroup(t *testing.T) {
	if err := (tokens.NewGroup{Request: tokens.NewRequest(now),
		GroupSettings: tokens.GroupSettings{Name: "payments", Description: "Payments"}}).Validate(); err != nil {
		t.Error(err)
	}
	wantInvalid(t, "name", tokens.NewGroup{Request: tokens.NewRequest(now),
		GroupSettings: tokens.GroupSettings{Name: "Payments"}}.Validate())
	wantInvalid(t, "description", tokens.NewGroup{Request: tokens.NewRequest(now),
		GroupSettings: tokens.GroupSettings{Name: "payments", Description: "\x1b"}}.Validate())

	before := tokens.Group{ID: groupA, GroupSettings: tokens.GroupSettings{Name: "payments", Description: "Payments"}}
	got, err := before.Updated(tokens.GroupUpdate{Settings: tokens.GroupSettings{Name: "billing", Description: ""},
		Fields: tokens.Fields{"name", "description"}})
	if diff := cmp.Diff(tokens.Group{ID: groupA, GroupSettings: tokens.GroupSettings{Name: "billing"}}, got); err != nil ||
		diff != "" {
		t.Errorf("the group (-want +got), %v:\n%s", err, diff)
	}
	_, err = before.Updated(tokens.GroupUpdate{Settings: tokens.GroupSettings{Name: ""}, Fields: tokens.Fields{"name"}})
	wantInvalid(t, "name", err)
}
