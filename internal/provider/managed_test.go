package provider

import (
	"context"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// A creation is tried again while another object stands in the way, and for no other error.
func TestCreateWhenFree(t *testing.T) {
	conflict, invalid := tokens.Conflict("name", "grp_1", "taken"), tokens.Invalid("name", "bad")
	for _, test := range []struct {
		name  string
		errs  []error // of one attempt after the other
		tries int
		want  error
	}{
		{"free at once", []error{nil}, 1, nil},
		{"free in the end", []error{conflict, conflict, nil}, 3, nil},
		{"another error", []error{invalid}, 1, invalid},
		{"another error in the end", []error{conflict, invalid}, 2, invalid},
	} {
		t.Run(test.name, func(t *testing.T) {
			tries := 0
			_, err := createWhenFree(context.Background(), func() (int, error) {
				tries++
				return tries, test.errs[tries-1]
			})
			if err != test.want || tries != test.tries { //nolint:errorlint // the very error is meant
				t.Errorf("%d tries ended in %v; want %d and %v", tries, err, test.tries, test.want)
			}
		})
	}
	t.Run("until the run is stopped", func(t *testing.T) {
		ctx, cancel := context.WithCancel(context.Background())
		_, err := createWhenFree(ctx, func() (int, error) { cancel(); return 0, conflict })
		if tokens.ErrorCode(err) != tokens.CodeConflict {
			t.Errorf("got %v", err)
		}
	})
	var total time.Duration
	for _, wait := range nameRetries {
		total += wait
	}
	if total != 5*time.Second {
		t.Errorf("the waits add up to %s", total)
	}
}

// unidentified is a backend that makes a role and then does not answer any more.
type unidentified struct{ tokens.Backend }

func (unidentified) CreateRole(_ context.Context, n tokens.NewRole) (tokens.Role, error) {
	return tokens.Role{ID: "rol_1", Name: n.Name, Permissions: n.Permissions}, nil
}

func (unidentified) Database(context.Context) (tokens.Database, error) {
	return tokens.Database{}, tokens.Unavailable(nil, "gone")
}

// What was made is in the state, though what has to be recorded beside it can't be found out any more.
func TestCreateHalfWay(t *testing.T) {
	ctx := context.Background()
	r := roleResource{managed{&connection{backend: unidentified{}}}}
	var s resource.SchemaResponse
	r.Schema(ctx, resource.SchemaRequest{}, &s)
	plan := tfsdk.Plan{Schema: s.Schema, Raw: tftypes.NewValue(s.Schema.Type().TerraformType(ctx), nil)}
	if diags := plan.Set(ctx, roleModel{Name: types.StringValue("deployer"), Permissions: permissionsValue([]string{"orders:read"})}); diags.HasError() {
		t.Fatal(diags)
	}
	resp := resource.CreateResponse{State: tfsdk.State(plan)}
	r.Create(ctx, resource.CreateRequest{Plan: plan}, &resp)
	if !resp.Diagnostics.HasError() {
		t.Error("the missing identity was passed over")
	}
	var state roleModel
	if diags := resp.State.Get(ctx, &state); diags.HasError() || state.ID.ValueString() != "rol_1" {
		t.Errorf("the role is not in the state: %v %v", state, diags)
	}
}

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
			f := facts{Disabled: test.recorded}
			f.recordSwitch(test.state, test.observed)
			if f.Disabled != test.want {
				t.Errorf("got %v, want %v", f.Disabled, test.want)
			}
		})
	}
}
