package accesstoken

import (
	"context"
	"encoding/json"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/managed"
)

// Prior is an access token as a state has it, with the facts beside it. It says whether anything happens to the token,
// using the functions with which the resource itself reads and plans.
type Prior struct {
	tokenResource
	raw   tftypes.Value
	state model
	facts tokenFacts
}

// NewPrior takes a token that exists from the raw object of a state and the recorded facts, and reports whether they
// are those of a token that this provider has read or made.
func NewPrior(ctx context.Context, c *managed.Connection, raw tftypes.Value, recorded []byte) (*Prior, bool) {
	p := &Prior{tokenResource: tokenResource{managed.Resource{Connection: c}}, raw: raw}
	if raw.IsNull() || json.Unmarshal(recorded, &p.facts) != nil {
		return nil, false
	}
	var diags diag.Diagnostics
	p.state = codec.Decode(ctx, raw, &diags)
	return p, !diags.HasError()
}

// Identity returns the identity of the token, of the type of its kind.
func (p *Prior) Identity(of tftypes.Type) (tftypes.Value, error) { return managed.Identity(of, p.raw) }

// ReadsSame reads the token and reports whether the backend has what the state says. It returns the facts observed.
func (p *Prior) ReadsSame(ctx context.Context) (recorded []byte, same bool) {
	if p.facts.Database == "" || p.Meet(p.state.ID.ValueString()) {
		return nil, false
	}
	ctx, backend, err := p.OpenFor(ctx, &p.facts.Facts)
	if err != nil {
		return nil, false
	}
	observed := p.state
	if err := observed.refresh(ctx, backend, &p.facts); err != nil || !codec.Equal(observed, p.state) {
		return nil, false
	}
	p.sees(&observed, p.facts)
	p.facts.RecordMark(ctx)
	recorded, err = json.Marshal(p.facts)
	return recorded, err == nil
}

// PlansSame reports whether the plan of a configuration that proposes the state is that state, and warns of nothing.
func (p *Prior) PlansSame(ctx context.Context) bool {
	if !codec.HasDefaults(ctx, p.state) || p.state.bringsSecrets() { // which the proposal does not show
		return false
	}
	var diags diag.Diagnostics
	plan := p.state
	p.sees(&p.state, p.facts)
	p.planUpdate(&p.state, &plan, p.facts, &diags)
	return len(diags) == 0 && codec.Equal(plan, p.state)
}

// PlanNew plans a token that does not exist yet from the raw object of its configuration, by the function by which the
// resource itself plans it. It reports false if there is something to say about the plan.
func PlanNew(ctx context.Context, c *managed.Connection, config tftypes.Value) (tftypes.Value, bool) {
	r := tokenResource{managed.Resource{Connection: c}}
	var diags diag.Diagnostics
	plan := codec.DecodeNew(ctx, config, &diags)
	if plan.bringsSecrets() || !plan.TokenWO.IsNull() { // which the plan must not hold
		return tftypes.Value{}, false
	}
	r.planCreate(&plan, &diags)
	if len(diags) > 0 || managed.MayBeMisspelled(plan.settings().Own) || c.MakesDatabase(ctx, plan.references()...) {
		return tftypes.Value{}, false
	}
	return codec.Encode(ctx, plan, config.Type()), true
}
