package fastpath

import (
	"bytes"
	"context"
	"encoding/json"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/accesstoken"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/managed"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// accessTokens answers for access tokens to which nothing happens, as most of a configuration are in most runs, and
// plans new ones, as most are in the first. It asks the functions by which the resource itself reads and plans, and
// answers only if they end with the state as it was sent, or with the plan of a new token. It leaves everything else to
// the framework, trouble included. Each answer has the identity of the token, whether the request has one or not: Terraform
// forgets an identity that an answer leaves out, and has none in a state from before 1.12.
type accessTokens struct {
	provider *servedProvider
	version  int64
	typ      tftypes.Type
	identity tftypes.Type
}

func newAccessTokens(p *servedProvider) *accessTokens {
	schema := accesstoken.Schema()
	return &accessTokens{
		provider: p,
		version:  schema.GetVersion(),
		typ:      schema.Type().TerraformType(context.Background()),
		identity: managed.IdentityType(tokens.KindAccessToken),
	}
}

// upgrade answers for a state of the present version: as it is. Terraform has removed from it what the schema does not
// have, and reads what it lacks as null.
func (u *accessTokens) upgrade(
	req *tfprotov6.UpgradeResourceStateRequest,
) (*tfprotov6.UpgradeResourceStateResponse, bool) {
	if req.TypeName != accesstoken.TypeName || req.Version != u.version ||
		req.RawState == nil || len(req.RawState.JSON) == 0 {
		return nil, false
	}
	return &tfprotov6.UpgradeResourceStateResponse{UpgradedState: &tfprotov6.DynamicValue{JSON: req.RawState.JSON}}, true
}

// read answers where the backend says what the state says.
func (u *accessTokens) read(
	ctx context.Context, req *tfprotov6.ReadResourceRequest,
) (*tfprotov6.ReadResourceResponse, bool) {
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
	identity, ok := u.identified(token, req.CurrentIdentity)
	return &tfprotov6.ReadResourceResponse{NewState: req.CurrentState, Private: private, NewIdentity: identity}, ok
}

// plan answers if nothing happens to a token, or if it is new.
func (u *accessTokens) plan(
	ctx context.Context, req *tfprotov6.PlanResourceChangeRequest,
) (*tfprotov6.PlanResourceChangeResponse, bool) {
	switch {
	case req.TypeName != accesstoken.TypeName:
		return nil, false
	case sameValue(req.PriorState, req.ProposedNewState):
		return u.planSame(ctx, req)
	default:
		return u.planNew(ctx, req)
	}
}

// planSame answers if Terraform proposes the state, which it does if the configuration names no other value, and the
// facts call for nothing and warn of nothing.
func (u *accessTokens) planSame(
	ctx context.Context, req *tfprotov6.PlanResourceChangeRequest,
) (*tfprotov6.PlanResourceChangeResponse, bool) {
	token, ok := u.token(ctx, req.PriorState, req.PriorPrivate)
	if !ok || !token.PlansSame(ctx) {
		return nil, false
	}
	identity, ok := u.identified(token, req.PriorIdentity)
	return &tfprotov6.PlanResourceChangeResponse{
		PlannedState: req.PriorState, PlannedPrivate: req.PriorPrivate, PlannedIdentity: identity,
	}, ok
}

// planNew answers if a token is to be created and takes the place of none. It needs the configuration alone: whatever
// Terraform proposes for the attributes that are left out, the framework fills them in.
func (u *accessTokens) planNew(
	ctx context.Context, req *tfprotov6.PlanResourceChangeRequest,
) (*tfprotov6.PlanResourceChangeResponse, bool) {
	c := u.provider.connection.Load()
	if c == nil || !isNull(req.PriorState) || len(req.PriorPrivate) > 0 || req.PriorIdentity != nil || req.Config == nil {
		return nil, false
	}
	config, err := req.Config.Unmarshal(u.typ)
	if err != nil || config.IsNull() {
		return nil, false
	}
	raw, ok := accesstoken.PlanNew(ctx, c, config)
	if !ok {
		return nil, false
	}
	planned, err := tfprotov6.NewDynamicValue(u.typ, raw)
	if err != nil {
		return nil, false
	}
	none, err := tfprotov6.NewDynamicValue(u.identity, tftypes.NewValue(u.identity, nil))
	return &tfprotov6.PlanResourceChangeResponse{
		PlannedState: &planned, PlannedIdentity: &tfprotov6.ResourceIdentityData{IdentityData: &none},
	}, err == nil
}

// identified returns the identity of a token, if Terraform sends the same or none.
func (u *accessTokens) identified(
	token *accesstoken.Prior, sent *tfprotov6.ResourceIdentityData,
) (*tfprotov6.ResourceIdentityData, bool) {
	identity, err := token.Identity(u.identity)
	if err != nil {
		return nil, false
	}
	if sent != nil && sent.IdentityData != nil {
		known, err := sent.IdentityData.Unmarshal(u.identity)
		if err != nil || !known.IsNull() && !known.Equal(identity) {
			return nil, false
		}
	}
	data, err := tfprotov6.NewDynamicValue(u.identity, identity)
	return &tfprotov6.ResourceIdentityData{IdentityData: &data}, err == nil
}

// token reads the state of a token and the facts beside it, once the provider is configured.
func (u *accessTokens) token(
	ctx context.Context, value *tfprotov6.DynamicValue, private []byte,
) (*accesstoken.Prior, bool) {
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

// isNull reports whether Terraform sent null, as it does for the state of what does not exist.
func isNull(value *tfprotov6.DynamicValue) bool {
	if value == nil {
		return false
	}
	null, err := value.IsNull()
	return null && err == nil
}

// sameValue reports whether Terraform sent the same value twice.
func sameValue(a, b *tfprotov6.DynamicValue) bool {
	return a != nil && b != nil && len(a.MsgPack) > 0 && bytes.Equal(a.MsgPack, b.MsgPack)
}

// decodePrivate takes the facts from private state as the framework lays it out: an object of base64 texts, by key.
// Private state with other keys than ours is the framework's to deal with.
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
