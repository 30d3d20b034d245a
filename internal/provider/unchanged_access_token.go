package provider

import (
	"bytes"
	"context"
	"encoding/json"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// unchangedTokens answers for access tokens to which nothing happens, as most of a configuration are in most runs. It
// decides by the functions by which the resource itself reads and plans, and answers only where their result is the state
// as it was sent; everything else, trouble too, it leaves to the framework. The framework takes every value apart and
// together several times whatever comes of it, which was three quarters of the provider's processor time in such a plan.
type unchangedTokens struct {
	provider *servedProvider
	schema   schema.Schema
	typ      tftypes.Type
}

func newUnchangedTokens(p *servedProvider) *unchangedTokens {
	ctx := context.Background()
	var resp resource.SchemaResponse
	new(accessTokenResource).Schema(ctx, resource.SchemaRequest{}, &resp)
	return &unchangedTokens{provider: p, schema: resp.Schema, typ: resp.Schema.Type().TerraformType(ctx)}
}

// upgrade answers for a state of the present version: as it is. Terraform has removed from it what the schema does not
// have, and reads what it lacks as null.
func (u *unchangedTokens) upgrade(req *tfprotov6.UpgradeResourceStateRequest) (*tfprotov6.UpgradeResourceStateResponse, bool) {
	if req.TypeName != accessTokenType || req.Version != u.schema.GetVersion() || req.RawState == nil || len(req.RawState.JSON) == 0 {
		return nil, false
	}
	return &tfprotov6.UpgradeResourceStateResponse{UpgradedState: &tfprotov6.DynamicValue{JSON: req.RawState.JSON}}, true
}

// read answers where the backend says what the state says.
func (u *unchangedTokens) read(ctx context.Context, req *tfprotov6.ReadResourceRequest) (*tfprotov6.ReadResourceResponse, bool) {
	if req.TypeName != accessTokenType {
		return nil, false
	}
	r, ok := u.resource()
	if !ok {
		return nil, false
	}
	state, f, ok := u.decode(ctx, req.CurrentState, req.Private)
	if !ok || f.Database == "" {
		return nil, false
	}
	backend, err := r.openFor(ctx, f)
	if err != nil {
		return nil, false
	}
	observed := state
	if err := observed.refresh(ctx, backend, &f); err != nil || !accessTokens.equal(observed, state) {
		return nil, false
	}
	private, err := encodePrivate(f)
	if err != nil {
		return nil, false
	}
	return &tfprotov6.ReadResourceResponse{NewState: req.CurrentState, Private: private}, true
}

// plan answers where Terraform proposes the state, which it does where the configuration names no other value, and the
// facts call for nothing and warn of nothing.
func (u *unchangedTokens) plan(ctx context.Context, req *tfprotov6.PlanResourceChangeRequest) (*tfprotov6.PlanResourceChangeResponse, bool) {
	if req.TypeName != accessTokenType || !sameValue(req.PriorState, req.ProposedNewState) {
		return nil, false
	}
	r, ok := u.resource()
	if !ok {
		return nil, false
	}
	state, f, ok := u.decode(ctx, req.PriorState, req.PriorPrivate)
	if !ok || !state.hasDefaults() { // which the proposal does not show
		return nil, false
	}
	var diags diag.Diagnostics
	plan := state
	r.planUpdate(&state, &plan, f, &diags)
	if len(diags) > 0 || !accessTokens.equal(plan, state) {
		return nil, false
	}
	return &tfprotov6.PlanResourceChangeResponse{PlannedState: req.PriorState, PlannedPrivate: req.PriorPrivate}, true
}

// resource returns the resource, once the provider is configured.
func (u *unchangedTokens) resource() (*accessTokenResource, bool) {
	c := u.provider.connection.Load()
	return &accessTokenResource{managed{c}}, c != nil
}

// decode reads the state of a token that exists, and the facts beside it.
func (u *unchangedTokens) decode(ctx context.Context, value *tfprotov6.DynamicValue, private []byte) (state accessTokenModel, f facts, ok bool) {
	if value == nil {
		return state, f, false
	}
	raw, err := value.Unmarshal(u.typ)
	if err != nil || raw.IsNull() {
		return state, f, false
	}
	var diags diag.Diagnostics
	state = accessTokens.decode(ctx, u.schema, raw, &diags)
	f, ok = decodePrivate(private)
	return state, f, ok && !diags.HasError()
}

// sameValue tells whether Terraform sent the same value twice.
func sameValue(a, b *tfprotov6.DynamicValue) bool {
	return a != nil && b != nil && len(a.MsgPack) > 0 && bytes.Equal(a.MsgPack, b.MsgPack)
}

// decodePrivate reads the facts from private state as the framework lays it out: an object of base64 texts, by key. With
// other keys than ours the framework deals.
func decodePrivate(private []byte) (f facts, ok bool) {
	var values map[string][]byte
	if err := json.Unmarshal(private, &values); err != nil || len(values) != 1 {
		return f, false
	}
	err := json.Unmarshal(values[factsKey], &f)
	return f, err == nil
}

// encodePrivate lays out private state as the framework does.
func encodePrivate(f facts) ([]byte, error) {
	data, err := json.Marshal(f)
	if err != nil {
		return nil, err
	}
	return json.Marshal(map[string][]byte{factsKey: data})
}
