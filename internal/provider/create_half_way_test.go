package provider

import (
	"context"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/managed"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// unidentified is a backend that makes a role and then does not answer any more.
type unidentified struct{ tokens.Backend }

func (unidentified) CreateRole(_ context.Context, n tokens.NewRole) (tokens.Role, error) {
	return tokens.Role{ID: "rol_1", RoleSettings: tokens.RoleSettings{Name: n.Name, Permissions: n.Permissions}}, nil
}

func (unidentified) Database(context.Context) (tokens.Database, error) {
	return tokens.Database{}, tokens.Unavailable(nil, "gone")
}

// What was made is in the state, though what has to be recorded beside it can't be found out any more.
func TestCreateHalfWay(t *testing.T) {
	ctx := context.Background()
	r := roleResource{managed.Resource{
		Connection: &managed.Connection{Backend: unidentified{}, Now: time.Now}, Kind: tokens.KindRole,
	}}
	var s resource.SchemaResponse
	r.Schema(ctx, resource.SchemaRequest{}, &s)
	var is resource.IdentitySchemaResponse
	r.IdentitySchema(ctx, resource.IdentitySchemaRequest{}, &is)
	plan := tfsdk.Plan{Schema: s.Schema, Raw: tftypes.NewValue(s.Schema.Type().TerraformType(ctx), nil)}
	if diags := plan.Set(ctx, roleModel{
		Name:        types.StringValue("deployer"),
		Permissions: permissionsValue([]string{"orders:read"}),
	}); diags.HasError() {
		t.Fatal(diags)
	}
	resp := resource.CreateResponse{State: tfsdk.State(plan), Identity: &tfsdk.ResourceIdentity{Schema: is.IdentitySchema}}
	r.Create(ctx, resource.CreateRequest{Plan: plan}, &resp)
	if !resp.Diagnostics.HasError() {
		t.Error("the missing identity was passed over")
	}
	var state roleModel
	if diags := resp.State.Get(ctx, &state); diags.HasError() || state.ID.ValueString() != "rol_1" {
		t.Errorf("the role is not in the state: %v %v", state, diags)
	}
}
