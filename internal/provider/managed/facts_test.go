package managed

import (
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// A disable by another hand is told from one by Terraform, and the latest one counts.
func TestRecordSwitch(t *testing.T) {
	anna, bea := &tokens.Stop{By: "anna"}, &tokens.Stop{By: "bea"}
	for _, test := range []struct {
		name     string
		recorded *tokens.Stop
		state    types.Bool
		observed *tokens.Stop
		want     *tokens.Stop
	}{
		{"enabled", nil, types.BoolValue(true), nil, nil},
		{"disabled elsewhere", nil, types.BoolValue(true), anna, anna},
		{"disabled by Terraform", nil, types.BoolValue(false), anna, nil},
		{"disabled elsewhere, and saved so", anna, types.BoolValue(false), anna, anna},
		{"enabled and disabled once more elsewhere", anna, types.BoolValue(false), bea, bea},
		{"enabled elsewhere again", anna, types.BoolValue(false), nil, nil},
		{"disabled before the import", nil, types.BoolNull(), anna, anna},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := Facts{Disabled: test.recorded}
			f.RecordSwitch(test.state, test.observed)
			if f.Disabled != test.want {
				t.Errorf("got %v, want %v", f.Disabled, test.want)
			}
		})
	}
}
