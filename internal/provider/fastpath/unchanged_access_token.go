package fastpath

import (
	"bytes"
	"context"
	"encoding/json"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/accesstoken"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/managed"
)

// unchangedTokens answers for access tokens to which nothing happens, as most of a configuration are in most runs. It
// answers only where the resource, asked as it reads and plans, ends with the state as it was sent; everything else,
// trouble too, it leaves to the framework.
type unchangedTokens struct {
	provider *servedProvider
	version  int64
	typ      tftypes.Type
}

func newUnchangedTokens(p *servedProvider) *unchangedTokens {
	schema := accesstoken.Schema()
	return &unchangedTokens{provider: p, version: schema.GetVersion(), typ: schema.Type().TerraformType(context.Background())}
}

// upgrade answers for a state of the present version: as it is. Terraform has removed from it what the schema does not
// have, and reads what it lacks as null.
func (u *unchangedTokens) upgrade(req *tfprotov6.UpgradeResourceStateRequest) (*tfprotov6.UpgradeResourceStateResponse, bool) {
	if req.TypeName != accesstoken.TypeName || req.Version != u.version || req.RawState == nil || len(req.RawState.JSON) == 0 {
		return nil, false
	}
	return &tfprotov6.UpgradeResourceStateResponse{UpgradedState: &tfprotov6.DynamicValue{JSON: req.RawState.JSON}}, true
}

// read answers where the backend says what the state says.
func (u *unchangedTokens) read(ctx context.Context, req *tfprotov6.ReadResourceRequest) (*tfprotov6.ReadResourceResponse, bool) {
	if req.TypeName != accesstoken.TypeName {
		return nil, false
	}
	token, ok := u.token(ctx, req.CurrentState, req.Private)
	if !ok {
		return nil, false
	}
	recorded, same := token.ReadsSame(ctx)
	if !same {
		return nil, false
	}
	private, err := encodePrivate(recorded)
	if err != nil {
		return nil, false
	}
	return &tfprotov6.ReadResourceResponse{NewState: req.CurrentState, Private: private}, true
}

// plan answers where Terraform proposes the state, which it does where the configuration names no other value, and the
// facts call for nothing and warn of nothing.
func (u *unchangedTokens) plan(ctx context.Context, req *tfprotov6.PlanResourceChangeRequest) (*tfprotov6.PlanResourceChangeResponse, bool) {
	if req.TypeName != accesstoken.TypeName || !sameValue(req.PriorState, req.ProposedNewState) {
		return nil, false
	}
	token, ok := u.token(ctx, req.PriorState, req.PriorPrivate)
	if !ok || !token.PlansSame() {
		return nil, false
	}
	return &tfprotov6.PlanResourceChangeResponse{PlannedState: req.PriorState, PlannedPrivate: req.PriorPrivate}, true
}

// token reads the state of a token and the facts beside it, once the provider is configured.
func (u *unchangedTokens) token(ctx context.Context, value *tfprotov6.DynamicValue, private []byte) (*accesstoken.Prior, bool) {
	c := u.provider.connection.Load()
	recorded, ok := decodePrivate(private)
	if c == nil || !ok || value == nil {
		return nil, false
	}
	raw, err := value.Unmarshal(u.typ)
	if err != nil {
		return nil, false
	}
	return accesstoken.NewPrior(ctx, c, raw, recorded)
}

// sameValue tells whether Terraform sent the same value twice.
func sameValue(a, b *tfprotov6.DynamicValue) bool {
	return a != nil && b != nil && len(a.MsgPack) > 0 && bytes.Equal(a.MsgPack, b.MsgPack)
}

// decodePrivate takes the facts from private state as the framework lays it out: an object of base64 texts, by key. Private
// state with other keys than ours is the framework's to deal with.
func decodePrivate(private []byte) (recorded []byte, ok bool) {
	var values map[string][]byte
	if err := json.Unmarshal(private, &values); err != nil || len(values) != 1 {
		return nil, false
	}
	recorded, ok = values[managed.FactsKey]
	return recorded, ok
}

// encodePrivate lays out private state as the framework does.
func encodePrivate(recorded []byte) ([]byte, error) {
	return json.Marshal(map[string][]byte{managed.FactsKey: recorded})
}
